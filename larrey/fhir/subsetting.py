"""Partial resources: ``_summary`` and ``_elements`` (http://hl7.org/fhir/R4/search.html#summary).

Mandatory elements always stay, so that what is left is a valid resource but for invariants; ``meta`` gets the tag
SUBSETTED (http://hl7.org/fhir/R4/resource.html#Meta), so that nobody writes the rest away.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Any

from larrey.fhir.definitions import Element, type_definition
from larrey.kit.errors import Invalid

SUMMARIES = ("true", "text", "data", "count", "false")
SUBSETTED = {
    "system": "http://terminology.hl7.org/CodeSystem/v3-ObservationValue",
    "code": "SUBSETTED",
    "display": "subsetted",
}

# What may change the meaning of the rest (isModifier in the definitions) is never left out.
_ALWAYS = frozenset(("resourceType", "id", "meta", "implicitRules", "modifierExtension"))
_QUALIFIERS = frozenset(("id", "extension", "modifierExtension"))
Json = dict[str, Any]


def subset(resource: Json, *, summary: str | None, elements: tuple[str, ...]) -> Json:
    """The part of ``resource`` that ``_summary`` or ``_elements`` asks for; the resource itself where neither does.

    ``summary``: ``true`` the summary elements; ``text`` narrative, id, meta and mandatory elements; ``data`` all but the
    narrative; ``count`` and ``false`` everything (whoever counts shows no resource). ``elements``: names of elements at
    the root (``name``; of ``name.family`` the first part counts; a choice by its name, ``value``). Both together: what
    either asks for. The values are shared with ``resource``. Raises ``Invalid`` for another ``summary``.
    """
    if summary is not None and summary not in SUMMARIES:
        raise Invalid(f"_summary is one of {', '.join(SUMMARIES)}, not {summary[:40]!r}.", expression="http._summary")
    if summary in (None, "count", "false") and not elements:
        return resource
    type_ = resource["resourceType"]
    if summary == "data" and not elements:
        kept = {name: value for name, value in resource.items() if name != "text"}
        return _tagged(kept, resource)
    if summary == "data":
        names = frozenset(resource) - {"text"}
    elif summary == "text":
        names = _properties(type_, "mandatory") | {"text"}
    elif summary == "true":
        names = _properties(type_, "summary")
    else:
        names = _properties(type_, "mandatory")
    named = _named(type_, frozenset(name.partition(".")[0] for name in elements))
    names |= named
    kept = {}
    for name, value in resource.items():
        bare = name.removeprefix("_")
        if bare in _ALWAYS:
            kept[name] = value
        elif bare in names:
            whole = summary != "true" or name != bare or bare not in _properties(type_, "summary") or bare in named
            kept[name] = value if whole else _summarised(value, type_, bare)
    return _tagged(kept, resource)


def _tagged(kept: Json, resource: Json) -> Json:
    """``kept`` with the SUBSETTED tag, ``meta`` in its usual place."""
    meta = dict(resource.get("meta", {}))
    tags = [
        tag for tag in meta.get("tag", ()) if tag.get("code") != SUBSETTED["code"] or tag.get("system") != SUBSETTED["system"]
    ]
    meta["tag"] = [*tags, SUBSETTED]
    head: Json = {name: kept.pop(name) for name in ("resourceType", "id") if name in kept}
    kept.pop("meta", None)
    return {**head, "meta": meta, **kept}


@lru_cache(maxsize=4096)
def _properties(type_: str, want: str) -> frozenset[str]:
    """The JSON properties of a type's mandatory or summary elements; mandatory ones are in both."""

    def wanted(element: Element) -> bool:
        return element.min > 0 or (want == "summary" and element.summary)

    return frozenset(name for name, (element, _) in type_definition(type_).properties.items() if wanted(element))


def _named(type_: str, elements: frozenset[str]) -> frozenset[str]:
    """The JSON properties of the elements so called; a choice also by its JSON property (``valueQuantity``)."""
    properties = type_definition(type_).properties
    return frozenset(name for name, (element, _) in properties.items() if element.name in elements or name in elements)


def _summarised(value: Any, type_: str, property_: str) -> Any:
    """The summary of what stands in a summary element: backbone and data types have summary elements of their own."""
    inner = type_definition(type_).properties[property_][1]
    if isinstance(value, list):
        return [_part(item, inner) for item in value]
    return _part(value, inner)


def _part(value: Any, type_: str) -> Any:
    definition = type_definition(type_)
    if not isinstance(value, dict) or definition.kind not in ("backbone", "complex"):
        return value  # also the siblings of primitives, and whole resources in a Bundle
    names = _properties(type_, "summary")
    kept = {
        name: _summarised(item, type_, name) if name in names else item
        for name, item in value.items()
        if name.removeprefix("_") in names or name in _QUALIFIERS
    }
    return kept or value  # an object must not be empty

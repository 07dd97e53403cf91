"""The search parameters of R4 (http://hl7.org/fhir/R4/searchparameter-registry.html) and Larrey's own."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from types import MappingProxyType
from typing import Any

from larrey.fhir.definitions.elements import resource_types, type_definition
from larrey.fhir.definitions.tables import load

_OFFICIAL = "http://hl7.org/fhir/SearchParameter/"

OWN: Mapping[str, Mapping[str, str]] = {
    "urn:larrey:SearchParameter/Patient-word": {
        "code": "word",
        "type": "string",
        "base": "Patient",
        "expression": "Patient.name",
        "description": "Any word of any part of a name, so that each word can be found by its beginning",
    },
}
"""Larrey's own parameters, in the form of the official table, by URL."""


@dataclass(frozen=True, slots=True, eq=False)
class SearchParameter:
    """A search parameter as it applies to one resource type; one object per (type, code), compared by identity.

    ``base`` is the resource type it was asked for and ``expression`` only those alternatives of the official one
    that apply to it. ``components`` of a composite: (code of the component parameter, expression relative to each
    item that ``expression`` selects).
    """

    code: str
    type: str
    base: str
    expression: str
    target: tuple[str, ...]
    components: tuple[tuple[str, str], ...]
    url: str
    description: str


ERRATA: Mapping[str, tuple[tuple[str, str], ...]] = {
    # R4 gives the component "relatesto" (a reference) the expression of "relation" (a token) and the reverse.
    "http://hl7.org/fhir/SearchParameter/DocumentReference-relationship": (("relatesto", "target"), ("relation", "code")),
}
"""Components of composites whose official definition contradicts itself, by URL."""


def alternatives(expression: str) -> list[str]:
    """The operands of the top-level ``|`` of a FHIRPath expression, without their outer parentheses."""
    found, depth, start, quoted = [], 0, 0, False
    for position, character in enumerate(expression):
        if character == "'":
            quoted = not quoted
        elif not quoted:
            depth += (character == "(") - (character == ")")
            if character == "|" and depth == 0:
                found.append(expression[start:position])
                start = position + 1
    found.append(expression[start:])
    return [part.strip() for part in found]


def _applies(alternative: str, base: str) -> bool:
    return re.match(rf"\(*{base}\b", alternative) is not None


def _description(text: str, base: str) -> str:
    """``text``, or of a text with one line per resource type only that type's."""
    match = re.search(rf"^\* {base}: (.*)$", text, re.MULTILINE)
    return (match[1] if match else text).strip()


def _parameter(url: str, row: Mapping[str, Any], base: str) -> SearchParameter:
    parts = alternatives(row["expression"])
    mine = [part for part in parts if _applies(part, base)] or parts
    return SearchParameter(
        code=row["code"],
        type=row["type"],
        base=base,
        expression=" | ".join(mine),
        target=tuple(row["target"].split(" ")) if "target" in row else (),
        components=ERRATA.get(url) or tuple((code, expression) for code, expression in row.get("component", ())),
        url=url,
        description=_description(row["description"], base),
    )


@cache
def official_parameters() -> Mapping[str, Mapping[str, Any]]:
    """The 1,378 official definitions as in the table, by URL."""
    return MappingProxyType({_OFFICIAL + id_: row for id_, row in load("search-parameters").items()})


@cache
def _by_base() -> Mapping[str, list[tuple[str, Mapping[str, Any]]]]:
    table: dict[str, list[tuple[str, Mapping[str, Any]]]] = {}
    rows: Iterable[tuple[str, Mapping[str, Any]]] = (*official_parameters().items(), *OWN.items())
    for url, row in rows:
        for base in row["base"].split(" "):
            table.setdefault(base, []).append((url, row))
    return table


@cache
def search_parameters(type_: str) -> Mapping[str, SearchParameter]:
    """Code → parameter of a resource type, with those of Resource and DomainResource; KeyError for no such type."""
    bases = ["Resource"]
    if type_ in resource_types():
        if type_definition(type_).base == "DomainResource":
            bases.append("DomainResource")
        bases.append(type_)
    elif type_ != "Resource":
        raise KeyError(type_)
    return MappingProxyType({row["code"]: _parameter(url, row, type_) for base in bases for url, row in _by_base().get(base, ())})


def search_parameter(type_: str, code: str) -> SearchParameter | None:
    """The parameter ``code`` of ``type_`` (``"Resource"``: those common to all types), or None."""
    try:
        return search_parameters(type_).get(code)
    except KeyError:
        return None


@cache
def compartment(name: str) -> Mapping[str, tuple[str, ...]]:
    """Type → codes of the parameters that put it into compartment ``name`` (http://hl7.org/fhir/R4/compartmentdefinition.html).

    ``name``: Patient, Encounter, RelatedPerson, Practitioner or Device; KeyError for another. A type that is
    never in the compartment has ``()``. The code ``{def}`` stands for the resource itself.
    """
    listed = load("compartments")[name]
    return MappingProxyType({type_: tuple(listed.get(type_, "").split()) for type_ in sorted(resource_types())})

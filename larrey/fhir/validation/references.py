"""References and contained resources.

Rules: http://hl7.org/fhir/R4/references.html (forms, target types, contained resources) and the invariants ref-1 and
dom-2 to dom-5. Whether a target exists is the store's question, not this package's.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from larrey.fhir import definitions
from larrey.fhir.validation.faults import Check, Fault, Run, quoted, under
from larrey.fhir.validation.primitives import SHORT

_ID = re.compile(r"[A-Za-z0-9\-.]{1,64}(?:/_history/[A-Za-z0-9\-.]{1,64})?").fullmatch
_REST = re.compile(r"https?://.+/([A-Z][A-Za-z]+)/[A-Za-z0-9\-.]{1,64}(?:/_history/[A-Za-z0-9\-.]{1,64})?").fullmatch
_ABSOLUTE = re.compile(r"[A-Za-z][A-Za-z0-9+.\-]*:\S+").fullmatch


_PLAIN = frozenset(("reference", "display"))


def to(shape: Check, targets: tuple[str, ...]) -> Check:
    """The check of a Reference that may point to ``targets`` (empty: to anything); ``shape`` is that of the type."""
    restricted = "Resource" not in targets and bool(targets)
    allowed = frozenset(targets) if restricted else definitions.resource_types()
    listed = ", ".join(targets)

    def check(value: Any, run: Run) -> list[Fault] | None:
        if type(value) is dict and value.keys() <= _PLAIN:
            text = value.get("reference")
            if type(text) is str:
                name, _, rest = text.partition("/")
                if name in allowed and _ID(rest):
                    display = value.get("display", "-")
                    if type(display) is str and 0 < len(display) <= SHORT and display.isprintable():
                        return None
        return shape(value, run) or slow(value.get("reference"), value.get("type"), run)

    def slow(text: str | None, declared: str | None, run: Run) -> list[Fault] | None:
        name: str | None = None
        if text is not None:
            name, fault = _target(text, run)
            if fault is not None:
                return [(".reference", *fault)]
        if declared is not None and declared in definitions.resource_types():
            if name is not None and name != declared:
                return [(".type", "value", f"The type {declared!r} is not that of the reference {quoted(text or '')}.")]
            name = declared
        if restricted and name is not None and name not in allowed:
            return [(".type" if text is None else ".reference", "value", f"{name} is not allowed here: {listed}.")]
        return None

    return check


def _target(text: str, run: Run) -> tuple[str | None, tuple[str, str] | None]:
    """The target's type as far as the text tells it, or what is wrong with it as ``(code, message)``."""
    if text[0] == "#":
        if text == "#":
            return None, None  # the resource that contains this one
        if text[1:] not in run.contained:
            return None, ("invariant", f"ref-1: No contained resource has the id {quoted(text[1:])}.")
        run.referred.add(text[1:])
        return run.contained[text[1:]], None
    name, separator, rest = text.partition("?")
    if separator and name in definitions.resource_types() and rest:
        return name, None  # a conditional reference, http://hl7.org/fhir/R4/http.html#trules
    name, _, rest = text.partition("/")
    if name in definitions.resource_types() and _ID(rest):
        return name, None
    if _ABSOLUTE(text):
        match = _REST(text)
        return (match[1] if match and match[1] in definitions.resource_types() else None), None
    return None, ("value", f"{quoted(text)} is not a reference: Type/id, #id or an absolute URL.")


def resource(value: dict[str, Any], check: Check, depth: int) -> list[Fault] | None:
    """Check a resource that is not contained, with its contained ones."""
    contained = value.get("contained")
    if type(contained) is not list:
        return check(value, Run(depth))
    run = Run(depth)
    faults: list[Fault] = []
    for index, item in enumerate(contained):
        if type(item) is not dict:
            continue
        id_, type_ = item.get("id"), item.get("resourceType")
        if type(id_) is not str or type(type_) is not str:
            continue
        if id_ in run.contained:
            faults.append((f".contained[{index}].id", "value", f"Two contained resources have the id {quoted(id_)}."))
        run.contained[id_] = type_
    faults += check(value, run) or []
    if not faults and run.contained.keys() != run.referred:
        faults = _unreferred(value)
    return faults or None


def contained(check: Check) -> Check:
    """The check of one contained resource."""

    def check_contained(value: Any, run: Run) -> list[Fault] | None:
        if run.inside:
            return [("", "invariant", "dom-2: A contained resource must not contain others.")]
        run.inside = True
        found = check(value, run)
        run.inside = False
        if found:
            return found
        faults: list[Fault] = []
        if "id" not in value:
            faults.append((".id", "required", "A contained resource needs an id."))
        meta = value.get("meta", {})
        faults += [
            (f".meta.{name}", "invariant", f"{rule}: A contained resource must not have meta.{name}.")
            for name, rule in (("versionId", "dom-4"), ("lastUpdated", "dom-4"), ("security", "dom-5"))
            if name in meta
        ]
        return faults or None

    return check_contained


def _unreferred(value: dict[str, Any]) -> list[Fault]:
    """dom-3: whatever is contained is referred to from the resource (also by a canonical or uri), or refers to it."""
    texts = {id(item): set(_strings(item)) for item in value["contained"]}
    outside = {text for name, item in value.items() if name != "contained" for text in _strings(item)}
    faults: list[Fault] = []
    for index, item in enumerate(value["contained"]):
        name = "#" + item["id"]
        if name in outside or "#" in texts[id(item)]:
            continue
        if not any(name in found for other, found in texts.items() if other != id(item)):
            faults += under(
                f".contained[{index}]", [("", "invariant", f"dom-3: Nothing refers to {quoted(name)}, so it is lost.")]
            )
    return faults


def _strings(value: Any) -> Iterator[str]:
    """Every short string in ``value`` that could be a local reference."""
    stack = [value]
    while stack:
        item = stack.pop()
        if type(item) is str:
            if item.startswith("#"):
                yield item
        elif type(item) is dict:
            stack.extend(item.values())
        elif type(item) is list:
            stack.extend(item)

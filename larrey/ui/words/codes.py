"""Codes out of what may be a CodeableConcept, and objects out of what may be a list. Any shape is taken."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from larrey.ui.words.datatypes import Value


def code_of(concept: Any) -> str:
    """The code of the first coding of a CodeableConcept; empty when there is none."""
    codings = concept.get("coding") if isinstance(concept, Mapping) else None
    head = codings[0] if isinstance(codings, list) and codings else None
    return str(head.get("code") or "") if isinstance(head, Mapping) else ""


def codes_of(concept: Any) -> frozenset[str]:
    """The codes of every coding of a CodeableConcept, whatever their systems."""
    codings = concept.get("coding") if isinstance(concept, Mapping) else None
    return frozenset(str(each.get("code")) for each in objects(codings) if each.get("code"))


def objects(value: Any) -> list[Value]:
    """The objects of a list, or the one object; whatever else stands there is left out."""
    return [item for item in (value if isinstance(value, list) else [value]) if isinstance(item, Mapping)]


def first(value: Any) -> Value:
    """The first object of a list, or the one object; empty when there is none."""
    return next(iter(objects(value)), {})


def named(value: Any) -> str:
    """References by their own wording, joined by commas; what they point to is not looked up."""
    return ", ".join(str(item["display"]) for item in objects(value) if item.get("display"))


def target(reference: Any, type_: str = "") -> str:
    """The id that a relative Reference points to, if to a ``type_`` (none given: ``Type/id``); else empty."""
    literal = reference.get("reference") if isinstance(reference, Mapping) else None
    if not isinstance(literal, str):
        return ""
    if not type_:
        return literal
    found = literal.removeprefix(f"{type_}/")
    return found if found != literal and "/" not in found else ""

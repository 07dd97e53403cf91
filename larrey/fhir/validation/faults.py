"""What the checks of this package hand up to each other."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

Fault = tuple[str, str, str]
"""``(path, code, message)``: the path relative to the checked value (``""``, ``".code"``, ``"[1].code"``), a FHIR
issue-type code (http://hl7.org/fhir/R4/valueset-issue-type.html), a sentence."""


@dataclass(slots=True)
class Run:
    """What the checks of one resource share."""

    depth: int = 0  # levels of elements that may hold themselves (extensions, items, resources in bundles)
    inside: bool = False  # whether the value is in a contained resource
    contained: dict[str, str] = field(default_factory=dict)  # id → type of the contained resources
    referred: set[str] = field(default_factory=set)  # ids of those that a Reference names


Check = Callable[[Any, Run], "list[Fault] | None"]
"""A compiled check: ``None`` when the value is right (the common case, kept free of any allocation)."""

MAX_DEPTH = 64
"""Levels of elements that may hold themselves. FHIR sets no limit; nothing real comes near this one, and Python's
own recursion limit stays far."""

_KINDS = {dict: "an object", list: "an array", str: "a string", bool: "a boolean", type(None): "null"}


def kind(value: Any) -> str:
    """The JSON kind of ``value``, for a message: ``an object``, ``a number``…"""
    return _KINDS.get(type(value), "a number")


def quoted(text: str) -> str:
    """``text`` in quotes for a message, cut at sixty characters: a message must not carry a whole document."""
    return repr(text if len(text) <= 60 else text[:60] + "…")


def under(prefix: str, found: list[Fault]) -> list[Fault]:
    """``found`` with ``prefix`` before each path."""
    return [(prefix + path, code, message) for path, code, message in found]


def not_object(value: Any) -> list[Fault]:
    """The complaint about a complex value that is not an object with something in it."""
    if value is None:
        return [("", "structure", "null is not a value; leave the element out.")]
    if type(value) is dict:
        return [("", "structure", "An object must not be empty; leave the element out.")]
    if type(value) is list:
        return [("", "structure", "This element does not repeat: it must not be an array.")]
    return [("", "structure", f"This must be an object, not {kind(value)}.")]

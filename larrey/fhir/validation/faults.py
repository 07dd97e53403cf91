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
    """What one resource's checks share: its contained resources, the local references met, how deep we are."""

    contained: dict[str, str] = field(default_factory=dict)  # id → type
    referred: set[str] = field(default_factory=set)  # ids of contained resources that something refers to
    inside: bool = False  # whether this is a contained resource
    depth: int = 0  # levels of elements that may hold themselves (extensions, items, resources in bundles)


Check = Callable[[Any, Run], "list[Fault] | None"]
"""A compiled check: ``None`` when the value is right (the common case, kept free of any allocation)."""

MAX_DEPTH = 64
"""Levels of elements that may hold themselves. FHIR sets no limit; a resource deeper than this is an attack."""

JSON_KINDS = {dict: "an object", list: "an array", str: "a string", bool: "a boolean", type(None): "null"}


def kind(value: Any) -> str:
    """The JSON kind of ``value``, for a message: ``an object``, ``a number``…"""
    return JSON_KINDS.get(type(value), "a number")


def quoted(text: str) -> str:
    """``text`` in quotes for a message, cut at sixty characters: a message must not carry a whole document."""
    return repr(text if len(text) <= 60 else text[:60] + "…")

"""What the invariants are written with: a rule, and the rules that many of them are."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

TERMINOLOGY = "http://terminology.hl7.org/CodeSystem/"
Value = Mapping[str, Any]


class Rule(NamedTuple):
    """``key``: that of the R4 definitions; ``path``: the element to name, the whole value when empty."""

    key: str
    holds: Callable[[Value], bool]
    message: str
    path: str = ""


def either(*names: str) -> frozenset[str]:
    """The JSON properties of primitive or complex elements: a primitive may be there as ``_name`` alone."""
    return frozenset(names).union("_" + name for name in names)


def has(value: Value, name: str) -> bool:
    """Whether an element is there, be it as a primitive without value (``_name``)."""
    return name in value or "_" + name in value


def needs(key: str, name: str, *others: str) -> Rule:
    """``name`` only with one of ``others``."""
    first, second = either(name), either(*others)
    return Rule(
        key,
        lambda v: first.isdisjoint(v) or not second.isdisjoint(v),
        f"{name!r} needs {' or '.join(map(repr, others))}.",
    )


def excludes(key: str, name: str, other: str) -> Rule:
    """``name`` or ``other`` or none."""
    return Rule(key, lambda v: not (has(v, name) and has(v, other)), f"Not both {name!r} and {other!r}.")


def some(key: str, *names: str) -> Rule:
    """At least one of ``names``."""
    wanted = either(*names)
    return Rule(key, lambda v: not wanted.isdisjoint(v), f"One of {', '.join(names)} must be there.")


def chosen(value: Value, prefix: str) -> bool:
    """Whether a choice (``value[x]``) is there."""
    return any(name.startswith((prefix, "_" + prefix)) for name in value)


def coded(value: Value, name: str, system: str, *codes: str) -> bool:
    """Whether a CodeableConcept holds one of the codes of a terminology.hl7.org system."""
    return any(
        coding.get("code") in codes and coding.get("system") == TERMINOLOGY + system
        for coding in value.get(name, {}).get("coding", ())
    )

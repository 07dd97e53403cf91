"""The long road of checking an object: unknown and missing elements, choices, ``_field`` siblings, in words.

Rules: http://hl7.org/fhir/R4/json.html (siblings of primitives) and http://hl7.org/fhir/R4/formats.html#choice.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Any, NamedTuple

from larrey.fhir.validation.faults import Check, Fault, Run, kind, quoted, under
from larrey.fhir.validation.invariants import INVARIANTS


class Primitive(NamedTuple):
    """A property with a primitive type, which may have a ``_`` sibling."""

    check: Check  # of one value
    repeats: bool


@dataclass(slots=True)
class ObjectType:
    """A resource, data or backbone type, ready to check."""

    name: str
    resource: bool
    fields: Mapping[str, Check]  # JSON property → check of its whole value
    quick: Mapping[str, Callable[[str], object]]  # property → test at C speed of its string
    primitive: Mapping[str, Primitive]
    sibling: Check | None  # of what stands in a ``_`` property
    required: frozenset[str]
    choices: Mapping[str, frozenset[str]]  # "value" → valueString, valueQuantity…
    required_choices: frozenset[str]


def examine(type_: ObjectType, value: dict[str, Any], run: Run) -> list[Fault] | None:
    """Everything that is wrong with ``value``, whatever its names are."""
    faults: list[Fault] = []
    for name, item in value.items():
        if name in type_.fields:
            if name not in type_.primitive or "_" + name not in value:
                faults += under("." + name, type_.fields[name](item, run) or [])
        elif type(name) is str and name[:1] == "_" and name[1:] in type_.primitive:
            faults += under("." + name[1:], _pair(type_, name[1:], value, run))
        else:
            faults.append(_unknown(type_, name))
    faults += _missing(type_, value)
    faults += _chosen_twice(type_, value)
    if not faults and type_.name in INVARIANTS:
        return INVARIANTS[type_.name](value)
    return faults or None


def _unknown(type_: ObjectType, name: str) -> Fault:
    path = f".{name}" if name.isidentifier() else ""
    if name in type_.choices:
        options = sorted(type_.choices[name])
        listed = ", ".join(options[:12]) + (", …" if len(options) > 12 else "")
        return (path, "structure", f"{quoted(name)} needs its type in its name: {listed}.")
    near = get_close_matches(name[:64], type_.fields, 1)
    hint = f" Did you mean {near[0]!r}?" if near else ""
    return (path, "structure", f"{type_.name} has no element {quoted(name)}.{hint}")


def _missing(type_: ObjectType, value: dict[str, Any]) -> list[Fault]:
    faults: list[Fault] = [
        (f".{name}", "required", f"{type_.name} needs {name!r}.")
        for name in type_.fields
        if name in type_.required and name not in value and "_" + name not in value
    ]
    faults += [
        (f".{choice}", "required", f"{type_.name} needs '{choice}[x]'.")
        for choice in sorted(type_.required_choices)
        if not any(name in value or "_" + name in value for name in type_.choices[choice])
    ]
    return faults


def _chosen_twice(type_: ObjectType, value: dict[str, Any]) -> list[Fault]:
    faults: list[Fault] = []
    for choice, options in type_.choices.items():
        given = [name for name in sorted(options) if name in value or "_" + name in value]
        if len(given) > 1:
            faults.append((f".{choice}", "structure", f"Only one of {', '.join(given)} may be given."))
    return faults


def _pair(type_: ObjectType, name: str, value: dict[str, Any], run: Run) -> list[Fault]:
    """A primitive and its sibling: ``birthDate`` and ``_birthDate``. Paths are relative to the primitive."""
    check, repeats = type_.primitive[name]
    assert type_.sibling is not None
    sibling = value["_" + name]
    if not repeats:
        faults = [] if name not in value else check(value[name], run) or []
        return faults + _sibling(type_.sibling, sibling, name, run, with_value=name in value)
    if type(sibling) is not list or not sibling:
        return [("", "structure", f"'_{name}' must be an array with something in it, not {kind(sibling)}.")]
    values = value.get(name, [None] * len(sibling))
    if type(values) is not list or not values:
        return [("", "structure", f"This element repeats: it must be an array, not {kind(values)}.")]
    faults = []
    if len(values) != len(sibling):
        faults.append(("", "structure", f"'{name}' and '_{name}' must have the same length."))
    for index in range(max(len(values), len(sibling))):
        one = values[index] if index < len(values) else None
        other = sibling[index] if index < len(sibling) else None
        found: list[Fault] = []
        if one is not None:
            found += check(one, run) or []
        if other is not None:
            found += _sibling(type_.sibling, other, name, run, with_value=one is not None)
        if one is None and other is None:
            found.append(("", "structure", f"'{name}' and '_{name}' must not both be null here."))
        faults += under(f"[{index}]", found)
    return faults


def _sibling(check: Check, sibling: Any, name: str, run: Run, *, with_value: bool) -> list[Fault]:
    if type(sibling) is not dict:
        return [("", "structure", f"'_{name}' must be an object with id or extension, not {kind(sibling)}.")]
    if with_value and sibling.keys() == {"id"}:
        return under(".id", _text(sibling["id"]))
    return check(sibling, run) or []


def _text(value: Any) -> list[Fault]:
    if type(value) is str and value:
        return []
    return [("", "structure", "The id of an element must be a string, not empty.")]

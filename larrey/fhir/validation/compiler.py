"""Compiles the R4 definitions to one closure per type that says what is wrong with a value, or nothing.

A closure compares the names of an object with those of its type at C speed (set operations on the dict's keys), then
asks the closure of each element. Only when something about the names is unusual (an unknown or missing element, a
``_field`` sibling, two choices) does it leave the work to ``objects.examine``, which finds the words.

Types are compiled at the first question and kept. Types may hold themselves (Extension, Questionnaire.item), so a
group of types is published only once all of it is compiled: another thread never sees half a type.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

from larrey.fhir import definitions
from larrey.fhir.definitions import Element
from larrey.fhir.validation import bindings, narrative, primitives, references
from larrey.fhir.validation.faults import MAX_DEPTH, Check, Fault, Run, kind, not_object, quoted, under
from larrey.fhir.validation.invariants import INVARIANTS
from larrey.fhir.validation.objects import ObjectType, Primitive, examine

_lock = threading.RLock()
_ready: dict[str, Check] = {}
_making: dict[str, Check | None] = {}


def check_of(name: str) -> Check:
    """The compiled check of the type called ``name``; ``KeyError`` if R4 has no such type."""
    check = _ready.get(name)
    if check is None:
        with _lock:
            try:
                check = _make(name)
                _ready.update({made: ready for made, ready in _making.items() if ready is not None})
            finally:
                _making.clear()
    return check


def _make(name: str) -> Check:
    if name in _ready:
        return _ready[name]
    if name in _making:
        return _making[name] or _again(name)
    if name == "xhtml":
        return narrative.check_div
    if name == "Resource":
        return _any_resource
    if name in primitives.CHECKS:
        return primitives.CHECKS[name]
    _making[name] = None
    check = _making[name] = _closure(_object_type(name))
    return check


def _again(name: str) -> Check:
    """The check of a type that is being made: a type that holds itself. Counts the levels."""

    def check(value: Any, run: Run) -> list[Fault] | None:
        if run.depth >= MAX_DEPTH:
            return [("", "too-long", f"Elements must not be nested deeper than {MAX_DEPTH} levels.")]
        run.depth += 1
        found = _ready[name](value, run)
        run.depth -= 1
        return found

    return check


def _object_type(name: str) -> ObjectType:
    definition = definitions.type_definition(name)
    resource = definition.kind == "resource"
    fields: dict[str, Check] = {}
    primitive: dict[str, Primitive] = {}
    quick: dict[str, Callable[[str], object]] = {}
    # Element.id and Extension.url are attributes in XML: they cannot carry extensions.
    attributes = ("id", "url") if name == "Extension" else ("id",)
    required: set[str] = set()
    choices: dict[str, list[str]] = {}
    if resource:
        fields["resourceType"] = _exactly(name)
        required.add("resourceType")
    for property_, (element, type_) in definition.properties.items():
        single = _element(element, type_)
        repeats = element.max != 1
        fields[property_] = _list(single, element.max) if repeats else single
        if not repeats and type_ in primitives.QUICK:
            quick[property_] = bindings.quick(type_, element.binding) or primitives.QUICK[type_]
        if type_ in primitives.CHECKS and (resource or property_ not in attributes):
            primitive[property_] = Primitive(single, repeats)
        if element.choice:
            choices.setdefault(element.name, []).append(property_)
        elif element.min:
            required.add(property_)
    return ObjectType(
        name=name,
        resource=resource,
        fields=fields,
        quick=quick,
        primitive=primitive,
        sibling=_make("Element") if primitive else None,
        required=frozenset(required),
        choices={choice: frozenset(properties) for choice, properties in choices.items()},
        required_choices=frozenset(e.name for e in definition.elements.values() if e.choice and e.min),
    )


def _element(element: Element, type_: str) -> Check:
    """The check of one value of an element: its type, then its required binding or its reference targets."""
    check = _make(type_)
    if type_ == "Reference":
        return references.to(check, element.targets)
    if element.name == "contained":
        return references.contained(check)
    if element.binding is not None:
        return bindings.bound(check, type_, element.binding)
    return check


def _exactly(name: str) -> Check:
    def check(value: Any, _run: Run) -> list[Fault] | None:
        return None if value == name else unknown_type(value)

    return check


def _list(single: Check, most: int | None) -> Check:
    """The check of a repeating element."""

    def check(value: Any, run: Run) -> list[Fault] | None:
        if type(value) is not list:
            return [("", "structure", f"This element repeats: it must be an array, not {kind(value)}.")]
        if not value:
            return [("", "structure", "An array must not be empty; leave the element out.")]
        faults: list[Fault] = []
        if most is not None and len(value) > most:
            faults.append(("", "structure", f"At most {most} values are allowed, not {len(value)}."))
        for index, item in enumerate(value):
            found = single(item, run)
            if found:
                faults += under(f"[{index}]", found)
        return faults or None

    return check


def _any_resource(value: Any, run: Run) -> list[Fault] | None:
    """A resource of any type: contained, in a Bundle or in Parameters."""
    if type(value) is not dict or not value:
        return not_object(value)
    type_ = value.get("resourceType")
    if type(type_) is not str or type_ not in definitions.resource_types():
        return unknown_type(type_)
    if run.depth >= MAX_DEPTH:
        return [("", "too-long", f"Resources must not be nested deeper than {MAX_DEPTH} levels.")]
    if not run.inside:
        return references.resource(value, check_of(type_), run.depth + 1)
    run.depth += 1
    found = check_of(type_)(value, run)
    run.depth -= 1
    return found


def unknown_type(type_: Any) -> list[Fault]:
    """The complaint about a ``resourceType`` that is not one."""
    if type_ is None:
        return [(".resourceType", "required", "resourceType is missing.")]
    if type(type_) is not str:
        return [(".resourceType", "structure", f"resourceType must be a string, not {kind(type_)}.")]
    return [(".resourceType", "value", f"R4 has no resource type {quoted(type_)}.")]


def _closure(type_: ObjectType) -> Check:
    names, short = frozenset(type_.fields), primitives.SHORT
    checks = {name: (type_.quick.get(name), check) for name, check in type_.fields.items()}
    required, element = type_.required, not type_.resource
    groups = [group for group in type_.choices.values() if len(group) > 1]
    needed = [type_.choices[choice] for choice in sorted(type_.required_choices)]
    invariant = INVARIANTS.get(type_.name)

    def check(value: Any, run: Run) -> list[Fault] | None:
        if type(value) is not dict or not value:
            return not_object(value)
        keys = value.keys()
        if not (keys <= names and keys >= required):
            return examine(type_, value, run)
        for group in groups:
            if len(group.intersection(value)) > 1:
                return examine(type_, value, run)
        for group in needed:
            if group.isdisjoint(value):
                return examine(type_, value, run)
        if element and len(value) == 1 and "id" in value:
            return [("", "invariant", "ele-1: An element must have a value or children besides its id.")]
        faults: list[Fault] | None = None
        for name, item in value.items():
            quick, slow = checks[name]
            if quick is not None and type(item) is str and 0 < len(item) <= short and quick(item):
                continue
            found = slow(item, run)
            if found:
                faults = faults or []
                faults += under("." + name, found)
        return faults or (invariant(value) if invariant is not None else None)

    return check

"""FHIRPath Patch: add, insert, delete, replace, move (http://hl7.org/fhir/R4/fhirpatch.html).

A path must select one element; what is deleted may also be absent ("if found", as later releases say). An element that
a deletion leaves empty goes too, since FHIR has no empty elements. A replaced or deleted primitive takes its
extensions (its ``_`` sibling) with it: they are part of the element.
"""

from __future__ import annotations

from typing import Any

from larrey.fhir.definitions import type_definition
from larrey.fhir.patch.limits import Json, applied
from larrey.fhir.patch.operations import Operation, build, fits, insert, property_for, put, read
from larrey.fhir.paths import Place, parse, places
from larrey.fhir.paths.parser import Member, Name, This
from larrey.kit.errors import Invalid, LarreyError, Unprocessable, Unsupported


def fhirpath_patch(resource: Json, parameters: Any) -> Json:
    """``resource`` after the operations of a FHIRPath Patch (a Parameters resource).

    ``expression`` of the errors is the operation or its part: ``Parameters.parameter[2]``. Raises ``Invalid`` for an
    operation that is not one, ``Unprocessable`` for one that does not apply here, ``Unsupported`` for a path beyond
    the subset of ``larrey.fhir.paths``, ``TooLarge`` beyond the limits.
    """
    operations = read(parameters)
    return applied(resource, len(operations), lambda copied: _all(copied, operations))


def _all(resource: Json, operations: list[Operation]) -> Json:
    for operation in operations:
        try:
            _CHANGES[operation.type](resource, operation)
        except (Invalid, Unsupported) as error:
            if error.issues[0].expression:
                raise
            # The paths do not know where they stand.
            raise _told_at(error, operation) from None
        if operation.type in ("delete", "replace"):
            _prune(resource)
    return resource


def _told_at(error: LarreyError, operation: Operation) -> LarreyError:
    return type(error)(error.message, expression=operation.expression, **error.details)


def _one(found: list[Place], operation: Operation) -> Place:
    if len(found) != 1:
        number = "nothing" if not found else f"{len(found)} elements"
        raise Unprocessable(f"The path must select one element; it selects {number}.", expression=operation.expression)
    return found[0]


def _object(place: Place, operation: Operation) -> Json:
    """The value of a place that must be a complex element."""
    if not isinstance(place.value, dict):
        raise Unprocessable("The path selects a value that holds no elements.", expression=operation.expression)
    return place.value


def _type(place: Place) -> str:
    """The type whose elements a place has; that of the resource where any may stand (contained, entries)."""
    own = place.value.get("resourceType") if isinstance(place.value, dict) else None
    return own if isinstance(own, str) and own else place.type


def _add(resource: Json, operation: Operation) -> None:
    assert operation.value is not None
    place = _one(places(parse(operation.path), resource), operation)
    if type_definition(place.type).kind == "primitive":
        owner, definition = _extensible(resource, place), type_definition("Element")
    else:
        owner, definition = _object(place, operation), type_definition(_type(place))
    property_, type_ = property_for(definition, operation.name, operation.value)
    put(owner, property_, definition, *build(type_, operation.value), operation.expression)


def _replace(resource: Json, operation: Operation) -> None:
    assert operation.value is not None
    place = _one(places(parse(operation.path), resource), operation)
    given = operation.value
    if place.value is resource:
        raise Unprocessable("A patch must not replace the whole resource.", expression=operation.expression)
    if isinstance(place.key, int):
        if given.parts is None and not fits(given.type, place.type):
            raise Unprocessable(f"The element takes {place.type}, not {given.type}.", expression=given.expression)
        value, sibling = build(place.type, given)
        owner, property_ = _owner(resource, place)
        _drop(owner, property_, place.key)
        insert(owner, property_, place.key, value, sibling)
        return
    owner, property_ = place.container, place.key
    definition = type_definition(_owner_type(resource, place))
    element = definition.properties[property_][0]
    new_property, type_ = property_for(definition, element.name, given)
    value, sibling = build(type_, given)
    _swap(owner, property_, new_property, value, sibling)


def _swap(owner: Json, old: str, new: str, value: Any, sibling: Any) -> None:
    """Put the new value where the old one stood, in order; a choice may change its property."""
    items = list(owner.items())
    owner.clear()
    for name, item in items:
        if name == old:
            if value is not None:
                owner[new] = value
            if sibling is not None:
                owner["_" + new] = sibling
        elif name != "_" + old:
            owner[name] = item


def _delete(resource: Json, operation: Operation) -> None:
    found = places(parse(operation.path), resource)
    if not found:
        return
    place = _one(found, operation)
    if place.value is resource:
        raise Unprocessable("A patch must not delete the whole resource.", expression=operation.expression)
    if isinstance(place.key, int):
        _drop(*_owner(resource, place), place.key)
    else:
        place.container.pop(place.key, None)
        place.container.pop(f"_{place.key}", None)


def _insert(resource: Json, operation: Operation) -> None:
    assert operation.value is not None
    owner, definition_name, name = _collection(resource, operation)
    definition = type_definition(definition_name)
    property_, type_ = property_for(definition, name, operation.value)
    _repeats(definition_name, property_, operation)
    length = len(owner.get(property_, ()))
    if operation.index > length:
        raise Unprocessable(f"The index {operation.index} is beyond the {length} elements.", expression=operation.expression)
    insert(owner, property_, operation.index, *build(type_, operation.value))


def _move(resource: Json, operation: Operation) -> None:
    owner, definition_name, name = _collection(resource, operation)
    _repeats(definition_name, name, operation)
    length = len(owner.get(name, ()))
    for index in (operation.source, operation.destination):
        if index >= length:
            raise Unprocessable(f"The index {index} is beyond the {length} elements.", expression=operation.expression)
    for items in (owner[name], owner.get("_" + name)):
        if isinstance(items, list):
            items.insert(operation.destination, items.pop(operation.source))


def _repeats(type_: str, property_: str, operation: Operation) -> None:
    found = type_definition(type_).properties.get(property_)
    if found is None or found[0].max == 1:
        raise Unprocessable(f"{type_}.{property_[:60]} is no list.", expression=operation.expression)


def _collection(resource: Json, operation: Operation) -> tuple[Json, str, str]:
    """The object that has the list a path names, its type, and the name of the list. The list itself may be absent."""
    node = parse(operation.path)
    match node:
        case Member(of, name):
            pass
        case Name(name):
            of = This()
        case _:
            raise Unprocessable("The path must end with the name of a list.", expression=operation.expression)
    place = _one(places(of, resource), operation)
    return _object(place, operation), _type(place), name


# Where a place stands -----------------------------------------------------------------------------------------------


def _owner(resource: Json, place: Place) -> tuple[Json, str]:
    """The object and property whose list a place is in."""
    stack: list[Any] = [resource]
    while stack:
        item = stack.pop()
        for name, value in item.items():
            if value is place.container:
                return item, name
            stack.extend(inner for inner in (value if isinstance(value, list) else [value]) if isinstance(inner, dict))
    raise Unprocessable("The path selects something outside the resource.")


def _owner_type(resource: Json, place: Place) -> str:
    """The type of the object that holds a place, found again by walking down the definitions."""
    stack: list[tuple[Any, str]] = [(resource, resource["resourceType"])]
    while stack:
        item, type_ = stack.pop()
        if item is place.container:
            return type_
        properties = type_definition(type_).properties
        for name, value in item.items():
            bare = name.removeprefix("_")
            if bare not in properties:
                continue
            below = "Element" if name != bare else properties[name][1]
            for inner in value if isinstance(value, list) else [value]:
                if isinstance(inner, dict):
                    own = inner.get("resourceType")
                    stack.append((inner, own if isinstance(own, str) else below))
    raise Unprocessable("The path selects something outside the resource.")


def _extensible(resource: Json, place: Place) -> Json:
    """The ``_`` sibling of a primitive, made if there is none."""
    if isinstance(place.key, str):
        sibling: Json = place.container.setdefault(f"_{place.key}", {})
        return sibling
    owner, property_ = _owner(resource, place)
    siblings = owner.setdefault("_" + property_, [None] * len(place.container))
    if siblings[place.key] is None:
        siblings[place.key] = {}
    made: Json = siblings[place.key]
    return made


def _drop(owner: Json, property_: str, index: int) -> None:
    """Take one item out of a list, with its sibling."""
    for name in (property_, "_" + property_):
        items = owner.get(name)
        if isinstance(items, list) and index < len(items):
            del items[index]


def _prune(value: Any) -> None:
    """Take out what is empty inside ``value``, from the leaves up; values and ``_`` siblings stay aligned."""
    for item in value if isinstance(value, list) else value.values() if isinstance(value, dict) else ():
        _prune(item)
    if not isinstance(value, dict):
        return
    for name in sorted(value, key=lambda name: name[0] != "_"):  # siblings first: they decide what a null means
        item, siblings = value[name], value.get("_" + name)
        if isinstance(item, list) and name[0] == "_":
            item[:] = [inner or None for inner in item]
        elif isinstance(item, list):
            full = [siblings[index] is not None if siblings else False for index in range(len(item))]
            kept = [index for index, inner in enumerate(item) if inner not in (None, {}) or full[index]]
            for aligned in (item, siblings):
                if aligned:
                    aligned[:] = [aligned[index] for index in kept]
        if item in ({}, []) or (name[0] == "_" and isinstance(item, list) and not any(item)):
            del value[name]


_CHANGES = {"add": _add, "insert": _insert, "delete": _delete, "replace": _replace, "move": _move}

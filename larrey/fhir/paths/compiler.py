"""Syntax tree → closures. Each expression becomes branches, one for every type its items may have.

A branch knows the FHIR type of its items while compiling; at run time items are the JSON values themselves. Only
where a whole resource of any type stands (``Bundle.entry.resource``, ``contained``) is the type looked up at run time.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import lru_cache
from typing import Any, NamedTuple

from larrey.fhir.definitions import ancestors, is_type, type_definition
from larrey.fhir.paths import parser as syntax
from larrey.fhir.paths.functions import (
    BOOLEAN_FUNCTIONS,
    compare,
    distinct,
    equal_collections,
    extension_with,
    resolved_type,
    truth,
)
from larrey.kit.errors import Invalid, Unsupported

Get = Callable[[Any, Any], list[Any]]
"""(item, resource) → items."""

ANY = "Resource"
"""The static type of a resource whose type is only known at run time, and of what is reached through it."""


class Branch(NamedTuple):
    """``type``: FHIR type of the items. ``get``: finds them. ``siblings``: of a primitive, its ``_name`` objects.

    ``head``: a property that the input must have for ``get`` to find anything; None where that is not known.
    """

    type: str
    get: Get
    siblings: Get | None = None
    head: str | None = None


@lru_cache(maxsize=4096)
def compile_path(expression: str, type_: str) -> Callable[[Any], list[Any]]:
    """A function from an item of FHIR type ``type_`` to the list of items that ``expression`` selects in it.

    Raises ``Invalid`` for bad syntax, an unknown element or type, and ``Unsupported`` for a function or operator
    outside the subset; the function itself does not raise on well-formed JSON of another shape. Where a choice
    element repeats with different types, its items come grouped by type rather than in document order.
    """
    if not is_type(type_):
        raise Invalid(f"There is no FHIR type {type_[:64]!r}.")
    node = syntax.parse(expression)
    get = merged(compile_node(node, type_, type_))
    if isinstance(node, syntax.Binary) and node.operator == "|":
        return lambda item: distinct(get(item, item))
    return lambda item: get(item, item)


def compile_node(node: syntax.Node, this: str, resource: str) -> tuple[Branch, ...]:
    """The branches of ``node`` where ``$this`` has type ``this`` and ``%resource`` has type ``resource``."""
    match node:
        case syntax.This():
            return (Branch(this, _itself),)
        case syntax.Resource():
            return (Branch(resource, _resource),)
        case syntax.Literal(values):
            return (Branch(_literal_type(values), lambda _item, _root: list(values)),)
        case syntax.Name(name):
            return _first_name(name, this, resource)
        case syntax.Member(of, name):
            return member(compile_node(of, this, resource), name)
        case syntax.Index(of, position):
            return _indexed(compile_node(of, this, resource), position)
        case syntax.TypeTest("as", of, type_):
            return narrowed(compile_node(of, this, resource), type_name(type_))
        case syntax.TypeTest(_, of, type_):
            return (Branch("boolean", _type_test(of, type_name(type_), this, resource)),)
        case syntax.Binary("|", left, right):
            return (*compile_node(left, this, resource), *compile_node(right, this, resource))
        case syntax.Binary(operator, left, right):
            a, b = merged(compile_node(left, this, resource)), merged(compile_node(right, this, resource))
            return (Branch("boolean", _operation(operator, a, b)),)
        case syntax.Call(of, name, arguments):
            return _call(compile_node(of, this, resource), name, arguments, resource)
    raise Unsupported(f"FHIRPath: {type(node).__name__} is not supported.")


def _itself(item: Any, _root: Any) -> list[Any]:
    return [item]


def _resource(_item: Any, root: Any) -> list[Any]:
    return [root]


def merged(branches: Sequence[Branch]) -> Get:
    """One function for all branches."""
    if len(branches) == 1:
        return branches[0].get
    gets = [branch.get for branch in branches]
    return lambda item, root: [value for get in gets for value in get(item, root)]


def type_name(name: str) -> str:
    """A type name as R4 spells it; some search expressions write ``DateTime``."""
    for candidate in (name, name[:1].lower() + name[1:]):
        if is_type(candidate):
            return candidate
    raise Invalid(f"FHIRPath: there is no type {name[:64]!r}.")


def _literal_type(values: tuple[Any, ...]) -> str:
    kinds: dict[type, str] = {bool: "boolean", int: "integer", str: "string"}
    return kinds.get(type(values[0]), "decimal") if values else "string"


def _first_name(name: str, this: str, resource: str) -> tuple[Branch, ...]:
    if name in ancestors(this):
        return compile_node(syntax.This(), this, resource)
    if this == ANY and is_type(name) and name[0].isupper():
        return narrowed(compile_node(syntax.This(), this, resource), name)
    if name[0].isupper() and is_type(name):
        raise Invalid(f"FHIRPath: the path starts at {name}, but it is asked of {this}.")
    return member(compile_node(syntax.This(), this, resource), name)


# Steps ------------------------------------------------------------------------------------------------------------


def member(branches: Sequence[Branch], name: str) -> tuple[Branch, ...]:
    """The element ``name`` of the items; Invalid when none of their types has it."""
    found: list[Branch] = []
    for branch in branches:
        definition = type_definition(branch.type)
        if branch.type == ANY and name not in definition.elements:
            found.append(Branch(ANY, _dynamic(branch.get, name)))
        elif definition.kind == "primitive":
            if name in definition.elements and branch.siblings is not None:
                type_ = definition.elements[name].types[0]
                found.append(Branch(type_, step(branch.siblings, name)))  # no head: it would be the sibling's
        elif name in definition.elements:
            element = definition.elements[name]
            for type_ in element.types:
                property_ = name + (type_[0].upper() + type_[1:] if element.choice else "")
                primitive = type_definition(type_).kind == "primitive"
                siblings = step(branch.get, "_" + property_) if primitive else None
                head = property_ if branch.get is _itself else branch.head
                found.append(Branch(type_, step(branch.get, property_), siblings, head))
    if not found:
        types = ", ".join(sorted({branch.type for branch in branches})) or "nothing"
        raise Invalid(f"FHIRPath: {types} has no element {name[:64]!r}.")
    return tuple(found)


def step(get: Get, property_: str) -> Get:
    """From the items of ``get`` to the values of one JSON property."""

    def first(item: Any, _root: Any) -> list[Any]:
        if not isinstance(item, dict):
            return []
        value = item.get(property_)
        if isinstance(value, list):
            return [v for v in value if v is not None]
        return [] if value is None else [value]

    def found(item: Any, root: Any) -> list[Any]:
        values: list[Any] = []
        for parent in get(item, root):
            if isinstance(parent, dict):
                value = parent.get(property_)
                if isinstance(value, list):
                    values.extend(v for v in value if v is not None)
                elif value is not None:
                    values.append(value)
        return values

    return first if get is _itself else found


def _dynamic(get: Get, name: str) -> Get:
    """An element of a resource, or of a part of one, whose type is not known: by its JSON name."""

    def found(item: Any, root: Any) -> list[Any]:
        values: list[Any] = []
        for parent in get(item, root):
            if not isinstance(parent, dict):
                continue
            for property_, value in parent.items():
                rest = property_.removeprefix(name) if property_.startswith(name) else None
                if rest == "" or (rest and is_type(type_of_suffix(rest))):
                    values.extend(v for v in value if v is not None) if isinstance(value, list) else values.append(value)
        return values

    return found


def type_of_suffix(suffix: str) -> str:
    """The type named by the end of a choice property: ``Quantity``, ``dateTime`` for ``DateTime``."""
    return suffix if is_type(suffix) else suffix[0].lower() + suffix[1:]


def _indexed(branches: Sequence[Branch], position: int) -> tuple[Branch, ...]:
    """The item at ``position`` of all items together (-1: the last), in the branch that it belongs to."""
    gets = [branch.get for branch in branches]

    def pick(number: int) -> Get:
        def found(item: Any, root: Any) -> list[Any]:
            lists = [get(item, root) for get in gets]
            wanted = position if position >= 0 else sum(map(len, lists)) - 1
            wanted -= sum(map(len, lists[:number]))
            return lists[number][wanted : wanted + 1] if wanted >= 0 else []

        return found

    return tuple(Branch(branch.type, pick(number), head=branch.head) for number, branch in enumerate(branches))


def narrowed(branches: Sequence[Branch], type_: str) -> tuple[Branch, ...]:
    """The items of FHIR type ``type_`` or of a type derived from it; Invalid when there can be none."""
    found: list[Branch] = []
    for branch in branches:
        if type_ in ancestors(branch.type):
            found.append(branch)
        elif branch.type == ANY and type_definition(type_).kind in {"resource", "abstract"}:
            found.append(Branch(type_, _of_resource_type(branch.get, type_), head=branch.head))
    if not found:
        types = ", ".join(sorted({branch.type for branch in branches})) or "nothing"
        raise Invalid(f"FHIRPath: {types} is never of type {type_}.")
    return tuple(found)


def _of_resource_type(get: Get, type_: str) -> Get:
    return lambda item, root: [value for value in get(item, root) if is_resource_of(value, type_)]


def is_resource_of(value: Any, type_: str) -> bool:
    """Whether ``value`` is a resource of ``type_`` or of a type derived from it."""
    name = value.get("resourceType") if isinstance(value, dict) else None
    return isinstance(name, str) and is_type(name) and type_ in ancestors(name)


def _type_test(of: syntax.Node, type_: str, this: str, resource: str) -> Get:
    if isinstance(of, syntax.Call) and of.name == "resolve":
        get = merged(compile_node(of.of, this, resource))

        def points(item: Any, root: Any) -> list[Any]:
            return [resolved_type(reference, root) == type_ for reference in get(item, root)][:1]

        return points
    branches = compile_node(of, this, resource)

    def tested(item: Any, root: Any) -> list[Any]:
        for branch in branches:
            for value in branch.get(item, root):
                return [type_ in ancestors(branch.type) or (branch.type == ANY and is_resource_of(value, type_))]
        return []

    return tested


# Operators and functions --------------------------------------------------------------------------------------------


def _operation(operator: str, left: Get, right: Get) -> Get:
    def logic(item: Any, root: Any) -> list[Any]:
        a, b = truth(left(item, root)), truth(right(item, root))
        if operator == "implies":
            a, operator_ = (None if a is None else not a), "or"
        else:
            operator_ = operator
        if operator_ == "xor":
            return [] if a is None or b is None else [a != b]
        decisive = operator_ == "or"
        if a is decisive or b is decisive:
            return [decisive]
        return [] if a is None or b is None else [not decisive]

    def membership(item: Any, root: Any) -> list[Any]:
        one, many = (left, right) if operator == "in" else (right, left)
        values = one(item, root)
        return [any(equal_collections(values, [other]) for other in many(item, root))] if values else []

    def comparison(item: Any, root: Any) -> list[Any]:
        return compare(operator, left(item, root), right(item, root))

    if operator in {"and", "or", "xor", "implies"}:
        return logic
    return membership if operator in {"in", "contains"} else comparison


def _call(branches: tuple[Branch, ...], name: str, arguments: tuple[syntax.Node, ...], resource: str) -> tuple[Branch, ...]:
    if name == "where" and len(arguments) == 1:
        return tuple(_filtered(branch, arguments[0], resource) for branch in branches)
    if name == "exists" and len(arguments) == 1:
        branches = tuple(_filtered(branch, arguments[0], resource) for branch in branches)
        arguments = ()
    if name == "select" and len(arguments) == 1:
        return tuple(chosen for branch in branches for chosen in _projected(branch, arguments[0], resource))
    if name == "first" and not arguments:
        return _indexed(branches, 0)
    if name == "last" and not arguments:
        return _indexed(branches, -1)
    if name == "extension" and len(arguments) == 1 and isinstance(arguments[0], syntax.Literal):
        return tuple(
            Branch("Extension", extension_with(branch.get, arguments[0].values), head=branch.head)
            for branch in member(branches, "extension")
        )
    if name == "count" and not arguments:
        get = merged(branches)
        return (Branch("integer", lambda item, root: [len(get(item, root))]),)
    if name in BOOLEAN_FUNCTIONS:
        function, expected = BOOLEAN_FUNCTIONS[name]
        if len(arguments) == expected:
            get = merged(branches)
            others = [merged(compile_node(argument, branches[0].type, resource)) for argument in arguments]
            return (Branch("boolean", lambda item, root: function(get(item, root), *(o(item, root) for o in others))),)
    raise Unsupported(f"FHIRPath: the function {name[:64]}() with {len(arguments)} arguments is not supported.")


def _filtered(branch: Branch, criterion: syntax.Node, resource: str) -> Branch:
    get = branch.get
    match criterion:
        case syntax.TypeTest("is", syntax.Call(syntax.This(), "resolve", ()), name):
            type_ = type_name(name)

            def kept(item: Any, root: Any) -> list[Any]:
                return [value for value in get(item, root) if resolved_type(value, root) == type_]

        case _:
            holds = merged(compile_node(criterion, branch.type, resource))

            def kept(item: Any, root: Any) -> list[Any]:
                return [value for value in get(item, root) if truth(holds(value, root)) is True]

    return Branch(branch.type, kept, head=branch.head)


def _projected(branch: Branch, projection: syntax.Node, resource: str) -> list[Branch]:
    def chain(inner: Get) -> Get:
        return lambda item, root: [found for value in branch.get(item, root) for found in inner(value, root)]

    inner = compile_node(projection, branch.type, resource)
    if len({b.type for b in inner}) == 1:  # then the items stay in the order of those they come from
        return [Branch(inner[0].type, chain(merged(inner)), head=branch.head)]
    return [Branch(b.type, chain(b.get), head=branch.head) for b in inner]

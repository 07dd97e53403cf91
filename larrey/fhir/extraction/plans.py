"""Search parameters of a type → functions, gathered by the top-level property that each one needs.

Looking only at what a resource has makes extraction cost in proportion to the resource, not to the 40 parameters
of its type; parameters that read the same path share the work.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import cache
from itertools import product
from typing import Any, NamedTuple

from larrey.fhir.definitions import SearchParameter, search_parameter, search_parameters
from larrey.fhir.extraction.converters import CONVERTERS, WITHOUT_VALUE, Converter, words
from larrey.fhir.paths import parser as syntax
from larrey.fhir.paths.compiler import Branch, Get, compile_node
from larrey.fhir.values import Token, TypedIdentifier, Value
from larrey.kit.errors import Invalid, Unsupported

Run = Callable[[dict[str, Any]], list[Value]]
COLUMNS = frozenset({"_id", "_lastUpdated"})
"""Parameters that are not extracted: the record keeps them as columns and gives them itself."""
_OWN_CONVERTERS: Mapping[str, Converter] = {"urn:larrey:SearchParameter/Patient-word": words}


class Plan(NamedTuple):
    """``handlers``: property → (function, indices into ``parameters`` of those it serves); ``always``: run anyway."""

    parameters: Sequence[SearchParameter]
    handlers: Mapping[str, Sequence[tuple[Run, Sequence[int]]]]
    always: Sequence[tuple[Run, Sequence[int]]]


class _Source(NamedTuple):
    """Where values of a parameter come from. Sources with equal ``key`` do the same work."""

    key: object
    head: str | None
    run: Run


@cache
def plan(type_: str) -> Plan:
    """The plan of a resource type, made at its first use."""
    parameters = [p for p in search_parameters(type_).values() if p.code not in COLUMNS]
    shared: dict[object, tuple[_Source, list[int]]] = {}
    for slot, parameter in enumerate(parameters):
        if parameter.url not in NOT_COMPILED:
            for source in _sources(parameter):
                shared.setdefault(source.key, (source, []))[1].append(slot)
    handlers: dict[str, list[tuple[Run, Sequence[int]]]] = {}
    always: list[tuple[Run, Sequence[int]]] = []
    for source, slots in shared.values():
        target = always if source.head is None else handlers.setdefault(source.head, [])
        target.append((source.run, tuple(slots)))
    return Plan(parameters, handlers, always)


def _sources(parameter: SearchParameter) -> list[_Source]:
    """Raises ``Invalid`` or ``Unsupported`` when the parameter cannot be extracted."""
    if not parameter.expression:
        raise Unsupported("R4 gives it no expression: it is about the text of resources or a named query.")
    node = syntax.parse(parameter.expression)
    if parameter.type == "composite":
        return [source for part in _union(node) for source in _composites(parameter, part)]
    found = []
    skipped = []
    for part in _union(node):
        for branch in compile_node(part, parameter.base, parameter.base):
            kind = (parameter.type, branch.type)
            convert = _OWN_CONVERTERS.get(parameter.url) or CONVERTERS.get(kind)
            if convert is None:
                skipped.append(WITHOUT_VALUE[kind])
            else:
                found.append(_Source((part, branch.type, convert), branch.head, _simple(branch.get, convert)))
    if not found:
        raise Unsupported("; ".join(skipped))
    return found


def _union(node: syntax.Node) -> list[syntax.Node]:
    """The operands of ``|``, one by one, so that each can be shared and gated by its own property."""
    if isinstance(node, syntax.Binary) and node.operator == "|":
        return [*_union(node.left), *_union(node.right)]
    return [node]


def _simple(get: Get, convert: Converter) -> Run:
    def run(resource: dict[str, Any]) -> list[Value]:
        found: list[Value] = []
        for value in get(resource, resource):
            convert(value, found)
        return found

    return run


# Composites: http://hl7.org/fhir/R4/search.html#composite -------------------------------------------------------------

_Part = tuple[Get, Converter]


def _composites(parameter: SearchParameter, part: syntax.Node) -> list[_Source]:
    """One source per type that the last component may have, so that ``valueQuantity`` wakes only its own."""
    sources = []
    for base in compile_node(part, parameter.base, parameter.base):
        components = [_component(parameter, code, expression, base) for code, expression in parameter.components]
        *others, last = components
        first_parts: list[list[_Part]] = [[(get, convert) for get, convert, _ in options] for options in others]
        for number, (get, convert, head) in enumerate(last):
            run = _composite(base.get, [*first_parts, [(get, convert)]])
            gate = head if isinstance(part, syntax.Name) else base.head
            sources.append(_Source((part, parameter.components, base.type, number), gate, run))
    return sources


def _component(parameter: SearchParameter, code: str, expression: str, base: Branch) -> list[tuple[Get, Converter, str | None]]:
    definition = search_parameter(parameter.base, code)
    if definition is None:
        raise Invalid(f"{parameter.base} has no parameter {code}.")
    branches = compile_node(syntax.parse(expression), base.type, parameter.base)
    kinds = [((definition.type, branch.type), branch) for branch in branches]
    found = [(branch.get, CONVERTERS[kind], branch.head) for kind, branch in kinds if kind in CONVERTERS]
    if not found:
        raise Unsupported("; ".join(WITHOUT_VALUE[kind] for kind, _ in kinds))
    return found


def _composite(base: Get, components: Sequence[Sequence[_Part]]) -> Run:
    def run(resource: dict[str, Any]) -> list[Value]:
        found: list[Value] = []
        for item in base(resource, resource):
            lists = []
            for parts in reversed(components):  # the last is the rarest
                values: list[Value] = []
                for get, convert in parts:
                    for value in get(item, resource):
                        convert(value, values)
                values = [v for v in values if _stands_in_composite(v)]
                if not values:
                    break
                lists.append(values)
            else:
                found.extend(product(*reversed(lists)))
        return found

    return run


def _stands_in_composite(value: Value) -> bool:
    """A token without code (text alone) cannot be asked for as a component."""
    return not isinstance(value, TypedIdentifier) and (not isinstance(value, Token) or value.code is not None)


NOT_COMPILED: Mapping[str, str] = {
    "http://hl7.org/fhir/SearchParameter/DomainResource-text": "full text of the narrative: R4 gives no expression",
    "http://hl7.org/fhir/SearchParameter/Resource-content": "full text of the resource: R4 gives no expression",
    "http://hl7.org/fhir/SearchParameter/Resource-query": "named queries are not values of a resource: R4 gives no expression",
    "http://hl7.org/fhir/SearchParameter/DeviceDefinition-classification": "R4's DeviceDefinition has no element classification",
}
"""URL → reason of every search parameter that ``extract`` never gives; a test proves that all others compile."""

"""One search criterion: a parameter name (with modifier, chain or ``_has``) and its value, as a node of the tree.

http://hl7.org/fhir/R4/search.html#modifiers, #chaining and #has.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from larrey.fhir.definitions import SearchParameter, resource_types, search_parameter
from larrey.fhir.query.nodes import AnyOf, Chain, Has, Match, Node, OfType, Present
from larrey.fhir.query.operands import MODIFIERS, operand, split
from larrey.fhir.query.operands import targets as targets_of
from larrey.kit.errors import Invalid, TooCostly, Unsupported

REFUSED = frozenset({"_text", "_content", "_query", "_score"})
"""Parameters that R4 knows and Larrey does not offer."""


@dataclass(frozen=True, slots=True)
class Bounds:
    """``chain_depth``: most steps of chains and ``_has`` in one criterion; ``or_values``: most values in one list."""

    chain_depth: int
    or_values: int


def criterion(types: Sequence[str] | None, name: str, value: str, bounds: Bounds, depth: int = 0) -> Node:
    """The node for ``name=value`` on resources of ``types`` (None: every type).

    Raises ``Unsupported`` for what is not offered (unknown parameter, modifier), ``Invalid`` for a malformed value,
    ``TooCostly`` beyond ``bounds``; always with the parameter as expression.
    """
    if depth > bounds.chain_depth:
        raise TooCostly(
            f"{name!r} goes more than {bounds.chain_depth} steps from the resource searched (setting LARREY_MAX_CHAIN_DEPTH).",
            expression=name,
        )
    if name.startswith("_has:"):
        return _has(types, name, value, bounds, depth)
    head, dot, rest = name.partition(".")
    if dot:
        return _chain(types, head, rest, value, bounds, depth)
    code, _, modifier = name.partition(":")
    groups = grouped(types, code)
    nodes = [_match(group, code, modifier, value, bounds) for group in groups]
    if len(nodes) == 1:
        return nodes[0]
    return AnyOf(
        tuple(OfType(tuple(parameter.base for parameter in group), node) for group, node in zip(groups, nodes, strict=True))
    )


def grouped(types: Sequence[str] | None, code: str) -> list[tuple[SearchParameter, ...]]:
    """The parameter ``code`` of each of ``types``, grouped by kind; every type must have it."""
    if code in REFUSED:
        raise Unsupported(f"The parameter {code!r} is not supported.", expression=code)
    if types is None:
        if search_parameter("Resource", code) is None:
            raise Unsupported(f"The parameter {code!r} is not common to all types; add _type.", expression=code)
        types = sorted(resource_types())
    groups: dict[str, list[SearchParameter]] = {}
    for type_ in types:
        parameter = search_parameter(type_, code)
        if parameter is None:
            raise Unsupported(f"{type_} has no search parameter {code!r}.", expression=code)
        groups.setdefault(parameter.type, []).append(parameter)
    return [tuple(group) for group in groups.values()]


def _match(group: tuple[SearchParameter, ...], code: str, modifier: str, value: str, bounds: Bounds) -> Node:
    parameter, name = group[0], f"{code}:{modifier}" if modifier else code
    if modifier == "missing":
        if value not in ("true", "false"):
            raise Invalid(f"The value of {name!r} must be true or false.", expression=name)
        return Present(group, negated=value == "true")
    if parameter.type == "special":
        raise Unsupported(f"The parameter {code!r} of {parameter.base} is not supported.", expression=code)
    if modifier and not _offered(group, modifier):
        raise Unsupported(f"The modifier {modifier!r} is not supported for {code!r}.", expression=name)
    raws = split(value, ",")
    if len(raws) > bounds.or_values:
        raise TooCostly(
            f"{name!r} lists {len(raws)} values; at most {bounds.or_values} are allowed (setting LARREY_MAX_OR_VALUES).",
            expression=name,
        )
    operands = tuple(operand(parameter, modifier, raw) for raw in raws)
    if parameter.type == "reference" and len(group) > 1:
        operands += tuple(operand(other, modifier, raw) for other in group[1:] for raw in raws)
    return Match(group, tuple(dict.fromkeys(operands)), negated=modifier in ("not", "not-in"))


def _offered(group: tuple[SearchParameter, ...], modifier: str) -> bool:
    kind = group[0].type
    if modifier in MODIFIERS.get(kind, ()):
        return group[0].code not in ("_id", "_lastUpdated") or modifier == "not"
    if kind == "reference" and modifier in resource_types():
        return any(modifier in targets_of(parameter) for parameter in group)
    return False


def references(types: Sequence[str] | None, code: str, name: str) -> tuple[SearchParameter, ...]:
    """The reference parameter ``code`` of each of ``types``; ``Unsupported`` when it is not one everywhere."""
    found = tuple(parameter for group in grouped(types, code) for parameter in group)
    if any(parameter.type != "reference" for parameter in found):
        raise Unsupported(f"{code!r} is not a reference, so {name!r} cannot follow it.", expression=name)
    return found


def _chain(types: Sequence[str] | None, head: str, rest: str, value: str, bounds: Bounds, depth: int) -> Node:
    name = f"{head}.{rest}"
    code, _, wanted = head.partition(":")
    parameters = references(types, code, name)
    targets = {type_ for parameter in parameters for type_ in targets_of(parameter)}
    if wanted:
        if wanted not in targets:
            raise Unsupported(f"{code!r} does not refer to {wanted!r}.", expression=name)
        return Chain(parameters, (wanted,), criterion((wanted,), rest, value, bounds, depth + 1))
    chains = [
        Chain(parameters, group, criterion(group, rest, value, bounds, depth + 1)) for group in _able(sorted(targets), rest)
    ]
    if not chains:
        raise Unsupported(f"No type that {code!r} refers to has the search parameter {rest!r}.", expression=name)
    return chains[0] if len(chains) == 1 else AnyOf(tuple(chains))


def _able(targets: list[str], rest: str) -> list[tuple[str, ...]]:
    """Those of ``targets`` that know the first parameter of ``rest``, grouped by its kind."""
    if rest.startswith("_has:"):
        _, source, code, *_ = [*rest.split(":", 3), "", ""]
        parameter = search_parameter(source, code)
        return [tuple(t for t in targets if parameter is None or t in targets_of(parameter))]
    code = rest.partition(".")[0].partition(":")[0]
    groups: dict[str, list[str]] = {}
    for target in targets:
        parameter = search_parameter(target, code)
        if parameter is not None and ("." not in rest or parameter.type == "reference"):
            groups.setdefault(parameter.type, []).append(target)
    return [tuple(group) for group in groups.values()]


def _has(types: Sequence[str] | None, name: str, value: str, bounds: Bounds, depth: int) -> Node:
    parts = name.split(":", 3)
    if len(parts) != 4 or not parts[3]:
        raise Invalid(f"{name!r} must be _has:Type:reference:parameter.", expression=name)
    _, source, code, rest = parts
    if source not in resource_types():
        raise Invalid(f"{name!r}: {source!r} is not a resource type.", expression=name)
    parameter = references((source,), code, name)[0]
    if types is not None and not set(types) & set(targets_of(parameter)):
        raise Unsupported(f"{code!r} of {source} does not refer to {' or '.join(types)}.", expression=name)
    return Has(source, parameter, criterion((source,), rest, value, bounds, depth + 1))

"""Operands that are looked up by equality, as the 64-bit keys of ``store.keys``; agrees with ``store.index``."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import product

from larrey.fhir.definitions import SearchParameter
from larrey.fhir.query.nodes import (
    CompositeOperand,
    IdentifierOperand,
    Operand,
    ReferenceOperand,
    TextOperand,
    TokenOperand,
    TypedIdentifierOperand,
    UriOperand,
)
from larrey.kit.errors import Unsupported
from larrey.store.keys import exact_key, key, parameter_key, reference_key, resource_key, token_key


def equality_keys(parameter: SearchParameter, operand: Operand) -> list[int] | None:
    """The keys one of which a matching resource has; None when ``operand`` is not a matter of equality."""
    p = parameter_key(parameter.base, parameter.code)
    if isinstance(operand, TokenOperand):
        return [token_key(p, operand.system, operand.code)]
    if isinstance(operand, TypedIdentifierOperand):
        return [key(str(p), "of-type", *operand)]
    if isinstance(operand, IdentifierOperand):
        identified = parameter_key(parameter.base, parameter.code, "identifier")
        return [token_key(identified, operand.token.system, operand.token.code)]
    if isinstance(operand, ReferenceOperand):
        if operand.url:
            return [exact_key(p, operand.url)]
        return [reference_key(p, resource_key(type_, operand.id)) for type_ in operand.types]
    if isinstance(operand, TextOperand) and operand.how == "exact":
        return [exact_key(p, operand.text)]
    if isinstance(operand, UriOperand) and operand.how == "exact":
        return [exact_key(p, operand.text)]
    if isinstance(operand, UriOperand) and operand.how == "above":
        return [exact_key(p, operand.text[:end]) for end in range(1, len(operand.text) + 1)]
    if isinstance(operand, CompositeOperand) and isinstance(operand.parts[-1], TokenOperand | ReferenceOperand | UriOperand):
        return [key(str(p), "composite", *forms) for forms in product(*(component_forms(parameter, x) for x in operand.parts))]
    return None


def composite_keys(parameter: SearchParameter, operand: CompositeOperand) -> Iterator[int]:
    """The keys of the rows whose value is that of the last component, the others being equal to those of ``operand``."""
    p = str(parameter_key(parameter.base, parameter.code))
    for forms in product(*(component_forms(parameter, part) for part in operand.parts[:-1])):
        yield key(p, "composite", *forms)


def component_forms(parameter: SearchParameter, operand: Operand) -> list[str]:
    """The texts under which ``store.index`` files a component of a composite."""
    if isinstance(operand, TokenOperand):
        return [operand.code or "" if operand.system is None else f"{operand.system}|{operand.code}"]
    if isinstance(operand, ReferenceOperand):
        return [operand.url] if operand.url else [f"{type_}/{operand.id}" for type_ in operand.types]
    if isinstance(operand, UriOperand):
        return [operand.text]
    raise Unsupported(f"The parameter {parameter.code!r} of {parameter.base} is not supported.", expression=parameter.code)

"""What FHIRPath operators and functions do at run time, on collections that are Python lists."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from decimal import Decimal
from typing import Any

from larrey.fhir.references import relative

_ABSOLUTE = re.compile(r".*/([A-Z]\w+)/[A-Za-z0-9\-.]{1,64}(?:/_history/[A-Za-z0-9\-.]{1,64})?\Z", re.ASCII | re.DOTALL)


def truth(values: list[Any]) -> bool | None:
    """A collection as a condition (http://hl7.org/fhirpath/N1/#singleton-evaluation-of-collections); None is empty."""
    if not values:
        return None
    return values[0] if len(values) == 1 and isinstance(values[0], bool) else True


def _equal(a: Any, b: Any) -> bool:
    if isinstance(a, bool) != isinstance(b, bool):
        return False
    if isinstance(a, float):
        a = Decimal(repr(a))
    return bool(a == b)


def equal_collections(a: list[Any], b: list[Any]) -> bool:
    """Equality of two collections, in order."""
    return len(a) == len(b) and all(map(_equal, a, b))


def distinct(values: list[Any]) -> list[Any]:
    """Each different value once, as the union operator gives them."""
    found: list[Any] = []
    for value in values:
        if not any(_equal(value, other) for other in found):
            found.append(value)
    return found


def compare(operator: str, a: list[Any], b: list[Any]) -> list[Any]:
    """``= != ~ !~ < > <= >=``; empty when a side is empty, or when the sides cannot be ordered."""
    if operator in {"~", "!~"}:
        a, b = ([v.casefold() if isinstance(v, str) else v for v in side] for side in (a, b))
        return [equal_collections(a, b) == (operator == "~")]
    if not a or not b:
        return []
    if operator in {"=", "!="}:
        return [equal_collections(a, b) == (operator == "=")]
    if len(a) != 1 or len(b) != 1:
        return []
    x, y = a[0], b[0]
    numbers = all(isinstance(v, (int, float, Decimal)) and not isinstance(v, bool) for v in (x, y))
    if not numbers and not (isinstance(x, str) and isinstance(y, str)):
        return []
    orders: Mapping[str, bool] = {"<": x < y, ">": x > y, "<=": x <= y, ">=": x >= y}
    return [orders[operator]]


def resolved_type(reference: Any, resource: Any) -> str | None:
    """The type of resource that a Reference points to, told without reading it; None when it cannot be told.

    From the literal reference (relative, absolute, or contained in ``resource``), else from ``Reference.type``.
    """
    if isinstance(reference, str):
        literal: Any = reference
        named: Any = None
    elif isinstance(reference, dict):
        literal, named = reference.get("reference"), reference.get("type")
    else:
        return None
    if isinstance(literal, str):
        if literal.startswith("#"):
            contained = resource.get("contained") if isinstance(resource, dict) else None
            for item in contained if isinstance(contained, list) else ():
                if isinstance(item, dict) and item.get("id") == literal[1:]:
                    return str(item.get("resourceType"))
        elif (target := relative(literal)) is not None:
            return target[0]
        elif (match := _ABSOLUTE.match(literal)) is not None:
            return match[1]
    return named.rsplit("/", 1)[-1] if isinstance(named, str) else None


def extension_with(get: Callable[[Any, Any], list[Any]], urls: tuple[Any, ...]) -> Callable[[Any, Any], list[Any]]:
    """The extensions among the items of ``get`` whose ``url`` is one of ``urls``."""
    return lambda item, root: [e for e in get(item, root) if isinstance(e, dict) and e.get("url") in urls]


def _text(test: Callable[[str, str], bool]) -> Callable[..., list[Any]]:
    def function(values: list[Any], argument: list[Any]) -> list[Any]:
        if len(values) != 1 or len(argument) != 1:
            return []
        if not isinstance(values[0], str) or not isinstance(argument[0], str):
            return []
        return [test(values[0], argument[0])]

    return function


def _negation(values: list[Any]) -> list[Any]:
    value = truth(values)
    return [] if value is None else [not value]


BOOLEAN_FUNCTIONS: Mapping[str, tuple[Callable[..., list[Any]], int]] = {
    "exists": (lambda values: [bool(values)], 0),
    "empty": (lambda values: [not values], 0),
    "not": (_negation, 0),
    "hasValue": (lambda values: [len(values) == 1 and not isinstance(values[0], (dict, list))], 0),
    "startsWith": (_text(str.startswith), 1),
    "endsWith": (_text(str.endswith), 1),
    "contains": (_text(lambda text, part: part in text), 1),
}
"""Name → (function of the input and the arguments, number of arguments); all give a boolean collection."""

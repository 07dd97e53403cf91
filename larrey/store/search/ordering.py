"""Operands that are compared by order: strings, dates, numbers, quantities, as conditions on their rows.

The meaning of each prefix on ranges is that of http://hl7.org/fhir/R4/search.html#prefix.
"""

from __future__ import annotations

from decimal import Decimal
from typing import NamedTuple

from larrey.fhir import ucum
from larrey.fhir.definitions import SearchParameter
from larrey.fhir.query.nodes import (
    CompositeOperand,
    DateOperand,
    NumberOperand,
    Operand,
    QuantityOperand,
    TextOperand,
    UriOperand,
)
from larrey.kit import clock
from larrey.store.keys import parameter_key, unit_key
from larrey.store.search.equality import composite_keys
from larrey.store.search.sql import Sql, some, sql

UCUM = "http://unitsofmeasure.org"
_LAST = "\U0010ffff"
_APPROXIMATELY = 0.1


class Rows(NamedTuple):
    """Rows of a side table, under the alias ``v``, any of which makes its resource match."""

    table: str
    condition: Sql


def value_rows(parameter: SearchParameter, operand: Operand) -> Rows:
    """The rows that satisfy ``operand``."""
    if isinstance(operand, UriOperand):
        return _rows([parameter_key(parameter.base, parameter.code, "uri")], operand)
    if isinstance(operand, CompositeOperand):
        return _rows(list(composite_keys(parameter, operand)), operand.parts[-1])
    return _rows([parameter_key(parameter.base, parameter.code)], operand)


def _rows(keys: list[int], operand: Operand) -> Rows:
    if isinstance(operand, TextOperand | UriOperand):
        table, condition = "string_value", text_condition(operand.how, operand.text)
    elif isinstance(operand, DateOperand):
        table, condition = "date_value", date_condition("v.low", "v.high", operand)
    elif isinstance(operand, NumberOperand):
        table, condition = "number_value", sql("v.unit = 0 and %s", number_condition("v.low", "v.high", operand))
    else:
        assert isinstance(operand, QuantityOperand)
        table, condition = "number_value", quantity_condition(operand)
    mine = sql("v.key = %s::bigint", keys[0]) if len(keys) == 1 else sql("v.key = any(%s::bigint[])", keys)
    return Rows(table, sql("%s and (%s)", mine, condition))


def text_condition(how: str, text: str) -> Sql:
    """``v.value`` (folded, in byte order) against a folded text; a URI as written."""
    if how in ("starts", "below"):
        return sql("v.value >= %s::text and v.value < %s::text", text, text + _LAST)
    if how == "contains":
        return sql("strpos(v.value, %s::text) > 0", text)
    if how == "ends":
        return sql("right(v.value, %s::int) = %s::text", len(text), text)
    return sql("v.value = %s::text", text)


def date_condition(low: str, high: str, operand: DateOperand) -> Sql:
    """The half-open interval in the columns ``low`` and ``high`` against the one that ``operand`` covers."""
    start, end = operand.low, operand.high
    within = sql(f"{low} >= %s::timestamptz and {low} < %s::timestamptz and {high} <= %s::timestamptz", start, end, end)
    match operand.prefix:
        case "eq":
            return within
        case "ne":
            return sql("not (%s)", within)
        case "gt":
            return sql(f"{high} > %s::timestamptz", end)
        case "lt":
            return sql(f"{low} < %s::timestamptz", start)
        case "ge":
            return sql(f"{high} > %s::timestamptz or (%s)", end, within)
        case "le":
            return sql(f"{low} < %s::timestamptz or (%s)", start, within)
        case "sa":
            return sql(f"{low} >= %s::timestamptz", end)
        case "eb":
            return sql(f"{high} <= %s::timestamptz", start)
        case "po":
            return sql(f"{low} < %s::timestamptz and {high} > %s::timestamptz", end, start)
        case "ap":
            margin = abs(clock.now() - start) * _APPROXIMATELY
            widened = f"{low} < %s::timestamptz + %s::interval and {high} > %s::timestamptz - %s::interval"
            return sql(widened, end, margin, start, margin)


def instant_condition(column: str, operand: DateOperand) -> Sql:
    """The instant in ``column`` against the interval that ``operand`` covers."""
    start, end = operand.low, operand.high
    match operand.prefix:
        case "eq" | "po":
            return sql(f"{column} >= %s::timestamptz and {column} < %s::timestamptz", start, end)
        case "ne":
            return sql(f"not ({column} >= %s::timestamptz and {column} < %s::timestamptz)", start, end)
        case "gt" | "sa":
            return sql(f"{column} >= %s::timestamptz", end)
        case "lt" | "eb":
            return sql(f"{column} < %s::timestamptz", start)
        case "ge":
            return sql(f"{column} >= %s::timestamptz", start)
        case "le":
            return sql(f"{column} < %s::timestamptz", end)
        case "ap":
            margin = abs(clock.now() - start) * _APPROXIMATELY
            widened = f"{column} < %s::timestamptz + %s::interval and {column} >= %s::timestamptz - %s::interval"
            return sql(widened, end, margin, start, margin)


def number_condition(low: str, high: str, operand: NumberOperand) -> Sql:
    """The closed interval in the columns against ``operand``; its implicit precision counts for eq and ne only."""
    start, end = _precision(operand)
    return _compare(low, high, operand.prefix, float(operand.value), float(start), float(end))


def quantity_condition(operand: QuantityOperand) -> Sql:
    """Rows of ``number_value`` against a quantity: in canonical UCUM units where the unit is known to UCUM."""
    number = operand.number
    if operand.code is None:
        return number_condition("v.value", "v.value", number)
    choices = []
    if operand.system in (None, UCUM):
        value = ucum.canonical(number.value, operand.code)
        start, end = (ucum.canonical(bound, operand.code) for bound in _precision(number))
        if value is not None and start is not None and end is not None:
            compared = _compare("v.low", "v.high", number.prefix, float(value[0]), float(start[0]), float(end[0]))
            choices.append(sql("v.unit = %s::bigint and (%s)", unit_key(value[1]), compared))
    if operand.system is None or not choices:
        unit = unit_key(f"{operand.system or ''}|{operand.code}")
        choices.append(sql("v.unit = %s::bigint and (%s)", unit, number_condition("v.low", "v.high", number)))
    return some(choices)


def _precision(operand: NumberOperand) -> tuple[Decimal, Decimal]:
    """What a value may lie between to be equal (implicit precision), or approximately equal (a tenth more or less)."""
    if operand.prefix == "ap":
        margin = abs(operand.value) / 10
        return operand.value - margin, operand.value + margin
    return operand.low, operand.high


def _compare(low: str, high: str, prefix: str, value: float, start: float, end: float) -> Sql:
    within = sql(f"{low} >= %s::float8 and {low} < %s::float8 and {high} < %s::float8", start, end, end)
    match prefix:
        case "eq":
            return within
        case "ne":
            return sql("not (%s)", within)
        case "gt":
            return sql(f"{high} > %s::float8", value)
        case "lt":
            return sql(f"{low} < %s::float8", value)
        case "ge":
            return sql(f"{high} >= %s::float8", value)
        case "le":
            return sql(f"{low} <= %s::float8", value)
        case "sa":
            return sql(f"{low} > %s::float8", value)
        case "eb":
            return sql(f"{high} < %s::float8", value)
    return sql(f"{low} <= %s::float8 and {high} >= %s::float8", end, start)

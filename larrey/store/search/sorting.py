"""``_sort`` as SQL, and walking a sorted list page by page by its last row (keyset paging).

The last key is always ``rid``, the immutable order of first creation, so every row has one place. Missing values come
last in either direction; a missing clinical date counts as earlier than any date.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace

from larrey.fhir.definitions import CLINICAL_DATE, SearchParameter, type_definition
from larrey.fhir.query.nodes import Sort
from larrey.kit.errors import Unsupported
from larrey.store.keys import parameter_key
from larrey.store.search.sql import FALSE, Sql, every, join, some, sql

_PLAIN_PATH = re.compile(r"\(?(\w+)\.(\w+(?:\.\w+)*)(?: as (\w+))?\)?", re.ASCII)
_CODED = {
    "CodeableConcept": ".coding.code",
    "Coding": ".code",
    "Identifier": ".value",
    "ContactPoint": ".value",
    "Reference": ".reference",
    **dict.fromkeys(("code", "boolean", "string", "id", "uri", "canonical"), ""),
}


@dataclass(frozen=True, slots=True)
class Key:
    """One key of an order. ``kind``: the SQL type of ``expression``.

    ``source``: the side table, its column and the parameter's key, where ``expression`` is the first or last such value.
    """

    expression: Sql
    kind: str
    descending: bool
    nullable: bool
    source: tuple[str, str, int] | None = None


@dataclass(frozen=True, slots=True)
class Order:
    """The keys of an order, the last of which tells any two rows apart; ``backwards``: it is walked from its end."""

    keys: tuple[Key, ...]
    backwards: bool = False

    def clause(self) -> Sql:
        """What follows ``order by``."""
        parts = []
        for key in self.keys:
            down = key.descending != self.backwards
            text = "%s desc" if down else "%s asc"
            if key.nullable:
                text += " nulls first" if self.backwards else " nulls last"
            parts.append(sql(text, key.expression))
        return join(", ", parts)

    def numbered(self) -> Order:
        """The same order where the keys are columns ``r.o1``, ``r.o2``, … (not ``o1``: the output has texts of that name)."""
        return replace(self, keys=tuple(replace(key, expression=Sql(f"r.o{n}")) for n, key in enumerate(self.keys, 1)))

    def after(self, values: Sequence[str | None]) -> Sql:
        """The rows that come after the one whose keys are ``values`` (as text) in the direction of the walk."""
        if len({key.descending for key in self.keys}) == 1 and not any(key.nullable for key in self.keys):
            left = join(", ", (key.expression for key in self.keys))
            right = join(", ", (sql(f"%s::text::{key.kind}", value) for key, value in zip(self.keys, values, strict=True)))
            return sql(f"(%s) {'<' if self.keys[0].descending != self.backwards else '>'} (%s)", left, right)
        found = FALSE
        for key, value in reversed(list(zip(self.keys, values, strict=True))):
            same = sql("%s is null", key.expression) if value is None else _compared(key, "=", value)
            found = some([self._beyond(key, value), every([same, found])])
        return found

    def _beyond(self, key: Key, value: str | None) -> Sql:
        if value is None:
            return sql("%s is not null", key.expression) if self.backwards else FALSE
        beyond = _compared(key, "<" if key.descending != self.backwards else ">", value)
        if key.nullable and not self.backwards:
            return some([beyond, sql("%s is null", key.expression)])
        return beyond


def _compared(key: Key, operator: str, value: str) -> Sql:
    return sql(f"%s {operator} %s::text::{key.kind}", key.expression, value)


def ordering(sort: Sequence[Sort], *, backwards: bool) -> Order:
    """The order of the rows ``r`` that ``sort`` asks for; newest first where it is silent."""
    keys = [_key(key.parameter, descending=key.descending) for key in sort]
    last = keys[-1].descending if keys else True
    keys.append(Key(Sql("r.rid"), "bigint", last, nullable=False))
    return Order(tuple(keys), backwards)


def _key(parameter: SearchParameter, *, descending: bool) -> Key:
    code, kind = parameter.code, parameter.type
    if code == "_id":
        return Key(Sql('r.id collate "C"'), "text", descending, nullable=False)
    if code == "_lastUpdated":
        return Key(Sql("r.updated"), "timestamptz", descending, nullable=False)
    if CLINICAL_DATE.get(parameter.base) == code:
        return Key(Sql("r.date_low"), "timestamptz", descending, nullable=False)
    if kind in ("token", "reference"):
        return Key(_from_body(parameter), "text", descending, nullable=True)
    p = parameter_key(parameter.base, code, "uri" if kind == "uri" else "")
    table, column, type_ = {
        "string": ("string_value", "value", "text"),
        "uri": ("string_value", "value", "text"),
        "date": ("date_value", "low", "timestamptz"),
        "number": ("number_value", "low", "float8"),
        "quantity": ("number_value", "low", "float8"),
    }[kind]
    best = "max" if descending else "min"
    chosen = f"(select {best}(v.{column}) from record.{table} v where v.rid = r.rid and v.key = %s::bigint)"
    return Key(sql(chosen, p), type_, descending, nullable=True, source=(table, column, p))


def _from_body(parameter: SearchParameter) -> Sql:
    """The first code (or reference) that the parameter selects, read from the body: not indexed, so for short lists."""
    match = _PLAIN_PATH.fullmatch(parameter.expression)
    path = None if match is None or match[1] != parameter.base else _json_path(match[1], match[2], match[3])
    if path is None:
        raise Unsupported(f"_sort by {parameter.code!r} is not supported.", expression="_sort")
    body = "convert_from(r.body, 'UTF8')::jsonb"
    return sql(f"(jsonb_path_query_first({body}, %s::text::jsonpath) #>> '{{}}') collate \"C\"", path)


def _json_path(type_: str, path: str, choice: str | None) -> str | None:
    """``code.coding.code`` for the path ``code`` of Observation; None when it does not lead to something like a code."""
    steps = []
    for name in path.split("."):
        element = type_definition(type_).elements.get(name)
        if element is None:
            return None
        if element.choice:
            types = [t for t in element.types if choice is None or t == choice]
            if len(types) != 1:
                return None
            steps.append(f'"{name}{types[0][0].upper()}{types[0][1:]}"')
        else:
            types = list(element.types)
            steps.append(f'"{name}"')
        if len(types) != 1:
            return None
        type_ = types[0]
    tail = _CODED.get(type_)
    return None if tail is None else "lax $." + ".".join(steps) + tail

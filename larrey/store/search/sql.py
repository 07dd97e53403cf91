"""Pieces of SQL with the values bound to them. Text is ours; what comes from outside is always a value."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, NamedTuple


class Sql(NamedTuple):
    """``text`` with one ``%s`` for each of ``values``, in order."""

    text: str
    values: tuple[Any, ...] = ()

    def __add__(self, other: Sql | str) -> Sql:  # type: ignore[override]  # joining SQL, not tuples
        if isinstance(other, str):
            return Sql(self.text + other, self.values)
        return Sql(self.text + other.text, self.values + other.values)


TRUE = Sql("true")
FALSE = Sql("false")


def sql(text: str, *values: Any) -> Sql:
    """``text`` where each ``%s`` stands for one of ``values``; a ``Sql`` among them is spliced in."""
    pieces = text.split("%s")
    if len(pieces) != len(values) + 1:
        raise AssertionError(text)
    out = [pieces[0]]
    bound: list[Any] = []
    for value, piece in zip(values, pieces[1:], strict=True):
        if isinstance(value, Sql):
            out.append(value.text)
            bound.extend(value.values)
        else:
            out.append("%s")
            bound.append(value)
        out.append(piece)
    return Sql("".join(out), tuple(bound))


def join(separator: str, parts: Iterable[Sql]) -> Sql:
    """``parts`` with ``separator`` between them."""
    listed = list(parts)
    return Sql(separator.join(part.text for part in listed), tuple(value for part in listed for value in part.values))


def every(parts: Iterable[Sql]) -> Sql:
    """All of ``parts`` hold."""
    listed = [part for part in parts if part != TRUE]
    if FALSE in listed:
        return FALSE
    if len(listed) == 1:
        return listed[0]
    return join(" and ", (sql("(%s)", part) for part in listed)) if listed else TRUE


def some(parts: Iterable[Sql]) -> Sql:
    """At least one of ``parts`` holds."""
    listed = [part for part in parts if part != FALSE]
    if TRUE in listed:
        return TRUE
    if len(listed) == 1:
        return listed[0]
    return join(" or ", (sql("(%s)", part) for part in listed)) if listed else FALSE


def negation(part: Sql) -> Sql:
    """``part`` does not hold; unknown counts as not holding, so its negation is true."""
    return sql("not coalesce(%s, false)", part)

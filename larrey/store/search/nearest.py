"""The beginning of a list sorted by a side table's values, from the index of that table.

Computing every row's value to sort by it would read the whole type. The index has the values in order already: its
first entries give candidates, and those whose value comes before the last entry read are certain, since whatever was
not read comes after. When they do not fill the page (a strict condition beside the sort), the list is computed.
"""

from __future__ import annotations

from larrey.store.search.sorting import Order
from larrey.store.search.sql import Sql, sql

ENTRIES = 20
"""Index entries read for each row wanted: rows have several values, and not every row meets the other conditions."""


def walk(columns: str, keys: Sql, where: Sql, order: Order, limit: int) -> Sql:
    """At most ``limit`` rows ``r`` for which ``where`` holds, in ``order``; ``keys`` are columns added to ``columns``."""
    return sql(f"(select {columns}%s from record.resource r where %s order by %s limit {limit:d})", keys, where, order.clause())


def nearest(columns: str, keys: Sql, where: Sql, order: Order, limit: int, start: str | None) -> tuple[list[Sql], list[Sql]]:
    """What to compute before, and the two ways to the page, of which one is taken.

    ``start``: the first key of the row after which the page begins, as text.
    """
    key = order.keys[0]
    assert key.source is not None
    table, column, p = key.source
    if key.descending != order.backwards:
        direction, beyond, before, last = "desc", "<=", ">", "min"
    else:
        direction, beyond, before, last = "asc", ">=", "<", "max"
    begun = Sql("true") if start is None else sql(f"v.{column} {beyond} %s::text::{key.kind}", start)
    near = sql(
        f"near as materialized (select v.rid, v.{column} as value from record.{table} v where v.key = %s::bigint and %s"
        f" order by v.{column} {direction} limit {ENTRIES * limit:d})",
        p,
        begun,
    )
    certain = sql(
        f"r.rid = any(array(select rid from near)) and %s {before} (select {last}(value) from near) and %s",
        key.expression,
        where,
    )
    sure = sql("sure as materialized %s", walk(columns, keys, certain, order, limit))
    full = f"(select count(*) from sure) >= {limit:d}"
    otherwise = walk(columns, keys, sql(f"not ({full}) and (%s)", where), order, limit)
    return [near, sure], [Sql(f"(select * from sure where {full})"), otherwise]

"""Several keys of the array that must meet in one row: frequent ones may never do, which no statistics can know.

PostgreSQL multiplies the frequencies of the keys, expects a full page soon, walks the order and, when the keys never
meet, reads the whole type (measured: 0.7 to 10 s on 1.4 million resources). So the walk gets ``STEPS`` rows to fill
the page. When it fails, matches are not frequent and the array's index finds them all, at most ``FEW``; only when there
are more is the order walked without bound.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from larrey.fhir.query.nodes import Node
from larrey.store.caller import Caller
from larrey.store.search.compiling import single_keys
from larrey.store.search.nearest import walk
from larrey.store.search.policy import granted, policy, together
from larrey.store.search.sorting import Order
from larrey.store.search.sql import Sql, every, sql

STEPS = 3_000
"""Rows that the order is walked before the keys are looked up; some milliseconds."""
FEW = 10_000
"""Rows that are fetched and sorted rather than met by walking."""
WALKED = frozenset({"r.rid", "r.updated", "r.date_low"})
"""First keys of an order that has an index within one type."""


@dataclass(frozen=True, slots=True)
class Meet:
    """``scope``: the rows ``r`` that may be walked; ``found``: a query for the ``rid`` of those that have all the keys."""

    scope: Sql
    found: Sql


def meet(caller: Caller, types: Sequence[str] | None, nodes: Sequence[Node], *, least: int) -> Meet | None:
    """What ``nodes`` need when they ask for ``least`` keys or more of one type, else None."""
    keys = single_keys(nodes)
    if types is None or len(types) != 1 or len(keys) < least:
        return None
    found = together(
        sql("select c.rid from record.resource c where %s and c.tokens @> %s::bigint[]", policy("c", caller, "s", types), keys)
    )
    # What is walked may hold rows that she does not see: the page itself asks the whole policy.
    return Meet(granted("r", caller, "s", types), found)


def meeting(
    columns: str, keys: Sql, where: Sql, order: Order, limit: int, *, scope: Sql, found: Sql
) -> tuple[list[Sql], list[Sql]]:
    """What to compute before, and the ways to the page, of which one is taken.

    ``scope``: the rows ``r`` that are walked, beyond the last page; ``found``: a query for the ``rid`` of the rows with all keys.
    """
    walked = sql(f"(select * from record.resource r where %s order by %s limit {STEPS})", scope, order.clause())
    near = sql(
        f"near as materialized (select {columns}%s from %s r where %s order by %s limit {limit:d})",
        keys,
        walked,
        where,
        order.clause(),
    )
    full = f"(select count(*) from near) >= {limit:d}"
    rows = sql(f"met as materialized (%s and not {full} limit {FEW + 1})", found)
    few = f"(select count(*) from met) <= {FEW}"
    fetched = every([Sql(f"not {full}"), Sql(few), Sql("r.rid = any(array(select rid from met))"), where])
    onward = every([Sql(f"not {full}"), Sql(f"not {few}"), where])
    return [near, rows], [
        Sql(f"(select * from near where {full})"),
        walk(columns, keys, fetched, order, limit),
        walk(columns, keys, onward, order, limit),
    ]

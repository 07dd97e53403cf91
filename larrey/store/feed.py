"""The feed: every committed change, once per consumer, in an order in which causes come before effects.

A sequence number is taken before its transaction commits, so reading "greater than the last number" would skip the
changes of a slow writer. A consumer therefore remembers a *snapshot* (which transactions it could see), and its next
round is what a newer snapshot sees and the old one did not. Within a round changes come by sequence number; a
version whose writer had to wait for another's commit is never in an earlier round, and has the greater number.
A round is fixed once begun and is read in pieces, so that a backlog of millions needs no memory.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from psycopg import Cursor

from larrey.kit.errors import NotFound
from larrey.store.caller import Caller
from larrey.store.history import COLUMNS, Change, change
from larrey.store.search.policy import visible_change
from larrey.store.search.sql import every, sql

_LOCK = "select seen::text, reading::text, after from record.consumer where name = %s for update"
# Transactions below the old snapshot's xmin were all seen; those from the new one's xmax on are for later rounds.
_ROUND = f"""
select {COLUMNS} from record.change c
where c.seq > %s::bigint
    and c.xid >= pg_snapshot_xmin(%s::pg_snapshot) and c.xid < pg_snapshot_xmax(%s::pg_snapshot)
    and pg_visible_in_snapshot(c.xid, %s::pg_snapshot)
    and not pg_visible_in_snapshot(c.xid, %s::pg_snapshot)
    and %s
order by c.seq
limit %s::bigint
"""
_BEGINNING = "1:1:"


@dataclass(frozen=True, slots=True)
class Lag:
    """How far a consumer is behind: changes it has not taken (an estimate when many), and since when it was not seen."""

    consumer: str
    changes: int
    touched: datetime


def subscribe(cursor: Cursor[Any], consumer: str, *, from_start: bool = True) -> None:
    """Make ``consumer`` known; a known one keeps its place. Without ``from_start`` it gets only changes to come."""
    start = "%s::pg_snapshot" if from_start else "coalesce(pg_current_snapshot(), %s::pg_snapshot)"
    cursor.execute(
        f"insert into record.consumer (name, seen) values (%s, {start}) on conflict do nothing".encode(),
        (consumer, _BEGINNING),
    )


def read(cursor: Cursor[Any], caller: Caller, consumer: str, limit: int = 1000) -> list[Change]:
    """The next changes for ``consumer`` that ``caller`` may read, at most ``limit``, oldest first; empty when nothing is new.

    Its place moves in the caller's transaction: commit it with the effects and each change takes effect exactly once;
    roll back and the same changes come again. Two processes of one consumer take turns. Raises ``NotFound`` for a
    consumer that never subscribed.
    """
    place = cursor.execute(_LOCK, (consumer,)).fetchone()
    if place is None:
        raise NotFound(f"The feed has no consumer named {consumer}.")
    seen, reading, after = place
    begun = reading is not None
    if begun:
        rows = _round(cursor, caller, seen, reading, after, limit)
        if rows:
            _move(cursor, consumer, seen, reading, rows[-1].seq)
            return rows
        seen = reading  # that round is finished
    reading = _snapshot(cursor)
    rows = _round(cursor, caller, seen, reading, 0, limit)
    if rows:
        _move(cursor, consumer, seen, reading, rows[-1].seq)
    elif begun:
        _move(cursor, consumer, seen, None, 0)
    return rows  # an idle consumer writes nothing


def lags(cursor: Cursor[Any]) -> list[Lag]:
    """Every consumer's lag, for the metrics."""
    rows = cursor.execute(
        """
        select name, touched, (
            select count(*) from (
                select from record.change c
                where c.xid >= pg_snapshot_xmin(coalesce(seen, '1:1:'))
                    and not pg_visible_in_snapshot(c.xid, coalesce(seen, '1:1:')) and c.seq > after
                limit 100000) behind)
        from record.consumer order by name
        """
    )
    return [Lag(name, changes, touched) for name, touched, changes in rows]


def _round(cursor: Cursor[Any], caller: Caller, seen: str, reading: str, after: int, limit: int) -> list[Change]:
    allowed = caller.types("r")
    wanted = [visible_change("c", caller, "r", None)]
    if allowed is not None:
        wanted.append(sql("c.type = any(%s)", sorted(allowed)))
    statement = sql(_ROUND, after, seen, reading, reading, seen, every(wanted), limit)
    return [change(row) for row in cursor.execute(statement.text.encode(), statement.values)]


def _snapshot(cursor: Cursor[Any]) -> str:
    row = cursor.execute("select pg_current_snapshot()::text").fetchone()
    assert row is not None  # a select of one row
    return str(row[0])


def _move(cursor: Cursor[Any], consumer: str, seen: str, reading: str | None, after: int) -> None:
    cursor.execute(
        "update record.consumer set seen = %s::pg_snapshot, reading = %s::pg_snapshot, after = %s, touched = now()"
        " where name = %s",
        (seen, reading, after, consumer),
    )

"""History: every version of a resource, of a type, of the whole record, newest first.

Source: http://hl7.org/fhir/R4/http.html#history.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

from psycopg import Cursor

from larrey.kit.errors import NotFound
from larrey.store.caller import Caller
from larrey.store.keys import resource_key
from larrey.store.read import find
from larrey.store.search.policy import visible_change
from larrey.store.search.sql import Sql, every, sql

METHODS: dict[str, Literal["create", "update", "delete"]] = {"C": "create", "U": "update", "D": "delete"}


@dataclass(frozen=True, slots=True)
class Change:
    """One committed change. ``body`` is None for a deletion."""

    seq: int
    type: str
    id: str
    version: int
    updated: datetime
    method: Literal["create", "update", "delete"]
    actor: str
    body: bytes | None


@dataclass(frozen=True, slots=True)
class HistoryPage:
    """``next`` is to be given as ``before`` for the following page, None on the last one. ``total`` only of one resource."""

    entries: list[Change]
    next: int | None
    total: int | None


COLUMNS = """
c.seq, c.type, c.id, c.version, c.updated, c.method::text, c.actor,
case when c.method <> 'D' then coalesce(
    (select p.body from record.past p where p.key = c.key and p.version = c.version),
    (select r.body from record.resource r where r.type = c.type and r.key = c.key and r.version = c.version)
) end
"""


def change(row: tuple[Any, ...]) -> Change:
    """A ``Change`` from a row of ``COLUMNS``."""
    return Change(row[0], row[1], row[2], row[3], row[4], METHODS[row[5]], row[6], row[7])


def history(
    cursor: Cursor[Any],
    caller: Caller,
    type_: str | None = None,
    id: str | None = None,
    *,
    since: datetime | None = None,
    at: tuple[datetime, datetime] | None = None,
    count: int = 50,
    before: int | None = None,
) -> HistoryPage:
    """Changes of one resource, of a type, or (both None) of all types that the caller may read.

    ``since`` keeps versions made at or after an instant; ``at`` those that were current at some time in a half-open
    range; ``before`` continues a page. Raises ``NotFound`` for a resource that never was, ``Forbidden``.
    """
    types = None if type_ is None else [type_]
    wanted: list[Sql] = [visible_change("c", caller, "r", types)]
    total = None
    if type_ is not None:
        caller.demand("r", type_)
        wanted.append(sql("c.type = %s", type_))
    else:
        allowed = caller.types("r")
        if allowed is not None:
            wanted.append(sql("c.type = any(%s)", sorted(allowed)))
    if type_ is not None and id is not None:
        wanted += [sql("c.key = %s::bigint", resource_key(type_, id)), sql("c.id = %s", id)]
        total = _total(cursor, caller, type_, id, every(wanted))
    if since is not None:
        wanted.append(sql("c.updated >= %s", since))
    if at is not None:
        current = (
            "c.updated < %s and not exists (select from record.change n"
            " where n.key = c.key and n.version = c.version + 1 and n.updated <= %s)"
        )
        wanted.append(sql(current, at[1], at[0]))
    if before is not None:
        wanted.append(sql("c.seq < %s::bigint", before))
    statement = sql(
        f"select {COLUMNS} from record.change c where %s order by c.seq desc limit %s::bigint", every(wanted), count + 1
    )
    rows = cursor.execute(statement.text.encode(), statement.values).fetchall()
    entries = [change(row) for row in rows[:count]]
    if since is not None or at is not None:
        total = None
    return HistoryPage(entries, entries[-1].seq if len(rows) > count else None, total)


def _total(cursor: Cursor[Any], caller: Caller, type_: str, id_: str, where: Sql) -> int:
    """How many versions of one resource the caller sees; raises as a read would when there is none."""
    statement = sql("select count(*) from record.change c where %s", where)
    row = cursor.execute(statement.text.encode(), statement.values).fetchone()
    if row is None or not row[0]:
        find(cursor, caller, type_, id_)  # tells who may be told that it is not hers
        raise NotFound(f"{type_}/{id_} is not known.")
    return int(row[0])

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
    wanted: list[str] = []
    values: list[Any] = []
    total = None
    if type_ is not None:
        caller.demand("r", type_)
        wanted.append("c.type = %s")
        values.append(type_)
    else:
        types = caller.types("r")
        if types is not None:
            wanted.append("c.type = any(%s)")
            values.append(sorted(types))
    if type_ is not None and id is not None:
        key = resource_key(type_, id)
        wanted += ["c.key = %s", "c.id = %s"]
        values += [key, id]
        row = cursor.execute("select count(*) from record.change where key = %s and id = %s", (key, id)).fetchone()
        total = row[0] if row else 0
        if not total:
            raise NotFound(f"{type_}/{id} is not known.")
    if since is not None:
        wanted.append("c.updated >= %s")
        values.append(since)
    if at is not None:
        wanted.append(
            "c.updated < %s and not exists (select from record.change n"
            " where n.key = c.key and n.version = c.version + 1 and n.updated <= %s)"
        )
        values += [at[1], at[0]]
    if before is not None:
        wanted.append("c.seq < %s")
        values.append(before)
    where = " and ".join(wanted) or "true"
    statement = f"select {COLUMNS} from record.change c where {where} order by c.seq desc limit %s"
    rows = cursor.execute(statement.encode(), (*values, count + 1)).fetchall()
    entries = [change(row) for row in rows[:count]]
    if since is not None or at is not None:
        total = None
    return HistoryPage(entries, entries[-1].seq if len(rows) > count else None, total)

"""Locks that make concurrent writers take turns, always in one order."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from urllib.parse import parse_qsl

from psycopg import Cursor

from larrey.kit.ids import hash64
from larrey.store.keys import resource_key


@dataclass(frozen=True, slots=True)
class Current:
    """Where a resource stands: its last version, and its row when it is not deleted."""

    version: int
    updated: datetime | None
    rid: int | None
    body: bytes | None
    secrecy: int = 0


NEVER = Current(0, None, None, None)

_FOR_DELETE = """
select version, updated, rid, body, secrecy from record.resource where type = %s and key = %s and id = %s for update
"""
_FOR_UPDATE = """
select version, updated, rid, body, secrecy from record.resource where type = %s and key = %s and id = %s for no key update
"""
_LAST = "select version, updated from record.change where key = %s order by version desc limit 1"


def advisory(cursor: Cursor[Any], keys: Iterable[int]) -> None:
    """Take the transaction-long locks named by ``keys``, in increasing order."""
    ordered = sorted(set(keys))
    if ordered:
        # The subquery keeps the order; a plain select could evaluate in another.
        cursor.execute(
            "select pg_advisory_xact_lock(k) from (select unnest(%s::bigint[]) as k order by 1) as ordered", (ordered,)
        )


def criteria_key(type_: str, criteria: str) -> int:
    """The lock of a conditional operation: equal criteria wait for each other, however they are encoded or ordered."""
    return hash64(f"criteria:{type_}?{sorted(parse_qsl(criteria, keep_blank_values=True))}")


def current(cursor: Cursor[Any], type_: str, id_: str, *, deleting: bool = False) -> Current:
    """Lock ``type_``/``id_`` for writing, existing or not, and tell where it stands.

    A row lock cannot hold what does not exist yet, hence the advisory lock on its key, after which it is looked for
    again. Referring writers hold the row in KEY SHARE mode: an update passes them, a deletion waits for them.
    """
    key = resource_key(type_, id_)
    select = _FOR_DELETE if deleting else _FOR_UPDATE
    row = cursor.execute(select, (type_, key, id_)).fetchone()
    if row is None:
        advisory(cursor, [key])
        row = cursor.execute(select, (type_, key, id_)).fetchone()
    if row is not None:
        return Current(*row)
    last = cursor.execute(_LAST, (key,)).fetchone()
    return NEVER if last is None else Current(last[0], last[1], None, None)


def currents(cursor: Cursor[Any], targets: Iterable[tuple[str, str]]) -> dict[tuple[str, str], Current]:
    """``current`` of many (type, id) in three statements, whatever their number."""
    keys = {resource_key(*target): target for target in targets}
    if not keys:
        return {}
    advisory(cursor, keys)
    rows = cursor.execute(
        "select key, type, id, version, updated, rid, body, secrecy from record.resource"
        " where type = any(%s) and key = any(%s::bigint[]) order by key for no key update",
        (sorted({type_ for type_, _ in keys.values()}), list(keys)),
    )
    found = {(row[1], row[2]): Current(*row[3:]) for row in rows}
    absent = [key for key, target in keys.items() if target not in found]
    if absent:
        past = cursor.execute(
            "select distinct on (key) key, version, updated from record.change where key = any(%s::bigint[])"
            " order by key, version desc",
            (absent,),
        )
        found.update({keys[row[0]]: Current(row[1], row[2], None, None) for row in past})
    return {target: found.get(target, NEVER) for target in keys.values()}

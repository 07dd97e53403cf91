"""Whose records an answer showed, or a transaction changed: the patients whom the trace names.

A resource may belong to several patients (a family's appointment, a list): its column has the first, ``record.care`` the
others (ground ``S``, for "subject").
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from psycopg import Cursor

from larrey.store.history import Change
from larrey.store.keys import resource_key
from larrey.store.stored import Stored

_ROWS = """
select r.patient from record.resource r where r.type = any(%(types)s) and r.rid = any(%(rids)s::bigint[])
union select s.patient from record.care s where s.ground = 'S' and s.rid = any(%(rids)s::bigint[])
"""
_VERSIONS = """
select c.patient from unnest(%(keys)s::bigint[], %(versions)s::integer[]) t (key, version)
join record.change c on c.key = t.key and c.version = t.version
"""
_NOW = """
select c.patient from record.change c where c.xid = pg_current_xact_id()
union select s.patient from record.change c join record.resource r on r.type = c.type and r.key = c.key
join record.care s on s.rid = r.rid and s.ground = 'S' where c.xid = pg_current_xact_id()
"""
_NAMED = "select c.patient from record.change c where c.key = %(key)s"
_COUNTS = "select method::text, count(*) from record.change where xid = pg_current_xact_id() group by method"


def shown(cursor: Cursor[Any], rows: Sequence[Stored | Change]) -> list[UUID]:
    """The patients to whom ``rows`` belong: current versions by their row, past ones by their change."""
    if not rows:
        return []
    current = [row for row in rows if isinstance(row, Stored) and row.rid]
    if len(current) == len(rows):
        return _patients(cursor, _ROWS, types=sorted({row.type for row in current}), rids=[row.rid for row in current])
    past = [row for row in rows if not (isinstance(row, Stored) and row.rid)]
    keys = [row.key if isinstance(row, Stored) else resource_key(row.type, row.id) for row in past]
    return [*_patients(cursor, _VERSIONS, keys=keys, versions=[row.version for row in past]), *shown(cursor, current)]


def changed(cursor: Cursor[Any]) -> tuple[list[UUID], dict[str, int]]:
    """The patients of what this transaction has written, and how many changes of each kind (``C``, ``U``, ``D``)."""
    return _patients(cursor, _NOW), dict(cursor.execute(_COUNTS, prepare=True).fetchall())


def named(cursor: Cursor[Any], type_: str, id_: str) -> list[UUID]:
    """The patients to whom ``type_``/``id_`` belongs or belonged, seen by the caller or not: for the trace of a refusal only."""
    return _patients(cursor, _NAMED, key=resource_key(type_, id_))


def _patients(cursor: Cursor[Any], statement: str, **values: Any) -> list[UUID]:
    rows = cursor.execute(f"select patient from ({statement}) as found where patient is not null".encode(), values, prepare=True)
    return [row[0] for row in dict.fromkeys(rows)]

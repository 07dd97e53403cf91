"""Whose records an answer showed, or a transaction changed: the patients whom the trace names.

Each function gives a ``select`` of one column, the patients' access keys (null: nobody's), and its named values: the trace runs
it within its own statement. A resource may belong to several patients (a family's appointment, a list): its column has the first,
``record.care`` the others (ground ``S``, for "subject").
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Any

from psycopg import Cursor

from larrey.store.history import Change
from larrey.store.keys import resource_key
from larrey.store.search.sight import of_types
from larrey.store.stored import Stored

Patients = tuple[str, Mapping[str, Any]]

NOBODY: Patients = ("select null::uuid", {})
_ROWS = "select r.patient from record.resource r where {types} and r.rid = any(%(rids)s::bigint[])"
_SUBJECTS = "select s.patient from record.care s where s.ground = 'S' and s.rid = any(%(rids)s::bigint[])"
_VERSIONS = """
select c.patient from unnest(%(keys)s::bigint[], %(versions)s::integer[]) t (key, version)
join record.change c on c.key = t.key and c.version = t.version
"""
_NOW = """
select c.patient from record.change c where c.xid = pg_current_xact_id()
union all select s.patient from record.change c join record.resource r on r.type = c.type and r.key = c.key
join record.care s on s.rid = r.rid and s.ground = 'S' where c.xid = pg_current_xact_id() and c.patient is null
"""
_NAMED = "select c.patient from record.change c where c.key = %(key)s::bigint"
_COUNTS = "select method::text, count(*) from record.change where xid = pg_current_xact_id() group by method"


@lru_cache(maxsize=256)
def _of_row(type_: str) -> str:
    return (
        f"select r.patient from record.resource r where {of_types('r', (type_,)).text} and r.rid = %(rid)s::bigint"
        " union all select s.patient from record.care s where s.ground = 'S' and s.rid = %(rid)s::bigint"
    )


def shown(rows: Sequence[Stored | Change]) -> Patients:
    """To whom ``rows`` belong: current versions by their row, past ones by their change."""
    if len(rows) == 1 and isinstance(rows[0], Stored) and rows[0].rid:
        return _of_row(rows[0].type), {"rid": rows[0].rid}
    current = [row for row in rows if isinstance(row, Stored) and row.rid]
    past = [row for row in rows if not (isinstance(row, Stored) and row.rid)]
    parts: list[str] = []
    values: dict[str, Any] = {}
    if current:
        # Types as constants: PostgreSQL plans for these partitions alone, once.
        parts += [_ROWS.format(types=of_types("r", {row.type for row in current}).text), _SUBJECTS]
        values["rids"] = [row.rid for row in current]
    if past:
        parts.append(_VERSIONS)
        values["keys"] = [row.key if isinstance(row, Stored) else resource_key(row.type, row.id) for row in past]
        values["versions"] = [row.version for row in past]
    return (" union all ".join(parts), values) if parts else NOBODY


def changed(beside: Sequence[Stored | Change] = ()) -> Patients:
    """Whose records this transaction has changed, and those to whom ``beside`` belong."""
    text, values = shown(beside)
    return (_NOW if (text, values) == NOBODY else f"{_NOW} union all {text}"), values


def counts(cursor: Cursor[Any]) -> dict[str, int]:
    """How many changes of each kind (``C``, ``U``, ``D``) this transaction has made."""
    return dict(cursor.execute(_COUNTS, prepare=True).fetchall())


def named(type_: str, id_: str) -> Patients:
    """To whom ``type_``/``id_`` belongs or belonged, seen by the caller or not: for the trace of a refusal only."""
    return _NAMED, {"key": resource_key(type_, id_)}

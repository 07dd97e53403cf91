"""Reading one resource: the current version, or a past one."""

from __future__ import annotations

from typing import Any

from psycopg import Cursor

from larrey.kit.errors import Forbidden, Gone, LarreyError, NotFound
from larrey.store.caller import Caller
from larrey.store.keys import resource_key
from larrey.store.search.policy import owner_seen, policy, visible_change
from larrey.store.search.sql import Sql, sql
from larrey.store.stored import Stored

NOT_YOURS = "not-of-your-units"
"""The detail ``reason_code`` of a refusal to someone of the group."""

# What may not be seen is never fetched: the row tells that it is there, not what it holds.
_CURRENT = """
select r.version, r.updated, case when %s then r.body end, r.rid, %s
from record.resource r where r.type = %s and r.key = %s::bigint and r.id = %s
"""
_LAST = """
select c.version, c.method = 'D', %s, %s from record.change c where c.key = %s::bigint and c.id = %s
order by c.version desc limit 1
"""
_VERSION = """
select c.version, c.updated, case when %s then coalesce(p.body, r.body) end, c.method = 'D', %s, %s
from record.change c
left join record.past p on p.key = c.key and p.version = c.version
left join record.resource r on r.type = c.type and r.key = c.key and r.version = c.version
where c.key = %s::bigint and c.version = %s and c.type = %s and c.id = %s
"""


def find(cursor: Cursor[Any], caller: Caller, type_: str, id_: str) -> Stored | None:
    """The current version of ``type_``/``id_``, or None where there is none.

    Raises ``Forbidden`` for a patient who is not of the caller's, when the caller may be told; else None stands for it too.
    """
    caller.demand("r", type_)
    key = resource_key(type_, id_)
    seen = policy("r", caller, "r", [type_])
    statement = sql(_CURRENT, seen, _told("r", caller), type_, key, id_)
    row = cursor.execute(statement.text.encode(), statement.values, prepare=True).fetchone()
    if row is None:
        return None
    if row[2] is not None:
        return Stored(type_, id_, row[0], row[1], row[2], key, row[3])
    if row[4]:
        raise refusal(type_, id_)
    return None


def read(cursor: Cursor[Any], caller: Caller, type_: str, id_: str) -> Stored:
    """The current version of ``type_``/``id_``. Raises ``NotFound``, ``Gone`` when it was deleted, ``Forbidden`` as ``find``."""
    stored = find(cursor, caller, type_, id_)
    if stored is not None:
        return stored
    raise absence(cursor, caller, type_, id_)


def absence(cursor: Cursor[Any], caller: Caller, type_: str, id_: str) -> LarreyError:
    """Why ``type_``/``id_``, which ``find`` did not find, is not there: never known, deleted, or not to be told."""
    unknown = NotFound(f"{type_}/{id_} is not known.")
    statement = sql(_LAST, visible_change("c", caller, "r", [type_]), _told("c", caller), resource_key(type_, id_), id_)
    last = cursor.execute(statement.text.encode(), statement.values, prepare=True).fetchone()
    if last is None or not last[1]:
        return unknown
    if last[2]:
        return Gone(f"{type_}/{id_} was deleted.", version=last[0])
    return refusal(type_, id_) if last[3] else unknown


def vread(cursor: Cursor[Any], caller: Caller, type_: str, id_: str, version: int) -> Stored:
    """Version ``version`` of ``type_``/``id_``. Raises ``NotFound``, or ``Gone`` when that version is a deletion."""
    caller.demand("r", type_)
    key = resource_key(type_, id_)
    unknown = NotFound(f"{type_}/{id_} has no version {version}.")
    if not 0 < version < 2**31:
        raise unknown
    seen = visible_change("c", caller, "r", [type_])
    statement = sql(_VERSION, seen, seen, _told("c", caller), key, version, type_, id_)
    row = cursor.execute(statement.text.encode(), statement.values, prepare=True).fetchone()
    if row is None:
        raise unknown
    if not row[4]:
        raise refusal(type_, id_) if row[5] else unknown
    if row[3]:
        raise Gone(f"Version {version} of {type_}/{id_} is its deletion.", version=version)
    return Stored(type_, id_, row[0], row[1], row[2], key)


def refusal(type_: str, id_: str) -> Forbidden:
    """To someone of the group: it exists, and the patient is not hers."""
    return Forbidden(f"{type_}/{id_} is of a patient who is not of your units.", reason_code=NOT_YOURS)


def _told(alias: str, caller: Caller) -> Sql:
    """Whether a row that is not seen may be told of: it is of a patient, and the patient is not one of a professional's.

    Of her own patients' hidden resources she does not learn that they exist.
    """
    if not caller.sight.told:
        return Sql("false")
    return sql(f"({alias}.patient is not null and not coalesce((%s), false))", owner_seen(f"{alias}.patient", caller))

"""Reading one resource: the current version, or a past one."""

from __future__ import annotations

from typing import Any

from psycopg import Cursor

from larrey.kit.errors import Gone, NotFound
from larrey.store.caller import Caller
from larrey.store.keys import resource_key
from larrey.store.stored import Stored

_CURRENT = "select version, updated, body, rid from record.resource where type = %s and key = %s and id = %s"
_LAST = "select version, method from record.change where key = %s and id = %s order by version desc limit 1"
_VERSION = """
select c.version, c.updated, coalesce(p.body, r.body) as body, c.method = 'D'
from record.change c
left join record.past p on p.key = c.key and p.version = c.version
left join record.resource r on r.type = c.type and r.key = c.key and r.version = c.version
where c.key = %s and c.version = %s and c.type = %s and c.id = %s
"""


def find(cursor: Cursor[Any], caller: Caller, type_: str, id_: str) -> Stored | None:
    """The current version of ``type_``/``id_``, or None where there is none."""
    caller.demand("r", type_)
    key = resource_key(type_, id_)
    row = cursor.execute(_CURRENT, (type_, key, id_), prepare=True).fetchone()
    return None if row is None else Stored(type_, id_, row[0], row[1], row[2], key, row[3])


def read(cursor: Cursor[Any], caller: Caller, type_: str, id_: str) -> Stored:
    """The current version of ``type_``/``id_``. Raises ``NotFound``, or ``Gone`` when it was deleted."""
    stored = find(cursor, caller, type_, id_)
    if stored is not None:
        return stored
    last = cursor.execute(_LAST, (resource_key(type_, id_), id_)).fetchone()
    if last is None:
        raise NotFound(f"{type_}/{id_} is not known.")
    raise Gone(f"{type_}/{id_} was deleted.", version=last[0])


def vread(cursor: Cursor[Any], caller: Caller, type_: str, id_: str, version: int) -> Stored:
    """Version ``version`` of ``type_``/``id_``. Raises ``NotFound``, or ``Gone`` when that version is a deletion."""
    caller.demand("r", type_)
    key = resource_key(type_, id_)
    if not 0 < version < 2**31:
        raise NotFound(f"{type_}/{id_} has no version {version}.")
    row = cursor.execute(_VERSION, (key, version, type_, id_)).fetchone()
    if row is None:
        raise NotFound(f"{type_}/{id_} has no version {version}.")
    if row[3]:
        raise Gone(f"Version {version} of {type_}/{id_} is its deletion.", version=version)
    return Stored(type_, id_, row[0], row[1], row[2], key)

"""What a patient's chart reads: how much there is of each kind, one kind newest first, whose a resource is.

These are the record's hot path: the btree on (patient, type, clinical date) answers without touching what is not shown.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from psycopg import Cursor

from larrey.kit.errors import Invalid
from larrey.kit.ids import is_resource_id, patient_uuid
from larrey.store.caller import Caller
from larrey.store.keys import resource_key
from larrey.store.stored import Stored
from larrey.store.transactions import translated

_KINDS = """
select type, count(*) from record.resource where patient = %s and (%s::text[] is null or type = any(%s)) group by type
"""
# date_low is never null ('-infinity' when there is none), so that (date_low, rid) orders every row.
_NEWEST = """
select id, version, updated, body, key, rid, (date_low at time zone 'UTC')::text from record.resource
where patient = %s and type = %s and (date_low, rid) < (%s::timestamp at time zone 'UTC', %s)
order by date_low desc, rid desc limit %s
"""
_OWNER = "select patient from record.change where key = %s and type = %s and id = %s order by version desc limit 1"
_SEVERAL = """
select r.type, r.id, r.version, r.updated, r.body, r.key, r.rid
from unnest(%s::text[], %s::bigint[], %s::text[]) as wanted(type, key, id)
join record.resource r on r.type = wanted.type and r.key = wanted.key and r.id = wanted.id
"""
_REFERENCE = re.compile(r"([A-Za-z]+)/([A-Za-z0-9\-.]{1,64})(?:/_history/.*)?\Z")
_PLACE = re.compile(r"(-infinity|infinity|\d{4,6}-\d\d-\d\d \d\d:\d\d:\d\d(?:\.\d+)?)_(\d{1,18})\Z")
_FIRST = ("infinity", 2**62)


@dataclass(frozen=True, slots=True)
class Slice:
    """Some resources of one kind, newest clinical date first. ``next`` continues after them; ``None`` at the end."""

    resources: list[Stored]
    next: str | None


def kinds(cursor: Cursor[Any], caller: Caller, patient_id: str) -> dict[str, int]:
    """How many resources of each type the patient has, of the types that ``caller`` may search."""
    types = caller.types("s")
    allowed = None if types is None else sorted(types)
    with translated():
        cursor.execute(_KINDS, (patient_uuid(patient_id), allowed, allowed))
        return dict(cursor.fetchall())


def newest(
    cursor: Cursor[Any], caller: Caller, patient_id: str, type_: str, *, count: int = 50, after: str | None = None
) -> Slice:
    """At most ``count`` resources of ``type_`` of the patient, by clinical date, the undated last.

    ``after`` is the ``next`` of the slice before; raises ``Invalid`` when it is not one, ``Forbidden`` for the type.
    """
    caller.demand("s", type_)
    date, rid = _FIRST
    if after is not None:
        place = _PLACE.match(after)
        if place is None:
            raise Invalid("This is not a place in the list.")
        date, rid = place[1], int(place[2])
    with translated():
        rows = cursor.execute(_NEWEST, (patient_uuid(patient_id), type_, date, rid, count + 1)).fetchall()
    shown = [Stored(type_, *row[:6]) for row in rows[:count]]
    return Slice(shown, f"{rows[count - 1][6]}_{shown[-1].rid}" if len(rows) > count else None)


def belongs(cursor: Cursor[Any], caller: Caller, patient_id: str, type_: str, id_: str) -> bool:
    """Whether ``type_``/``id_``, alive or deleted, is filed under the patient."""
    caller.demand("r", type_)
    with translated():
        row = cursor.execute(_OWNER, (resource_key(type_, id_), type_, id_)).fetchone()
    return row is not None and row[0] == patient_uuid(patient_id)


def several(cursor: Cursor[Any], caller: Caller, references: Iterable[str]) -> dict[str, Stored]:
    """The resources behind local references such as ``Practitioner/1``, by reference; what is absent or denied is left out."""
    wanted: dict[str, tuple[str, str]] = {}
    for reference in references:
        found = _REFERENCE.match(reference)
        if found and is_resource_id(found[2]) and caller.may("r", found[1]):
            wanted[reference] = (found[1], found[2])
    if not wanted:
        return {}
    pairs = list(dict.fromkeys(wanted.values()))
    arrays = ([type_ for type_, _ in pairs], [resource_key(*pair) for pair in pairs], [id_ for _, id_ in pairs])
    with translated():
        rows = cursor.execute(_SEVERAL, arrays).fetchall()
    found_by = {(row[0], row[1]): Stored(*row) for row in rows}
    return {reference: found_by[pair] for reference, pair in wanted.items() if pair in found_by}

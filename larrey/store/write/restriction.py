"""Marking what ``record.row_seen`` must look at: stays in sensitive units and what belongs to them, patients who oppose sharing.

The mark (``fhir.secrecy.RESTRICTED``) only says that the question is to be asked; ties and units answer it anew each time. It may
therefore stay where it is no longer needed, and must never be missing: it is set in the transaction that writes the stay, the
resource that refers to it, the opposition, or the label of the unit.

Two transactions at once, one labelling a unit and one admitting a patient to it, do not see each other: ``larrey reindex`` sets
what they miss.
"""

from __future__ import annotations

import threading
from collections.abc import Collection, Sequence
from typing import Any, NamedTuple
from uuid import UUID

from psycopg import Cursor

from larrey.fhir.secrecy import RESTRICTED
from larrey.store.hospitals import organizations
from larrey.store.keys import parameter_key, reference_key, resource_key

_ASKED = """
select (select max(seq) from record.change where type = 'Organization'),
    (select max(seq) from record.change where type = 'Location'),
    array(select c.patient from record.care c where c.ground = 'O' and c.patient = any(%s::uuid[]))
"""
_STAYS = """
select distinct c.key from record.care c where c.patient = any(%s::uuid[]) and c.ground = 'E' and c.who = any(%s::bigint[])
"""
_UNMARKED = f"""
select distinct c.patient, c.key from record.care c join record.resource r on r.type = 'Encounter' and r.key = c.key
where c.ground = 'E' and c.who = any(%s::bigint[]) and (r.secrecy & {RESTRICTED}) = 0
"""
_PLACES = """
with recursive places (key) as (
    select l.key from record.resource l where l.type = 'Location' and l.tokens && %(managed)s::bigint[]
    union
    select l.key from places p join record.resource l on l.type = 'Location' and l.tokens @> array[p.key # %(part_of)s::bigint]
)
select key from places
"""
_OF_THEM = "(r.patient = any(%(opposed)s::uuid[]) or r.key = any(%(stays)s::bigint[]) or r.refs && %(stays)s::bigint[])"
_MARK_WRITTEN = f"""
with marked as (
    update record.resource r set secrecy = r.secrecy | {RESTRICTED}
    where r.type = any(%(types)s) and r.rid = any(%(rids)s::bigint[]) and (r.secrecy & {RESTRICTED}) = 0 and {_OF_THEM}
    returning r.key, r.version
)
update record.change c set secrecy = c.secrecy | {RESTRICTED}
from marked where c.key = marked.key and c.version = marked.version
"""
_MARK_ALL = f"""
update record.resource r set secrecy = r.secrecy | {RESTRICTED}
where r.patient = any(%(patients)s::uuid[]) and (r.secrecy & {RESTRICTED}) = 0 and {_OF_THEM}
"""
_MARK_PAST = f"""
update record.change c set secrecy = c.secrecy | {RESTRICTED}
where c.patient = any(%(patients)s::uuid[]) and (c.secrecy & {RESTRICTED}) = 0
    and (c.patient = any(%(opposed)s::uuid[]) or c.encounter = any(%(stays)s::bigint[]))
"""

_lock = threading.Lock()
_known: dict[str, tuple[tuple[int | None, int | None], frozenset[int]]] = {}  # by database


class Row(NamedTuple):
    """A current version that was just written or indexed."""

    type: str
    rid: int | None
    patient: UUID | None


def restrict(cursor: Cursor[Any], rows: Sequence[Row]) -> None:
    """Mark what of ``rows`` is restricted, and what they make so of what was there. One statement in most cases."""
    patients = sorted({row.patient for row in rows if row.patient is not None})
    units = any(row.type in ("Organization", "Location") for row in rows)
    if not patients and not units:
        return
    asked = cursor.execute(_ASKED, (patients,), prepare=True).fetchone()
    assert asked is not None  # a select without a table always answers
    opposed = set(asked[2])
    sensitive = _sensitive(cursor, (asked[0], asked[1]))
    if units and sensitive:
        found = cursor.execute(_UNMARKED, (list(sensitive),)).fetchall()
        _mark_all(cursor, {whom for whom, _ in found}, [key for _, key in found], set())
    if not patients or not (sensitive or opposed):
        return
    stays = [key for (key,) in cursor.execute(_STAYS, (patients, list(sensitive)))] if sensitive else []
    if not stays and not opposed:
        return
    # A stay or an opposition that is written may restrict what was there before it.
    widely = {row.patient for row in rows if row.type in ("Encounter", "Consent") and row.patient is not None}
    _mark_all(cursor, widely, stays, opposed & widely)
    named = {"types": sorted({row.type for row in rows}), "rids": [row.rid for row in rows]}
    cursor.execute(_MARK_WRITTEN.encode(), {**named, "stays": stays, "opposed": list(opposed)})


def _mark_all(cursor: Cursor[Any], patients: Collection[UUID], stays: Sequence[int], opposed: Collection[UUID]) -> None:
    if patients and (stays or opposed):
        named = {"patients": list(patients), "stays": list(stays), "opposed": list(opposed)}
        cursor.execute(_MARK_ALL.encode(), named)
        cursor.execute(_MARK_PAST.encode(), named)


def _sensitive(cursor: Cursor[Any], mark: tuple[int | None, int | None]) -> frozenset[int]:
    """The keys of the sensitive units and of their places, read again when an Organization or a Location was written."""
    info = cursor.connection.info
    database = f"{info.host}:{info.port}/{info.dbname}"
    known = _known.get(database)
    if known is not None and known[0] == mark:
        return known[1]
    keys = {resource_key("Organization", id_) for id_ in organizations(cursor).sensitive()}
    if keys:
        parameter = parameter_key("Location", "organization")
        named = {"managed": [reference_key(parameter, key) for key in keys], "part_of": parameter_key("Location", "partof")}
        keys |= {key for (key,) in cursor.execute(_PLACES, named)}
    found = frozenset(keys)
    with _lock:
        _known[database] = (mark, found)
    return found

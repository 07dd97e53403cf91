"""$everything: all that belongs to a patient or an encounter, and what it refers to.

Sources: http://hl7.org/fhir/R4/patient-operation-everything.html, encounter-operation-everything.html.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from typing import Any, Literal

from psycopg import Cursor

from larrey.fhir.definitions import compartment, resource_types
from larrey.kit.errors import Invalid
from larrey.kit.ids import patient_uuid
from larrey.store.caller import Caller
from larrey.store.keys import ANY_REFERENCE, parameter_key, reference_key, resource_key
from larrey.store.read import read
from larrey.store.search.policy import refuse_filters
from larrey.store.search.sight import RESOURCE, kind_of, values, visible_text
from larrey.store.stored import Stored

CHUNK = 1000
"""Rows looked at in one statement when only some of them are wanted."""

# What belongs to a patient is found by the column (a btree); the few resources of which she is not the first patient
# (a family's appointment, a group) by the references of the compartment. "is true" keeps those hundred keys out of the
# index scan, for which the one key of any reference is enough.
_PATIENTS_OWN = """
    select r.rid, r.type from record.resource r
    where r.patient = %(patient)s and r.key <> %(key)s and r.rid < %(before)s and {wanted} and ({mine})
    union
    select r.rid, r.type from record.resource r
    where r.tokens @> array[%(any)s]::bigint[] and r.patient is distinct from %(patient)s and r.key <> %(key)s
        and r.rid < %(before)s and (r.tokens && %(members)s::bigint[]) is true and {wanted} and ({seen})
"""
_REFERRING = """
    select r.rid, r.type from record.resource r
    where r.tokens @> array[%(any)s]::bigint[] and (r.tokens && %(members)s::bigint[]) is true and r.key <> %(key)s
        and r.rid < %(before)s and {wanted} and ({seen})
"""
_PAGE = """
with own as materialized (select rid, type from ({own}) as found order by rid desc limit %(limit)s)
select r.type, r.id, r.version, r.updated, r.body, r.key, r.rid
from own join record.resource r on r.type = own.type and r.rid = own.rid order by r.rid desc
"""
_SUPPORT = """
select r.type, r.id, r.version, r.updated, r.body, r.key, r.rid
from unnest(%(types)s::text[], %(keys)s::bigint[]) as t (type, key)
join record.resource r on r.type = t.type and r.key = t.key
where not r.tokens && %(members)s::bigint[] and ({whose}) and ({seen}) order by r.rid desc
"""
# A resource of two patients (a family's appointment) must not lead to the other one's record.
_NOBODYS = "r.patient is null"
_THE_SAME_PATIENTS = """
r.patient is null or r.patient = (select e.patient from record.resource e where e.type = 'Encounter' and e.key = %(key)s)
"""
_REFERENCE = re.compile(rb'"(?:reference|url)":"([A-Z][A-Za-z]+)/([A-Za-z0-9\-.]{1,64})["/]')


@dataclass(frozen=True, slots=True)
class Everything:
    """One page. Each of ``matches`` is on one page only; ``supporting`` is what they refer to outside of the compartment.

    The supporting ones may come again on another page; none belongs to another patient. ``next`` is to be given as
    ``position``, None on the last page.
    """

    matches: list[Stored]
    supporting: list[Stored]
    next: str | None


def everything(
    cursor: Cursor[Any],
    caller: Caller,
    type_: Literal["Patient", "Encounter"],
    id_: str,
    *,
    since: datetime | None = None,
    types: Collection[str] | None = None,
    start: datetime | None = None,
    end: datetime | None = None,
    count: int = CHUNK,
    position: str | None = None,
) -> Everything:
    """The resource itself first, then its compartment newest first, at most ``count`` matches in a page.

    ``since``: only what was written at or after it. ``types``: only these. ``start`` and ``end``: only what is
    clinically dated within [start, end), and what has no date. Types that the caller may not read are left out.
    Raises ``NotFound``, ``Gone``, ``Forbidden``, ``Invalid`` for a ``position`` that was not given by ``next``.
    """
    refuse_filters(caller)
    subject = read(cursor, caller, type_, id_)
    readable = caller.types("r")
    asked = frozenset(types) if types else None
    shown = readable if asked is None else (asked if readable is None else asked & readable)

    def wanted(stored: Stored) -> bool:
        return (shown is None or stored.type in shown) and (since is None or stored.updated >= since)

    # A supporting resource may be wanted though the rows that lead to it are not: then all rows are looked at.
    leading = since is not None or bool(asked and asked - _member_types(type_))
    before = _before(position)
    matches = [subject] if position is None and wanted(subject) else []
    bodies = [subject.body] if position is None else []
    parameters = {
        "patient": patient_uuid(id_),
        "key": subject.key,
        "any": reference_key(ANY_REFERENCE, subject.key),
        "members": _members(type_, subject.key),
        "types": None if leading or shown is None else sorted(shown),
        "start": start,
        "end": end,
        "limit": CHUNK if leading else max(count - len(matches), 0) + 1,
    }
    parameters |= values(caller, patient_uuid(id_))
    clauses = ["true"]
    if parameters["types"] is not None:
        clauses.append("r.type = any(%(types)s)")
    if start is not None:
        clauses.append("(r.date_high > %(start)s or r.date_high = '-infinity')")
    if end is not None:
        clauses.append("r.date_low < %(end)s")
    seen = visible_text(kind_of(caller), "r", None, RESOURCE, given=False)
    mine = visible_text(kind_of(caller), "r", None, RESOURCE, given=True)
    own = (_PATIENTS_OWN if type_ == "Patient" else _REFERRING).format(wanted=" and ".join(clauses), seen=seen, mine=mine)
    statement = _PAGE.format(own=own).encode()
    more = True
    while more:
        rows = cursor.execute(statement, {**parameters, "before": before}).fetchall()
        more = len(rows) == parameters["limit"]
        for row in rows:
            stored = Stored(*row)
            if wanted(stored):
                if len(matches) >= count:
                    return Everything(matches, _supporting(cursor, caller, type_, bodies, parameters, wanted), str(before))
                matches.append(stored)
            bodies.append(stored.body)
            before = stored.rid
    return Everything(matches, _supporting(cursor, caller, type_, bodies, parameters, wanted), None)


def _supporting(
    cursor: Cursor[Any],
    caller: Caller,
    type_: str,
    bodies: Iterable[bytes],
    parameters: dict[str, Any],
    wanted: Callable[[Stored], bool],
) -> list[Stored]:
    """What ``bodies`` refer to (also by the address of an attachment) outside of the compartment itself."""
    targets = {(name.decode(), id_.decode()) for body in bodies for name, id_ in _REFERENCE.findall(body)}
    keys = {resource_key(name, id_): name for name, id_ in targets if name in resource_types() and caller.may("r", name)}
    keys.pop(parameters["key"], None)
    if not keys:
        return []
    whose = _NOBODYS if type_ == "Patient" else _THE_SAME_PATIENTS
    seen = visible_text(kind_of(caller), "r", None, RESOURCE, given=False)
    cursor.execute(
        _SUPPORT.format(whose=whose, seen=seen).encode(), {**parameters, "types": list(keys.values()), "keys": list(keys)}
    )
    return [stored for stored in (Stored(*row) for row in cursor.fetchall()) if wanted(stored)]


@lru_cache(maxsize=8)
def _member_types(type_: str) -> frozenset[str]:
    return frozenset(member for member, codes in compartment(type_).items() if codes) | {type_}


def _members(type_: str, key: int) -> list[int]:
    """The reference keys by which a resource of any type is in the compartment of the resource with ``key``."""
    return [
        reference_key(parameter_key(member, code), key)
        for member, codes in compartment(type_).items()
        for code in codes
        if code != "{def}"
    ]


def _before(position: str | None) -> int:
    if position is None:
        return 2**63 - 1
    if position.isascii() and position.isdigit() and len(position) < 20 and int(position) < 2**63:
        return int(position)
    raise Invalid("_cursor is not one that this server gave.", expression="http._cursor")

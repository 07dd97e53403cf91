"""Why a caller sees a patient, or may not: what the rule of sight (``store.search.policy``) finds, for people to be told."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

from psycopg import Cursor

from larrey.kit.errors import NotFound
from larrey.kit.ids import patient_uuid
from larrey.store.caller import Caller
from larrey.store.keys import resource_key
from larrey.store.read import refusal
from larrey.store.search.sight import values
from larrey.store.transactions import translated

Why = Literal["E", "A", "R", "P", "T", "C", "G", "own", "identity", "everyone"]

# A current stay is a better reason than a past one, and any reason better than the broken glass.
GROUND = """
select c.ground::text as ground, c.who, c.key, nullif(c.low, '-infinity'), nullif(c.high, 'infinity')
from record.care c
where c.patient = %(p_patient)s::uuid and c.who = any(%(p_keys)s::bigint[]) and c.low <= %(p_soon)s::timestamptz
    and c.high > case when c.ground = 'G' then %(p_now)s::timestamptz else %(p_since)s::timestamptz end
order by c.ground = 'G', not (c.low <= %(p_now)s::timestamptz and c.high > %(p_now)s::timestamptz),
    position(c.ground::text in 'EAPRTCG'), c.low desc
limit 1
"""
"""The best tie of the caller to the patient ``p_patient``, with the markers of ``search.sight.values``."""
_KNOWN = "select from record.resource r where r.type = 'Patient' and r.key = %s::bigint and r.id = %s"


@dataclass(frozen=True, slots=True)
class Ground:
    """Why a patient is the caller's.

    ``why``: E a stay, A an appointment, R a requested opinion, P a prescription, T a task, C a team or a regular doctor, G the
    broken glass (the grounds of ``record.care``); ``own`` her own record, ``identity`` her function deals with identities,
    ``everyone`` a machine. ``who``: the resource key by which she is named (of a unit, a place, herself; 0: none); ``key``: that
    of the resource which names her. ``since`` and ``until``: None where there is no limit.
    """

    why: Why
    who: int = 0
    key: int = 0
    since: datetime | None = None
    until: datetime | None = None


def ground(cursor: Cursor[Any], caller: Caller, patient_id: str) -> Ground | None:
    """Why ``caller`` sees the patient; None when she does not. One statement; it does not tell whether the patient exists."""
    with translated():
        row = cursor.execute(GROUND.encode(), values(caller, patient_uuid(patient_id)), prepare=True).fetchone()
    return ground_of(caller, patient_id, row)


def ground_of(caller: Caller, patient_id: str, row: tuple[Any, ...] | None) -> Ground | None:
    """The same from the row that ``GROUND`` gave, alone or in a larger statement: None or nulls where there is no tie."""
    sight, patient = caller.sight, patient_uuid(patient_id)
    if sight.only is not None and sight.only != patient:
        return None
    if sight.everyone:
        return Ground("everyone")
    if patient in sight.own:
        return Ground("own")
    if row is not None and row[0] is not None:
        return Ground(*row)
    return Ground("identity") if "Patient" in sight.identities and not sight.finding else None


def demand_patient(cursor: Cursor[Any], caller: Caller, patient_id: str) -> None:
    """Raise unless the patient is one whom ``caller`` sees.

    ``Forbidden`` for a patient who exists, when the caller may be told; else the same ``NotFound`` as for one who does not.
    """
    if ground(cursor, caller, patient_id) is not None:
        return
    if caller.sight.told:
        with translated():
            known = cursor.execute(_KNOWN, (resource_key("Patient", patient_id), patient_id)).fetchone()
        if known is not None:
            raise refusal("Patient", patient_id)
    raise NotFound(f"Patient/{patient_id} is not known.")

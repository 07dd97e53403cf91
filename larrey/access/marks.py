"""Why a record is open to someone, and what must show on each of its pages: a broken glass, a discreet patient, an opposition…"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from psycopg import Cursor

from larrey.access.glass import Broken
from larrey.fhir.secrecy import VIP
from larrey.kit import clock
from larrey.kit.ids import patient_uuid
from larrey.store.caller import Caller
from larrey.store.care import GROUND, Ground, ground_of
from larrey.store.keys import parameter_key, resource_key
from larrey.store.search.sight import values


@dataclass(frozen=True, slots=True)
class Marks:
    """``glass``: the glass that the caller broke and that holds. ``discreet``: the patient is known to the public (VIP).

    ``opposed``: she opposes sharing between hospitals. ``own``: the record is the caller's own; ``namesake``: she bears the
    same family name, as a relative would.
    """

    glass: Broken | None = None
    discreet: bool = False
    opposed: bool = False
    own: bool = False
    namesake: bool = False

    def __bool__(self) -> bool:
        return bool(self.glass or self.discreet or self.opposed or self.own or self.namesake)


_MY_FAMILY, _FAMILY = parameter_key("Practitioner", "family"), parameter_key("Patient", "family")
_MARKS = f"""
select (r.secrecy & %(vip)s) <> 0, exists (select from record.care o where o.patient = %(patient)s and o.ground = 'O'),
    exists (select from record.resource me, record.string_value mine, record.string_value hers
        where me.type = 'Practitioner' and me.key = %(person)s and mine.rid = me.rid and mine.key = %(my_family)s
            and hers.rid = r.rid and hers.key = %(family)s and hers.value = mine.value),
    g.id, g.reason, g.text, g.at, g.until, why.*
from record.resource r
left join lateral (
    select * from access_glass where account_id = %(account)s and patient = %(patient)s and ended is null and until > %(now)s
    order by id desc limit 1) g on true
left join lateral ({GROUND}) why on true
where r.type = 'Patient' and r.key = %(key)s
"""  # noqa: S608  a constant of the store, spliced in


def opening(cursor: Cursor[Any], caller: Caller, patient_id: str, own: str = "") -> tuple[Ground | None, Marks]:
    """Why ``caller`` may open the record (None: she may not), and its marks, in one statement.

    ``own`` is the id of her own Patient, if any.
    """
    patient = patient_uuid(patient_id)
    row = cursor.execute(
        _MARKS.encode(),
        {
            **values(caller, patient),
            "vip": VIP,
            "patient": patient,
            "account": caller.account or 0,
            "now": clock.now(),
            "key": resource_key("Patient", patient_id),
            "person": caller.sight.person,
            "my_family": _MY_FAMILY,
            "family": _FAMILY,
        },
        prepare=True,
    ).fetchone()
    if row is None:
        return None, Marks()
    discreet, opposed, namesake = row[:3]
    glass = Broken(*row[3:8]) if row[3] is not None else None
    hers = bool(own) and own == patient_id
    return ground_of(caller, patient_id, row[8:]), Marks(glass, discreet, opposed, hers, namesake and not hers)

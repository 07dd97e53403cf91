"""Breaking the glass: someone of the group opens the record of a patient who is not hers, because care cannot wait.

She says why, out of a list and in her own words; it holds for one patient and a limited time, shows on every page, is
told to the security officer (the room ``trace``) and to the patient, and never opens what a patient keeps for herself.
What opens is a row of ``record.care`` under her own key (``Sight.glass``); what is told is a row of ``access_glass``.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.db.models import TextChoices
from django.utils.translation import gettext_lazy as _
from psycopg import Cursor

from larrey.access.trail import Action, trace
from larrey.kit import clock
from larrey.kit.errors import Conflict, Forbidden, Invalid, Issue, NotFound
from larrey.kit.ids import patient_uuid
from larrey.store.caller import Caller
from larrey.store.care import ground
from larrey.store.keys import resource_key
from larrey.store.transactions import translated

SHORTEST = 10
"""Characters that a reason in one's own words has at least."""
LONGEST = 1000
_DISTINCT = 4
"""Different letters that it has at least: a key held down is no reason."""


class Reason(TextChoices):
    """Why the glass is broken: the usual reasons of a hospital."""

    EMERGENCY = "emergency", _("Life-threatening emergency")
    UNABLE = "unable", _("Patient unconscious or unable to answer")
    PRESENT = "present", _("Patient present, who asks for it")
    OPINION = "opinion", _("Urgent opinion asked by a colleague")
    ON_CALL = "on-call", _("On call or reinforcing another unit")
    TRANSFER = "transfer", _("Arrival or transfer not recorded yet")
    CALL = "call", _("Call about a patient at home or on the way")
    OTHER = "other", _("Other reason")


@dataclass(frozen=True, slots=True)
class Broken:
    """A glass that is broken now. ``reason`` is a value of ``Reason``; ``text`` what she typed."""

    id: int
    reason: str
    text: str
    since: datetime
    until: datetime

    @property
    def words(self) -> str:
        """The reason in the language of the page."""
        return str(Reason(self.reason).label) if self.reason in Reason.values else self.reason


_KNOWN = "select 1 from record.resource where type = 'Patient' and key = %s and id = %s"
_TIE = """
insert into record.care (patient, who, low, high, ground, key, rid)
values (%(patient)s, %(who)s, %(now)s, %(until)s, 'G', 0, null)
"""
_TELL = """
insert into access_glass (at, account_id, patient, patient_id, role, place, reason, text, until)
values (%(now)s, %(account)s, %(patient)s, %(patient_id)s, %(role)s, %(place)s, %(reason)s, %(text)s, %(until)s) returning id
"""
_NOW = """
select id, reason, text, at, until from access_glass
where account_id = %s and patient = %s and ended is null and until > %s order by id desc limit 1
"""
_UNTIE = "update record.care set high = %(now)s where patient = %(patient)s and who = %(who)s and ground = 'G' and high > %(now)s"
_END = """
update access_glass set ended = %(now)s
where account_id = %(account)s and patient = %(patient)s and ended is null and until > %(now)s
"""


def demand_glass(caller: Caller) -> None:
    """Raise ``Forbidden`` for a caller who has no glass to break: a role without care, a machine, a patient."""
    if not caller.sight.glass or caller.account is None or caller.sight.only is not None:
        raise Forbidden(
            "This role breaks no glass.",
            reason=str(_("Your role does not open records in an emergency; ask someone who cares for the patient.")),
        )


def break_glass(cursor: Cursor[Any], caller: Caller, patient_id: str, reason: str, text: str, *, address: str | None) -> Broken:
    """Open the record of ``patient_id`` to ``caller`` for ``LARREY_GLASS_MINUTES``, and tell of it.

    ``reason`` is a value of ``Reason``, ``text`` at least ``SHORTEST`` characters of her own. Raises ``Forbidden`` for a
    caller without glass, ``Invalid`` for a reason that is none, ``NotFound`` where there is no such patient, ``Conflict``
    when she sees the patient already: by her units, or by a glass that still holds.
    """
    demand_glass(caller)
    caller.demand("r", "Patient")
    text = " ".join(text.split())
    faults = [*_faults(reason, text)]
    if faults:
        raise Invalid(faults[0].diagnostics, issues=tuple(faults))
    now = clock.now()
    until = now + timedelta(minutes=settings.LARREY.glass_minutes)
    row = {
        "now": now,
        "until": until,
        "patient": patient_uuid(patient_id),
        "patient_id": patient_id,
        "who": caller.sight.glass,
        "account": caller.account,
        "role": caller.role,
        "place": caller.place,
        "reason": reason,
        "text": text,
    }
    with translated():
        if cursor.execute(_KNOWN, (resource_key("Patient", patient_id), patient_id)).fetchone() is None:
            raise NotFound(f"Patient/{patient_id} is not known.")
        if ground(cursor, caller, patient_id) is not None:
            raise Conflict("You see this patient already; there is no glass to break.")
        cursor.execute(_TIE, row)
        told = cursor.execute(_TELL, row).fetchone()
    assert told is not None  # "returning" of an insert always answers
    trace(cursor, caller, Action.GLASS, f"Patient/{patient_id}", patient_id=patient_id, why=f"glass: {reason}", address=address)
    return Broken(told[0], reason, text, now, until)


def end_glass(cursor: Cursor[Any], caller: Caller, patient_id: str, *, address: str | None) -> None:
    """Close before its time what ``break_glass`` opened to ``caller``; nothing when it is closed already."""
    demand_glass(caller)
    row = {"now": clock.now(), "patient": patient_uuid(patient_id), "who": caller.sight.glass, "account": caller.account}
    with translated():
        cursor.execute(_UNTIE, row)
        ended = cursor.execute(_END, row).rowcount
    if ended:
        what = f"Patient/{patient_id} end"
        trace(cursor, caller, Action.GLASS, what, patient_id=patient_id, why="glass: end", address=address)


def broken(cursor: Cursor[Any], caller: Caller, patient_id: str) -> Broken | None:
    """The glass that ``caller`` broke for the patient and that holds now."""
    if not caller.sight.glass or caller.account is None:
        return None
    row = cursor.execute(_NOW, (caller.account, patient_uuid(patient_id), clock.now())).fetchone()
    return None if row is None else Broken(*row)


def _faults(reason: str, text: str) -> list[Issue]:
    faults = []
    if reason not in Reason.values:
        faults.append(Issue("value", "Choose a reason from the list.", "reason"))
    if len(text) < SHORTEST or len(set(text.lower())) < _DISTINCT:
        faults.append(Issue("required", f"Say why in at least {SHORTEST} characters.", "text"))
    if len(text) > LONGEST or "\x00" in text:
        faults.append(Issue("value", f"Say why in at most {LONGEST} characters.", "text"))
    return faults

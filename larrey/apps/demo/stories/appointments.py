"""Appointments: told in letters, kept as resources, and perhaps come to pass."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from larrey.apps.demo.catalogue import DIAGNOSES
from larrey.apps.demo.resources import ICD10, Resource, concept, hl7, moment, text
from larrey.apps.demo.stories import french
from larrey.apps.demo.structure import Hospital, Professional, Unit

if TYPE_CHECKING:
    from larrey.apps.demo.stories.story import Story


@dataclass(frozen=True, slots=True)
class Appointment:
    """``said``: as letters tell it."""

    at: datetime
    unit: Unit
    doctor: Professional
    what: str

    @property
    def said(self) -> str:
        """``consultation d'orthopédie avec le Dr Martin, mardi 3 mars 2026 à 9 h 30 (CHU Larrey)``."""
        return f"{self.what} avec {self.doctor.shown}, {french.appointment_time(self.at)} ({self.unit.hospital.short})"


def book(
    story: Story,
    kind: str,
    at: datetime,
    what: str,
    *,
    booked: datetime | None = None,
    reason: str = "",
    minutes: int = 30,
    hospital: Hospital | None = None,
    doctor: Professional | None = None,
) -> Appointment:
    """An Appointment at ``at``, taken when ``booked`` (two to eight weeks before when absent) so that one to come can stand
    in the record. ``reason``: a code of the CIM-10.
    """
    unit = story.unit(kind, hospital)
    doctor = doctor or story.pick(*unit.doctors)
    booked = booked or at - timedelta(days=story.whole(14, 56))
    if booked.date() <= story.person.born:
        booked = at - timedelta(days=1)
    secretary = unit.secretaries[0]
    over = at + timedelta(minutes=minutes) <= story.limit
    content: Resource = {
        "status": "fulfilled" if over else "booked",
        "serviceType": [text(unit.service)],
        "appointmentType": hl7("v2-0276", "FOLLOWUP", "Consultation de suivi"),
        "description": french.upper_first(what),
        "start": moment(at),
        "end": moment(at + timedelta(minutes=minutes)),
        "minutesDuration": minutes,
        "created": moment(booked),
        "participant": [
            {"actor": story.subject, "status": "accepted"},
            {"actor": doctor.ref, "status": "accepted"},
            {"actor": unit.place, "status": "accepted"},
        ],
    }
    if reason:
        content["reasonCode"] = [concept(ICD10, reason, DIAGNOSES[reason])]
    if story.died is None or at < story.died:
        story.add("Appointment", content, booked, secretary)
    return Appointment(at, unit, doctor, what)

"""Prescriptions: dosage in words and in structure, from one description."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from functools import lru_cache
from typing import TYPE_CHECKING

from larrey.apps.demo.catalogue import DRUGS, Drug
from larrey.apps.demo.resources import ATC, CIS, UCUM, Resource, coding, hl7, moment, text
from larrey.apps.demo.stories import french
from larrey.apps.demo.structure import Professional

if TYPE_CHECKING:
    from larrey.apps.demo.stories.story import Story

_MOMENTS = {"matin": "MORN", "midi": "NOON", "soir": "EVE", "coucher": "HS"}
_FRACTIONS = {0.25: "1/4 de", 0.5: "1/2", 0.75: "3/4 de", 1.5: "1 et 1/2"}
_UCUM = {"g": "g", "mg": "mg", "UI": "[IU]", "mL": "mL"}
_SETTINGS = {
    "hospital": [hl7("medicationrequest-category", "inpatient", "Pendant le séjour")],
    "home": [hl7("medicationrequest-category", "discharge", "Ordonnance de sortie")],
    "consultation": [hl7("medicationrequest-category", "outpatient", "Ordonnance de consultation")],
}


@dataclass(slots=True)
class Prescription:
    """``how``: dosage in words; ``end``: None while it lasts; ``resource``: its MedicationRequest."""

    drug: Drug
    how: str
    start: datetime
    end: datetime | None
    setting: str
    resource: Resource
    stopped: bool = False

    def running(self, at: datetime) -> bool:
        """Whether it is taken at ``at``."""
        return self.start <= at and (self.end is None or self.end > at)


@lru_cache(2048)
def dosage(
    unit: str, dose: float, when: str, every: int, days: int, needed: str, route: str, *, weekly: bool
) -> tuple[str, Resource]:
    """Words and structure. ``when``: moments of the day, or ``unique`` for one dose; ``every``: hours between doses;
    ``days`` 0: without end.
    """
    amount = _FRACTIONS.get(dose) or french.number(Decimal(f"{dose:g}"))
    plural = "s" if dose >= 2 and unit not in _UCUM else ""
    words = f"{amount} {unit}{plural}"
    repeat: Resource
    if when == "unique":
        words += " en dose unique"
        repeat = {"count": 1}
    elif weekly:
        words += " une fois par semaine"
        repeat = {"frequency": 1, "period": 1, "periodUnit": "wk"}
    elif every:
        words += f" toutes les {every} heures"
        repeat = {"frequency": 1, "period": every, "periodUnit": "h"}
    else:
        moments = when.split()
        spoken = [f"le {one}" if one != "coucher" else "au coucher" for one in moments]
        words += " " + ("matin et soir" if moments == ["matin", "soir"] else "matin, midi et soir" if len(moments) == 3
                        else french.listed(spoken))  # fmt: skip
        repeat = {"frequency": len(moments), "period": 1, "periodUnit": "d", "when": [_MOMENTS[one] for one in moments]}
    if days and when != "unique":
        words += f" pendant {days} jour{'s' if days > 1 else ''}"
        repeat["boundsDuration"] = {"value": days, "unit": "jour", "system": UCUM, "code": "d"}
    quantity: Resource = {"value": Decimal(f"{dose:g}"), "unit": unit}
    if unit in _UCUM:
        quantity |= {"system": UCUM, "code": _UCUM[unit]}
    structure: Resource = {"text": words, "timing": {"repeat": repeat}}
    if needed:
        words += f", si besoin ({needed})"
        structure |= {"text": words, "asNeededBoolean": True}
    structure |= {"route": text(f"Voie {route}"), "doseAndRate": [{"doseQuantity": quantity}]}
    return words, structure


@lru_cache(512)
def medication(key: str) -> Resource:
    """The CodeableConcept of a drug of the catalogue. Shared."""
    drug = DRUGS[key]
    return {"coding": [coding(CIS, drug.cis, drug.label), coding(ATC, drug.atc)], "text": drug.label}


def prescribe(
    story: Story,
    key: str,
    start: datetime,
    by: Professional,
    *,
    dose: float = 1,
    when: str = "matin",
    every: int = 0,
    weekly: bool = False,
    days: int = 0,
    needed: str = "",
    setting: str = "home",
    encounter: Resource | None = None,
    reason: Resource | None = None,
    until: datetime | None = None,
    pharmacy: Resource | None = None,
) -> Prescription | None:
    """A MedicationRequest; None when ``start`` is to come. ``until``: when the stay ends it whatever ``days`` say.
    ``pharmacy``: who dispenses it.
    """
    drug = DRUGS[key]
    words, structure = dosage(drug.unit, dose, when, every, days, needed, drug.route, weekly=weekly)
    end = start + timedelta(days=days) if days else None
    if until is not None:
        end = min(end, until) if end else until
    content: Resource = {
        "status": "active",
        "intent": "order",
        "category": _SETTINGS[setting],
        "medicationCodeableConcept": medication(key),
        "subject": story.subject,
    }
    if encounter is not None:
        content["encounter"] = encounter
    content |= {"authoredOn": moment(start), "requester": by.ref}
    if reason is not None:
        content["reasonReference"] = [reason]
    content["dosageInstruction"] = [structure]
    if days and setting != "hospital":
        content["dispenseRequest"] = {"expectedSupplyDuration": {"value": days, "unit": "jour", "system": UCUM, "code": "d"}}
    if pharmacy is not None:
        content["dispenseRequest"] = {"performer": pharmacy}
    if story.add("MedicationRequest", content, start, by) is None:
        return None
    made = Prescription(drug, words, start, end, setting, story.last)
    story.prescriptions.append(made)
    return made


def settle(prescription: Prescription, limit: datetime, *, dead: bool) -> None:
    """Give the request the status it has at ``limit``."""
    over = prescription.end is not None and prescription.end <= limit
    if prescription.stopped and over:
        prescription.resource["status"] = "stopped"
    elif over or dead:
        prescription.resource["status"] = "completed"

"""What the record holds of a patient, kind by kind."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from psycopg import Cursor

from larrey.kit import json
from larrey.store import chart
from larrey.store.caller import Caller
from larrey.ui import words
from larrey.ui.words import labels

ROWS = 50
"""Resources on a page of one kind."""

# A clinician's order; what is not named follows by its label.
ORDER = [
    "Flag",
    "Condition",
    "AllergyIntolerance",
    "MedicationRequest",
    "MedicationStatement",
    "MedicationAdministration",
    "Observation",
    "DiagnosticReport",
    "DocumentReference",
    "Composition",
    "Encounter",
    "EpisodeOfCare",
    "Procedure",
    "ImagingStudy",
    "Immunization",
    "CarePlan",
    "Goal",
    "CareTeam",
    "ServiceRequest",
    "Appointment",
    "FamilyMemberHistory",
    "QuestionnaireResponse",
    "Device",
    "Specimen",
    "Media",
    "Consent",
    "RelatedPerson",
    "Coverage",
    "Claim",
    "ExplanationOfBenefit",
    "Patient",
]
_RANK = {type_: rank for rank, type_ in enumerate(ORDER)}


@dataclass(frozen=True, slots=True)
class Kind:
    """One kind of resource of a patient, and how many."""

    type: str
    label: str
    count: int


@dataclass(frozen=True, slots=True)
class Item:
    """One resource as a line of a list."""

    type: str
    id: str
    line: words.Line


@dataclass(frozen=True, slots=True)
class Listing:
    """A page of one kind; ``next`` is the place to continue from."""

    items: list[Item]
    next: str | None


def kinds(cursor: Cursor[Any], caller: Caller, patient_id: str) -> list[Kind]:
    """What the record holds of the patient, in a clinician's order."""
    found = chart.kinds(cursor, caller, patient_id)
    listed = [Kind(type_, labels.kind(type_), count) for type_, count in found.items()]
    return sorted(listed, key=lambda kind: (_RANK.get(kind.type, len(_RANK)), kind.label))


def listing(cursor: Cursor[Any], caller: Caller, patient_id: str, type_: str, after: str | None = None) -> Listing:
    """A page of one kind, newest first."""
    page = chart.newest(cursor, caller, patient_id, type_, count=ROWS, after=after)
    items = [Item(type_, stored.id, words.describe(json.loads(stored.body))) for stored in page.resources]
    return Listing(items, page.next)

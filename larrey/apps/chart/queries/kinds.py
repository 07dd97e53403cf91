"""What the record holds of a patient, kind by kind."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from psycopg import Cursor

from larrey.apps.chart.queries import analytes
from larrey.fhir.shelves import analyte, shelf
from larrey.kit import json
from larrey.store import chart
from larrey.store.caller import Caller
from larrey.store.stored import Stored
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
    """One resource as a line of a list; ``when`` is its clinical date, FHIR text; ``shelf`` as in ``larrey.fhir.shelves``."""

    type: str
    id: str
    line: words.Line
    when: str = ""
    shelf: str | None = None


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
    return Listing([item(stored) for stored in page.resources], page.next)


def item(stored: Stored) -> Item:
    """A resource as a line of a list."""
    resource = json.loads(stored.body)
    return Item(stored.type, stored.id, line(resource), words.happened(resource), shelf(resource))


def line(resource: Mapping[str, Any]) -> words.Line:
    """The line of any resource; an analyte has the name that the house gives it, whatever language it was recorded in."""
    described = words.describe(resource)
    name = analyte(resource)
    known = analytes.known(name) if name else None
    return replace(described, title=known.label) if known else described

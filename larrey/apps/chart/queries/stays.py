"""Stays and visits, and one of them: its movements and what was found and done."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any

from psycopg import Cursor

from larrey.apps.chart.queries.banner import locations
from larrey.apps.chart.queries.kinds import Item, item
from larrey.fhir.shelves import LABORATORY
from larrey.kit import json
from larrey.kit.errors import NotFound
from larrey.store import chart
from larrey.store.caller import Caller
from larrey.store.hospitals import Hospitals, hospitals
from larrey.store.search import Limits, search
from larrey.ui import formats, words
from larrey.ui.words import codes, labels, places
from larrey.ui.words.datatypes import text
from larrey.ui.words.dates import bounds

ROWS = 40
"""Stays on a page."""
WITHIN = 200
"""Rows of each part of the page of one stay."""
SECONDS = 5.0
_INPATIENT = frozenset({"IMP", "ACUTE", "NONAC", "SS", "OBSENC"})
_OPEN = frozenset({"arrived", "triaged", "in-progress", "onleave"})


@dataclass(frozen=True, slots=True)
class Stay:
    """An Encounter in words. ``start`` and ``end`` are FHIR text; ``kind`` is what it was (hospitalisation, consultation…)."""

    id: str
    kind: str
    reason: str
    hospital: str
    unit: str
    start: str
    end: str
    length: str
    inpatient: bool
    here: bool
    state: tuple[str, str] | None
    outcome: str = ""
    doctor: str = ""


@dataclass(frozen=True, slots=True)
class Stays:
    """A page of stays, newest first; ``next`` is the place to continue from."""

    items: list[Stay]
    next: str | None


@dataclass(frozen=True, slots=True)
class Moved:
    """A movement with its length in words."""

    place: words.Movement
    length: str


@dataclass(frozen=True, slots=True)
class OneStay:
    """One stay: where, and what belongs to it. Parts that the caller may not read are ``None``.

    ``until`` is the instant of its end as the page of results takes it; empty while the stay is open. ``laboratory`` counts
    the reports of the laboratory, which are read as results and left out of ``reports``.
    """

    stay: Stay
    until: str
    movements: list[Moved]
    diagnoses: list[Item] | None
    acts: list[Item] | None
    reports: list[Item] | None
    laboratory: int
    documents: list[Item] | None
    prescriptions: list[Item] | None


_PARTS = {
    "diagnoses": "Condition",
    "acts": "Procedure",
    "reports": "DiagnosticReport",
    "documents": "DocumentReference",
    "prescriptions": "MedicationRequest",
}


def stays(cursor: Cursor[Any], caller: Caller, patient_id: str, after: str | None = None) -> Stays:
    """A page of the patient's stays and visits, newest first."""
    page = chart.newest(cursor, caller, patient_id, "Encounter", count=ROWS, after=after)
    tree = hospitals(cursor, caller)
    return Stays([stay(json.loads(stored.body), tree) for stored in page.resources], page.next)


def stay(encounter: Mapping[str, Any], tree: Hospitals) -> Stay:
    """An Encounter in words."""
    line = words.describe(encounter)
    class_ = codes.first(encounter.get("class"))
    code = str(class_.get("code") or "")
    start, end = bounds(encounter.get("period"))
    provider = encounter.get("serviceProvider")
    unit_id = codes.target(provider, "Organization")
    hospital = tree.of(unit_id)
    moved = places.movements(encounter)
    unit = tree.name(unit_id) or codes.named(provider) or (moved[-1].unit if moved else "")
    here = encounter.get("status") in _OPEN
    discharge = codes.first(encounter.get("hospitalization")).get("dischargeDisposition")
    reason = text(encounter.get("reasonCode"), "CodeableConcept") or codes.named(encounter.get("reasonReference"))
    diagnosis = codes.named([codes.first(each.get("condition")) for each in codes.objects(encounter.get("diagnosis"))])
    people = [codes.first(each.get("individual")) for each in codes.objects(encounter.get("participant"))]
    kind = labels.code(code) if code in labels.table()["codes"] else line.title
    return Stay(
        id=str(encounter.get("id", "")),
        kind=kind,
        reason=reason.replace("\n", ", ") or diagnosis or (line.title if line.title != kind else ""),
        hospital=hospital.short if hospital else "",
        unit=unit if not hospital or unit != hospital.name else "",
        start=start,
        end=end,
        length=formats.duration(start, end) if start and (end or here) else "",
        inpatient=code in _INPATIENT,
        here=here,
        state=None if here else line.badge,
        outcome=text(discharge, "CodeableConcept"),
        doctor=codes.named(people[:1]),
    )


def one_stay(cursor: Cursor[Any], caller: Caller, patient_id: str, id_: str) -> OneStay:
    """A stay of the patient with what refers to it. Raises ``NotFound`` when it is not hers.

    A statement for the stay, one for the places without a name, one for each part.
    """
    reference = f"Encounter/{id_}"
    stored = chart.several(cursor, caller, [reference]).get(reference)
    encounter = json.loads(stored.body) if stored else {}
    if codes.target(encounter.get("subject")) != f"Patient/{patient_id}":
        raise NotFound(f"{reference} is not in this patient's record.")
    moved = places.movements(encounter, locations(cursor, caller, places.to_look_up(encounter)))
    parts = {name: _part(cursor, caller, patient_id, type_, reference) for name, type_ in _PARTS.items()}
    reports = parts.pop("reports")
    others = None if reports is None else [each for each in reports if each.shelf != LABORATORY]
    shown = stay(encounter, hospitals(cursor, caller))
    told = [Moved(place, formats.duration(place.start, place.end) if place.end or shown.here else "") for place in moved]
    return OneStay(
        replace(shown, id=id_),
        _until(shown.end),
        told,
        reports=others,
        laboratory=len(reports or ()) - len(others or ()),
        **parts,
    )


def _until(end: str) -> str:
    """The end of a day where the stay tells only the day."""
    found = formats.instant(end) if end else None
    if found is None:
        return ""
    try:
        return (found + timedelta(days=0 if "T" in end else 1, minutes=1 if "T" in end else 0)).isoformat()
    except OverflowError:
        return ""


def _part(cursor: Cursor[Any], caller: Caller, patient_id: str, type_: str, encounter: str) -> list[Item] | None:
    if not caller.may("s", type_):
        return None
    pairs = [("patient", f"Patient/{patient_id}"), ("encounter", encounter), ("_count", str(WITHIN))]
    page = search(cursor, caller, type_, pairs, limits=Limits(seconds=SECONDS))
    return sorted(map(item, page.matches), key=lambda each: each.when, reverse=True)

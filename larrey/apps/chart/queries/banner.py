"""The banner of a patient: who she is, and what must be known before anything else."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from psycopg import Cursor

from larrey.access import grounds
from larrey.access.marks import Marks
from larrey.kit import json
from larrey.store import chart
from larrey.store.caller import Caller
from larrey.store.care import Ground
from larrey.store.chart import Section
from larrey.store.hospitals import Hospitals, hospitals
from larrey.store.read import read
from larrey.store.stored import Stored
from larrey.ui import words
from larrey.ui.words import codes, places
from larrey.ui.words.datatypes import text

SECTIONS = {
    "record": "Patient",
    "timeline": "Encounter",
    "results": "Observation",
    "documents": "DocumentReference",
    "stays": "Encounter",
    "prescriptions": "MedicationRequest",
    "kinds": "Patient",
}
"""The pages of a record, in the order of their digits, and what one must be allowed to read to open them."""

SHOWN = {
    "allergies": Section("AllergyIntolerance", 12, "active"),
    "alerts": Section("Flag", 8, "active"),
    "here": Section("Encounter", 2, "open"),
    "last": Section("Encounter", 1, "past"),
}
"""What the banner reads, beside the identity."""

NONE_KNOWN = frozenset({"716186003"})
"""SNOMED CT: no known allergy."""
_NEGATIONS = NONE_KNOWN | {"409137002", "429625007", "428607008", "428197003"}
"""SNOMED CT: no known allergy to medicines, foods, the environment, insects: said, but no warning."""


@dataclass(frozen=True, slots=True)
class Allergy:
    """An allergy in force. ``detail`` is the reaction; ``unsure`` one that nobody confirmed; ``severe`` a high risk."""

    id: str
    name: str
    detail: str = ""
    severe: bool = False
    unsure: bool = False
    negation: bool = False
    recorded: str = ""


@dataclass(frozen=True, slots=True)
class Alert:
    """A flag in force."""

    id: str
    name: str


@dataclass(frozen=True, slots=True)
class Whereabouts:
    """Where the patient is: an open stay or visit. ``since`` is FHIR text; what is not told is empty."""

    stay: str
    hospital: str
    unit: str
    bed: str
    since: str
    away: bool = False

    @property
    def words(self) -> str:
        """The place from the outside in."""
        return " · ".join(dict.fromkeys(filter(None, (self.hospital, self.unit, self.bed))))


NO_MARKS = Marks()


@dataclass(frozen=True, slots=True)
class Header:
    """The banner. ``allergies``, ``alerts`` and ``here`` are ``None`` for a caller who may not know them.

    ``allergies`` holds warnings only; ``no_allergy`` are the words of a recorded absence, empty when nothing was recorded.
    ``numbers`` begins with the record number of the hospital where the patient is, else of her last stay.
    ``sections`` are the names of the pages of the record that the caller may open. ``marks``: what must show on each page.
    ``referent``: the caller may see who opened the record.
    """

    identity: words.Identity
    allergies: tuple[Allergy, ...] | None
    no_allergy: str
    alerts: tuple[Alert, ...] | None
    here: Whereabouts | None
    numbers: tuple[words.Number, ...]
    sections: tuple[str, ...]
    marks: Marks = NO_MARKS
    referent: bool = False


def header(
    cursor: Cursor[Any],
    caller: Caller,
    patient_id: str,
    also: Mapping[str, Section] | None = None,
    *,
    marks: Marks = NO_MARKS,
) -> tuple[Header, dict[str, list[Stored]]]:
    """The banner of a patient, and the sections ``also`` that the page shows, read in the same statement.

    Raises ``NotFound``, ``Gone`` or ``Forbidden``.
    """
    patient = json.loads(read(cursor, caller, "Patient", patient_id).body)
    found = chart.sections(cursor, caller, patient_id, {**SHOWN, **(also or {})})
    tree = hospitals(cursor, caller)
    stays = [json.loads(stored.body) for stored in found.get("here", ())]
    last = [json.loads(stored.body) for stored in found.get("last", ()) if not stays]
    known = locations(cursor, caller, places.to_look_up(stays[0], current=True)) if stays else {}
    identity = words.identify(patient)
    allergies = tuple(map(allergy, found["allergies"])) if "allergies" in found else None
    hospital = next((_hospital(tree, stay) for stay in stays + last), "")
    shown = Header(
        identity=identity,
        allergies=None if allergies is None else tuple(each for each in allergies if not each.negation),
        no_allergy=", ".join(each.name for each in allergies or () if each.negation),
        alerts=tuple(map(_alert, found["alerts"])) if "alerts" in found else None,
        here=whereabouts(tree, stays[0], known) if stays else None,
        numbers=_numbers(identity.numbers, hospital, tree),
        sections=tuple(name for name, type_ in SECTIONS.items() if caller.may("s", type_) and caller.may("r", type_)),
        marks=marks,
    )
    return shown, found


def why(cursor: Cursor[Any], caller: Caller, ground: Ground, found: Mapping[str, Sequence[Stored]]) -> str:
    """The ground on which the record is open, for the trace; of a stay that the banner has read, with its place."""
    stays = [stay for name in ("here", "last") for stay in found.get(name, ()) if stay.key == ground.key]
    if ground.why != "E" or not stays:
        return grounds.told(caller, ground)
    tree = hospitals(cursor, caller)
    unit = codes.target(json.loads(stays[0].body).get("serviceProvider"), "Organization")
    hospital = tree.of(unit)
    place = dict.fromkeys(filter(None, (hospital.short if hospital else "", tree.name(unit) or "")))
    return grounds.told(caller, ground, " · ".join(place))


def allergy(stored: Stored) -> Allergy:
    """An AllergyIntolerance of the record in words."""
    resource = json.loads(stored.body)
    reactions = codes.objects(resource.get("reaction"))
    shown = [text(concept, "CodeableConcept") for each in reactions for concept in codes.objects(each.get("manifestation"))]
    return Allergy(
        id=stored.id,
        name=words.describe(resource).title,
        detail=", ".join(dict.fromkeys(filter(None, shown))),
        severe=resource.get("criticality") == "high" or any(each.get("severity") == "severe" for each in reactions),
        unsure=codes.code_of(resource.get("verificationStatus")) in {"unconfirmed", "presumed"},
        negation=not _NEGATIONS.isdisjoint(codes.codes_of(resource.get("code"))),
        recorded=words.happened(resource),
    )


def _alert(stored: Stored) -> Alert:
    return Alert(stored.id, words.describe(json.loads(stored.body)).title)


def locations(cursor: Cursor[Any], caller: Caller, references: Sequence[str]) -> dict[str, Mapping[str, Any]]:
    """The Locations behind references, by reference: one statement, none when nothing is asked."""
    if not references:
        return {}
    return {reference: json.loads(stored.body) for reference, stored in chart.several(cursor, caller, references).items()}


def whereabouts(tree: Hospitals, stay: Mapping[str, Any], known: Mapping[str, Mapping[str, Any]]) -> Whereabouts:
    """The place of an open stay: the last one not left, else the unit that answers for the stay."""
    provider = stay.get("serviceProvider")
    unit_id = codes.target(provider, "Organization")
    hospital = tree.of(unit_id)
    unit = tree.name(unit_id) or codes.named(provider)
    place = places.now_at(stay, known)
    told = place.unit if place else ""
    own = hospital.name if hospital else ""
    return Whereabouts(
        stay=str(stay.get("id", "")),
        hospital=hospital.short if hospital else "",
        unit=told or (unit if unit != own else ""),
        bed=" · ".join(filter(None, (place.room, place.bed))) if place else "",
        since=(place.start if place else "") or words.happened(stay),
        away=stay.get("status") == "onleave",
    )


def _hospital(tree: Hospitals, stay: Mapping[str, Any]) -> str:
    found = tree.of(codes.target(stay.get("serviceProvider"), "Organization"))
    return found.id if found else ""


def _numbers(numbers: Sequence[words.Number], hospital: str, tree: Hospitals) -> tuple[words.Number, ...]:
    """The numbers other than the INS, that of ``hospital`` first."""

    def of(number: words.Number) -> bool:
        found = tree.of(number.domain)
        return bool(hospital) and number.of_record and found is not None and found.id == hospital

    rest = [number for number in numbers if number.kind != "INS"]
    return tuple(sorted(rest, key=lambda number: (not of(number), not number.of_record)))

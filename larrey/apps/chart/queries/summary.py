"""The summary of a record: what a clinician wants to know before she enters the room."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from itertools import groupby
from typing import Any

from django.utils.translation import gettext as _
from psycopg import Cursor

from larrey.apps.chart.queries import analytes, measures
from larrey.apps.chart.queries.measures import Measure
from larrey.apps.chart.queries.stays import Stay, stay
from larrey.fhir.shelves import analyte
from larrey.kit import json
from larrey.kit.clock import PARIS, now
from larrey.store import chart
from larrey.store.caller import Caller
from larrey.store.chart import Section
from larrey.store.hospitals import Hospitals, hospitals
from larrey.store.stored import Stored
from larrey.ui import formats, words
from larrey.ui.words import codes
from larrey.ui.words.datatypes import text

PROBLEMS, TREATMENTS, APPOINTMENTS, DOCUMENTS, STAYS = 14, 16, 4, 7, 6
"""Rows of each part of the page; one more is read, to know whether there are more (of problems, which repeat, twice as many)."""
RESULTS = 14
"""Analytes of the laboratory that are shown."""
VITALS = 10
TREND = 8
"""Values of a vital sign that its small curve shows."""
RECENT = timedelta(days=30)
"""Results that old, counted from the newest, come before the others; abnormal ones first among them."""
ANALYTES = 120
"""Analytes that are read to choose those shown."""


@dataclass(frozen=True, slots=True)
class Problem:
    """A condition in force: the words, since when (FHIR text), and its state when it is not simply active."""

    id: str
    name: str
    since: str
    detail: str
    state: tuple[str, str] | None


@dataclass(frozen=True, slots=True)
class Vital:
    """The last value of a vital sign, and the points of the small curve of those before it (of ``components.spark``).

    ``token`` names the analyte in the address of its curve.
    """

    last: Measure
    points: str
    token: str


@dataclass(frozen=True, slots=True)
class Result:
    """The last value of an analyte, and the one before it; ``token`` as in ``Vital``."""

    last: Measure
    before: Measure | None
    token: str


@dataclass(frozen=True, slots=True)
class Appointment:
    """An appointment to come."""

    id: str
    name: str
    when: str
    where: str


@dataclass(frozen=True, slots=True)
class Document:
    """A document: what it is, when, from where or by whom."""

    id: str
    name: str
    when: str
    source: str


@dataclass(frozen=True, slots=True)
class Rows:
    """The rows of one part of the page; ``more`` when the record holds others."""

    items: Sequence[Any]
    more: bool = False


@dataclass(frozen=True, slots=True)
class Summary:
    """The parts of the page; ``None`` for those that the caller may not read."""

    problems: Rows | None
    treatments: Rows | None
    vitals: Rows | None
    results: Rows | None
    appointments: Rows | None
    documents: Rows | None
    stays: Rows | None


def wanted() -> dict[str, Section]:
    """The sections that the page asks for in the banner's statement."""
    today = now().astimezone(PARIS).replace(hour=0, minute=0, second=0, microsecond=0)
    return {
        "problems": Section("Condition", 2 * PROBLEMS + 1, "active"),
        "treatments": Section("MedicationRequest", TREATMENTS + 1, "active"),
        "statements": Section("MedicationStatement", TREATMENTS + 1, "active"),
        "appointments": Section("Appointment", APPOINTMENTS + 1, "planned", soonest=True, since=today),
        "documents": Section("DocumentReference", DOCUMENTS + 1),
        "planned": Section("Encounter", 2, "planned", soonest=True, since=today),
        "stays": Section("Encounter", STAYS + 1, "past"),
    }


def summary(cursor: Cursor[Any], caller: Caller, patient_id: str, found: Mapping[str, list[Stored]]) -> Summary:
    """The page from the sections ``found`` and the last measurements: two more statements."""
    tree = hospitals(cursor, caller)
    measured = caller.may("s", "Observation")
    vitals = chart.latest(cursor, caller, patient_id, "vital-signs", count=TREND, analytes=2 * VITALS) if measured else []
    laboratory = chart.latest(cursor, caller, patient_id, "laboratory", count=2, analytes=ANALYTES) if measured else []
    return Summary(
        problems=_problems(found),
        treatments=_treatments(found),
        vitals=_vitals(vitals) if measured else None,
        results=_results(laboratory) if measured else None,
        appointments=_rows(found, "appointments", APPOINTMENTS, _appointment),
        documents=_rows(found, "documents", DOCUMENTS, lambda resource: _document(resource, tree)),
        stays=_stays(found, tree),
    )


def _rows(found: Mapping[str, list[Stored]], name: str, count: int, shown: Callable[[Mapping[str, Any]], Any]) -> Rows | None:
    if name not in found:
        return None
    listed = found[name]
    return Rows([shown(json.loads(stored.body)) for stored in listed[:count]], len(listed) > count)


def _problems(found: Mapping[str, list[Stored]]) -> Rows | None:
    """One row for a problem, since it was first told: each stay records again the diseases that it met."""
    if "problems" not in found:
        return None
    listed = found["problems"]
    rows: dict[tuple[str, tuple[str, str] | None], Problem] = {}
    for problem in (_problem(json.loads(stored.body)) for stored in listed[: 2 * PROBLEMS]):
        rows[problem.name, problem.state] = problem  # the oldest, in the place of the newest
    return Rows(list(rows.values())[:PROBLEMS], len(rows) > PROBLEMS or len(listed) > 2 * PROBLEMS)


def _problem(resource: Mapping[str, Any]) -> Problem:
    line = words.describe(resource)
    state = line.badge if line.badge and line.badge[1] != "green" else None
    return Problem(str(resource.get("id", "")), line.title, words.happened(resource), line.detail, state)


def _treatments(found: Mapping[str, list[Stored]]) -> Rows | None:
    """Prescriptions in force, then what the patient takes besides."""
    if "treatments" not in found:
        return None
    listed = found["treatments"] + found.get("statements", [])
    shown = [words.treatment(json.loads(stored.body)) for stored in listed[:TREATMENTS]]
    return Rows(shown, len(listed) > TREATMENTS)


def _stays(found: Mapping[str, list[Stored]], tree: Hospitals) -> Rows | None:
    if "stays" not in found:
        return None
    listed = [*found["planned"], *found["here"], *found["stays"]]
    shown: list[Stay] = [stay(json.loads(stored.body), tree) for stored in listed[:STAYS]]
    return Rows(shown, len(listed) > STAYS)


def _appointment(resource: Mapping[str, Any]) -> Appointment:
    actors = [codes.first(each.get("actor")) for each in codes.objects(resource.get("participant"))]
    where = [codes.named(actor) for actor in actors if not codes.target(actor).startswith("Patient/")]
    title = ", ".join(filter(None, (text(resource.get(name), "CodeableConcept").replace("\n", ", ") for name in _TITLES)))
    reason = text(resource.get("reasonCode"), "CodeableConcept").replace("\n", ", ")
    return Appointment(
        id=str(resource.get("id", "")),
        name=title or reason or str(resource.get("description") or "") or words.describe(resource).title,
        when=words.happened(resource),
        where=", ".join(dict.fromkeys(filter(None, where))),
    )


_TITLES = ("appointmentType", "serviceType")


def _document(resource: Mapping[str, Any], tree: Hospitals) -> Document:
    custodian = codes.first(resource.get("custodian"))
    hospital = tree.of(codes.target(custodian, "Organization"))
    source = (hospital.short if hospital else "") or codes.named(custodian) or codes.named(resource.get("author"))
    return Document(str(resource.get("id", "")), words.describe(resource).title, words.happened(resource), source)


def _vitals(found: Iterable[Stored]) -> Rows:
    shown = []
    for series in _by_analyte(found):
        last = one_measure(series[0])
        shown.append(Vital(last, _points([number for each in series if (number := _number(each)) is not None]), _token(last)))
    shown.sort(key=lambda vital: (not _is_vital(vital.last), _rank(vital.last)))
    return Rows(shown[:VITALS], len(shown) > VITALS)


def _is_vital(measure: Measure) -> bool:
    """Whether it is one of the constants that every ward takes: they come before weight and glucose."""
    known = analytes.known(measure.analyte)
    return known is not None and known.group == "vitals"


def _number(observation: Mapping[str, Any]) -> float | None:
    """The number to draw, without the words of ``measures``: the value, or that of the first component."""
    for element in (observation, *codes.objects(observation.get("component"))[:1]):
        value = codes.first(element.get("valueQuantity")).get("value")
        if isinstance(value, (int, float, Decimal)) and not isinstance(value, bool) and -_DRAWN < value < _DRAWN:
            return float(value)
    return None


def _token(measure: Measure) -> str:
    return analytes.token(measure.parent)


def _rank(measure: Measure) -> int:
    known = analytes.known(measure.analyte)
    return known.rank if known else len(analytes.table())


def _results(found: Iterable[Stored]) -> Rows:
    """Only of those shown the value before is put in words."""
    read = [(one_measure(series[0]), series) for series in _by_analyte(found)]
    newest = max((last.when or _LONG_AGO for last, _series in read), default=_LONG_AGO)

    def place(each: tuple[Measure, Any]) -> tuple[Any, ...]:
        last = each[0]
        when = last.when or _LONG_AGO
        recent = newest - when <= RECENT
        return (not recent, not last.mark if recent else False, _rank(last) if recent else 0, newest - when)

    read.sort(key=place)
    shown = [Result(last, one_measure(series[1]) if len(series) > 1 else None, _token(last)) for last, series in read[:RESULTS]]
    return Rows(shown, len(read) > RESULTS)


_LONG_AGO = datetime(1, 1, 2, tzinfo=UTC)


_DRAWN = 10**15


def _by_analyte(found: Iterable[Stored]) -> Iterator[list[Mapping[str, Any]]]:
    """The observations of each analyte, newest first; what is void is none."""
    bodies = (json.loads(stored.body) for stored in found)
    right = [body for body in bodies if body.get("status") not in {"entered-in-error", "cancelled"}]
    for _name, group in groupby(right, key=analyte):
        yield list(group)


_PRESSURES = ("http://loinc.org|8480-6", "http://loinc.org|8462-4")
"""Systolic and diastolic pressure, which are read as one: 128/76."""
_GRAVITY = ["very-high", "very-low", "very-odd", "high", "low", "odd", ""]


def one_measure(observation: Mapping[str, Any]) -> Measure:
    """An Observation as one value: a pressure as 128/76, other components one after the other."""
    parts = list(measures.measures(observation))
    if len(parts) == 1:
        return parts[0]
    if not parts:
        return next(measures.measures({**observation, "component": []}))
    worst = min((part.mark for part in parts), key=_GRAVITY.index)
    by_name = {part.analyte: part for part in parts}
    high, low = (by_name.get(name) for name in _PRESSURES)
    if high is not None and low is not None:
        return replace(high, label=_("Blood pressure"), value=f"{_whole(high)}/{_whole(low)}", range="", mark=worst)
    told = [f"{part.label} {part.value} {part.unit}".strip() for part in parts[:4]]
    label = measures.name(observation.get("code"), parts[0].parent)
    return replace(parts[0], label=label, value=", ".join(told), unit="", number=None, range="", mark=worst)


def _whole(part: Measure) -> str:
    """A pressure to the millimetre: nobody measures better."""
    return part.value if part.number is None else formats.number(round(part.number))


def _points(numbers: Sequence[float]) -> str:
    """The points of a curve 60 wide and 16 high, from numbers newest first; empty for fewer than three."""
    if len(numbers) < 3:
        return ""
    low, high = min(numbers), max(numbers)
    height = (high - low) or 1.0
    step = 60 / (len(numbers) - 1)
    return " ".join(f"{at * step:.1f},{14 - 12 * (value - low) / height:.1f}" for at, value in enumerate(reversed(numbers)))

"""What happened to a patient, in every hospital, newest first."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from itertools import groupby
from typing import Any

from psycopg import Cursor

from larrey.fhir.shelves import LABORATORY, shelf
from larrey.kit import json
from larrey.kit.clock import PARIS
from larrey.store import chart
from larrey.store.caller import Caller
from larrey.store.hospitals import Hospital, Hospitals, hospitals
from larrey.store.stored import Stored
from larrey.ui import formats, words
from larrey.ui.words import codes

ROWS = 60
"""Events on a page."""

KINDS: Mapping[str, tuple[str, ...]] = {
    "stays": ("Encounter",),
    "diagnoses": ("Condition", "AllergyIntolerance", "Flag"),
    "acts": ("Procedure", "Immunization"),
    "reports": ("DiagnosticReport", "ImagingStudy"),
    "documents": ("DocumentReference", "Composition"),
    "prescriptions": ("MedicationRequest", "MedicationStatement"),
}
"""What the filter offers → the types behind it."""
KIND_OF = {type_: kind for kind, types in KINDS.items() for type_ in types}


@dataclass(frozen=True, slots=True)
class Filters:
    """What was asked: kinds (none: all), the id of a hospital, days from and to (both included)."""

    kinds: tuple[str, ...] = ()
    hospital: str = ""
    since: str = ""
    until: str = ""

    @property
    def any(self) -> bool:
        """Whether something is left out."""
        return bool(self.kinds or self.hospital or self.since or self.until)

    def query(self) -> list[tuple[str, str]]:
        """The filters as the pairs of a query string."""
        pairs = [("kind", kind) for kind in self.kinds]
        return pairs + [(name, value) for name in ("hospital", "since", "until") if (value := getattr(self, name))]


@dataclass(frozen=True, slots=True)
class Event:
    """One line: its kind among ``KINDS``, when (FHIR text), in which hospital and unit where that is told.

    ``samples`` are the laboratory reports of one day, (id, title), when the line tells several of them.
    """

    type: str
    id: str
    kind: str
    line: words.Line
    when: str
    place: str
    laboratory: bool = False
    samples: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class Month:
    """The events of one month; ``name`` is empty for those without a date."""

    name: str
    events: list[Event]


@dataclass(frozen=True, slots=True)
class Timeline:
    """A page of months. ``hospitals`` are those to choose from; ``next`` is the place to continue from."""

    months: list[Month]
    hospitals: list[Hospital]
    next: str | None


def read_filters(asked: Mapping[str, list[str]]) -> Filters:
    """The filters of a query string; what is not one of ours, or no date, is left out."""

    def one(name: str) -> str:
        return (asked.get(name) or [""])[-1]

    kinds = tuple(kind for kind in KINDS if kind in asked.get("kind", []))
    since, until = (day if formats.instant(day) and len(day) == len("2026-11-22") else "" for day in (one("since"), one("until")))
    return Filters(kinds if len(kinds) < len(KINDS) else (), one("hospital")[:64], since, until)


def timeline(cursor: Cursor[Any], caller: Caller, patient_id: str, filters: Filters, after: str | None = None) -> Timeline:
    """A page of the timeline: one statement for the events, one for the stays that they belong to."""
    tree = hospitals(cursor, caller)
    known = chart.visited(cursor, caller, patient_id)
    types = [type_ for kind, types in KINDS.items() if not filters.kinds or kind in filters.kinds for type_ in types]
    page = chart.events(
        cursor,
        caller,
        patient_id,
        types,
        count=ROWS,
        after=after,
        since=_day(filters.since),
        until=_day(filters.until, days=1),
        hospital=filters.hospital or None,
    )
    bodies = [(stored, json.loads(stored.body)) for stored in page.resources]
    stays = chart.several(cursor, caller, sorted({reference for _stored, body in bodies if (reference := _stay(body))}))
    places = {reference: _place(json.loads(stored.body), tree) for reference, stored in stays.items()}
    events = list(_by_day(_event(stored, body, places, tree) for stored, body in bodies))
    months = [Month(name, list(group)) for name, group in groupby(events, key=lambda event: formats.month(event.when))]
    return Timeline(months, known, page.next)


def _day(text: str, days: int = 0) -> datetime | None:
    found = formats.instant(text) if text else None
    if found is None:
        return None
    try:
        return (found + timedelta(days=days)).replace(tzinfo=PARIS)
    except OverflowError:
        return None


def _event(stored: Stored, body: Mapping[str, Any], places: Mapping[str, str], tree: Hospitals) -> Event:
    place = _place(body, tree) or places.get(_stay(body), "")
    return Event(
        type=stored.type,
        id=stored.id,
        kind=KIND_OF[stored.type],
        line=words.describe(body),
        when=words.happened(body),
        place=place,
        laboratory=stored.type == "DiagnosticReport" and shelf(body) == LABORATORY,
    )


def _by_day(events: Iterable[Event]) -> Iterator[Event]:
    """The laboratory reports of one day in one place on one line: a ward writes five each morning."""

    def together(event: Event) -> tuple[Any, ...]:
        return (formats.short_date(event.when), event.place) if event.laboratory else (event.type, event.id)

    for _key, group in groupby(events, key=together):
        same = list(group)
        if len(same) == 1:
            yield same[0]
        else:
            yield replace(same[0], samples=tuple((event.id, event.line.title) for event in same))


def _stay(body: Mapping[str, Any]) -> str:
    """The reference of the stay that a resource belongs to; empty when it tells none."""
    context = body.get("context")
    candidates = [body.get("encounter"), *_encounters(context)]
    return next((found for each in candidates if (found := codes.target(codes.first(each))).startswith("Encounter/")), "")


def _encounters(context: Any) -> Iterator[Any]:
    """``DocumentReference.context.encounter``; in MedicationStatement the context is the stay itself."""
    if isinstance(context, Mapping):
        yield context.get("encounter")
        yield context


def _place(body: Mapping[str, Any], tree: Hospitals) -> str:
    """Hospital and unit, as far as the resource tells them itself."""
    for name in ("serviceProvider", "custodian"):
        reference = codes.first(body.get(name))
        unit_id = codes.target(reference, "Organization")
        hospital = tree.of(unit_id)
        unit = tree.name(unit_id) or codes.named(reference)
        if hospital is not None:
            return hospital.short if unit == hospital.name else f"{hospital.short} · {unit}"
        if unit:
            return unit
    return ""

"""Prescriptions: those in force, and those of before."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from psycopg import Cursor

from larrey.kit import json
from larrey.store import chart
from larrey.store.caller import Caller
from larrey.store.chart import Section
from larrey.store.stored import Stored
from larrey.ui import words

CURRENT = 100
"""Prescriptions in force that are shown: nobody takes more."""
PAST = 50
"""Prescriptions of before on a page."""

WANTED = {
    "current": Section("MedicationRequest", CURRENT, "active"),
    "taken": Section("MedicationStatement", CURRENT, "active"),
}
"""The sections that the page asks for in the banner's statement."""


@dataclass(frozen=True, slots=True)
class Prescriptions:
    """``current`` by start, newest first, then ``taken`` without a prescription of the record; ``past`` a page of the others."""

    current: list[words.Treatment]
    taken: list[words.Treatment]
    past: list[words.Treatment]
    next: str | None


def prescriptions(
    cursor: Cursor[Any], caller: Caller, patient_id: str, found: Mapping[str, list[Stored]], after: str | None = None
) -> Prescriptions:
    """The page: one statement for the past, one for the names that the prescriptions do not tell."""
    page = chart.newest(cursor, caller, patient_id, "MedicationRequest", count=PAST, after=after, shelf="past")
    current = _started([] if after else found["current"])
    taken = _started([] if after else found.get("taken", []))
    past = [words.treatment(json.loads(stored.body)) for stored in page.resources]
    names = _names(cursor, caller, [*current, *taken, *past])
    current, taken, past = ([_told(each, names) for each in part] for part in (current, taken, past))
    return Prescriptions(current, taken, past, page.next)


def _started(stored: Iterable[Stored]) -> list[words.Treatment]:
    shown = [words.treatment(json.loads(each.body)) for each in stored]
    return sorted(shown, key=lambda treatment: treatment.start, reverse=True)


def _names(cursor: Cursor[Any], caller: Caller, shown: Iterable[words.Treatment]) -> dict[str, str]:
    wanted = {
        reference
        for each in shown
        for reference in (each.medicine_reference, each.prescriber_reference, each.reason_reference)
        if reference
    }
    return {key: words.title(json.loads(stored.body)) for key, stored in chart.several(cursor, caller, sorted(wanted)).items()}


def _told(each: words.Treatment, names: dict[str, str]) -> words.Treatment:
    return replace(
        each,
        medicine=names.get(each.medicine_reference) or each.medicine,
        prescriber=names.get(each.prescriber_reference) or each.prescriber,
        reason=names.get(each.reason_reference) or each.reason,
    )

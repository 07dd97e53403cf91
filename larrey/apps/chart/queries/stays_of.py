"""The patient's stays as periods, for what is measured during them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from psycopg import Cursor

from larrey.fhir.dates import interval
from larrey.kit import json
from larrey.kit.errors import Invalid
from larrey.store import chart
from larrey.store.caller import Caller
from larrey.store.stored import Stored
from larrey.ui import words

READ = 40
_STAYS = frozenset({"IMP", "ACUTE", "NONAC", "SS", "OBSENC"})
"""Classes of an Encounter that is a stay (http://terminology.hl7.org/CodeSystem/v3-ActCode); emergencies join theirs."""


@dataclass(frozen=True, slots=True)
class Stay:
    """A stay: ``end`` is None while the patient is there."""

    id: str
    label: str
    start: datetime
    end: datetime | None


def stays(cursor: Cursor[Any], caller: Caller, patient_id: str) -> list[Stay]:
    """The stays among the newest encounters, newest first; none for a caller who may not read encounters."""
    if not caller.may("s", "Encounter"):
        return []
    found = chart.newest(cursor, caller, patient_id, "Encounter", count=READ).resources
    return [stay for stay in map(_stay, found) if stay]


def last(found: Sequence[Stay]) -> Stay | None:
    """The stay that goes on, else the one that began last."""
    return max(found, key=lambda stay: (stay.end is None, stay.start), default=None)


def _stay(stored: Stored) -> Stay | None:
    resource = json.loads(stored.body)
    class_, period = resource.get("class"), resource.get("period")
    code = class_.get("code") if isinstance(class_, Mapping) else None
    if (
        code not in _STAYS
        or not isinstance(period, Mapping)
        or resource.get("status") in {"planned", "cancelled", "entered-in-error"}
    ):
        return None
    start, end = _moment(period.get("start")), _moment(period.get("end"))
    return Stay(stored.id, words.describe(resource).title, start, end) if start else None


def _moment(value: Any) -> datetime | None:
    try:
        return interval(value).low if isinstance(value, str) else None
    except Invalid:
        return None

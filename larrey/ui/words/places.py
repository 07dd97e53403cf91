"""Where a patient was during a stay: unit, room, bed, from when to when."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from larrey.ui.words.codes import code_of, first, objects, target
from larrey.ui.words.datatypes import Value
from larrey.ui.words.dates import bounds

_PARTS = {"ro": "room", "bd": "bed"}
"""http://terminology.hl7.org/CodeSystem/location-physical-type; what is neither room nor bed is a place of care."""
_ABSENT = frozenset({"planned", "reserved"})


@dataclass(frozen=True, slots=True)
class Movement:
    """One place of a stay. ``unit``, ``room`` and ``bed`` are in words, empty where not told; the dates are FHIR text."""

    unit: str = ""
    room: str = ""
    bed: str = ""
    start: str = ""
    end: str = ""
    status: str = ""

    @property
    def words(self) -> str:
        """Room and bed after the unit, without saying the same twice."""
        return " · ".join(dict.fromkeys(filter(None, (self.unit, self.room, self.bed))))


def movements(encounter: Value, names: Mapping[str, str] | None = None) -> list[Movement]:
    """The places of an Encounter in the order of time; those only planned are left out.

    A unit, a room and a bed that begin together are one movement. ``names`` tells the places that have no display,
    by reference.
    """
    together: dict[tuple[str, str], dict[str, str]] = {}
    for entry in objects(encounter.get("location")):
        status = str(entry.get("status") or "")
        if status in _ABSENT:
            continue
        start, end = bounds(entry.get("period"))
        place = first(entry.get("location"))
        name = str(place.get("display") or (names or {}).get(target(place)) or "")
        kind = _PARTS.get(code_of({"coding": [part]}) if (part := _physical(entry)) else "", "unit")
        found = together.setdefault((start, end), {"status": status})
        found[kind] = f"{found[kind]}, {name}" if found.get(kind) and name else found.get(kind) or name
    moved = [Movement(start=start, end=end, **found) for (start, end), found in together.items()]
    return sorted(moved, key=lambda movement: movement.start)


def _physical(entry: Value) -> Value:
    kind = entry.get("physicalType")
    return first(kind.get("coding")) if isinstance(kind, Mapping) else {}


def now_at(encounter: Value, names: Mapping[str, str] | None = None) -> Movement | None:
    """The last place of a stay that is not left yet; ``None`` when none is told."""
    return next((each for each in reversed(movements(encounter, names)) if not each.end and each.status != "completed"), None)


def unnamed(encounter: Value) -> Iterator[str]:
    """The references of an Encounter's places that have no wording of their own, to be looked up."""
    for entry in objects(encounter.get("location")):
        place: Any = first(entry.get("location"))
        if not place.get("display") and target(place):
            yield target(place)

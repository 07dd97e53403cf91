"""Where a patient was during a stay: unit, room, bed, from when to when."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from larrey.ui.words.codes import code_of, first, named, objects, target
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


def movements(encounter: Value, known: Mapping[str, Value] | None = None) -> list[Movement]:
    """The places of an Encounter in the order of time; those only planned are left out.

    A unit, a room and a bed that begin together are one movement. ``known`` are Locations by reference: they tell what
    kind of place it is and where it stands, when the stay does not (``to_look_up``).
    """
    together: dict[tuple[str, str], dict[str, str]] = {}
    for entry in objects(encounter.get("location")):
        status = str(entry.get("status") or "")
        if status in _ABSENT:
            continue
        start, end = bounds(entry.get("period"))
        found = together.setdefault((start, end), {"status": status})
        for part, name in _place(entry, known or {}):
            if name and name not in found.get(part, ""):
                found[part] = f"{found[part]}, {name}" if found.get(part) else name
    moved = [Movement(start=start, end=end, **found) for (start, end), found in together.items()]
    return sorted(moved, key=lambda movement: movement.start)


def _place(entry: Value, known: Mapping[str, Value]) -> Iterator[tuple[str, str]]:
    """(part of a ``Movement``, its name) as told by one place of a stay, and by the Location itself."""
    reference = first(entry.get("location"))
    location = known.get(target(reference), {})
    name = location.get("name")
    part = _PARTS.get(code_of(entry.get("physicalType")) or code_of(location.get("physicalType")), "unit")
    yield part, str(reference.get("display") or (name if isinstance(name, str) else ""))
    if part == "bed":
        yield "room", named(location.get("partOf"))
    if part != "unit":
        yield "unit", named(location.get("managingOrganization"))


def now_at(encounter: Value, known: Mapping[str, Value] | None = None) -> Movement | None:
    """The last place of a stay that is not left yet; ``None`` when none is told."""
    return next((each for each in reversed(movements(encounter, known)) if not each.end and each.status != "completed"), None)


def to_look_up(encounter: Value, *, current: bool = False) -> list[str]:
    """The references of the places that the stay does not tell in full; only of those not left, with ``current``."""
    found = []
    for entry in objects(encounter.get("location")):
        place = first(entry.get("location"))
        told = place.get("display") and code_of(entry.get("physicalType"))
        left = bool(bounds(entry.get("period"))[1]) or str(entry.get("status") or "") in {"completed", *_ABSENT}
        if target(place) and not told and not (current and left):
            found.append(target(place))
    return found

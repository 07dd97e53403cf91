"""A prescription as one reads it: the medicine, the dose in words, from when to when, by whom, why."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from larrey.ui import formats
from larrey.ui.words import labels
from larrey.ui.words.codes import first, named, objects, target
from larrey.ui.words.datatypes import Value, text
from larrey.ui.words.dates import bounds, happened

_STOPPED = frozenset({"stopped", "cancelled", "entered-in-error", "not-taken"})


@dataclass(frozen=True, slots=True)
class Treatment:
    """A MedicationRequest or MedicationStatement in words. ``start`` and ``end`` are FHIR text, ``length`` words.

    ``medicine``, ``prescriber`` and ``reason`` are references to look up where they could not be told:
    ``medicine_reference`` and so on, else empty.
    """

    id: str
    type: str
    medicine: str
    dose: str = ""
    start: str = ""
    end: str = ""
    length: str = ""
    prescriber: str = ""
    reason: str = ""
    state: tuple[str, str] | None = None
    medicine_reference: str = ""
    prescriber_reference: str = ""
    reason_reference: str = ""


def treatment(resource: Value) -> Treatment:
    """The prescription in words."""
    medicine = resource.get("medicationReference")
    concept = text(resource.get("medicationCodeableConcept"), "CodeableConcept")
    doses = objects(resource.get("dosageInstruction")) or objects(resource.get("dosage"))
    start, end, length = _course(resource, doses)
    prescriber, reason = (
        first(resource.get("requester") or resource.get("informationSource")),
        first(resource.get("reasonReference")),
    )
    told = text(resource.get("reasonCode"), "CodeableConcept").replace("\n", ", ") or named(reason)
    status = str(resource.get("status") or "")
    return Treatment(
        id=str(resource.get("id", "")),
        type=str(resource.get("resourceType", "")),
        medicine=concept or named(medicine) or _contained(resource, medicine) or _("Medicine not told"),
        dose=" ; ".join(filter(None, (text(dose, "Dosage") for dose in doses[:4]))),
        start=start,
        end=end,
        length=length,
        prescriber=named(prescriber),
        reason=told,
        state=None
        if status in {"active", "completed", ""}
        else (labels.code(status), "red" if status == "entered-in-error" else "secondary" if status in _STOPPED else "blue"),
        medicine_reference="" if concept or named(medicine) else target(medicine),
        prescriber_reference="" if named(prescriber) else target(prescriber),
        reason_reference="" if told else target(reason),
    )


def _contained(resource: Value, reference: Any) -> str:
    literal = target(reference)
    for inner in objects(resource.get("contained")) if literal.startswith("#") else ():
        if inner.get("id") == literal[1:]:
            return text(inner.get("code"), "CodeableConcept")
    return ""


def _course(resource: Value, doses: list[Value]) -> tuple[str, str, str]:
    """(start, end, length) as far as they are told: by the doses, else by the dispensing, else by the date of writing."""
    repeats = [first(first(dose.get("timing")).get("repeat")) for dose in doses]
    periods = [bounds(repeat.get("boundsPeriod")) for repeat in repeats]
    dispense = resource.get("dispenseRequest")
    periods.append(bounds(dispense.get("validityPeriod")) if isinstance(dispense, Mapping) else ("", ""))
    periods.append(bounds(resource.get("effectivePeriod")))
    start = next((first_ for first_, _last in periods if first_), "") or happened(resource)
    end = next((last for _first, last in periods if last), "")
    lengths = [_length(repeat.get("boundsDuration")) for repeat in repeats]
    if isinstance(dispense, Mapping):
        lengths.append(_length(dispense.get("expectedSupplyDuration")))
    length = next(filter(None, lengths), "") or (formats.duration(start, end) if start and end else "")
    return start, end, length


def _length(duration: Any) -> str:
    """A Duration in words: a unit of time agrees with its number."""
    value = first(duration).get("value")
    if isinstance(value, bool) or not isinstance(value, (int, Decimal)) or not 0 <= value < _LONGEST or value != int(value):
        return text(duration, "Duration")
    count = int(value)
    match first(duration).get("code"):
        case "h":
            return _("%(count)s h") % {"count": count}
        case "d":
            return ngettext("%(count)s day", "%(count)s days", count) % {"count": count}
        case "wk":
            return ngettext("%(count)s week", "%(count)s weeks", count) % {"count": count}
        case "mo":
            return ngettext("%(count)s month", "%(count)s months", count) % {"count": count}
    return text(duration, "Duration")


_LONGEST = 10_000

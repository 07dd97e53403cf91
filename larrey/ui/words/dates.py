"""When something happened, as FHIR text: to sort, to group, and to tell how long ago."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from larrey.ui.words.datatypes import Value

_ELEMENTS: Mapping[str, tuple[str, ...]] = {
    "AllergyIntolerance": ("recordedDate", "onsetDateTime", "lastOccurrence"),
    "Appointment": ("start",),
    "CarePlan": ("period", "created"),
    "Composition": ("date",),
    "Condition": ("onsetDateTime", "onsetPeriod", "recordedDate"),
    "DiagnosticReport": ("effectiveDateTime", "effectivePeriod", "issued"),
    "DocumentReference": ("date", "context.period"),
    "Encounter": ("period",),
    "Flag": ("period",),
    "ImagingStudy": ("started",),
    "Immunization": ("occurrenceDateTime",),
    "MedicationRequest": ("authoredOn",),
    "MedicationStatement": ("effectivePeriod", "effectiveDateTime", "dateAsserted"),
    "Observation": ("effectiveDateTime", "effectivePeriod", "effectiveInstant", "issued"),
    "Procedure": ("performedDateTime", "performedPeriod"),
}


def happened(resource: Value) -> str:
    """The clinical date of a resource as it was written (of a period, its start, else its end); empty when there is none."""
    for name in _ELEMENTS.get(str(resource.get("resourceType", "")), ()):
        first, _dot, second = name.partition(".")
        value = resource.get(first)
        if second:
            value = value.get(second) if isinstance(value, Mapping) else None
        if text := _text(value):
            return text
    return ""


def bounds(period: Any) -> tuple[str, str]:
    """Start and end of a Period as they were written; empty where they are not."""
    if not isinstance(period, Mapping):
        return "", ""
    return _text(period.get("start")), _text(period.get("end"))


def _text(value: Any) -> str:
    if isinstance(value, str):
        return value
    if isinstance(value, Mapping):
        return _text(value.get("start")) or _text(value.get("end"))
    return ""

"""Where a clinician would look for a resource: the shelf it stands on, and for a measurement its analyte.

The record keeps both in the resource's row, so that a chart reads what is active, planned or of the laboratory without
reading the rest. Content of any shape is taken: what is missing or odd falls on the last shelf of its type.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

Resource = Mapping[str, Any]

ACTIVE, PAST, OPEN, PLANNED, OTHER = "active", "past", "open", "planned", "other"
LABORATORY, VITALS, IMAGING = "laboratory", "vital-signs", "imaging"

OBSERVATIONS = (LABORATORY, VITALS, IMAGING, "social-history", "survey", "exam", "procedure", "therapy", "activity", OTHER)
"""The shelves of measurements: http://terminology.hl7.org/CodeSystem/observation-category, and ``other``."""

ANALYTE_LIMIT = 200
"""Characters of an analyte's name that are kept."""

# Statuses that keep a resource among what matters today (http://hl7.org/fhir/R4, the value sets of the elements).
_IN_FORCE = frozenset(
    {"active", "recurrence", "relapse", "on-hold", "accepted", "proposed", "planned", "onhold", "intended", "unknown"}
)
_NEVER = frozenset({"refuted", "entered-in-error"})
_ENCOUNTERS = dict.fromkeys(("arrived", "triaged", "in-progress", "onleave"), OPEN) | {"planned": PLANNED}
_APPOINTMENTS = frozenset({"proposed", "pending", "booked", "waitlist", "arrived", "checked-in"})

# Sections of a diagnostic service, http://terminology.hl7.org/CodeSystem/v2-0074.
_SECTIONS = dict.fromkeys(
    ("LAB", "CH", "HM", "MB", "SR", "TX", "VR", "MYC", "PAR", "IMM", "BG", "BLB", "PF", "GE", "CG", "SP", "CP"), LABORATORY
) | dict.fromkeys(("RAD", "RUS", "CUS", "CTH", "CT", "NMR", "MRI", "NMS", "OUS", "VUS", "RX", "XRC", "IMG"), IMAGING)


def shelf(resource: Resource) -> str | None:
    """The shelf of ``resource``; None for the types that have none.

    Lasting things (problems, allergies, prescriptions…): ``active`` or ``past``. Encounters: ``open``, ``planned`` or
    ``past``; appointments ``planned`` or ``past``. Observations: one of ``OBSERVATIONS``; reports ``laboratory``,
    ``imaging`` or ``other``.
    """
    rule = _RULES.get(str(resource.get("resourceType")))
    return rule(resource) if rule else None


def analyte(resource: Resource) -> str | None:
    """What an Observation measures, ``system|code`` of the first coding or ``|text``; None for other types.

    An Observation without any code has none and is in no table.
    """
    if resource.get("resourceType") != "Observation":
        return None
    concept = resource.get("code")
    for coding in _codings(concept):
        if isinstance(coding.get("code"), str):
            system = coding.get("system")
            return _kept(f"{system if isinstance(system, str) else ''}|{coding['code']}")
    text = concept.get("text") if isinstance(concept, Mapping) else None
    return _kept(f"|{text}") if isinstance(text, str) and text else None


def _kept(name: str) -> str:
    return name.replace("\x00", "")[:ANALYTE_LIMIT]


def _lasting(resource: Resource) -> str:
    """A status that is missing counts as in force: hiding an allergy would be worse than showing an old one."""
    statuses = {
        code for name in ("clinicalStatus", "verificationStatus", "lifecycleStatus", "status") for code in _status(resource, name)
    }
    if statuses & _NEVER:
        return PAST
    said = {code for name in ("clinicalStatus", "lifecycleStatus", "status") for code in _status(resource, name)}
    return ACTIVE if not said or said & _IN_FORCE else PAST


def _status(resource: Resource, name: str) -> Iterator[str]:
    value = resource.get(name)
    if isinstance(value, str):
        yield value
    for coding in _codings(value):
        if isinstance(coding.get("code"), str):
            yield coding["code"]


def _encounter(resource: Resource) -> str:
    return _ENCOUNTERS.get(str(resource.get("status")), PAST)


def _appointment(resource: Resource) -> str:
    return PLANNED if str(resource.get("status")) in _APPOINTMENTS else PAST


def _observation(resource: Resource) -> str:
    return next((code for code in _categories(resource) if code in OBSERVATIONS), OTHER)


def _report(resource: Resource) -> str:
    for code in _categories(resource):
        found = code if code in (LABORATORY, IMAGING) else _SECTIONS.get(code)
        if found:
            return found
    return OTHER


def _categories(resource: Resource) -> Iterator[str]:
    value = resource.get("category")
    for concept in value if isinstance(value, list) else [value]:
        for coding in _codings(concept):
            if isinstance(coding.get("code"), str):
                yield coding["code"]


def _codings(concept: Any) -> list[Mapping[str, Any]]:
    codings = concept.get("coding") if isinstance(concept, Mapping) else None
    return [coding for coding in codings if isinstance(coding, Mapping)] if isinstance(codings, list) else []


_RULES: Mapping[str, Callable[[Resource], str]] = dict.fromkeys(
    (
        "AllergyIntolerance",
        "CarePlan",
        "Condition",
        "EpisodeOfCare",
        "Flag",
        "Goal",
        "MedicationRequest",
        "MedicationStatement",
    ),
    _lasting,
) | {
    "Appointment": _appointment,
    "DiagnosticReport": _report,
    "Encounter": _encounter,
    "Observation": _observation,
}

SHELVED = frozenset(_RULES)
"""The types that stand on shelves."""

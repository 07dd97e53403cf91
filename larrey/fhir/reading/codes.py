"""Codes and concepts in words."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from larrey.fhir.reading.elements import Element, items

_TITLES: Mapping[str, tuple[str, ...]] = {
    "AllergyIntolerance": ("code",),
    "Appointment": ("serviceType", "appointmentType", "reasonCode", "description"),
    "CarePlan": ("title", "category"),
    "CareTeam": ("name", "category"),
    "Claim": ("type",),
    "Communication": ("topic", "category"),
    "Composition": ("title", "type"),
    "Consent": ("scope", "category"),
    "Coverage": ("type",),
    "Device": ("type", "deviceName"),
    "DocumentReference": ("description", "type", "category"),
    "Encounter": ("type", "serviceType", "class"),
    "EpisodeOfCare": ("type",),
    "ExplanationOfBenefit": ("type",),
    "FamilyMemberHistory": ("relationship",),
    "Goal": ("description",),
    "ImagingStudy": ("description", "procedureCode", "modality", "series"),
    "Immunization": ("vaccineCode",),
    "List": ("title", "code"),
    "Location": ("name", "type"),
    "Medication": ("code",),
    "MedicationAdministration": ("medicationCodeableConcept", "medicationReference"),
    "MedicationDispense": ("medicationCodeableConcept", "medicationReference"),
    "MedicationRequest": ("medicationCodeableConcept", "medicationReference"),
    "MedicationStatement": ("medicationCodeableConcept", "medicationReference"),
    "Organization": ("name", "type"),
    "QuestionnaireResponse": ("questionnaire",),
    "Specimen": ("type",),
    "Task": ("description", "code"),
}
"""Type → the elements that say best what a resource is about, in order; for others see ``_COMMON``."""
_COMMON = ("title", "code", "type", "category", "name", "description")


def coding_text(coding: Element | None) -> str:
    """A Coding in words: its display, else its code."""
    shown = (coding or {}).get("display") or (coding or {}).get("code")
    return shown if isinstance(shown, str) else ""


def concept_text(concept: Element | None) -> str:
    """A CodeableConcept in words: its text, else a coding chosen by the user, else the first one with a display."""
    if not concept:
        return ""
    if concept.get("text"):
        return str(concept["text"])
    found = items(concept, "coding")
    found.sort(key=lambda c: (not c.get("userSelected", False), not c.get("display")))
    return coding_text(found[0]) if found else ""


def codes(concept: Element | None) -> list[tuple[str, str]]:
    """(system, code) of each coding of a CodeableConcept; a missing system is ``""``."""
    return [(c.get("system", ""), c["code"]) for c in items(concept, "coding") if "code" in c]


def code_in(concept: Element | None, system: str) -> str | None:
    """The first code that a CodeableConcept has in ``system``."""
    return next((code for found, code in codes(concept) if found == system), None)


def has_code(concept: Element | None, system: str, *wanted: str) -> bool:
    """Whether a CodeableConcept has one of the codes ``wanted`` in ``system``."""
    return any(found == system and code in wanted for found, code in codes(concept))


def interpretation_text(observation: Element) -> str:
    """The interpretations of an Observation (or of one of its components) in words, joined by commas."""
    return ", ".join(filter(None, (concept_text(concept) for concept in items(observation, "interpretation"))))


def title(resource: Element) -> str:
    """What a resource is about, in a few words: the condition, the vaccine, the medicine, the kind of visit; may be empty."""
    for property_ in _TITLES.get(resource.get("resourceType", ""), _COMMON):
        for value in items(resource, property_)[:1]:
            if text := _text(value):
                return text
    return ""


def _text(value: Any) -> str:
    if isinstance(value, str):
        return value
    if not isinstance(value, Mapping):
        return ""
    name = value.get("name")
    # An imaging study without a description is named by the modality of its first series.
    kind = coding_text(value.get("modality")) if "modality" in value else ""
    return concept_text(value) or coding_text(value) or (name if isinstance(name, str) else "") or kind

"""The banner of a patient: who she is, and what must be known before anything else."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from psycopg import Cursor

from larrey.kit import json
from larrey.store import chart
from larrey.store.caller import Caller
from larrey.store.read import read
from larrey.ui import words

ALLERGIES = 12
SECTIONS = {
    "record": "Patient",
    "timeline": "Encounter",
    "results": "Observation",
    "documents": "DocumentReference",
    "stays": "Encounter",
    "prescriptions": "MedicationRequest",
    "kinds": "Patient",
}
"""The pages of a record, in the order of their digits, and what one must be allowed to read to open them."""
_INACTIVE = frozenset({"inactive", "resolved", "refuted", "entered-in-error"})


@dataclass(frozen=True, slots=True)
class Header:
    """The banner: who, and the allergies in force; ``None`` for a caller who may not know them.

    ``sections`` are the names of the pages of the record that the caller may open.
    """

    identity: words.Identity
    allergies: tuple[str, ...] | None
    sections: tuple[str, ...]


def header(cursor: Cursor[Any], caller: Caller, patient_id: str) -> Header:
    """The banner of a patient. Raises ``NotFound``, ``Gone`` or ``Forbidden``."""
    patient = json.loads(read(cursor, caller, "Patient", patient_id).body)
    allergies = None
    if caller.may("s", "AllergyIntolerance"):
        listed = chart.newest(cursor, caller, patient_id, "AllergyIntolerance", count=ALLERGIES).resources
        allergies = tuple(_in_force(json.loads(stored.body) for stored in listed))
    sections = tuple(name for name, type_ in SECTIONS.items() if caller.may("s", type_) and caller.may("r", type_))
    return Header(words.identify(patient), allergies, sections)


def _in_force(allergies: Iterable[Mapping[str, Any]]) -> Iterator[str]:
    for allergy in allergies:
        states = {_code(allergy.get("clinicalStatus")), _code(allergy.get("verificationStatus"))}
        if not states & _INACTIVE:
            yield words.describe(allergy).title


def _code(concept: Any) -> str:
    codings = concept.get("coding") if isinstance(concept, Mapping) else None
    first = codings[0] if isinstance(codings, list) and codings else None
    return str(first.get("code", "")) if isinstance(first, Mapping) else ""

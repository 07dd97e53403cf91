"""Required bindings: the code must be one of the value set's (http://hl7.org/fhir/R4/terminologies.html#required).

For a CodeableConcept one of its codings must be; ``code``, ``string`` and ``uri`` values stand alone.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from larrey.fhir import definitions
from larrey.fhir.validation.faults import Check, Fault, Run, quoted

_TERMINOLOGY = "http://terminology.hl7.org/CodeSystem/"

SYSTEMS = {
    "http://hl7.org/fhir/ValueSet/adverse-event-outcome": _TERMINOLOGY + "adverse-event-outcome",
    "http://hl7.org/fhir/ValueSet/adverse-event-severity": _TERMINOLOGY + "adverse-event-severity",
    "http://hl7.org/fhir/ValueSet/allergyintolerance-clinical": _TERMINOLOGY + "allergyintolerance-clinical",
    "http://hl7.org/fhir/ValueSet/allergyintolerance-verification": _TERMINOLOGY + "allergyintolerance-verification",
    "http://hl7.org/fhir/ValueSet/condition-clinical": _TERMINOLOGY + "condition-clinical",
    "http://hl7.org/fhir/ValueSet/condition-ver-status": _TERMINOLOGY + "condition-ver-status",
    "http://hl7.org/fhir/ValueSet/insuranceplan-applicability": _TERMINOLOGY + "applicability",
    "http://hl7.org/fhir/ValueSet/measure-improvement-notation": _TERMINOLOGY + "measure-improvement-notation",
    "http://hl7.org/fhir/ValueSet/supplydelivery-type": _TERMINOLOGY + "supply-item-type",
}
"""The one code system of each value set that binds CodeableConcepts; the tables of codes do not carry it."""


def bound(check: Check, type_: str, value_set: str) -> Check:
    """``check``, then the binding to ``value_set``; just ``check`` where R4 does not enumerate the codes."""
    codes = definitions.required_codes(value_set)
    if codes is None:
        return check
    if type_ == "CodeableConcept":
        return _concept(check, codes, value_set)
    if type_ == "Coding":
        return _coding(check, codes, value_set)
    if type_ in ("code", "string", "uri"):
        return _code(check, codes, value_set)
    return check


def quick(type_: str, value_set: str | None) -> Callable[[str], object] | None:
    """The test at C speed that a code is in the value set; ``None`` where there is no such test."""
    codes = definitions.required_codes(value_set) if value_set is not None else None
    return codes.__contains__ if codes is not None and type_ in ("code", "string", "uri") else None


def _outside(value: str, codes: frozenset[str], value_set: str) -> str:
    listed = ", ".join(sorted(codes)) if len(codes) <= 20 else f"{len(codes)} codes"
    return f"{quoted(value)} is not a code of {value_set} ({listed})."


def _code(check: Check, codes: frozenset[str], value_set: str) -> Check:
    def check_code(value: Any, run: Run) -> list[Fault] | None:
        if type(value) is str and value in codes:
            return None
        return check(value, run) or [("", "code-invalid", _outside(value, codes, value_set))]

    return check_code


def _coding(check: Check, codes: frozenset[str], value_set: str) -> Check:
    def check_coding(value: Any, run: Run) -> list[Fault] | None:
        found = check(value, run)
        if found or value.get("code") in codes:
            return found
        return [(".code", "code-invalid", _outside(value.get("code", ""), codes, value_set))]

    return check_coding


def _concept(check: Check, codes: frozenset[str], value_set: str) -> Check:
    system = SYSTEMS.get(value_set)

    def check_concept(value: Any, run: Run) -> list[Fault] | None:
        found = check(value, run)
        if found:
            return found
        codings = value.get("coding", ())
        for coding in codings:
            if coding.get("code") in codes and (system is None or coding.get("system") == system):
                return None
        if "extension" in value and not codings:
            return None  # a data-absent-reason or a nullFlavor stands in for the code
        text = f"One coding must be of {value_set}" + (f", system {system}" if system else "") + ": "
        listed = ", ".join(sorted(codes)) if len(codes) <= 20 else f"{len(codes)} codes"
        return [(".coding[0]" if len(codings) == 1 else ".coding", "code-invalid", text + listed + ".")]

    return check_concept

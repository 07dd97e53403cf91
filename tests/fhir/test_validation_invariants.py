"""Each invariant of ``larrey.fhir.validation.invariants``: one value that keeps it, one that breaks it and nothing else."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from larrey.fhir.validation.invariants import INVARIANTS, RULES, not_after

UCUM = "http://unitsofmeasure.org"
TERMINOLOGY = "http://terminology.hl7.org/CodeSystem/"
ACTIVE = {"coding": [{"system": TERMINOLOGY + "condition-clinical", "code": "active"}]}
RESOLVED = {"coding": [{"system": TERMINOLOGY + "condition-clinical", "code": "resolved"}]}
CONDITION_ERROR = {"coding": [{"system": TERMINOLOGY + "condition-ver-status", "code": "entered-in-error"}]}
ALLERGY_ERROR = {"coding": [{"system": TERMINOLOGY + "allergyintolerance-verification", "code": "entered-in-error"}]}
WEIGHT = {"coding": [{"system": "http://loinc.org", "code": "29463-7"}]}
HEIGHT = {"coding": [{"system": "http://loinc.org", "code": "8302-2"}]}
YEARS = {"value": 3, "system": UCUM, "code": "a"}
REQUEST, RESPONSE = {"request": {}}, {"response": {}}


def entry(type_: str) -> dict[str, Any]:
    return {"resource": {"resourceType": type_}}


CASES: dict[str, tuple[str, dict[str, Any], dict[str, Any]]] = {
    "ext-1": ("Extension", {"url": "u", "_valueString": {"id": "a"}}, {"url": "u", "valueCode": "a", "extension": [{}]}),
    "att-1": ("Attachment", {"data": "AAAA", "contentType": "a/b"}, {"data": "AAAA"}),
    "cpt-2": ("ContactPoint", {"value": "1", "_system": {}}, {"value": "1"}),
    "exp-1": ("Expression", {"language": "x", "reference": "r"}, {"language": "x"}),
    "per-1": ("Period", {"start": "2020-01", "end": "2020"}, {"start": "2020-02", "end": "2020-01-31"}),
    "rng-2": ("Range", {"low": {"value": 1}, "high": {"value": Decimal("1.0")}}, {"low": {"value": 2}, "high": {"value": 1}}),
    "rat-1": ("Ratio", {"numerator": {}, "denominator": {}}, {"numerator": {}}),
    "qty-3": ("Quantity", {"code": "kg", "system": UCUM}, {"code": "kg"}),
    "age-1": ("Age", YEARS, {**YEARS, "value": 0}),
    "cnt-3": ("Count", {"value": 3, "system": UCUM, "code": "1"}, {"value": Decimal("3.5"), "system": UCUM, "code": "1"}),
    "dis-1": ("Distance", {**YEARS, "code": "km"}, {"value": 1}),
    "drt-1": ("Duration", {**YEARS, "code": "min"}, {"system": UCUM, "code": "min"}),
    "tim-1": ("Timing.repeat", {"duration": 1, "durationUnit": "h"}, {"duration": 1}),
    "tim-2": ("Timing.repeat", {"period": 1, "periodUnit": "h"}, {"period": 1}),
    "tim-4": ("Timing.repeat", {"duration": 0, "durationUnit": "h"}, {"duration": Decimal("-0.1"), "durationUnit": "h"}),
    "tim-5": ("Timing.repeat", {"period": 0, "periodUnit": "h"}, {"period": -1, "periodUnit": "h"}),
    "tim-6": ("Timing.repeat", {"periodMax": 2, "period": 1, "periodUnit": "h"}, {"periodMax": 2}),
    "tim-7": ("Timing.repeat", {"durationMax": 2, "duration": 1, "durationUnit": "h"}, {"durationMax": 2}),
    "tim-8": ("Timing.repeat", {"countMax": 2, "count": 1}, {"countMax": 2}),
    "tim-9": ("Timing.repeat", {"offset": 5, "when": ["ACM"]}, {"offset": 5, "when": ["C"]}),
    "tim-10": ("Timing.repeat", {"timeOfDay": ["08:00:00"]}, {"timeOfDay": ["08:00:00"], "when": ["ACM"]}),
    "ait-1": ("AllergyIntolerance", {"verificationStatus": ALLERGY_ERROR}, {"verificationStatus": CONDITION_ERROR}),
    "ait-2": ("AllergyIntolerance", {"clinicalStatus": {}}, {"clinicalStatus": {}, "verificationStatus": ALLERGY_ERROR}),
    "app-2": ("Appointment", {"status": "booked", "start": "s", "end": "e"}, {"status": "proposed", "start": "s"}),
    "app-3": ("Appointment", {"status": "proposed"}, {"status": "booked"}),
    "app-4": ("Appointment", {"status": "cancelled", "cancelationReason": {}}, {"status": "proposed", "cancelationReason": {}}),
    "app-1": ("Appointment.participant", {"actor": {}}, {"status": "accepted"}),
    "apr-1": ("AppointmentResponse", {"actor": {}}, {"participantStatus": "accepted"}),
    "sev-1": ("AuditEvent.entity", {"name": "a"}, {"name": "a", "query": "AAAA"}),
    "bdl-1": ("Bundle", {"type": "searchset", "total": 0}, {"type": "collection", "total": 0}),
    "bdl-2": ("Bundle", {"type": "searchset", "entry": [{"search": {}}]}, {"type": "collection", "entry": [{"search": {}}]}),
    "bdl-3": ("Bundle", {"type": "batch", "entry": [REQUEST]}, {"type": "collection", "entry": [REQUEST]}),
    "bdl-4": ("Bundle", {"type": "batch-response", "entry": [RESPONSE]}, {"type": "batch-response", "entry": [{}]}),
    "bdl-7": (
        "Bundle",
        {"type": "collection", "entry": [{"fullUrl": "a"}, {"fullUrl": "a", "resource": {"meta": {"versionId": "2"}}}]},
        {"type": "collection", "entry": [{"fullUrl": "a"}, {"fullUrl": "a"}]},
    ),
    "bdl-9": (
        "Bundle",
        {"type": "document", "identifier": {"system": "s", "value": "v"}, "timestamp": "t", "entry": [entry("Composition")]},
        {"type": "document", "identifier": {"system": "s"}, "timestamp": "t", "entry": [entry("Composition")]},
    ),
    "bdl-10": (
        "Bundle",
        {"type": "message", "entry": [entry("MessageHeader")]},
        {"type": "document", "identifier": {"system": "s", "value": "v"}, "entry": [entry("Composition")]},
    ),
    "bdl-11": (
        "Bundle",
        {"type": "collection"},
        {"type": "document", "identifier": {"system": "s", "value": "v"}, "timestamp": "t", "entry": [entry("Patient")]},
    ),
    "bdl-12": ("Bundle", {"type": "message", "entry": [entry("MessageHeader")]}, {"type": "message"}),
    "bdl-5": ("Bundle.entry", {"request": {}}, {"fullUrl": "a"}),
    "bdl-8": ("Bundle.entry", {"request": {}, "fullUrl": "http://a/b/1"}, {"request": {}, "fullUrl": "http://a/b/1/_history/2"}),
    "cpl-3": ("CarePlan.activity", {"detail": {}}, {"detail": {}, "reference": {}}),
    "cmp-1": ("Composition.section", {"entry": [{}]}, {"title": "a"}),
    "cmp-2": ("Composition.section", {"emptyReason": {}, "text": {}}, {"emptyReason": {}, "entry": [{}]}),
    "con-4": (
        "Condition",
        {"abatementString": "a", "clinicalStatus": RESOLVED},
        {"abatementString": "a", "clinicalStatus": ACTIVE},
    ),
    "con-5": (
        "Condition",
        {"verificationStatus": CONDITION_ERROR},
        {"verificationStatus": CONDITION_ERROR, "clinicalStatus": ACTIVE},
    ),
    "con-1": ("Condition.stage", {"summary": {}}, {"type": {}}),
    "con-2": ("Condition.evidence", {"code": [{}]}, {"extension": [{}]}),
    "ppc-1": ("Consent", {"policyRule": {}}, {"status": "active"}),
    "fhs-1": ("FamilyMemberHistory", {"ageString": "a"}, {"ageString": "a", "bornDate": "2020"}),
    "fhs-2": ("FamilyMemberHistory", {"ageString": "a", "estimatedAge": True}, {"estimatedAge": True}),
    "gol-1": ("Goal.target", {"detailString": "a", "measure": {}}, {"detailString": "a"}),
    "grp-1": ("Group", {"actual": True, "member": [{}]}, {"actual": False, "member": [{}]}),
    "imm-1": ("Immunization.education", {"reference": "r"}, {"publicationDate": "2020"}),
    "lst-1": ("List", {"emptyReason": {}}, {"emptyReason": {}, "entry": [{}]}),
    "lst-2": ("List", {"mode": "changes", "entry": [{"deleted": True}]}, {"mode": "working", "entry": [{"deleted": True}]}),
    "lst-3": ("List", {"mode": "working", "entry": [{"date": "2020"}]}, {"mode": "snapshot", "entry": [{"date": "2020"}]}),
    "mad-1": ("MedicationAdministration.dosage", {"rateRatio": {}}, {"text": "a"}),
    "mdd-1": ("MedicationDispense", {"whenPrepared": "2020"}, {"whenPrepared": "2021", "whenHandedOver": "2020"}),
    "obs-6": ("Observation", {"code": {}, "dataAbsentReason": {}}, {"code": {}, "dataAbsentReason": {}, "valueString": "a"}),
    "obs-7": (
        "Observation",
        {"code": WEIGHT, "valueString": "a", "component": [{"code": HEIGHT}]},
        {"code": WEIGHT, "valueString": "a", "component": [{"code": HEIGHT}, {"code": WEIGHT}]},
    ),
    "obs-3": ("Observation.referenceRange", {"text": "a"}, {"type": {}}),
    "org-1": ("Organization", {"name": "CHU"}, {"active": True}),
    "org-2": ("Organization", {"name": "CHU", "address": [{"use": "work"}]}, {"name": "CHU", "address": [{"use": "home"}]}),
    "org-3": ("Organization", {"name": "CHU", "telecom": [{}]}, {"name": "CHU", "telecom": [{"use": "home"}]}),
    "inv-1": ("Parameters.parameter", {"name": "a", "part": [{}]}, {"name": "a", "valueCode": "a", "part": [{}]}),
    "pat-1": ("Patient.contact", {"organization": {}}, {"gender": "male"}),
    "qrs-1": ("QuestionnaireResponse.item", {"item": [{}]}, {"item": [{}], "answer": [{}]}),
    "prr-1": ("ServiceRequest", {"orderDetail": [{}], "code": {}}, {"orderDetail": [{}]}),
}


def test_every_rule_has_its_case() -> None:
    assert {rule.key for rules in RULES.values() for rule in rules} == set(CASES)


@pytest.mark.parametrize("key", CASES)
def test_kept_and_broken(key: str) -> None:
    type_, good, bad = CASES[key]
    assert INVARIANTS[type_](good) is None
    broken = INVARIANTS[type_](bad)
    assert broken is not None
    assert [message.split(":")[0] for _, _, message in broken] == [key]
    assert all(code == "invariant" for _, code, _ in broken)


@pytest.mark.parametrize(
    ("start", "end", "expected"),
    [
        ("2020", "2020", True),
        ("2021", "2020", False),
        ("2020-06", "2020", True),
        ("2020", "2020-01", True),
        ("2020-02", "2020-01-31", False),
        ("2020-01-02T00:30:00+01:00", "2020-01-01T23:45:00Z", True),
        ("2020-01-02T00:30:00+01:00", "2020-01-01T23:15:00Z", False),
        ("2020-01-01T10:00:00.5Z", "2020-01-01T10:00:00.25Z", False),
        ("2016-12-31T23:59:60Z", "2017-01-01T00:00:00.0Z", True),
        ("2020-01-02", "2020-01-01T23:30:00Z", True),  # 00:30 on the 2nd in Paris
        ("2020-01-03", "2020-01-01T23:30:00Z", False),
        ("2020-01-02T10:00:00Z", "2020-01-02", True),
        ("2020-01-02T10:00:00Z", "2019", False),
        ("2020-01-02", "2020-01-01", False),
        ("0001-01-01T00:00:00+14:00", "0001-01-01T00:00:00.0Z", True),
    ],
)
def test_order_of_dates(start: str, end: str, expected: object) -> None:
    assert not_after(start, end) is expected

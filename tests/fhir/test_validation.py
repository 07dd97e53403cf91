"""Validation: what is valid is accepted; each damage is found, with the right code, at the right place."""

from __future__ import annotations

import copy
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from larrey.fhir.validation import MOST_ISSUES, validate
from larrey.kit import json

SAMPLES = {path.stem: json.loads(path.read_bytes()) for path in sorted((Path(__file__).parent / "samples").glob("*.json"))}


def changed(sample: str, /, **elements: Any) -> dict[str, Any]:
    """A copy of a sample with top-level elements put in, or taken out where the value is ``...``."""
    resource = copy.deepcopy(SAMPLES[sample])
    resource.update(elements)
    return {name: value for name, value in resource.items() if value is not ...}


def found(resource: Any) -> list[tuple[str, str]]:
    return [(issue.code, issue.expression) for issue in validate(resource)]


@pytest.mark.parametrize("name", SAMPLES)
def test_samples_are_valid(name: str) -> None:
    assert validate(SAMPLES[name]) == []


@pytest.mark.parametrize(
    ("resource", "expected"),
    [
        ("text", ("structure", "")),
        ([], ("structure", "")),
        (None, ("structure", "")),
        ({}, ("required", "resourceType")),
        ({"resourceType": 3}, ("structure", "resourceType")),
        ({"resourceType": ["Patient"]}, ("structure", "resourceType")),
        ({"resourceType": "Nonsense"}, ("value", "resourceType")),
        ({"resourceType": "DomainResource"}, ("value", "resourceType")),
        ({"resourceType": "HumanName", "text": "x"}, ("value", "resourceType")),
    ],
)
def test_what_is_no_resource(resource: Any, expected: tuple[str, str]) -> None:
    assert found(resource) == [expected]


@pytest.mark.parametrize(
    ("resource", "expected"),
    [
        (changed("observation", status=...), ("required", "Observation.status")),
        (changed("observation", code=...), ("required", "Observation.code")),
        (changed("observation", statuss="final"), ("structure", "Observation.statuss")),
        (changed("observation", value={"value": 1}), ("structure", "Observation.value")),
        (changed("observation", effectiveDateTime="2020"), ("structure", "Observation.effective")),
        (changed("observation", _effectiveDateTime={"id": "a"}), ("structure", "Observation.effective")),
        (changed("observation", status=["final"]), ("structure", "Observation.status")),
        (changed("observation", status="finished"), ("code-invalid", "Observation.status")),
        (changed("observation", status=None), ("structure", "Observation.status")),
        (changed("observation", code=[{"text": "x"}]), ("structure", "Observation.code")),
        (changed("observation", code={}), ("structure", "Observation.code")),
        (changed("observation", code={"id": "a"}), ("invariant", "Observation.code")),
        (changed("observation", code="x"), ("structure", "Observation.code")),
        (changed("observation", component={"code": {"text": "x"}}), ("structure", "Observation.component")),
        (changed("observation", component=[]), ("structure", "Observation.component")),
        (changed("observation", component=[None]), ("structure", "Observation.component[0]")),
        (changed("observation", issued="2026-11-22"), ("value", "Observation.issued")),
        (changed("observation", id="a b"), ("value", "Observation.id")),
        (changed("observation", id="a" * 65), ("value", "Observation.id")),
        (changed("observation", id=""), ("value", "Observation.id")),
        (changed("observation", _id={"extension": [{"url": "u"}]}), ("invariant", "Observation.id.extension[0]")),
        (changed("observation", note=[{"text": "a\u0000b"}]), ("value", "Observation.note[0].text")),
        (changed("observation", note=[{"text": "a" * (1024 * 1024 + 1)}]), ("too-long", "Observation.note[0].text")),
        (changed("observation", implicitRules="http://a b"), ("value", "Observation.implicitRules")),
        (changed("patient", active="true"), ("structure", "Patient.active")),
        (changed("patient", active=1), ("structure", "Patient.active")),
        (changed("patient", birthDate="1990-02-30"), ("value", "Patient.birthDate")),
        (changed("patient", birthDate="1990-2-3"), ("value", "Patient.birthDate")),
        (changed("patient", birthDate="0000"), ("value", "Patient.birthDate")),
        (changed("patient", birthDate=1990), ("structure", "Patient.birthDate")),
        (changed("patient", multipleBirthInteger=2**31), ("value", "Patient.multipleBirthInteger")),
        (changed("patient", multipleBirthInteger=Decimal("1.0")), ("value", "Patient.multipleBirthInteger")),
        (changed("patient", multipleBirthInteger=True), ("structure", "Patient.multipleBirthInteger")),
        (changed("patient", telecom=[{"system": "phone", "value": "1", "rank": 0}]), ("value", "Patient.telecom[0].rank")),
        (changed("patient", telecom=[{"system": "pigeon", "value": "1"}]), ("code-invalid", "Patient.telecom[0].system")),
        (changed("patient", telecom=[{"value": "1"}]), ("invariant", "Patient.telecom[0]")),
        (changed("patient", photo=[{"contentType": "a/b", "data": "abc"}]), ("value", "Patient.photo[0].data")),
        (changed("patient", photo=[{"contentType": "a/b", "data": "===="}]), ("value", "Patient.photo[0].data")),
        (changed("patient", photo=[{"data": "aGVsbG8="}]), ("invariant", "Patient.photo[0]")),
        (changed("patient", photo=[{"size": -1}]), ("value", "Patient.photo[0].size")),
        (changed("patient", contact=[{"gender": "male"}]), ("invariant", "Patient.contact[0]")),
        (
            changed("patient", contact=[{"name": {"text": "a"}, "period": {"start": "2021", "end": "2020"}}]),
            ("invariant", "Patient.contact[0].period"),
        ),
        (
            changed("patient", managingOrganization={"reference": "Patient/1"}),
            ("value", "Patient.managingOrganization.reference"),
        ),
        (changed("patient", managingOrganization={"reference": "chu"}), ("value", "Patient.managingOrganization.reference")),
        (changed("patient", managingOrganization={"type": "Patient"}), ("value", "Patient.managingOrganization.type")),
        (changed("patient", managingOrganization={"reference": "#x"}), ("invariant", "Patient.managingOrganization.reference")),
        (changed("patient", extension=[{"url": "u"}]), ("invariant", "Patient.extension[0]")),
        (changed("patient", extension=[{"valueCode": "x"}]), ("required", "Patient.extension[0].url")),
        (changed("patient", extension=[{"url": "u", "valueDecimal": "1"}]), ("structure", "Patient.extension[0].valueDecimal")),
        (
            changed("patient", extension=[{"url": "u", "valueDecimal": Decimal("1E+999999")}]),
            ("value", "Patient.extension[0].valueDecimal"),
        ),
        (
            changed("patient", extension=[{"url": "u", "valueString": "a", "valueCode": "a"}]),
            ("structure", "Patient.extension[0].value"),
        ),
        (changed("patient", _birthDate=[{"id": "a"}]), ("structure", "Patient.birthDate")),
        (changed("patient", _birthDate={"zz": "a"}), ("structure", "Patient.birthDate.zz")),
        (changed("patient", _gender=None), ("structure", "Patient.gender")),
        (changed("patient", _name=[{"id": "a"}]), ("structure", "Patient._name")),
        (changed("patient", gender=..., _gender={"id": "a"}), ("invariant", "Patient.gender")),
        (changed("patient", name=[{"given": ["a", "b"], "_given": [None]}]), ("structure", "Patient.name[0].given")),
        (changed("patient", name=[{"given": ["a", None], "_given": [None, None]}]), ("structure", "Patient.name[0].given[1]")),
        (changed("patient", name=[{"given": ["a", None]}]), ("structure", "Patient.name[0].given[1]")),
        (
            changed("patient", name=[{"given": ["a", 1], "_given": [None, {"id": "a"}]}]),
            ("structure", "Patient.name[0].given[1]"),
        ),
        (changed("patient", name=[{"_given": {"id": "a"}}]), ("structure", "Patient.name[0].given")),
        (changed("condition", subject=...), ("required", "Condition.subject")),
        (changed("condition", clinicalStatus={"text": "guérie"}), ("code-invalid", "Condition.clinicalStatus.coding")),
        (
            changed("condition", clinicalStatus={"coding": [{"system": "urn:x", "code": "resolved"}]}),
            ("code-invalid", "Condition.clinicalStatus.coding[0]"),
        ),
        (changed("condition", clinicalStatus=...), ("invariant", "Condition.clinicalStatus")),
        (changed("condition", subject={"reference": "Patient/1", "type": "Group"}), ("value", "Condition.subject.type")),
        (changed("medication-request", medicationCodeableConcept=...), ("required", "MedicationRequest.medication")),
        (
            changed("medication-request", medicationReference={"reference": "Medication/1"}),
            ("structure", "MedicationRequest.medication"),
        ),
        (changed("medication-request", subject={"reference": "Slot?x=1"}), ("value", "MedicationRequest.subject.reference")),
        (changed("bundle", entry=[{"request": {"method": "GET"}}]), ("required", "Bundle.entry[0].request.url")),
        (
            changed("bundle", entry=[{"request": {"method": "GET", "url": "a"}, "resource": {"resourceType": "X"}}]),
            ("value", "Bundle.entry[0].resource.resourceType"),
        ),
        (
            changed("bundle", entry=[{"request": {"method": "GET", "url": "a"}, "resource": changed("observation", status="x")}]),
            ("code-invalid", "Bundle.entry[0].resource.status"),
        ),
        (changed("bundle", type="document"), ("invariant", "Bundle.identifier")),
        (
            changed("parameters", parameter=[{"name": "a", "part": [{"name": "b", "resource": changed("condition", code="x")}]}]),
            ("structure", "Parameters.parameter[0].part[0].resource.code"),
        ),
        (changed("parameters", parameter=[{"name": "a"}]), ("invariant", "Parameters.parameter[0]")),
        (changed("questionnaire", item=[{"type": "group"}]), ("required", "Questionnaire.item[0].linkId")),
        (
            changed("questionnaire", item=[{"type": "group", "linkId": "1", "item": [{"linkId": "2", "type": "x"}]}]),
            ("code-invalid", "Questionnaire.item[0].item[0].type"),
        ),
    ],
)
def test_one_fault_is_found_at_its_place(resource: Any, expected: tuple[str, str]) -> None:
    assert expected in found(resource)
    assert all(expression.startswith(resource["resourceType"]) for _, expression in found(resource))


def test_every_fault_is_found() -> None:
    resource = changed("observation", status="x", code=3, component=[{"valueQuantity": {"value": "1", "code": 2}}], zz=1)
    assert set(found(resource)) == {
        ("code-invalid", "Observation.status"),
        ("structure", "Observation.code"),
        ("required", "Observation.component[0].code"),
        ("structure", "Observation.component[0].valueQuantity.value"),
        ("structure", "Observation.component[0].valueQuantity.code"),
        ("structure", "Observation.zz"),
    }


def test_the_words_help() -> None:
    def words(resource: Any) -> str:
        return validate(resource)[0].diagnostics

    assert "Did you mean 'birthDate'" in words(changed("patient", birthdate="1990"))
    assert "valueQuantity" in words(changed("observation", value={}))
    assert "final" in words(changed("observation", status="finished"))
    assert "Organization" in words(changed("patient", managingOrganization={"reference": "Slot/1"}))
    assert len(words(changed("patient", id="x" * 5000))) < 300
    assert len(words(changed("patient", **{"x" * 5000: 1}))) < 300


def test_issues_are_counted_beyond_the_most() -> None:
    resource = changed("patient", name=[{"zz": 1}] * (MOST_ISSUES + 50))
    issues = validate(resource)
    assert len(issues) == MOST_ISSUES + 1
    assert issues[-1].diagnostics.startswith("50 more")


def test_validation_changes_nothing() -> None:
    for resource in SAMPLES.values():
        before = json.dumps(resource)
        validate(resource)
        assert json.dumps(resource) == before


# Contained resources --------------------------------------------------------------------------------------------------


def containing(*contained: Any, **elements: Any) -> dict[str, Any]:
    return changed("observation", contained=list(contained), **elements)


CUFF = {"resourceType": "Device", "id": "cuff"}


@pytest.mark.parametrize(
    ("resource", "expected"),
    [
        (containing("x"), ("structure", "Observation.contained[0]")),
        (containing({"resourceType": "Nope", "id": "cuff"}), ("value", "Observation.contained[0].resourceType")),
        (containing({"resourceType": "Device"}, device=...), ("required", "Observation.contained[0].id")),
        (containing({**CUFF, "contained": [CUFF]}), ("invariant", "Observation.contained[0].contained[0]")),
        (containing({**CUFF, "meta": {"versionId": "1"}}), ("invariant", "Observation.contained[0].meta.versionId")),
        (containing({**CUFF, "meta": {"security": [{"code": "R"}]}}), ("invariant", "Observation.contained[0].meta.security")),
        (containing(CUFF, {"resourceType": "Device", "id": "other"}), ("invariant", "Observation.contained[1]")),
        (containing(CUFF, CUFF), ("value", "Observation.contained[1].id")),
        (containing({"resourceType": "Patient", "id": "cuff"}), ("value", "Observation.device.reference")),
        (containing({**CUFF, "status": "x"}), ("code-invalid", "Observation.contained[0].status")),
        (
            containing({**CUFF, "patient": {"reference": "#gone"}}),
            ("invariant", "Observation.contained[0].patient.reference"),
        ),
    ],
)
def test_rules_of_contained_resources(resource: Any, expected: tuple[str, str]) -> None:
    assert expected in found(resource)


def test_contained_resources_may_refer_to_each_other_and_to_their_container() -> None:
    chained = [{**CUFF, "patient": {"reference": "#p"}}, {"resourceType": "Patient", "id": "p"}]
    assert validate(containing(*chained)) == []
    backwards = {"resourceType": "Provenance", "id": "why", "target": [{"reference": "#"}], "recorded": "2026-11-22T08:00:00Z"}
    backwards["agent"] = [{"who": {"display": "Dr Lebon"}}]
    assert validate(containing(CUFF, backwards)) == []


# Depth ------------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("depth", [70, 300, 900])
def test_elements_nested_without_end_are_refused_once(depth: int) -> None:
    extension: dict[str, Any] = {"url": "u", "valueCode": "x"}
    for _ in range(depth):
        extension = {"url": "u", "extension": [extension]}
    issues = validate(changed("patient", extension=[extension]))
    assert [issue.code for issue in issues] == ["too-long"]


def test_bundles_nested_without_end_are_refused() -> None:
    bundle: dict[str, Any] = {"resourceType": "Bundle", "type": "collection"}
    for _ in range(200):
        bundle = {"resourceType": "Bundle", "type": "collection", "entry": [{"resource": bundle}]}
    assert [issue.code for issue in validate(bundle)] == ["too-long"]


def test_reasonable_depth_is_accepted() -> None:
    item: dict[str, Any] = {"linkId": "0", "type": "display"}
    for number in range(1, 30):
        item = {"linkId": str(number), "type": "group", "item": [item]}
    assert validate(changed("questionnaire", item=[item])) == []

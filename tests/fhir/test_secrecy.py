"""What labels say of who must not see a resource, and which units are sensitive."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from larrey.fhir.secrecy import (
    A07,
    ACT_CODE,
    CONFIDENTIALITY,
    HIDDEN,
    INVISIBLE_PATIENT,
    INVISIBLE_REPRESENTATIVES,
    OURS,
    PATIENT_ONLY,
    VIP,
    secrecy,
    sensitive,
)

HIDE = {"system": A07, "code": "MASQUE_PS"}
KEEP = {"system": OURS, "code": "PATIENT_ONLY"}


def labelled(*codings: Any, type_: str = "DocumentReference", **more: Any) -> dict[str, Any]:
    return {"resourceType": type_, "meta": {"security": list(codings)}, **more}


@pytest.mark.parametrize(
    ("coding", "bits"),
    [
        (KEEP, PATIENT_ONLY),
        (HIDE, HIDDEN),
        ({"system": A07, "code": "INVISIBLE_PATIENT"}, INVISIBLE_PATIENT),
        ({"system": A07, "code": "INVISIBLE_REPRESENTANTS_LEGAUX"}, INVISIBLE_REPRESENTATIVES),
        ({"code": "MASQUE_PS"}, HIDDEN),
        ({"system": "https://elsewhere.example", "code": "MASQUE_PS"}, 0),
        ({"system": CONFIDENTIALITY, "code": "R"}, 0),
        ({"system": A07, "code": "masque_ps"}, 0),
    ],
)
def test_each_label_is_a_bit_wherever_labels_stand(coding: dict[str, str], bits: int) -> None:
    assert secrecy(labelled(coding)) == bits
    assert secrecy({"resourceType": "DocumentReference", "securityLabel": [{"coding": [coding]}]}) == bits
    assert secrecy({"resourceType": "Composition", "confidentiality": {"coding": [coding]}}) == bits


def test_labels_add_up() -> None:
    resource = labelled(KEEP, HIDE, securityLabel=[{"coding": [{"system": A07, "code": "INVISIBLE_PATIENT"}]}])
    assert secrecy(resource) == PATIENT_ONLY | HIDDEN | INVISIBLE_PATIENT


def test_a_composition_says_its_confidentiality_as_a_code() -> None:
    assert secrecy({"resourceType": "Composition", "confidentiality": "N"}) == 0
    assert secrecy({"resourceType": "Composition", "confidentiality": "PATIENT_ONLY"}) == PATIENT_ONLY


def test_only_a_patient_is_a_celebrity() -> None:
    celebrity = {"system": ACT_CODE, "code": "CEL"}
    assert secrecy(labelled(celebrity, type_="Patient")) == VIP
    assert secrecy(labelled(celebrity, type_="Observation")) == 0
    assert secrecy(labelled({"system": OURS, "code": "CEL"}, type_="Patient")) == 0


def test_what_contains_a_secret_is_one() -> None:
    document = {"resourceType": "Bundle", "entry": [{"resource": labelled(HIDE, type_="Composition")}, {"resource": None}, 3]}
    assert secrecy(document) == HIDDEN
    assert secrecy({"resourceType": "Bundle", "entry": [{"resource": document}]}) == HIDDEN
    assert secrecy({"resourceType": "Observation", "contained": [labelled(KEEP)]}) == PATIENT_ONLY
    celebrity = labelled({"system": ACT_CODE, "code": "CEL"}, type_="Patient")
    assert secrecy({"resourceType": "Bundle", "entry": [{"resource": celebrity}]}) == 0


def test_deep_nesting_is_followed_to_the_end() -> None:
    resource = labelled(KEEP)
    for _ in range(5000):
        resource = {"resourceType": "Bundle", "entry": [{"resource": resource}]}
    assert secrecy(resource) == PATIENT_ONLY


@pytest.mark.parametrize(
    ("coding", "expected"),
    [
        ({"system": ACT_CODE, "code": "PSY"}, True),
        ({"system": ACT_CODE, "code": "SUD"}, True),
        ({"system": ACT_CODE, "code": "HIV"}, True),
        ({"system": CONFIDENTIALITY, "code": "R"}, True),
        ({"system": CONFIDENTIALITY, "code": "V"}, True),
        ({"system": CONFIDENTIALITY, "code": "N"}, False),
        ({"system": ACT_CODE, "code": "CEL"}, False),
        ({"system": "https://elsewhere.example", "code": "PSY"}, False),
        ({"code": "R"}, False),
        (KEEP, False),
    ],
)
def test_a_sensitive_unit_is_labelled(coding: dict[str, str], *, expected: bool) -> None:
    assert sensitive(labelled(coding, type_="Organization")) is expected


NAMES = ("resourceType", "meta", "security", "securityLabel", "confidentiality", "coding", "system", "code", "contained", "entry")
VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.sampled_from([OURS, A07, "MASQUE_PS", "PATIENT_ONLY", "Bundle", "Patient", ""]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from((*NAMES, "resource")), inner, max_size=5),
    max_leaves=30,
)


@given(st.dictionaries(st.sampled_from(NAMES), VALUES))
def test_any_shape_is_taken(resource: dict[str, Any]) -> None:
    assert 0 <= secrecy(resource) < 32
    assert secrecy(resource) == secrecy(resource)
    assert sensitive(resource) in (True, False)

"""Partial resources: the right elements stay, the mandatory ones always, and the result says that it is partial."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from larrey.fhir.definitions import resource_types, type_definition
from larrey.fhir.subsetting import SUBSETTED, SUMMARIES, subset
from larrey.fhir.validation import validate
from larrey.kit import json
from larrey.kit.errors import Invalid

SAMPLES = {path.stem: json.loads(path.read_bytes()) for path in sorted((Path(__file__).parent / "samples").glob("*.json"))}
PATIENT, OBSERVATION = SAMPLES["patient"], SAMPLES["observation"]


def part(resource: dict[str, Any], summary: str | None = None, *elements: str) -> dict[str, Any]:
    before = json.dumps(resource)
    result = subset(resource, summary=summary, elements=elements)
    assert json.dumps(resource) == before
    return result


def test_nothing_asked_gives_the_resource_itself() -> None:
    for summary in (None, "false", "count"):
        assert subset(PATIENT, summary=summary, elements=()) is PATIENT


def test_summary_true() -> None:
    result = part(PATIENT, "true")
    assert set(result) == (
        {"resourceType", "id", "meta", "identifier", "active", "name", "telecom", "gender", "birthDate", "_birthDate"}
        | {"deceasedBoolean", "managingOrganization"}
    )
    assert result["_birthDate"] == PATIENT["_birthDate"]
    assert result["name"] == PATIENT["name"]
    observation = part(OBSERVATION, "true")
    assert "category" not in observation
    assert "referenceRange" not in observation["component"][0]
    assert observation["component"][0]["valueQuantity"] == OBSERVATION["component"][0]["valueQuantity"]
    assert "dataAbsentReason" not in observation["component"][1]


def test_summary_true_leaves_the_bytes_of_attachments_out() -> None:
    document = {
        "resourceType": "DocumentReference",
        "status": "current",
        "content": [{"attachment": {"contentType": "application/pdf", "data": "AAAA", "size": 3, "_title": {"id": "t"}}}],
    }
    assert part(document, "true")["content"] == [
        {"attachment": {"contentType": "application/pdf", "size": 3, "_title": {"id": "t"}}}
    ]
    assert part(document, "true", "content")["content"] == document["content"]


def test_summary_text_and_data() -> None:
    text = part(PATIENT, "text")
    assert set(text) == {"resourceType", "id", "meta", "text"}
    assert set(part(OBSERVATION, "text")) == {"resourceType", "id", "meta", "status", "code"}
    data = part(PATIENT, "data")
    assert set(PATIENT) - set(data) == {"text"}


def test_elements() -> None:
    assert set(part(PATIENT, None, "birthDate")) == {"resourceType", "id", "meta", "birthDate", "_birthDate"}
    assert set(part(PATIENT, None, "name.family", "nonsense")) == {"resourceType", "id", "meta", "name"}
    assert set(part(PATIENT, None, "deceased")) == {"resourceType", "id", "meta", "deceasedBoolean"}
    assert set(part(OBSERVATION, None, "component")) == {"resourceType", "id", "meta", "status", "code", "component"}
    assert set(part(SAMPLES["medication-request"], None, "status")) == (
        {"resourceType", "meta", "status", "intent", "medicationCodeableConcept", "subject"}
    )


def test_elements_and_summary_give_what_either_asks_for() -> None:
    assert set(part(PATIENT, "text", "active")) == {"resourceType", "id", "meta", "text", "active"}
    assert "text" in part(PATIENT, "data", "text")
    assert "contact" in part(PATIENT, "true", "contact")


def test_what_changes_the_meaning_of_the_rest_stays() -> None:
    modified = {**PATIENT, "implicitRules": "urn:r", "modifierExtension": [{"url": "urn:x", "valueCode": "a"}]}
    for result in (part(modified, "true"), part(modified, "text"), part(modified, None, "gender")):
        assert result["implicitRules"] == "urn:r"
        assert result["modifierExtension"] == modified["modifierExtension"]


def test_the_tag() -> None:
    result = part(PATIENT, "true")
    assert result["meta"]["tag"] == [*PATIENT["meta"]["tag"], SUBSETTED]
    assert result["meta"]["versionId"] == "1"
    assert list(result)[:3] == ["resourceType", "id", "meta"]
    assert part(result, "true")["meta"]["tag"] == result["meta"]["tag"]
    assert part({"resourceType": "Patient"}, "data") == {"resourceType": "Patient", "meta": {"tag": [SUBSETTED]}}


@pytest.mark.parametrize("summary", ["", "TRUE", "all", "x" * 5000])
def test_other_summaries_are_invalid(summary: str) -> None:
    with pytest.raises(Invalid) as caught:
        part(PATIENT, summary)
    assert len(caught.value.message) < 200


@settings(max_examples=150, deadline=None)
@given(
    st.sampled_from(sorted(resource_types())),
    st.integers(0, 1000),
    st.none() | st.sampled_from(SUMMARIES),
    st.lists(
        st.sampled_from(["name", "status", "text", "value", "code", "subject", "contained", "zz", "resourceType", ""]), max_size=3
    ),
)
def test_a_part_of_a_resource_is_a_resource(
    make_resource: Callable[[str, int], dict[str, Any]], type_: str, seed: int, summary: str | None, elements: list[str]
) -> None:
    resource = make_resource(type_, seed)
    result = subset(resource, summary=summary, elements=tuple(elements))
    properties = type_definition(type_).properties
    mandatory = {name for name in resource if name in properties and properties[name][0].min}
    assert mandatory <= set(result)
    assert set(result) <= {*resource, "meta"}
    # What was no fault of the whole is none of the part, but for invariants.
    known = {(issue.code, issue.diagnostics) for issue in validate(resource)}
    assert [i for i in validate(result) if i.code != "invariant" and (i.code, i.diagnostics) not in known] == []

"""Finding and rewriting references."""

from __future__ import annotations

from collections.abc import Callable
from copy import deepcopy
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from larrey.fhir.definitions import resource_types
from larrey.fhir.paths import compile_path
from larrey.fhir.references import literal, references, relative, rewrite
from larrey.kit.errors import TooLarge

URN = "urn:uuid:018f428e-34f6-4707-8009-5ad742f901e7"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Patient/1", ("Patient", "1")),
        ("Patient/a-B.9", ("Patient", "a-B.9")),
        ("Patient/1/_history/2", ("Patient", "1")),
        ("Patient", None),
        ("Patient/", None),
        ("Patient/1/_history/", None),
        ("Patient/1/name/2", None),
        ("Nothing/1", None),
        ("Resource/1", None),
        ("http://x/Patient/1", None),
        ("/Patient/1", None),
        ("Patient/" + "1" * 65, None),
        ("Patient?identifier=1", None),
        (URN, None),
        ("#x", None),
    ],
)
def test_relative(text: str, expected: tuple[str, str] | None) -> None:
    assert relative(text) == expected


def _resource() -> dict[str, Any]:
    return {
        "resourceType": "Composition",
        "text": {"status": "generated", "div": f"<div><a href=\"{URN}\">x</a><img src='{URN}#f'/><p>{URN}</p></div>"},
        "subject": {"reference": URN, "display": URN},
        "author": [{"reference": "Practitioner/1"}, {"reference": "#c"}],
        "identifier": {"system": "urn:ietf:rfc:3986", "value": URN},
        "contained": [
            {"resourceType": "Practitioner", "id": "c", "extension": [{"url": "u", "valueReference": {"reference": URN}}]}
        ],
        "extension": [{"url": URN, "valueUri": f"{URN}#part"}, {"url": "http://x", "valueString": URN}],
        "_date": {"extension": [{"url": "http://x", "valueReference": {"reference": URN}}]},
        "section": [{"entry": [{"reference": "Observation/2/_history/3"}], "section": [{"entry": [{"reference": URN}]}]}],
    }


def test_all_are_found_with_their_place() -> None:
    resource = _resource()
    found = dict(references(resource))
    assert set(found) == {
        "Composition.subject",
        "Composition.author[0]",
        "Composition.author[1]",
        "Composition.contained[0].extension[0].value",
        "Composition.date.extension[0].value",
        "Composition.section[0].entry[0]",
        "Composition.section[0].section[0].entry[0]",
    }
    assert found["Composition.author[1]"] is resource["author"][1]
    assert literal(resource) == {("Practitioner", "1"), ("Observation", "2")}


def test_a_uri_called_reference_is_none() -> None:
    issue = {"resourceType": "DetectedIssue", "reference": "Patient/1", "patient": {"reference": "Patient/2"}}
    assert [place for place, _ in references(issue)] == ["DetectedIssue.patient"]
    assert literal(issue) == {("Patient", "2")}


def test_rewriting_follows_the_types() -> None:
    resource = _resource()
    rewrite(resource, {URN: "Patient/9"}.get)
    assert resource["subject"] == {"reference": "Patient/9", "display": URN}
    assert resource["text"]["div"] == f"<div><a href=\"Patient/9\">x</a><img src='Patient/9#f'/><p>{URN}</p></div>"
    assert resource["identifier"]["value"] == URN, "a string is not a uri"
    assert resource["contained"][0]["extension"][0]["valueReference"]["reference"] == "Patient/9"
    assert resource["extension"] == [{"url": "Patient/9", "valueUri": "Patient/9#part"}, {"url": "http://x", "valueString": URN}]
    assert resource["_date"]["extension"][0]["valueReference"]["reference"] == "Patient/9"
    assert resource["section"][0]["section"][0]["entry"] == [{"reference": "Patient/9"}]
    assert resource["author"] == [{"reference": "Practitioner/1"}, {"reference": "#c"}]


def test_repeating_uris_and_bundles() -> None:
    resource = {
        "resourceType": "Bundle",
        "entry": [{"fullUrl": URN, "resource": {"resourceType": "PlanDefinition", "library": [URN, "http://other"]}}],
    }
    rewrite(resource, {URN: "Library/1"}.get)
    assert resource["entry"] == [
        {"fullUrl": "Library/1", "resource": {"resourceType": "PlanDefinition", "library": ["Library/1", "http://other"]}}
    ]


def test_unknown_and_broken_shapes_are_left() -> None:
    for resource in ({}, {"resourceType": "Nothing", "x": URN}, {"resourceType": "Patient", "name": 5, "link": [None, 3]}):
        before = deepcopy(resource)
        rewrite(resource, {URN: "x"}.get)
        assert resource == before


def test_too_deep() -> None:
    extension: dict[str, Any] = {"url": "x"}
    for _ in range(2000):
        extension = {"url": "x", "extension": [extension]}
    with pytest.raises(TooLarge):
        rewrite({"resourceType": "Patient", "extension": [extension]}, lambda _: None)
    assert literal({"resourceType": "Patient", "extension": [extension]}) == set()


@settings(max_examples=50, deadline=None)
@given(seed=st.integers(0, 10**6), type_=st.sampled_from(sorted(resource_types())))
def test_rewriting_reaches_every_reference(seed: int, type_: str, make_resource: Callable[[str, int], dict[str, Any]]) -> None:
    resource = make_resource(type_, seed)
    same = deepcopy(resource)
    rewrite(same, lambda _: None)
    assert same == resource
    seen = [reference["reference"] for _, reference in references(resource)]
    rewrite(resource, lambda text: f"Basic/{text.replace('/', '-')}" if relative(text) else None)
    after = [reference["reference"] for _, reference in references(resource)]
    assert after == [f"Basic/{text.replace('/', '-')}" if relative(text) else text for text in seen]


@settings(max_examples=30, deadline=None)
@given(seed=st.integers(0, 10**6))
def test_places_are_paths(seed: int, make_resource: Callable[[str, int], dict[str, Any]]) -> None:
    resource = make_resource(("CarePlan", "Claim", "Appointment", "DiagnosticReport")[seed % 4], seed)
    for expression, reference in references(resource):
        assert compile_path(expression, resource["resourceType"])(resource) == [reference]

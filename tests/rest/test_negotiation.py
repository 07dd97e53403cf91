"""Formats: Accept, _format, Content-Type, encodings, request ids."""

from __future__ import annotations

import gzip
from typing import Any

import pytest

from larrey.kit import json
from tests.rest.client import Client

PATIENT: dict[str, Any] = {"resourceType": "Patient", "id": "n"}


@pytest.fixture(scope="module", autouse=True)
def patient(api: Client) -> None:
    api.put("/Patient/n", PATIENT)


@pytest.mark.parametrize(
    ("accept", "sent"),
    [
        ("", "application/fhir+json"),
        ("*/*", "application/fhir+json"),
        ("application/*", "application/fhir+json"),
        ("application/fhir+json", "application/fhir+json"),
        ("application/json", "application/json"),
        ("text/json", "text/json"),
        ("text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8", "application/fhir+json"),
        ("application/fhir+xml, application/fhir+json;q=0.1", "application/fhir+json"),
        ("application/json;q=0.5, application/fhir+json", "application/fhir+json"),
        ("application/fhir+json; fhirVersion=4.0", "application/fhir+json"),
        ("APPLICATION/FHIR+JSON", "application/fhir+json"),
    ],
)
def test_json_is_sent_in_the_form_accepted(api: Client, accept: str, sent: str) -> None:
    answer = api.get("/Patient/n", Accept=accept)
    assert answer.status == 200
    assert answer.headers["Content-Type"] == f"{sent}; charset=utf-8"


@pytest.mark.parametrize(
    "accept",
    [
        "application/fhir+xml",
        "application/xml",
        "text/turtle",
        "application/fhir+json;q=0",
        "image/*",
        "application/fhir+json; fhirVersion=3.0",
        ";",
        "a" * 5000,
    ],
)
def test_other_formats_are_406(api: Client, accept: str) -> None:
    answer = api.get("/Patient/n", Accept=accept)
    assert answer.status == 406
    assert answer.issue["code"] == "not-supported"
    assert answer.headers["Content-Type"].startswith("application/fhir+json")


def test_format_wins_over_accept(api: Client) -> None:
    for text in ("json", "application/json", "application/fhir+json", "application/fhir%2Bjson", "text/json"):
        assert api.get(f"/Patient/n?_format={text}", Accept="application/fhir+xml").status == 200, text
    for text in ("xml", "application/fhir%2Bxml", "ttl", "html", ""):
        assert api.get(f"/Patient/n?_format={text}").status == 406, text


def test_nothing_is_written_when_the_answer_cannot_be_accepted(api: Client) -> None:
    before = len(api.get("/Patient?_count=1000").resources)
    assert api.post("/Patient", {"resourceType": "Patient"}, Accept="application/fhir+xml").status == 406
    assert len(api.get("/Patient?_count=1000").resources) == before


@pytest.mark.parametrize(
    ("sent", "status"),
    [
        ("application/fhir+json", 200),
        ("application/json; charset=UTF-8", 200),
        ('application/fhir+json; charset="utf-8"; fhirVersion=4.0', 200),
        ("application/fhir+json; charset=latin-1", 415),
        ("application/fhir+json; fhirVersion=5.0", 415),
        ("application/fhir+xml", 415),
        ("text/plain", 415),
        ("nonsense", 415),
    ],
)
def test_content_type(api: Client, sent: str, status: int) -> None:
    assert api.put("/Patient/n", PATIENT, Content_Type=sent).status == status


def test_compressed_bodies(api: Client) -> None:
    good = gzip.compress(json.dumps(PATIENT))
    headers = {"Content-Encoding": "gzip"}
    assert api.request("PUT", "/Patient/n", good, headers).status == 200
    for broken in (b"plain", good[:-4], good + b"more", good[:10] + b"\x00" * 20):
        assert api.request("PUT", "/Patient/n", broken, headers).status == 400
    assert api.request("PUT", "/Patient/n", good, {"Content-Encoding": "br"}).status == 415


def test_request_id_is_echoed_or_made(api: Client) -> None:
    assert api.get("/Patient/n", X_Request_Id="abc-123").headers["X-Request-Id"] == "abc-123"
    made = {api.get("/Patient/n").headers["X-Request-Id"] for _ in range(3)}
    assert len(made) == 3
    assert api.get("/Patient/n", X_Request_Id="a\x01b").headers["X-Request-Id"] != "a\x01b"
    assert len(api.get("/Patient/n", X_Request_Id="x" * 4000).headers["X-Request-Id"]) < 200


def test_no_other_origin_may_read_and_no_cache_may_keep(api: Client) -> None:
    headers = api.get("/Patient/n", Origin="https://elsewhere.example").headers
    assert not any(name.startswith("Access-Control") for name in headers)
    assert headers["Cache-Control"] == "private, no-cache"


def test_links_follow_the_host_or_the_setting(api: Client) -> None:
    assert (
        api.get("/Patient?_id=n", Host="chu.example:8443").json()["entry"][0]["fullUrl"]
        == "http://chu.example:8443/fhir/Patient/n"
    )
    assert api.get("/Patient?_id=n", Host='evil"\r\n').status == 400

"""read, vread and conditional read."""

from __future__ import annotations

import pytest

from larrey.kit import json
from tests.rest.client import Client

PATIENT = {"resourceType": "Patient", "id": "p1", "name": [{"family": "Durand"}], "gender": "female"}


@pytest.fixture(scope="module", autouse=True)
def patient(api: Client) -> None:
    assert api.put("/Patient/p1", PATIENT).status == 201
    assert api.put("/Patient/p1", {**PATIENT, "active": True}).status == 200
    assert api.put("/Patient/gone", {"resourceType": "Patient", "id": "gone"}).status == 201
    assert api.delete("/Patient/gone").status == 204


def test_a_read_gives_the_stored_bytes_with_version_and_date(api: Client) -> None:
    answer = api.get("/Patient/p1")
    assert answer.status == 200
    assert answer.headers["Content-Type"] == "application/fhir+json; charset=utf-8"
    assert answer.headers["ETag"] == 'W/"2"'
    assert answer.headers["Last-Modified"].endswith(" GMT")
    assert answer.headers["Content-Length"] == str(len(answer.body))
    assert answer.json()["active"] is True
    assert answer.json()["meta"]["versionId"] == "2"


def test_head_is_a_get_without_body(api: Client) -> None:
    full, head = api.get("/Patient/p1"), api.request("HEAD", "/Patient/p1")
    assert head.status == 200
    assert head.body == b""
    assert head.headers["Content-Length"] == full.headers["Content-Length"]
    assert head.headers["ETag"] == full.headers["ETag"]


def test_what_never_was_is_404_and_what_was_deleted_is_410(api: Client) -> None:
    assert api.get("/Patient/never").status == 404
    assert api.get("/Patient/never").issue["code"] == "not-found"
    assert api.get("/Patient/gone").status == 410
    assert api.get("/Patient/gone").issue["code"] == "deleted"


def test_vread_gives_each_version(api: Client) -> None:
    first = api.get("/Patient/p1/_history/1")
    assert first.status == 200
    assert first.headers["ETag"] == 'W/"1"'
    assert "active" not in first.json()
    assert api.get("/Patient/p1/_history/2").json()["active"] is True
    assert api.get("/Patient/gone/_history/1").status == 200
    assert api.get("/Patient/gone/_history/2").status == 410
    for version in ("3", "0", "x", "99999999999999999999", "-1"):
        assert api.get(f"/Patient/p1/_history/{version}").status == 404


@pytest.mark.parametrize(
    ("tag", "status"),
    [('W/"2"', 304), ('"2"', 304), ('W/"1", W/"2"', 304), ("*", 304), ('W/"1"', 200), ("nonsense", 200), ('W/"22"', 200)],
)
def test_if_none_match(api: Client, tag: str, status: int) -> None:
    answer = api.get("/Patient/p1", If_None_Match=tag)
    assert answer.status == status
    assert (answer.body == b"") == (status == 304)
    assert answer.headers["ETag"] == 'W/"2"'


def test_if_modified_since(api: Client) -> None:
    modified = api.get("/Patient/p1").headers["Last-Modified"]
    assert api.get("/Patient/p1", If_Modified_Since=modified).status == 304
    assert api.get("/Patient/p1", If_Modified_Since="Sat, 01 Jan 2000 00:00:00 GMT").status == 200
    assert api.get("/Patient/p1", If_Modified_Since="Fri, 01 Jan 2100 00:00:00 GMT").status == 304
    assert api.get("/Patient/p1", If_Modified_Since="yesterday").status == 200
    # If-None-Match decides alone when both are sent (RFC 9110, section 13.1.3).
    assert api.get("/Patient/p1", If_Modified_Since=modified, If_None_Match='W/"1"').status == 200


def test_summary_and_elements_show_a_part(api: Client) -> None:
    part = api.get("/Patient/p1?_elements=gender").json()
    assert part["gender"] == "female"
    assert "name" not in part
    assert part["meta"]["tag"][0]["code"] == "SUBSETTED"
    assert "name" in api.get("/Patient/p1?_summary=true").json()
    assert api.get("/Patient/p1?_summary=false").body == api.get("/Patient/p1").body
    assert api.get("/Patient/p1?_summary=half").status == 400
    refused = api.get("/Patient/p1?_elements=nose")
    assert refused.status == 400
    assert refused.issue["expression"] == ["http._elements"]


def test_an_unknown_parameter_is_refused_by_name_unless_the_client_is_lenient(api: Client) -> None:
    refused = api.get("/Patient/p1?colour=blue")
    assert refused.status == 400
    assert "colour" in refused.issue["diagnostics"]
    assert api.get("/Patient/p1?colour=blue", Prefer="handling=lenient").status == 200


def test_pretty_changes_the_form_and_no_value(api: Client) -> None:
    resource = {"resourceType": "Basic", "id": "exact", "code": {"text": "é\u2028"}}
    resource["extension"] = [{"url": "http://example.org/x", "valueDecimal": json.loads("1.10")}]
    assert api.put("/Basic/exact", resource).status == 201
    pretty = api.get("/Basic/exact?_pretty=true")
    assert b"\n  " in pretty.body
    assert b"1.10" in pretty.body
    assert pretty.json() == api.get("/Basic/exact").json()
    assert api.get("/Basic/exact?_pretty=perhaps").status == 400


def test_addresses_that_are_none(api: Client) -> None:
    assert api.get("/Nonsense/1").status == 404
    assert api.get("/nonsense").status == 404
    assert api.get("/Patient/p1/x/y/z").status == 404
    assert api.get("/Patient/p1/_history/1/2").status == 404
    assert api.get("/Patient//p1").status in (400, 404)
    assert api.get("/Patient/a_b").status == 400
    assert api.get("/Patient/" + "a" * 65).status == 400
    assert api.get("/Patient/%00").status == 400
    assert api.get("/Patient/é").status == 400
    assert api.get("/Patient/$nothing").status == 400
    assert "$nothing" in api.get("/Patient/$nothing").issue["diagnostics"]
    assert api.get("/Patient/p1/").status == 200


def test_a_method_that_an_address_does_not_take(api: Client) -> None:
    refused = api.post("/Patient/p1", PATIENT)
    assert refused.status == 405
    assert refused.headers["Allow"] == "GET, PUT, PATCH, DELETE, HEAD, OPTIONS"
    allowed = api.request("OPTIONS", "/Patient/p1")
    assert allowed.status == 204
    assert allowed.headers["Allow"] == refused.headers["Allow"]
    assert api.request("BREW", "/Patient/p1").status == 405

"""batch and transaction."""

from __future__ import annotations

from base64 import b64encode
from typing import Any

import pytest

from larrey.kit import json
from larrey.rest.settings import RestSettings
from larrey.store.rules import Rules
from tests.rest.client import Client
from tests.rest.conftest import Serve


def entry(method: str, url: str, resource: Any = None, full_url: str | None = None, **request: Any) -> dict[str, Any]:
    out: dict[str, Any] = {"request": {"method": method, "url": url, **request}}
    if resource is not None:
        out["resource"] = resource
    if full_url is not None:
        out["fullUrl"] = full_url
    return out


def bundle(kind: str, *entries: Any) -> dict[str, Any]:
    return {"resourceType": "Bundle", "type": kind, "entry": list(entries)}


def patient(**more: Any) -> dict[str, Any]:
    return {"resourceType": "Patient", **more}


def observation(subject: str) -> dict[str, Any]:
    return {"resourceType": "Observation", "status": "final", "code": {"text": "x"}, "subject": {"reference": subject}}


def statuses(answer: Any) -> list[int]:
    return [int(e["response"]["status"][:3]) for e in answer.json()["entry"]]


def test_a_batch_does_each_entry_for_itself(api: Client) -> None:
    answer = api.post(
        "/",
        bundle(
            "batch",
            entry("PUT", "Patient/b1", patient(id="b1", gender="male")),
            entry("POST", "Patient", patient(gender="blue")),
            entry("GET", "Patient/b1"),
            entry("GET", "Patient/never"),
            entry("GET", "Patient?_id=b1"),
            entry("GET", "http://test/fhir/Patient/b1/_history"),
            entry("PATCH", "Patient/b1", {"resourceType": "Parameters"}, ifMatch='W/"7"'),
            entry("GET", "Patient/b1", ifNoneMatch='W/"1"'),
            entry("POST", "Patient", patient(), ifNoneExist="_id=b1"),
            entry("POST", "Observation/$validate", {"resourceType": "Observation"}),
            {"request": "nonsense"},
            3,
            entry("BREW", "Patient/b1"),
            entry("POST", "/", bundle("batch")),
            entry("DELETE", "Patient/b1"),
            entry("GET", "metadata"),
        ),
    )
    assert answer.status == 200
    assert answer.json()["type"] == "batch-response"
    assert statuses(answer) == [201, 422, 200, 404, 200, 200, 412, 304, 200, 200, 400, 400, 400, 400, 204, 200]
    entries = answer.json()["entry"]
    assert entries[0]["response"]["location"] == "Patient/b1/_history/1"
    assert entries[0]["response"]["etag"] == 'W/"1"'
    assert "resource" not in entries[0]
    assert entries[1]["response"]["outcome"]["issue"][0]["expression"] == ["Patient.gender"]
    assert entries[2]["resource"]["gender"] == "male"
    assert entries[2]["response"]["lastModified"] == entries[2]["resource"]["meta"]["lastUpdated"]
    assert entries[4]["resource"]["total"] == 1
    assert entries[9]["resource"]["resourceType"] == "OperationOutcome"
    assert entries[15]["resource"]["resourceType"] == "CapabilityStatement"


def test_a_batch_gives_what_it_wrote_when_asked(api: Client) -> None:
    sent = bundle("batch", entry("PUT", "Patient/b2", patient(id="b2")))
    answer = api.post("/", sent, Prefer="return=representation")
    assert answer.json()["entry"][0]["resource"]["id"] == "b2"


def test_a_json_patch_travels_as_a_binary(api: Client) -> None:
    api.put("/Patient/b3", patient(id="b3"))
    operations = [{"op": "add", "path": "/gender", "value": "other"}]
    packed = {"contentType": "application/json-patch+json", "data": b64encode(json.dumps(operations)).decode()}
    for kind in ("batch", "transaction"):
        answer = api.post("/", bundle(kind, entry("PATCH", "Patient/b3", {"resourceType": "Binary", **packed})))
        assert statuses(answer) == [200]
    assert api.get("/Patient/b3").json()["gender"] == "other"
    broken = {"resourceType": "Binary", "contentType": "application/json-patch+json", "data": "?"}
    assert statuses(api.post("/", bundle("batch", entry("PATCH", "Patient/b3", broken)))) == [400]


def test_a_transaction_resolves_its_own_names(api: Client) -> None:
    answer = api.post(
        "/",
        bundle(
            "transaction",
            entry("POST", "Observation", observation("urn:uuid:6c4a2fba-66b5-4b9c-9a10-1a7d2d1f8a55")),
            entry("POST", "Patient", patient(), full_url="urn:uuid:6c4a2fba-66b5-4b9c-9a10-1a7d2d1f8a55"),
            entry("PUT", "Patient/t1", patient(id="t1")),
            entry("GET", "Patient/t1"),
            entry("GET", "Patient?_id=t1"),
        ),
    )
    assert answer.status == 200
    assert answer.json()["type"] == "transaction-response"
    assert statuses(answer) == [201, 201, 201, 200, 200]
    entries = answer.json()["entry"]
    written = api.get("/" + entries[0]["response"]["location"]).json()
    assert written["subject"]["reference"] == "/".join(entries[1]["response"]["location"].split("/")[:2])
    assert entries[3]["resource"]["id"] == "t1"
    assert entries[4]["resource"]["total"] == 1


@pytest.mark.parametrize(
    ("failing", "status"),
    [
        (entry("POST", "Patient", patient(gender="blue")), 422),
        (entry("POST", "Observation", observation("Patient/nobody")), 422),
        (entry("GET", "Patient/never"), 404),
        (entry("PUT", "Patient/t3", patient(id="t3"), ifMatch='W/"4"'), 412),
        (entry("DELETE", "Patient/t2-referred"), 409),
        (entry("POST", "Nonsense", {"resourceType": "Nonsense"}), 400),
    ],
)
def test_a_transaction_that_fails_leaves_nothing(api: Client, failing: dict[str, Any], status: int) -> None:
    api.put("/Patient/t2-referred", patient(id="t2-referred"))
    api.put("/Observation/t2", {**observation("Patient/t2-referred"), "id": "t2"})
    answer = api.post("/", bundle("transaction", entry("PUT", "Patient/t2-new", patient(id="t2-new")), failing))
    assert answer.status == status, answer.body
    assert answer.issue["severity"] == "error"
    assert api.get("/Patient/t2-new").status == 404


def test_what_is_no_batch(api: Client) -> None:
    assert api.post("/", bundle("collection")).status == 400
    assert api.post("/", patient()).status == 400
    assert api.post("/", {"resourceType": "Bundle", "type": "batch", "entry": 3}).status == 400
    assert api.post("/", {"resourceType": "Bundle", "type": "transaction", "entry": [3]}).status == 400
    empty = api.post("/", {"resourceType": "Bundle", "type": "batch"})
    assert empty.status == 200
    assert "entry" not in empty.json()


def test_too_many_entries(serve: Serve) -> None:
    api = Client(serve(RestSettings(rules=Rules(entries=2))))
    for kind in ("batch", "transaction"):
        answer = api.post("/", bundle(kind, *[entry("POST", "Patient", patient())] * 3))
        assert answer.status == 413
        assert "LARREY_MAX_ENTRIES" in answer.issue["diagnostics"]


def test_a_small_bundle_cannot_ask_for_gigabytes(serve: Serve) -> None:
    api = Client(serve(RestSettings(body=5000)))
    api.put("/Basic/big", {"resourceType": "Basic", "id": "big", "code": {"text": "x" * 2000}})
    asked = [entry("GET", "Basic/big")] * 3
    written = entry("PUT", "Basic/new", {"resourceType": "Basic", "id": "new", "code": {"text": "x"}})
    answer = api.post("/", bundle("batch", *asked, written))
    assert statuses(answer) == [200, 200, 403, 201]
    assert answer.json()["entry"][2]["response"]["outcome"]["issue"][0]["code"] == "too-costly"
    refused = api.post("/", bundle("transaction", *asked, written))
    assert refused.status == 403
    assert refused.issue["code"] == "too-costly"


def test_rights_count_in_every_entry(serve: Serve) -> None:
    reader = Client(serve(), token="reader")
    answer = reader.post("/", bundle("batch", entry("GET", "Patient?_id=b2"), entry("POST", "Patient", patient())))
    assert statuses(answer) == [200, 403]
    assert reader.post("/", bundle("transaction", entry("POST", "Patient", patient()))).status == 403

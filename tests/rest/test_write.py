"""create, update, patch, delete, and their conditional forms."""

from __future__ import annotations

from typing import Any

import pytest

from tests.rest.client import Client


def patient(**more: Any) -> dict[str, Any]:
    return {"resourceType": "Patient", **more}


def named(value: str, **more: Any) -> dict[str, Any]:
    return patient(identifier=[{"system": "urn:x", "value": value}], **more)


def test_create_gives_an_id_an_address_and_a_version(api: Client) -> None:
    created = api.post("/Patient", patient(id="mine", gender="male"))
    assert created.status == 201
    id_ = created.json()["id"]
    assert id_ != "mine"
    assert created.headers["Location"] == f"http://test/fhir/Patient/{id_}/_history/1"
    assert created.headers["ETag"] == 'W/"1"'
    assert "Last-Modified" in created.headers
    assert api.get(created.headers["Location"]).body == created.body


@pytest.mark.parametrize(
    ("wish", "kind"), [("minimal", None), ("representation", "Patient"), ("OperationOutcome", "OperationOutcome")]
)
def test_prefer_return(api: Client, wish: str, kind: str | None) -> None:
    answers = [
        api.post("/Patient", patient(), Prefer=f"return={wish}"),
        api.put(f"/Patient/prefer-{wish}", patient(id=f"prefer-{wish}"), Prefer=f"respond-async, return={wish}"),
    ]
    for answer in answers:
        assert answer.status == 201
        assert (answer.json()["resourceType"] if answer.body else None) == kind
        assert ("Content-Type" in answer.headers) == (kind is not None)
    assert api.post("/Patient", patient(), Prefer="return=everything").status == 400


def test_conditional_create(api: Client) -> None:
    first = api.post("/Patient", named("cc"), If_None_Exist="identifier=urn:x|cc")
    again = api.post("/Patient", named("cc"), If_None_Exist="Patient?identifier=urn%3Ax%7Ccc")
    assert first.status == 201
    assert again.status == 200
    assert again.json()["id"] == first.json()["id"]
    assert again.headers["Location"] == first.headers["Location"]
    api.post("/Patient", named("cc"))
    several = api.post("/Patient", named("cc"), If_None_Exist="identifier=urn:x|cc")
    assert several.status == 412
    assert several.issue["code"] == "multiple-matches"
    assert api.post("/Patient", named("cc"), If_None_Exist="").status == 400
    assert api.post("/Patient", named("cc"), If_None_Exist="colour=blue").status == 400


def test_update_and_update_as_create(api: Client) -> None:
    created = api.put("/Patient/u1", patient(id="u1"))
    assert created.status == 201
    assert created.headers["Location"].endswith("/Patient/u1/_history/1")
    updated = api.put("/Patient/u1", patient(id="u1", active=True))
    assert updated.status == 200
    assert updated.headers["ETag"] == 'W/"2"'
    assert "Location" not in updated.headers


def test_the_id_must_be_that_of_the_address(api: Client) -> None:
    missing, other = api.put("/Patient/u2", patient()), api.put("/Patient/u2", patient(id="u3"))
    for answer in (missing, other):
        assert answer.status == 400
        assert answer.issue["expression"] == ["Patient.id"]
    wrong = api.put("/Patient/u2", {"resourceType": "Group", "id": "u2"})
    assert wrong.status == 400
    assert wrong.issue["expression"] == ["resourceType"]
    assert api.get("/Patient/u2").status == 404


def test_if_match(api: Client) -> None:
    api.put("/Patient/m1", patient(id="m1"))
    assert api.put("/Patient/m1", patient(id="m1"), If_Match='W/"1"').status == 200
    stale = api.put("/Patient/m1", patient(id="m1"), If_Match='W/"1"')
    assert stale.status == 412
    assert "version 2" in stale.issue["diagnostics"]
    assert api.put("/Patient/absent", patient(id="absent"), If_Match='W/"1"').status == 412
    assert api.delete("/Patient/m1", If_Match='"1"').status == 412
    assert api.patch("/Patient/m1", [], If_Match='W/"9"', Content_Type="application/json-patch+json").status == 412
    for nonsense in ("2", "W/2", 'W/"x"', "*", 'W/"0"', 'W/"1","2"'):
        refused = api.put("/Patient/m1", patient(id="m1"), If_Match=nonsense)
        assert refused.status == 400
        assert refused.issue["expression"] == ["http.If-Match"]


def test_if_none_match_only_creates(api: Client) -> None:
    assert api.put("/Patient/once", patient(id="once"), If_None_Match="*").status == 201
    assert api.put("/Patient/once", patient(id="once", active=True), If_None_Match="*").status == 412
    assert api.get("/Patient/once").headers["ETag"] == 'W/"1"'
    assert api.put("/Patient/once", patient(id="once"), If_None_Match='W/"1"').status == 400


def test_conditional_update(api: Client) -> None:
    created = api.put("/Patient?identifier=urn:x|cu", named("cu"))
    assert created.status == 201
    updated = api.put("/Patient?identifier=urn:x|cu", named("cu", active=True))
    assert updated.status == 200
    assert updated.json()["id"] == created.json()["id"]
    api.post("/Patient", named("cu"))
    assert api.put("/Patient?identifier=urn:x|cu", named("cu")).status == 412
    assert api.put("/Patient", named("cu")).status == 400


def test_json_patch(api: Client) -> None:
    api.put("/Patient/jp", patient(id="jp", gender="male"))
    operations = [{"op": "replace", "path": "/gender", "value": "female"}, {"op": "add", "path": "/active", "value": True}]
    patched = api.patch("/Patient/jp", operations, Content_Type="application/json-patch+json")
    assert patched.status == 200
    assert patched.headers["ETag"] == 'W/"2"'
    assert (patched.json()["gender"], patched.json()["active"]) == ("female", True)
    failing = [{"op": "test", "path": "/gender", "value": "male"}]
    refused = api.patch("/Patient/jp", failing, Content_Type="application/json-patch+json")
    assert 400 <= refused.status < 500
    assert api.get("/Patient/jp").headers["ETag"] == 'W/"2"'
    assert api.patch("/Patient/jp", {"op": "test"}, Content_Type="application/json-patch+json").status == 400
    assert api.patch("/Patient/jp", [], Content_Type="application/xml-patch+xml").status == 415
    assert api.patch("/Patient/never", [], Content_Type="application/json-patch+json").status == 404


def replacement(path: str, **value: Any) -> dict[str, Any]:
    parts = [{"name": "type", "valueCode": "replace"}, {"name": "path", "valueString": path}, {"name": "value", **value}]
    return {"resourceType": "Parameters", "parameter": [{"name": "operation", "part": parts}]}


def test_fhirpath_patch(api: Client) -> None:
    api.put("/Patient/fp", patient(id="fp", gender="male"))
    patched = api.patch("/Patient/fp", replacement("Patient.gender", valueCode="female"))
    assert patched.status == 200
    assert patched.json()["gender"] == "female"
    assert api.patch("/Patient/fp", patient()).status == 400


def test_conditional_patch(api: Client) -> None:
    api.put("/Patient/cp", named("cp", id="cp"))
    assert api.patch("/Patient?identifier=urn:x|cp", replacement("Patient.id", valueId="other")).status == 422
    api.patch("/Patient/cp", [{"op": "add", "path": "/gender", "value": "male"}], Content_Type="application/json-patch+json")
    assert api.patch("/Patient?identifier=urn:x|cp", replacement("Patient.gender", valueCode="other")).status == 200
    assert api.get("/Patient/cp").json()["gender"] == "other"
    assert api.patch("/Patient?identifier=urn:x|none", replacement("Patient.gender", valueCode="other")).status == 404


def test_delete_and_undelete(api: Client) -> None:
    api.put("/Patient/d1", patient(id="d1"))
    deleted = api.delete("/Patient/d1")
    assert deleted.status == 204
    assert deleted.headers["ETag"] == 'W/"2"'
    assert deleted.body == b""
    assert "Content-Length" not in deleted.headers
    assert api.delete("/Patient/d1").headers["ETag"] == 'W/"2"'
    assert api.delete("/Patient/never").status == 204
    assert api.delete("/Patient/never", If_Match='W/"1"').status == 412
    assert api.put("/Patient/d1", patient(id="d1")).status == 201
    assert api.get("/Patient/d1").headers["ETag"] == 'W/"3"'
    told = api.delete("/Patient/d1", Prefer="return=OperationOutcome")
    assert told.status == 200
    assert told.issue["severity"] == "information"


def test_what_is_referred_to_cannot_be_deleted(api: Client) -> None:
    api.put("/Patient/ref", patient(id="ref"))
    api.put(
        "/Encounter/e",
        {
            "resourceType": "Encounter",
            "id": "e",
            "status": "planned",
            "class": {"code": "AMB"},
            "subject": {"reference": "Patient/ref"},
        },
    )
    refused = api.delete("/Patient/ref")
    assert refused.status == 409
    assert "Encounter/e" in refused.issue["diagnostics"]
    assert api.get("/Patient/ref").status == 200


def test_conditional_delete_takes_every_match(api: Client) -> None:
    for _ in range(3):
        api.post("/Patient", named("cd"))
    assert api.delete("/Patient?identifier=urn:x|cd").status == 204
    assert api.get("/Patient?identifier=urn:x|cd").resources == []
    assert api.delete("/Patient?identifier=urn:x|cd").status == 204
    assert api.delete("/Patient").status == 400


@pytest.mark.parametrize(
    ("resource", "place"),
    [
        (patient(gender="blue"), "Patient.gender"),
        (patient(name=[{"family": 3}]), "Patient.name[0].family"),
        (patient(nose=1), "Patient.nose"),
        ({"resourceType": "Observation"}, "Observation.status"),
    ],
)
def test_a_wrong_resource_is_refused_with_its_place(api: Client, resource: dict[str, Any], place: str) -> None:
    answer = api.post(f"/{resource['resourceType']}", resource)
    assert answer.status == 422
    assert any(place in issue["expression"] for issue in answer.json()["issue"])


def test_a_reference_to_nothing_is_refused(api: Client) -> None:
    resource = {
        "resourceType": "Observation",
        "status": "final",
        "code": {"text": "x"},
        "subject": {"reference": "Patient/nobody"},
    }
    answer = api.post("/Observation", resource)
    assert 400 <= answer.status < 500
    assert "Patient/nobody" in answer.issue["diagnostics"]


def test_a_reference_that_names_no_type_is_kept_as_text(api: Client) -> None:
    library = {"resourceType": "Library", "id": "l", "status": "draft", "type": {"text": "x"}}
    library["relatedArtifact"] = [{"type": "predecessor", "resource": "an-older-one"}]
    assert api.put("/Library/l", library).status == 201
    assert [r["id"] for r in api.get("/Library?predecessor=an-older-one").resources] in ([], ["l"])


def test_a_body_that_is_no_resource(api: Client) -> None:
    for body in (
        b"",
        b"  ",
        b"nonsense",
        b"[]",
        b"3",
        b"null",
        b'{"resourceType": 3}',
        b"{}",
        b'{"resourceType":"Patient"',
        b"\xff\xfe",
    ):
        answer = api.post("/Patient", body)
        assert answer.status == 400, body
        assert answer.issue["severity"] == "error"
    assert api.post("/Patient", patient(), Content_Type="").status == 415

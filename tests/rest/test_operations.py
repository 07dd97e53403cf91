"""$everything, $validate and $lastn."""

from __future__ import annotations

from typing import Any

import pytest

from tests.rest.client import Client
from tests.rest.conftest import Serve


def put(api: Client, type_: str, id_: str, **more: Any) -> None:
    answer = api.put(f"/{type_}/{id_}", {"resourceType": type_, "id": id_, **more})
    assert answer.status in (200, 201), answer.body


def coded(*codes: str, text: str | None = None) -> dict[str, Any]:
    concept: dict[str, Any] = {"coding": [{"system": "http://loinc.org", "code": code} for code in codes]} if codes else {}
    return {**concept, **({"text": text} if text else {})}


ACTIVE = {"coding": [{"system": "http://terminology.hl7.org/CodeSystem/allergyintolerance-clinical", "code": "active"}]}


@pytest.fixture(scope="module", autouse=True)
def chart(api: Client) -> None:
    put(api, "Organization", "hospital", name="CHU")
    put(api, "Organization", "elsewhere", name="Elsewhere")
    put(api, "Practitioner", "doctor")
    for id_ in ("anna", "bert"):
        put(api, "Patient", id_, managingOrganization={"reference": "Organization/hospital"})
        subject = {"subject": {"reference": f"Patient/{id_}"}}
        put(
            api,
            "Encounter",
            f"e-{id_}",
            status="finished",
            **{"class": {"code": "AMB"}},
            **subject,
            period={"start": "2026-03-01"},
        )
        put(
            api,
            "Observation",
            f"o-{id_}",
            status="final",
            code=coded("1"),
            **subject,
            encounter={"reference": f"Encounter/e-{id_}"},
            performer=[{"reference": "Practitioner/doctor"}],
            effectiveDateTime="2026-03-01T10:00:00Z",
        )
        put(api, "AllergyIntolerance", f"a-{id_}", clinicalStatus=ACTIVE, patient={"reference": f"Patient/{id_}"})
    actors = [{"actor": {"reference": f"Patient/{id_}"}, "status": "accepted"} for id_ in ("anna", "bert")]
    put(
        api,
        "Appointment",
        "family",
        status="booked",
        participant=actors,
        start="2026-04-01T10:00:00Z",
        end="2026-04-01T11:00:00Z",
    )


ANNA = {"Patient/anna", "Encounter/e-anna", "Observation/o-anna", "AllergyIntolerance/a-anna", "Appointment/family"}
SUPPORT = {"Organization/hospital", "Practitioner/doctor"}


def found(answer: Any, mode: str | None = None) -> list[str]:
    assert answer.status == 200, answer.body
    return [
        "/".join(entry["fullUrl"].split("/")[-2:])
        for entry in answer.json().get("entry", [])
        if mode in (None, entry["search"]["mode"])
    ]


def test_everything_of_a_patient(api: Client) -> None:
    answer = api.get("/Patient/anna/$everything")
    assert found(answer)[0] == "Patient/anna"
    assert set(found(answer, "match")) == ANNA
    assert set(found(answer, "include")) == SUPPORT
    assert len(found(answer)) == len(ANNA | SUPPORT)
    assert set(found(api.get("/Patient/bert/$everything"), "match")) == {n.replace("anna", "bert") for n in ANNA}


def test_everything_in_pages(api: Client) -> None:
    for count in (1, 2, 3):
        matches: list[str] = []
        supporting: set[str] = set()
        url: str | None = f"/Patient/anna/$everything?_count={count}"
        while url is not None:
            answer = api.get(url)
            assert len(found(answer, "match")) <= count
            matches += found(answer, "match")
            supporting |= set(found(answer, "include"))
            url = answer.link("next")
        assert matches[0] == "Patient/anna"
        assert sorted(matches) == sorted(ANNA)
        assert supporting == SUPPORT


def test_everything_narrowed(api: Client) -> None:
    assert set(found(api.get("/Patient/anna/$everything?_type=Observation,Encounter"))) == {
        "Observation/o-anna",
        "Encounter/e-anna",
    }
    assert found(api.get("/Patient/anna/$everything?_type=Practitioner")) == ["Practitioner/doctor"]
    assert found(api.get("/Patient/anna/$everything?_since=2100-01-01T00:00:00Z")) == []
    dated = found(api.get("/Patient/anna/$everything?start=2026-03-15"), "match")
    assert "Appointment/family" in dated
    assert "Observation/o-anna" not in dated
    assert "AllergyIntolerance/a-anna" in dated  # what has no date is in every range
    assert "Appointment/family" not in found(api.get("/Patient/anna/$everything?end=2026-03-15"))


def test_everything_changed_since(api: Client) -> None:
    before = api.get("/Practitioner/doctor").json()["meta"]["lastUpdated"]
    put(api, "Practitioner", "doctor", active=True)
    changed = api.get("/Practitioner/doctor").json()["meta"]["lastUpdated"]
    assert changed >= before
    assert found(api.get(f"/Patient/anna/$everything?_since={changed}")) == ["Practitioner/doctor"]


def test_everything_of_an_encounter(api: Client) -> None:
    answer = api.get("/Encounter/e-anna/$everything")
    assert found(answer, "match") == ["Encounter/e-anna", "Observation/o-anna"]
    assert set(found(answer, "include")) == {"Patient/anna", "Practitioner/doctor"}
    assert api.get("/Encounter/e-anna/$everything?start=2026").status == 400


def test_everything_shows_what_the_caller_may_read(serve: Serve, api: Client) -> None:
    some = Client(serve(), token="observations")
    assert set(found(some.get("/Patient/anna/$everything"))) == {"Patient/anna", "Observation/o-anna"}
    assert some.get("/Encounter/e-anna/$everything").status == 403
    assert api.get("/Patient/nobody/$everything").status == 404
    assert api.get("/Organization/hospital/$everything").status == 400


def test_everything_refuses_by_name(api: Client) -> None:
    for query in ("_since=x", "start=x", "_type=Nonsense", "_count=x", "_cursor=x", "_cursor=99999999999999999999", "name=x"):
        answer = api.get(f"/Patient/anna/$everything?{query}")
        assert answer.status == 400
        assert answer.issue["expression"] == [f"http.{query.partition('=')[0]}"]


def test_an_operation_may_be_posted(api: Client) -> None:
    parameters = {
        "resourceType": "Parameters",
        "parameter": [{"name": "_type", "valueCode": "Observation"}, {"name": "_count", "valueInteger": 5}],
    }
    assert found(api.post("/Patient/anna/$everything", parameters)) == ["Observation/o-anna"]
    assert set(found(api.post("/Patient/anna/$everything"), "match")) == ANNA
    for wrong in ([{"name": 3}], [3], [{"name": "_type"}], [{"name": "_type", "valueCoding": {}}], 3):
        assert api.post("/Patient/anna/$everything", {"resourceType": "Parameters", "parameter": wrong}).status == 400


# --- $validate


def test_validate_says_what_is_wrong_and_writes_nothing(api: Client) -> None:
    good, bad = {"resourceType": "Patient", "id": "v"}, {"resourceType": "Patient", "id": "v", "gender": "blue"}
    for wrapped in (False, True):
        send = (lambda r: {"resourceType": "Parameters", "parameter": [{"name": "resource", "resource": r}]}) if wrapped else dict
        answer = api.post("/Patient/$validate", send(good))
        assert answer.status == 200
        assert answer.issue["severity"] == "information"
        answer = api.post("/Patient/$validate", send(bad))
        assert answer.status == 200
        assert answer.issue["expression"] == ["Patient.gender"]
    assert api.get("/Patient/v").status == 404


def test_validate_tries_what_would_be_done(api: Client) -> None:
    lost = {"resourceType": "Observation", "status": "final", "code": coded("1"), "subject": {"reference": "Patient/nobody"}}
    for mode, path in (("create", "/Observation"), ("update", "/Observation/o-anna")):
        answer = api.post(f"{path}/$validate?mode={mode}", lost)
        assert answer.status == 200
        assert "Patient/nobody" in answer.issue["diagnostics"]
    assert api.post("/Observation/$validate", lost).issue["severity"] == "information"
    refused = api.post("/Patient/anna/$validate?mode=delete")
    assert refused.status == 200
    assert refused.issue["code"] == "conflict"
    assert api.get("/Patient/anna/$validate?mode=delete").issue["code"] == "conflict"
    assert api.get("/Patient/anna/$validate").status == 400
    fine = api.post("/AllergyIntolerance/a-anna/$validate?mode=delete")
    assert fine.issue["severity"] == "information"
    assert api.get("/AllergyIntolerance/a-anna").status == 200
    created = api.post("/Patient/$validate?mode=create", {"resourceType": "Patient", "identifier": [{"value": "tried"}]})
    assert created.issue["severity"] == "information"
    assert api.get("/Patient?identifier=tried").resources == []


def test_validate_refuses_by_name(api: Client) -> None:
    patient = {"resourceType": "Patient"}
    base = "http://hl7.org/fhir/StructureDefinition/Patient"
    assert api.post(f"/Patient/$validate?profile={base}", patient).status == 200
    assert api.post("/Patient/$validate?profile=http://example.org/other", patient).status == 400
    assert api.post("/Patient/$validate?mode=guess", patient).status == 400
    assert api.post("/Patient/$validate?mode=update", patient).status == 400
    assert api.post("/Patient/$validate?mode=delete", patient).status == 400
    assert api.post("/Patient/$validate", {"resourceType": "Group"}).status == 400
    assert api.post("/Patient/$validate", {"resourceType": "Parameters"}).status == 400
    unknown = {"resourceType": "Parameters", "parameter": [{"name": "usageContext", "valueCode": "x"}]}
    assert api.post("/Patient/$validate", unknown).status == 400


def test_validate_needs_the_right_to_do_it(serve: Serve) -> None:
    reader = Client(serve(), token="reader")
    assert reader.post("/Patient/$validate", {"resourceType": "Patient"}).status == 200
    assert reader.post("/Patient/$validate?mode=create", {"resourceType": "Patient"}).status == 403


# --- $lastn


@pytest.fixture(scope="module")
def measured(api: Client) -> None:
    put(api, "Patient", "lily")
    observations = [
        ("w1", coded("weight"), "2026-01-01"),
        ("w2", coded("weight"), "2026-01-03"),
        ("w3", coded("weight", "poids"), "2026-01-02"),
        ("w4", coded("poids"), "2026-01-04"),
        ("h1", coded("height"), "2026-01-01"),
        ("h2", coded("height"), "2026-01-01"),
        ("t1", coded(text="Text"), "2026-01-01"),
        ("t2", coded(text="text"), "2026-01-01"),
        ("n1", coded("undated"), None),
    ]
    for id_, code, date in observations:
        more: dict[str, Any] = {"effectiveDateTime": date} if date else {}
        category = [{"coding": [{"system": "http://terminology.hl7.org/CodeSystem/observation-category", "code": "vital-signs"}]}]
        put(api, "Observation", id_, status="final", code=code, category=category, subject={"reference": "Patient/lily"}, **more)


@pytest.mark.usefixtures("measured")
def test_lastn_gives_the_newest_of_each_group(api: Client) -> None:
    ask = "/Observation/$lastn?patient=lily&category=vital-signs"
    first = found(api.get(ask))
    assert first[0] == "Observation/w4"
    assert {n.removeprefix("Observation/") for n in first} == {"w4", "h1", "h2", "t1", "t2", "n1"}
    two = {n.removeprefix("Observation/") for n in found(api.get(ask + "&max=2"))}
    assert two == {"w4", "w2", "h1", "h2", "t1", "t2", "n1"}
    only = found(api.get("/Observation/$lastn?subject=Patient/lily&code=http://loinc.org|height&max=1"))
    assert sorted(only) == ["Observation/h1", "Observation/h2"]
    assert api.get(ask).json()["total"] == 6
    assert api.get(ask + "&max=2").link("self") == "http://test/fhir" + ask + "&max=2"
    parameters = [{"name": n, "valueString": v} for n, v in (("patient", "lily"), ("category", "vital-signs"))]
    assert found(api.post("/Observation/$lastn", {"resourceType": "Parameters", "parameter": parameters})) == first


@pytest.mark.usefixtures("measured")
@pytest.mark.parametrize(
    "query",
    ["patient=lily", "code=x", "patient=lily&code=x&max=0", "patient=lily&code=x&_sort=date", "patient=lily&code=x&colour=blue"],
)
def test_lastn_refuses(api: Client, query: str) -> None:
    assert api.get(f"/Observation/$lastn?{query}").status == 400

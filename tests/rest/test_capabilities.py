"""The CapabilityStatement, and that it tells the truth."""

from __future__ import annotations

import pytest

from larrey.fhir.definitions import resource_types
from larrey.fhir.validation import validate
from larrey.rest.settings import RestSettings
from tests.rest.client import Client
from tests.rest.conftest import Serve


@pytest.fixture(scope="module")
def rest(api: Client) -> dict:
    return api.get("/metadata").json()["rest"][0]


def test_it_is_a_valid_resource_about_every_type(api: Client, rest: dict) -> None:
    answer = api.get("/metadata")
    assert answer.status == 200
    assert validate(answer.json()) == []
    assert {resource["type"] for resource in rest["resource"]} == resource_types()
    assert answer.json()["implementation"]["url"] == "http://test/fhir"


def test_it_is_built_once_and_cached_by_clients(api: Client) -> None:
    first = api.get("/metadata")
    assert first.body == api.get("/metadata").body
    assert api.get("/metadata", If_None_Match=first.headers["ETag"]).status == 304
    assert api.get("/metadata?mode=terminology").status == 400
    assert api.get("/metadata?_format=xml").status == 406


def test_it_states_the_limits(serve: Serve) -> None:
    text = Client(serve(RestSettings(body=12345, binary=54321))).get("/metadata").json()["rest"][0]["documentation"]
    assert "12345" in text
    assert "54321" in text


def test_every_search_parameter_listed_is_understood(api: Client, rest: dict) -> None:
    values = {"date": "2026", "number": "1", "quantity": "1", "uri": "urn:x", "special": "x"}
    refused = []
    for resource in rest["resource"]:
        for parameter in resource["searchParam"]:
            name, kind = parameter["name"], parameter["type"]
            if name in ("_sort", "_include", "_revinclude", "_count", "_elements", "_total", "_summary"):
                continue
            value = values.get(kind, "x")
            if kind == "composite":
                continue  # their values need one form per pair; tests/store search each kind
            answer = api.get(f"/{resource['type']}?{name}={value}&_count=0")
            if answer.status != 200:
                refused.append((resource["type"], name, answer.issue["diagnostics"]))
    assert refused == []


def test_every_interaction_listed_is_there(api: Client, rest: dict) -> None:
    for resource in rest["resource"]:
        type_ = resource["type"]
        allowed = set(api.request("OPTIONS", f"/{type_}/x").headers["Allow"].split(", "))
        codes = {interaction["code"] for interaction in resource["interaction"]}
        assert {"GET", "PUT", "DELETE"} <= allowed
        assert ("patch" in codes) == (type_ != "Binary")
        for operation in resource["operation"]:
            name = operation["name"]
            for path in (f"/{type_}/${name}", f"/{type_}/x/${name}"):
                if api.request("OPTIONS", path).status == 204:
                    break
            else:
                pytest.fail(f"{type_} has no ${name}")


def test_includes_listed_are_understood(api: Client, rest: dict) -> None:
    observation = next(r for r in rest["resource"] if r["type"] == "Observation")
    for include in observation["searchInclude"]:
        assert api.get(f"/Observation?_include={include}&_count=1").status == 200
    for include in observation["searchRevInclude"][:30]:
        assert api.get(f"/Observation?_revinclude={include}&_count=1").status == 200

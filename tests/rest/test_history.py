"""history of a resource, of a type and of the system."""

from __future__ import annotations

import pytest

from tests.rest.client import Client


@pytest.fixture(scope="module", autouse=True)
def changes(api: Client) -> None:
    for resource in (
        {"resourceType": "Patient", "id": "h"},
        {"resourceType": "Patient", "id": "h", "active": True},
        {"resourceType": "Group", "id": "g", "type": "person", "actual": True},
    ):
        assert api.put(f"/{resource['resourceType']}/{resource['id']}", resource).status in (200, 201)
    assert api.delete("/Patient/h").status == 204
    assert api.put("/Patient/h", {"resourceType": "Patient", "id": "h"}).status == 201


def test_of_a_resource(api: Client) -> None:
    bundle = api.get("/Patient/h/_history").json()
    assert bundle["type"] == "history"
    assert bundle["total"] == 4
    assert [entry["request"]["method"] for entry in bundle["entry"]] == ["PUT", "DELETE", "PUT", "POST"]
    assert [entry["response"]["etag"] for entry in bundle["entry"]] == [f'W/"{n}"' for n in (4, 3, 2, 1)]
    assert "resource" not in bundle["entry"][1]
    assert bundle["entry"][2]["resource"]["active"] is True
    assert all(entry["fullUrl"] == "http://test/fhir/Patient/h" for entry in bundle["entry"])
    assert bundle["entry"][0]["response"]["lastModified"].endswith("Z")
    assert api.get("/Patient/never/_history").status == 404


def test_of_a_type_and_of_the_system(api: Client) -> None:
    assert [r["id"] for r in api.get("/Group/_history").resources] == ["g"]
    everything = api.get("/_history").json()["entry"]
    assert [entry["fullUrl"].rsplit("/", 2)[1] for entry in everything] == ["Patient", "Patient", "Group", "Patient", "Patient"]


def test_pages(api: Client) -> None:
    versions: list[str] = []
    url: str | None = "/Patient/h/_history?_count=3"
    while url is not None:
        answer = api.get(url)
        versions += [entry["response"]["etag"] for entry in answer.json()["entry"]]
        url = answer.link("next")
    assert versions == [f'W/"{n}"' for n in (4, 3, 2, 1)]


def test_since_and_at(api: Client) -> None:
    entries = api.get("/Patient/h/_history").json()["entry"]
    second = entries[2]["response"]["lastModified"]
    assert len(api.get(f"/Patient/h/_history?_since={second}").json()["entry"]) == 3
    assert "entry" not in api.get("/Patient/h/_history?_since=2100-01-01").json()
    assert "entry" not in api.get("/_history?_at=2001").json()
    current = api.get("/Patient/h/_history?_at=2100").json()["entry"]
    assert [entry["response"]["etag"] for entry in current] == ['W/"4"']


@pytest.mark.parametrize(
    "query", ["_since=x", "_at=x", "_count=x", "_count=-1", "_cursor=x", "_sort=name", "name=x", "_list=1", "_count=1&_count=2"]
)
def test_what_is_wrong_is_named(api: Client, query: str) -> None:
    answer = api.get(f"/_history?{query}")
    assert answer.status == 400
    assert answer.issue["expression"] == [f"http.{query.partition('=')[0]}"]


def test_a_page_beyond_the_limit_is_refused(api: Client) -> None:
    answer = api.get("/_history?_count=1001")
    assert 400 <= answer.status < 500
    assert "1000" in answer.issue["diagnostics"]

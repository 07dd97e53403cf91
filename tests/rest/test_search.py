"""search by GET and POST, over the system and in compartments; the Bundle and its links."""

from __future__ import annotations

from typing import Any
from urllib.parse import quote

import pytest

from tests.rest.client import Client

FORM = "application/x-www-form-urlencoded"
COUNT = 7


@pytest.fixture(scope="module", autouse=True)
def chart(api: Client) -> None:
    api.put("/Patient/1", {"resourceType": "Patient", "id": "1", "name": [{"family": "Müller"}]})
    api.put("/Patient/2", {"resourceType": "Patient", "id": "2", "name": [{"family": "Petit"}]})
    for number in range(COUNT):
        resource = {
            "resourceType": "Observation",
            "id": f"o{number}",
            "status": "final",
            "code": {"coding": [{"system": "http://loinc.org", "code": f"{number % 2}"}]},
            "subject": {"reference": "Patient/1"},
            "effectiveDateTime": f"2026-01-0{number + 1}",
        }
        assert api.put(f"/Observation/o{number}", resource).status == 201


def ids(answer: Any) -> list[str]:
    return [f"{r['resourceType']}/{r['id']}" for r in answer.resources]


def test_a_searchset(api: Client) -> None:
    bundle = api.get("/Patient?family=muller").json()
    assert bundle["type"] == "searchset"
    assert bundle["total"] == 1
    [entry] = bundle["entry"]
    assert entry["fullUrl"] == "http://test/fhir/Patient/1"
    assert entry["search"] == {"mode": "match"}
    assert entry["resource"]["name"] == [{"family": "Müller"}]
    assert bundle["link"] == [{"relation": "self", "url": "http://test/fhir/Patient?family=muller"}]


def test_nothing_found_is_a_bundle_without_entries(api: Client) -> None:
    bundle = api.get("/Patient?family=nobody").json()
    assert "entry" not in bundle
    assert bundle["total"] == 0


def test_non_ascii_in_the_address_encoded_or_not(api: Client) -> None:
    assert ids(api.get("/Patient?family=Müller")) == ["Patient/1"]
    assert ids(api.get(f"/Patient?family={quote('Müller')}")) == ["Patient/1"]
    assert api.get("/Patient?family=%ff").status == 400
    assert api.get("/Patient?family=a%00").status == 400


def test_next_links_give_each_match_once(api: Client) -> None:
    for start in ("/Observation?_count=2&_sort=-date", "/Observation?_count=3", "/Patient/1/Observation?_count=2"):
        seen: list[str] = []
        url: str | None = start
        while url is not None:
            answer = api.get(url)
            seen += ids(answer)
            url = answer.link("next")
        assert sorted(seen) == sorted(f"Observation/o{n}" for n in range(COUNT)), start


def test_previous_leads_back(api: Client) -> None:
    first = api.get("/Observation?_count=3&_sort=date")
    second = api.get(first.link("next") or "")
    assert ids(api.get(second.link("previous") or "")) == ids(first)


def test_post_search_takes_the_form_and_the_address(api: Client) -> None:
    posted = api.request("POST", "/Observation/_search?_sort=date", b"code=http://loinc.org%7C1&_count=2", {"Content-Type": FORM})
    assert posted.status == 200
    assert ids(posted) == ["Observation/o1", "Observation/o3"]
    assert (
        posted.link(
            "self",
        )
        is not None
    )
    assert len(ids(api.get(posted.link("next") or ""))) == 1
    assert len(ids(api.post("/Observation/_search"))) == COUNT
    assert api.post("/Observation/_search", b"{}", Content_Type="application/fhir+json").status == 415
    assert api.get("/Observation/_search").status == 405


def test_format_and_pretty_in_a_form(api: Client) -> None:
    posted = api.request(
        "POST", "/Patient/_search", b"_format=json&_pretty=true", {"Content-Type": FORM, "Accept": "application/fhir+json"}
    )
    assert b"\n  " in posted.body


def test_system_search(api: Client) -> None:
    assert set(ids(api.get("/?_type=Patient,Observation&_id=1,o1"))) == {"Patient/1", "Observation/o1"}
    posted = api.request("POST", "/_search", b"_type=Patient&_id=2", {"Content-Type": FORM})
    assert ids(posted) == ["Patient/2"]


def test_compartment_search(api: Client) -> None:
    assert len(ids(api.get("/Patient/1/Observation"))) == COUNT
    assert ids(api.get("/Patient/1/Observation?code=http://loinc.org|1&_sort=date")) == [
        "Observation/o1",
        "Observation/o3",
        "Observation/o5",
    ]
    everything = api.get("/Patient/1/*?_count=100")
    assert len(everything.resources) >= COUNT
    assert api.get("/Patient/2/Observation").resources == []
    posted = api.request("POST", "/Patient/1/Observation/_search", b"_id=o2", {"Content-Type": FORM})
    assert ids(posted) == ["Observation/o2"]
    assert api.get("/Organization/1/Observation").status == 404
    assert api.get("/Patient/1/Medication").status == 400


def test_includes_say_that_they_are(api: Client) -> None:
    bundle = api.get("/Observation?_id=o1&_include=Observation:subject").json()
    assert [entry["search"]["mode"] for entry in bundle["entry"]] == ["match", "include"]
    assert bundle["total"] == 1


def test_parts_and_counts(api: Client) -> None:
    [part] = api.get("/Observation?_id=o1&_elements=status").resources
    assert part["meta"]["tag"][0]["code"] == "SUBSETTED"
    assert part["status"] == "final"
    assert "effectiveDateTime" not in part
    counted = api.get("/Observation?_summary=count").json()
    assert counted["total"] == COUNT
    assert "entry" not in counted


def test_what_is_not_supported_is_refused_by_name_or_ignored_aloud(api: Client) -> None:
    refused = api.get("/Patient?colour=blue")
    assert refused.status == 400
    assert "colour" in refused.issue["diagnostics"]
    assert refused.issue["expression"] == ["http.colour"]
    lenient = api.get("/Patient?colour=blue&_id=1", Prefer="handling=lenient")
    assert lenient.status == 200
    modes = [entry["search"]["mode"] for entry in lenient.json()["entry"]]
    assert modes == ["match", "outcome"]
    assert "colour" not in (lenient.link("self") or "")
    assert api.get("/Patient?colour=blue", Prefer="handling=strict").status == 400
    assert api.get("/Patient?colour=blue", Prefer="handling=loose").status == 400


def test_bad_values_name_their_parameter(api: Client) -> None:
    for query in ("birthdate=yesterday", "_count=x", "_lastUpdated=13", "_cursor=forged", "_sort=nose", "_include=x"):
        answer = api.get(f"/Patient?{query}")
        assert answer.status == 400, query
        assert answer.issue["expression"][0].startswith("http._" if query[0] == "_" else "http.b"), query

"""The timeline across hospitals, and its filters."""

from __future__ import annotations

import re
from typing import Any

import pytest

from larrey.apps.chart.queries import timeline
from larrey.apps.chart.tests.conftest import CLAIRE, Fill, SignedIn, group, state, stay, to

pytestmark = pytest.mark.usefixtures("record")
PAGE = f"/chart/{CLAIRE}/timeline"


def procedure(id_: str, day: str, encounter: str = "", text: str = "") -> dict[str, Any]:
    found = {
        "resourceType": "Procedure",
        "id": id_,
        "status": "completed",
        "code": {"text": text or f"Acte {id_}"},
        "subject": to(f"Patient/{CLAIRE}"),
        "performedDateTime": day,
    }
    return found | ({"encounter": to(f"Encounter/{encounter}")} if encounter else {})


def shown(client: Any, query: str = "") -> list[str]:
    """The events of the page, in order, as the last part of their addresses."""
    return re.findall(rf'larrey-event-words"><a href="/chart/{CLAIRE}/([^"]+)"', client.get(PAGE + query).content.decode())


@pytest.fixture
def story(record: None, fill: Fill) -> None:
    fill(*group())
    fill(stay("north-stay", "cardio", "2023-03-01", "2023-03-10"), stay("south-stay", "rehab", "2023-03-12", "2023-03-30"))
    fill(procedure("echo", "2023-03-02", "north-stay"), procedure("gym", "2023-03-14", "south-stay"))


@pytest.mark.usefixtures("story")
def test_newest_first_by_month_with_its_place(signed_in: SignedIn) -> None:
    client = signed_in("doctor")
    events = shown(client)
    assert events.index("MedicationRequest/drug") < events.index("Procedure/gym") < events.index("stays/north-stay")
    text = client.get(PAGE).content.decode()
    assert "Mars 2023" in text
    assert "Mai 2024" in text
    assert "Hôpital Nord · Cardiologie" in text
    row = text.partition('Procedure/gym"')[2].partition("</li>")[0]
    assert "Hôpital Sud · Réadaptation" in row  # by its stay


@pytest.mark.usefixtures("story")
def test_filters_keep_what_was_asked(signed_in: SignedIn) -> None:
    client = signed_in("doctor")
    assert set(shown(client, "?kind=acts")) == {"Procedure/echo", "Procedure/gym"}
    assert shown(client, "?hospital=south") == ["Procedure/gym", "stays/south-stay"]
    assert shown(client, "?kind=acts&hospital=north") == ["Procedure/echo"]
    assert shown(client, "?since=2023-03-02&until=2023-03-12") == ["stays/south-stay", "Procedure/echo"]
    text = client.get(PAGE + "?kind=acts&hospital=north&until=1999-01-01").content.decode()
    assert "Rien avec ces filtres" in text
    assert 'value="1999-01-01"' in text
    assert re.search(r'value="north" selected', text)


@pytest.mark.parametrize(
    "query",
    [
        "?since=nonsense&until=2024-99-99",
        "?kind=x&kind=",
        "?hospital=%00%27",
        "?since=0001-01-01&until=9999-12-31",
        "?hospital=nobody",
    ],
)
def test_odd_filters_do_no_harm(signed_in: SignedIn, query: str) -> None:
    assert signed_in("doctor").get(PAGE + query).status_code == 200


def test_it_goes_on_where_it_stopped_with_its_filters(signed_in: SignedIn, fill: Fill, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(timeline, "ROWS", 3)
    fill(*(procedure(f"p{n}", f"2022-01-{n + 1:02d}") for n in range(7)))
    client, query, seen = signed_in("doctor"), "?kind=acts", []
    while query:
        text = client.get(PAGE + query).content.decode()
        seen += shown(client, query)
        more = re.search(r'rel="next" href="[^"?]*(\?[^"]+)"', text)
        query = more[1].replace("&amp;", "&") if more else ""
        assert not query or "kind=acts" in query
    assert seen == [f"Procedure/p{n}" for n in reversed(range(7))]
    assert client.get(PAGE + "?after=nonsense").status_code == 400


def test_the_laboratory_reports_of_a_morning_are_one_line(signed_in: SignedIn, fill: Fill) -> None:
    def report(id_: str, when: str, category: str = "LAB") -> dict[str, Any]:
        return {
            "resourceType": "DiagnosticReport",
            "id": id_,
            "status": "final",
            "category": [state("v2-0074", category)],
            "code": {"text": f"Bilan {id_}"},
            "subject": to(f"Patient/{CLAIRE}"),
            "effectiveDateTime": when,
        }

    fill(report("r1", "2022-03-01T07:00:00Z"), report("r2", "2022-03-01T07:10:00Z"), report("r3", "2022-03-02T07:00:00Z"))
    fill(report("scan", "2022-03-01T07:05:00Z", "RAD"))
    text = signed_in("doctor").get(PAGE + "?kind=reports").content.decode()
    assert text.count('class="larrey-event"') == 4  # the scan came between the two of the same day
    fill(report("scan", "2022-03-01T09:00:00Z", "RAD"))
    text = signed_in("nurse").get(PAGE + "?kind=reports").content.decode()
    assert text.count('class="larrey-event"') == 3
    for id_ in ["r1", "r2", "r3", "scan"]:
        assert text.count(f'/DiagnosticReport/{id_}"') == 1

"""What the pages say, and what they cost."""

from __future__ import annotations

import html
import json
from functools import partial
from typing import Any

import psycopg
import pytest

from larrey import store
from larrey.apps.chart.queries import facts, find
from larrey.apps.chart.tests.conftest import CLAIRE, HOSTILE, SignedIn, observation, patient
from larrey.store.caller import Caller

RECORD = f"/chart/{CLAIRE}"
PAGES = [
    "/?q=zo%C3%A9",
    "/chart/hostile",
    RECORD,
    f"{RECORD}/timeline",
    f"{RECORD}/stays",
    f"{RECORD}/stays/stay",
    f"{RECORD}/prescriptions",
    f"{RECORD}/kinds",
    f"{RECORD}/Observation",
    f"{RECORD}/Observation/k2",
    f"{RECORD}/Observation/k2/raw",
    f"{RECORD}/AllergyIntolerance/peanut",
    f"{RECORD}/Patient/{CLAIRE}",
]


@pytest.mark.usefixtures("record")
@pytest.mark.parametrize(
    "typed",
    ["goff", "GOF CLA", "cla 1984", "03/02/1984 le g", "1984 gof", "IPP0042", "2 84 02 29 001 001 56", "284022900100156"],
)
def test_a_patient_is_found_by_what_one_has(signed_in: SignedIn, typed: str) -> None:
    text = signed_in("doctor").get("/", {"q": typed}).content.decode()
    assert f'href="/chart/{CLAIRE}"' in text
    assert text.count("data-result") == 1
    assert "03/02/1984" in text
    assert "2 84 02 29 001 001 56" in text


@pytest.mark.usefixtures("record")
def test_states_of_the_search(signed_in: SignedIn) -> None:
    client = signed_in("doctor")
    assert "Qui cherchez-vous" in client.get("/").content.decode()
    assert "Continuez la saisie" in client.get("/?q=g").content.decode()
    assert "Aucun patient de vos unités trouvé" in client.get("/?q=zzz").content.decode()
    assert "Aucun patient trouvé" in client.get("/?q=zzz+01/01/1990").content.decode()
    assert client.get("/", {"q": "x" * 5000}).status_code == 200
    assert client.get("/", {"q": "a\x00b (|$,"}).status_code == 200
    assert client.get("/?q=goff&after=nonsense").status_code == 400


@pytest.mark.usefixtures("record")
def test_many_patients_come_in_pages(
    signed_in: SignedIn, connection: psycopg.Connection, caller: Caller, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(find, "RESULTS", 2)
    people = [patient(f"d{n}", "Durand", "Luc", "1980") for n in range(5)]
    store.retry(connection, lambda cursor: [store.update(cursor, caller, each) for each in people])
    client, address, seen = signed_in("doctor"), "/?q=durand", []
    while address:
        text = client.get(address).content.decode()
        seen += [part.split('"')[0] for part in text.split('href="/chart/')[1:]]
        address = text.split('rel="next"')[0].rpartition('href="')[2].partition('"')[0] if 'rel="next"' in text else ""
        address = address.replace("&amp;", "&")
    assert sorted(seen) == ["d0", "d1", "d2", "d3", "d4"]


@pytest.mark.usefixtures("record")
def test_htmx_gets_the_results_alone(signed_in: SignedIn) -> None:
    client = signed_in("doctor")
    part = client.get("/?q=goff", headers={"HX-Request": "true"}).content.decode()
    assert "data-result" in part
    assert "<html" not in part
    back = client.get("/?q=goff", headers={"HX-Request": "true", "HX-History-Restore-Request": "true"}).content.decode()
    assert "<html" in back


@pytest.mark.usefixtures("record")
def test_the_record_says_what_there_is_newest_first(signed_in: SignedIn) -> None:
    text = signed_in("doctor").get(f"{RECORD}/Observation").content.decode()
    assert "Résultats et mesures" in text
    assert text.index("01/06/2024 08:00") < text.index("01/05/2024 08:00")
    assert "5,2 mmol/L" in text
    banner = text[text.index("larrey-banner") : text.index("<main")]
    assert "LE GOFF Claire" in banner
    assert "Féminin" in banner
    assert "03/02/1984" in banner
    assert "Arachide" in banner
    assert "Lait" not in banner  # resolved


@pytest.mark.usefixtures("record")
def test_the_history_tells_who_when_and_what_changed(signed_in: SignedIn) -> None:
    client = signed_in("doctor")
    text = client.get(f"{RECORD}/Observation/k1").content.decode()
    history = text[text.index('id="history"') :]
    assert "Version 2" in history
    assert "Larrey (test)" in history
    assert "Valeur" in history
    assert "4,1 mmol/L</del>" in history
    assert "5,2 mmol/L</ins>" in history
    old = client.get(f"{RECORD}/Observation/k1/versions/1").content.decode()
    assert "4,1 mmol/L</span>" in old


def _update(cursor: psycopg.Cursor[Any], caller: Caller, resource: dict[str, Any]) -> None:
    store.update(cursor, caller, resource)


@pytest.mark.usefixtures("record")
def test_a_long_history_comes_in_pages(signed_in: SignedIn, connection: psycopg.Connection, caller: Caller) -> None:
    for n in range(12):
        corrected = observation("k1", "2024-05-01", value=6 + n)
        store.retry(connection, partial(_update, caller=caller, resource=corrected))
    client = signed_in("doctor")
    first = client.get(f"{RECORD}/Observation/k1").content.decode()
    assert first.count("/versions/") == facts.VERSIONS
    older = first.partition("?before=")[2].partition("#")[0]
    second = client.get(f"{RECORD}/Observation/k1?before={older}").content.decode()
    assert second.count("/versions/") == 4
    assert "4,1 mmol/L</del>" in second
    assert client.get(f"{RECORD}/Observation/k1?before=x").status_code == 400


@pytest.mark.usefixtures("record")
def test_what_was_deleted_keeps_its_history(signed_in: SignedIn, connection: psycopg.Connection, caller: Caller) -> None:
    store.retry(connection, lambda cursor: store.delete(cursor, caller, "Observation", "k2"))
    client = signed_in("doctor")
    text = client.get(f"{RECORD}/Observation/k2").content.decode()
    assert "Ceci a été supprimé" in text
    assert "Sodium" in text
    assert client.get(f"{RECORD}/Observation/k2/versions/2").status_code == 410
    assert client.get(f"{RECORD}/Observation/k2/raw").status_code == 410
    assert client.get(f"{RECORD}/Observation/k2/versions/1/raw").status_code == 200


@pytest.mark.usefixtures("record")
def test_raw_is_the_resource_as_kept(signed_in: SignedIn, connection: psycopg.Connection) -> None:
    text = signed_in("doctor").get(f"{RECORD}/Observation/k1/raw").content.decode()
    shown = json.loads(html.unescape(text.partition("<code>")[2].partition("</code>")[0]))
    row = connection.execute("select body from record.resource where type = 'Observation' and id = 'k1'").fetchone()
    assert row is not None
    assert shown == json.loads(row[0])


@pytest.mark.usefixtures("record")
@pytest.mark.parametrize("page", PAGES)
def test_hostile_content_stays_text(signed_in: SignedIn, page: str) -> None:
    response = signed_in("doctor").get(page)
    text = response.content.decode()
    assert response.status_code == 200
    assert HOSTILE.upper() not in text.upper()
    assert "<b>NARRATIVE" not in text  # the narrative is never rendered
    assert "style=" not in text
    assert " onclick" not in text
    policy = response.headers["Content-Security-Policy"]
    assert "default-src 'self'" in policy
    assert "unsafe" not in policy
    assert response.headers["Cache-Control"] == "no-store"


@pytest.mark.usefixtures("record")
def test_english_and_french_are_both_whole(signed_in: SignedIn) -> None:
    client = signed_in("doctor", language="en")
    text = client.get(f"{RECORD}/Observation/k1").content.decode()
    assert '<html lang="en">' in text
    assert "Results and measurements" in text
    assert "Changed" in text
    assert "1 May 2024 08:00" in text
    assert "5.2 mmol/L" in text
    assert client.post("/language", {"language": "fr", "next": RECORD}).headers["Location"] == RECORD
    assert '<html lang="fr">' in client.get(RECORD).content.decode()


@pytest.mark.usefixtures("record")
@pytest.mark.parametrize(
    ("page", "most"),
    [
        ("/", 7),
        ("/?q=goff", 4),
        (RECORD, 10),
        (f"{RECORD}/timeline", 10),
        (f"{RECORD}/stays", 8),
        (f"{RECORD}/stays/stay", 13),
        (f"{RECORD}/prescriptions", 9),
        (f"{RECORD}/kinds", 10),
        (f"{RECORD}/Observation", 10),
        (f"{RECORD}/Observation/k1", 13),
    ],
)
def test_a_page_sends_few_statements(signed_in: SignedIn, statements: list[str], page: str, most: int) -> None:
    client = signed_in("doctor")
    client.get(page)  # what is read once per process
    statements.clear()
    assert client.get(page).status_code == 200
    assert len(statements) <= most, "\n".join(statements)


@pytest.mark.usefixtures("record")
def test_a_large_record_costs_no_more_statements_and_no_more_rows(
    signed_in: SignedIn, connection: psycopg.Connection, caller: Caller, statements: list[str]
) -> None:
    many = [observation(f"m{n}", f"2023-{n % 12 + 1:02d}-{n % 28 + 1:02d}") for n in range(120)]
    store.retry(connection, lambda cursor: [store.update(cursor, caller, each) for each in many])
    client = signed_in("doctor")
    client.get(RECORD)
    statements.clear()
    address, pages, seen = f"{RECORD}/Observation", 0, []
    while address:
        before = len(statements)
        text = client.get(address).content.decode()
        assert len(statements) - before <= 9
        seen += [part.split('"')[0] for part in text.split(f'href="{RECORD}/Observation/')[1:]]
        address = text.partition('rel="next" hx-get="')[2].partition('"')[0].replace("&amp;", "&")
        pages += 1
    assert pages == 3
    assert len(seen) == len(set(seen)) == 122

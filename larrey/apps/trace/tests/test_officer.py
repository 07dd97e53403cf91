"""The security officer: what is unusual, what she decides, what she looks for."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import psycopg
import pytest
from django.test import Client

from larrey.access.models import Account
from larrey.access.trail import Action
from larrey.apps.trace.queries import cases
from larrey.apps.trace.tests.conftest import ANNE, GIVEN, PAUL, Put, SignedIn, patient, stay, words
from larrey.kit.clock import now

pytestmark = pytest.mark.usefixtures("ward")
WORK = "/trace"


def listed(client: Client, address: str = WORK) -> list[tuple[str, str]]:
    """(kind, patient or subject) of the cases on the page, in order."""
    text = client.get(address).content.decode()
    found = re.findall(
        r'name="kind" value="([a-z]+)"><input type="hidden" name="account" value="\d+">'
        r'<input type="hidden" name="patient" value="([^"]*)"><input type="hidden" name="subject" value="([^"]*)"',
        text,
    )
    return [(kind, patient_id or subject) for kind, patient_id, subject in found]


def practitioner(put: Put, username: str, **more: Any) -> None:
    put({"resourceType": "Practitioner", "id": username, **more})


def test_nothing_to_look_at(officer: Client) -> None:
    assert "Rien à vérifier" in words(officer.get(WORK))


def test_a_broken_glass_comes_first_with_what_was_said(officer: Client, signed_in: SignedIn, put: Put) -> None:
    stranger = signed_in("nurse", "surgery", username="petit", name="Maé Petit")
    stranger.post(f"/chart/{ANNE}/glass", GIVEN)
    stranger.get(f"/chart/{ANNE}")
    stranger.get(f"/chart/{ANNE}/stays")
    practitioner(put, "petit", name=[{"family": "Keller", "given": ["Maé"]}])
    assert listed(officer) == [("glass", ANNE), ("name", ANNE)]
    text = words(officer.get(WORK))
    for expected in ["Maé Petit", "Urgence vitale", GIVEN["text"], "2 pages lues", "KELLER Anne", "hospital · surgery"]:
        assert expected in text


def test_a_decision_is_kept_and_closes_the_case(officer: Client, signed_in: SignedIn, connection: psycopg.Connection) -> None:
    stranger = signed_in("nurse", "surgery", username="petit", name="Maé Petit")
    stranger.post(f"/chart/{ANNE}/glass", GIVEN)
    glass = connection.execute("select id, account_id from access_glass").fetchone()
    assert glass is not None
    case = {"kind": "glass", "account": glass[1], "patient": ANNE, "subject": glass[0]}
    bare = officer.post("/trace/decide", case)
    assert bare.status_code == 400
    assert "Choisissez une décision" in words(bare)
    assert officer.post("/trace/decide", case | {"verdict": "misuse", "text": " "}).status_code == 400
    assert listed(officer) == [("glass", ANNE)]
    assert officer.post("/trace/decide", case | {"verdict": "justified", "text": "Vu avec le cadre"}).status_code == 302
    assert listed(officer) == []
    decided = words(officer.get("/trace/decided"))
    for expected in ["Bris de glace", "Maé Petit", "KELLER Anne", "Justifié", "Vu avec le cadre", "Someone security-officer"]:
        assert expected in decided
    row = connection.execute("select role, what, why, patient_id from access_audit where action = 'decision'").fetchall()
    assert row == [("security-officer", f"glass account {glass[1]} {glass[0]}", "decision: justified", ANNE)]
    for statement in ["update trace_decision set verdict = 'misuse'", "delete from trace_decision", "truncate trace_decision"]:
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            connection.execute(statement.encode())


def test_a_decided_case_comes_back_when_it_is_done_again(
    officer: Client, staff: Callable[..., int], did: Callable[..., None], put: Put
) -> None:
    nurse = staff("nurse", "ward", username="keller")
    practitioner(put, "keller", name=[{"family": "KELLER"}])
    did(nurse, Action.OPEN, ANNE)
    assert listed(officer) == [("name", ANNE)]
    sent = {"kind": "name", "account": nurse, "patient": ANNE, "verdict": "justified", "text": "Homonyme"}
    officer.post("/trace/decide", sent)
    assert listed(officer) == []
    did(nurse, Action.OPEN, ANNE, f"Patient/{ANNE} results")
    assert listed(officer) == [("name", ANNE)]


def test_family_colleagues_and_neighbours(officer: Client, staff: Callable[..., int], did: Callable[..., None], put: Put) -> None:
    home = {"line": ["12 bis, rue des Tanneurs"], "postalCode": "76000", "city": "Rouen"}
    put(
        patient("hugo", "Faure", "Hugo", "1985-03-02", address=[home]),
        patient("same", "Faure", "Hugo", "1985-03-03"),
        patient("far", "Noël", "Luc", "1950-01-01", address=[home | {"postalCode": "75001"}]),
    )
    hugo, jane = staff("nurse", "ward", username="hugo"), staff("nurse", "ward", username="jane")
    practitioner(put, "hugo", name=[{"family": "FAURE", "given": ["Hugo"]}], birthDate="1985-03-02")
    practitioner(put, "jane", name=[{"family": "Lebrun"}], address=[home | {"line": ["3 Rue des  TANNEURS"]}])
    for who in (hugo, jane):
        for whose in ("hugo", "same", "far", ANNE):
            did(who, Action.OPEN, whose)
    found = listed(officer)
    assert sorted(found) == sorted(
        [("own", "hugo"), ("name", "hugo"), ("name", "same"), ("colleague", "hugo"), ("neighbour", "hugo")]
    )
    assert listed(officer, f"{WORK}?kind=neighbour") == [("neighbour", "hugo")]


def test_own_record_by_the_account(officer: Client, staff: Callable[..., int], did: Callable[..., None]) -> None:
    doctor = staff("doctor", "ward", username="anne-dr", patient=ANNE)
    other = staff("nurse", "ward", username="jane")
    did(doctor, Action.OPEN, ANNE)
    did(other, Action.PRINT, ANNE)
    assert sorted(listed(officer)) == [("colleague", ANNE), ("own", ANNE)]


def test_a_patient_who_reads_her_own_record_is_no_case(
    officer: Client, staff: Callable[..., int], did: Callable[..., None]
) -> None:
    did(staff("patient", "", username="anne", patient=ANNE), Action.OPEN, ANNE)
    assert listed(officer) == []


def test_discreet_patients(officer: Client, staff: Callable[..., int], did: Callable[..., None], put: Put) -> None:
    vip = {"system": "http://terminology.hl7.org/CodeSystem/v3-ActCode", "code": "CEL"}
    put(patient("star", "Garance", "Léa", "1980-01-01", meta={"security": [vip]}))
    did(staff("nurse", "ward", username="jane"), Action.EXPORT, "star")
    assert listed(officer) == [("discreet", "star")]
    assert "GARANCE Léa" in words(officer.get(WORK))


def test_a_volume_beyond_ones_own_and_refusals_in_series(
    officer: Client, staff: Callable[..., int], did: Callable[..., None], put: Put
) -> None:
    many = [f"m{n}" for n in range(cases.VOLUME_FLOOR)]
    put(*(patient(id_, "Durand", f"N{id_}", "1980-01-01") for id_ in many))
    busy, calm = staff("nurse", "ward", username="busy"), staff("nurse", "ward", username="calm")
    for day in range(1, cases.VOLUME_DAYS):
        at = now() - timedelta(days=day)
        for id_ in many[:15]:
            did(busy, Action.OPEN, id_, at=at)
        for id_ in many[:3]:
            did(calm, Action.OPEN, id_, at=at)
    for id_ in many:
        did(busy, Action.OPEN, id_)
        did(calm, Action.OPEN, id_)
    assert [kind for kind, _subject in listed(officer)] == ["volume"]
    assert f"{cases.VOLUME_FLOOR} dossiers" in words(officer.get(WORK))
    for n in range(cases.REFUSED_FLOOR):
        assert [kind for kind, _subject in listed(officer)] == ["volume"]
        did(busy, Action.REFUSED, f"unknown{n}", why="not-hers")
    assert sorted(kind for kind, _subject in listed(officer)) == ["refused", "volume"]


def test_the_list_comes_in_pages_and_costs_the_same(
    officer: Client,
    staff: Callable[..., int],
    did: Callable[..., None],
    put: Put,
    signed_in: SignedIn,
    monkeypatch: pytest.MonkeyPatch,
    statements: list[str],
) -> None:
    monkeypatch.setattr(cases, "CASES", 3)
    nurse = staff("nurse", "ward", username="keller")
    practitioner(put, "keller", name=[{"family": "Keller"}])
    put(*(patient(f"k{n}", "Keller", f"N{n}", "1980-01-01") for n in range(7)))
    for n in range(7):
        did(nurse, Action.OPEN, f"k{n}")
    stranger = signed_in("nurse", "surgery", username="petit")
    for whose in (ANNE, PAUL):
        stranger.post(f"/chart/{whose}/glass", GIVEN)
    officer.get(WORK)
    address, found, costs = WORK, [], set()
    while address:
        statements.clear()
        text = officer.get(address).content.decode()
        costs.add(len(statements))
        found += listed(officer, address)
        address = text.partition('rel="next" href="')[2].partition('"')[0].replace("&amp;", "&") if 'rel="next"' in text else ""
    assert [kind for kind, _whose in found] == ["glass"] * 2 + ["name"] * 7
    assert len(set(found)) == 9
    assert max(costs) <= 8
    for bad in ["x", "1~2~3", "0~99999999999999999999999~name~1~~", "0~1~name~99999999999999999999999~~"]:
        assert officer.get(WORK, {"after": bad}).status_code in {200, 400}


def test_odd_professionals_break_nothing(officer: Client, staff: Callable[..., int], connection: psycopg.Connection) -> None:
    staff("nurse", "ward", username="odd")
    body = b'{"resourceType":"Practitioner","id":"odd","name":[{"family":1},"x",{"given":"y"}],"birthDate":7,"address":{}}'
    connection.execute("update record.resource set body = %s where type = 'Practitioner' and id = 'odd'", (body,))
    assert officer.get(WORK).status_code == 200


def test_the_search_of_the_trace(
    officer: Client, signed_in: SignedIn, staff: Callable[..., int], did: Callable[..., None]
) -> None:
    nurse = staff("nurse", "ward", username="one", name="Zoé Un")
    did(nurse, Action.OPEN, ANNE, f"Patient/{ANNE} results")
    did(nurse, Action.PRINT, PAUL, f"Patient/{PAUL} stays")
    search = "/trace/search"

    def rows(query: str) -> str:
        text = officer.get(f"{search}?{query}").content.decode()
        return " ".join(re.sub(r"<[^>]+>", " ", text.partition("<tbody>")[2].partition("</tbody>")[0]).split())

    assert "Zoé Un" in rows("person=zoé")
    assert "KELLER Anne" in rows(f"patient=IPP-{ANNE}")
    assert "ROCHE" not in rows(f"patient=IPP-{ANNE}")
    assert "KELLER Anne" in rows(f"patient={ANNE}")
    assert rows("patient=nobody") == ""
    assert "ROCHE Paul" in rows("action=print")
    assert "KELLER" not in rows("action=print")
    assert "10.1.2.3" in rows("address=10.1.2.3")
    assert "10.1.2.3" in rows("address=10.1.0.0/16")
    assert "Zoé" not in rows("address=192.168.0.0/16")
    assert "Zoé" not in rows("until=2020-01-01")
    for bad in ["address=paris", "action=steal", "since=never", "patient=%00", "patient=a|b,c$", "person=%25"]:
        assert officer.get(f"{search}?{bad}").status_code == 200, bad
    assert officer.get(f"{search}?before=x").status_code == 400
    assert officer.get(f"{search}?before={2**59}").status_code == 200


def test_she_sees_no_clinical_content(officer: Client, put: Put) -> None:
    put(stay("s9", ANNE, "ward", reasonCode=[{"text": "SECRET"}]))
    for page in ["", "/timeline", "/kinds", "/Encounter/s9", "/Patient/anne", "/documents", "/results"]:
        response = officer.get(f"/chart/{ANNE}{page}")
        assert response.status_code == 403
        assert "SECRET" not in response.content.decode()
        assert "KELLER" not in response.content.decode().upper()
    assert officer.get("/").headers["Location"] == WORK


@pytest.mark.parametrize(
    "role", ["doctor", "nurse", "midwife", "pharmacist", "identity-officer", "administrator", "coder", "support-agent", "patient"]
)
def test_nobody_else(signed_in: SignedIn, role: str) -> None:
    client = signed_in(role, "ward" if role in {"doctor", "nurse", "midwife", "pharmacist", "coder"} else "")
    for page in [WORK, "/trace/search", "/trace/decided", "/trace/search?person=x"]:
        assert client.get(page).status_code == 403
    account = Account.objects.get(username=role).pk
    sent = {"kind": "name", "account": account, "patient": ANNE, "verdict": "justified", "text": "moi-même"}
    assert client.post("/trace/decide", sent).status_code == 403


@pytest.mark.parametrize(
    "sent",
    [
        {"kind": "nonsense", "account": "1"},
        {"kind": "name", "account": "99999999"},
        {"kind": "name", "account": "x"},
        {"kind": "glass", "account": "1", "patient": ANNE, "subject": "1"},
        {"kind": "glass", "account": "1", "patient": "../..", "subject": "1"},
    ],
)
def test_a_decision_on_no_case(officer: Client, sent: dict[str, str], connection: psycopg.Connection) -> None:
    response = officer.post("/trace/decide", {"verdict": "misuse", "text": "pour voir", **sent})
    assert response.status_code in {400, 404}
    assert connection.execute("select count(*) from trace_decision").fetchone() == (0,)


def test_english(signed_in: SignedIn) -> None:
    client = signed_in("security-officer", "", language="en")
    assert "Nothing to look at" in words(client.get(WORK))

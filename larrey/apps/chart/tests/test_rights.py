"""Who sees what: the doctor whose patient it is, colleagues of other trades, a stranger."""

from __future__ import annotations

import psycopg
import pytest
from django.test import Client
from psycopg import errors

from larrey.access import accounts
from larrey.apps.chart.tests.conftest import CLAIRE, SignedIn

PAGES = [
    f"/chart/{CLAIRE}",
    f"/chart/{CLAIRE}/timeline",
    f"/chart/{CLAIRE}/stays",
    f"/chart/{CLAIRE}/stays/stay",
    f"/chart/{CLAIRE}/prescriptions",
    f"/chart/{CLAIRE}/Observation",
    f"/chart/{CLAIRE}/Observation/k1",
    f"/chart/{CLAIRE}/Observation/k1/versions/1",
    f"/chart/{CLAIRE}/Observation/k1/raw",
    f"/chart/{CLAIRE}/Observation/k1/versions/1/raw",
]
IDENTITY = [f"/chart/{CLAIRE}", f"/chart/{CLAIRE}/kinds", f"/chart/{CLAIRE}/Patient", f"/chart/{CLAIRE}/Patient/{CLAIRE}/raw"]


@pytest.mark.usefixtures("record")
@pytest.mark.parametrize("role", ["doctor", "nurse", "midwife", "pharmacist"])
def test_those_who_care_read_the_whole_record(signed_in: SignedIn, role: str) -> None:
    client = signed_in(role)
    for page in PAGES:
        assert client.get(page).status_code == 200, page
    assert "Arachide" in client.get(PAGES[0]).content.decode()


@pytest.mark.usefixtures("record")
def test_the_identity_officer_reads_identities_and_nothing_else(signed_in: SignedIn) -> None:
    client = signed_in("identity-officer")
    assert "LE GOFF Claire" in client.get("/?q=goff").content.decode()
    for page in IDENTITY:
        response = client.get(page)
        text = response.content.decode()
        assert response.status_code == 200, page
        assert "Arachide" not in text
        assert "Observation" not in text
        assert "Dyspnée" not in text
        assert "Résultats" not in text
    for page in PAGES[1:]:
        response = client.get(page)
        assert response.status_code == 403, page
        assert "Agent d’identitovigilance" in response.content.decode()  # why, not only that


@pytest.mark.usefixtures("record")
def test_the_administrator_sees_no_patient_at_all(signed_in: SignedIn) -> None:
    client = signed_in("administrator")
    assert client.get("/").status_code == 200
    for page in [*PAGES, *IDENTITY, "/?q=goff", "/chart/nobody"]:
        response = client.get(page)
        assert response.status_code == 403, page
        assert "LE GOFF" not in response.content.decode().upper()
        assert "Administrateur" in response.content.decode()


@pytest.mark.usefixtures("record", "site")
def test_a_stranger_learns_nothing() -> None:
    client = Client()
    for page in [*PAGES, "/", "/?q=goff"]:
        response = client.get(page)
        assert response.status_code == 302, page
        assert response.headers["Location"].startswith("/account/sign-in?next=")
        assert response.content == b""
    there, absent = client.get(f"/chart/{CLAIRE}"), client.get("/chart/absent")
    assert {**there.headers, "Location": ""} == {**absent.headers, "Location": ""}


@pytest.mark.usefixtures("record", "site")
def test_a_part_of_a_page_sends_the_whole_page_to_sign_in() -> None:
    headers = {"HX-Request": "true", "HX-Current-URL": "http://testserver/chart/claire?after=1"}
    response = Client().get("/?q=goff", headers=headers)
    assert response.status_code == 401
    assert response.headers["HX-Redirect"] == "/account/sign-in?next=/chart/claire%3Fafter%3D1"


@pytest.mark.usefixtures("record")
def test_a_disabled_account_is_a_stranger_with_its_next_request(signed_in: SignedIn) -> None:
    client = signed_in("doctor")
    assert client.get(PAGES[0]).status_code == 200
    accounts.disable("my-doctor")
    assert client.get(PAGES[0]).status_code == 302


@pytest.mark.usefixtures("record")
def test_not_found_is_told_apart_from_no_access(signed_in: SignedIn) -> None:
    client = signed_in("doctor")
    for page in [
        "/chart/nobody",
        f"/chart/{CLAIRE}/stays/absent",
        f"/chart/{CLAIRE}/Observation/absent",
        f"/chart/{CLAIRE}/Observation/k1/versions/9",
        f"/chart/{CLAIRE}/Observation/k1/versions/0",
        f"/chart/{CLAIRE}/Nonsense",
        f"/chart/{CLAIRE}/Observation/a_b",
    ]:
        assert client.get(page).status_code == 404, page


@pytest.mark.usefixtures("record")
def test_one_patients_address_never_shows_anothers_resource(signed_in: SignedIn) -> None:
    client = signed_in("doctor")
    for page in [
        "stays/elsewhere",
        "Observation/other",
        "Observation/other/raw",
        "Observation/other/versions/1",
        "Patient/marie",
    ]:
        assert client.get(f"/chart/{CLAIRE}/{page}").status_code == 404, page


@pytest.mark.usefixtures("record")
def test_every_opening_is_traced(signed_in: SignedIn, connection: psycopg.Connection) -> None:
    client = signed_in("doctor")
    for page in [*PAGES, "/chart/nobody", f"/chart/{CLAIRE}/Observation/other", "/?q=goff"]:
        client.get(page)
    rows = connection.execute(
        "select u.username, a.role, a.patient_id, a.what, host(a.address), a.at from access_audit a"
        " join access_account u on u.id = a.account_id where a.action = 'open' order by a.id"
    ).fetchall()
    assert {row[:3] for row in rows} == {("my-doctor", "doctor", CLAIRE)}
    assert [row[3] for row in rows] == [
        "Patient/claire",
        "Patient/claire timeline",
        "Patient/claire stays",
        "Encounter/stay stay",
        "Patient/claire prescriptions",
        "Patient/claire Observation",
        "Observation/k1",
        "Observation/k1/_history/1",
        "Observation/k1 raw",
        "Observation/k1/_history/1 raw",
    ]
    assert all(row[4] == "127.0.0.1" and row[5].tzinfo is not None for row in rows)
    others = "select action, patient_id, what, why, cardinality(patients) from access_audit where action in ('refused', 'search')"
    assert connection.execute(f"{others} order by id".encode()).fetchall() == [
        ("refused", "nobody", "Patient/nobody", "not-hers", None),
        ("search", None, "Patient goff", "", 1),
    ]


@pytest.mark.usefixtures("record")
def test_the_trace_cannot_be_rewritten(signed_in: SignedIn, connection: psycopg.Connection) -> None:
    signed_in("doctor").get(PAGES[0])
    for statement in ["update access_audit set patient_id = 'x'", "delete from access_audit", "truncate access_audit"]:
        with pytest.raises(errors.InsufficientPrivilege):
            connection.execute(statement.encode())
    assert connection.execute("select count(*) from access_audit where action = 'open'").fetchone() == (1,)


@pytest.mark.usefixtures("record")
def test_nothing_is_shown_when_the_trace_cannot_be_written(signed_in: SignedIn, connection: psycopg.Connection) -> None:
    client = signed_in("doctor")
    client.raise_request_exception = False
    connection.execute("alter table access_audit add constraint never check (patient_id <> 'claire') not valid")
    response = client.get(PAGES[0])
    assert response.status_code == 500
    assert "GOFF" not in response.content.decode()

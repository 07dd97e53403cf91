"""Who opens what: the unit of the patient, another unit, a broken glass; and what the trace keeps of it."""

from __future__ import annotations

import html
import re
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any

import psycopg
import pytest
from django.conf import settings
from django.test import Client

from larrey.access import standing
from larrey.apps.chart.tests.conftest import CLAIRE, Fill, SignedIn, ago, patient, stay, to

pytestmark = pytest.mark.usefixtures("record")
CHART = f"/chart/{CLAIRE}"
GIVEN = {"reason": "emergency", "text": "Malaise au scanner, vue avec Dr Morvan"}


def words(response: Any) -> str:
    return " ".join(html.unescape(re.sub(r"<[^>]+>", " ", response.content.decode())).split())


def traced(connection: psycopg.Connection, columns: str = "action, patient_id, what, why") -> list[tuple[Any, ...]]:
    statement = (
        f"select {columns} from access_audit where door = 'page' and action not like 'sign%' and action <> 'grant' order by id"
    )
    return connection.execute(statement.encode()).fetchall()


@pytest.fixture
def elsewhere(signed_in: SignedIn) -> Client:
    """A nurse of another unit, for whom Claire is nobody."""
    return signed_in("nurse", unit="surgery")


def test_a_patient_of_another_unit_is_refused_and_the_page_says_why(elsewhere: Client, connection: psycopg.Connection) -> None:
    for page in ["", "/timeline", "/Observation/k1", "/documents"]:
        response = elsewhere.get(f"{CHART}{page}")
        text = words(response)
        assert response.status_code == 403
        assert "Ce patient n’est pas de vos unités" in text
        for hidden in ["GOFF", "Arachide", "1984", "Potassium"]:
            assert hidden not in text
    assert traced(connection) == [
        ("refused", CLAIRE, "Patient/claire", "not-hers"),
        ("refused", CLAIRE, "Patient/claire timeline", "not-hers"),
        ("refused", CLAIRE, "Observation/k1", "not-hers"),
        ("refused", CLAIRE, "Patient/claire documents", "not-hers"),
    ]


def test_the_trace_says_why_a_record_was_open(signed_in: SignedIn, fill: Fill, connection: psycopg.Connection) -> None:
    nurse = signed_in("nurse", unit="surgery")
    fill(stay("now", "surgery", ago(5)))
    nurse.get(CHART)
    signed_in("doctor").get(CHART)
    assert [row[3] for row in traced(connection)] == ["stay: Hôpital · surgery", "team"]


def test_a_transfer_opens_and_closes(signed_in: SignedIn, fill: Fill) -> None:
    surgery, intensive = signed_in("nurse", unit="surgery"), signed_in("nurse", unit="icu", username="other")
    fill(stay("now", "surgery", ago(50)))
    assert (surgery.get(CHART).status_code, intensive.get(CHART).status_code) == (200, 403)
    moves = [("surgery", ago(50), ago(1)), ("icu", ago(1), None)]
    location = [
        {"location": to(f"Location/{unit}"), "period": {"start": start} | ({"end": end} if end else {})}
        for unit, start, end in moves
    ]
    fill(stay("now", "icu", ago(50), location=location))
    assert (surgery.get(CHART).status_code, intensive.get(CHART).status_code) == (403, 200)


def test_the_glass_opens_one_record_for_a_time_and_says_so(elsewhere: Client, connection: psycopg.Connection) -> None:
    assert elsewhere.post(f"{CHART}/glass", GIVEN | {"next": f"{CHART}/timeline"}).headers["Location"] == f"{CHART}/timeline"
    for page in ["", "/timeline", "/stays", "/prescriptions", "/Observation/k1"]:
        response = elsewhere.get(f"{CHART}{page}")
        assert response.status_code == 200
        banner = words(response)
        assert "Accès en urgence" in banner
        assert "Urgence vitale" in banner
        assert GIVEN["text"] in banner
    assert elsewhere.get("/chart/marie").status_code == 403
    row = connection.execute("select patient_id, reason, text, until - at, ended from access_glass").fetchone()
    assert row is not None
    assert row[:3] == (CLAIRE, "emergency", GIVEN["text"])
    assert (row[3].total_seconds(), row[4]) == (4 * 3600, None)
    assert traced(connection)[:2] == [
        ("break-glass", CLAIRE, "Patient/claire", "glass: emergency"),
        ("open", CLAIRE, "Patient/claire", "glass"),
    ]


def test_the_glass_is_closed_by_hand_or_by_time(elsewhere: Client, connection: psycopg.Connection) -> None:
    elsewhere.post(f"{CHART}/glass", GIVEN)
    assert elsewhere.post(f"{CHART}/glass/end").status_code == 302
    assert elsewhere.get(CHART).status_code == 403
    assert connection.execute("select ended is not null from access_glass").fetchone() == (True,)
    elsewhere.post(f"{CHART}/glass", GIVEN)
    assert elsewhere.get(CHART).status_code == 200
    connection.execute("update record.care set high = now() - interval '1 second' where ground = 'G'")
    assert elsewhere.get(CHART).status_code == 403


def test_the_time_is_a_setting(elsewhere: Client, connection: psycopg.Connection, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(settings, "LARREY", replace(settings.LARREY, glass_minutes=30))
    assert "pendant 30 minutes" in words(elsewhere.get(CHART))
    elsewhere.post(f"{CHART}/glass", GIVEN)
    row = connection.execute("select until - at from access_glass").fetchone()
    assert row == (timedelta(minutes=30),)


def test_what_was_said_of_a_glass_is_never_changed(elsewhere: Client, connection: psycopg.Connection) -> None:
    elsewhere.post(f"{CHART}/glass", GIVEN)
    for statement in [
        "update access_glass set text = 'x'",
        "update access_glass set until = now()",
        "update access_glass set ended = now(), reason = 'other'",
        "delete from access_glass",
        "truncate access_glass cascade",
    ]:
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            connection.execute(statement.encode())


@pytest.mark.parametrize(
    "sent",
    [
        {},
        {"reason": "emergency", "text": "court"},
        {"reason": "curiosity", "text": GIVEN["text"]},
        {"reason": "other", "text": "          "},
        {"reason": "other", "text": "x" * 1001},
    ],
)
def test_no_glass_without_a_reason(elsewhere: Client, connection: psycopg.Connection, sent: dict[str, str]) -> None:
    response = elsewhere.post(f"{CHART}/glass", sent)
    assert response.status_code == 400
    assert "Le dossier n’est pas encore ouvert" in words(response)
    assert sent.get("text", "").strip()[:50] in words(response)
    assert elsewhere.get(CHART).status_code == 403
    assert connection.execute("select count(*) from access_glass").fetchone() == (0,)


def test_a_key_held_down_is_no_reason(elsewhere: Client) -> None:
    assert elsewhere.post(f"{CHART}/glass", {"reason": "other", "text": "aaaaaaaaaaaaaaaa"}).status_code == 400
    assert elsewhere.get(CHART).status_code == 403


def test_her_own_patient_needs_no_glass(signed_in: SignedIn, connection: psycopg.Connection) -> None:
    nurse = signed_in("nurse")
    response = nurse.post(f"{CHART}/glass", GIVEN, follow=True)
    assert "Vous avez déjà accès à ce patient" in words(response)
    assert connection.execute("select count(*) from access_glass").fetchone() == (0,)


def test_nobody_breaks_the_glass_of_nobody(elsewhere: Client) -> None:
    assert elsewhere.post("/chart/absent/glass", GIVEN).status_code == 404
    assert elsewhere.get("/chart/absent").status_code == 404


@pytest.mark.parametrize("role", ["medical-secretary", "coder", "admission-desk"])
def test_roles_without_glass(signed_in: SignedIn, connection: psycopg.Connection, role: str) -> None:
    client = signed_in(role, unit="far-surgery", hospital="far")
    refused = client.get(f"{CHART}/stays")
    assert 'name="reason"' not in refused.content.decode()
    assert client.post(f"{CHART}/glass", GIVEN).status_code == 403
    assert client.get(f"{CHART}/documents").status_code == 403
    assert connection.execute("select count(*) from access_glass").fetchone() == (0,)


def test_the_glass_needs_the_proof_of_the_form(staff: Callable[..., int], site: str) -> None:
    from larrey.access.models import Account  # noqa: PLC0415

    client = Client(enforce_csrf_checks=True)
    account = Account.objects.get(pk=staff("nurse", "surgery"))
    client.force_login(account, backend="allauth.account.auth_backends.AuthenticationBackend")
    assert client.post(f"{CHART}/glass", GIVEN).status_code == 403
    assert client.get(f"{CHART}/glass").status_code == 302
    assert client.get(CHART).status_code == 403


def test_the_glass_leads_nowhere_else(elsewhere: Client) -> None:
    for next_ in ["https://example.com/", "//example.com", "/chart/marie", f"{CHART}x", "javascript:alert(1)"]:
        assert elsewhere.post(f"{CHART}/glass", GIVEN | {"next": next_}).headers["Location"] == CHART
        elsewhere.post(f"{CHART}/glass/end")


def test_what_the_patient_keeps_for_herself_stays_closed(elsewhere: Client, fill: Fill) -> None:
    kept = {"system": "https://larrey.example/fhir/CodeSystem/confidentiality", "code": "PATIENT_ONLY"}
    hidden = {"system": "urn:oid:1.2.250.1.213.1.1.4.13", "code": "MASQUE_PS"}
    base = {"resourceType": "DocumentReference", "status": "current", "subject": to(f"Patient/{CLAIRE}")}
    content = [{"attachment": {"contentType": "text/plain", "data": "U2VjcmV0"}}]
    fill(
        base | {"id": "kept", "content": content, "meta": {"security": [kept]}},
        base | {"id": "masked", "content": content, "meta": {"security": [hidden]}},
    )
    elsewhere.post(f"{CHART}/glass", GIVEN)
    assert elsewhere.get(f"{CHART}/documents/masked").status_code == 200
    assert elsewhere.get(f"{CHART}/documents/kept").status_code == 404
    assert elsewhere.get(f"{CHART}/documents/kept/content/0").status_code == 404
    assert "kept" not in elsewhere.get(f"{CHART}/documents").content.decode()


def test_marks_show_on_every_page(signed_in: SignedIn, fill: Fill) -> None:
    vip = {"system": "http://terminology.hl7.org/CodeSystem/v3-ActCode", "code": "CEL"}
    opposed = {
        "resourceType": "Consent",
        "id": "no",
        "status": "active",
        "scope": {"coding": [{"system": "http://terminology.hl7.org/CodeSystem/consentscope", "code": "patient-privacy"}]},
        "category": [{"text": "Opposition"}],
        "patient": to("Patient/star"),
        "policyRule": {"text": "Opposition au partage"},
        "provision": {"type": "deny"},
    }
    fill(patient("star", "Garance", "Léa", "1980-01-01", meta={"security": [vip]}), opposed)
    doctor = signed_in("doctor", patient=CLAIRE)
    text = words(doctor.get("/chart/star/stays"))
    assert "Patient discret" in text
    assert "s’oppose au partage" in text
    assert "C’est votre propre dossier" in words(doctor.get(CHART))
    assert "larrey-marks" not in doctor.get("/chart/marie").content.decode()
    fill({"resourceType": "Practitioner", "id": "my-doctor", "name": [{"family": "MARTIN"}]})
    assert "Vous portez le nom de famille de ce patient" in words(doctor.get("/chart/marie"))


def test_a_printed_page_and_a_downloaded_file_are_traced(signed_in: SignedIn, fill: Fill, connection: psycopg.Connection) -> None:
    attachment = {"contentType": "text/plain", "data": "Qm9uam91cg=="}
    document = {"resourceType": "DocumentReference", "id": "a", "status": "current", "subject": to(f"Patient/{CLAIRE}")}
    fill(document | {"content": [{"attachment": attachment}]})
    client = signed_in("doctor")
    b"".join(client.get(f"{CHART}/documents/a/content/0?download"))
    assert client.post(f"{CHART}/printed", {"page": f"{CHART}/timeline?kind=acts", "beacon": "1"}).status_code == 204
    told = client.post(f"{CHART}/printed", {"page": f"{CHART}/documents/a"})
    assert told.headers["Location"] == f"{CHART}/documents/a"
    for wrong in ["/chart/marie", "https://example.com/", "/nowhere", "", "/account/password"]:
        assert client.post(f"{CHART}/printed", {"page": wrong}).status_code == 400
    assert [row[:3] for row in traced(connection)] == [
        ("export", CLAIRE, "DocumentReference/a content 0"),
        ("print", CLAIRE, "Patient/claire timeline"),
        ("print", CLAIRE, "DocumentReference/a document"),
    ]


def test_who_prints_what_is_not_hers_is_refused(elsewhere: Client, connection: psycopg.Connection) -> None:
    assert elsewhere.post(f"{CHART}/printed", {"page": CHART, "beacon": "1"}).status_code == 403
    assert traced(connection, "action") == [("refused",)]


def test_the_patients_of_her_units_are_there_before_anything_is_typed(signed_in: SignedIn, fill: Fill) -> None:
    nurse, other = signed_in("nurse", unit="surgery"), signed_in("nurse", unit="icu", username="other")
    assert "Patients présents" not in words(nurse.get("/"))
    fill(stay("now", "surgery", ago(5)), stay("out", "surgery", ago(50), ago(40)) | {"subject": to("Patient/marie")})
    text = words(nurse.get("/"))
    assert "Patients présents dans vos unités" in text
    assert "LE GOFF Claire" in text
    assert "MARTIN" not in text  # she has left
    assert "LE GOFF" not in words(other.get("/"))


class TestFind:
    """Patients of other units are found by who names them, and shown by their bare identity."""

    def test_hers_first_then_elsewhere(self, elsewhere: Client, fill: Fill) -> None:
        fill(patient("mine", "Le Goff", "Anne", "1984-02-03"), stay("s", "surgery", ago(5)) | {"subject": to("Patient/mine")})
        page = elsewhere.get("/", {"q": "goff 03/02/1984"}).content.decode()
        mine, _, others = page.partition("Ailleurs dans le groupe")
        assert "LE GOFF Anne" in mine
        assert "LE GOFF Claire" in others
        assert "LE GOFF Claire" not in mine
        assert "2 84 02" not in others  # neither numbers nor where she is known
        assert "IPP0042" not in others

    @pytest.mark.parametrize("typed", ["goff", "goff 1984", "le 03/02/1984", "go 03/02/1984", "claire 02/1984", "03/02/1984"])
    def test_what_names_nobody_in_particular_finds_nobody_elsewhere(self, elsewhere: Client, typed: str) -> None:
        text = words(elsewhere.get("/", {"q": typed}))
        assert "Claire" not in text.partition("main")[2]
        assert "LE GOFF" not in text
        assert "Aucun patient de vos unités" in text

    @pytest.mark.parametrize("typed", ["goff 03/02/1984", "claire 1984-02-03", "IPP0042", "2 84 02 29 001 001 56"])
    def test_what_names_one_person_finds_her(self, elsewhere: Client, typed: str, connection: psycopg.Connection) -> None:
        text = words(elsewhere.get("/", {"q": typed}))
        assert "LE GOFF Claire" in text
        rows = connection.execute("select what, cardinality(patients) from access_audit where action = 'search'").fetchall()
        assert rows == [(f"Patient {typed}", 1)]

    def test_the_refusal_names_only_who_was_found(self, elsewhere: Client, signed_in: SignedIn) -> None:
        page = elsewhere.get("/", {"q": "IPP0042"}).content.decode()
        link = html.unescape(page.partition('href="/chart/claire?')[2].partition('"')[0])
        refused = elsewhere.get(f"{CHART}?{link}")
        assert refused.status_code == 403
        assert "LE GOFF Claire" in words(refused)
        assert "03/02/1984" in words(refused)
        assert "Arachide" not in words(refused)
        assert "GOFF" not in words(elsewhere.get(CHART))
        assert "MARTIN" not in words(elsewhere.get(f"/chart/marie?{link}")).upper()
        other = signed_in("doctor", unit="icu", username="other")
        assert "GOFF" not in words(other.get(f"{CHART}?{link}"))  # the proof is hers alone

    def test_who_opened_her_before_is_told_who_it_was(self, signed_in: SignedIn, fill: Fill) -> None:
        nurse = signed_in("nurse", unit="surgery")
        fill(stay("now", "surgery", ago(5)))
        nurse.get(CHART)
        fill(stay("now", "surgery", ago(5), status="cancelled"))
        assert "LE GOFF Claire" in words(nurse.get(CHART))

    def test_a_discreet_patient_is_found_by_hers_alone(self, elsewhere: Client, signed_in: SignedIn, fill: Fill) -> None:
        vip = {"system": "http://terminology.hl7.org/CodeSystem/v3-ActCode", "code": "CEL"}
        fill(patient("star", "Garance", "Léa", "1980-01-01", meta={"security": [vip]}))
        assert "GARANCE" not in words(elsewhere.get("/", {"q": "garance 01/01/1980"}))
        assert "GARANCE" in words(signed_in("doctor").get("/", {"q": "garance"}))

    def test_who_looks_for_nobody(self, signed_in: SignedIn) -> None:
        client = signed_in("coder", unit="surgery", hospital="far")
        assert "LE GOFF" not in words(client.get("/", {"q": "goff 03/02/1984"}))

    def test_it_costs_a_fixed_number_of_statements(self, elsewhere: Client, statements: list[str]) -> None:
        elsewhere.get("/", {"q": "IPP0042"})
        statements.clear()
        elsewhere.get("/", {"q": "IPP0042"})
        assert len(statements) <= 5, "\n".join(statements)


def test_a_role_that_ended_closes_within_a_minute(
    signed_in: SignedIn, staff: Callable[..., int], connection: psycopg.Connection
) -> None:
    nurse = signed_in("nurse")
    assert nurse.get(CHART).status_code == 200
    staff("nurse", "team", username="my-nurse", period={"end": "2020-01-01"})
    standing.forget()
    assert nurse.get(CHART).status_code == 403

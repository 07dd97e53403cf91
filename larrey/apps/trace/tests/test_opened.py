"""Who opened this record: for the doctor of the patient and the security officer, for nobody else."""

from __future__ import annotations

from collections.abc import Callable

import psycopg
import pytest
from django.test import Client

from larrey import store
from larrey.access.trail import Action
from larrey.apps.trace.queries import entries
from larrey.apps.trace.tests.conftest import ANNE, GIVEN, PAUL, SignedIn, words
from larrey.store.caller import Caller

pytestmark = pytest.mark.usefixtures("ward")
PAGE = f"/trace/patients/{ANNE}"


def test_the_doctor_of_the_patient_sees_who_what_when_and_why(signed_in: SignedIn) -> None:
    nurse = signed_in("nurse", "ward", name="Inès Morvan")
    for page in ["", "/timeline", "/kinds"]:
        assert nurse.get(f"/chart/{ANNE}{page}").status_code == 200
    stranger = signed_in("nurse", "surgery", username="other", name="Maé Petit")
    stranger.get(f"/chart/{ANNE}")
    stranger.post(f"/chart/{ANNE}/glass", GIVEN)
    stranger.get(f"/chart/{ANNE}/documents")
    response = signed_in("doctor", "ward").get(PAGE)
    assert response.status_code == 200
    text = words(response)
    for expected in [
        "Inès Morvan Infirmier(ère) · hospital · ward",
        "Synthèse Séjour ou passage dans l’unité hospital · ward",
        "Chronologie",
        "Tout le dossier",
        "Maé Petit",
        "Refusé Synthèse Pas un patient de ses unités",
        "Bris de glace Bris de glace Urgence vitale",
        "Liste des documents Bris de glace",
    ]:
        assert expected in text
    assert "KELLER Anne" in response.content.decode()  # the banner of the record
    assert GIVEN["text"] not in text


@pytest.mark.parametrize(
    ("role", "unit", "status"),
    [
        ("doctor", "ward", 200),
        ("midwife", "ward", 200),
        ("nurse", "ward", 403),
        ("pharmacist", "ward", 403),
        ("medical-secretary", "ward", 403),
        ("doctor", "surgery", 403),
        ("identity-officer", "", 403),
        ("admission-desk", "ward", 403),
        ("administrator", "", 403),
        ("support-agent", "", 403),
        ("researcher", "", 403),
        ("security-officer", "", 200),
        ("patient", "", 404),
    ],
)
def test_who_may_know(signed_in: SignedIn, role: str, unit: str, status: int) -> None:
    client = signed_in(role, unit, patient=PAUL if role == "patient" else "")
    assert client.get(PAGE).status_code == status
    assert client.get("/trace/patients/absent").status_code in {404, 403}


def test_a_stranger_is_sent_to_sign_in(site: str) -> None:
    for page in [PAGE, "/trace", "/trace/search", "/trace/decided", "/trace/mine", "/trace/patients/absent"]:
        response = Client().get(page)
        assert (response.status_code, response.content) == (302, b"")


def test_a_broken_glass_does_not_make_a_referent(signed_in: SignedIn) -> None:
    doctor = signed_in("doctor", "surgery")
    doctor.post(f"/chart/{ANNE}/glass", GIVEN)
    chart = doctor.get(f"/chart/{ANNE}")
    assert chart.status_code == 200
    assert "/trace/patients" not in chart.content.decode()
    assert doctor.get(PAGE).status_code == 403


def test_the_record_links_to_it_for_its_doctors_only(signed_in: SignedIn) -> None:
    assert f'href="{PAGE}"' in signed_in("doctor", "ward").get(f"/chart/{ANNE}").content.decode()
    assert f'href="{PAGE}"' not in signed_in("nurse", "ward").get(f"/chart/{ANNE}").content.decode()


def test_filters_and_pages(
    signed_in: SignedIn, staff: Callable[..., int], did: Callable[..., None], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(entries, "ROWS", 3)
    one, two = staff("nurse", "ward", username="one", name="Zoé Un"), staff("nurse", "ward", username="two", name="100% Deux_")
    for n in range(4):
        did(one, Action.OPEN, ANNE, f"Observation/o{n}")
    did(two, Action.OPEN, ANNE, f"Patient/{ANNE} stays")
    did(one, Action.OPEN, PAUL, f"Patient/{PAUL} results")
    doctor = signed_in("doctor", "ward")
    address, lines = PAGE, 0
    for _page in range(9):
        text = doctor.get(address).content.decode()
        lines += text.count("<tr><td")
        if 'rel="next"' not in text:
            break
        address = text.partition('rel="next" href="')[2].partition('"')[0].replace("&amp;", "&")
    assert lines == 5  # these readings themselves are newer
    assert "Zoé Un" in words(doctor.get(f"{PAGE}?person=zoé"))
    only = words(doctor.get(f"{PAGE}?person=100%25+deux_"))
    assert "Séjours" in only
    assert "Zoé" not in only
    assert "Personne n’a ouvert" in words(doctor.get(f"{PAGE}?person=%25%25"))
    assert "Personne n’a ouvert" in words(doctor.get(f"{PAGE}?until=2020-01-01"))
    assert "Zoé Un" in words(doctor.get(f"{PAGE}?since=2020-01-01&person=zo%C3%A9"))
    for bad in ["since=tomorrow", "person=" + "x" * 500, "since=0000-00-00", "person=%00"]:
        assert doctor.get(f"{PAGE}?{bad}").status_code == 200
    assert doctor.get(f"{PAGE}?before=x").status_code == 400


def test_it_is_traced_and_refusals_too(signed_in: SignedIn, connection: psycopg.Connection) -> None:
    signed_in("doctor", "ward").get(PAGE)
    signed_in("nurse", "ward").get(PAGE)
    rows = connection.execute("select role, action, what, patient_id from access_audit where what like '%% trace'").fetchall()
    assert rows == [
        ("doctor", "open", f"Patient/{ANNE} trace", ANNE),
        ("nurse", "refused", f"Patient/{ANNE} trace", ANNE),
    ]


def test_the_number_of_statements_does_not_grow(
    signed_in: SignedIn, staff: Callable[..., int], did: Callable[..., None], statements: list[str]
) -> None:
    nurse, doctor = staff("nurse", "ward", username="one"), signed_in("doctor", "ward")
    doctor.get(PAGE)
    statements.clear()
    doctor.get(PAGE)
    few = len(statements)
    for n in range(60):
        did(nurse, Action.OPEN, ANNE, f"Observation/o{n}")
    statements.clear()
    assert "Infirmier" in words(doctor.get(PAGE))
    assert len(statements) == few <= 9, "\n".join(statements)


def test_the_trace_of_a_deleted_record_remains(
    signed_in: SignedIn, staff: Callable[..., int], did: Callable[..., None], connection: psycopg.Connection, caller: Caller
) -> None:
    did(staff("nurse", "ward", username="one", name="Zoé Un"), Action.OPEN, PAUL)
    store.retry(connection, lambda cursor: store.delete(cursor, caller, "Patient", PAUL))
    officer = signed_in("security-officer", "")
    assert "Zoé Un" in words(officer.get(f"/trace/patients/{PAUL}"))
    assert officer.get("/trace/patients/nobody").status_code == 404


def test_what_a_program_read_is_told(signed_in: SignedIn, connection: psycopg.Connection) -> None:
    from larrey.access import trail  # noqa: PLC0415
    from larrey.kit.ids import patient_uuid  # noqa: PLC0415

    with connection.cursor() as cursor:
        machine = Caller(actor="token:laboratoire", role="machine")
        shown = [patient_uuid(ANNE)]
        trail.trace(cursor, machine, Action.SEARCH, "Observation?code=1 search-type", patients=shown, door="fhir")
        trail.trace(cursor, machine, Action.SEARCH, "Patient x", patients=shown)
    text = words(signed_in("doctor", "ward").get(PAGE))
    assert text.count("laboratoire") == 1
    assert "Résultats et mesures par un autre logiciel" in text

"""Who opened my record: the patient's own list."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import psycopg
import pytest
from django.test import Client

from larrey.access.trail import Action
from larrey.apps.trace.queries import own
from larrey.apps.trace.tests.conftest import ANNE, GIVEN, PAUL, SignedIn, words
from larrey.kit.clock import now

pytestmark = pytest.mark.usefixtures("ward")
MINE = "/trace/mine"


@pytest.fixture
def anne(signed_in: SignedIn) -> Client:
    return signed_in("patient", "", username="anne", patient=ANNE)


def test_she_reads_who_opened_her_record_and_why(signed_in: SignedIn, anne: Client) -> None:
    assert "Personne n’a ouvert votre dossier" in words(anne.get(MINE))
    nurse = signed_in("nurse", "ward", name="Inès Morvan")
    nurse.get(f"/chart/{ANNE}")
    nurse.get(f"/chart/{ANNE}/stays")
    nurse.post(f"/chart/{ANNE}/printed", {"page": f"/chart/{ANNE}/stays", "beacon": "1"})
    signed_in("nurse", "surgery", username="other", name="Maé Petit").get(f"/chart/{ANNE}")
    text = words(anne.get(MINE))
    assert "Inès Morvan Infirmier(ère) · hospital · ward a consulté votre dossier, en a imprimé des pages" in text
    assert "Séjours" in text
    assert "Synthèse" in text
    assert "Séjour ou passage dans l’unité" in text
    assert "Maé Petit Infirmier(ère) · hospital · surgery a tenté d’ouvrir votre dossier ; l’accès a été refusé" in text
    assert text.count("Inès Morvan") == 1  # a line for a day


def test_a_broken_glass_is_told_plainly_until_she_has_read_it(signed_in: SignedIn, anne: Client) -> None:
    stranger = signed_in("nurse", "surgery", username="other", name="Maé Petit")
    stranger.post(f"/chart/{ANNE}/glass", GIVEN)
    stranger.get(f"/chart/{ANNE}")
    text = words(anne.get(MINE))
    assert "Ouvertures en urgence" in text
    assert "Maé Petit" in text
    assert "Nouveau" in text
    assert "Motif donné : Urgence vitale" in text
    assert "Urgence" in text.partition("Tous les accès")[2]
    action = anne.get(MINE).content.decode().partition('action="/trace/mine/')[2].partition('"')[0]
    assert anne.post(f"{MINE}/{action}").status_code == 302
    assert anne.post(f"{MINE}/{action}").status_code == 302
    after = words(anne.get(MINE))
    assert "Nouveau" not in after
    assert "Ouvertures en urgence" in after


def test_it_is_hers_alone(signed_in: SignedIn, anne: Client, connection: psycopg.Connection) -> None:
    signed_in("nurse", "surgery", username="other", name="Maé Petit").post(f"/chart/{ANNE}/glass", GIVEN)
    paul = signed_in("patient", "", username="paul", patient=PAUL)
    assert "Maé Petit" not in words(paul.get(MINE))
    row = connection.execute("select id from access_glass").fetchone()
    assert row is not None
    assert paul.post(f"{MINE}/{row[0]}/read").status_code == 404
    parent = signed_in("patient", "", username="parent", patient=ANNE, representative=True)
    assert parent.get(MINE).status_code == 403  # a minor's secrets would show in it
    nobody = signed_in("patient", "", username="nobody")
    assert nobody.get(MINE).status_code == 403
    for role in ["doctor", "nurse", "administrator", "security-officer"]:
        client = signed_in(role, "ward", username=f"x-{role}")
        assert client.get(MINE).status_code == 403
        assert client.post(f"{MINE}/{row[0]}/read").status_code == 403
    assert connection.execute("select count(*) from trace_notice").fetchone() == (0,)


def test_home_and_menu_lead_to_it(anne: Client) -> None:
    assert anne.get("/").headers["Location"] == MINE
    assert f'href="{MINE}"' in anne.get(MINE).content.decode()
    for page in ["/trace", "/trace/search", "/trace/decided"]:
        assert anne.get(page).status_code == 403


def test_her_own_readings_are_no_news(anne: Client, signed_in: SignedIn) -> None:
    anne.get(MINE)
    assert "Personne n’a ouvert votre dossier" in words(anne.get(MINE))


def test_another_patient_who_was_refused_is_not_named(anne: Client, signed_in: SignedIn) -> None:
    signed_in("patient", "", username="paul", patient=PAUL, name="Paul Roche").get(f"/chart/{ANNE}")
    assert "Roche" not in words(anne.get(MINE))


def test_days_come_in_pages(
    anne: Client, staff: Callable[..., int], did: Callable[..., None], monkeypatch: pytest.MonkeyPatch, statements: list[str]
) -> None:
    monkeypatch.setattr(own, "LINES", 2)
    nurse = staff("nurse", "ward", username="one", name="Zoé Un")
    for day in range(5, 0, -1):
        for page in ["stays", "results"]:
            did(nurse, Action.OPEN, ANNE, f"Patient/{ANNE} {page}", at=now() - timedelta(days=day))
    anne.get(MINE)
    statements.clear()
    text = anne.get(MINE).content.decode()
    assert len(statements) <= 6, "\n".join(statements)
    seen = text.count("Zoé Un")
    while 'rel="next"' in text:
        address = text.partition('rel="next" href="')[2].partition('"')[0]
        text = anne.get(address).content.decode()
        seen += text.count("Zoé Un")
    assert seen == 5
    assert anne.get(f"{MINE}?before=-1").status_code == 400


def test_english(signed_in: SignedIn) -> None:
    client = signed_in("patient", "", username="anne", patient=ANNE, language="en")
    assert "Nobody has opened your record." in words(client.get(MINE))

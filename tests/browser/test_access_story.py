"""Secrecy as people live it: the ward, the transfer, the broken glass, the security officer, the patient, the altered row."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import psycopg
import pytest
from playwright.sync_api import Browser, Page, expect

from larrey import store
from larrey.access import seals
from larrey.access.demo import ACCOUNTS, DemoAccount
from larrey.kit import json
from larrey.kit.clock import now
from larrey.store.caller import system
from tests.browser.conftest import Server
from tests.browser.people import CHEST, HELENE, LONG
from tests.browser.test_story import SCREEN, TABLETS, scrolls_sideways, sign_in, violations, visit

PATIENT = f"/chart/{HELENE}"


def account(username: str) -> DemoAccount:
    return next(each for each in ACCOUNTS if each.username == username)


NURSE, OFFICER, HERSELF, DOCTOR = (account(name) for name in ("infirmiere", "securite", "patient", "medecin"))
TEXT = "Arrêt cardiaque au scanner, appelée en renfort par le Dr Kervella"


@pytest.fixture
def record(server: Server) -> Iterator[psycopg.Connection[Any]]:
    with psycopg.connect(server.database, autocommit=True) as connection:
        yield connection


def transfer(connection: psycopg.Connection[Any], unit: str, place: str) -> None:
    """The stay in progress goes on in another unit, as the admission desk writes it."""

    def write(cursor: psycopg.Cursor[Any]) -> None:
        stay = json.loads(store.read(cursor, system("test"), "Encounter", "s3").body)
        here = (now() - timedelta(minutes=1)).isoformat(timespec="seconds")
        for move in stay["location"]:
            move["period"].setdefault("end", here)
            move["status"] = "completed"
        stay["location"].append({"location": {"reference": f"Location/{place}"}, "status": "active", "period": {"start": here}})
        stay["serviceProvider"] = {"reference": f"Organization/{unit}"}
        store.update(cursor, system("test"), stay)

    store.retry(connection, write)


def fine(page: Page) -> None:
    """Nothing for axe to find in either theme, nothing that scrolls sideways on a desk or a tablet."""
    assert not violations(page)
    page.emulate_media(color_scheme="dark")
    assert not violations(page, "color-contrast")
    page.emulate_media(color_scheme="light")
    for size in (*TABLETS, SCREEN):
        page.set_viewport_size(size)  # type: ignore[arg-type]  # a TypedDict of the same shape
        assert not scrolls_sideways(page), f"{page.url} at {size}"


def test_secrecy_from_the_ward_to_the_altered_row(browser: Browser, server: Server, record: psycopg.Connection[Any]) -> None:
    with visit(browser, server) as page:
        # The nurse finds her ward's patient without typing, and opens her.
        sign_in(page, NURSE)
        ward = page.get_by_role("table", name="Patients présents dans vos unités")
        expect(ward).to_contain_text("Cardiologie A")
        fine(page)
        ward.get_by_role("link", name="MARCHAND Hélène").click()
        expect(page.get_by_role("heading", level=1)).to_have_text("Synthèse")
        expect(page.locator(".larrey-broken")).to_have_count(0)

        # Hélène is moved to another unit: the next page says why it stays closed.
        transfer(record, CHEST, "pneumo")
        page.keyboard.press("2")
        expect(page.get_by_role("heading", level=1)).to_have_text("Ce patient n’est pas de vos unités")
        expect(page.locator("main")).to_contain_text("MARCHAND Hélène")  # she has opened her before
        for hidden in ["Pénicilline", "Furosémide", "Décompensation"]:
            expect(page.locator("body")).not_to_contain_text(hidden)
        fine(page)
        page.goto("/")
        expect(page.locator("main")).not_to_contain_text("MARCHAND")

        # Found again by who she is, with a lock; the glass, by the keyboard alone. Without a reason it holds.
        page.fill("#q", "marchand 14/03/1958")
        elsewhere = page.get_by_role("table", name="Ailleurs dans le groupe")
        expect(elsewhere).to_contain_text("fermé")
        fine(page)
        elsewhere.get_by_role("link", name="MARCHAND Hélène").focus()
        page.keyboard.press("Enter")
        open_ = page.get_by_role("button", name="Ouvrir en urgence")
        open_.focus()
        page.keyboard.press("Enter")
        expect(page.get_by_role("alert").first).to_contain_text("Le dossier n’est pas encore ouvert")
        fine(page)
        page.get_by_role("radio", name="Urgence vitale").focus()
        page.keyboard.press("Space")
        page.keyboard.press("Tab")
        page.keyboard.type(TEXT)
        page.keyboard.press("Tab")  # to "give up"
        page.keyboard.press("Tab")
        expect(open_).to_be_focused()
        page.keyboard.press("Enter")

        # The banner stays on every page of this record, and of this one alone.
        banner = page.locator(".larrey-broken")
        for address in [
            PATIENT,
            f"{PATIENT}/timeline",
            f"{PATIENT}/results",
            f"{PATIENT}/documents/letter",
            f"{PATIENT}/stays/s3",
        ]:
            page.goto(address)
            expect(banner).to_contain_text("Accès en urgence")
            expect(banner).to_contain_text("Urgence vitale")
            expect(banner).to_contain_text(TEXT)
        expect(page.locator(".larrey-banner")).to_contain_text("Pénicilline")
        fine(page)
        with page.expect_response("**/printed") as sent:
            page.get_by_role("button", name="Imprimer").click()
        assert sent.value.status == 204
        page.goto(f"/chart/{LONG}")
        expect(banner).to_have_count(0)

    with visit(browser, server) as page:
        # The security officer begins with the broken glass, says what she thinks of it, and it is done.
        sign_in(page, OFFICER)
        expect(page.get_by_role("heading", level=1)).to_have_text("Accès à vérifier")
        case = page.locator(".larrey-case").first
        for told in ["Bris de glace", NURSE.name, "Infirmier(ère)", "Cardiologie", "MARCHAND Hélène", "Urgence vitale", TEXT]:
            expect(case).to_contain_text(told)
        expect(page.locator("body")).not_to_contain_text("Pénicilline")
        fine(page)
        cases = page.locator(".larrey-case").count()
        case.get_by_role("combobox", name="Décision").select_option(label="Justifié")
        case.get_by_role("textbox", name="Pourquoi").fill("Appel confirmé par le cadre du scanner")
        case.get_by_role("button", name="Enregistrer la décision").click()
        expect(page.get_by_role("status")).to_contain_text("La décision est enregistrée")
        expect(page.locator(".larrey-case")).to_have_count(cases - 1)
        page.get_by_role("link", name="Décisions", exact=True).click()
        expect(page.locator("main")).to_contain_text("Appel confirmé par le cadre du scanner")
        fine(page)
        page.get_by_role("link", name="Recherche", exact=True).click()
        page.get_by_role("combobox", name="Action").select_option(label="Impression")
        page.get_by_role("button", name="Afficher").click()
        expect(page.locator("tbody tr")).to_have_count(1)
        expect(page.locator("tbody")).to_contain_text(NURSE.name)
        fine(page)
        page.locator("tbody").get_by_role("link", name="MARCHAND Hélène").click()
        expect(page.get_by_role("heading", level=1)).to_contain_text("Qui a ouvert le dossier de MARCHAND Hélène")
        fine(page)
        page.goto(PATIENT)
        expect(page.get_by_role("heading", level=1)).to_have_text("Vous n’avez pas accès à ceci")

    with visit(browser, server) as page:
        # The patient is told, in her own words, and marks it as read.
        sign_in(page, HERSELF)
        expect(page.get_by_role("heading", level=1)).to_have_text("Qui a ouvert mon dossier")
        notice = page.get_by_role("region", name="Ouvertures en urgence")
        for told in [NURSE.name, "Urgence vitale", "Nouveau"]:
            expect(notice).to_contain_text(told)
        expect(page.get_by_role("region", name="Tous les accès")).to_contain_text("a consulté votre dossier")
        fine(page)
        notice.get_by_role("button", name="J’ai lu").click()
        expect(notice).not_to_contain_text("Nouveau")

    # The trace is whole; then someone with the database's own rights changes a row by hand, and is found.
    seals.seal(record, wait=True)
    assert not list(seals.verify(record).problems)
    row = record.execute("select id from access_audit where action = 'break-glass' and patient_id = 'helene'").fetchone()
    assert row is not None
    with record.transaction():
        record.execute("set local session_replication_role = replica")  # no trigger, as its owner may
        record.execute("update access_audit set why = 'stay' where id = %s", row)
    problems = list(seals.verify(record).problems)
    assert problems[0].audit == row[0]
    assert str(row[0]) in problems[0].text


def test_the_doctor_of_the_patient_sees_who_opened_her(browser: Browser, server: Server) -> None:
    with visit(browser, server) as page:
        sign_in(page, DOCTOR)
        page.goto(f"/chart/{LONG}")
        page.get_by_role("link", name="Qui l’a ouvert").click()
        expect(page.get_by_role("heading", level=1)).to_have_text("Qui a ouvert ce dossier")
        expect(page.locator("tbody")).to_contain_text(DOCTOR.name)
        fine(page)
        page.get_by_role("textbox", name="Personne").fill("Kervella")
        page.get_by_role("button", name="Afficher").click()
        expect(page.locator("main")).to_contain_text("Personne n’a ouvert ce dossier pendant cette période")
        fine(page)


def test_the_glass_works_without_scripts_and_closes_by_hand(
    browser: Browser, server: Server, record: psycopg.Connection[Any]
) -> None:
    other = account("infirmiere2")
    with visit(browser, server, scripts=False) as page:
        sign_in(page, other)
        page.goto(f"/chart/{LONG}/stays")
        page.get_by_role("radio", name="Autre motif").check()
        page.get_by_role("textbox", name="En quelques mots").fill("Appel du service de nuit pour ce patient")
        page.get_by_role("button", name="Ouvrir en urgence").click()
        expect(page).to_have_url(f"{server.address}/chart/{LONG}/stays")
        expect(page.locator(".larrey-broken")).to_contain_text("Autre motif")
        page.get_by_role("button", name="Imprimer").click()
        expect(page.get_by_role("status")).to_contain_text("L’impression est tracée")
        page.get_by_role("button", name="Refermer maintenant").click()
        expect(page.get_by_role("status")).to_contain_text("refermé")
        page.goto(f"/chart/{LONG}")
        expect(page.get_by_role("heading", level=1)).to_have_text("Ce patient n’est pas de vos unités")
    rows = record.execute("select ended - at < %s from access_glass where patient_id = %s", (timedelta(hours=1), LONG)).fetchall()
    assert rows == [(True,)]

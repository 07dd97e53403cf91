"""Passkeys and the lock in a real browser, with Chromium's virtual authenticator; and what axe finds on these pages."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect

from larrey.access.demo import ACCOUNTS
from tests.browser.conftest import Server

AXE = (Path(__file__).parents[1] / "vendor/axe-core-4.14.1/axe.min.js").read_text(encoding="utf-8")
DOCTOR, NURSE = ACCOUNTS[:2]
AUTHENTICATOR = {
    "protocol": "ctap2",
    "transport": "internal",
    "hasResidentKey": True,
    "hasUserVerification": True,
    "isUserVerified": True,
    "automaticPresenceSimulation": True,
}


@pytest.fixture
def context(browser: Browser, server: Server) -> Iterator[BrowserContext]:
    """A visitor at ``localhost``: an address with a number has no passkeys."""
    opened = browser.new_context(
        base_url=server.address.replace("127.0.0.1", "localhost"),
        viewport={"width": 1366, "height": 768},
        reduced_motion="reduce",
        color_scheme="light",
    )
    opened.set_default_timeout(10_000)
    yield opened
    opened.close()


@pytest.fixture
def page(context: BrowserContext) -> Iterator[Page]:
    """Her first page. What the browser complains of fails the test, but for answers that are meant: 403, 423, 429."""
    opened = context.new_page()
    complaints: list[str] = []
    opened.on("pageerror", lambda error: complaints.append(str(error)))
    opened.on(
        "console",
        lambda said: (
            complaints.append(said.text)
            if said.type in {"error", "warning"} and not any(f"status of {code}" in said.text for code in (403, 423, 429))
            else None
        ),
    )
    yield opened
    assert not complaints, complaints


def authenticator(page: Page) -> tuple[Any, str]:
    """A virtual security key in the page's browser."""
    session = page.context.new_cdp_session(page)
    session.send("WebAuthn.enable")
    made = session.send("WebAuthn.addVirtualAuthenticator", {"options": AUTHENTICATOR})
    return session, made["authenticatorId"]


def sign_in(page: Page, username: str = DOCTOR.username, password: str = DOCTOR.password) -> None:
    page.goto("/account/sign-in")
    page.fill("#id_login", username)
    page.fill("#id_password", password)
    page.get_by_role("button", name="Se connecter", exact=True).click()
    expect(page.get_by_role("button", name="Verrouiller")).to_be_visible()


def accessible(page: Page) -> None:
    page.evaluate(AXE)
    found = page.evaluate("axe.run().then(r => r.violations.map(v => [v.id, v.nodes.map(n => n.html.slice(0, 200))]))")
    assert found == [], page.url


def test_a_passkey_is_added_signs_in_alone_unlocks_and_is_taken_away(page: Page) -> None:
    session, key = authenticator(page)
    sign_in(page)
    page.goto("/account/two-factor")
    accessible(page)
    page.get_by_role("link", name="Ajouter une clé d’accès").click()
    page.fill("#id_password", DOCTOR.password)
    page.get_by_role("button", name="Confirmer").click()
    page.fill("#id_name", "Clé du badge")
    accessible(page)
    page.get_by_role("button", name="Ajouter").click()
    expect(page.get_by_role("heading", name="Codes de secours")).to_be_visible()
    assert len(session.send("WebAuthn.getCredentials", {"authenticatorId": key})["credentials"]) == 1
    page.goto("/account/two-factor/passkeys")
    expect(page.get_by_text("Clé du badge")).to_be_visible()
    accessible(page)

    page.goto("/account/sign-out")
    page.get_by_role("main").get_by_role("button", name="Se déconnecter").click()
    page.goto("/account/sign-in?next=/account/sessions")
    accessible(page)
    page.get_by_role("button", name="Se connecter avec une clé d’accès").click()
    expect(page).to_have_url(re.compile(r"/account/sessions$"))
    expect(page.get_by_role("cell", name="Clé d’accès", exact=True)).to_be_visible()
    accessible(page)

    page.keyboard.press("Alt+l")
    expect(page.get_by_role("heading", name="Poste verrouillé")).to_be_visible()
    accessible(page)
    page.get_by_role("button", name="Déverrouiller avec une clé d’accès").click()
    expect(page.get_by_role("heading", name="Mes sessions")).to_be_visible()

    session.send("WebAuthn.setUserVerified", {"authenticatorId": key, "isUserVerified": False})
    page.get_by_role("button", name="Verrouiller").click()
    page.get_by_role("button", name="Déverrouiller avec une clé d’accès").click()
    expect(page.get_by_text("La clé d’accès n’a pas été acceptée")).to_be_visible()
    session.send("WebAuthn.setUserVerified", {"authenticatorId": key, "isUserVerified": True})
    page.get_by_role("button", name="Déverrouiller avec une clé d’accès").click()
    expect(page.get_by_role("heading", name="Mes sessions")).to_be_visible()

    page.goto("/account/sign-out")
    page.goto("/account/sign-out")
    page.get_by_role("main").get_by_role("button", name="Se déconnecter").click()
    page.goto("/account/sign-in")  # with the password, the passkey is the second step
    page.fill("#id_login", DOCTOR.username)
    page.fill("#id_password", DOCTOR.password)
    page.get_by_role("button", name="Se connecter", exact=True).click()
    expect(page.get_by_role("heading", name="Seconde étape")).to_be_visible()
    accessible(page)
    page.get_by_role("button", name="Utiliser une clé d’accès").click()
    expect(page.get_by_role("button", name="Verrouiller")).to_be_visible()

    page.goto("/account/two-factor/passkeys")
    page.get_by_role("link", name="Retirer").click()
    expect(
        page.get_by_role("heading", name="Confirmez que c’est bien vous").or_(
            page.get_by_role("heading", name="Retirer la clé d’accès")
        )
    ).to_be_visible()
    if page.get_by_role("heading", name="Confirmez que c’est bien vous").is_visible():
        page.fill("#id_password", DOCTOR.password)
        page.get_by_role("button", name="Confirmer").click()
    page.get_by_role("main").get_by_role("button", name="Retirer").click()
    expect(page.get_by_text("Vous n’avez pas encore de clé d’accès.")).to_be_visible()


def test_a_passkey_of_nobody_signs_nobody_in(page: Page) -> None:
    authenticator(page)
    page.goto("/account/sign-in")
    page.get_by_role("button", name="Se connecter avec une clé d’accès").click()
    expect(page.get_by_text("La clé d’accès n’a pas été acceptée")).to_be_visible()


def test_locking_blanks_every_tab_and_the_password_leads_back_to_the_same_page(page: Page) -> None:
    sign_in(page, NURSE.username, NURSE.password)
    other = page.context.new_page()
    other.goto("/account/two-factor")
    page.goto("/account/sessions")
    page.goto("/account/password")
    page.bring_to_front()
    page.keyboard.press("Alt+l")
    expect(page.get_by_role("heading", name="Poste verrouillé")).to_be_visible()
    expect(other.get_by_role("heading", name="Poste verrouillé")).to_be_visible()
    expect(page.get_by_text(NURSE.name)).to_be_visible()
    page.go_back()
    expect(page.get_by_role("heading", name="Poste verrouillé")).to_be_visible()
    assert not page.get_by_role("heading", name="Mes sessions").is_visible()
    page.go_forward()
    page.fill("#id_password", "faux")
    page.get_by_role("button", name="Déverrouiller").click()
    expect(page.get_by_text("Ce n’est pas le mot de passe de ce compte.")).to_be_visible()
    page.fill("#id_password", NURSE.password)
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="Changer de mot de passe")).to_be_visible()
    other.reload()
    expect(other.get_by_role("heading", name="Clés d’accès et second facteur")).to_be_visible()


def test_a_page_that_nobody_looks_at_locks_itself(page: Page) -> None:
    page.clock.install()
    sign_in(page, NURSE.username, NURSE.password)
    page.goto("/account/sessions")
    page.clock.fast_forward("20:00")
    page.keyboard.press("Shift")
    page.clock.fast_forward("20:00")
    expect(page.get_by_role("heading", name="Mes sessions")).to_be_visible()
    with page.expect_response("**/account/present") as told:
        page.keyboard.press("Shift")  # she reads: the server hears of it now and then
        page.clock.fast_forward("06:00")
        page.clock.run_for(16_000)
    assert told.value.status == 204
    page.clock.fast_forward("31:00")
    expect(page.get_by_role("heading", name="Poste verrouillé")).to_be_visible()


def test_pro_sante_connect_of_the_demo_from_the_button_to_signing_out(page: Page) -> None:
    page.goto("/account/sign-in")
    page.get_by_role("link", name="Pro Santé Connect (simulateur)").click()
    expect(page.get_by_role("heading", name="Pro Santé Connect (simulateur)")).to_be_visible()
    accessible(page)
    page.get_by_role("button", name="Ulysse Quidam").click()
    expect(page.get_by_role("heading", name="Pas d’accès avec cette carte")).to_be_visible()
    accessible(page)
    page.get_by_role("link", name="Se déconnecter de Pro Santé Connect").click()
    expect(page.get_by_role("heading", name="Se connecter")).to_be_visible()

"""The doctor's story, from sign-in to the raw resource, with the keyboard; and what a screen reader would stumble on."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg
import pytest
from playwright.sync_api import Browser, Page, expect

from larrey.access.demo import ACCOUNTS
from tests.browser.conftest import Server
from tests.browser.people import EMPTY, HELENE, LONG

AXE = (Path(__file__).parents[1] / "vendor/axe-core-4.14.1/axe.min.js").read_text(encoding="utf-8")
SCREEN = {"width": 1366, "height": 768}
TABLET = {"width": 820, "height": 1180}
DOCTOR, NURSE, OFFICER, ADMINISTRATOR = ACCOUNTS
PATIENT = f"/chart/{HELENE}"


@contextmanager
def visit(
    browser: Browser,
    server: Server,
    language: str = "fr",
    theme: str = "light",
    *,
    scripts: bool = True,
    size: dict[str, int] = SCREEN,
) -> Iterator[Page]:
    """A new visitor's page. Anything the browser complains of (a script, the content policy) fails the test."""
    context = browser.new_context(
        base_url=server.address,
        viewport=SCREEN,  # type: ignore[arg-type]  # a TypedDict of the same shape
        color_scheme="light",
        reduced_motion="reduce",  # a colour on its way to another is not to be judged
        java_script_enabled=scripts,
    )
    context.set_default_timeout(10_000)
    if language != "fr":
        context.add_cookies([{"name": "larrey_language", "value": language, "url": server.address}])
    page = context.new_page()
    complaints: list[str] = []
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.on("dialog", lambda dialog: complaints.append(dialog.message))  # an alert of a script that got in
    page.on(
        "console",
        lambda message: (
            complaints.append(message.text) if message.type in {"error", "warning"} and "40" not in message.text else None
        ),
    )
    yield page
    context.close()
    assert not complaints


def sign_in(page: Page, account: object = DOCTOR) -> None:
    page.goto("/")
    page.fill("#id_login", account.username)  # type: ignore[attr-defined]
    page.fill("#id_password", account.password)  # type: ignore[attr-defined]
    page.keyboard.press("Enter")
    page.wait_for_url(lambda url: "sign-in" not in url)


def test_the_doctors_story(browser: Browser, server: Server) -> None:
    with visit(browser, server) as page:
        page.goto(PATIENT)  # a stranger is sent to sign in, and then to where she was going
        expect(page.get_by_role("heading", level=1)).to_have_text("Se connecter")
        expect(page.locator(".larrey-demo")).to_contain_text(DOCTOR.password)
        sign_in(page)

        # Find: the cursor is in the field; three letters and a year; the arrow and Enter open.
        expect(page.locator("#q")).to_be_focused()
        page.keyboard.type("hel 1958", delay=20)
        found = page.locator("a[data-result]")
        expect(found).to_have_count(1)
        expect(found).to_have_text("MARCHAND Hélène")
        expect(page.locator("#results")).to_contain_text("née DUBOIS")
        page.keyboard.press("ArrowDown")
        expect(found).to_be_focused()
        page.keyboard.press("Enter")

        # The record: the banner, the kinds with their counts, one kind at a time.
        banner = page.locator(".larrey-banner")
        for text in ["MARCHAND Hélène", "née DUBOIS", "Féminin", "14/03/1958", "Pénicilline", "IPP"]:
            expect(banner).to_contain_text(text)
        expect(page.get_by_role("heading", level=1)).to_have_text("Problèmes et diagnostics")
        kind = page.get_by_role("link", name="Résultats et mesures 72")
        kind.focus()
        page.keyboard.press("Enter")
        expect(page.get_by_role("heading", level=1)).to_have_text("Résultats et mesures")
        expect(kind).to_be_focused()
        expect(page).to_have_url(f"{server.address}{PATIENT}/Observation")
        rows = page.locator("#rows a:not(.btn)")
        expect(rows).to_have_count(50)
        page.get_by_role("link", name="Voir plus ancien").click()
        expect(rows).to_have_count(72)
        expect(page.locator("#more")).to_have_count(0)
        page.evaluate("window.scrollTo(0, document.body.scrollHeight)")
        expect(banner).to_be_in_viewport()  # it stays

        # One result: in words, its history with what changed, the version before, the raw resource.
        row = page.locator("#rows tr", has_text="12/03/2026 07:10")
        expect(row).to_contain_text("5,6 mmol/L")
        expect(row).to_contain_text("Élevé")
        row.get_by_role("link").focus()
        page.keyboard.press("Enter")
        expect(page.get_by_role("heading", level=1)).to_have_text("Potassium")
        history = page.locator("#steps")
        expect(history.locator("del").first).to_contain_text("4,6 mmol/L")
        expect(history.locator("ins").first).to_contain_text("5,6 mmol/L")
        expect(history).to_contain_text("Larrey (test)")
        page.get_by_role("link", name="Version 1").click()
        expect(page.get_by_role("status")).to_contain_text("Version 1")
        page.get_by_role("link", name="Ressource brute").click()
        expect(page.locator("pre")).to_contain_text('"resourceType": "Observation"')
        expect(page.locator("pre")).to_contain_text('"value": 4.6')
        page.go_back()
        expect(page.get_by_role("heading", name="Historique")).to_be_visible()
        expect(page.get_by_role("link", name="Hospitalisation")).to_be_visible()  # a reference, named and linked

        # English, and out.
        page.get_by_role("button", name="English").click()
        expect(page.locator("html")).to_have_attribute("lang", "en")
        expect(page.get_by_role("heading", name="History")).to_be_visible()
        page.locator(".larrey-menu summary").click()
        page.get_by_role("button", name="Sign out").click()
        expect(page.get_by_role("heading", level=1)).to_have_text("Sign in")
        page.goto(PATIENT)
        expect(page.get_by_role("heading", level=1)).to_have_text("Sign in")
    with psycopg.connect(server.database) as connection:
        traced = connection.execute("select what from access_audit where patient = 'helene' order by id").fetchall()
    assert ("Observation/r12-0/_history/1 raw",) in traced


def test_everything_works_without_scripts(browser: Browser, server: Server) -> None:
    with visit(browser, server, scripts=False) as page:
        sign_in(page)
        page.fill("#q", "hel 1958")
        page.keyboard.press("Enter")
        page.locator("a[data-result]").click()
        page.get_by_role("link", name="Résultats et mesures 72").click()
        page.get_by_role("link", name="Voir plus ancien").click()
        expect(page.locator("#rows a")).to_have_count(22)


def test_typing_fast_shows_the_answer_to_the_last_letters(browser: Browser, server: Server) -> None:
    with visit(browser, server) as page:
        sign_in(page)
        page.keyboard.type("mar")
        expect(page.locator("a[data-result]")).to_have_count(20)
        expect(page.get_by_role("link", name="Patients suivants")).to_be_visible()
        page.keyboard.type("tin jeanb 1971", delay=15)
        expect(page.locator("a[data-result]")).to_have_count(1)
        expect(page).to_have_url(f"{server.address}/?q=martin%20jeanb%201971")
        page.keyboard.press("Enter")  # one result: Enter opens it
        expect(page.locator(".larrey-name")).to_have_text("MARTIN Jeanb")
        page.keyboard.press("/")
        expect(page.locator("#q")).to_be_focused()


def test_an_expired_session_leads_to_sign_in_even_while_typing(browser: Browser, server: Server) -> None:
    with visit(browser, server) as page:
        sign_in(page)
        page.context.clear_cookies()
        page.keyboard.type("dubois")
        page.wait_for_url(lambda url: "/account/sign-in?next=/" in url)


PAGES = [
    "/",
    "/?q=mar",
    "/?q=zzz",
    PATIENT,
    f"{PATIENT}/Observation",
    f"{PATIENT}/Observation/r12-0",
    f"{PATIENT}/Observation/r12-0/versions/1",
    f"{PATIENT}/Observation/r12-0/raw",
    f"{PATIENT}/Goal",
    f"/chart/{LONG}",
    f"/chart/{EMPTY}/Patient/{EMPTY}",
    "/chart/nobody",
    "/account/password",
    "/account/two-factor",
    "/account/two-factor/on",
]


@pytest.mark.parametrize("language", ["fr", "en"])
def test_every_page_is_accessible_and_fits(browser: Browser, server: Server, language: str) -> None:
    found: dict[str, list[str]] = {}
    with visit(browser, server, language) as page:
        page.goto("/account/sign-in")
        look(page, language, found)
        sign_in(page)
        for address in PAGES:
            page.goto(address)
            look(page, language, found)
        page.fill("#id_password", DOCTOR.password)  # the last of PAGES asks again who it is, then shows the key
        page.keyboard.press("Enter")
        page.wait_for_url("**/account/two-factor/on")
        look(page, language, found)
    assert not {address: problems for address, problems in found.items() if problems}


def look(page: Page, language: str, found: dict[str, list[str]]) -> None:
    """Note what is wrong with the page in both themes, on a desk and on a tablet."""
    problems = found[page.url] = violations(page)
    page.emulate_media(color_scheme="dark")
    problems += [f"dark {line}" for line in violations(page, "color-contrast")]
    if page.locator("html").get_attribute("lang") != language or page.locator("html").get_attribute("data-bs-theme") != "dark":
        problems.append("wrong language or theme")
    for size in (TABLET, SCREEN):
        page.set_viewport_size(size)  # type: ignore[arg-type]  # a TypedDict of the same shape
        if page.evaluate("document.documentElement.scrollWidth > window.innerWidth"):
            problems.append(f"scrolls sideways at {size['width']}")
    page.emulate_media(color_scheme="light")


def test_other_roles_are_told_why(browser: Browser, server: Server) -> None:
    with visit(browser, server) as page:
        sign_in(page, OFFICER)
        page.goto(f"{PATIENT}/Observation")
        expect(page.get_by_role("heading", level=1)).to_have_text("Vous n’avez pas accès à ceci")
        expect(page.locator("main")).to_contain_text("Agent d’identitovigilance")
        assert not violations(page)
    with visit(browser, server) as page:
        sign_in(page, ADMINISTRATOR)
        expect(page.get_by_role("heading", level=1)).to_have_text("Votre rôle n’ouvre aucun dossier de patient")
        assert not violations(page)


def violations(page: Page, *rules: str) -> list[str]:
    """What axe finds, in a line each; all its rules, or those named."""
    if not page.evaluate("'axe' in window"):
        page.evaluate(AXE)
    found = page.evaluate("rules => axe.run(rules.length ? {runOnly: rules} : {})", rules)["violations"]
    return [f"{rule['id']}: {node['html'][:200]}" for rule in found for node in rule["nodes"]]

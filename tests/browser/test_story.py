"""The doctor's story, from sign-in to the raw resource, with the keyboard; and what a screen reader would stumble on."""

from __future__ import annotations

import time
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
TABLETS = [{"width": 1024, "height": 768}, {"width": 768, "height": 1024}]
DOCTOR, NURSE = ACCOUNTS[:2]
OFFICER, ADMINISTRATOR = (next(each for each in ACCOUNTS if each.username == name) for name in ("identite", "admin"))
PATIENT = f"/chart/{HELENE}"
MEASURED = 112
"""Measurements of the patient of the story."""


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

        # The record: the banner, the summary; the whole record kind by kind, with counts.
        banner = page.locator(".larrey-banner")
        for text in ["MARCHAND Hélène", "née DUBOIS", "Féminin", "14/03/1958", "Pénicilline", "800000001", "Risque de chute"]:
            expect(banner).to_contain_text(text)
        expect(banner).to_contain_text("Saint-Julien · Cardiologie A · Chambre 12 · Lit porte")
        expect(page.get_by_role("heading", level=1)).to_have_text("Synthèse")
        expect(page.locator("section[aria-labelledby=vitals]")).to_contain_text("il y a 2 h")
        page.keyboard.press("7")
        expect(page.get_by_role("heading", level=1)).to_have_text("Alertes")
        kind = page.get_by_role("link", name=f"Résultats et mesures {MEASURED}")
        kind.focus()
        page.keyboard.press("Enter")
        expect(page.get_by_role("heading", level=1)).to_have_text("Résultats et mesures")
        expect(kind).to_be_focused()
        expect(page).to_have_url(f"{server.address}{PATIENT}/Observation")
        rows = page.locator("#rows a:not(.btn)")
        expect(rows).to_have_count(50)
        while page.get_by_role("link", name="Voir plus ancien").count():
            before = rows.count()
            page.get_by_role("link", name="Voir plus ancien").click()
            expect(rows).not_to_have_count(before)
        expect(rows).to_have_count(MEASURED)
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
        page.locator(".larrey-bar .larrey-menu summary").click()
        page.get_by_role("button", name="Sign out").click()
        expect(page.get_by_role("heading", level=1)).to_have_text("Sign in")
        page.goto(PATIENT)
        expect(page.get_by_role("heading", level=1)).to_have_text("Sign in")
    with psycopg.connect(server.database) as connection:
        traced = connection.execute("select what from access_audit where patient_id = 'helene' order by id").fetchall()
    assert ("Observation/r12-0/_history/1 raw",) in traced


def test_the_mornings_story_by_the_keyboard_alone(browser: Browser, server: Server) -> None:
    """Find, read the potassium of the last stay, the letter of another hospital, and who changed the allergy."""
    with visit(browser, server) as page:
        sign_in(page)
        page.keyboard.type("mar 14/03/1958", delay=15)
        page.keyboard.press("Enter")  # before the answer is there: it opens when it comes
        expect(page.get_by_role("heading", level=1)).to_have_text("Synthèse")

        # The potassium curve: the section by its digit, the analyte by its symbol.
        page.keyboard.press("3")
        expect(page.get_by_role("heading", level=1)).to_have_text("Résultats")
        walk_to(page, "Potassium")
        page.keyboard.press("Enter")
        page.wait_for_url("**/results/2823-3**")
        expect(page.get_by_role("heading", level=1)).to_contain_text("Potassium")
        expect(page.locator("main")).to_contain_text("4,6")
        expect(page.locator("main canvas").first).to_be_visible()

        # The letter that the other hospital wrote.
        page.keyboard.press("4")
        expect(page.get_by_role("heading", level=1)).to_have_text("Documents")
        walk_to(page, "Lettre")
        page.keyboard.press("Enter")
        page.wait_for_url("**/documents/letter")
        expect(page.locator("main")).to_contain_text("elle marche sans aide et pèse 73 kg")
        expect(page.locator("main")).to_contain_text("Bois-Clair")
        expect(page.locator(".larrey-banner")).to_contain_text("MARCHAND Hélène")

        # Who changed the allergy.
        page.keyboard.press("1")
        expect(page.get_by_role("heading", level=1)).to_have_text("Synthèse")
        walk_to(page, "Pénicilline")
        page.keyboard.press("Enter")
        page.wait_for_url("**/AllergyIntolerance/a1")
        history = page.locator("#steps li").first
        expect(history).to_contain_text("Dr KERVELLA Solène")
        expect(history.locator("del")).to_contain_text("Non confirmé")
        expect(history.locator("ins")).to_contain_text("Confirmé")
        expect(page.locator("#steps")).to_contain_text("LE BRAS Maëlle")
        page.keyboard.press("u")
        page.wait_for_url(f"**{PATIENT}/AllergyIntolerance")


def walk_to(page: Page, text: str) -> None:
    """Walk down the list with j until the focus is on a link with this text."""
    for _step in range(60):
        page.keyboard.press("j")
        if text in page.evaluate("document.activeElement.matches('a') ? document.activeElement.innerText : ''"):
            return
    raise AssertionError(f"{text} is not reached")


def test_shortcuts_show_themselves_and_keep_quiet_while_one_types(browser: Browser, server: Server) -> None:
    with visit(browser, server) as page:
        sign_in(page)
        page.goto(PATIENT)
        link = page.locator("#problems + a")
        link.focus()
        page.keyboard.press("?")
        dialog = page.get_by_role("dialog")
        expect(dialog).to_be_visible()
        expect(dialog.get_by_role("button")).to_be_focused()
        page.keyboard.press("2")  # nothing happens behind
        page.keyboard.press("Escape")
        expect(dialog).not_to_be_visible()
        expect(link).to_be_focused()
        page.keyboard.press("/")
        page.keyboard.type("j2?u7")
        expect(page.locator("#q")).to_have_value("j2?u7")
        expect(dialog).not_to_be_visible()
        expect(page).to_have_url(f"{server.address}{PATIENT}")
        page.locator(".larrey-bar .larrey-menu summary").click()
        page.get_by_role("link", name="Raccourcis clavier").click()
        expect(dialog).to_be_visible()
        assert not violations(page)


def test_filters_of_the_timeline_answer_at_once_and_stay_in_the_address(browser: Browser, server: Server) -> None:
    with visit(browser, server) as page:
        sign_in(page)
        page.goto(f"{PATIENT}/timeline")
        events = page.locator(".larrey-event")
        expect(events.first).to_contain_text("Décompensation cardiaque")
        page.get_by_role("combobox", name="Hôpital").select_option(label="Hôpital du Bois-Clair")
        expect(events).to_have_count(2)
        page.get_by_role("checkbox", name="Documents").check()
        expect(events).to_have_count(1)
        expect(events).to_contain_text("Lettre")
        assert "hospital=bois-clair" in page.url
        assert "kind=documents" in page.url
        page.reload()
        expect(events).to_have_count(1)
        expect(page.get_by_role("checkbox", name="Documents")).to_be_checked()


def test_everything_works_without_scripts(browser: Browser, server: Server) -> None:
    with visit(browser, server, scripts=False) as page:
        sign_in(page)
        page.fill("#q", "hel 1958")
        page.keyboard.press("Enter")
        page.locator("a[data-result]").click()
        page.get_by_role("link", name="Chronologie").click()
        page.get_by_role("checkbox", name="Documents").check()
        page.get_by_role("button", name="Afficher").click()
        expect(page.locator(".larrey-event")).to_have_count(1)
        page.get_by_role("link", name="Tout le dossier").click()
        page.get_by_role("link", name=f"Résultats et mesures {MEASURED}").click()
        page.get_by_role("link", name="Voir plus ancien").click()
        expect(page.locator("#rows a")).not_to_have_count(0)
        page.locator(".larrey-bar .larrey-menu summary").click()
        page.get_by_role("link", name="Raccourcis clavier").click()
        expect(page.get_by_role("heading", level=1)).to_have_text("Raccourcis clavier")


def test_typing_fast_shows_the_answer_to_the_last_letters(browser: Browser, server: Server) -> None:
    with visit(browser, server) as page:
        sign_in(page)
        page.keyboard.type("mar")
        expect(page.locator("a[data-result]")).to_have_count(25)
        expect(page.get_by_role("link", name="Patients suivants")).to_be_visible()
        page.keyboard.type("tin jeanb 1971", delay=15)
        expect(page.locator("a[data-result]")).to_have_count(1)
        expect(page).to_have_url(f"{server.address}/?q=martin%20jeanb%201971")
        page.keyboard.press("Enter")  # one result: Enter opens it
        expect(page.locator(".larrey-name")).to_have_text("MARTIN Jeanb")
        page.keyboard.press("/")
        expect(page.locator("#q")).to_be_focused()


def test_what_is_typed_before_the_scripts_come_is_answered(browser: Browser, server: Server) -> None:
    with visit(browser, server) as page:
        sign_in(page)
        page.route("**/htmx.min.js*", lambda route: (time.sleep(0.7), route.continue_()))
        page.goto("/", wait_until="commit")
        page.locator("#q").wait_for()
        page.keyboard.type("martin jeanc")
        expect(page.locator("a[data-result]")).to_have_text(["MARTIN Jeanc"])


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
    "/shortcuts",
    PATIENT,
    f"{PATIENT}/timeline",
    f"{PATIENT}/timeline?kind=acts&until=1950-01-01",
    f"{PATIENT}/results",
    f"{PATIENT}/results/2823-3",
    f"{PATIENT}/documents",
    f"{PATIENT}/documents/letter",
    f"{PATIENT}/stays",
    f"{PATIENT}/stays/s3",
    f"{PATIENT}/stays/s1",
    f"{PATIENT}/prescriptions",
    f"{PATIENT}/kinds",
    f"{PATIENT}/Observation",
    f"{PATIENT}/Observation/r12-0",
    f"{PATIENT}/Observation/r12-0/versions/1",
    f"{PATIENT}/Observation/r12-0/raw",
    f"{PATIENT}/Goal",
    f"{PATIENT}/AllergyIntolerance/a1",
    f"/chart/{LONG}",
    f"/chart/{LONG}/timeline",
    f"/chart/{EMPTY}",
    *(f"/chart/{EMPTY}/{section}" for section in ("timeline", "results", "documents", "stays", "prescriptions")),
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
    for size in (*TABLETS, SCREEN):
        page.set_viewport_size(size)  # type: ignore[arg-type]  # a TypedDict of the same shape
        if scrolls_sideways(page):
            problems.append(f"scrolls sideways at {size['width']}")
    page.emulate_media(color_scheme="light")


def scrolls_sideways(page: Page) -> bool:
    """Whether it still does a moment after the size has changed: curves are drawn anew."""
    for _moment in range(20):
        if not page.evaluate("document.documentElement.scrollWidth > window.innerWidth"):
            return False
        page.wait_for_timeout(100)
    return True


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

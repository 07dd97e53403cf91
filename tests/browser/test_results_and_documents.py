"""Curves from the keyboard, PDF and CDA in the page: what only a browser can tell."""

from __future__ import annotations

import json
from base64 import b64encode
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any

import psycopg
import pytest
from playwright.sync_api import Browser, Page, expect

from larrey import store
from larrey.store.caller import system
from tests.browser.conftest import Server
from tests.browser.people import CARDIOLOGY
from tests.browser.test_story import AXE, SCREEN, sign_in, visit

NADIA = "nadia"
TABLET = {"width": 768, "height": 1024}
CHART = f"/chart/{NADIA}"
LETTER = (Path(__file__).parents[1] / "wire/documents/letter.xml").read_bytes()

Resource = dict[str, Any]


def pdf(*pages: str) -> bytes:
    """A PDF of one line a page, in a font that it leaves to the reader."""
    objects = [
        b"<</Type/Catalog/Pages 2 0 R>>",
        b"",
        b"<</Type/Font/Subtype/Type1/BaseFont/Times-Roman/Encoding/WinAnsiEncoding>>",
    ]
    kids = []
    for words in pages:
        stream = f"BT /F1 24 Tf 72 700 Td ({words}) Tj ET".encode("windows-1252")
        objects.append(b"<</Length %d>>stream\n%s\nendstream" % (len(stream), stream))
        objects.append(
            b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 595 842]/Contents %d 0 R/Resources<</Font<</F1 3 0 R>>>>>>" % len(objects)
        )
        kids.append(b"%d 0 R" % len(objects))
    objects[1] = b"<</Type/Pages/Count %d/Kids[%s]>>" % (len(kids), b" ".join(kids))
    data, places = b"%PDF-1.4\n", []
    for number, content in enumerate(objects, 1):
        places.append(len(data))
        data += b"%d 0 obj%s\nendobj\n" % (number, content)
    table = b"".join(b"%010d 00000 n \n" % place for place in places)
    end = b"xref\n0 %d\n0000000000 65535 f \n%strailer<</Size %d/Root 1 0 R>>\nstartxref\n%d\n%%%%EOF"
    return data + end % (len(objects) + 1, table, len(objects) + 1, len(data))


def _of(type_: str, id_: str, **more: Any) -> Resource:
    return {"resourceType": type_, "id": id_, "subject": {"reference": f"Patient/{NADIA}"}, **more}


def _measured(id_: str, day: str, code: str, value: float, unit: str, low: float, high: float) -> Resource:
    category = {"coding": [{"system": "http://terminology.hl7.org/CodeSystem/observation-category", "code": "laboratory"}]}
    return _of(
        "Observation",
        id_,
        status="final",
        category=[category],
        code={"coding": [{"system": "http://loinc.org", "code": code}]},
        effectiveDateTime=day,
        valueQuantity={"value": value, "unit": unit},
        referenceRange=[{"low": {"value": low, "unit": unit}, "high": {"value": high, "unit": unit}}],
    )


def _document(id_: str, title: str, attachment: Resource) -> Resource:
    content = [{"attachment": attachment}]
    date = "2026-03-12T15:00:00+01:00"
    return _of("DocumentReference", id_, status="current", description=title, date=date, content=content)


def _story() -> Iterator[Resource]:
    yield {
        "resourceType": "Patient",
        "id": NADIA,
        "name": [{"use": "official", "family": "Belkacem", "given": ["Nadia"]}],
        "gender": "female",
        "birthDate": "1958-03-14",
        "generalPractitioner": [{"reference": f"Organization/{CARDIOLOGY}"}],
    }
    class_ = {"system": "http://terminology.hl7.org/CodeSystem/v3-ActCode", "code": "IMP"}
    yield _of("Encounter", "n-stay", status="finished", **{"class": class_}, period={"start": "2026-03-01", "end": "2026-03-13"})
    for day in range(1, 13):
        at = f"2026-03-{day:02d}T07:10:00+01:00"
        yield _measured(f"n-k{day}", at, "2823-3", round(4.1 + day / 8, 1), "mmol/L", 3.5, 5.0)
        yield _measured(f"n-na{day}", at, "2951-2", 140 - day, "mmol/L", 136, 145)
    yield _measured("n-old", "2024-01-05", "2823-3", 4.4, "mmol/L", 3.5, 5.0)
    data = pdf("Bonjour du scanner", "Page deux")
    yield {"resourceType": "Binary", "id": "n-pdf", "contentType": "application/pdf", "data": b64encode(data).decode()}
    yield _document("n-scan", "Scanner thoracique", {"contentType": "application/pdf", "url": "Binary/n-pdf"})
    yield _document("n-letter", "Lettre de sortie", {"contentType": "text/xml", "data": b64encode(LETTER).decode()})
    text = b64encode("Chère consœur,\n\nTout va bien.".encode()).decode()
    yield _document("n-text", "Courrier", {"contentType": "text/plain; charset=utf-8", "data": text})
    broken = {"contentType": "application/pdf", "data": b64encode(b"%PDF-1.4 nothing more").decode()}
    yield _document("n-broken", "PDF abîmé", broken)


@pytest.fixture(scope="module")
def nadia(server: Server) -> Server:
    """The server, with Nadia's record."""

    def write(cursor: psycopg.Cursor[Any], resources: list[Resource]) -> None:
        for resource in resources:
            store.update(cursor, system("test"), resource)

    with psycopg.connect(server.database, autocommit=True) as connection:
        store.retry(connection, partial(write, resources=list(_story())))
    return server


def faults(page: Page) -> list[str]:
    page.evaluate(AXE)
    result = page.evaluate("axe.run(document, {resultTypes: ['violations']})")
    return [f"{v['id']}: {v['nodes'][0]['html'][:200]}" for v in result["violations"]]


def test_the_potassium_curve_from_the_keyboard(nadia: Server, browser: Browser) -> None:
    with visit(browser, nadia) as page:
        sign_in(page)
        page.goto(CHART)
        page.keyboard.press("c")
        expect(page.locator("#analyte")).to_be_focused()
        page.keyboard.type("k")
        page.keyboard.press("Enter")
        expect(page.get_by_role("heading", level=1)).to_have_text("Potassium")
        expect(page.locator(".larrey-tabs [aria-current]")).to_have_text("Dernier séjour")

        # The numbers are announced as one goes from point to point; Enter opens the value.
        curve = page.get_by_role("application")
        curve.focus()
        reading = page.locator("#reading")
        expect(reading).to_contain_text("12/03/2026 07:10 : 5,6 mmol/L, élevé")
        page.keyboard.press("ArrowLeft")
        expect(reading).to_contain_text("11/03/2026 07:10 : 5,5 mmol/L, élevé")
        page.keyboard.press("Home")
        expect(reading).to_contain_text("01/03/2026 07:10 : 4,2 mmol/L")
        page.keyboard.press("ArrowLeft")
        expect(reading).to_contain_text("01/03/2026")
        expect(reading).to_have_attribute("aria-live", "polite")
        page.keyboard.press("Enter")
        expect(page).to_have_url(f"{nadia.address}{CHART}/Observation/n-k1")
        page.go_back()

        # Another analyte beside it, all dates.
        page.get_by_role("link", name="Tout", exact=True).click()
        expect(page.locator(".larrey-values tbody tr")).to_have_count(13)
        page.select_option("#with", label="Sodium")
        expect(page.get_by_role("heading", level=1)).to_have_text("Potassium · Sodium")
        expect(page.locator(".larrey-plot canvas")).to_have_count(2)


def test_the_table_filters_as_one_types_and_keeps_what_is_typed(nadia: Server, browser: Browser) -> None:
    with visit(browser, nadia) as page:
        sign_in(page)
        page.goto(f"{CHART}/results")
        rows = page.locator(".larrey-cumulative tbody th[scope=row]")
        expect(rows).to_have_count(2)
        page.locator("#analyte").press_sequentially("sodi", delay=120)
        expect(rows).to_have_count(1)
        expect(page.locator("#analyte")).to_have_value("sodi")
        page.keyboard.press("ArrowDown")
        expect(page.get_by_role("link", name="Sodium")).to_be_focused()
        page.keyboard.press("Enter")
        expect(page.get_by_role("heading", level=1)).to_have_text("Sodium")


def test_a_pdf_is_drawn_with_its_text(nadia: Server, browser: Browser) -> None:
    with visit(browser, nadia) as page:
        sign_in(page)
        page.goto(f"{CHART}/documents")
        page.get_by_role("link", name="Scanner thoracique").click()
        layer = page.locator(".textLayer").first
        expect(layer).to_contain_text("Bonjour du scanner")
        expect(page.locator(".larrey-pdf-place")).to_have_text("Page 1 sur 2")
        drawn = page.evaluate("""() => {
            const canvas = document.querySelector(".larrey-pdf-page canvas");
            const data = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height).data;
            let dark = 0;
            for (let at = 0; at < data.length; at += 4) if (data[at] < 100) dark++;
            return dark;
        }""")
        assert drawn > 200  # letters, not a white sheet
        before = page.locator(".larrey-pdf-page").first.bounding_box()
        page.locator(".larrey-pdf-pages").focus()
        page.keyboard.press("-")
        expect(layer).to_contain_text("Bonjour du scanner")
        after = page.locator(".larrey-pdf-page").first.bounding_box()
        assert before is not None
        assert after is not None
        assert after["width"] < before["width"]
        page.evaluate("document.querySelector('.larrey-pdf-pages').scrollTo(0, 1e6)")
        expect(page.locator(".larrey-pdf-place")).to_have_text("Page 2 sur 2")
        expect(page.locator(".textLayer").last).to_contain_text("Page deux")
        with page.context.expect_page() as opened:
            page.get_by_role("link", name="Ouvrir le PDF").click()
        assert opened.value.url.endswith("/documents/n-scan/content/0")
        page.goto(f"{CHART}/documents/n-broken")
        expect(page.get_by_role("alert")).to_contain_text("Ce PDF ne peut pas être affiché ici")


def test_a_cda_letter_is_set_out_and_runs_nothing(nadia: Server, browser: Browser) -> None:
    with visit(browser, nadia) as page:
        asked: list[str] = []
        page.on("request", lambda request: asked.append(request.url))
        sign_in(page)
        page.goto(f"{CHART}/documents/n-letter")
        paper = page.locator("article.larrey-paper")
        expect(paper).to_contain_text("Motif de l’hospitalisation")
        expect(paper.get_by_role("cell", name="Potassium")).to_be_visible()
        expect(paper.locator("script, [onclick], [style]:not(.larrey-pdf *)")).to_have_count(0)
        page.wait_for_timeout(300)
        assert all(url.startswith(nadia.address) for url in asked)


def test_documents_are_read_without_scripts(nadia: Server, browser: Browser) -> None:
    with visit(browser, nadia, scripts=False) as page:
        sign_in(page)
        page.goto(f"{CHART}/documents/n-scan")
        expect(page.get_by_role("link", name="Ouvrir le PDF")).to_be_visible()
        page.goto(f"{CHART}/documents/n-text")
        expect(page.locator("pre")).to_contain_text("Chère consœur")
        page.goto(f"{CHART}/results")
        page.fill("#analyte", "k")
        page.keyboard.press("Enter")
        expect(page.get_by_role("heading", level=1)).to_have_text("Potassium")
        expect(page.locator(".larrey-values")).to_contain_text("5,6 mmol/L")


PAGES = ["results", "results?q=zzz", "results/2823-3", "documents", "documents/n-scan", "documents/n-letter", "documents/n-text"]


@pytest.mark.parametrize(("language", "theme", "size"), [("fr", "light", SCREEN), ("en", "dark", SCREEN), ("fr", "dark", TABLET)])
def test_axe_finds_nothing_and_nothing_is_wider_than_the_screen(
    nadia: Server, browser: Browser, language: str, theme: str, size: dict[str, int]
) -> None:
    with visit(browser, nadia, language=language) as page:
        sign_in(page)
        page.set_viewport_size(size)  # type: ignore[arg-type]  # a TypedDict of the same shape
        page.emulate_media(color_scheme=theme)  # type: ignore[arg-type]  # "light" or "dark"
        for address in PAGES:
            page.goto(f"{CHART}/{address}")
            page.wait_for_load_state("networkidle")
            found = faults(page)
            assert not found, (address, json.dumps(found, indent=1))
            assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth"), address

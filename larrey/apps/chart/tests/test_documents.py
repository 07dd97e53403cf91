"""Documents: the list, and what a page shows of each kind."""

from __future__ import annotations

import html
import re
from base64 import b64encode

import pytest

from larrey.apps.chart.queries import documents
from larrey.apps.chart.tests.conftest import CLAIRE, HOSTILE, SignedIn, Write
from larrey.apps.chart.tests.made_documents import LETTER, LIST, PDF, PNG, attached, binary, bytes_of, document, read, typed


def test_the_list_says_what_each_document_is(write: Write, signed_in: SignedIn) -> None:
    write(
        [
            {"resourceType": "Organization", "id": "julien", "name": "Hôpital Saint-Julien"},
            {
                "resourceType": "Organization",
                "id": "cardio",
                "name": "Cardiologie",
                "partOf": {"reference": "Organization/julien"},
            },
            {"resourceType": "Organization", "id": "anne", "name": "Hôpital Sainte-Anne"},
            {"resourceType": "Practitioner", "id": "sk", "name": [{"family": "Kervella", "given": ["Solène"]}]},
            document(
                "a",
                attached(PDF, "application/pdf"),
                description="Lettre de sortie",
                type=typed("11490-0", "Lettre de liaison"),
                custodian={"reference": "Organization/cardio"},
                author=[{"reference": "Practitioner/sk"}],
            ),
            document(
                "b",
                attached(b"x", "text/plain"),
                type=typed("18748-4", f"Scanner {HOSTILE}"),
                date="2026-04-01T08:00:00+02:00",
                custodian={"reference": "Organization/anne"},
                author=[{"display": "Dr Jean Petit"}],
                status="superseded",
            ),
        ]
    )
    client = signed_in("doctor")
    text = client.get(LIST).content.decode()
    assert text.index("Scanner") < text.index("Lettre de sortie")
    for words in ("Lettre de liaison", "Hôpital Saint-Julien", "Cardiologie", "KERVELLA Solène", "Dr Jean Petit", "PDF", "Texte"):
        assert words in text, words
    assert "remplacé" in text
    assert HOSTILE not in text
    letters = client.get(LIST, {"kind": "letters"}).content.decode()
    assert f'href="{LIST}/a"' in letters
    assert f'href="{LIST}/b"' not in letters
    anne = client.get(LIST, {"hospital": "anne"}).content.decode()
    assert f'href="{LIST}/b"' in anne
    assert f'href="{LIST}/a"' not in anne
    julien = client.get(LIST, {"hospital": "julien", "kind": "letters"}).content.decode()
    assert f'href="{LIST}/a"' in julien
    assert "Aucun document ne correspond" in client.get(LIST, {"kind": "acts"}).content.decode()
    assert client.get(LIST, {"after": "nonsense"}).status_code == 400
    assert "Aucun document" in client.get("/chart/hostile/documents").content.decode()


def test_documents_come_in_pages(write: Write, signed_in: SignedIn, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(documents, "ROWS", 2)
    write([document(f"d{n}", attached(b"x", "text/plain"), date=f"2026-03-0{n + 1}T08:00:00+01:00") for n in range(5)])
    client, address, seen = signed_in("doctor"), LIST, []
    while address:
        text = client.get(address).content.decode()
        seen += re.findall(rf'href="{LIST}/(\w+)"', text)
        found = re.search(r'rel="next" href="(.*?)"', text)
        address = html.unescape(found[1]) if found else ""
    assert seen == ["d4", "d3", "d2", "d1", "d0"]


@pytest.mark.parametrize(
    ("type_", "data", "shown"),
    [
        ("text/plain; charset=utf-8", "Œdème réduit".encode(), "Œdème réduit"),
        ("text/plain", "été à l’hôpital".encode("windows-1252"), "été à l’hôpital"),
        ("text/plain; charset=iso-8859-1", "été".encode("latin-1"), "été"),
        ("text/plain; charset=klingon", "été".encode(), "été"),
        ("text/plain; charset=utf-8", b"\xff\xfe cass\xe9", "cassé"),
        ("text/plain", b"a\x00b\x1bc\xe2\x80\xaed", "abcd"),
        ("application/xml", b"<note>Bonjour</note>", "&lt;note&gt;Bonjour&lt;/note&gt;"),
    ],
)
def test_text_is_shown_whatever_its_encoding(write: Write, signed_in: SignedIn, type_: str, data: bytes, shown: str) -> None:
    write([document("a", attached(data, type_), description="Lettre")])
    text = read(signed_in("doctor"), "a")
    body = text.partition("<pre")[2].partition("</pre>")[0]
    assert shown in body


def test_what_a_browser_would_run_is_only_downloaded(write: Write, signed_in: SignedIn) -> None:
    evil = f"<html><body>{HOSTILE}</body></html>".encode()
    types = ["text/html", "application/xhtml+xml", "image/svg+xml", "text/javascript", "application/octet-stream", "text/rtf"]
    write([document(f"d{n}", attached(evil, type_, title="Page")) for n, type_ in enumerate(types)])
    write([document("png", attached(evil, "image/png")), document("pdf", attached(evil, "application/pdf"))])
    client = signed_in("doctor")
    for id_ in [*(f"d{n}" for n in range(len(types))), "png", "pdf"]:
        assert HOSTILE not in read(client, id_), id_
        response = client.get(f"{LIST}/{id_}/content/0")
        assert response.status_code == 200
        assert response.headers["Content-Type"] == "application/octet-stream", id_
        assert response.headers["Content-Disposition"].startswith("attachment"), id_
        assert "sandbox" in response.headers["Content-Security-Policy"], id_
        assert response.headers["X-Content-Type-Options"] == "nosniff"
        assert bytes_of(response) == evil


def test_pdf_and_images_are_given_to_be_shown(write: Write, signed_in: SignedIn) -> None:
    large = PDF + bytes(700_000)
    write(
        [
            binary("b1", large),
            document("pdf", {"contentType": "application/pdf", "url": "Binary/b1", "title": "Écho cardiaque"}),
            document("untold", {"url": "Binary/b1"}),
            document("png", attached(PNG, "image/png")),
        ]
    )
    client = signed_in("doctor")
    text = read(client, "pdf")
    assert f'data-pdf="{LIST}/pdf/content/0"' in text
    assert f'href="{LIST}/pdf/content/0"' in text  # without JavaScript
    for id_ in ("pdf", "untold"):
        assert "data-pdf=" in read(client, id_)
        response = client.get(f"{LIST}/{id_}/content/0")
        assert response.headers["Content-Type"] == "application/pdf"
        assert response.headers["Content-Length"] == str(len(large))
        assert response.headers["Cache-Control"] == "no-store"
        assert "default-src 'none'" in response.headers["Content-Security-Policy"]
        assert bytes_of(response) == large
    assert client.get(f"{LIST}/pdf/content/0").headers["Content-Disposition"] == 'inline; filename="echo-cardiaque.pdf"'
    assert client.get(f"{LIST}/pdf/content/0?download").headers["Content-Disposition"].startswith("attachment")
    assert client.get(f"{LIST}/png/content/0").headers["Content-Type"] == "image/png"
    assert f'<img src="{LIST}/png/content/0"' in read(client, "png")
    assert client.get(f"{LIST}/pdf/content/1").status_code == 404


def test_a_cda_document_is_set_out_and_nothing_of_it_is_markup(write: Write, signed_in: SignedIn) -> None:
    hostile = LETTER.replace(b"Texte nu", f"<![CDATA[{HOSTILE}]]>".encode()).replace(
        b"Tabac", b"&lt;img src=x onerror=alert(1)&gt;"
    )
    write([document("a", attached(hostile, "text/xml"), description="Lettre")])
    text = read(signed_in("doctor"), "a")
    paper = text.partition('<article class="larrey-paper"')[2].partition("</article>")[0]
    for words in ("Lettre de liaison à la sortie", "Dr KERVELLA Solène", "Motif de l’hospitalisation", "Hôpital Saint-Julien"):
        assert words in paper, words
    assert "<b>d’effort</b>" in paper
    assert "<sup>e</sup>" in paper
    assert '<th colspan="2" class="larrey-center">' in paper
    assert '<td class="larrey-right">5,6</td>' in paper
    assert 'href="https://recommandations.example/ic" rel="noreferrer noopener nofollow"' in paper
    assert "javascript:" not in text
    assert HOSTILE not in text
    assert "<img src=x" not in text
    assert "elsewhere.example" not in text
    assert f'<img src="{LIST}/a/content/0/parts/0"' in paper
    assert f'data-pdf="{LIST}/a/content/0/parts/1"' in paper
    assert " style=" not in text
    # It names someone born on another day than Claire.
    assert "Vérifiez de qui il s’agit" in text


def test_the_parts_of_a_cda_document(write: Write, signed_in: SignedIn) -> None:
    level1 = (
        b"<ClinicalDocument xmlns='urn:hl7-org:v3'><component><nonXMLBody><text mediaType='%s' representation='B64'>%s</text>"
    )
    level1 += b"</nonXMLBody></component></ClinicalDocument>"
    write(
        [
            document("a", attached(LETTER, "application/hl7-v3+xml")),
            document("pdf", attached(level1 % (b"application/pdf", b64encode(PDF)), "text/xml")),
            document("html", attached(level1 % (b"text/html", b64encode(HOSTILE.encode())), "text/xml")),
            document("text", attached(level1 % (b"text/plain", b64encode("Été".encode())), "text/xml")),
            document("bad", attached(level1 % (b"application/pdf", b"???"), "text/xml")),
            document("broken", attached(LETTER[:2000], "text/xml")),
        ]
    )
    client = signed_in("doctor")
    assert bytes_of(client.get(f"{LIST}/a/content/0/parts/0")) == b"\x89PNG\r\n\x1a\n"
    assert client.get(f"{LIST}/a/content/0/parts/9").status_code == 404
    assert client.get(f"{LIST}/broken/content/0/parts/0").status_code == 400
    response = client.get(f"{LIST}/pdf/content/0/parts/0")
    assert (response.headers["Content-Type"], bytes_of(response)) == ("application/pdf", PDF)
    assert "data-pdf=" in read(client, "pdf")
    assert client.get(f"{LIST}/html/content/0/parts/0").headers["Content-Type"] == "application/octet-stream"
    assert "Été" in read(client, "text")
    assert "illisible" in read(client, "bad")
    broken = read(client, "broken")
    assert "abîmé" in broken
    assert f'href="{LIST}/broken/content/0?download"' in broken


def test_what_is_elsewhere_or_missing_is_told_and_never_fetched(write: Write, signed_in: SignedIn) -> None:
    write(
        [
            document("out", {"contentType": "application/pdf", "url": f"https://elsewhere.example/x.pdf?{HOSTILE}"}),
            document("gone", {"contentType": "application/pdf", "url": "Binary/absent"}),
            document("none", {"title": "Rien"}),
        ]
    )
    client = signed_in("doctor")
    out = read(client, "out")
    assert "https://elsewhere.example/x.pdf" in out
    assert 'href="https://elsewhere' not in out
    assert HOSTILE not in out
    for id_ in ("gone", "none"):
        assert "pas dans le dossier" in read(client, id_)
        assert client.get(f"{LIST}/{id_}/content/0").status_code == 404


def test_versions_are_told(write: Write, signed_in: SignedIn) -> None:
    replaces = [{"code": "replaces", "target": {"reference": "DocumentReference/v1"}}]
    theirs = [{"code": "appends", "target": {"reference": "DocumentReference/hers"}}]
    write(
        [
            document("v1", attached(b"1", "text/plain"), status="superseded", description="Première lettre"),
            document("hers", attached(b"1", "text/plain"), owner="marie", description="Lettre de Marie"),
            document("v2", attached(b"2", "text/plain"), relatesTo=replaces + theirs, description="Seconde lettre"),
        ]
    )
    client = signed_in("doctor")
    newer, older = read(client, "v2"), read(client, "v1")
    assert "Remplace" in newer
    assert f'href="{LIST}/v1">Première lettre' in newer
    assert "Lettre de Marie" not in newer
    assert "Remplacé par" in older
    assert f'href="{LIST}/v2">Seconde lettre' in older
    assert f'href="/chart/{CLAIRE}/DocumentReference/v2"' in newer  # the history


def test_reports_and_compositions_are_documents_too(write: Write, signed_in: SignedIn) -> None:
    div = f'<div xmlns="http://www.w3.org/1999/xhtml"><p>Va <b>bien</b></p><p>{html.escape(HOSTILE)}</p></div>'
    write(
        [
            {
                "resourceType": "DiagnosticReport",
                "id": "r",
                "status": "final",
                "code": {"text": "Radio du thorax"},
                "subject": {"reference": f"Patient/{CLAIRE}"},
                "conclusion": "Normale",
                "effectiveDateTime": "2026-03-12",
                "presentedForm": [attached("Pas d’anomalie".encode(), "text/plain")],
            },
            {
                "resourceType": "Composition",
                "id": "c",
                "status": "final",
                "type": typed("11488-4", "Consultation"),
                "date": "2026-03-12",
                "title": "Consultation du 12",
                "author": [{"display": "Dr Petit"}],
                "subject": {"reference": f"Patient/{CLAIRE}"},
                "section": [{"title": "Histoire", "text": {"status": "generated", "div": div}}],
            },
        ]
    )
    client = signed_in("doctor")
    text = read(client, "DiagnosticReport/r")
    assert "Pas d’anomalie" in text
    assert "Normale" in text
    assert bytes_of(client.get(f"{LIST}/DiagnosticReport/r/content/0")) == "Pas d’anomalie".encode()
    text = read(client, "Composition/c")
    assert "Va bien" in text
    assert "<b>bien" not in text
    assert HOSTILE not in text
    assert f'href="{LIST}/Composition/c"' in client.get(LIST).content.decode()
    assert client.get(f"{LIST}/Observation/k1").status_code == 404

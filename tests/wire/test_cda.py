"""CDA documents: what is read from them, and what they cannot do."""

from __future__ import annotations

import dataclasses
from base64 import b64encode
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from larrey.kit.errors import Invalid, LarreyError, TooLarge, Unsupported
from larrey.wire import cda
from larrey.wire.cda import narrative as n
from larrey.wire.cda.document import LARGEST

LETTER = (Path(__file__).parent / "documents/letter.xml").read_bytes()
HEAD = '<ClinicalDocument xmlns="urn:hl7-org:v3"><title>T</title><component>'
TAIL = "</component></ClinicalDocument>"


def level1(text: str, attributes: str = 'mediaType="application/pdf" representation="B64"') -> bytes:
    return f"{HEAD}<nonXMLBody><text {attributes}>{text}</text></nonXMLBody>{TAIL}".encode()


def narrated(text: str) -> bytes:
    section = f"<section><title>S</title><text>{text}</text></section>"
    return f"{HEAD}<structuredBody><component>{section}</component></structuredBody>{TAIL}".encode()


def blocks(text: str) -> tuple[n.Block, ...]:
    return cda.read(narrated(text)).sections[0].blocks


def nodes(value: Any) -> Iterator[Any]:
    """Every value inside a document."""
    yield value
    if dataclasses.is_dataclass(value):
        for field in dataclasses.fields(value):
            yield from nodes(getattr(value, field.name))
    elif isinstance(value, tuple):
        for each in value:
            yield from nodes(each)


def found(type_: type[Any], value: Any) -> list[Any]:
    return [node for node in nodes(value) if isinstance(node, type_)]


def words(value: Any) -> str:
    return " ".join("".join(node.text for node in found(n.Text, value)).split())


def test_the_header_says_who_when_and_what() -> None:
    document = cda.read(LETTER)
    assert (document.title, document.version, document.language) == ("Lettre de liaison à la sortie", "2", "fr-FR")
    assert (document.id, document.set_id) == ("1.2.250.1.999.1^LDL-42", "1.2.250.1.999.2^LDL")
    assert document.type == cda.Code("11490-0", "2.16.840.1.113883.6.1", "Lettre de liaison à la sortie")
    assert document.date == "2026-03-12T14:30:00+01:00"
    assert document.confidentiality.label == "Normal"
    patient = document.patient
    assert (patient.name, patient.birth_name, patient.given) == ("MARCHAND", "DUBOIS", "Hélène")
    assert (patient.sex, patient.birth_date) == ("F", "1958-03-14")
    assert patient.identifiers == (("1.2.250.1.213.1.4.10", "258037500000142"), ("1.2.250.1.999.3", "8000001"))
    doctor, device = document.authors
    assert doctor == cda.Author(
        "Dr KERVELLA Solène", "Médecin - Cardiologie", "Hôpital Saint-Julien", "2026-03-12T14:30:00+01:00"
    )
    assert device == cda.Author("DPI test", "", "", "")
    assert document.signer == cda.Author("Pr Alix Le Bihan", "", "", "2026-03-12")
    assert document.custodian == "Hôpital Saint-Julien"
    assert document.events == (
        cda.ServiceEvent(
            cda.Code("IMP", "2.16.840.1.113883.5.4", "Hospitalisation"), "2026-03-01T09:30:00+01:00", "2026-03-12T11:00:00+01:00"
        ),
    )
    assert document.related == (cda.Related("RPLC", "1.2.250.1.999.1^LDL-41", "1"),)


def test_the_narrative_is_a_tree_of_our_own() -> None:
    document = cda.read(LETTER)
    first, second = document.sections
    assert (first.title, document.level) == ("Motif de l’hospitalisation", 2)
    paragraph = found(n.Paragraph, first)[0]
    assert words(paragraph.caption) == "Motif"
    assert words(paragraph.children) == "Dyspnée d’effort, NYHA IIIeH2O"
    assert [node.styles for node in found(n.Styled, first)] == [
        ("bold",),
        ("sup",),
        ("sub",),
        ("deleted",),
        ("bold", "italic", "inserted"),
    ]
    outer, inner = found(n.Items, first)
    assert (outer.ordered, inner.ordered, words(outer.caption)) == (True, False, "Facteurs")
    assert [(words(caption), words(content)) for caption, content in outer.items] == [("1er", "Tabac"), ("", "HTA traitée")]
    assert [(link.href, words(link)) for link in found(n.Link, first)] == [
        ("https://recommandations.example/ic", "recommandation"),
        ("", "piège"),
    ]
    assert words(found(n.Note, first)[0]) == "Note de bas de page"
    assert "élément inconnu" in words(first)
    assert words(second.sections[0]) == "Texte nu"


def test_tables_keep_their_shape() -> None:
    table = found(n.Table, cda.read(LETTER))[0]
    assert words(table.caption) == "Résultats"
    head = table.head[0]
    assert [(cell.header, cell.columns, cell.rows, cell.align) for cell in head] == [
        (True, 2, 1, "center"),
        (True, 1, 1, ""),  # a span beyond reason counts for one
    ]
    assert [words(row) for row in table.body] == ["Potassium5,6mmol/L", "Total"]
    assert table.body[0][0].styles == ("bold",)
    assert blocks('<table><tr><td colspan="5000">x</td></tr></table>')[0].body[0][0].columns == n.WIDEST  # type: ignore[union-attr]


def test_files_inside_a_document_are_decoded() -> None:
    document = cda.read(LETTER)
    assert [(part.id, part.media_type, part.content) for part in document.parts] == [
        ("IMG", "image/png", b"\x89PNG\r\n\x1a\n"),
        ("PDF", "application/pdf", b"%PDF-1.4\n"),
    ]
    assert found(n.Media, document)[0].ids == ("IMG", "PDF")


@pytest.mark.parametrize(
    ("raw", "type_", "content"),
    [
        (level1(b64encode(b"%PDF-1.4").decode()), "application/pdf", b"%PDF-1.4"),
        (level1("pas du base64 !"), "application/pdf", b""),
        (level1("Bonjour &amp; merci", ""), "text/plain", b"Bonjour & merci"),
        (level1("<reference value='x.pdf'/>", 'mediaType="application/pdf"'), "application/pdf", b""),
    ],
)
def test_a_body_of_level_1(raw: bytes, type_: str, content: bytes) -> None:
    document = cda.read(raw)
    assert document.level == 1
    assert (document.parts[0].media_type, document.parts[0].content) == (type_, content)


@pytest.mark.parametrize(
    ("raw", "error"),
    [
        (b"", Invalid),
        (b"Bonjour", Invalid),
        (b"<ClinicalDocument", Invalid),
        (LETTER[:3000], Invalid),
        (LETTER.decode().encode("latin-1", "replace"), Invalid),  # not the encoding it declares
        (LETTER.replace(b"UTF-8", b"KLINGON-8", 1), Invalid),
        (b"<ClinicalDocument/>", Unsupported),
        (b"<html xmlns='http://www.w3.org/1999/xhtml'/>", Unsupported),
        (LETTER.replace(b"?>", b"?><!DOCTYPE ClinicalDocument>", 1), Unsupported),
        (b"<!DOCTYPE ClinicalDocument SYSTEM 'file:///etc/passwd'>" + LETTER.partition(b"?>")[2], Unsupported),
        (LETTER.replace(b"<realmCode", b"<realmCode" + b" " * LARGEST), TooLarge),
        ((HEAD + "<a>" * 5000 + "</a>" * 5000 + TAIL).encode(), Invalid),
    ],
)
def test_what_is_no_document_is_refused_clearly(raw: bytes, error: type[LarreyError]) -> None:
    with pytest.raises(error) as caught:
        cda.read(raw)
    assert caught.value.message


def test_entities_bring_nothing_in() -> None:
    bomb = "".join(f'<!ENTITY e{i + 1} "{f"&e{i};" * 10}">' for i in range(9))
    for entities in ('<!ENTITY x SYSTEM "file:///etc/passwd">', f'<!ENTITY e0 "ha">{bomb}<!ENTITY x "&e9;">'):
        raw = f"<!DOCTYPE ClinicalDocument [{entities}]>".encode() + HEAD.encode() + b"<a b='&e9;'>&x;</a>" + TAIL.encode()
        with pytest.raises((Invalid, Unsupported)):
            cda.read(raw)


def test_times_of_any_precision() -> None:
    for written, read in {
        "2026": "2026",
        "202603": "2026-03",
        "20260312": "2026-03-12",
        "2026031214": "2026-03-12T14:00:00+01:00",
        "202607121430": "2026-07-12T14:30:00+02:00",  # no zone: Paris
        "20260312143000.1234-0500": "2026-03-12T14:30:00-05:00",
        "20260231120000": "",
        "hier": "",
        "20260312143000+9999": "",
        "": "",
    }.items():
        raw = f'{HEAD}</component><effectiveTime value="{written}"/></ClinicalDocument>'.encode()
        assert cda.read(raw).date == read, written


def test_encodings() -> None:
    text = LETTER.decode().partition("?>")[2]
    for encoding in ("utf-16", "iso-8859-15", "windows-1252"):
        raw = f'<?xml version="1.0" encoding="{encoding}"?>{text}'.encode(encoding, "xmlcharrefreplace")
        assert cda.is_cda(raw)
        assert cda.read(raw) == cda.read(LETTER), encoding
    assert cda.read(b"\xef\xbb\xbf" + LETTER) == cda.read(LETTER)
    assert not cda.is_cda(b"<Bundle/>")


def test_deep_narrative_gives_its_text() -> None:
    deep = blocks("<content styleCode='Bold'>" * 200 + "fond" + "</content>" * 200)
    assert words(deep) == "fond"
    assert len(found(n.Styled, deep)) <= n.DEEPEST + 1


ELEMENTS = ["content", "paragraph", "list", "item", "table", "thead", "tr", "td", "th", "br", "linkHtml", "renderMultiMedia",
            "footnote", "sub", "sup", "caption", "script", "svg", "x:y"]  # fmt: skip
ATTRIBUTES = ["styleCode", "href", "colspan", "rowspan", "align", "referencedObject", "onclick", "revised", "listType", "style"]
VALUES = st.sampled_from(["javascript:alert(1)", "https://a.example/", "Bold", "-1", "1e9", "insert", "ordered", "٣", "&#x202e;"])


def _written(parts: tuple[str, dict[str, str], list[str]]) -> str:
    name, attributes, children = parts
    written = "".join(f' {key}="{value}"' for key, value in attributes.items())
    return f"<{name} xmlns:x='urn:x'{written}>{''.join(children)}</{name}>"


def _element(children: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    attributes = st.dictionaries(st.sampled_from(ATTRIBUTES), VALUES, max_size=3)
    return st.tuples(st.sampled_from(ELEMENTS), attributes, st.lists(children, max_size=4)).map(_written)


TREES = st.recursive(
    st.sampled_from(["texte", "&lt;script&gt;", "<!-- c -->", "<![CDATA[<b>]]>", "<?pi x?>"]), _element, max_leaves=25
)


@given(TREES)
def test_any_narrative_gives_nodes_of_ours(text: str) -> None:
    for link in found(n.Link, blocks(text)):
        assert link.href == "" or link.href.startswith("https://a.example/")
    for cell in found(n.Cell, blocks(text)):
        assert 1 <= cell.columns <= n.WIDEST
        assert cell.align in {"left", "center", "right", ""}


@settings(max_examples=300)
@given(st.data())
def test_mutated_documents_raise_only_errors_of_ours(data: st.DataObject) -> None:
    raw = bytearray(LETTER)
    for _ in range(data.draw(st.integers(1, 4))):
        at = data.draw(st.integers(0, len(raw) - 1))
        length = data.draw(st.integers(0, 40))
        raw[at : at + length] = data.draw(
            st.binary(max_size=8) | st.sampled_from([b"<", b">", b"&amp;", b"/>", b'"', b"</text>"])
        )
    try:
        document = cda.read(bytes(raw))
    except LarreyError:
        return
    assert all(not isinstance(node, str) or "\x00" not in node for node in nodes(document))


@given(st.binary(max_size=300) | st.text(max_size=300).map(str.encode))
def test_any_bytes_raise_only_errors_of_ours(raw: bytes) -> None:
    cda.is_cda(raw)
    with pytest.raises(LarreyError):
        cda.read(raw)

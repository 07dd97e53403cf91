"""Narratives: formatting passes, whatever could run or call out does not."""

from __future__ import annotations

import pytest

from larrey.fhir.validation import validate
from larrey.kit.errors import Issue

XMLNS = 'xmlns="http://www.w3.org/1999/xhtml"'


def complaints(div: object) -> list[Issue]:
    return validate({"resourceType": "Patient", "text": {"status": "generated", "div": div}})


@pytest.mark.parametrize(
    "content",
    [
        "texte",
        "<p>é &amp; &#233; &lt;b&gt;</p>",
        '<table class="g" border="1"><tbody><tr><td colspan="2" style="color: red">a</td></tr></tbody></table>',
        '<a href="https://example.org/?q=a:b#c">a</a> <a href="#top" name="x">b</a> <a href="Patient/1">c</a>',
        '<a href="mailto:a@b.fr">a</a> <a href="tel:+33102030405">b</a>',
        '<img src="data:image/png;base64,AAAA" alt="x"/>',
        '<img src="#graph"/>',
        '<td style="background: url(row.png)">a</td>',
        '<p xml:lang="fr" lang="fr" title="a">b<br/>c</p><!-- comment -->',
        "<p>javascript: is only a word here</p>",
        "<kbd>a</kbd><address>b</address><bdo dir='rtl'>c</bdo>",
    ],
)
def test_formatting_passes(content: str) -> None:
    assert complaints(f"<div {XMLNS}>{content}</div>") == []


@pytest.mark.parametrize(
    "content",
    [
        "a<script>alert(1)</script>",
        "a<SCRIPT>alert(1)</SCRIPT>",
        'a<script xmlns="http://www.w3.org/1999/xhtml" src="x"/>',
        'a<svg xmlns="http://www.w3.org/2000/svg" onload="x()"/>',
        'a<b xmlns="http://example.org/other">c</b>',
        '<p onclick="x()">a</p>',
        '<p ONCLICK="x()">a</p>',
        '<a href="javascript:x()">a</a>',
        '<a href=" JaVaScRiPt:x()">a</a>',
        '<a href="java&#9;script:x()">a</a>',
        '<a href="java&#10;script&#58;x()">a</a>',
        '<a href="vbscript:x()">a</a>',
        '<a href="data:text/html,x">a</a>',
        '<a href="data:image/png;base64,AAAA">a</a>',
        '<img src="data:image/svg+xml,x"/>',
        '<img src="blob:x"/>',
        "<iframe src='http://example.org'>a</iframe>",
        "<object data='x'>a</object>",
        "<form action='x'>a</form>",
        "<input value='a'/>a",
        "<link rel='stylesheet' href='x'/>a",
        "<base href='http://example.org'/>a",
        "<meta http-equiv='refresh'/>a",
        "<style>p {}</style>a",
        "<head>a</head>",
        "<body>a</body>",
        '<p style="width: expression(x())">a</p>',
        '<p style="background: url(https://example.org/seen)">a</p>',
        "<p style=\"background: url( 'javascript:x()' )\">a</p>",
        '<p style="background: url(//example.org/seen)">a</p>',
        '<p style="background: u\\72l(https://example.org)">a</p>',
        '<p style="-moz-binding: x">a</p>',
        "<?php x ?>a",
        "<p>&nbsp;</p>",
        "<p>a",
        "<p a='1' a='2'>a</p>",
        "<p>a</p></div><div>",
        "<xi:include xmlns:xi='http://www.w3.org/2001/XInclude' href='x'/>a",
    ],
)
def test_active_or_foreign_content_does_not(content: str) -> None:
    issues = complaints(f"<div {XMLNS}>{content}</div>")
    assert issues
    assert all(issue.expression == "Patient.text.div" and issue.code == "invalid" for issue in issues)


@pytest.mark.parametrize(
    ("div", "code"),
    [
        ("", "invalid"),
        ("text", "invalid"),
        ("<div>a</div>", "invalid"),
        (f"<p {XMLNS}>a</p>", "invalid"),
        (f"<div {XMLNS}/>", "invariant"),
        (f"<div {XMLNS}> <p> </p> </div>", "invariant"),
        ('<!DOCTYPE div [<!ENTITY a "b">]><div>&a;</div>', "invalid"),
        (f"<div {XMLNS}>a\x00b</div>", "invalid"),
        (f"<div {XMLNS}>\ud800</div>", "invalid"),
        (3, "structure"),
        (None, "structure"),
        (["a"], "structure"),
        ({}, "structure"),
    ],
)
def test_what_is_no_narrative(div: object, code: str) -> None:
    assert {issue.code for issue in complaints(div)} == {code}


def test_entities_are_not_expanded() -> None:
    bomb = (
        '<!DOCTYPE div [<!ENTITY a "'
        + "x" * 1000
        + '">'
        + "".join(f'<!ENTITY {name} "{("&" + previous + ";") * 100}">' for previous, name in zip("abcdef", "bcdefg", strict=True))
    )
    assert complaints(f"{bomb}]><div {XMLNS}>&g;</div>")


def test_deep_and_long_narratives_are_read() -> None:
    assert complaints(f"<div {XMLNS}>" + "<b>" * 20_000 + "a" + "</b>" * 20_000 + "</div>") == []
    assert len(complaints(f"<div {XMLNS}>" + "<x/>" * 20_000 + "</div>")) <= 12


def test_a_missing_div_or_status_is_named() -> None:
    issues = validate({"resourceType": "Patient", "text": {"status": "generated"}})
    assert [issue.expression for issue in issues] == ["Patient.text.div"]
    issues = validate({"resourceType": "Patient", "text": {"status": "none", "div": f"<div {XMLNS}>a</div>"}})
    assert [(issue.code, issue.expression) for issue in issues] == [("code-invalid", "Patient.text.status")]

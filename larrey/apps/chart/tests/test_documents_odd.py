"""Documents of any shape: nothing of them breaks a page or gets into it as markup."""

from __future__ import annotations

import re
from typing import Any

from django.template import engines
from hypothesis import given
from hypothesis import strategies as st

from larrey.apps.chart.queries import contents
from larrey.wire import cda


@given(st.binary(max_size=200), st.text(max_size=20))
def test_any_bytes_are_text(data: bytes, charset: str) -> None:
    text = contents.decoded(data, charset)
    assert not any(ord(c) < 32 and c not in "\n\t" for c in text)


KEYS = ["attachment", "url", "data", "size", "title", "contentType"]
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=12),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(KEYS), inner),
    max_leaves=12,
)


@given(JSON, st.sampled_from(sorted(contents.TYPES)))
def test_odd_attachments_are_left_out(content: Any, type_: str) -> None:
    for file in contents.files({"resourceType": type_, "content": content, "presentedForm": content}):
        assert file.form in {"pdf", "image", "text", "xml", "file"}
        assert isinstance(file.title, str)


ELEMENTS = [
    "content",
    "paragraph",
    "list",
    "item",
    "table",
    "tr",
    "td",
    "th",
    "br",
    "linkHtml",
    "renderMultiMedia",
    "footnote",
    "sub",
    "caption",
    "script",
    "iframe",
    "style",
]
ATTRIBUTES = ["styleCode", "href", "colspan", "align", "onclick", "style", "src", "referencedObject", "revised", "listType"]
VALUES = [
    "javascript:alert(1)",
    "https://a.example/?&quot;onclick=&quot;x",
    "Bold Italics",
    "7",
    "right",
    "IMG",
    "insert",
    "x&lt;y",
]
ALLOWED = {
    "b",
    "i",
    "u",
    "em",
    "ins",
    "del",
    "sub",
    "sup",
    "br",
    "a",
    "small",
    "div",
    "ol",
    "ul",
    "li",
    "span",
    "table",
    "caption",
    "thead",
    "tbody",
    "tr",
    "th",
    "td",
    "p",
    "figure",
    "img",
    "figcaption",
}
KEPT = {"class", "colspan", "rowspan", "href", "rel", "target", "src", "alt"}


def _written(parts: tuple[str, dict[str, str], list[str]]) -> str:
    name, attributes, children = parts
    written = "".join(f' {key}="{value}"' for key, value in attributes.items())
    return f"<{name}{written}>{''.join(children)}</{name}>"


TREES = st.recursive(
    st.sampled_from(["texte", "<![CDATA[<script>alert(1)</script>]]>", "&lt;img src=x onerror=y&gt;"]),
    lambda inner: st.tuples(
        st.sampled_from(ELEMENTS),
        st.dictionaries(st.sampled_from(ATTRIBUTES), st.sampled_from(VALUES), max_size=3),
        st.lists(inner, max_size=3),
    ).map(_written),
    max_leaves=15,
)


@given(TREES)
def test_no_markup_of_a_narrative_gets_through(narrative: str) -> None:
    image = "<value mediaType='image/png' representation='B64'>iVBORw0KGgo=</value>"
    media = f"<entry><observationMedia ID='IMG'>{image}</observationMedia></entry>"
    raw = (
        f"<ClinicalDocument xmlns='urn:hl7-org:v3'><component><structuredBody><component><section><text>{narrative}</text>{media}"
    )
    raw += "</section></component></structuredBody></component></ClinicalDocument>"
    read_ = cda.read(raw.encode())
    jinja = engines.all()[0].env  # type: ignore[attr-defined]  # the first engine is Jinja's
    macros = jinja.get_template("chart/document_cda.html").make_module({})
    shown = str(macros.narrative(read_.sections[0].blocks, {"document": read_, "address": "/here"}))
    for closing, name, attributes in re.findall(r"<(/?)([^\s>/]*)([^>]*)>", shown):
        assert name in ALLOWED, (closing, name)
        assert set(re.findall(r"([\w-]+)=", re.sub(r'"[^"]*"', '""', attributes))) <= KEPT, attributes
    assert all(address.startswith("https://a.example/") for address in re.findall(r'href="([^"]*)"', shown))
    assert all(address == "/here/parts/0" for address in re.findall(r'src="([^"]*)"', shown))

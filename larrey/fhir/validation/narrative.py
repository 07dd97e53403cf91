"""The XHTML of narratives: only the formatting that R4 allows, nothing active.

Rules: http://hl7.org/fhir/R4/narrative.html#xhtml and the invariants txt-1 and txt-2 of Narrative.div. Screens show
narratives, so whatever could run or call out (scripts, forms, event attributes, ``javascript:``) is refused at the door.
"""

from __future__ import annotations

import re
from typing import Any
from xml.parsers import expat

from larrey.fhir.validation.faults import Fault, Run, kind, quoted

_XHTML = "http://www.w3.org/1999/xhtml "
_XML = "http://www.w3.org/XML/1998/namespace "

# The lists of txt-1, and the three elements of the HTML 4 chapters it names that its own expression forgets.
# fmt: off
ELEMENTS = frozenset((
    "a", "abbr", "acronym", "b", "big", "blockquote", "br", "caption", "cite", "code", "col", "colgroup", "dd", "dfn",
    "div", "dl", "dt", "em", "h1", "h2", "h3", "h4", "h5", "h6", "hr", "i", "img", "li", "ol", "p", "pre", "q",
    "samp", "small", "span", "strong", "sub", "sup", "table", "tbody", "td", "tfoot", "th", "thead", "tr", "tt", "ul",
    "var", "address", "bdo", "kbd",
))
ATTRIBUTES = frozenset((
    "abbr", "accesskey", "align", "alt", "axis", "bgcolor", "border", "cellhalign", "cellpadding", "cellspacing",
    "cellvalign", "char", "charoff", "charset", "cite", "class", "colspan", "compact", "coords", "dir", "frame",
    "headers", "height", "href", "hreflang", "hspace", "id", "lang", "longdesc", "name", "nowrap", "rel", "rev",
    "rowspan", "rules", "scope", "shape", "span", "src", "start", "style", "summary", "tabindex", "title", "type",
    "valign", "value", "vspace", "width",
))
# fmt: on
_ADDRESSES = frozenset(("cite", "href", "longdesc", "src"))
_SCHEME = re.compile(r"([^/?#:]*):")
_SAFE_SCHEMES = frozenset(("http", "https", "ftp", "mailto", "tel", "urn", "cid"))
_SAFE_DATA = re.compile(r"data:image/(?:png|gif|jpe?g|webp|bmp)[;,]", re.IGNORECASE)
_ACTIVE_STYLE = re.compile(r"expression\s*\(|javascript:|vbscript:|behaviou?r\s*:|-moz-binding|@import|\\", re.IGNORECASE)
_STYLE_ADDRESS = re.compile(r"url\s*\(\s*['\"]?([^)'\"]*)", re.IGNORECASE)
_INVISIBLE = re.compile(r"[\x00-\x20]+")


def _safe_address(text: str, *, image: bool) -> bool:
    """Whether following ``text`` can run nothing; an ``image`` may be inline data."""
    # Browsers drop white space and control characters inside a scheme ("java\tscript:"), so they go first.
    bare = _INVISIBLE.sub("", text)
    scheme = _SCHEME.match(bare)
    return scheme is None or scheme[1].lower() in _SAFE_SCHEMES or (image and _SAFE_DATA.match(bare) is not None)


def _safe_style(text: str) -> bool:
    """Whether a style only loads images that are inline or beside the document: none calls another machine."""
    for address in _STYLE_ADDRESS.findall(text):
        bare = _INVISIBLE.sub("", address)
        if bare.startswith("//") or (_SCHEME.match(bare) and not _SAFE_DATA.match(bare)):
            return False
    return True


class _Reader:
    """Collects what is wrong while expat reads; the first ten complaints are enough."""

    def __init__(self) -> None:
        self.faults: list[Fault] = []
        self.root: str | None = None
        self.content = False

    def complain(self, message: str) -> None:
        if len(self.faults) < 10:
            self.faults.append(("", "invalid", message))

    def start(self, name: str, attributes: dict[str, str]) -> None:
        local = name.removeprefix(_XHTML)
        if self.root is None:
            self.root = name
            if name != _XHTML + "div":
                self.complain('The narrative must be one <div xmlns="http://www.w3.org/1999/xhtml">.')
        elif local not in ELEMENTS:
            self.complain(f"The narrative must not hold the element {quoted(local)}.")
        if local == "img":
            self.content = True
        for attribute, value in attributes.items():
            self.attribute(attribute.removeprefix(_XML), value)

    def attribute(self, name: str, value: str) -> None:
        if name not in ATTRIBUTES:
            self.complain(f"The narrative must not hold the attribute {quoted(name)}.")
        elif name in _ADDRESSES:
            if not _safe_address(value, image=name == "src"):
                self.complain(f"The narrative must not hold the address {quoted(value)}.")
        elif name == "style" and (_ACTIVE_STYLE.search(value) or not _safe_style(value)):
            self.complain("The narrative must not hold a style that runs or calls out.")

    def text(self, data: str) -> None:
        if not self.content and not data.isspace():
            self.content = True

    def doctype(self, *_: Any) -> None:
        self.complain("The narrative must not hold a document type declaration.")
        raise _Stop

    def instruction(self, *_: Any) -> None:
        self.complain("The narrative must not hold a processing instruction.")


class _Stop(Exception):
    """Ends the reading early."""


def check_div(value: Any, _run: Run) -> list[Fault] | None:
    """``Narrative.div``: one XHTML ``div`` with some content and nothing active."""
    if type(value) is not str:
        return [("", "structure", f"xhtml must be a string, not {kind(value)}.")]
    reader = _Reader()
    parser = expat.ParserCreate(namespace_separator=" ")
    parser.buffer_text = True
    parser.StartElementHandler = reader.start
    parser.CharacterDataHandler = reader.text
    parser.StartDoctypeDeclHandler = reader.doctype
    parser.ProcessingInstructionHandler = reader.instruction
    try:
        parser.Parse(value, True)
    except expat.ExpatError as error:
        reader.complain(f"The narrative is not well-formed XHTML: {error}.")
    except UnicodeEncodeError:
        reader.complain("The narrative holds a lone surrogate.")
    except _Stop:
        pass
    if not reader.faults and not reader.content:
        reader.faults.append(("", "invariant", "txt-2: The narrative must have some content."))
    return reader.faults or None

"""The narrative block of a CDA section as a small tree of our own.

The tree knows no markup and no attribute: who shows it chooses the elements. Element by element after
``NarrativeBlock.xsd`` of CDA R2; what is not named there gives its text only.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from itertools import islice
from typing import Literal, TypeAlias

from lxml import etree

NAMESPACE = "{urn:hl7-org:v3}"
DEEPEST = 40
"""Elements inside one another that are followed; deeper ones give their text only."""
WIDEST = 100
"""Columns or rows that one cell may span."""

Style: TypeAlias = Literal["bold", "italic", "underline", "emphasis", "inserted", "deleted", "sub", "sup"]
Align: TypeAlias = Literal["left", "center", "right", ""]


@dataclass(frozen=True, slots=True)
class Text:
    """Characters."""

    text: str
    kind: Literal["text"] = "text"


@dataclass(frozen=True, slots=True)
class Break:
    """A new line."""

    kind: Literal["break"] = "break"


@dataclass(frozen=True, slots=True)
class Styled:
    """Content in some styles."""

    styles: tuple[Style, ...]
    children: tuple[Block, ...]
    kind: Literal["styled"] = "styled"


@dataclass(frozen=True, slots=True)
class Link:
    """``href`` is an http(s) address, or "" where it was none (nothing else may be followed)."""

    href: str
    children: tuple[Block, ...]
    kind: Literal["link"] = "link"


@dataclass(frozen=True, slots=True)
class Media:
    """A place for the parts named ``ids``; ``children`` is its caption."""

    ids: tuple[str, ...]
    children: tuple[Block, ...]
    kind: Literal["media"] = "media"


@dataclass(frozen=True, slots=True)
class Note:
    """A footnote."""

    children: tuple[Block, ...]
    kind: Literal["note"] = "note"


@dataclass(frozen=True, slots=True)
class Paragraph:
    """A paragraph, with its caption."""

    caption: tuple[Block, ...]
    children: tuple[Block, ...]
    kind: Literal["paragraph"] = "paragraph"


@dataclass(frozen=True, slots=True)
class Items:
    """A list; each item is (caption, content)."""

    ordered: bool
    caption: tuple[Block, ...]
    items: tuple[tuple[tuple[Block, ...], tuple[Block, ...]], ...]
    kind: Literal["list"] = "list"


@dataclass(frozen=True, slots=True)
class Cell:
    """``columns`` and ``rows``: how many it spans."""

    header: bool
    columns: int
    rows: int
    align: Align
    styles: tuple[Style, ...]
    children: tuple[Block, ...]


@dataclass(frozen=True, slots=True)
class Table:
    """Rows of cells, in the order head, body, foot."""

    caption: tuple[Block, ...]
    head: tuple[tuple[Cell, ...], ...]
    body: tuple[tuple[Cell, ...], ...]
    kind: Literal["table"] = "table"


Block: TypeAlias = Text | Break | Styled | Link | Media | Note | Paragraph | Items | Table

_STYLES: Mapping[str, Style] = {
    "bold": "bold",
    "italics": "italic",
    "italic": "italic",
    "underline": "underline",
    "emphasis": "emphasis",
}
_REVISED: Mapping[str, Style] = {"insert": "inserted", "delete": "deleted"}
_ALIGNS: Mapping[str, Align] = {"left": "left", "center": "center", "right": "right"}
_GROUPS = frozenset({"thead", "tbody", "tfoot"})


def blocks(text: etree._Element | None) -> tuple[Block, ...]:
    """The content of a ``text`` element."""
    return () if text is None else tuple(_content(text, 0))


def local(element: etree._Element) -> str:
    """The element's name when it is one of CDA's, else ""."""
    tag = element.tag
    return tag.removeprefix(NAMESPACE) if isinstance(tag, str) and tag.startswith(NAMESPACE) else ""


def _content(element: etree._Element, depth: int, skip: frozenset[str] = frozenset({"caption"})) -> Iterator[Block]:
    """The children of ``element``. Captions are given with what they belong to."""
    if element.text:
        yield Text(element.text)
    for child in element:
        name = local(child)
        if isinstance(child.tag, str) and name not in skip:
            if depth >= DEEPEST:
                yield Text("".join(map(str, child.itertext())))
            else:
                writer = _WRITERS.get(name)
                yield from writer(child, depth + 1) if writer else _content(child, depth + 1)
        if child.tail:
            yield Text(child.tail)


def _caption(element: etree._Element, depth: int) -> tuple[Block, ...]:
    found = next((child for child in element if local(child) == "caption"), None)
    return () if found is None else tuple(_content(found, depth + 1))


def _styles(element: etree._Element) -> tuple[Style, ...]:
    """The styles of a ``styleCode``: several, in any case; ``BoldItalics`` is two in one word."""
    words = element.get("styleCode", "").lower().replace("bolditalics", "bold italics").split()
    found = [_STYLES[word] for word in islice(words, 20) if word in _STYLES]
    if revised := _REVISED.get(element.get("revised", "")):
        found.append(revised)
    return tuple(dict.fromkeys(found))


def _content_element(element: etree._Element, depth: int) -> Iterator[Block]:
    styles = _styles(element)
    children = tuple(_content(element, depth))
    if styles:
        yield Styled(styles, children)
    else:
        yield from children


def _script(style: Style) -> Callable[[etree._Element, int], Iterator[Block]]:
    def write(element: etree._Element, depth: int) -> Iterator[Block]:
        yield Styled((style,), tuple(_content(element, depth)))

    return write


def _break(_element: etree._Element, _depth: int) -> Iterator[Block]:
    yield Break()


def _link(element: etree._Element, depth: int) -> Iterator[Block]:
    address = element.get("href", "").strip()
    plain = address.lower().startswith(("https://", "http://")) and not any(c.isspace() or ord(c) < 32 for c in address)
    yield Link(address if plain else "", tuple(_content(element, depth)))


def _media(element: etree._Element, depth: int) -> Iterator[Block]:
    yield Media(tuple(element.get("referencedObject", "").split()[:20]), _caption(element, depth))


def _note(element: etree._Element, depth: int) -> Iterator[Block]:
    yield Note(tuple(_content(element, depth)))


def _paragraph(element: etree._Element, depth: int) -> Iterator[Block]:
    children = tuple(_content(element, depth))
    styles = _styles(element)
    yield Paragraph(_caption(element, depth), (Styled(styles, children),) if styles else children)


def _list(element: etree._Element, depth: int) -> Iterator[Block]:
    items = tuple((_caption(item, depth), tuple(_content(item, depth))) for item in element if local(item) == "item")
    yield Items(element.get("listType") == "ordered", _caption(element, depth), items)


def _table(element: etree._Element, depth: int) -> Iterator[Block]:
    groups: dict[str, list[tuple[Cell, ...]]] = {"thead": [], "tbody": [], "tfoot": []}
    for child in element:
        name = local(child)
        if name in _GROUPS:
            groups[name] += [_row(row, depth) for row in child if local(row) == "tr"]
        elif name == "tr":
            groups["tbody"].append(_row(child, depth))
    yield Table(_caption(element, depth), tuple(groups["thead"]), tuple(groups["tbody"] + groups["tfoot"]))


def _row(row: etree._Element, depth: int) -> tuple[Cell, ...]:
    return tuple(
        Cell(
            local(cell) == "th",
            _span(cell.get("colspan")),
            _span(cell.get("rowspan")),
            _ALIGNS.get(cell.get("align", "").lower(), ""),
            _styles(cell),
            tuple(_content(cell, depth + 1)),
        )
        for cell in row
        if local(cell) in {"td", "th"}
    )


def _span(text: str | None) -> int:
    number = (text or "").strip()
    return min(max(int(number), 1), WIDEST) if number.isascii() and number.isdigit() and len(number) < 6 else 1


_WRITERS: Mapping[str, Callable[[etree._Element, int], Iterator[Block]]] = {
    "content": _content_element,
    "sub": _script("sub"),
    "sup": _script("sup"),
    "br": _break,
    "linkHtml": _link,
    "renderMultiMedia": _media,
    "footnote": _note,
    "paragraph": _paragraph,
    "list": _list,
    "table": _table,
}


_ENDING = frozenset({"p", "div", "li", "tr", "br", "table", "ul", "ol", "h1", "h2", "h3", "h4", "h5", "h6", "dt", "dd", "pre"})


def words_of(xhtml: str) -> str:
    """The words of an XHTML narrative (FHIR's ``text.div``) without its markup, a line for each block; "" for what is not XML."""
    parser = etree.XMLParser(resolve_entities=False, no_network=True, load_dtd=False, remove_comments=True, remove_pis=True)
    try:
        root = etree.fromstring(xhtml.encode(), parser)
    except (etree.XMLSyntaxError, ValueError):
        return ""
    pieces: list[str] = []
    for event, element in etree.iterwalk(root, events=("start", "end")):
        name = etree.QName(element).localname if isinstance(element.tag, str) else ""
        if event == "start":
            pieces.append(_flat(element.text) if name not in {"script", "style"} else "")
            continue
        pieces.append("\n" if name in _ENDING else " " if name in {"td", "th"} else "")
        pieces.append(_flat(element.tail) if element is not root else "")
    lines = (" ".join(line.split()) for line in "".join(pieces).split("\n"))
    return "\n".join(line for line in lines if line)


def _flat(text: str | None) -> str:
    return re.sub(r"\s+", " ", text or "")

"""Documents and what is attached to resources."""

from __future__ import annotations

from typing import Any, NamedTuple

from larrey.fhir.definitions import type_definition
from larrey.fhir.reading.codes import concept_text
from larrey.fhir.reading.elements import Element, items
from larrey.fhir.references import relative


class Attached(NamedTuple):
    """One Attachment. ``binary``: id of the local Binary that ``url`` points to. ``size``: bytes, when it is told.

    ``data``: base64 text when the content is inside the resource.
    """

    title: str
    content_type: str
    size: int | None
    url: str | None
    binary: str | None
    data: str | None


def document_title(resource: Element) -> str:
    """The title of a DocumentReference, Composition, Media, DiagnosticReport…: as written, else its kind in words."""
    for content in items(resource, "content"):
        if isinstance(content, dict) and (text := (content.get("attachment") or content).get("title")):
            return str(text)
    for form in items(resource, "presentedForm"):
        if isinstance(form, dict) and form.get("title"):
            return str(form["title"])
    written = resource.get("title") or resource.get("description")
    if isinstance(written, str):
        return written
    kinds = [kind for kind in items(resource, "type") + items(resource, "code") if isinstance(kind, dict)]
    return next(filter(None, map(concept_text, kinds)), "")


def attachments(resource: Element) -> list[Attached]:
    """Every Attachment of a resource, in document order, wherever its type's definition allows one (also ``photo``)."""
    found: list[Attached] = []
    _collect(resource, resource["resourceType"], found)
    return found


def _collect(element: Element, type_: str, found: list[Attached]) -> None:
    properties = type_definition(type_).properties
    for property_, value in element.items():
        if property_ not in properties or property_ in {"contained", "extension", "modifierExtension"}:
            continue
        inner = properties[property_][1]
        for item in value if isinstance(value, list) else [value]:
            if inner == "Attachment":
                found.append(_attached(item))
            elif isinstance(item, dict) and type_definition(inner).kind == "backbone":
                _collect(item, inner, found)


def _attached(attachment: dict[str, Any]) -> Attached:
    url = attachment.get("url")
    target = relative(url) if url else None
    size = attachment.get("size")
    if size is None and "data" in attachment:
        data = attachment["data"]
        size = len(data) * 3 // 4 - data[-2:].count("=")
    return Attached(
        title=attachment.get("title", ""),
        content_type=attachment.get("contentType", ""),
        size=size,
        url=url,
        binary=target[1] if target and target[0] == "Binary" else None,
        data=attachment.get("data"),
    )


def size_text(size: int | None, lang: str = "fr") -> str:
    """A number of bytes: ``512 o``, ``12 ko``, ``3,4 Mo`` (in English B, kB, MB); empty for None."""
    if size is None:
        return ""
    octet = "o" if lang == "fr" else "B"
    if size < 1000:
        return f"{size}\u00a0{octet}"
    if size < 999_500:
        return f"{size / 1000:.0f}\u00a0k{octet}"
    text = f"{size / 1_000_000:.1f}"
    return f"{text.replace('.', ',') if lang == 'fr' else text}\u00a0M{octet}"

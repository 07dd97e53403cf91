"""The patient's documents: the list, one document in the page, and the bytes of its files.

The bytes come from an address of the record, traced as the page is. Only PDF, plain text, PNG and JPEG are given to be
shown; anything else, HTML and SVG above all, is a download.
"""

from __future__ import annotations

from collections.abc import Iterator

from django.http import HttpRequest, HttpResponse, HttpResponseBase, StreamingHttpResponse
from django.shortcuts import render
from django.utils.http import content_disposition_header
from django.utils.text import slugify
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from larrey.access import record
from larrey.access.trail import Action
from larrey.apps.chart.queries import contents
from larrey.apps.chart.queries import documents as queries
from larrey.apps.chart.views.opening import opened

_OPAQUE = "application/octet-stream"
_POLICY = "default-src 'none'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'"
_SANDBOX = f"{_POLICY}; sandbox"
"""A page of its own that can do nothing."""
_PDF = f"{_POLICY}; object-src 'self'; style-src 'unsafe-inline'"
"""Browsers refuse to show a PDF in a sandbox; their viewers need an object of their own and its styles. No script runs."""
_CHARSETS = frozenset({"utf-8", "iso-8859-1", "iso-8859-15", "windows-1252", "us-ascii", "utf-16"})


@require_safe
def open_documents(request: HttpRequest, patient_id: str) -> HttpResponse:
    """The documents, newest first, by kind and hospital."""
    kind = request.GET.get("kind", "")
    kind = kind if kind in queries.KINDS else ""
    hospital = request.GET.get("hospital", "")
    with opened(request, patient_id, f"Patient/{patient_id} documents", "DocumentReference") as reading:
        page = queries.documents(
            reading.cursor, reading.caller, patient_id, kind=kind, hospital=hospital, after=request.GET.get("after") or None
        )
    context = {"header": reading.header, "page": page, "kind": kind, "hospital": hospital}
    context["kinds"] = {key: _(name) for key, name in queries.KINDS.items()}
    return render(request, "chart/documents.html", context)


@require_safe
def open_document(request: HttpRequest, patient_id: str, id_: str, type_: str = "DocumentReference") -> HttpResponse:
    """One document, shown in the page beside what is known of it."""
    with opened(request, patient_id, f"{type_}/{id_} document", type_) as reading:
        born = reading.header.identity.birth_date
        document = queries.document(reading.cursor, reading.caller, patient_id, type_, id_, born)
    return render(request, "chart/document.html", {"header": reading.header, "document": document, "type": type_})


@require_safe
def content(
    request: HttpRequest, patient_id: str, id_: str, number: int, type_: str = "DocumentReference", part: int | None = None
) -> HttpResponseBase:
    """The bytes of a file of a document, or of a part inside its CDA."""
    place = f"{type_}/{id_} content {number}" + (f" part {part}" if part is not None else "")
    pieces: Iterator[bytes] | None = None
    with opened(request, patient_id, place, type_) as reading:
        if part is not None:
            found = queries.part(reading.cursor, reading.caller, patient_id, type_, id_, number, part)
            title, media_type, charset, data, size = found.id, found.media_type, "utf-8", found.content, len(found.content)
        else:
            file, bytes_ = queries.file(reading.cursor, reading.caller, patient_id, type_, id_, number)
            title, media_type, charset, size = file.title, bytes_.media_type, file.charset, bytes_.size
            data = bytes_.data if bytes_.data is not None else b""
            pieces = _streamed(bytes_) if bytes_.data is None else None
        shown, type_sent = _type_sent(media_type, charset, data if pieces is None else None)
        if "download" in request.GET:
            shown = False
        reading.action = Action.OPEN if shown else Action.EXPORT
    response: HttpResponseBase = (
        StreamingHttpResponse(pieces, content_type=type_sent)
        if pieces is not None
        else HttpResponse(data, content_type=type_sent)
    )
    response.headers["Content-Length"] = str(size)
    name = f"{slugify(title)[:80] or 'document'}.{contents.EXTENSIONS.get(media_type, 'bin')}"
    response.headers["Content-Disposition"] = content_disposition_header(not shown, name) or "attachment"
    response.headers["X-Content-Type-Options"] = "nosniff"
    response.headers["Cache-Control"] = "no-store"
    response.headers["Content-Security-Policy"] = _PDF if shown and type_sent == "application/pdf" else _SANDBOX
    response.headers["Cross-Origin-Resource-Policy"] = "same-origin"
    return response


def _streamed(found: contents.Content) -> Iterator[bytes]:
    """The content in pieces, read in a transaction of its own: the one that traced the opening has ended well by then."""
    with record.cursor() as cursor:
        yield from found.pieces(cursor)


def _type_sent(media_type: str, charset: str, data: bytes | None) -> tuple[bool, str]:
    """(whether a browser may show it, the Content-Type to send)."""
    form = contents.form_of(media_type)
    if form == "pdf" and (data is None or b"%PDF-" in data[:1024]):
        return True, "application/pdf"
    if form == "image" and (data is None or contents.is_image(media_type, data)):
        return True, media_type
    if form == "text":
        return True, f"text/plain; charset={charset if charset in _CHARSETS else 'utf-8'}"
    return False, _OPAQUE

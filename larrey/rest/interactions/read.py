"""read and vread: http://hl7.org/fhir/R4/http.html#read."""

from __future__ import annotations

from larrey.kit.errors import NotFound
from larrey.rest import resources
from larrey.rest.request import Request
from larrey.rest.response import Response
from larrey.rest.session import Session
from larrey.store.read import read as read_current
from larrey.store.read import vread as read_version


def read(request: Request, session: Session) -> Response:
    """GET [type]/[id]: the current version."""
    type_, id_ = request.segments
    return resources.answer(request, read_current(session.cursor, request.caller, type_, id_))


def vread(request: Request, session: Session) -> Response:
    """GET [type]/[id]/_history/[version]: that version, even when it is no longer current."""
    type_, id_, _, version = request.segments
    return resources.answer(request, read_version(session.cursor, request.caller, type_, id_, version_number(request, version)))


def version_number(request: Request, text: str) -> int:
    """A version in an address as a number. Raises ``NotFound``: what is no number names no version."""
    if text.isascii() and text.isdigit() and len(text) < 10:
        return int(text)
    raise NotFound(f"{request.segments[0]}/{request.segments[1]} has no version {text[:64]!r}.")

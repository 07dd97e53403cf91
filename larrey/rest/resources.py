"""Answers that carry one resource: whole or in part, with its version and date, or nothing new."""

from __future__ import annotations

from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

from larrey.fhir.definitions import type_definition
from larrey.fhir.subsetting import subset
from larrey.kit import json
from larrey.kit.errors import Invalid
from larrey.rest.outcome import informative
from larrey.rest.request import Request
from larrey.rest.response import Response, etag
from larrey.store.stored import Stored, Written

SUMMARIES = ("true", "text", "data", "false")


def answer(request: Request, stored: Stored) -> Response:
    """The resource, or 304 where the client has it already (http://hl7.org/fhir/R4/http.html#cread)."""
    environ = request.environ
    tag = etag(stored.version)
    if unchanged(environ.get("HTTP_IF_NONE_MATCH"), environ.get("HTTP_IF_MODIFIED_SINCE"), tag, stored.updated):
        return Response(304, [("ETag", tag)], updated=stored.updated, shown=(stored,))
    body = stored.body
    if request.pairs:
        body = part(request, stored)
    return Response(200, [("Content-Type", request.media), ("ETag", tag)], body, stored.updated, (stored,))


def part(request: Request, stored: Stored) -> bytes:
    """The part of the resource that ``_summary`` or ``_elements`` asks for; all of it when none does."""
    request.only("_summary", "_elements")
    summary, elements = request.value("_summary"), request.value("_elements")
    if summary is not None and summary not in SUMMARIES:
        raise Invalid(f"_summary must be one of {', '.join(SUMMARIES)} here.", expression="http._summary")
    names = tuple(filter(None, (name.strip() for name in (elements or "").split(","))))
    known = type_definition(stored.type).elements
    for name in names:
        if name.partition(".")[0] not in known and not request.prefer.lenient:
            raise Invalid(f"{stored.type} has no element {name[:60]!r}.", expression="http._elements")
    if not names and summary in (None, "false"):
        return stored.body
    return json.dumps(subset(json.loads(stored.body), summary=summary, elements=names))


def written(request: Request, result: Written, status: int | None = None) -> Response:
    """The answer to a write, in the form that the client prefers (http://hl7.org/fhir/R4/http.html#ops)."""
    created = result.outcome == "created"
    headers = [("ETag", etag(result.version))]
    if created:
        headers.append(("Location", f"{request.base()}/{result.type}/{result.id}/_history/{result.version}"))
    code = status or (201 if created else 200)
    form = request.prefer.answer
    if form == "minimal" or result.stored is None:
        return Response(code, headers, updated=result.updated)
    headers.append(("Content-Type", request.media))
    if form != "OperationOutcome":
        return Response(code, headers, result.stored.body, result.updated)
    text = f"{result.type}/{result.id} is now at version {result.version}."
    return Response(code, headers, json.dumps(informative(text)), result.updated)


def version_of(header: str | None, name: str = "If-Match") -> int | None:
    """The version in an If-Match header such as ``W/"3"``; also ``"3"``. Raises ``Invalid``."""
    if header is None:
        return None
    text = header.strip().removeprefix("W/")
    if len(text) > 2 and text[0] == text[-1] == '"' and text[1:-1].isascii() and text[1:-1].isdigit():
        number = int(text[1:-1]) if len(text) < 12 else 0
        if 0 < number < 2**31:
            return number
    raise Invalid(f'{name} must be one ETag such as W/"1", not {header[:60]!r}.', expression=f"http.{name}")


def unchanged(none_match: str | None, since: str | None, tag: str, updated: datetime) -> bool:
    """RFC 9110, section 13: If-None-Match by weak comparison; If-Modified-Since only in its absence."""
    if none_match is not None:
        number = tag.removeprefix("W/")
        return any(sent.strip().removeprefix("W/") in (number, "*") for sent in none_match.split(","))
    if since is None:
        return False
    try:
        moment = parsedate_to_datetime(since)
    except (ValueError, TypeError):
        return False  # RFC 9110, section 13.1.3: a date that cannot be read is ignored
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=UTC)
    return updated.replace(microsecond=0) <= moment

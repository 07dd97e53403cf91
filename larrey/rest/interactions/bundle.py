"""batch and transaction: http://hl7.org/fhir/R4/http.html#transaction."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from urllib.parse import unquote_to_bytes

import msgspec
from psycopg import Cursor

from larrey.fhir.dates import interval
from larrey.kit import json
from larrey.kit.clock import instant
from larrey.kit.errors import Invalid, TooCostly, TooLarge
from larrey.rest import failures, negotiation, outcome
from larrey.rest.request import Request
from larrey.rest.response import FHIR_JSON, STATUS_LINES, Response, http_date
from larrey.rest.session import Session
from larrey.store.binary import decoded
from larrey.store.caller import Caller
from larrey.store.history import Change
from larrey.store.stored import Stored
from larrey.store.write import process as store_process

METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE"})


def process(request: Request, session: Session) -> Response:
    """POST [base]: a batch, whose entries stand alone, or a transaction, which is done whole or not at all."""
    request.only()
    content = request.resource("Bundle")
    kind = content.get("type")
    if kind not in ("batch", "transaction"):
        raise Invalid(f"The bundle must be a batch or a transaction, not {str(kind)[:40]!r}.", expression="Bundle.type")
    if "larrey.entry" in request.environ:
        raise Invalid("A bundle cannot be posted inside a bundle.")
    request.interaction = kind
    entries = content.get("entry", [])
    if not isinstance(entries, list):
        raise Invalid("Bundle.entry must be an array.", expression="Bundle.entry")
    most = session.settings.rules.entries
    if len(entries) > most:
        raise TooLarge(
            f"The bundle has {len(entries)} entries; this server takes {most} (setting LARREY_MAX_ENTRIES).",
            expression="Bundle.entry",
        )
    if kind == "transaction":
        result = _transaction(request, session, content)
    else:
        room = _Room(request.settings.body)
        answers = [_entry(request, session, entry, f"Bundle.entry[{i}]", room) for i, entry in enumerate(entries)]
        result = {"resourceType": "Bundle", "type": "batch-response", "entry": answers}
    if not result["entry"]:
        del result["entry"]
    return Response(200, [("Content-Type", request.media)], json.dumps(result))


def _transaction(request: Request, session: Session, content: dict[str, Any]) -> dict[str, Any]:
    representation = request.prefer.answer == "representation"
    beside: list[Stored | Change] = []

    def work(cursor: Cursor[Any]) -> dict[str, Any]:
        beside.clear()  # of a try before this one
        inside = session.inside(cursor, beside)
        room = _Room(request.settings.body)

        def fetch(_: Cursor[Any], __: Caller, url: str) -> dict[str, Any]:
            entry = _request(request, {"method": "GET", "url": url}, {}, "")
            return _answer(entry, session.answer(entry, inside), room, whole=True)

        return store_process(
            cursor,
            request.caller,
            content,
            rules=session.settings.rules,
            fetch=fetch,
            representation=representation,
        )

    return session.write(request, work, beside)


class _Room:
    """Bytes that the answers of one bundle may still hold: a small bundle must not ask for gigabytes."""

    def __init__(self, limit: int) -> None:
        self.limit = self.left = limit

    def take(self, size: int) -> bool:
        """Whether ``size`` bytes more fit."""
        if size > self.left:
            return False
        self.left -= size
        return True


def _entry(request: Request, session: Session, entry: Any, at: str, room: _Room) -> dict[str, Any]:
    """Carry out one entry of a batch; what goes wrong is told in its place and nowhere else."""
    inner = request
    try:
        inner = _request(request, entry.get("request") if isinstance(entry, dict) else None, entry, at)
        return _answer(inner, session.answer(inner, session), room, whole=request.prefer.answer == "representation")
    except Exception as error:  # noqa: BLE001 - one entry that fails does not fail the others
        return _answer(inner, outcome.render(failures.told(error)), room, whole=False)


def _request(request: Request, asked: Any, raw: Any, at: str) -> Request:
    """The request that the entry ``raw`` stands for by its request ``asked``. Raises ``Invalid`` naming what is wrong."""
    if not isinstance(asked, dict):
        raise Invalid("Each entry needs a request.", expression=f"{at}.request")
    resource = raw.get("resource")
    method, url = asked.get("method"), asked.get("url")
    if not isinstance(method, str) or method not in METHODS:
        raise Invalid(f"{str(method)[:20]!r} is not a method of a bundle entry.", expression=f"{at}.request.method")
    if not isinstance(url, str):
        raise Invalid("Each entry's request needs a url.", expression=f"{at}.request.url")
    path, _, query = url.removeprefix(request.base()).partition("?")
    outer = request.environ
    environ: dict[str, Any] = {
        "REQUEST_METHOD": method,
        "SCRIPT_NAME": outer.get("SCRIPT_NAME", ""),
        "PATH_INFO": "/" + unquote_to_bytes(path.lstrip("/")).decode("latin-1"),
        "QUERY_STRING": query.encode("utf-8", "surrogatepass").decode("latin-1"),
        "HTTP_ACCEPT": FHIR_JSON,
        "larrey.entry": True,
    }
    for name in ("REMOTE_ADDR", "HTTP_HOST", "SERVER_NAME", "SERVER_PORT", "wsgi.url_scheme", "HTTP_PREFER"):
        if name in outer:
            environ[name] = outer[name]
    for key, name in (
        ("ifMatch", "HTTP_IF_MATCH"),
        ("ifNoneMatch", "HTTP_IF_NONE_MATCH"),
        ("ifNoneExist", "HTTP_IF_NONE_EXIST"),
        ("ifModifiedSince", "HTTP_IF_MODIFIED_SINCE"),
    ):
        value = asked.get(key)
        if value is None:
            continue
        if not isinstance(value, str):
            raise Invalid(f"{key} must be a string.", expression=f"{at}.request.{key}")
        environ[name] = http_date(_instant(value, f"{at}.request.{key}")) if key == "ifModifiedSince" else value
    content = {} if resource is None else resource
    environ["CONTENT_TYPE"] = "application/fhir+json"
    if method == "PATCH" and isinstance(resource, dict) and resource.get("resourceType") == "Binary":
        # http://hl7.org/fhir/R4/http.html#patch: a JSON Patch travels in a bundle as a Binary.
        if resource.get("contentType") != negotiation.JSON_PATCH:
            raise Invalid(f"A patch in a Binary must be {negotiation.JSON_PATCH}.", expression=f"{at}.resource.contentType")
        content = json.loads(decoded(resource.get("data"), f"{at}.resource.data"))
        environ["CONTENT_TYPE"] = negotiation.JSON_PATCH
    entry = Request(environ, request.settings, content)
    entry.caller = request.caller
    return entry


def _instant(text: str, at: str) -> datetime:
    try:
        return interval(text).low
    except Invalid:
        raise Invalid(f"{text[:60]!r} is not an instant.", expression=at) from None


def _answer(inner: Request, response: Response, room: _Room, *, whole: bool) -> dict[str, Any]:
    """The response entry for ``response``; a read always carries what it read, a write only when ``whole``.

    Raises ``TooCostly`` where there is no room for what was read.
    """
    answer: dict[str, Any] = {"status": STATUS_LINES[response.status]}
    for header, key in (("Location", "location"), ("ETag", "etag")):
        value = response.header(header)
        if value is not None:
            answer[key] = value.removeprefix(inner.base() + "/")
    if response.updated is not None:
        answer["lastModified"] = instant(response.updated)
    entry: dict[str, Any] = {"response": answer}
    body = response.body
    if isinstance(body, bytes) and body:
        if response.status >= 400 or (inner.method not in ("GET", "HEAD") and inner.prefer.answer == "OperationOutcome"):
            answer["outcome"] = msgspec.Raw(body)
        elif (read := inner.method == "GET" or inner.interaction.startswith(("$", "search"))) or whole:
            if room.take(len(body)):
                entry = {"resource": msgspec.Raw(body), **entry}
            elif read:
                raise TooCostly(
                    f"The answers of one bundle may hold {room.limit} bytes together (setting LARREY_MAX_BODY_MB);"
                    " ask for less at once."
                )
    return entry

"""Binary: content of any type, as it is or as a resource (http://hl7.org/fhir/R4/binary.html#rest)."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Callable, Iterator
from tempfile import SpooledTemporaryFile
from typing import IO, Any

from psycopg import Cursor

from larrey.kit import json
from larrey.kit.errors import UnsupportedMediaType
from larrey.rest import negotiation, resources
from larrey.rest.connections import Connections
from larrey.rest.interactions.create import criteria_sent
from larrey.rest.interactions.read import version_number
from larrey.rest.interactions.update import identified
from larrey.rest.request import CHUNK, Request
from larrey.rest.response import Response, etag
from larrey.rest.session import Session
from larrey.store import binary, blobs
from larrey.store.keys import resource_key
from larrey.store.read import read as read_current
from larrey.store.read import vread as read_version
from larrey.store.stored import Stored, Written
from larrey.store.write import operations

_IN_MEMORY = 1024 * 1024
_RESOURCE = frozenset({"application/fhir+json", "application/json+fhir"})
_OTHER_FHIR = frozenset({"application/fhir+xml", "application/fhir+turtle", "application/xml+fhir"})
_UNKNOWN = "application/octet-stream"

Write = Callable[["Cursor[Any]", dict[str, Any]], Written]


def create_binary(request: Request, session: Session) -> Response:
    """POST Binary: a Binary in FHIR JSON, or any other content as it is."""
    request.only()
    rules, criteria = session.settings.rules, criteria_sent(request, "Binary")

    def write(cursor: Cursor[Any], resource: dict[str, Any]) -> Written:
        return operations.create(cursor, request.caller, resource, if_none_exist=criteria, rules=rules)

    return _written(request, session, None, write)


def update_binary(request: Request, session: Session) -> Response:
    """PUT Binary/[id]: as create."""
    request.only()
    rules = session.settings.rules
    if_match = resources.version_of(request.environ.get("HTTP_IF_MATCH"))

    def write(cursor: Cursor[Any], resource: dict[str, Any]) -> Written:
        return operations.update(cursor, request.caller, resource, if_match=if_match, rules=rules)

    return _written(request, session, request.segments[1], write)


def read_binary(request: Request, session: Session) -> Response:
    """GET Binary/[id]: the content as it is, unless FHIR JSON is asked for by name."""
    return _sent(request, session, read_current(session.cursor, request.caller, "Binary", request.segments[1]))


def vread_binary(request: Request, session: Session) -> Response:
    """GET Binary/[id]/_history/[version]."""
    _, id_, _, version = request.segments
    number = version_number(request, version)
    return _sent(request, session, read_version(session.cursor, request.caller, "Binary", id_, number))


def _written(request: Request, session: Session, id_: str | None, write: Write) -> Response:
    limit = session.settings.binary
    if request.content is not None or request.body_type() in _RESOURCE:
        sent_limit = max(session.settings.body, limit * 4 // 3 + 65536)
        resource = identified(request, "Binary", id_, sent_limit) if id_ else request.resource("Binary", sent_limit)
        return resources.written(request, session.write(request, lambda cursor: write(cursor, resource)))
    content_type: str = request.environ["CONTENT_TYPE"].strip()
    if request.body_type() in _OTHER_FHIR:
        raise UnsupportedMediaType("Of FHIR's own formats only JSON is understood.", expression="http.Content-Type")
    if not _plain(content_type):
        raise UnsupportedMediaType("The content type is malformed.", expression="http.Content-Type")
    resource = {"resourceType": "Binary", "contentType": content_type}
    if id_ is not None:
        resource["id"] = id_
    context = request.environ.get("HTTP_X_SECURITY_CONTEXT")
    if context:
        resource["securityContext"] = {"reference": context}
    # Spooled first: a slow client must not hold a transaction open.
    with SpooledTemporaryFile(max_size=_IN_MEMORY) as spool:
        for piece in request.chunks(limit, "LARREY_MAX_BLOB_MB"):
            spool.write(piece)

        def work(cursor: Cursor[Any]) -> Written:
            result = write(cursor, resource)
            if result.outcome != "found":
                spool.seek(0)
                binary.attach(cursor, resource_key("Binary", result.id), result.version, _pieces(spool), limit)
            return result

        return resources.written(request, session.write(request, work))


def _pieces(file: IO[bytes]) -> Iterator[bytes]:
    while piece := file.read(CHUNK):
        yield piece


def _sent(request: Request, session: Session, stored: Stored) -> Response:
    accept = request.environ.get("HTTP_ACCEPT", "")
    as_resource = bool(request.environ.get("larrey.format")) or (accept and negotiation.accepts_resource(accept))
    if as_resource:
        response = resources.answer(request, stored)
        if response.status == 200 and not request.pairs:
            blob = binary.find(session.cursor, stored.key, stored.version)
            if blob is not None:
                data = b64encode(b"".join(blobs.stream(session.cursor, blob.hash))).decode()
                response.body = json.dumps({**json.loads(stored.body), "data": data})
        return response
    request.only()
    environ, tag = request.environ, etag(stored.version)
    if resources.unchanged(environ.get("HTTP_IF_NONE_MATCH"), environ.get("HTTP_IF_MODIFIED_SINCE"), tag, stored.updated):
        return Response(304, [("ETag", tag)], updated=stored.updated, shown=(stored,))
    resource = json.loads(stored.body)
    content_type = str(resource.get("contentType", _UNKNOWN))
    headers = [
        ("Content-Type", content_type if _plain(content_type) else _UNKNOWN),
        ("ETag", tag),
        # What was uploaded may be hostile: a browser must neither run nor show it as a page of this site.
        ("Content-Disposition", "attachment"),
        ("Content-Security-Policy", "sandbox; default-src 'none'"),
    ]
    context = resource.get("securityContext")
    reference = context.get("reference") if isinstance(context, dict) else None
    if isinstance(reference, str) and reference.isascii() and reference.isprintable():
        headers.append(("X-Security-Context", reference))
    blob = binary.find(session.cursor, stored.key, stored.version)
    if blob is None:
        return Response(200, headers, b"", stored.updated, (stored,))
    if request.method == "HEAD" or not blob.size:
        headers.append(("Content-Length", str(blob.size)))
        return Response(200, headers, (), stored.updated, (stored,))
    headers.append(("Content-Length", str(blob.size)))
    return Response(200, headers, _streamed(session.connections, blob.hash), stored.updated, (stored,))


def _streamed(connections: Connections, hash_: bytes) -> Iterator[bytes]:
    """The content on a connection of its own: the thread may answer others before the client has read it all."""
    with connections.borrowed() as lane:
        yield from blobs.stream(lane.cursor, hash_)


def _plain(content_type: str) -> bool:
    return content_type.isascii() and content_type.isprintable() and "/" in content_type and len(content_type) <= 200

"""history of a resource, a type and the system: http://hl7.org/fhir/R4/http.html#history."""

from __future__ import annotations

from typing import Any

import msgspec

from larrey.kit import json
from larrey.kit.clock import instant
from larrey.kit.errors import Invalid
from larrey.rest import bundles, operations
from larrey.rest.request import Request
from larrey.rest.response import Response, etag
from larrey.rest.session import Session
from larrey.store.history import Change
from larrey.store.history import history as store_history

_REQUESTS = {"create": "POST", "update": "PUT", "delete": "DELETE"}
_STATUSES = {"create": "201 Created", "update": "200 OK", "delete": "204 No Content"}


def history(request: Request, session: Session) -> Response:
    """GET [type]/[id]/_history, [type]/_history or _history: newest first, in pages."""
    request.only("_since", "_at", "_count", "_sort", "_cursor")
    names = request.segments[:-1]
    type_ = names[0] if names else None
    id_ = names[1] if len(names) == 2 else None
    since, at, before = request.value("_since"), request.value("_at"), request.value("_cursor")
    if request.value("_sort") not in (None, "-_lastUpdated"):
        raise Invalid("A history is sorted newest first (-_lastUpdated) only.", expression="http._sort")
    if before is not None and not (before.isascii() and before.isdigit() and len(before) < 19):
        raise Invalid("_cursor is not one that this server gave.", expression="http._cursor")
    limits = session.settings.search
    page = store_history(
        session.cursor,
        request.caller,
        type_,
        id_,
        since=operations.low(since, "_since"),
        at=operations.span(at, "_at"),
        count=request.count(limits.page, limits.page_max),
        before=None if before is None else int(before),
    )
    path = "/".join(request.segments)
    links = [("self", bundles.link(request, path, request.pairs))]
    if page.next is not None:
        kept = [pair for pair in request.pairs if pair[0] != "_cursor"]
        links.append(("next", bundles.link(request, path, [*kept, ("_cursor", str(page.next))])))
    base = request.base()
    entries = [_entry(base, change) for change in page.entries]
    return bundles.bundle(request, "history", entries, links=links, shown=page.entries, total=page.total)


def _entry(base: str, change: Change) -> bytes:
    method = _REQUESTS[change.method]
    entry: dict[str, Any] = {"fullUrl": f"{base}/{change.type}/{change.id}"}
    if change.body is not None:
        entry["resource"] = msgspec.Raw(change.body)
    address = change.type if change.method == "create" else f"{change.type}/{change.id}"
    entry["request"] = {"method": method, "url": address}
    entry["response"] = {
        "status": _STATUSES[change.method],
        "etag": etag(change.version),
        "lastModified": instant(change.updated),
    }
    return json.dumps(entry)

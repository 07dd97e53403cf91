"""Bundles written as bytes around the stored resources, which are not decoded (http://hl7.org/fhir/R4/bundle.html)."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any
from urllib.parse import urlencode

from larrey.kit import json
from larrey.kit.clock import instant, now
from larrey.rest.request import Request
from larrey.rest.response import Response
from larrey.store.history import Change
from larrey.store.stored import Stored

Links = Sequence[tuple[str, str]]


def link(request: Request, path: str, pairs: Iterable[tuple[str, str]]) -> str:
    """The address of ``path`` (below the base, without a slash in front) with ``pairs`` as its query."""
    query = urlencode(list(pairs), safe=":/|,$*")
    address = f"{request.base()}/{path}" if path else request.base()
    return f"{address}?{query}" if query else address


def found(base: bytes, stored: Stored, body: bytes, mode: bytes) -> bytes:
    """One entry of a searchset. Types and ids are plain ASCII; ``base`` has been checked by ``Request.base``."""
    return b'{"fullUrl":"%s/%s/%s","resource":%s,"search":{"mode":"%s"}}' % (
        base,
        stored.type.encode(),
        stored.id.encode(),
        body,
        mode,
    )


def bundle(
    request: Request,
    kind: str,
    entries: Sequence[bytes],
    *,
    links: Links,
    shown: Sequence[Stored | Change],
    total: int | None = None,
) -> Response:
    """A bundle of ``kind`` (``searchset``, ``history``) whose entries are JSON already; ``shown`` are the rows behind them."""
    head: dict[str, Any] = {"resourceType": "Bundle", "meta": {"lastUpdated": instant(now())}, "type": kind}
    if total is not None:
        head["total"] = total
    head["link"] = [{"relation": relation, "url": url} for relation, url in links]
    body = json.dumps(head)
    if entries:
        body = body[:-1] + b',"entry":[' + b",".join(entries) + b"]}"
    return Response(200, [("Content-Type", request.media)], body, shown=shown)

"""$everything on Patient and Encounter: http://hl7.org/fhir/R4/patient-operation-everything.html."""

from __future__ import annotations

from typing import Literal, cast

from larrey.fhir.definitions import resource_types
from larrey.kit.errors import Invalid
from larrey.rest import bundles, operations
from larrey.rest.request import Request
from larrey.rest.response import Response
from larrey.rest.session import Session
from larrey.store.everything import everything as store_everything


def everything(request: Request, session: Session) -> Response:
    """GET or POST [type]/[id]/$everything, in pages; Encounter's has no ``start`` and ``end``."""
    type_, id_, _ = request.segments
    request.pairs = operations.parameters(request)
    dates = ("start", "end") if type_ == "Patient" else ()
    request.only("_since", "_type", "_count", "_cursor", *dates)
    types = [name for key, value in request.pairs if key == "_type" for name in value.split(",") if name]
    for name in types:
        if name not in resource_types():
            raise Invalid(f"{name[:60]!r} is not a resource type of FHIR R4.", expression="http._type")
    limits = session.settings.search
    page = store_everything(
        session.cursor,
        request.caller,
        cast(Literal["Patient", "Encounter"], type_),
        id_,
        since=operations.low(request.value("_since"), "_since"),
        types=types or None,
        start=operations.low(request.value("start"), "start") if dates else None,
        end=operations.high(request.value("end"), "end") if dates else None,
        count=max(request.count(limits.page_max, limits.page_max), 1),
        position=request.value("_cursor"),
    )
    path = "/".join(request.segments)
    links = [("self", bundles.link(request, path, request.pairs))]
    if page.next is not None:
        kept = [pair for pair in request.pairs if pair[0] != "_cursor"]
        links.append(("next", bundles.link(request, path, [*kept, ("_cursor", page.next)])))
    base = request.base().encode()
    entries = [bundles.found(base, stored, stored.body, b"match") for stored in page.matches]
    entries += [bundles.found(base, stored, stored.body, b"include") for stored in page.supporting]
    return bundles.bundle(request, "searchset", entries, links=links, shown=[*page.matches, *page.supporting])

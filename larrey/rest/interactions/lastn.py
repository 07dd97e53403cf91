"""$lastn on Observation: http://hl7.org/fhir/R4/observation-operation-lastn.html."""

from __future__ import annotations

from larrey.kit.errors import Invalid
from larrey.rest import operations
from larrey.rest.interactions.search import places, searchset
from larrey.rest.request import Request
from larrey.rest.response import Response
from larrey.rest.session import Session
from larrey.store.lastn import lastn as store_lastn


def lastn(request: Request, session: Session) -> Response:
    """GET or POST Observation/$lastn."""
    request.pairs = operations.parameters(request)
    text = request.value("max") or "1"
    if not (text.isascii() and text.isdigit() and len(text) < 10 and int(text) > 0):
        raise Invalid("max must be a positive whole number.", expression="http.max")
    limits = session.settings.search
    pairs = [pair for pair in request.pairs if pair[0] != "max"]
    with places():
        page = store_lastn(session.cursor, request.caller, pairs, most=int(text), limits=limits, lenient=request.prefer.lenient)
    return searchset(request, page, "Observation/$lastn", [("max", text)])

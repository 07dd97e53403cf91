"""delete and conditional delete: http://hl7.org/fhir/R4/http.html#delete."""

from __future__ import annotations

from larrey.kit import json
from larrey.kit.errors import NotFound, PreconditionFailed
from larrey.rest import resources, tracing
from larrey.rest.interactions.update import criteria_of
from larrey.rest.outcome import informative
from larrey.rest.request import Request
from larrey.rest.response import Response, etag
from larrey.rest.session import Session
from larrey.store.stored import Written
from larrey.store.write import operations


def delete(request: Request, session: Session) -> Response:
    """DELETE [type]/[id]: 204 with the ETag of the deletion; also when it is deleted already, or never was."""
    type_, id_ = request.segments
    request.only()
    if_match = resources.version_of(request.environ.get("HTTP_IF_MATCH"))
    try:
        result = session.write(request, lambda cursor: operations.delete(cursor, request.caller, type_, id_, if_match=if_match))
    except NotFound as error:
        tracing.refused(request, session.cursor, error)
        if if_match is not None:
            raise PreconditionFailed(f"{type_}/{id_} has no current version to match.") from None
        return _deleted(request, [])
    return _deleted(request, [result])


def conditional_delete(request: Request, session: Session) -> Response:
    """DELETE [type]?criteria: deletes what matches, all or nothing."""
    type_ = request.segments[0]
    criteria = criteria_of(request)
    most = operations.MOST_DELETED
    return _deleted(
        request,
        session.write(request, lambda cursor: operations.delete_where(cursor, request.caller, type_, criteria, most=most)),
    )


def _deleted(request: Request, results: list[Written]) -> Response:
    headers, updated = [], None
    if len(results) == 1:
        headers, updated = [("ETag", etag(results[0].version))], results[0].updated
    if request.prefer.answer != "OperationOutcome":
        return Response(204, headers, updated=updated)
    names = ", ".join(f"{result.type}/{result.id}" for result in results) or "nothing"
    headers.append(("Content-Type", request.media))
    return Response(200, headers, json.dumps(informative(f"Deleted: {names}.")), updated)

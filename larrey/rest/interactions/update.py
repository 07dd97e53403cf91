"""update, update as create and conditional update: http://hl7.org/fhir/R4/http.html#update and #cond-update."""

from __future__ import annotations

from typing import Any

from psycopg import Cursor

from larrey.kit.errors import Invalid, PreconditionFailed
from larrey.rest import resources
from larrey.rest.request import Request
from larrey.rest.response import Response
from larrey.rest.session import Session
from larrey.store.stored import Written
from larrey.store.write import operations


def update(request: Request, session: Session) -> Response:
    """PUT [type]/[id]: 200, or 201 where there was none; 412 when If-Match names another version.

    ``If-None-Match: *`` only creates: 412 where there is one.
    """
    type_, id_ = request.segments
    request.only()
    resource = identified(request, type_, id_)
    if_match = resources.version_of(request.environ.get("HTTP_IF_MATCH"))
    create_only = only_create(request)
    rules = session.settings.rules

    def work(cursor: Cursor[Any]) -> Written:
        result = operations.update(cursor, request.caller, resource, if_match=if_match, rules=rules)
        if create_only and result.outcome != "created":
            raise PreconditionFailed(f"{type_}/{id_} exists already.", expression="http.If-None-Match")
        return result

    return resources.written(request, session.write(request, work))


def conditional_update(request: Request, session: Session) -> Response:
    """PUT [type]?criteria: updates the one match, creates where there is none, 412 where there are several."""
    type_ = request.segments[0]
    criteria = criteria_of(request)
    resource = request.resource(type_)
    if_match = resources.version_of(request.environ.get("HTTP_IF_MATCH"))
    rules = session.settings.rules
    return resources.written(
        request,
        session.write(
            request,
            lambda cursor: operations.update_where(cursor, request.caller, resource, criteria, if_match=if_match, rules=rules),
        ),
    )


def only_create(request: Request) -> bool:
    """Whether ``If-None-Match: *`` was sent (RFC 9110, section 13.1.2). Raises ``Invalid`` for ETags in its place."""
    header = request.environ.get("HTTP_IF_NONE_MATCH")
    if header is not None and header.strip() != "*":
        raise Invalid("If-None-Match can only be * when writing.", expression="http.If-None-Match")
    return header is not None


def identified(request: Request, type_: str, id_: str, limit: int = 0) -> dict[str, Any]:
    """The resource sent, which must carry the id of its address (http://hl7.org/fhir/R4/http.html#update)."""
    resource = request.resource(type_, limit)
    if "id" not in resource:
        raise Invalid(f"The resource has no id; the address says {id_!r}.", expression=f"{type_}.id")
    if resource["id"] != id_:
        raise Invalid(
            f"The resource's id {str(resource['id'])[:64]!r} is not that of the address, {id_!r}.",
            expression=f"{type_}.id",
        )
    return resource


def criteria_of(request: Request) -> str:
    """The criteria of a conditional interaction, as a query string. Raises ``Invalid`` when there are none."""
    if not request.pairs:
        raise Invalid("A conditional request needs search criteria in its address; none were sent.")
    return request.criteria()

"""patch and conditional patch: http://hl7.org/fhir/R4/http.html#patch."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from larrey.fhir.patch import fhirpath_patch, json_patch
from larrey.kit.errors import Invalid, UnsupportedMediaType
from larrey.rest import negotiation, resources
from larrey.rest.interactions.update import criteria_of
from larrey.rest.request import Request
from larrey.rest.response import Response
from larrey.rest.session import Session
from larrey.store.write import operations

Change = Callable[[dict[str, Any]], dict[str, Any]]


def patch(request: Request, session: Session) -> Response:
    """PATCH [type]/[id] with a JSON Patch or a FHIRPath Patch."""
    type_, id_ = request.segments
    request.only()
    change = change_of(request)
    if_match = resources.version_of(request.environ.get("HTTP_IF_MATCH"))
    rules = session.settings.rules
    return resources.written(
        request,
        session.write(
            request, lambda cursor: operations.patch(cursor, request.caller, type_, id_, change, if_match=if_match, rules=rules)
        ),
    )


def conditional_patch(request: Request, session: Session) -> Response:
    """PATCH [type]?criteria: 404 where nothing matches, 412 where several do."""
    type_ = request.segments[0]
    criteria = criteria_of(request)
    change = change_of(request)
    if_match = resources.version_of(request.environ.get("HTTP_IF_MATCH"))
    rules = session.settings.rules
    return resources.written(
        request,
        session.write(
            request,
            lambda cursor: operations.patch_where(
                cursor, request.caller, type_, criteria, change, if_match=if_match, rules=rules
            ),
        ),
    )


def change_of(request: Request) -> Change:
    """What the body does to a resource. The content type decides between the two languages."""
    if request.content is not None:
        content, sent = request.content, request.environ.get("CONTENT_TYPE", "")
    else:
        sent = request.body_type()
        if sent not in negotiation.JSON_TYPES and sent != negotiation.JSON_PATCH:
            raise UnsupportedMediaType(
                f"A patch is sent as {negotiation.JSON_PATCH}, or as application/fhir+json (FHIRPath Patch);"
                f" {sent[:80]!r} is not understood.",
                expression="http.Content-Type",
            )
        content = request.json(frozenset({sent}))
    if sent == negotiation.JSON_PATCH:
        if not isinstance(content, list):
            raise Invalid("A JSON Patch must be an array of operations (RFC 6902).")
        return lambda resource: json_patch(resource, content)
    if not isinstance(content, dict) or content.get("resourceType") != "Parameters":
        raise Invalid("A FHIRPath Patch must be a Parameters resource.", expression="resourceType")
    return lambda resource: fhirpath_patch(resource, content)

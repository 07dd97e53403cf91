"""create and conditional create: http://hl7.org/fhir/R4/http.html#create and #ccreate."""

from __future__ import annotations

from larrey.kit.errors import Invalid
from larrey.rest import resources
from larrey.rest.request import Request
from larrey.rest.response import Response
from larrey.rest.session import Session
from larrey.store.write import operations


def create(request: Request, session: Session) -> Response:
    """POST [type]: 201 with a new id; with If-None-Exist, 200 with the one match there is, 412 where there are several."""
    type_ = request.segments[0]
    request.only()
    resource = request.resource(type_)
    criteria = criteria_sent(request, type_)
    rules = session.settings.rules
    result = session.write(
        request, lambda cursor: operations.create(cursor, request.caller, resource, if_none_exist=criteria, rules=rules)
    )
    response = resources.written(request, result)
    if result.outcome == "found":
        response.headers.append(("Location", f"{request.base()}/{type_}/{result.id}/_history/{result.version}"))
    return response


def criteria_sent(request: Request, type_: str) -> str | None:
    """The criteria of If-None-Exist, written in one way so that equal criteria are equal text; None without it."""
    header: str | None = request.environ.get("HTTP_IF_NONE_EXIST")
    if header is None:
        return None
    criteria = request.rewritten(header.removeprefix(type_).removeprefix("?"), "If-None-Exist header")
    if not criteria:
        raise Invalid("If-None-Exist holds no criteria.", expression="http.If-None-Exist")
    return criteria

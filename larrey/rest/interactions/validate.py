"""$validate: http://hl7.org/fhir/R4/resource-operation-validate.html."""

from __future__ import annotations

from typing import Any

from larrey.access.trail import Action
from larrey.fhir.validation import validate
from larrey.kit import json
from larrey.kit.errors import Invalid, Issue, LarreyError, Unsupported
from larrey.kit.ids import new_id
from larrey.rest import tracing
from larrey.rest.outcome import informative, outcome
from larrey.rest.request import Request
from larrey.rest.response import Response
from larrey.rest.session import Session
from larrey.store.caller import Letter
from larrey.store.transactions import translated
from larrey.store.write import operations

MODES = ("create", "update", "delete")
_PROFILES = "http://hl7.org/fhir/StructureDefinition/"


def validate_type(request: Request, session: Session) -> Response:
    """POST [type]/$validate."""
    return _validate(request, session, None)


def validate_instance(request: Request, session: Session) -> Response:
    """POST [type]/[id]/$validate; a GET can only ask about a deletion."""
    return _validate(request, session, request.segments[1])


def _validate(request: Request, session: Session, id_: str | None) -> Response:
    type_ = request.segments[0]
    request.only("mode", "profile")
    mode, profile = request.value("mode"), request.value("profile")
    resource: dict[str, Any] | None = None
    if request.method == "POST" and not (mode == "delete" and not request.has_body()):
        resource = request.resource()
        if resource["resourceType"] == "Parameters" and type_ != "Parameters":
            mode, profile, resource = _unwrapped(resource, mode, profile)
    if mode is not None and mode not in MODES:
        raise Invalid(f"mode must be one of {', '.join(MODES)}.", expression="http.mode")
    if mode in ("update", "delete") and id_ is None:
        raise Invalid(f"mode={mode} is about one resource: use {type_}/[id]/$validate.", expression="http.mode")
    if profile is not None and profile.partition("|")[0] != _PROFILES + type_:
        raise Unsupported(f"This server cannot validate against {profile[:200]}.", expression="http.profile")
    letters: dict[str | None, Letter] = {"create": "c", "update": "u", "delete": "d"}
    request.caller.demand(letters.get(mode, "r"), type_)
    if mode == "delete":
        return _answer(request, session, _tried(request, session, mode, id_, {}))
    if resource is None:
        raise Invalid("There is nothing to validate: no resource was sent.", expression="Parameters.parameter")
    if resource.get("resourceType") != type_:
        raise Invalid(
            f"The resource is of type {str(resource.get('resourceType'))[:60]!r}, the address says {type_}.",
            expression="resourceType",
        )
    issues = validate(resource)
    if not issues and mode is not None:
        issues = _tried(request, session, mode, id_, resource)
    return _answer(request, session, issues)


def _unwrapped(
    parameters: dict[str, Any], mode: str | None, profile: str | None
) -> tuple[str | None, str | None, dict[str, Any] | None]:
    """Mode, profile and resource out of a Parameters resource; what it says wins over the address."""
    resource = None
    entries = parameters.get("parameter", [])
    for number, entry in enumerate(entries if isinstance(entries, list) else []):
        at = f"Parameters.parameter[{number}]"
        name = entry.get("name") if isinstance(entry, dict) else None
        if name == "resource" and isinstance(entry.get("resource"), dict):
            resource = entry["resource"]
        elif name == "mode" and isinstance(entry.get("valueCode", entry.get("valueString")), str):
            mode = entry.get("valueCode", entry.get("valueString"))
        elif name == "profile" and isinstance(entry.get("valueUri", entry.get("valueCanonical")), str):
            profile = entry.get("valueUri", entry.get("valueCanonical"))
        else:
            raise Invalid(f"The parameter {str(name)[:60]!r} is not one of $validate, or has no fit value.", expression=at)
    return mode, profile, resource


def _tried(request: Request, session: Session, mode: str | None, id_: str | None, resource: dict[str, Any]) -> list[Issue]:
    """What the write itself would complain about: it is done, and rolled back."""
    caller, rules, type_ = request.caller, session.settings.rules, request.segments[0]
    connection = session.connection
    try:
        with translated(), connection.transaction(force_rollback=True), connection.cursor(binary=True) as cursor:
            if mode == "create":
                operations.create(cursor, caller, resource, id=new_id(), rules=rules)
            elif mode == "update":
                operations.update(cursor, caller, {**resource, "id": id_}, rules=rules)
            else:
                operations.delete(cursor, caller, type_, id_ or "")
    except LarreyError as error:
        if error.http_status >= 500:
            raise
        return list(error.issues)
    return []


def _answer(request: Request, session: Session, issues: list[Issue]) -> Response:
    """200 whatever was found: a 4xx would say that nothing could be checked. Nothing is written or shown but what is wrong."""
    if session.inner:
        session.note(request, Action.OPEN, ())
    else:
        tracing.read(session.cursor, request, Action.OPEN, ())
    found = outcome(issues) if issues else informative("No issue was found.")
    return Response(200, [("Content-Type", request.media)], json.dumps(found))

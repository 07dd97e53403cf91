"""Errors as OperationOutcome resources (http://hl7.org/fhir/R4/operationoutcome.html)."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from larrey.kit import json
from larrey.kit.errors import Forbidden, Issue, LarreyError, MethodNotAllowed, Unauthenticated, Unavailable
from larrey.rest.response import FHIR_JSON, Response


def outcome(issues: Iterable[Issue]) -> dict[str, Any]:
    """An OperationOutcome with one entry per issue."""
    entries = []
    for issue in issues:
        entry: dict[str, Any] = {"severity": issue.severity, "code": issue.code, "diagnostics": issue.diagnostics}
        if issue.expression:
            entry["expression"] = [issue.expression]
        entries.append(entry)
    return {"resourceType": "OperationOutcome", "issue": entries}


def informative(text: str) -> dict[str, Any]:
    """An OperationOutcome that only tells that all went well."""
    return outcome((Issue("informational", text, severity="information"),))


def render(error: LarreyError) -> Response:
    """The answer for ``error``: its HTTP status and its issues."""
    headers = [("Content-Type", FHIR_JSON)]
    if isinstance(error, Unauthenticated):
        challenge = 'Bearer realm="larrey"'
        headers.append(("WWW-Authenticate", challenge + (', error="invalid_token"' if error.details else "")))
    elif isinstance(error, Forbidden):
        headers.append(("WWW-Authenticate", 'Bearer realm="larrey", error="insufficient_scope"'))
    elif isinstance(error, MethodNotAllowed):
        headers.append(("Allow", error.details.get("allow", "")))
    elif isinstance(error, Unavailable):
        headers.append(("Retry-After", "2"))
    return Response(error.http_status, headers, json.dumps(outcome(error.issues)))

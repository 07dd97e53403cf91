"""A row of the trace as a FHIR AuditEvent, in the manner of IHE BALP. Made when asked for, never stored in the record.

https://profiles.ihe.net/ITI/BALP/ and http://hl7.org/fhir/R4/auditevent.html
"""

from __future__ import annotations

import re
from base64 import b64encode
from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

from larrey.access.trail import Action
from larrey.fhir.definitions import resource_types

_DICOM = "http://dicom.nema.org/resources/ontology/DCM"
_EVENT = "http://terminology.hl7.org/CodeSystem/audit-event-type"
_REST = "http://hl7.org/fhir/restful-interaction"
_ENTITY = "http://terminology.hl7.org/CodeSystem/audit-entity-type"
_ROLE = "http://terminology.hl7.org/CodeSystem/object-role"
_PARTICIPATION = "http://terminology.hl7.org/CodeSystem/v3-ParticipationType"
_REASON = "http://terminology.hl7.org/CodeSystem/v3-ActReason"
_SOURCE = "http://terminology.hl7.org/CodeSystem/security-source-type"
_ROLES = "urn:larrey:CodeSystem/role"

Code = tuple[str, str, str]
_RESTFUL: Code = (_EVENT, "rest", "Restful Operation")
_SECURITY: Code = (_DICOM, "110113", "Security Alert")
_SIGNING: Code = (_DICOM, "110114", "User Authentication")

# Action → type, subtype, what was done to the data (create, read, update, delete, execute).
_KINDS: Mapping[str, tuple[Code, Code, str]] = MappingProxyType(
    {
        Action.OPEN: (_RESTFUL, (_REST, "read", "read"), "R"),
        Action.SEARCH: (_RESTFUL, (_REST, "search", "search"), "E"),
        Action.PRINT: ((_DICOM, "110106", "Export"), (_ROLES, "print", "print"), "R"),
        Action.EXPORT: ((_DICOM, "110106", "Export"), (_REST, "operation", "operation"), "R"),
        Action.WRITE: (_RESTFUL, (_REST, "update", "update"), "U"),
        Action.REFUSED: (_RESTFUL, (_REST, "read", "read"), "R"),
        Action.GLASS: (_SECURITY, (_DICOM, "110127", "Emergency Override Started"), "E"),
        Action.SIGN_IN: (_SIGNING, (_DICOM, "110122", "Login"), "E"),
        Action.SIGN_OUT: (_SIGNING, (_DICOM, "110123", "Logout"), "E"),
        Action.GRANT: (_SECURITY, (_DICOM, "110137", "User Security Attributes Changed"), "U"),
        Action.DECISION: (_SECURITY, (_ROLES, "decision", "decision on an access"), "C"),
    }
)
# Interactions that the machine door names at the end of ``what`` → what was done to the data.
_INTERACTIONS: Mapping[str, str] = MappingProxyType(
    {
        **dict.fromkeys(("read", "vread", "history-instance", "history-type", "history-system"), "R"),
        **dict.fromkeys(("search-type", "search-system", "batch", "transaction", "operation"), "E"),
        "create": "C",
        "update": "U",
        "patch": "U",
        "delete": "D",
    }
)
_REFERENCE = re.compile(r"([A-Z][A-Za-z]{1,63})/([A-Za-z0-9\-.]{1,64})(?:/_history/([A-Za-z0-9\-.]{1,64}))?(?= |\Z)")
_URN = "urn:ietf:rfc:3986"


def event(row: Mapping[str, str | None]) -> dict[str, Any]:
    """The AuditEvent of ``row``: the columns of ``access_audit`` as text (``larrey.access.seals.COLUMNS``)."""
    action = row["action"] or ""
    type_, subtype, verb = _KINDS.get(action, (_RESTFUL, (_ROLES, action or "unknown", action or "unknown"), "E"))
    what, why = row["what"] or "", row["why"] or ""
    done = next((word for word in reversed(what.split()) if word in _INTERACTIONS), "") if row["door"] == "fhir" else ""
    if done:
        subtype, verb = (_REST, done, done), _INTERACTIONS[done]
    made: dict[str, Any] = {
        "resourceType": "AuditEvent",
        "id": f"trace-{row['id']}",
        "type": _coding(type_),
        "subtype": [_coding(subtype)],
        "action": verb,
        "recorded": row["at"],
        "outcome": "4" if action == Action.REFUSED else "0",
    }
    if why:
        made["outcomeDesc"] = why
    if action == Action.GLASS:
        made["purposeOfEvent"] = [{"coding": [_coding((_REASON, "BTG", "break the glass"))]}]
    made["agent"] = _agents(row)
    made["source"] = {
        "site": "Larrey",
        "observer": {"display": "Larrey"},
        "type": [_coding((_SOURCE, "4", "Application Server"))],
    }
    entities = _entities(row, what.removesuffix(f" {done}") if done else what, searched=action == Action.SEARCH)
    if entities:
        made["entity"] = entities
    return made


def _agents(row: Mapping[str, str | None]) -> list[dict[str, Any]]:
    actor = row["actor"] or "unknown"
    agent: dict[str, Any] = {
        "type": {"coding": [_coding((_PARTICIPATION, "IRCP", "information recipient"))]},
        "who": {"reference": actor} if _REFERENCE.fullmatch(actor) else {"identifier": {"value": actor}, "display": actor},
        "requestor": True,
    }
    if row["role"]:
        agent["role"] = [{"coding": [{"system": _ROLES, "code": row["role"]}]}]
    if row["account_id"]:
        agent["altId"] = row["account_id"]
    if row["address"]:
        agent["network"] = {"address": row["address"].partition("/")[0], "type": "2"}
    agents = [agent]
    if row["place"]:
        agents.append(
            {
                "type": {"coding": [_coding((_PARTICIPATION, "LOC", "location"))]},
                "who": {"reference": f"Organization/{row['place']}"},
                "requestor": False,
            }
        )
    return agents


def _entities(row: Mapping[str, str | None], what: str, *, searched: bool) -> list[dict[str, Any]]:
    person = {"type": _coding((_ENTITY, "1", "Person")), "role": _coding((_ROLE, "1", "Patient"))}
    found: list[dict[str, Any]] = []
    if row["patient_id"]:
        reference = f"Patient/{row['patient_id']}"
        who = {"reference": reference} if _REFERENCE.fullmatch(reference) else {"display": reference}
        found.append({"what": who, **person})
    shown = [key for key in (row["patients"] or "{}").strip("{}").split(",") if key]
    found += [{"what": {"identifier": {"system": _URN, "value": f"urn:uuid:{key}"}}, **person} for key in shown]
    if searched and what:
        query = b64encode(what.encode()).decode()
        found.append({"type": _coding((_ENTITY, "2", "System Object")), "role": _coding((_ROLE, "24", "Query")), "query": query})
    elif what:
        entity: dict[str, Any] = {
            "type": _coding((_ENTITY, "2", "System Object")),
            "role": _coding((_ROLE, "4", "Domain Resource")),
        }
        reference_found = _REFERENCE.match(what)
        if reference_found and reference_found[1] in resource_types():
            entity = {"what": {"reference": reference_found[0]}, **entity}
        found.append({**entity, "name": what} if what.strip() else entity)
    return found


def _coding(code: Code) -> dict[str, str]:
    system, value, display = code
    return {"system": system, "code": value, "display": display}

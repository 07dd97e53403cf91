"""capabilities: what this server does, computed from what it is made of (http://hl7.org/fhir/R4/http.html#capabilities)."""

from __future__ import annotations

from functools import lru_cache
from hashlib import sha256
from typing import Any

from larrey.access import discovery
from larrey.fhir.definitions import SearchParameter, resource_types, search_parameters
from larrey.fhir.extraction import NOT_COMPILED
from larrey.fhir.query import parse
from larrey.kit import json
from larrey.kit.errors import LarreyError, Unsupported
from larrey.rest.request import Request
from larrey.rest.response import Response
from larrey.rest.session import Session
from larrey.rest.settings import RestSettings

BUILT = "2026-11-25"
"""Date of the last change of what the statement says."""

_DEFINITION = "http://hl7.org/fhir/OperationDefinition/"
OPERATIONS = {
    "Patient": (("everything", "Patient-everything"), ("validate", "Resource-validate")),
    "Encounter": (("everything", "Encounter-everything"), ("validate", "Resource-validate")),
    "Observation": (("lastn", "Observation-lastn"), ("validate", "Resource-validate")),
}
_EVERY_TYPE = (("validate", "Resource-validate"),)

RESULT_PARAMETERS = {
    "_sort": ("string", "Parameters to sort by, each with '-' for descending."),
    "_count": ("number", "Resources in a page."),
    "_include": ("string", "Resources that the matches refer to; :iterate and * are understood."),
    "_revinclude": ("string", "Resources that refer to the matches; :iterate is understood."),
    "_summary": ("token", "true, text, data, count or false."),
    "_elements": ("string", "Elements to send."),
    "_total": ("token", "none, estimate or accurate."),
}
"""Parameters of http://hl7.org/fhir/R4/search.html#return that are not defined as SearchParameter."""


def capabilities(request: Request, session: Session) -> Response:
    """GET metadata, also as an entry of a batch."""
    return statement(request)


def statement(request: Request) -> Response:
    """The CapabilityStatement; it needs no token and no database."""
    request.only("mode")
    if request.value("mode") not in (None, "full"):
        raise Unsupported("Only mode=full is offered.", expression="http.mode")
    body, tag = _built(request.settings, request.base())
    headers = [("ETag", tag), ("Content-Type", request.media)]
    if tag in request.environ.get("HTTP_IF_NONE_MATCH", ""):
        return Response(304, headers[:1])
    return Response(200, headers, body)


def smart_configuration(request: Request) -> Response:
    """Where the OAuth 2 server is and what it offers; it needs no token, no database and no Accept header."""
    body = json.dumps(discovery.smart(_site(request.base())))
    return Response(200, [("Content-Type", "application/json")], body)


def _site(base: str) -> str:
    return base.removesuffix("/fhir")


@lru_cache(maxsize=32)
def _built(settings: RestSettings, base: str) -> tuple[bytes, str]:
    body = json.dumps(_statement(settings, base))
    return body, f'W/"{sha256(body).hexdigest()[:16]}"'


def _statement(settings: RestSettings, base: str) -> dict[str, Any]:
    return {
        "resourceType": "CapabilityStatement",
        "url": f"{base}/metadata",
        **({"version": settings.version} if settings.version else {}),
        "name": "Larrey",
        "title": "Larrey, the record of a hospital group",
        "status": "active",
        "date": BUILT,
        "publisher": "Larrey",
        "kind": "instance",
        "software": {"name": "Larrey", **({"version": settings.version} if settings.version else {})},
        "implementation": {"description": "FHIR R4 API of the record", "url": base},
        "fhirVersion": "4.0.1",
        "format": ["application/fhir+json", "json"],
        "patchFormat": ["application/json-patch+json", "application/fhir+json"],
        "rest": [
            {
                "mode": "server",
                "documentation": _limits(settings),
                "security": {
                    "cors": bool(settings.origins),
                    **discovery.security(_site(base)),
                    "description": (
                        "Every address but metadata and .well-known/smart-configuration needs a bearer token whose SMART v2 "
                        "scopes allow it."
                    ),
                },
                "resource": [_resource(type_, settings) for type_ in sorted(resource_types())],
                "interaction": [{"code": code} for code in ("transaction", "batch", "search-system", "history-system")],
                "searchParam": [_parameter(p) for p in _offered("Resource")] + _result_parameters(),
                "compartment": [
                    f"http://hl7.org/fhir/CompartmentDefinition/{name}"
                    for name in ("patient", "encounter", "relatedPerson", "practitioner", "device")
                ],
            }
        ],
    }


def _limits(settings: RestSettings) -> str:
    search = settings.search
    return (
        "A resource or bundle may have "
        f"{settings.body} bytes, the content of a Binary {settings.binary}, a bundle {settings.rules.entries} entries. "
        f"A page has {search.page} matches, at most {search.page_max}. A statement may run {settings.seconds:g} seconds. "
        "A date without a time zone means UTC. Narrower than FHIR: XML is not offered; a page of $everything carries "
        "the supporting resources that its own matches refer to."
    )


def _resource(type_: str, settings: RestSettings) -> dict[str, Any]:
    parameters = _offered(type_)
    codes = ["read", "vread", "update", "patch", "delete", "history-instance", "history-type", "create", "search-type"]
    if type_ == "Binary":
        codes.remove("patch")
    references = [p for p in parameters if p.type == "reference"]
    return {
        "type": type_,
        "profile": f"http://hl7.org/fhir/StructureDefinition/{type_}",
        "interaction": [{"code": code} for code in codes],
        "versioning": "versioned-update",
        "readHistory": True,
        "updateCreate": True,
        "conditionalCreate": True,
        "conditionalRead": "full-support",
        "conditionalUpdate": True,
        "conditionalDelete": "multiple",
        "referencePolicy": ["literal", "logical", "local"] + (["enforced"] if settings.rules.references == "refuse" else []),
        "searchInclude": ["*", *(f"{type_}:{p.code}" for p in references)],
        **({"searchRevInclude": _referring(type_)} if _referring(type_) else {}),
        "searchParam": [_parameter(p) for p in parameters] + _result_parameters(),
        "operation": [
            {"name": name, "definition": _DEFINITION + definition} for name, definition in OPERATIONS.get(type_, _EVERY_TYPE)
        ],
    }


@lru_cache(maxsize=256)
def _offered(type_: str) -> list[SearchParameter]:
    found = search_parameters(type_)
    return [found[code] for code in sorted(found) if found[code].url not in NOT_COMPILED and _understood(type_, code)]


def _understood(type_: str, code: str) -> bool:
    """Whether the search grammar takes the parameter; that it dislikes the value tried does not matter."""
    try:
        parse(None if type_ == "Resource" else type_, [(code, "x")])
    except Unsupported:
        return False
    except LarreyError:
        return True
    return True


@lru_cache(maxsize=256)
def _referring(type_: str) -> list[str]:
    return [
        f"{source}:{parameter.code}"
        for source in sorted(resource_types())
        for parameter in _offered(source)
        if parameter.type == "reference" and type_ in parameter.target
    ]


def _parameter(parameter: SearchParameter) -> dict[str, Any]:
    return {"name": parameter.code, "definition": parameter.url, "type": parameter.type}


def _result_parameters() -> list[dict[str, Any]]:
    return [{"name": name, "type": type_, "documentation": text} for name, (type_, text) in RESULT_PARAMETERS.items()]

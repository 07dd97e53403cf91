"""Builders of FHIR R4 content as plain dicts, in the style of FR Core (https://hl7.fr/ig/fhir/core)."""

from __future__ import annotations

from base64 import b64encode
from datetime import datetime
from decimal import Decimal
from typing import Any
from uuid import UUID, uuid5

from larrey.kit.clock import PARIS

Resource = dict[str, Any]

FR_CORE = "https://hl7.fr/ig/fhir/core/StructureDefinition/"
FR_IDENTIFIER_TYPE = "https://hl7.fr/ig/fhir/core/CodeSystem/fr-core-cs-v2-0203"
V2_IDENTIFIER_TYPE = "http://terminology.hl7.org/CodeSystem/v2-0203"
IDENTITY_STATUS = "https://hl7.fr/ig/fhir/core/CodeSystem/fr-core-cs-v2-0445"
INSEE_COMMUNE = "https://mos.esante.gouv.fr/NOS/TRE_R13-CommuneOM/FHIR/TRE-R13-CommuneOM"
INS_TEST = "urn:oid:1.2.250.1.213.1.4.10"
IPP = "https://demo.larrey.example/identifiants/ipp"
RPPS = "https://rpps.esante.gouv.fr"
FINESS = "https://finess.esante.gouv.fr"
ICD10 = "http://hl7.org/fhir/sid/icd-10"
LOINC = "http://loinc.org"
UCUM = "http://unitsofmeasure.org"
ATC = "http://www.whocc.no/atc"
CCAM = "https://smt.esante.gouv.fr/terminologie-ccam"
HL7 = "http://terminology.hl7.org/CodeSystem/"

_NAMESPACE = UUID("6f6e3a5e-6c61-5272-8e79-1a7217000002")


def identity(seed: int, *parts: object) -> str:
    """The id of the resource that ``parts`` name within the demo set of ``seed``; always the same."""
    return str(uuid5(_NAMESPACE, "/".join(map(str, (seed, *parts)))))


def coding(system: str, code: str, display: str | None = None) -> Resource:
    """A Coding."""
    return {"system": system, "code": code} | ({"display": display} if display else {})


def concept(system: str, code: str, display: str) -> Resource:
    """A CodeableConcept of one coding, with its label as text."""
    return {"coding": [coding(system, code, display)], "text": display}


def hl7(system: str, code: str) -> Resource:
    """A CodeableConcept of a code system of HL7's terminology server."""
    return {"coding": [coding(HL7 + system, code)]}


def reference(type_: str, id_: str, display: str | None = None) -> Resource:
    """A literal reference."""
    return {"reference": f"{type_}/{id_}"} | ({"display": display} if display else {})


def moment(at: datetime) -> str:
    """``at`` (aware) as a dateTime in French local time, to the second."""
    return at.astimezone(PARIS).isoformat(timespec="seconds")


def quantity(value: Decimal, unit: str, code: str) -> Resource:
    """A Quantity with its UCUM code; ``unit`` is what French laboratories print."""
    return {"value": value, "unit": unit, "system": UCUM, "code": code}


def phone(number: str, use: str = "home") -> Resource:
    """A telephone number."""
    return {"system": "phone", "value": number, "use": use}


def insee(code: str) -> Resource:
    """The extension that gives an address its INSEE code."""
    return {"url": FR_CORE + "fr-core-address-insee-code", "valueCoding": coding(INSEE_COMMUNE, code)}


def identifier(use: str, type_system: str, type_code: str, system: str, value: str) -> Resource:
    """An Identifier."""
    return {"use": use, "type": {"coding": [coding(type_system, type_code)]}, "system": system, "value": value}


def attachment(text: str, title: str, created: str) -> Resource:
    """A plain text Attachment."""
    data = text.encode()
    return {
        "contentType": "text/plain; charset=utf-8",
        "language": "fr-FR",
        "data": b64encode(data).decode(),
        "size": len(data),
        "title": title,
        "creation": created,
    }

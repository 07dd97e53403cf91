"""Builders of FHIR R4 content as plain dicts, in the style of FR Core (https://hl7.fr/ig/fhir/core).

What is cached is shared between resources: nobody may change it.
"""

from __future__ import annotations

from datetime import date, datetime, time, timedelta
from decimal import Decimal
from functools import lru_cache
from typing import Any
from uuid import UUID, uuid5

from larrey.kit.clock import PARIS

Resource = dict[str, Any]

FR_CORE = "https://hl7.fr/ig/fhir/core/StructureDefinition/"
FR_IDENTIFIER_TYPE = "https://hl7.fr/ig/fhir/core/CodeSystem/fr-core-cs-v2-0203"
V2_IDENTIFIER_TYPE = "http://terminology.hl7.org/CodeSystem/v2-0203"
IDENTITY_STATUS = "https://hl7.fr/ig/fhir/core/CodeSystem/fr-core-cs-v2-0445"
INSEE_COMMUNE = "https://mos.esante.gouv.fr/NOS/TRE_R13-CommuneOM/FHIR/TRE-R13-CommuneOM"
PROFESSION = "https://mos.esante.gouv.fr/NOS/TRE_G15-ProfessionSante/FHIR/TRE-G15-ProfessionSante"
SPECIALTY = "https://mos.esante.gouv.fr/NOS/TRE_R38-SpecialiteOrdinale/FHIR/TRE-R38-SpecialiteOrdinale"
DOCUMENT_CLASS = "https://mos.esante.gouv.fr/NOS/TRE_A03-ClasseDocument/FHIR/TRE-A03-ClasseDocument"
FORMAT = "https://mos.esante.gouv.fr/NOS/TRE_A06-FormatCodeComplementaire/FHIR/TRE-A06-FormatCodeComplementaire"
IHE_FORMAT = "https://mos.esante.gouv.fr/NOS/TRE_A11-IheFormatCode/FHIR/TRE-A11-IheFormatCode"
INS_TEST = "urn:oid:1.2.250.1.213.1.4.10"
IPP = "https://demo.larrey.example/identifiants/ipp"
VISIT = "https://demo.larrey.example/identifiants/sejour"
UNIT = "https://demo.larrey.example/identifiants/uf"
RPPS = "https://rpps.esante.gouv.fr"
FINESS = "https://finess.esante.gouv.fr"
ICD10 = "http://hl7.org/fhir/sid/icd-10"
LOINC = "http://loinc.org"
UCUM = "http://unitsofmeasure.org"
ATC = "http://www.whocc.no/atc"
CIS = "https://smt.esante.gouv.fr/terminologie-bdpm"
CCAM = "https://smt.esante.gouv.fr/terminologie-ccam"
HL7 = "http://terminology.hl7.org/CodeSystem/"

_NAMESPACE = UUID("6f6e3a5e-6c61-5272-8e79-1a7217000002")


def identity(seed: int, *parts: object) -> str:
    """The id of the resource that ``parts`` name within the demo set of ``seed``; always the same."""
    return str(uuid5(_NAMESPACE, "/".join(map(str, (seed, *parts)))))


class Identities:
    """Ids of one patient's resources, shaped as UUIDs: what is drawn once for the patient, then a counter."""

    def __init__(self, seed: int, number: int) -> None:
        drawn = uuid5(_NAMESPACE, f"{seed}/Patient/{number}").hex
        self.patient = f"{drawn[:8]}-{drawn[8:12]}-8{drawn[13:16]}-8{drawn[17:20]}-000000000000"
        self._prefix = self.patient[:24]
        self._count = 0

    def next(self) -> str:
        """The next one."""
        self._count += 1
        return f"{self._prefix}{self._count:012x}"


def coding(system: str, code: str, display: str | None = None) -> Resource:
    """A Coding."""
    return {"system": system, "code": code} | ({"display": display} if display else {})


@lru_cache(4096)
def concept(system: str, code: str, display: str) -> Resource:
    """A CodeableConcept of one coding, with its label as text. Shared."""
    return {"coding": [coding(system, code, display)], "text": display}


@lru_cache(512)
def hl7(system: str, code: str, display: str | None = None) -> Resource:
    """A CodeableConcept of a code system of HL7's terminology server. Shared."""
    return {"coding": [coding(HL7 + system, code, display)]} | ({"text": display} if display else {})


@lru_cache(8192)
def text(words: str) -> Resource:
    """A CodeableConcept without code. Shared."""
    return {"text": words}


def reference(type_: str, id_: str, display: str | None = None) -> Resource:
    """A literal reference."""
    return {"reference": f"{type_}/{id_}"} | ({"display": display} if display else {})


@lru_cache(256)
def _summer(year: int) -> tuple[datetime, datetime]:
    """Wall-clock bounds of summer time in France, for years from 1996 on: last Sundays of March and October."""
    march, october = (datetime.combine(date(year, month, 31), time(hour)) for month, hour in ((3, 2), (10, 3)))
    return march - timedelta(days=(march.weekday() + 1) % 7), october - timedelta(days=(october.weekday() + 1) % 7)


@lru_cache(16384)
def moment(at: datetime) -> str:
    """``at`` (naive, the clock on a French wall) as a dateTime to the second, with its offset."""
    if at.year < 1996:
        return at.replace(tzinfo=PARIS).isoformat(timespec="seconds")
    begins, ends = _summer(at.year)
    return f"{at.isoformat(timespec='seconds')}+0{2 if begins <= at < ends else 1}:00"


def quantity(value: Decimal | int, unit: str, code: str) -> Resource:
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

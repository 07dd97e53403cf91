"""A small record and people of each role to read it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import timedelta
from functools import partial
from typing import Any

import psycopg
import pytest
from django.test import Client
from psycopg import Cursor

from larrey import store
from larrey.access.models import Account
from larrey.kit.clock import now
from larrey.store import hospitals
from larrey.store.caller import Caller

HOSTILE = "<script>alert('x')</script>"
CLAIRE = "claire"
"""The patient of these tests: hostile content in every text, several kinds, a history of two versions."""


TEAM = "team"
"""The unit that follows the patients of these tests, and where ``signed_in`` works unless told otherwise."""


def patient(id_: str, family: str, given: str, birth: str, **more: Any) -> dict[str, Any]:
    names = [{"use": "official", "family": family, "given": [given]}]
    followed = [{"reference": f"Organization/{TEAM}", "display": "Équipe de suivi"}]
    base = {"resourceType": "Patient", "id": id_, "name": names, "birthDate": birth, "generalPractitioner": followed}
    return base | more


def observation(id_: str, day: str, value: float = 4.1, text: str = "Potassium", owner: str = CLAIRE) -> dict[str, Any]:
    return {
        "resourceType": "Observation",
        "id": id_,
        "status": "final",
        "code": {"coding": [{"system": "http://loinc.org", "code": "2823-3"}], "text": text},
        "subject": {"reference": f"Patient/{owner}"},
        "effectiveDateTime": day,
        "valueQuantity": {"value": value, "unit": "mmol/L"},
    }


def allergy(id_: str, text: str, clinical: str = "active") -> dict[str, Any]:
    system = "http://terminology.hl7.org/CodeSystem/allergyintolerance-clinical"
    return {
        "resourceType": "AllergyIntolerance",
        "id": id_,
        "clinicalStatus": {"coding": [{"system": system, "code": clinical}]},
        "code": {"text": text},
        "patient": {"reference": f"Patient/{CLAIRE}"},
    }


STRUCTURE: list[dict[str, Any]] = [
    {
        "resourceType": "Organization",
        "id": "hospital",
        "name": "Hôpital",
        "identifier": [{"type": {"coding": [{"code": "FINEG"}]}, "value": "990000001"}],
    },
    {"resourceType": "Organization", "id": TEAM, "name": "Suivi", "partOf": {"reference": "Organization/hospital"}},
]
PEOPLE = [
    patient(
        CLAIRE,
        "Le Goff",
        "Claire",
        "1984-02-03",
        gender="female",
        identifier=[
            {"system": "urn:oid:1.2.250.1.213.1.4.10", "value": "284022900100156"},
            {
                "type": {"coding": [{"system": "http://terminology.hl7.org/CodeSystem/v2-0203", "code": "PI"}]},
                "system": "urn:oid:1.2.3",
                "value": "IPP0042",
            },
        ],
        text={"status": "generated", "div": f'<div xmlns="http://www.w3.org/1999/xhtml"><b>NARRATIVE{CLAIRE}</b></div>'},
    ),
    patient("marie", "Martin", "Marie-Jeanne", "1984-07-14"),
    patient("hostile", HOSTILE, "Zoé", "1990"),
]
FACTS = [
    observation("k1", "2024-05-01T08:00:00+02:00"),
    observation("k2", "2024-06-01T08:00:00+02:00", text=f"Sodium {HOSTILE}"),
    allergy("peanut", f"Arachide {HOSTILE}"),
    allergy("old", "Lait", clinical="resolved"),
    observation("other", "2024-01-01", owner="marie"),
    {
        "resourceType": "Encounter",
        "id": "stay",
        "status": "finished",
        "class": {"system": "http://terminology.hl7.org/CodeSystem/v3-ActCode", "code": "IMP"},
        "subject": {"reference": f"Patient/{CLAIRE}"},
        "period": {"start": "2024-05-01T07:00:00+02:00", "end": "2024-05-04T10:00:00+02:00"},
        "reasonCode": [{"text": f"Dyspnée {HOSTILE}"}],
        "location": [
            {"location": {"display": f"Cardiologie {HOSTILE}"}, "period": {"start": "2024-05-01T07:00:00+02:00"}},
        ],
    },
    {
        "resourceType": "MedicationRequest",
        "id": "drug",
        "status": "active",
        "intent": "order",
        "medicationCodeableConcept": {"text": f"Furosémide {HOSTILE}"},
        "subject": {"reference": f"Patient/{CLAIRE}"},
        "encounter": {"reference": "Encounter/stay"},
        "authoredOn": "2024-05-02",
        "dosageInstruction": [{"text": f"1 le matin {HOSTILE}"}],
    },
    {
        "resourceType": "Encounter",
        "id": "elsewhere",
        "status": "in-progress",
        "class": {"code": "EMER"},
        "subject": {"reference": "Patient/marie"},
    },
    {"resourceType": "Basic", "id": "basic", "code": {"text": "Rare"}, "subject": {"reference": f"Patient/{CLAIRE}"}},
]


@pytest.fixture(autouse=True)
def _fresh_hospitals() -> None:
    """What one test wrote of its hospitals is not kept for the next."""
    hospitals.forget()


@pytest.fixture
def record(connection: psycopg.Connection, caller: Caller) -> None:
    """``PEOPLE`` and ``FACTS`` in the record; the observation ``k1`` was corrected once."""

    def write(cursor: psycopg.Cursor[Any]) -> None:
        for resource in [*STRUCTURE, *PEOPLE, *FACTS]:
            store.update(cursor, caller, resource)
        store.update(cursor, caller, observation("k1", "2024-05-01T08:00:00+02:00", value=5.2))

    store.retry(connection, write)


SignedIn = Callable[..., Client]


@pytest.fixture
def signed_in(site: str, staff: Callable[..., int]) -> SignedIn:
    """``signed_in("doctor")``: a browser in which someone of that role has signed in; French unless told otherwise.

    She works in the unit that follows the patients, or in another: ``signed_in("doctor", unit="elsewhere")``. Her user name
    is ``my-doctor``.
    """

    def make(role: str, language: str = "fr", unit: str = TEAM, **more: Any) -> Client:
        account = Account.objects.get(pk=staff(role, unit, **{"username": f"my-{role}", **more}))
        client = Client()
        client.force_login(account, backend="allauth.account.auth_backends.AuthenticationBackend")
        client.cookies["larrey_language"] = language
        return client

    return make


@pytest.fixture
def statements(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Every SQL statement sent from now on, Django's and the record's."""
    sent: list[str] = []
    execute = Cursor.execute

    def counted(self: Any, query: Any, *args: Any, **kwargs: Any) -> Any:
        sent.append(str(query))
        return execute(self, query, *args, **kwargs)

    monkeypatch.setattr(Cursor, "execute", counted)
    return sent


Fill = Callable[..., None]


@pytest.fixture
def fill(connection: psycopg.Connection, caller: Caller) -> Fill:
    """``fill(resource, …, actor=…)``: write resources of a test's own, signed by ``actor``."""

    def write(*resources: dict[str, Any], actor: str = "") -> None:
        signed = replace(caller, actor=actor) if actor else caller
        store.retry(connection, lambda cursor: [store.update(cursor, signed, resource) for resource in resources])

    return write


def to(reference: str, display: str = "") -> dict[str, Any]:
    """A Reference."""
    return {"reference": reference} | ({"display": display} if display else {})


def state(kind: str, code: str) -> dict[str, Any]:
    """A CodeableConcept of one of HL7's own systems: ``state("condition-clinical", "active")``."""
    return {"coding": [{"system": f"http://terminology.hl7.org/CodeSystem/{kind}", "code": code}]}


def ago(hours: float) -> str:
    """The FHIR instant of so many hours before now."""
    return (now() - timedelta(hours=hours)).isoformat(timespec="seconds")


def group() -> list[dict[str, Any]]:
    """Two hospitals of one group, a unit in each, a bed, two professionals."""

    def organization(id_: str, name: str, parent: str = "", kind: str = "") -> dict[str, Any]:
        found: dict[str, Any] = {"resourceType": "Organization", "id": id_, "name": name}
        if kind:
            found["identifier"] = [{"type": {"coding": [{"code": kind}]}, "value": id_}]
        return found | ({"partOf": to(f"Organization/{parent}")} if parent else {})

    return [
        organization("group", "Le groupe", kind="FINEJ"),
        organization("north", "Hôpital Nord", "group", "FINEG"),
        organization("south", "Hôpital Sud", "group", "FINEG"),
        organization("cardio", "Cardiologie", "north"),
        organization("rehab", "Réadaptation", "south"),
        {"resourceType": "Location", "id": "bed", "name": "Lit 12-P"},
        {"resourceType": "Location", "id": "ward", "name": "Unité"},
        {"resourceType": "Practitioner", "id": "nurse", "name": [{"family": "Le Bras", "given": ["Maëlle"]}]},
        {"resourceType": "Practitioner", "id": "doctor", "name": [{"prefix": ["Dr"], "family": "Kervella", "given": ["Solène"]}]},
    ]


def stay(id_: str, unit: str, start: str, end: str = "", status: str = "", **more: Any) -> dict[str, Any]:
    """A hospitalisation of ``CLAIRE``, open without ``end``."""
    return {
        "resourceType": "Encounter",
        "id": id_,
        "status": status or ("finished" if end else "in-progress"),
        "class": {"system": "http://terminology.hl7.org/CodeSystem/v3-ActCode", "code": "IMP"},
        "subject": to(f"Patient/{CLAIRE}"),
        "period": {"start": start} | ({"end": end} if end else {}),
        "serviceProvider": to(f"Organization/{unit}"),
        **more,
    }


Write = Callable[[Sequence[dict[str, Any]]], None]


@pytest.fixture
def write(record: None, connection: psycopg.Connection, caller: Caller) -> Write:
    """Add resources to the record of ``conftest``."""

    def put(cursor: psycopg.Cursor[Any], resources: Sequence[dict[str, Any]]) -> None:
        for resource in resources:
            store.update(cursor, caller, resource)

    return lambda resources: store.retry(connection, partial(put, resources=resources))

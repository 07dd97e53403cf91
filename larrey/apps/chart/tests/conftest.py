"""A small record and people of each role to read it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import psycopg
import pytest
from django.test import Client

from larrey import store
from larrey.access.models import Account
from larrey.store.caller import Caller

HOSTILE = "<script>alert('x')</script>"
CLAIRE = "claire"
"""The patient of these tests: hostile content in every text, several kinds, a history of two versions."""


def patient(id_: str, family: str, given: str, birth: str, **more: Any) -> dict[str, Any]:
    names = [{"use": "official", "family": family, "given": [given]}]
    return {"resourceType": "Patient", "id": id_, "name": names, "birthDate": birth, **more}


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


@pytest.fixture
def record(connection: psycopg.Connection, caller: Caller) -> None:
    """``PEOPLE`` and ``FACTS`` in the record; the observation ``k1`` was corrected once."""

    def write(cursor: psycopg.Cursor[Any]) -> None:
        for resource in [*PEOPLE, *FACTS]:
            store.update(cursor, caller, resource)
        store.update(cursor, caller, observation("k1", "2024-05-01T08:00:00+02:00", value=5.2))

    store.retry(connection, write)


SignedIn = Callable[..., Client]


@pytest.fixture
def signed_in(site: str) -> SignedIn:
    """``signed_in("doctor")``: a browser in which someone of that role has signed in; French unless told otherwise."""

    def make(role: str, language: str = "fr") -> Client:
        account = Account.objects.create(username=role, name=f"Someone {role}", role=role)
        client = Client()
        client.force_login(account, backend="allauth.account.auth_backends.AuthenticationBackend")
        client.cookies["larrey_language"] = language
        return client

    return make

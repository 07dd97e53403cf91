"""A small record, people who work in its units, and programs."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Iterator
from typing import Any

import psycopg
import pytest
from django.core.cache import cache
from joserfc.jwk import Key

from larrey import store
from larrey.access import standing
from larrey.access.models import Account
from larrey.apps.oauth import api
from larrey.rest.application import application
from larrey.rest.settings import RestSettings
from larrey.store.caller import system
from tests.oauth.programs import BACK, RSA, Program, observation, patient
from tests.rest.client import Client as Fhir


@pytest.fixture(scope="module")
def people(module_site: str, module_connection: psycopg.Connection, module_staff: Callable[..., int]) -> dict[str, Account]:
    """A doctor of one unit and of another, a nurse, an administrator, and the patient Claire herself."""
    keys = {
        "doctor": module_staff("doctor", "team"),
        "colleague": module_staff("doctor", "elsewhere", username="colleague"),
        "nurse": module_staff("nurse", "team"),
        "administrator": module_staff("administrator", ""),
        "claire": module_staff("patient", "", username="claire", patient="claire"),
    }
    resources = [
        patient("claire", "Le Goff", "team"),
        patient("marie", "Martin", "team"),
        patient("zoe", "Zola", "elsewhere"),
        *(
            observation(f"{owner}-{category}", owner, category)
            for owner in ("claire", "marie", "zoe")
            for category in ("laboratory", "vital-signs")
        ),
    ]
    store.retry(module_connection, lambda cursor: [store.update(cursor, system("test"), resource) for resource in resources])
    standing.forget()
    return {name: Account.objects.get(pk=key) for name, key in keys.items()}


@pytest.fixture(autouse=True)
def _fresh(people: dict[str, Account]) -> Iterator[None]:
    """What one test did to people, or counted against an address, is not the next one's."""
    Account.objects.filter(pk__in=[account.pk for account in people.values()]).update(is_active=True)
    cache.clear()
    standing.forget()
    yield
    standing.forget()


@pytest.fixture
def fhir(module_database_url: str) -> Iterator[Callable[[str], Fhir]]:
    """``fhir(token)``: the machine door, which asks about a token each time."""
    app = application(RestSettings(token_seconds=0), lambda: psycopg.connect(module_database_url, autocommit=True))
    yield lambda token: Fhir(app, token=token)
    app.connections.release()


Register = Callable[..., Program]


@pytest.fixture
def register(module_site: str) -> Register:
    """``register(kind, scope, key=…)``: a new program, by default a backend service with an RSA key."""

    def make(kind: str = "backend", scope: str = "system/*.rs", key: Key | None = RSA, **more: Any) -> Program:
        if kind == "public":
            key = None
        if kind != "backend":
            more.setdefault("redirect_uris", [BACK])
        if key is not None and "jwks_uri" not in more:
            more["jwks"] = {"keys": [key.as_dict(private=False)]}
        client = api.register(system("test"), f"Essai {secrets.token_hex(4)}", kind, scope, **more)
        return Program(client.client_id, key)

    return make

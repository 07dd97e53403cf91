"""The world, and a way in for each persona: to the FHIR API, to the pages, to the record itself."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import partial
from typing import Any

import psycopg
import pytest

from conftest import put_staff
from larrey.access import standing
from larrey.access.glass import break_glass
from larrey.kit import json
from larrey.kit.errors import Unauthenticated
from larrey.kit.ids import patient_uuid
from larrey.rest.application import application
from larrey.rest.settings import RestSettings
from larrey.store.caller import Caller, system
from larrey.store.keys import resource_key
from larrey.store.search.limits import Limits
from tests.access.matrix import DOCTORS, PERSONAS, Ask
from tests.access.world import HOME, Piece, World, build
from tests.rest.client import Answer, Client

SETTINGS = RestSettings(search=Limits(page=50, page_max=1000))


@dataclass
class Doors:
    """The world, and a client of the API for each persona."""

    world: World
    accounts: dict[str, int]
    clients: dict[str, Client]

    def ask(self, persona: str, ask: Ask) -> Answer:
        return self.clients[persona].request(ask.method, ask.path, ask.body, ask.headers)

    def changes(self, piece: Piece) -> int:
        """How many changes the record knows of the patient whose the piece is."""
        row = self.world.connection.execute(
            "select count(*) from record.change where patient = %s or key = %s",
            (patient_uuid(piece.owner), resource_key(piece.type, piece.id)),
        ).fetchone()
        assert row is not None
        return int(row[0])

    def content(self, piece: Piece) -> dict[str, Any]:
        row = self.world.connection.execute(
            "select body from record.resource where type = %s and id = %s", (piece.type, piece.id)
        ).fetchone()
        assert row is not None
        found: dict[str, Any] = json.loads(row[0])
        return found

    def caller(self, persona: str) -> Caller:
        """Who ``persona`` is to the record."""
        if persona == "machine":
            return system("machine")
        if persona == "nobody":
            return Caller("nobody")
        with self.world.connection.cursor(binary=True) as cursor:
            return person(cursor, self.accounts, persona)


def person(cursor: psycopg.Cursor[Any], accounts: dict[str, int], persona: str) -> Caller:
    """Who someone with an account is to the record; an app has a token bound to one patient."""
    caller = standing.caller_of(cursor, accounts[persona])
    if persona == "narrowed":
        return replace(caller, filters={"Observation": (("rs", "category=vital-signs"),)})
    return replace(caller, sight=replace(caller.sight, only=patient_uuid("own"))) if persona == "launched" else caller


def people(connection: psycopg.Connection[Any]) -> dict[str, int]:
    """An account for each persona that has one; all work at home, but for a few."""
    staff = partial(put_staff, connection)
    accounts = {}
    for persona in PERSONAS:
        if persona == "patient":
            accounts[persona] = staff(persona, "", username="patient-own", patient="own")
        elif persona == "parent":
            accounts[persona] = staff("patient", "", username="parent", patient="minor", representative=True)
        elif persona == "surgeon":
            accounts[persona] = staff("doctor", "surgery", username=persona, hospital="south")
        elif persona == "psychiatrist":
            accounts[persona] = staff("doctor", "psy", username=persona, hospital="north")
        elif persona in DOCTORS:
            accounts[persona] = staff("doctor", HOME, username=persona, hospital="north")
        elif persona not in ("machine", "nobody"):
            accounts[persona] = staff(persona, HOME, hospital="north")
    return accounts


@pytest.fixture(scope="module")
def doors(module_connection: psycopg.Connection[Any], module_database_url: str) -> Doors:
    world = build(module_connection)
    accounts = people(module_connection)
    accounts["narrowed"] = accounts["doctor"]  # by an app whose scopes take vital signs only, of which the world has none
    with module_connection.transaction(), module_connection.cursor(binary=True) as cursor:
        rescuer = standing.caller_of(cursor, accounts["rescuer"])
        break_glass(cursor, rescuer, "stranger", "emergency", "Arrêt cardiaque au bloc", address=None)

    def verify(cursor: psycopg.Cursor[Any], secret: str) -> Caller:
        if secret == "machine":
            return system("machine")
        if secret not in accounts:
            raise Unauthenticated("unknown")
        return person(cursor, accounts, secret)

    app = application(SETTINGS, lambda: psycopg.connect(module_database_url), verify=verify)
    clients = {persona: Client(app, token=None if persona == "nobody" else persona) for persona in (*PERSONAS, "narrowed")}
    return Doors(world, accounts, clients)

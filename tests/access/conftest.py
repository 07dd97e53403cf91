"""The world, and a way in for each persona: to the FHIR API, to the pages, to the record itself."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import Any

import psycopg
import pytest

from conftest import put_staff
from larrey.access import standing
from larrey.kit import json
from larrey.kit.errors import Unauthenticated
from larrey.kit.ids import patient_uuid
from larrey.rest.application import application
from larrey.rest.settings import RestSettings
from larrey.store.caller import Caller, system
from larrey.store.keys import resource_key
from larrey.store.search.limits import Limits
from tests.access.matrix import PERSONAS, Ask
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
            return standing.caller_of(cursor, self.accounts[persona])


def people(connection: psycopg.Connection[Any]) -> dict[str, int]:
    """An account for each persona that has one; all work at home, but for the patient and the parent."""
    staff = partial(put_staff, connection)
    accounts = {}
    for persona in PERSONAS:
        if persona == "patient":
            accounts[persona] = staff(persona, "", username="patient-own", patient="own")
        elif persona == "parent":
            accounts[persona] = staff("patient", "", username="parent", patient="minor", representative=True)
        elif persona not in ("machine", "nobody"):
            accounts[persona] = staff(persona, HOME, hospital="north")
    return accounts


@pytest.fixture(scope="module")
def doors(module_connection: psycopg.Connection[Any], module_database_url: str) -> Doors:
    world = build(module_connection)
    accounts = people(module_connection)

    def verify(cursor: psycopg.Cursor[Any], secret: str) -> Caller:
        if secret == "machine":
            return system("machine")
        if secret not in accounts:
            raise Unauthenticated("unknown")
        return standing.caller_of(cursor, accounts[secret])

    app = application(SETTINGS, lambda: psycopg.connect(module_database_url), verify=verify)
    clients = {persona: Client(app, token=None if persona == "nobody" else persona) for persona in PERSONAS}
    return Doors(world, accounts, clients)

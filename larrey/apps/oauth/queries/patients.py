"""The patients on whom an app may be opened: those whom the person sees herself."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from psycopg import Cursor

from larrey.access import trail
from larrey.access.models import Account
from larrey.apps.chart import api as chart
from larrey.kit import json
from larrey.kit.errors import NotFound
from larrey.kit.ids import is_resource_id, patient_uuid
from larrey.store.caller import Caller
from larrey.store.chart import several
from larrey.store.read import read
from larrey.ui import words


def one(cursor: Cursor[Any], caller: Caller, patient_id: str) -> words.Identity:
    """Who the patient is. Raises ``Forbidden`` or ``NotFound`` as her chart would."""
    if not is_resource_id(patient_id):
        raise NotFound("There is no such patient.")
    return words.identify(json.loads(read(cursor, caller, "Patient", patient_id).body))


def names(cursor: Cursor[Any], caller: Caller, ids: Iterable[str]) -> dict[str, str]:
    """Id → name, of those whom the person sees now. One statement, none for nobody."""
    wanted = [f"Patient/{id_}" for id_ in dict.fromkeys(ids)]
    if not wanted or not caller.may("r", "Patient"):
        return {}
    stored = several(cursor, caller, wanted)
    return {each.id: words.identify(json.loads(each.body)).name for each in stored.values()}


def found(cursor: Cursor[Any], caller: Caller, account: Account, typed: str) -> list[words.Identity]:
    """Patients of the person's by what is typed; before, those whom she opened last. The trace tells whom it showed."""
    if not typed:
        return [person.identity for person in chart.last_opened(cursor, caller, account.pk)]
    people = [person.identity for person in chart.find(cursor, caller, typed).people]
    trail.trace(
        cursor,
        caller,
        trail.Action.SEARCH,
        f"Patient for an app: {typed}",
        patients=[patient_uuid(person.id) for person in people],
    )
    return people

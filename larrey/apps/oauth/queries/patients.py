"""The patients on whom an app may be opened: those whom the person sees herself."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from psycopg import Cursor

from larrey.access import record, trail
from larrey.access.models import Account
from larrey.apps.chart import api as chart
from larrey.kit import json
from larrey.kit.errors import Forbidden, NotFound
from larrey.kit.ids import is_resource_id, patient_uuid
from larrey.store.caller import Caller
from larrey.store.chart import several
from larrey.store.read import read
from larrey.ui import words


def shown(caller: Caller, patient_id: str, what: str, address: str | None) -> words.Identity:
    """Who the patient is, traced as shown; raises ``Forbidden`` or ``NotFound`` as her chart would, traced as refused."""
    if not is_resource_id(patient_id):
        raise NotFound("There is no such patient.")
    try:
        with record.cursor() as cursor:
            identity = words.identify(json.loads(read(cursor, caller, "Patient", patient_id).body))
            trail.trace(cursor, caller, trail.Action.SEARCH, what, patients=[patient_uuid(patient_id)], address=address)
            return identity
    except (Forbidden, NotFound):
        with record.cursor() as cursor:
            trail.trace(cursor, caller, trail.Action.REFUSED, what, patient_id=patient_id, why="not-hers", address=address)
        raise


def names(cursor: Cursor[Any], caller: Caller, ids: Iterable[str]) -> dict[str, str]:
    """Id → name, of those whom the person sees now. One statement, none for nobody."""
    wanted = [f"Patient/{id_}" for id_ in dict.fromkeys(ids)]
    if not wanted or not caller.may("r", "Patient"):
        return {}
    stored = several(cursor, caller, wanted)
    return {each.id: words.identify(json.loads(each.body)).name for each in stored.values()}


def found(cursor: Cursor[Any], caller: Caller, account: Account, typed: str, address: str | None) -> list[words.Identity]:
    """Patients of the person's by what is typed; before, those whom she opened last. The trace tells whom it showed."""
    if not typed:
        return [person.identity for person in chart.last_opened(cursor, caller, account.pk)]
    people = [person.identity for person in chart.find(cursor, caller, typed).people]
    keys = [patient_uuid(person.id) for person in people]
    trail.trace(cursor, caller, trail.Action.SEARCH, f"Patient {typed}, for an app", patients=keys, address=address)
    return people

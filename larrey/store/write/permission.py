"""Whom and what a caller may write: the rule of access before anything is written, so that no write makes a patient hers.

What she does not see she neither changes nor learns of: an id that is taken by it answers like one that was never known, and a
caller who does not see everybody does not choose ids. The rule is asked of the ties that stood before: who could tie a patient
to herself by writing an appointment would need no other access.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

from psycopg import Cursor

from larrey.fhir.secrecy import PATIENT_ONLY
from larrey.kit.errors import Forbidden, NotFound
from larrey.store.caller import Caller, Letter
from larrey.store.read import find, refusal
from larrey.store.search.policy import owner_seen
from larrey.store.search.sql import sql
from larrey.store.write.locks import Current
from larrey.store.write.prepare import Prepared

Target = tuple[str, str]
"""Type and id."""


def check_current(cursor: Cursor[Any], caller: Caller, letter: Letter, standing: Mapping[Target, Current]) -> None:
    """Raise unless ``caller`` sees all that is to be changed, and chose no id for what is not there.

    ``Forbidden`` as a read would, ``NotFound`` where a read finds nothing.
    """
    for (type_, id_), here in standing.items():
        unknown = NotFound(f"{type_}/{id_} is not known.")
        if caller.sight.everyone and type_ != "Binary":
            if here.secrecy & PATIENT_ONLY:
                raise unknown
        elif here.rid is None:
            if not caller.sight.everyone:
                raise unknown
        else:
            reader = Caller(caller.actor, {type_: "r"}, caller.sight, filters=_as_reading(caller, letter))
            if find(cursor, reader, type_, id_) is None:
                raise unknown


def check_written(cursor: Cursor[Any], caller: Caller, versions: Sequence[Prepared]) -> None:
    """Raise unless every patient of ``versions`` is one whom ``caller`` sees. A Patient that is new is nobody's yet."""
    if caller.sight.everyone:
        return
    patients: dict[UUID, str] = {}
    for p in versions:
        whose = {p.indexed.patient} if p.indexed.patient is not None else set()
        whose |= {row[0] for row in p.indexed.care if row[4] == "S"}
        if (p.type == "Patient" and p.rid is None) or p.type in caller.sight.identities:
            whose = set()
        patients.update(dict.fromkeys(whose, f"{p.type}/{p.id}"))
    if not patients:
        return
    unseen = "select p.patient from unnest(%s::uuid[]) p (patient) where not coalesce((%s), false)"
    statement = sql(unseen, list(patients), owner_seen("p.patient", caller))
    row = cursor.execute(statement.text.encode(), statement.values).fetchone()
    if row is None:
        return
    type_, _, id_ = patients[row[0]].partition("/")
    if caller.sight.told:
        raise refusal(type_, id_)
    raise Forbidden("You may not write in this record.")


def _as_reading(caller: Caller, letter: Letter) -> dict[str, tuple[tuple[str, str], ...]]:
    """The finer scopes of a writing letter, as those of a reading one."""
    return {
        type_: tuple(("r" if letter in letters else "", text) for letters, text in each) for type_, each in caller.filters.items()
    }

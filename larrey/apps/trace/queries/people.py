"""Who did something, in words: her function and her unit; and the names of patients, for those who look after the trace."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Any

from psycopg import Cursor

from larrey.access.titles import title
from larrey.kit import json
from larrey.store import chart
from larrey.store.caller import Caller, system
from larrey.store.hospitals import Hospitals, hospitals
from larrey.ui import words


@dataclass(frozen=True, slots=True)
class Person:
    """Someone of the trace. ``function`` and ``unit`` are those of the time, ``machine`` that no person is behind it."""

    account: int | None
    name: str
    function: str
    unit: str
    machine: bool = False


def person(tree: Hospitals, account: int | None, name: str | None, actor: str, role: str, place: str) -> Person:
    """Someone as a row of the trace names her."""
    hospital = tree.of(place)
    unit = " · ".join(dict.fromkeys(filter(None, (hospital.short if hospital else "", tree.name(place) or ""))))
    if name is not None:
        return Person(account, name, title(role), unit)
    return Person(account, actor.partition(":")[2] or actor, title(role), unit, machine=True)


def units(cursor: Cursor[Any]) -> Hospitals:
    """The tree of units. Their names are nobody's secret, whatever the rights of who reads the trace."""
    return hospitals(cursor, system("trace"))


def naming(caller: Caller) -> Caller:
    """The same person, with the names of patients and nothing else of them: what one must know to judge an access."""
    sight = replace(caller.sight, identities=frozenset({"Patient"}), finding=False)
    return replace(caller, rights={"Patient": "rs"}, sight=sight, filters={})


def patients(cursor: Cursor[Any], caller: Caller, ids: Iterable[str]) -> dict[str, words.Identity]:
    """Who patients are, by id. One statement."""
    stored = chart.several(cursor, naming(caller), [f"Patient/{id_}" for id_ in dict.fromkeys(ids)])
    return {found.id: words.identify(json.loads(found.body)) for found in stored.values()}

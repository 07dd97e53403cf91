"""Patients found by what is typed, and before that those whom one opened last."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any
from uuid import UUID

from psycopg import Cursor

from larrey.access import callers, trail
from larrey.access import present as units
from larrey.apps.chart.queries import banner, terms
from larrey.kit import json
from larrey.kit.errors import Forbidden
from larrey.kit.ids import patient_uuid
from larrey.kit.text import fold
from larrey.store import chart
from larrey.store.caller import Caller
from larrey.store.hospitals import hospitals
from larrey.store.search import CURSOR, Limits, search
from larrey.store.stored import Stored
from larrey.ui import words
from larrey.ui.words import codes, places

RESULTS = 25
"""Patients on a page of results: what fits a screen."""
ELSEWHERE = 10
"""Patients of other units shown: who names one person finds few."""
PRESENT = 60
"""Patients of her units that are listed: two wards."""
LAST = 12
"""Patients that one opened last."""
SECONDS = 5.0
"""A search that takes longer is too wide for a person who waits."""
_OPENED = "select 1 from access_audit where patient = %s and account_id = %s and action = 'open' limit 1"
_OPEN = "arrived,triaged,in-progress,onleave"


@dataclass(frozen=True, slots=True)
class Person:
    """A patient in a list: who, where she is now (empty: in no stay), when one opened her record last."""

    identity: words.Identity
    here: str = ""
    opened: datetime | None = None


@dataclass(frozen=True, slots=True)
class Found:
    """Patients that match what was typed. ``next`` continues; ``enough`` is false when too little was typed to search.

    ``elsewhere``: patients of the group who are not the caller's, by their bare identity; ``None`` when what was typed names
    nobody in particular, or her role looks for nobody. ``narrow``: only patients of hers were looked for.
    """

    people: list[Person]
    next: str | None
    enough: bool
    unfinished: bool = False
    elsewhere: list[Person] | None = None
    narrow: bool = False

    @property
    def shown(self) -> list[UUID]:
        """The access keys of everyone whom the caller is shown, for the trace."""
        return [patient_uuid(person.identity.id) for person in [*self.people, *(self.elsewhere or ())]]


def find(cursor: Cursor[Any], caller: Caller, typed: str, after: str | None = None) -> Found:
    """Patients by any words of their names, birth date and numbers. Raises ``Forbidden``, ``Invalid`` for a bad ``after``.

    On a page, those of whom a typed word is a whole name come first, then by name. What names one person is looked for in the
    whole group too.
    """
    asked = terms.read(typed)
    if not asked.enough:
        caller.demand("s", "Patient")
        return Found([], None, enough=False, unfinished=asked.unfinished)
    found = _search(cursor, caller, asked, after)
    second = asked.otherwise()
    if not found.people and second is not None and after is None:
        found = _search(cursor, caller, second, None)
    if after is not None:
        return found
    elsewhere = _elsewhere(cursor, caller, [asked, second] if second else [asked], found)
    return replace(found, elsewhere=elsewhere, narrow=_narrow(caller))


def opened_before(cursor: Cursor[Any], account: int, patient_id: str) -> bool:
    """Whether the account has opened this patient's record before."""
    return cursor.execute(_OPENED, (patient_uuid(patient_id), account)).fetchone() is not None


def bare_identity(cursor: Cursor[Any], caller: Caller, patient_id: str) -> words.Identity | None:
    """What a search of the whole group shows of a patient: name, birth date, sex. ``None`` for one whom it does not show."""
    stored = chart.several(cursor, caller, [f"Patient/{patient_id}"])
    return next((_bare(found) for found in stored.values()), None)


def last_opened(cursor: Cursor[Any], caller: Caller, account: int) -> list[Person]:
    """The patients that the account opened last, newest first.

    A statement for the trace, one for the names, one for where they are.
    """
    opened = dict(trail.last_patients(cursor, account, LAST))
    stored = chart.several(cursor, caller, [f"Patient/{id_}" for id_ in opened])
    people = [(words.identify(json.loads(found.body)), opened[found.id]) for found in stored.values()]
    here = whereabouts(cursor, caller, [identity.id for identity, _at in people])
    shown = [Person(identity, here.get(identity.id, ""), at) for identity, at in people]
    return sorted(shown, key=lambda person: list(opened).index(person.identity.id))


def present(cursor: Cursor[Any], caller: Caller) -> list[Person]:
    """The patients who are now in the caller's own units, by place. Four statements; none for who works in none."""
    if not caller.may("r", "Encounter"):
        return []
    read = chart.several(cursor, caller, units.stays(cursor, caller, PRESENT))
    stays = [stay for stay in (json.loads(stored.body) for stored in read.values()) if stay.get("status") in _OPEN.split(",")]
    tree = hospitals(cursor, caller)
    known = banner.locations(cursor, caller, [place for stay in stays for place in places.to_look_up(stay, current=True)])
    here: dict[str, str] = {}
    for stay in stays:
        here.setdefault(codes.target(stay.get("subject"), "Patient"), banner.whereabouts(tree, stay, known).words)
    stored = chart.several(cursor, caller, [f"Patient/{id_}" for id_ in here])
    people = [Person(words.identify(json.loads(found.body)), here[found.id]) for found in stored.values()]
    return sorted(people, key=lambda person: (person.here, fold(person.identity.name)))


def whereabouts(cursor: Cursor[Any], caller: Caller, patients: Sequence[str]) -> dict[str, str]:
    """Id of a patient → where she is now, in words; those in no stay are absent. One statement, one for the places."""
    if not patients or not caller.may("s", "Encounter"):
        return {}
    pairs = [("patient", ",".join(f"Patient/{id_}" for id_ in patients)), ("status", _OPEN), ("_count", str(2 * len(patients)))]
    page = search(cursor, caller, "Encounter", pairs, limits=Limits(seconds=SECONDS))
    tree = hospitals(cursor, caller)
    stays = [json.loads(stored.body) for stored in page.matches]
    known = banner.locations(cursor, caller, [place for stay in stays for place in places.to_look_up(stay, current=True)])
    found: dict[str, str] = {}
    for stay in stays:
        found.setdefault(codes.target(stay.get("subject"), "Patient"), banner.whereabouts(tree, stay, known).words)
    return found


def _search(cursor: Cursor[Any], caller: Caller, asked: terms.Terms, after: str | None) -> Found:
    pairs = [*asked.pairs(), ("_count", str(RESULTS)), *([(CURSOR, after)] if after else [])]
    page = search(cursor, caller, "Patient", pairs, limits=Limits(seconds=SECONDS))
    people = [words.identify(json.loads(stored.body)) for stored in page.matches]
    people.sort(key=lambda identity: _place(identity, asked.words))
    return Found([Person(identity) for identity in people], page.next, enough=True, unfinished=asked.unfinished)


def _elsewhere(cursor: Cursor[Any], caller: Caller, readings: Sequence[terms.Terms], found: Found) -> list[Person] | None:
    """Patients of other units, of the first reading of what was typed that names one person and finds someone."""
    try:
        looking = callers.finding(caller)
    except Forbidden:
        return None
    specific = [reading for reading in readings if reading.specific]
    own = {person.identity.id for person in found.people}
    for reading in specific:
        pairs = [*reading.pairs(), ("_count", str(ELSEWHERE + len(own)))]
        page = search(cursor, looking, "Patient", pairs, limits=Limits(seconds=SECONDS))
        others = [Person(_bare(stored)) for stored in page.matches if stored.id not in own]
        if others:
            return others[:ELSEWHERE]
    return [] if specific else None


def _narrow(caller: Caller) -> bool:
    """Whether a search shows her own patients alone, and her role may look for others."""
    try:
        callers.finding(caller)
    except Forbidden:
        return False
    return "Patient" not in caller.sight.identities and not caller.sight.everyone


def _bare(stored: Stored) -> words.Identity:
    """The identity without numbers, and without what they would tell of where the patient is known."""
    return replace(words.identify(json.loads(stored.body)), identifiers=(), numbers=())


def _place(identity: words.Identity, typed: Sequence[str]) -> tuple[Any, ...]:
    """Where a person stands in the results: the more words she has whole, the higher."""
    name = fold(identity.name)
    own = {*name.split(), *fold(identity.birth_name).split()}
    return (-sum(word in own for word in typed), name, identity.birth_date)

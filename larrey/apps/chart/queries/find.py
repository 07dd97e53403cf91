"""Patients found by what is typed."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from psycopg import Cursor

from larrey.apps.chart.queries import terms
from larrey.kit import json
from larrey.store.caller import Caller
from larrey.store.search import CURSOR, Limits, search
from larrey.ui import words

RESULTS = 20
"""Patients on a page of results: what fits a screen."""
SECONDS = 5.0
"""A search that takes longer is too wide for a person who waits."""


@dataclass(frozen=True, slots=True)
class Found:
    """Patients that match what was typed. ``next`` continues; ``enough`` is false when too little was typed to search."""

    people: list[words.Identity]
    next: str | None
    enough: bool
    unfinished: bool = False


def find(cursor: Cursor[Any], caller: Caller, typed: str, after: str | None = None) -> Found:
    """Patients by any words of their names, birth date and numbers. Raises ``Forbidden``, ``Invalid`` for a bad ``after``."""
    asked = terms.read(typed)
    if not asked.enough:
        caller.demand("s", "Patient")
        return Found([], None, enough=False, unfinished=asked.unfinished)
    found = _search(cursor, caller, asked, after)
    second = asked.otherwise()
    if not found.people and second is not None and after is None:
        found = _search(cursor, caller, second, None)
    return found


def _search(cursor: Cursor[Any], caller: Caller, asked: terms.Terms, after: str | None) -> Found:
    pairs = [*asked.pairs(), ("_count", str(RESULTS)), *([(CURSOR, after)] if after else [])]
    page = search(cursor, caller, "Patient", pairs, limits=Limits(seconds=SECONDS))
    people = [words.identify(json.loads(stored.body)) for stored in page.matches]
    return Found(people, page.next, enough=True, unfinished=asked.unfinished)

"""The only door of the demo set."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from datetime import date, timedelta
from random import Random
from typing import Any

import psycopg
from psycopg import Connection, Cursor

from larrey import store
from larrey.apps.demo import writing
from larrey.apps.demo.generation import HOUR, SEED, Edition, Patient, group, patients
from larrey.apps.demo.people import patient, person
from larrey.apps.demo.resources import Resource, identity
from larrey.kit.clock import PARIS, now
from larrey.store import workers
from larrey.store.caller import Caller
from larrey.store.loading import uncollected

__all__ = ["PATIENTS", "SEED", "Edition", "Patient", "generate", "identities", "load", "load_in_parallel", "today"]

PATIENTS = 2000
_BEYOND = 1_000_000
"""Numbers of the set end here."""
Progress = Callable[[int, int], None]
"""Called after each commit with the patients covered and the resources written."""


def today() -> date:
    """The day as which a set made now is: this one, or the day before until eight o'clock in the morning."""
    return (now().astimezone(PARIS) - timedelta(hours=HOUR)).date()


def generate(*, patients: int, seed: int = SEED, today: date | None = None) -> Iterator[list[Resource]]:
    """The hospitals, then each patient with the latest version of each of her resources.

    The same ``seed`` and ``today`` give the same resources, whatever the number of patients.
    """
    edition = Edition(seed, today or _today())
    yield list(group(edition).resources)
    for one in _patients(edition, 1, patients):
        yield one.resources


def identities(*, patients: int, seed: int = SEED, today: date | None = None) -> Iterator[Resource]:
    """The Patient resources of people who have no record, others than those of the set; each was seen in one hospital.

    They refer to the hospitals of the set.
    """
    day = today or _today()
    hospitals = list(group(Edition(seed, day)).hospitals.values())
    for number in range(1, patients + 1):
        random = Random(f"{seed}/identity/{number}")
        who = person.draw(random, _BEYOND + number, day)
        id_ = identity(seed, "Patient", "identity", number)
        yield patient.resource(random, id_, who, [random.choice(hospitals)], day)


def load(
    connection: Connection[Any],
    caller: Caller,
    *,
    patients: int,
    seed: int = SEED,
    today: date | None = None,
    progress: Progress | None = None,
) -> int:
    """Write the demo set through one connection; return the number of resources written now.

    What an earlier call has written is left alone, so that a set that was interrupted is completed, as at the day it was
    begun. Nothing is written into a record that has patients of its own. Each version is signed by who is said to have
    written it; ``caller`` signs the hospitals and must be allowed everything.
    """
    edition, total = _begun(connection, caller, Edition(seed, today or _today()), progress)
    if edition is None:
        return 0
    for covered, numbers in writing.missing(connection, caller, edition, patients):
        done = writing.write(connection, caller, edition, numbers) if numbers else writing.Written()
        total += done.resources
        if progress is not None:
            progress(covered, done.resources)
    return total


def load_in_parallel(
    url: str,
    caller: Caller,
    *,
    patients: int,
    seed: int = SEED,
    today: date | None = None,
    count: int | None = None,
    progress: Progress | None = None,
) -> int:
    """The same in ``count`` processes (one per core when absent) on the database at ``url``."""
    count = count or os.cpu_count() or 1
    with psycopg.connect(url, autocommit=True) as connection:
        edition, total = _begun(connection, caller, Edition(seed, today or _today()), progress)
        if edition is None:
            return 0
        if patients <= 2 * writing.TOGETHER or count == 1:
            return total + load(connection, caller, patients=patients, seed=seed, today=today, progress=progress)
        jobs = _skipping(writing.missing(connection, caller, edition, patients), progress)
        for (covered, _), done in workers.run(count, writing.begin, (url, caller, edition), writing.work, jobs):
            total += done.resources
            if progress is not None:
                progress(covered, done.resources)
    return total


def _skipping(jobs: Iterator[tuple[int, list[int]]], progress: Progress | None) -> Iterator[tuple[int, list[int]]]:
    """The jobs that have something to write."""
    for covered, numbers in jobs:
        if numbers:
            yield covered, numbers
        elif progress is not None:
            progress(covered, 0)


def _begun(connection: Connection[Any], caller: Caller, wished: Edition, progress: Progress | None) -> tuple[Edition | None, int]:
    """The edition to go on with (None: the record is others') and how many resources its structure took now."""

    def attempt(cursor: Cursor[Any]) -> tuple[Edition | None, int]:
        held = writing.held(cursor, caller)
        if held is not None:
            return held, 0
        if writing.has_patients(cursor, caller):
            return None, 0
        return wished, writing.write_structure(cursor, caller, wished)

    with uncollected():
        edition, written = store.retry(connection, attempt)
    if progress is not None and written:
        progress(0, written)
    return edition, written


_today, _patients = today, patients  # the names of arguments, too

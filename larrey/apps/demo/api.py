"""The only door of the demo set."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import date
from functools import partial
from hashlib import sha256
from typing import Any

from psycopg import Connection, Cursor

from larrey import store
from larrey.apps.demo import hospitals, people
from larrey.apps.demo.course import Course
from larrey.apps.demo.resources import Resource
from larrey.kit.clock import PARIS, now
from larrey.store import loading
from larrey.store.caller import Caller

SEED = 1766
PATIENTS = 300
Progress = Callable[[int, int], None]


def generate(*, patients: int = PATIENTS, seed: int = SEED, today: date | None = None) -> Iterator[list[Resource]]:
    """The hospitals, then each patient with her course; within a list the targets of references come first.

    The same ``seed`` and ``today`` give the same resources, whatever the number of patients.
    """
    today = today or now().astimezone(PARIS).date()
    group = hospitals.build(seed)
    yield list(group.resources)
    for number in range(1, patients + 1):
        person = people.draw(seed, number, today)
        course = Course(seed, person, group, today)
        resources = course.build()
        yield [people.patient(seed, person, *course.hospital), *resources]


def load(
    connection: Connection[Any],
    caller: Caller,
    *,
    patients: int = PATIENTS,
    seed: int = SEED,
    today: date | None = None,
    progress: Progress | None = None,
) -> int:
    """Write the demo set, one commit per patient; return the number of resources written now.

    What an earlier call has written is left alone, so that a set that was interrupted is completed and a complete one
    costs a query. Nothing is written into a record that has patients of its own. ``progress`` is called after each
    commit with the patients covered and the resources written.
    """
    names = [f"demo {seed}: {'hospitals' if n == 0 else f'patient {n}'}" for n in range(patients + 1)]
    digests = [sha256(name.encode()).digest() for name in names]
    known = store.retry(connection, lambda cursor: _known(cursor, caller, digests))
    if known is None or len(known) == len(digests):
        return 0
    total = 0
    for name, digest, resources in zip(names, digests, generate(patients=patients, seed=seed, today=today), strict=True):
        written = 0
        if digest not in known:
            work = partial(_write, caller=caller, digest=digest, name=name, resources=resources)
            with loading.uncollected():
                written = store.retry(connection, work)
        total += written
        if progress is not None:
            progress(0 if name is names[0] else 1, written)
    return total


def _known(cursor: Cursor[Any], caller: Caller, digests: list[bytes]) -> set[bytes] | None:
    """What is loaded of the set; None when the record holds others' patients and nothing of the set."""
    known = loading.known(cursor, caller, digests)
    if not known and cursor.execute("select 1 from record.resource where type = 'Patient' limit 1").fetchone():
        return None
    return known


def _write(cursor: Cursor[Any], caller: Caller, digest: bytes, name: str, resources: list[Resource]) -> int:
    if not loading.claim(cursor, caller, [(digest, name, len(resources))]):
        return 0
    entries = [
        {"resource": resource, "request": {"method": "PUT", "url": f"{resource['resourceType']}/{resource['id']}"}}
        for resource in resources
    ]
    store.process(cursor, caller, {"resourceType": "Bundle", "type": "transaction", "entry": entries}, consume=True)
    return len(resources)

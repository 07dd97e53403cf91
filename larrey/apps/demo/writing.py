"""Writes the demo set into the record, resumable at every commit."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from hashlib import sha256
from typing import Any

import psycopg
from psycopg import Connection, Cursor

from larrey import store
from larrey.apps.demo.generation import Edition, group, patient
from larrey.apps.demo.resources import Resource
from larrey.apps.demo.structure.group import ENTITY
from larrey.kit import json
from larrey.store import loading
from larrey.store.caller import Caller
from larrey.store.rules import Rules

TAG = "urn:larrey:demo:edition"
"""System of the tag on the legal entity that says which edition the record holds."""
TOGETHER = 50
"""Patients that are committed together."""
_LOOKED_UP = 500
# Every reference of the set leads somewhere (tests prove it), in whatever order its parts are written.
_RULES = Rules(references="tolerate", entries=1 << 30)


@dataclass(slots=True)
class Written:
    """What a commit brought: ``patients`` and ``resources`` (versions)."""

    patients: int = 0
    resources: int = 0


def held(cursor: Cursor[Any], caller: Caller) -> Edition | None:
    """The edition that the record holds or has begun to hold."""
    found = store.find(cursor, caller, "Organization", ENTITY)
    if found is None:
        return None
    for tag in json.loads(found.body).get("meta", {}).get("tag", ()):
        if tag.get("system") == TAG:
            return Edition.named(tag["code"])
    return None


def has_patients(cursor: Cursor[Any], caller: Caller) -> bool:
    """Whether anyone's patients are in the record."""
    caller.demand("r", "Patient")
    return cursor.execute("select 1 from record.resource where type = 'Patient' limit 1").fetchone() is not None


def write_structure(cursor: Cursor[Any], caller: Caller, edition: Edition) -> int:
    """The hospitals and their people, and which edition this is. Returns the number of resources."""
    resources = list(group(edition).resources)
    for number, resource in enumerate(resources):
        if resource["id"] == ENTITY:
            tagged = resource.get("meta", {}) | {"tag": [{"system": TAG, "code": edition.name}]}
            resources[number] = resource | {"meta": tagged}
    _process(cursor, caller, resources)
    return len(resources)


def digests(edition: Edition, numbers: Iterable[int]) -> dict[bytes, int]:
    """By what each patient is remembered as written."""
    return {sha256(_name(edition, number).encode()).digest(): number for number in numbers}


def _name(edition: Edition, number: int) -> str:
    return f"demo {edition.name}: patient {number}"


def missing(connection: Connection[Any], caller: Caller, edition: Edition, patients: int) -> Iterator[tuple[int, list[int]]]:
    """What is not yet written of patients 1 to ``patients``: pairs of how many were looked at and those to write, at most
    ``TOGETHER`` at once.
    """
    for first in range(1, patients + 1, _LOOKED_UP):
        wanted = digests(edition, range(first, min(first + _LOOKED_UP, patients + 1)))
        known = store.retry(connection, partial(loading.known, caller=caller, digests=list(wanted)))
        todo = sorted(number for digest, number in wanted.items() if digest not in known)
        if not todo:
            yield len(wanted), []
        for start in range(0, len(todo), TOGETHER):
            part = todo[start : start + TOGETHER]
            yield len(part) + (len(wanted) - len(todo) if start == 0 else 0), part


def write(connection: Connection[Any], caller: Caller, edition: Edition, numbers: Sequence[int]) -> Written:
    """Write these patients in one transaction; those that someone else has written meanwhile are left alone."""
    with loading.uncollected():
        return store.retry(connection, partial(_write, caller=caller, edition=edition, numbers=numbers))


def _write(cursor: Cursor[Any], caller: Caller, edition: Edition, numbers: Sequence[int]) -> Written:
    named = digests(edition, numbers)
    made = {number: patient(edition, number) for number in numbers}
    memories = [(digest, _name(edition, number), made[number].versions) for digest, number in named.items()]
    new = {named[digest] for digest in loading.claim(cursor, caller, memories)}
    # A resource comes once in a transaction: later versions follow in the next.
    waves: list[tuple[list[str], list[Resource]]] = []
    written = Written()
    for number in sorted(new):
        written.patients += 1
        written.resources += made[number].versions
        last: dict[str, int] = {}
        for actor, batch in made[number].batches:
            wave = max((last[one["id"]] + 1 for one in batch if one["id"] in last), default=0)
            while len(waves) <= wave:
                waves.append(([], []))
            waves[wave][0].extend(actor for _ in batch)
            waves[wave][1].extend(batch)
            last.update((one["id"], wave) for one in batch)
    for signers, resources in waves:
        _process(cursor, caller, resources, signers)
    return written


def _process(cursor: Cursor[Any], caller: Caller, resources: list[Resource], signers: Sequence[str] = ()) -> None:
    entries = [
        {"resource": resource, "request": {"method": "PUT", "url": f"{resource['resourceType']}/{resource['id']}"}}
        for resource in resources
    ]
    bundle = {"resourceType": "Bundle", "type": "transaction", "entry": entries}
    store.process(cursor, caller, bundle, rules=_RULES, consume=True, signers=signers)


_worker: list[tuple[Connection[Any], Caller, Edition]] = []  # of this process: one, once it has begun


def begin(url: str, caller: Caller, edition: Edition) -> None:
    """Prepare a worker process."""
    _worker.append((psycopg.connect(url, autocommit=True), caller, edition))


def work(job: tuple[int, list[int]]) -> Written:
    """Write a job in a worker process."""
    return write(*_worker[-1], job[1])

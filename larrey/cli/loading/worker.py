"""What a worker process does: read a job's bytes, write its units, tell what became of each."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import psycopg
from psycopg import Connection, Cursor

from larrey import store
from larrey.access import trail
from larrey.access.trail import Action
from larrey.cli.loading import units
from larrey.cli.loading.units import Container, Lines, Place, Resource, Unit
from larrey.fhir.references import literal
from larrey.kit.errors import LarreyError
from larrey.store import loading, whose
from larrey.store.caller import Caller
from larrey.store.loading import Target
from larrey.store.rules import Rules
from larrey.store.transactions import translate

Job = Sequence[Path] | Lines
ROUNDS = 4
"""How often a group is tried without the units that failed before each unit is tried alone."""
_ENTRY = re.compile(r"Bundle\.entry\[(\d+)\]")
_UNBOUNDED = 1 << 40
_MAY_PASS = {"not-found", "conflict"}
"""Issue codes of what another unit may yet put right."""


@dataclass(slots=True)
class Waiting:
    """A unit that another may make loadable. ``lacks``: absent targets of its references; ``brings``: what it is."""

    reason: str
    lacks: frozenset[Target]
    brings: frozenset[Target]


@dataclass(slots=True)
class Outcome:
    """What became of a job. ``resources`` and ``loaded`` (units) are those written now; ``known`` units were before.

    ``stopped``: why no further job can succeed now.
    """

    resources: int = 0
    loaded: int = 0
    known: int = 0
    refused: dict[Place, str] = field(default_factory=dict)
    waiting: dict[Place, Waiting] = field(default_factory=dict)
    stopped: str = ""


class Worker:
    """Loads jobs through one connection.

    ``expected``: references to these targets are accepted although they are not there yet (see ``schedule``).
    """

    def __init__(
        self, connection: Connection[Any], caller: Caller, rules: Rules, expected: frozenset[Target] = frozenset()
    ) -> None:
        self._connection = connection
        self._caller = caller
        self._rules = replace(rules, entries=_UNBOUNDED)
        self._expected = expected
        self._lenient = replace(self._rules, references="tolerate")

    def load(self, job: Job) -> Outcome:
        """Write what ``job`` holds, in one transaction. Raises ``Unavailable`` when the database cannot take it."""

        def attempt(cursor: Cursor[Any]) -> Outcome:
            # Read within the attempt: a retry after a deadlock must not meet what the first one rewrote.
            if isinstance(job, Lines):
                containers = [units.from_lines(job)]
            else:
                containers = [container for path in job for container in units.read(path)]
            return self._write(cursor, containers)

        return store.retry(self._connection, attempt)

    def _write(self, cursor: Cursor[Any], containers: list[Container]) -> Outcome:
        found = Outcome()
        for container in containers:
            found.refused.update(container.refused)
        todo = self._claim(cursor, containers, found)
        pending = [unit for container in todo for unit in container.units]
        written = self._together(cursor, self._put_aside(cursor, [u for u in pending if not u.bundle], found), found)
        for unit in pending:
            if unit.bundle:
                self._alone(cursor, unit, found, written)
        found.loaded = len(written)
        found.resources = sum(unit.size for unit in written)
        failed = found.refused.keys() | found.waiting.keys()
        partly = [c for c in todo if not failed.isdisjoint(c.places)]
        loading.release(cursor, self._caller, [container.digest for container in partly])
        mine = [unit for container in partly for unit in container.units if unit.place not in failed]
        loading.claim(cursor, self._caller, [(unit.digest, str(unit.place), unit.size) for unit in mine])
        if found.resources:
            self._trace(cursor, written, found.resources)
        return found

    def _trace(self, cursor: Cursor[Any], written: list[Unit], resources: int) -> None:
        """One row for what this transaction writes: of one file or of a stretch of it, or of several small files."""
        files = list(dict.fromkeys(unit.place.path for unit in written))
        name = files[0] if len(files) == 1 else f"{files[0]} and {len(files) - 1} more files"
        what = f"{name} load ({resources} resources)"
        trail.trace_found(cursor, self._caller, Action.WRITE, what, whose.changed(), door="command")

    def _claim(self, cursor: Cursor[Any], containers: list[Container], found: Outcome) -> list[Container]:
        """The containers to load, each with the units to load: what nobody loaded before, once."""
        memories = [(c.digest, c.name, sum(u.size for u in c.units)) for c in containers if c.units]
        new = loading.claim(cursor, self._caller, memories)
        parts = {u.digest for c in containers if c.digest in new for u in c.units if u.digest != c.digest}
        seen = loading.known(cursor, self._caller, parts)
        todo = []
        for container in containers:
            fresh = []
            if container.digest in new:
                new.remove(container.digest)  # the same bytes again in this job are known
                for unit in container.units:
                    if unit.digest not in seen:
                        seen.add(unit.digest)
                        fresh.append(unit)
                container.places = {unit.place for unit in container.units} | {place for place, _ in container.refused}
            found.known += len(container.units) - len(fresh)
            if fresh:
                container.units = fresh
                todo.append(container)
        return todo

    def _put_aside(self, cursor: Cursor[Any], single: list[Unit], found: Outcome) -> list[Unit]:
        """The units whose references all lead somewhere; the others are told in ``found.waiting``."""
        if self._rules.references != "refuse" or not single:
            return single
        wants = {unit.place: literal(unit.resource) for unit in single}
        brings = {unit.place: _target(unit.resource) for unit in single}
        elsewhere = set[Target]().union(*wants.values()) - set(brings.values()) - self._expected
        lacking = loading.absent(cursor, self._caller, elsewhere)
        while lacking:
            waiting = [unit for unit in single if not wants[unit.place].isdisjoint(lacking)]
            if not waiting:
                break
            for unit in waiting:
                lacks = frozenset(wants[unit.place] & lacking)
                target = brings[unit.place]
                found.waiting[unit.place] = Waiting(_reason(lacks), lacks, frozenset([target] if target else []))
            # Who refers to what waits, waits.
            lacking = {target for unit in waiting if (target := brings[unit.place])}
            single = [unit for unit in single if unit.place not in found.waiting]
        return single

    def _together(self, cursor: Cursor[Any], single: list[Unit], found: Outcome) -> list[Unit]:
        """Write single resources as one transaction bundle, leaving out those the record refuses; return the others."""
        for _ in range(ROUNDS):
            if not single:
                return []
            failure = self._process(cursor, _bundle(single), consume=False)
            if failure is None:
                return single
            reasons: dict[int, str] = {}
            for issue in failure.issues:
                match = _ENTRY.search(issue.expression)
                if match and int(match[1]) < len(single) and issue.code not in _MAY_PASS:
                    rest = issue.expression[match.end() :].removeprefix(".resource")
                    where = f" at {single[int(match[1])].resource['resourceType']}{rest}" if rest else ""
                    reasons.setdefault(int(match[1]), issue.diagnostics + where)
            if not reasons:
                break
            found.refused.update({single[number].place: reason for number, reason in reasons.items()})
            single = self._put_aside(cursor, [u for number, u in enumerate(single) if number not in reasons], found)
        written: list[Unit] = []
        for unit in single:
            self._alone(cursor, unit, found, written)
        return written

    def _alone(self, cursor: Cursor[Any], unit: Unit, found: Outcome, written: list[Unit]) -> None:
        """Write one unit; it is added to ``written``, or ``found`` tells why not."""
        if self._expected and unit.bundle:
            waiting = self._waiting(cursor, unit)
            if waiting.lacks - self._expected:
                found.waiting[unit.place] = waiting
                return
        failure = self._process(cursor, unit.resource if unit.bundle else _bundle([unit]), consume=True)
        if failure is None:
            written.append(unit)
        elif _MAY_PASS.isdisjoint(issue.code for issue in failure.issues):
            found.refused[unit.place] = failure.message
        else:
            found.waiting[unit.place] = self._waiting(cursor, unit, failure.message)

    def _process(self, cursor: Cursor[Any], bundle: Resource, *, consume: bool) -> LarreyError | None:
        """``store.process`` in a savepoint; the error that undid it, if any. ``consume``: the bundle may be altered.

        Deadlocks and a database that does not answer are left to ``store.retry``, around the whole job.
        """
        try:
            with self._connection.transaction():
                rules = self._lenient if self._expected else self._rules
                store.process(cursor, self._caller, bundle, rules=rules, consume=consume)
        except LarreyError as error:
            return error
        except psycopg.OperationalError:
            raise
        except psycopg.Error as error:
            return translate(error)
        return None

    def _waiting(self, cursor: Cursor[Any], unit: Unit, reason: str | None = None) -> Waiting:
        resources = unit.resources()
        brings = frozenset(target for target in map(_target, resources) if target)
        wanted = set[Target]().union(*map(literal, resources)) - brings
        lacks = frozenset(loading.absent(cursor, self._caller, wanted))
        return Waiting(reason or _reason(lacks), lacks, brings)


def _target(resource: Resource) -> Target | None:
    id_ = resource.get("id")
    return (resource["resourceType"], id_) if isinstance(id_, str) else None


def _reason(lacks: frozenset[Target]) -> str:
    type_, id_ = min(lacks, default=("another resource", ""))
    more = f" (and to {len(lacks) - 1} more)" if len(lacks) > 1 else ""
    return f"It refers to {type_}/{id_}{more}, which is not in the record."


def _bundle(single: list[Unit]) -> Resource:
    entries = [{"resource": unit.resource, "request": units.request(unit.resource)} for unit in single]
    return {"resourceType": "Bundle", "type": "transaction", "entry": entries}

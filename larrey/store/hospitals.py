"""Which hospital an organization of the record belongs to: units stand in services, services in poles, poles in hospitals.

Nearly every page asks it, and it changes a few times a year: each process keeps a copy of the tree and looks once a
minute whether an Organization was written.
"""

from __future__ import annotations

import threading
import time
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from psycopg import Cursor

from larrey.fhir.secrecy import sensitive
from larrey.kit import json
from larrey.store.caller import Caller
from larrey.store.transactions import translated

SECONDS = 60.0
"""How old the copy may be before it is checked."""
_DEEPEST = 12
"""Levels of the tree that are climbed; more is a circle."""

_GEOGRAPHIC = frozenset({"FINEG"})
"""The identifier type of a hospital site in FR Core (fr-core-cs-v2-0203); FINEJ is the legal entity above."""
_SHORT = "fr-core-organization-short-name"
_MARK = "select coalesce(max(seq), 0), count(*) from record.change where type = 'Organization'"
_ALL = "select id, body from record.resource where type = 'Organization'"


@dataclass(frozen=True, slots=True)
class Hospital:
    """A hospital: the id of its Organization, its name, and the short one (the name where there is none)."""

    id: str
    name: str
    short: str


@dataclass(frozen=True, slots=True)
class _Node:
    name: str
    short: str
    parent: str
    geographic: bool
    sensitive: bool


class Hospitals:
    """The organizations of the record as a tree."""

    def __init__(self, nodes: Mapping[str, _Node]) -> None:
        self._nodes = nodes
        self._of = {id_: self._top(id_) for id_ in nodes}
        members: dict[str, set[str]] = defaultdict(set)
        for id_, hospital in self._of.items():
            members[hospital.id].add(id_)
        self._members = {hospital: frozenset(units) for hospital, units in members.items()}
        self._children: dict[str, set[str]] = defaultdict(set)
        for id_, node in nodes.items():
            self._children[node.parent].add(id_)
        self._sensitive = frozenset(below for id_, node in nodes.items() if node.sensitive for below in self.below(id_))

    def of(self, organization_id: str) -> Hospital | None:
        """The hospital of an organization: the nearest geographic entity (FINESS) at or above it, else the topmost."""
        return self._of.get(organization_id)

    def name(self, organization_id: str) -> str | None:
        """The organization's own name."""
        node = self._nodes.get(organization_id)
        return node.name if node else None

    def all(self) -> list[Hospital]:
        """Every hospital, by name."""
        return sorted(set(self._of.values()), key=lambda hospital: (hospital.name, hospital.id))

    def within(self, hospital_id: str) -> frozenset[str]:
        """The ids of the hospital's organizations, its own included; empty when it is not a hospital."""
        return self._members.get(hospital_id, frozenset())

    def below(self, organization_id: str) -> frozenset[str]:
        """The ids of an organization and of all that is part of it."""
        found: set[str] = set()
        waiting = [organization_id]
        while waiting:
            one = waiting.pop()
            if one not in found:
                found.add(one)
                waiting += self._children.get(one, ())
        return frozenset(found)

    def sensitive(self) -> frozenset[str]:
        """The ids of the units whose stays are kept from who does not work there (psychiatry…), with what is part of them."""
        return self._sensitive

    def _top(self, id_: str) -> Hospital:
        current, topmost = id_, id_
        for _ in range(_DEEPEST):
            node = self._nodes.get(current)
            if node is None:
                break
            topmost = current
            if node.geographic or not node.parent:
                break
            current = node.parent
        node = self._nodes[topmost]
        return Hospital(topmost, node.name, node.short or node.name)


@dataclass(slots=True)
class _Copy:
    tree: Hospitals
    mark: tuple[int, int]
    checked: float


_lock = threading.Lock()
_copies: dict[str, _Copy] = {}  # by database


def hospitals(cursor: Cursor[Any], caller: Caller) -> Hospitals:
    """The tree of the record's organizations; empty for a caller who may not read them.

    What was written within the last ``SECONDS`` may be missing.
    """
    if not (caller.may("r", "Organization") and caller.may("s", "Organization")):
        return Hospitals({})
    info = cursor.connection.info
    database = f"{info.host}:{info.port}/{info.dbname}"
    copy = _copies.get(database)
    if copy is not None and time.monotonic() - copy.checked < SECONDS:
        return copy.tree
    with translated():
        row = cursor.execute(_MARK).fetchone()
        assert row is not None  # an aggregate always answers
        if copy is None or copy.mark != row:
            copy = _Copy(organizations(cursor), row, 0.0)
    copy.checked = time.monotonic()
    with _lock:
        _copies[database] = copy
    return copy.tree


def forget() -> None:
    """Let this process read every tree anew, where a database was restored or replaced under the same name."""
    with _lock:
        _copies.clear()


def organizations(cursor: Cursor[Any]) -> Hospitals:
    """The tree as it stands in this transaction, read now; for those who write."""
    return Hospitals(dict(map(_node, cursor.execute(_ALL).fetchall())))


def _node(row: tuple[str, bytes]) -> tuple[str, _Node]:
    id_, body = row
    resource = json.loads(body)
    name = resource.get("name")
    parent = str((resource.get("partOf") or {}).get("reference") or "")
    short = next((e.get("valueString") for e in resource.get("extension", ()) if str(e.get("url", "")).endswith(_SHORT)), None)
    types = {
        coding.get("code")
        for identifier in resource.get("identifier", ())
        for coding in (identifier.get("type") or {}).get("coding", ())
    }
    return id_, _Node(
        name=name if isinstance(name, str) else id_,
        short=short if isinstance(short, str) else "",
        parent=parent.removeprefix("Organization/") if parent.startswith("Organization/") else "",
        geographic=not _GEOGRAPHIC.isdisjoint(types),
        sensitive=sensitive(resource),
    )

"""History of an instance, a type, the record: newest first, paged, each version once."""

from __future__ import annotations

from typing import Any

import psycopg
import pytest

from larrey import store
from larrey.kit.errors import NotFound
from larrey.store import Caller
from larrey.store.caller import EVERYONE


@pytest.fixture
def versions(connection: psycopg.Connection[Any], caller: Caller) -> psycopg.Connection[Any]:
    def write(cursor: psycopg.Cursor[Any]) -> None:
        for n in range(5):
            store.update(cursor, caller, {"resourceType": "Patient", "id": "a", "active": bool(n % 2)})
        store.update(cursor, caller, {"resourceType": "Organization", "id": "o", "name": "CHU"})
        store.delete(cursor, caller, "Patient", "a")

    store.retry(connection, write)
    return connection


def test_instance_history_tells_every_version(versions: Any, caller: Caller) -> None:
    page = store.history(versions.cursor(), caller, "Patient", "a")
    assert [(e.version, e.method) for e in page.entries] == [
        (6, "delete"),
        (5, "update"),
        (4, "update"),
        (3, "update"),
        (2, "update"),
        (1, "create"),
    ]
    assert page.total == 6
    assert page.entries[0].body is None
    assert all(e.body is not None and b'"versionId":"%d"' % e.version in e.body for e in page.entries[1:])
    assert {e.actor for e in page.entries} == {"system:test"}


def test_paging_visits_each_version_once(versions: Any, caller: Caller) -> None:
    for scope in [(), ("Patient",), ("Patient", "a")]:
        seen, before = [], None
        while True:
            page = store.history(versions.cursor(), caller, *scope, count=2, before=before)
            seen += [(e.type, e.version) for e in page.entries]
            before = page.next
            if before is None:
                break
        assert len(seen) == len(set(seen)) == (7 if not scope else 6)


def test_since_and_at(versions: Any, caller: Caller) -> None:
    entries = store.history(versions.cursor(), caller, "Patient", "a").entries
    newest = entries[0].updated
    assert all(e.updated >= newest for e in store.history(versions.cursor(), caller, since=newest).entries)
    later = newest.replace(year=newest.year + 1)
    current = store.history(versions.cursor(), caller, at=(newest, later)).entries
    assert ("Organization", 1) in {(e.type, e.version) for e in current}


def test_history_shows_only_types_that_may_be_read(versions: Any) -> None:
    reader = Caller("r", {"Organization": "r"}, EVERYONE)
    assert {e.type for e in store.history(versions.cursor(), reader).entries} == {"Organization"}


def test_history_of_nothing_is_not_found(versions: Any, caller: Caller) -> None:
    with pytest.raises(NotFound):
        store.history(versions.cursor(), caller, "Patient", "never")

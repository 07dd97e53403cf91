"""Create, read, update, delete, undelete, conditional forms, locking: the promises of FHIR R4's http.html."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import psycopg
import pytest

from larrey import store
from larrey.kit import json
from larrey.kit.errors import (
    Conflict,
    Forbidden,
    Gone,
    Invalid,
    MultipleMatches,
    NotFound,
    PreconditionFailed,
    TooLarge,
    Unprocessable,
)
from larrey.store import Caller, Rules
from larrey.store.caller import EVERYONE

Connection = psycopg.Connection[Any]


def patient(family: str = "Larrey", **more: Any) -> dict[str, Any]:
    return {"resourceType": "Patient", "name": [{"family": family}], **more}


def identified(value: str) -> dict[str, Any]:
    return patient(identifier=[{"system": "urn:ipp", "value": value}])


@pytest.fixture
def write(connection: Connection, caller: Caller) -> Callable[..., Any]:
    """``write(function, …)``: one transaction, the caller given."""
    return lambda work, *args, **more: store.retry(connection, lambda cursor: work(cursor, caller, *args, **more))


def test_a_created_resource_is_read_back_with_its_version_and_date(connection: Connection, caller: Caller, write: Any) -> None:
    written = write(store.create, patient(birthDate="1766-07-08", multipleBirthInteger=1))
    with connection.cursor() as cursor:
        stored = store.read(cursor, caller, "Patient", written.id)
    body = json.loads(stored.body)
    assert (written.outcome, stored.version) == ("created", 1)
    assert list(body)[:3] == ["resourceType", "id", "meta"]
    assert body["meta"]["versionId"] == "1"
    assert body["birthDate"] == "1766-07-08"


def test_an_update_makes_a_version_and_keeps_the_old_one(connection: Connection, caller: Caller, write: Any) -> None:
    first = write(store.create, patient("Avant"))
    second = write(store.update, patient("Après", id=first.id))
    with connection.cursor() as cursor:
        assert (second.outcome, second.version) == ("updated", 2)
        assert b"Avant" in store.vread(cursor, caller, "Patient", first.id, 1).body
        assert "Après".encode() in store.vread(cursor, caller, "Patient", first.id, 2).body
        with pytest.raises(NotFound, match="no version 3"):
            store.vread(cursor, caller, "Patient", first.id, 3)
    assert second.updated >= first.updated


def test_put_creates_under_the_clients_id_and_refuses_a_bad_one(write: Any) -> None:
    assert write(store.update, patient(id="p-1")).outcome == "created"
    with pytest.raises(Invalid, match="An id is"):
        write(store.update, patient(id="p 1"))
    with pytest.raises(Invalid):
        write(store.update, patient(id="p" * 65))


def test_if_match_refuses_who_saw_another_version(write: Any) -> None:
    write(store.update, patient(id="a"))
    write(store.update, patient(id="a"), if_match=1)
    with pytest.raises(PreconditionFailed, match="now at version 2"):
        write(store.update, patient(id="a"), if_match=1)
    with pytest.raises(PreconditionFailed):
        write(store.update, patient(id="never"), if_match=1)


def test_deleted_is_gone_and_can_come_back(connection: Connection, caller: Caller, write: Any) -> None:
    write(store.update, patient(id="a"))
    assert write(store.delete, "Patient", "a").version == 2
    with connection.cursor() as cursor:
        with pytest.raises(Gone):
            store.read(cursor, caller, "Patient", "a")
        with pytest.raises(Gone):
            store.vread(cursor, caller, "Patient", "a", 2)
        assert store.vread(cursor, caller, "Patient", "a", 1).version == 1
        assert write(store.delete, "Patient", "a").version == 2  # deleting again changes nothing
        assert (write(store.update, patient(id="a")).outcome) == "created"
        assert store.read(cursor, caller, "Patient", "a").version == 3
    with pytest.raises(NotFound):
        write(store.delete, "Patient", "never")


def test_a_resource_that_is_referred_to_cannot_be_deleted_and_the_referrer_is_named(write: Any) -> None:
    write(store.update, patient(id="a"))
    condition = {
        "resourceType": "Condition",
        "id": "c",
        "subject": {"reference": "Patient/a"},
    }
    write(store.update, condition)
    with pytest.raises(Conflict, match="Condition/c"):
        write(store.delete, "Patient", "a")
    write(store.delete, "Condition", "c")
    write(store.delete, "Patient", "a")


def test_a_reference_to_nothing_is_refused_unless_tolerated(write: Any) -> None:
    condition = {"resourceType": "Condition", "subject": {"reference": "Patient/nobody"}}
    with pytest.raises(Unprocessable, match="Patient/nobody"):
        write(store.create, condition)
    assert write(store.create, condition, rules=Rules(references="tolerate")).outcome == "created"


def test_a_faulty_resource_leaves_nothing(connection: Connection, write: Any) -> None:
    with pytest.raises(Unprocessable) as refused:
        write(store.create, {"resourceType": "Observation", "status": "final", "valueString": 3})
    assert any(issue.expression.startswith("Observation") for issue in refused.value.issues)
    with pytest.raises(Invalid, match="resource type"):
        write(store.create, {"resourceType": "Nonsense"})
    with pytest.raises(Invalid, match="JSON object"):
        write(store.create, [])
    assert connection.execute("select count(*) from record.change").fetchone() == (0,)


def test_a_resource_that_would_swamp_the_indexes_is_refused(write: Any) -> None:
    crowded = patient(name=[{"family": f"Nom {n}"} for n in range(60)])
    with pytest.raises(TooLarge, match="this server takes 100"):
        write(store.create, crowded, rules=Rules(keys=100))
    assert write(store.create, crowded).outcome == "created"


def test_conditional_create_finds_what_is_there(write: Any) -> None:
    first = write(store.create, identified("1"), if_none_exist="identifier=urn:ipp|1")
    again = write(store.create, identified("1"), if_none_exist="identifier=urn:ipp|1")
    assert (first.outcome, again.outcome, again.id) == ("created", "found", first.id)
    write(store.create, identified("1"))
    with pytest.raises(MultipleMatches):
        write(store.create, identified("1"), if_none_exist="identifier=urn:ipp|1")


def test_conditional_update_patch_and_delete(write: Any) -> None:
    made = write(store.update_where, identified("7"), "identifier=urn:ipp|7")
    changed = write(store.update_where, identified("7"), "identifier=urn:ipp|7")
    assert (made.outcome, changed.outcome, changed.id, changed.version) == ("created", "updated", made.id, 2)
    with pytest.raises(Invalid, match="has id other"):
        write(store.update_where, {**identified("7"), "id": "other"}, "identifier=urn:ipp|7")
    patched = write(store.patch_where, "Patient", "identifier=urn:ipp|7", lambda old: {**old, "active": True})
    assert patched.version == 3
    with pytest.raises(NotFound):
        write(store.patch_where, "Patient", "identifier=urn:ipp|8", lambda old: old)
    assert [w.id for w in write(store.delete_where, "Patient", "identifier=urn:ipp|7")] == [made.id]
    assert write(store.delete_where, "Patient", "identifier=urn:ipp|7") == []


def test_conditional_delete_of_several_deletes_none(connection: Connection, write: Any) -> None:
    for _ in range(2):
        write(store.create, identified("2"))
    with pytest.raises(MultipleMatches):
        write(store.delete_where, "Patient", "identifier=urn:ipp|2")
    assert connection.execute("select count(*) from record.resource").fetchone() == (2,)
    assert len(write(store.delete_where, "Patient", "identifier=urn:ipp|2", most=5)) == 2


def test_what_is_not_granted_is_denied(connection: Connection) -> None:
    reader = Caller("reader", {"Patient": "r"}, EVERYONE)
    for work in (
        lambda c: store.create(c, reader, patient()),
        lambda c: store.update(c, reader, patient(id="x")),
        lambda c: store.delete(c, reader, "Patient", "x"),
        lambda c: store.read(c, reader, "Observation", "x"),
        lambda c: store.history(c, Caller("nobody"), "Patient"),
        lambda c: store.patch(c, reader, "Patient", "x", lambda old: old),
    ):
        with pytest.raises(Forbidden):
            store.retry(connection, work)


def in_threads(url: str, work: Callable[[Connection, int], Any], clients: int = 64, threads: int = 16) -> list[Any]:
    def run(number: int) -> Any:
        with psycopg.connect(url, autocommit=True) as connection:
            return work(connection, number)

    with ThreadPoolExecutor(threads) as pool:
        return list(pool.map(run, range(clients)))


def test_64_conditional_creates_of_one_identifier_make_one_resource(database_url: str, caller: Caller) -> None:
    def work(connection: Connection, _: int) -> str:
        return store.retry(
            connection, lambda c: store.create(c, caller, identified("same"), if_none_exist="identifier=urn:ipp|same")
        ).outcome

    outcomes = in_threads(database_url, work)
    assert sorted(outcomes) == ["created"] + ["found"] * 63


def test_64_if_match_updates_lose_none(database_url: str, caller: Caller) -> None:
    """Each client adds its telecom to what it read, and tries again when it was overtaken."""
    with psycopg.connect(database_url, autocommit=True) as connection:
        store.retry(connection, lambda c: store.update(c, caller, patient(id="one")))

    def work(connection: Connection, number: int) -> int:
        tries = 0
        while True:
            tries += 1
            with connection.cursor() as cursor:
                stored = store.read(cursor, caller, "Patient", "one")
            body = json.loads(stored.body)
            body.setdefault("telecom", []).append({"system": "phone", "value": str(number)})
            try:
                store.retry(connection, lambda c, b=body, v=stored.version: store.update(c, caller, b, if_match=v))
            except PreconditionFailed:
                continue
            return tries

    in_threads(database_url, work)
    with psycopg.connect(database_url, autocommit=True) as connection, connection.cursor() as cursor:
        last = store.read(cursor, caller, "Patient", "one")
    values = {entry["value"] for entry in json.loads(last.body)["telecom"]}
    assert last.version == 65
    assert values == {str(number) for number in range(64)}


def test_simultaneous_puts_of_a_new_id_make_one_chain_of_versions(database_url: str, caller: Caller) -> None:
    versions = in_threads(
        database_url,
        lambda connection, _: store.retry(connection, lambda c: store.update(c, caller, patient(id="new"))).version,
        clients=24,
    )
    assert sorted(versions) == list(range(1, 25))


def test_a_deletion_and_a_new_reference_never_both_succeed(database_url: str, caller: Caller) -> None:
    for attempt in range(6):
        target = f"p{attempt}"
        with psycopg.connect(database_url, autocommit=True) as connection:
            store.retry(connection, lambda c, t=target: store.update(c, caller, patient(id=t)))

        def work(connection: Connection, number: int, target: str = target) -> bool:
            condition = {"resourceType": "Condition", "subject": {"reference": f"Patient/{target}"}}
            try:
                if number % 2:
                    store.retry(connection, lambda c: store.delete(c, caller, "Patient", target))
                else:
                    store.retry(connection, lambda c: store.create(c, caller, condition))
            except (Conflict, Unprocessable):
                return False
            return True

        created, deleted = in_threads(database_url, work, clients=2, threads=2)
        assert created != deleted

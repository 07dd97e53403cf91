"""The trace: what a row says, and the chain that shows what was done to rows by hand."""

from __future__ import annotations

import secrets
import threading
import tracemalloc
from base64 import b64decode
from collections.abc import Callable
from datetime import date, timedelta
from typing import Any
from urllib.parse import urlsplit
from uuid import UUID, uuid4

import psycopg
import pytest
from django.core.management import call_command
from django.db import connection as django_connection
from hypothesis import given
from hypothesis import strategies as st
from psycopg import errors

from larrey import store
from larrey.access import auditevents, grounds, seals, standing, trail
from larrey.access.seals import COLUMNS
from larrey.access.trail import Action, last_patients, trace
from larrey.fhir.validation import validate
from larrey.kit import clock
from larrey.kit.ids import patient_uuid
from larrey.site import schema
from larrey.store import migrations, whose
from larrey.store.caller import EVERYONE, Caller

SOMEONE = Caller(actor="account:jane", role="doctor", place="cardio", account=7, sight=EVERYONE)
HAND = "set session_replication_role = replica"  # a superuser at work on rows: triggers are off


def opened(connection: psycopg.Connection, *patients: str, action: Action = Action.OPEN) -> None:
    """One row for each, each in a transaction of its own."""
    for id_ in patients:
        with connection.cursor() as cursor:
            trace(cursor, SOMEONE, action, f"Patient/{id_}", patient_id=id_, address="10.0.0.1")


def problems(connection: psycopg.Connection, **asked: Any) -> list[tuple[str, int | None]]:
    return [(problem.kind, problem.audit) for problem in seals.verify(connection, **asked).problems]


@pytest.fixture
def sealed(connection: psycopg.Connection) -> psycopg.Connection:
    """Rows 1 to 6, sealed; then triggers are off."""
    opened(connection, "a", "b", "c", "d", "e", "f")
    assert seals.seal(connection) == 6
    assert problems(connection) == []
    connection.execute(HAND.encode())
    return connection


def test_a_row_says_who_what_when_where_and_why(connection: psycopg.Connection) -> None:
    shown = [uuid4() for _ in range(3)]
    with connection.cursor() as cursor:
        trace(
            cursor,
            SOMEONE,
            Action.SEARCH,
            "Patient?name=goff",
            patients=[*shown, shown[0]],
            why="unit",
            address="10.0.0.9",
            door="fhir",
        )
        trace(cursor, SOMEONE, Action.OPEN, "Patient/claire", patient_id="claire", address="fe80::1%eth0")
    rows = connection.execute(
        "select actor, account_id, role, place, why, action, patient, patient_id, patients, what, host(address), door,"
        " now() - at < '1 minute' from access_audit order by id"
    ).fetchall()
    who = ("account:jane", 7, "doctor", "cardio")
    assert rows == [
        (*who, "unit", "search", None, None, shown, "Patient?name=goff", "10.0.0.9", "fhir", True),
        (*who, "", "open", patient_uuid("claire"), "claire", None, "Patient/claire", "fe80::1", "page", True),
    ]


def test_it_is_written_with_what_it_tells_or_not_at_all(connection: psycopg.Connection) -> None:
    def fail() -> None:
        with connection.transaction(), connection.cursor() as cursor:
            trace(cursor, SOMEONE, Action.OPEN, "Patient/claire", patient_id="claire")
            raise RuntimeError

    with pytest.raises(RuntimeError):
        fail()
    assert connection.execute("select count(*) from access_audit").fetchone() == (0,)


@given(
    text=st.text(st.characters(categories=None), max_size=800),
    address=st.one_of(st.none(), st.text(max_size=40), st.ip_addresses().map(str)),
)
def test_whatever_comes_from_outside_is_written(module_connection: psycopg.Connection, text: str, address: str | None) -> None:
    caller = Caller(actor=text, role=text, place=text, sight=EVERYONE)
    with module_connection.transaction(force_rollback=True), module_connection.cursor() as cursor:
        trace(cursor, caller, Action.REFUSED, text, patient_id=text, why=text, address=address, door=text)
        assert cursor.execute("select count(*) from access_audit").fetchone() == (1,)


def test_a_search_that_shows_thousands_is_several_rows(connection: psycopg.Connection) -> None:
    shown = [UUID(int=n) for n in range(2500)]
    with connection.cursor() as cursor:
        trace(cursor, SOMEONE, Action.EXPORT, "Patient", patients=iter(shown))
    rows = connection.execute("select cardinality(patients) from access_audit order by id").fetchall()
    assert rows == [(1000,), (1000,), (500,)]
    with pytest.raises(errors.CheckViolation):
        connection.execute("insert into access_audit (action, patients) values ('search', %s)", [shown])
    found = connection.execute("select count(*) from access_audit where patients @> array[%s]", [shown[1800]]).fetchone()
    assert found == (1,)


def test_the_last_patients_of_an_account(connection: psycopg.Connection) -> None:
    opened(connection, "a", "b", "a", "c")
    opened(connection, "z", action=Action.REFUSED)
    with connection.cursor() as cursor:
        trace(cursor, Caller(actor="account:other", account=8, sight=EVERYONE), Action.OPEN, "Patient/x", patient_id="x")
        assert [id_ for id_, _ in last_patients(cursor, 7, 12)] == ["c", "a", "b"]
        assert [id_ for id_, _ in last_patients(cursor, 7, 2)] == ["c", "a"]
        assert all(at.tzinfo is not None for _, at in last_patients(cursor, 7, 12))
        assert last_patients(cursor, 9, 12) == []


def test_openings_of_before_are_kept(server_url: str) -> None:
    name = f"larrey_test_{secrets.token_hex(6)}"
    url = urlsplit(server_url)._replace(path=f"/{name}").geturl()
    with psycopg.connect(server_url, autocommit=True) as admin:
        admin.execute(f"create database {name}".encode())
        try:
            schema.start_django(url)
            with psycopg.connect(url, autocommit=True) as connection:
                migrations.migrate(connection)
                call_command("migrate", "access", "0002", verbosity=0)
                connection.execute(
                    "insert into access_account (password, username, name, email, role, is_active, created)"
                    " values ('', 'jane', 'Jane', '', 'doctor', true, now())"
                )
                connection.execute(
                    "insert into access_audit (account_id, role, patient, what, address, at)"
                    " select a.id, 'doctor', p, 'Patient/' || p, '10.0.0.1', '2026-01-02 10:00+00'"
                    " from access_account a, unnest(array['claire', 'marie', 'claire']) p"
                )
                django_connection.close()
                schema.migrate(url)
                rows = connection.execute(
                    "select id, actor, action, patient_id, patient, what, host(address), at::date::text"
                    " from access_audit order by id"
                ).fetchall()
                assert rows == [
                    (n, "account:jane", "open", id_, patient_uuid(id_), f"Patient/{id_}", "10.0.0.1", "2026-01-02")
                    for n, id_ in enumerate(("claire", "marie", "claire"), 1)
                ]
                opened(connection, "next")
                assert connection.execute("select max(id) from access_audit").fetchone() == (4,)
                assert seals.seal(connection) == 4
                assert seals.verify(connection).problems == []
                django_connection.close()
        finally:
            admin.execute(f"drop database {name} with (force)".encode())


def test_the_chain_grows_in_order_and_verifies(connection: psycopg.Connection) -> None:
    assert seals.seal(connection) == 0
    assert seals.verify(connection) == seals.Report(0, None, [])
    opened(connection, "a", "b")
    assert seals.seal(connection) == 2
    opened(connection, "c")
    assert (seals.seal(connection), seals.seal(connection)) == (1, 0)
    rows = connection.execute("select number, audit, octet_length(hash) from access_seal order by day, number").fetchall()
    assert rows == [(1, 1, 32), (2, 2, 32), (3, 3, 32)]
    report = seals.verify(connection)
    assert (report.rows, report.problems) == (3, [])
    assert report.head is not None
    assert report.head.day == clock.now().astimezone(clock.PARIS).date()


def test_more_rows_than_a_batch(connection: psycopg.Connection) -> None:
    connection.execute("insert into access_audit (action, what) select 'open', n::text from generate_series(1, 1200) n")
    assert seals.seal(connection) == 1200
    assert seals.verify(connection).rows == 1200
    assert problems(connection) == []


def test_nothing_is_sealed_above_a_transaction_that_still_writes(connection: psycopg.Connection, database_url: str) -> None:
    with psycopg.connect(database_url) as slow:
        with slow.cursor() as cursor:
            trace(cursor, SOMEONE, Action.OPEN, "Patient/slow", patient_id="slow")  # row 1, not committed
        opened(connection, "quick")
        assert seals.seal(connection) == 0
        slow.commit()
    assert seals.seal(connection) == 2
    assert connection.execute("select array_agg(audit order by number) from access_seal").fetchone() == ([1, 2],)
    assert problems(connection) == []


def test_two_processes_seal_once(connection: psycopg.Connection, database_url: str) -> None:
    stop = threading.Event()
    failures: list[BaseException] = []

    def sealing() -> None:
        try:
            with psycopg.connect(database_url, autocommit=True) as own:
                while not stop.is_set():
                    seals.seal(own)
        except BaseException as error:  # noqa: BLE001  told by the test
            failures.append(error)

    threads = [threading.Thread(target=sealing) for _ in range(3)]
    for thread in threads:
        thread.start()
    for n in range(60):
        opened(connection, f"p{n}")
    stop.set()
    for thread in threads:
        thread.join()
    seals.seal(connection, wait=True)
    assert failures == []
    assert seals.verify(connection).rows == 60
    assert problems(connection) == []


@pytest.mark.parametrize("column", ["actor", "role", "place", "why", "action", "patient_id", "what", "door"])
def test_an_altered_text_is_found(sealed: psycopg.Connection, column: str) -> None:
    sealed.execute(f"update access_audit set {column} = {column} || 'x' where id = 3".encode())
    assert problems(sealed) == [("altered", 3)]


@pytest.mark.parametrize(
    "change",
    [
        "at = at + interval '1 microsecond'",
        "at = 'infinity'",
        "account_id = 8",
        "account_id = null",
        "patient = null",
        "patients = array[patient]",
        "address = null",
        "address = '10.0.0.2'",
        "xid = '3'",
        "patient_id = null",
    ],
)
def test_an_altered_value_is_found(sealed: psycopg.Connection, change: str) -> None:
    sealed.execute(f"update access_audit set {change} where id in (2, 5)".encode())
    assert problems(sealed) == [("altered", 2), ("altered", 5)]


def test_a_deleted_row_is_found(sealed: psycopg.Connection) -> None:
    sealed.execute("delete from access_audit where id = 4")
    assert problems(sealed) == [("missing", 4)]
    opened(sealed, "later")  # and what is sealed after it does not hide it
    assert seals.seal(sealed) == 1
    assert problems(sealed) == [("missing", 4)]


def test_a_row_deleted_with_its_seal_is_found(sealed: psycopg.Connection) -> None:
    sealed.execute("delete from access_audit where id = 4")
    sealed.execute("delete from access_seal where audit = 4")
    assert problems(sealed) == [("missing", 5)]
    assert "before row 5" in seals.verify(sealed).problems[0].text


def test_the_first_rows_deleted_are_found(sealed: psycopg.Connection) -> None:
    sealed.execute("delete from access_audit where id < 3")
    sealed.execute("delete from access_seal where audit < 3")
    sealed.execute("update access_seal set number = number - 2")
    assert problems(sealed)[0] == ("altered", 3)
    assert "what was before is gone" in seals.verify(sealed).problems[0].text


def test_a_row_put_in_is_found(sealed: psycopg.Connection) -> None:
    sealed.execute(
        "insert into access_audit (id, xid, at, action, what) overriding system value"
        " select 100, xid, at + interval '1 second', 'open', 'Patient/forged' from access_audit where id = 2"
    )
    assert seals.seal(sealed) == 0  # its place in the chain is past
    assert problems(sealed) == [("added", 100)]


def test_a_row_put_in_with_a_seal_is_found(sealed: psycopg.Connection) -> None:
    sealed.execute(
        "insert into access_audit (id, xid, action) overriding system value"
        " select 100, xid, 'open' from access_audit where id = 6"
    )
    sealed.execute("update access_seal set number = 7 where number = 6")
    sealed.execute(
        "insert into access_seal (day, number, audit, hash) select day, 6, 100, hash from access_seal where number = 7"
    )
    assert problems(sealed)[0] == ("altered", 100)


def test_rows_that_change_places_are_found(sealed: psycopg.Connection) -> None:
    sealed.execute("update access_seal set number = 100 where number = 2")
    sealed.execute("update access_seal set number = 2 where number = 3")
    sealed.execute("update access_seal set number = 3 where number = 100")
    assert problems(sealed)[0] == ("altered", 3)


def test_a_tail_cut_off_is_found_by_a_noted_hash(sealed: psycopg.Connection) -> None:
    noted = seals.verify(sealed).head
    assert noted is not None
    sealed.execute("delete from access_audit where id > 4")
    sealed.execute("delete from access_seal where audit > 4")
    assert problems(sealed) == []  # nothing in the database tells
    assert problems(sealed, expected=noted.hash) == [("missing", None)]


def test_a_chain_made_anew_is_found_by_a_noted_hash(sealed: psycopg.Connection) -> None:
    noted = seals.verify(sealed).head
    assert noted is not None
    sealed.execute("update access_audit set what = 'Patient/other' where id = 2")
    sealed.execute("delete from access_seal")
    assert seals.seal(sealed) == 6
    assert problems(sealed) == []
    assert problems(sealed, expected=noted.hash) == [("missing", None)]


def test_rows_that_wait_for_their_seal_are_told(connection: psycopg.Connection) -> None:
    opened(connection, "a")
    assert problems(connection) == []
    connection.execute("insert into access_audit (action, at) values ('open', now() - interval '2 minutes')")
    assert problems(connection) == [("unsealed", 2)]
    assert seals.waiting(connection) == 1
    seals.seal(connection)
    assert problems(connection) == []
    assert seals.waiting(connection) == 0


def by_days(connection: psycopg.Connection, *days: date) -> None:
    for day in days:
        connection.execute(
            "insert into access_audit (action, what, at) values ('open', 'Patient/a', %s::date + interval '12 h')", [day]
        )
        seals.seal(connection)


def test_each_day_has_a_chain_that_begins_with_the_one_before(connection: psycopg.Connection) -> None:
    one, two, three = date(2026, 3, 1), date(2026, 3, 2), date(2026, 3, 5)
    by_days(
        connection, one, one, two, three, two
    )  # the last one ended after midnight: it is of the day that the chain has reached
    rows = connection.execute("select day, number, audit from access_seal order by day, number").fetchall()
    assert rows == [(one, 1, 1), (one, 2, 2), (two, 1, 3), (three, 1, 4), (three, 2, 5)]
    assert problems(connection) == []
    connection.execute(HAND.encode())
    connection.execute("update access_audit set what = 'x' where id = 3")
    assert (problems(connection, day=one), problems(connection, day=three)) == ([], [])
    assert problems(connection, day=two) == [("altered", 3)]
    connection.execute("delete from access_audit where id = 3")
    connection.execute("delete from access_seal where day = %s", [two])
    assert problems(connection) == [("altered", 4)]
    assert problems(connection, day=three) == [("altered", 4)]


def test_it_goes_on_where_the_transactions_begin_anew(connection: psycopg.Connection) -> None:
    """A dump restored on another server brings transaction numbers that are ahead of that server's."""
    connection.execute(
        "insert into access_audit (action, xid, what) select 'open', '900000000000', 'old' from generate_series(1, 5)"
    )
    assert seals.seal(connection) == 5
    connection.execute("insert into access_audit (action, xid, what) values ('open', '900000000007', 'was not sealed before')")
    opened(connection, "new", "newer")
    assert seals.seal(connection) == 3
    assert connection.execute("select array_agg(audit order by day, number) from access_seal").fetchone() == ([*range(1, 9)],)
    opened(connection, "newest")
    assert seals.seal(connection) == 1
    assert problems(connection) == []


def test_verifying_needs_no_memory_for_the_trace(connection: psycopg.Connection) -> None:
    connection.execute(
        "insert into access_audit (action, what, patients)"
        " select 'search', repeat('x', 400), array(select gen_random_uuid() from generate_series(1, 50 + n % 3))"
        " from generate_series(1, 6000) n"
    )
    seals.seal(connection)
    tracemalloc.start()
    seals.verify(connection)
    _, most = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert most < 8 << 20  # the rows are 15 MB


@pytest.mark.parametrize("action", [*Action, "something later"])
def test_each_kind_of_row_is_a_valid_audit_event(action: str) -> None:
    row = dict.fromkeys(COLUMNS)
    row |= {"id": "5", "at": "2026-11-25T10:00:00.000001Z", "actor": "account:jane", "role": "doctor", "action": action}
    for more in (
        {"what": "", "why": ""},
        {
            "what": "Patient/claire",
            "patient_id": "claire",
            "address": "10.0.0.1/32",
            "place": "cardio",
            "account_id": "7",
            "why": "E",
        },
        {"what": "Patient?name=goff", "patients": "{00000000-0000-0000-0000-000000000001,00000000-0000-0000-0000-000000000002}"},
        {"what": "Observation/1 update", "actor": "Practitioner/p1", "patient_id": "not an id", "door": "fhir"},
        {"what": "batch (2 created, 1 deleted)", "actor": "token:import", "door": "fhir"},
        {"what": "  ", "why": "because\nof this", "actor": ""},
    ):
        event = auditevents.event({**row, **more})
        assert validate(event) == [], event


def test_the_events_say_what_happened() -> None:
    row = dict.fromkeys(COLUMNS)
    row |= {"id": "5", "at": "2026-11-25T10:00:00.000001Z", "actor": "account:jane", "role": "nurse", "patient_id": "claire"}
    opening = auditevents.event({**row, "action": "open", "what": "Observation/o1/_history/2", "address": "10.0.0.1/32"})
    assert (opening["action"], opening["outcome"]) == ("R", "0")
    assert opening["agent"][0]["network"] == {"address": "10.0.0.1", "type": "2"}
    assert [entity["what"]["reference"] for entity in opening["entity"]] == ["Patient/claire", "Observation/o1/_history/2"]
    refused = auditevents.event({**row, "action": "refused", "what": "Patient/claire", "why": "not of your units"})
    assert (refused["outcome"], refused["outcomeDesc"]) == ("4", "not of your units")
    glass = auditevents.event({**row, "action": "break-glass", "what": "Patient/claire"})
    assert glass["purposeOfEvent"][0]["coding"][0]["code"] == "BTG"
    removed = auditevents.event({**row, "action": "write", "what": "Observation/o1/_history/2 delete", "door": "fhir"})
    assert (removed["action"], removed["subtype"][0]["code"]) == ("D", "delete")
    assert removed["entity"][1]["what"] == {"reference": "Observation/o1/_history/2"}
    found = auditevents.event({**row, "action": "search", "what": "Patient?name=goff search-type", "door": "fhir"})
    assert (found["action"], found["subtype"][0]["code"]) == ("E", "search-type")
    assert b64decode(found["entity"][1]["query"]) == b"Patient?name=goff"


def test_a_day_that_follows_a_purge_does_not_begin_before_it(new_database: Callable[[], str]) -> None:
    with psycopg.connect(new_database(), autocommit=True) as connection:
        today = clock.now().astimezone(clock.PARIS).date()
        connection.execute(
            "insert into access_purge (day, rows, hash, years, signature) values (%s, 1, %s, 10, '')", [today, bytes(range(32))]
        )
        opened(connection, "a")
        seals.seal(connection)
        assert connection.execute("select day from access_seal").fetchone() == (today + timedelta(days=1),)
        assert problems(connection) == []


def test_why_a_person_saw_someone_is_her_best_tie_and_a_machine_sees_everyone(
    connection: psycopg.Connection, cursor: psycopg.Cursor, caller: Caller, staff: Callable[..., int]
) -> None:
    nurse = staff("nurse", "cardio")
    subject, unit = {"reference": "Patient/p"}, {"reference": "Organization/cardio"}
    stay = {"resourceType": "Encounter", "id": "e", "status": "in-progress", "class": {"code": "IMP"}, "subject": subject}
    others = {"resourceType": "Patient", "id": "q", "generalPractitioner": [unit]}
    period = {"start": "2020-01-01"}
    for resource in ({"resourceType": "Patient", "id": "p"}, {**stay, "serviceProvider": unit, "period": period}, others):
        store.retry(connection, lambda cursor, each=resource: store.update(cursor, caller, each))  # type: ignore[misc]
    someone = standing.caller_of(cursor, nurse)
    first, second = (store.read(cursor, someone, "Patient", id_) for id_ in ("p", "q"))
    for who, shown, why in (
        (someone, [first], "E"),
        (someone, [second], "C"),
        (someone, [first, second], "units"),
        (someone, [], ""),
        (caller, [first], "everyone"),
    ):
        trail.trace_found(cursor, who, Action.OPEN, "x", whose.shown(shown), door="fhir")
        row = cursor.execute("select why from access_audit order by id desc limit 1").fetchone()
        assert row == (why,)
    assert grounds.words("E")[0] == grounds.words("stay")[0]

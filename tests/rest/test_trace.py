"""What the machine door tells to the trace: every interaction once, with whom it showed, and nothing when nothing was done."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple
from uuid import UUID

import psycopg
import pytest

from larrey.access import trail
from larrey.kit.ids import patient_uuid
from larrey.rest.application import application
from larrey.rest.settings import RestSettings
from larrey.store.caller import EVERYONE, Caller, system
from tests.rest.client import Client
from tests.rest.conftest import Serve

ANNA, BEN = patient_uuid("anna"), patient_uuid("ben")
JSON_PATCH = "application/json-patch+json"


class Row(NamedTuple):
    actor: str
    action: str
    patient_id: str | None
    patients: list[UUID] | None
    what: str
    why: str
    address: str | None
    door: str


Traced = Callable[[], list[Row]]


@pytest.fixture
def traced(module_connection: psycopg.Connection[Any]) -> Traced:
    """The rows of the trace since it was last asked."""
    last = [0]

    def new() -> list[Row]:
        rows = module_connection.execute(
            "select id, actor, action, patient_id, patients, what, why, host(address), door from access_audit"
            " where id > %s order by id",
            (last[0],),
        ).fetchall()
        last[0] = max([last[0], *(row[0] for row in rows)])
        return [Row(*row[1:]) for row in rows]

    new()
    return new


@pytest.fixture(scope="module", autouse=True)
def world(api: Client) -> None:
    for id_ in ("anna", "ben"):
        assert api.put(f"/Patient/{id_}", {"resourceType": "Patient", "id": id_}).status == 201
        assert api.put(f"/Observation/{id_}", observation(id_)).status == 201
    api.put("/Binary/scan", b"scanned", Content_Type="text/plain", X_Security_Context="Patient/anna")


def observation(id_: str) -> dict[str, Any]:
    return {
        "resourceType": "Observation",
        "id": id_,
        "status": "final",
        "code": {"coding": [{"system": "http://loinc.org", "code": "718-7"}]},
        "subject": {"reference": f"Patient/{id_}"},
    }


def whom(row: Row) -> set[UUID]:
    return {*(row.patients or ()), *([patient_uuid(row.patient_id)] if row.patient_id else ())}


READS: list[tuple[str, str, dict[str, Any], set[UUID], str]] = [
    ("GET", "/Patient/anna", {}, {ANNA}, "Patient/anna read"),
    ("HEAD", "/Patient/anna", {}, {ANNA}, "Patient/anna read"),
    ("GET", "/Observation/ben", {}, {BEN}, "Observation/ben read"),
    ("GET", "/Observation/ben?_summary=true", {}, {BEN}, "Observation/ben?_summary=true read"),
    ("GET", "/Observation/anna/_history/1", {}, {ANNA}, "Observation/anna/_history/1 vread"),
    ("GET", "/Observation/anna/_history", {}, {ANNA}, "Observation/anna/_history history-instance"),
    ("GET", "/Observation/_history", {}, {ANNA, BEN}, "Observation/_history history-type"),
    ("GET", "/Patient/ben/$everything", {}, {BEN}, "Patient/ben/$everything $everything"),
    ("GET", "/Binary/scan", {}, {ANNA}, "Binary/scan read"),
    ("GET", "/Binary/scan/_history/1", {"Accept": "application/fhir+json"}, {ANNA}, "Binary/scan/_history/1 vread"),
]
SEARCHES: list[tuple[str, str, Any, dict[str, str], set[UUID], str]] = [
    ("GET", "/Observation?code=718-7", None, {}, {ANNA, BEN}, "Observation?code=718-7 search-type"),
    ("GET", "/Observation?code=other", None, {}, set(), "Observation?code=other search-type"),
    (
        "GET",
        "/Observation?subject=Patient/ben&_include=*",
        None,
        {},
        {BEN},
        "Observation?subject=Patient/ben&_include=* search-type",
    ),
    ("GET", "/Patient/anna/Observation", None, {}, {ANNA}, "Patient/anna/Observation search-compartment"),
    ("GET", "/?_type=Observation&_id=anna", None, {}, {ANNA}, "?_type=Observation&_id=anna search-system"),
    (
        "POST",
        "/Observation/_search",
        b"subject=Patient/ben",
        {"Content-Type": "application/x-www-form-urlencoded"},
        {BEN},
        "Observation/_search?subject=Patient/ben search-type",
    ),
    (
        "GET",
        "/Observation/$lastn?subject=Patient/anna&code=718-7",
        None,
        {},
        {ANNA},
        "Observation/$lastn?subject=Patient/anna&code=718-7 $lastn",
    ),
]


@pytest.mark.parametrize(("method", "path", "headers", "patients", "what"), READS)
def test_reads(
    api: Client, traced: Traced, method: str, path: str, headers: dict[str, str], patients: set[UUID], what: str
) -> None:
    assert api.request(method, path, headers=headers).status == 200
    [row] = traced()
    assert (row.actor, row.action, row.what, row.door) == ("token:all", "open", what, "fhir")
    assert whom(row) == patients


@pytest.mark.parametrize(("method", "path", "body", "headers", "patients", "what"), SEARCHES)
def test_searches(
    api: Client, traced: Traced, method: str, path: str, body: Any, headers: dict[str, str], patients: set[UUID], what: str
) -> None:
    assert api.request(method, path, body, headers).status == 200
    [row] = traced()
    assert (row.actor, row.action, row.what) == ("token:all", "search", what)
    assert whom(row) == patients, "a search tells whom it showed, not whom it looked for"


def test_what_the_client_has_already_is_traced_too(api: Client, traced: Traced) -> None:
    tag = api.get("/Observation/anna").headers["ETag"]
    traced()
    assert api.get("/Observation/anna", If_None_Match=tag).status == 304
    [row] = traced()
    assert whom(row) == {ANNA}


def test_writes(api: Client, traced: Traced) -> None:
    resource = {**observation("anna"), "id": "own"}
    made = api.post("/Observation", resource).json()["id"]
    found = api.post("/Observation", resource, If_None_Exist=f"_id={made}")
    assert found.status == 200
    api.put("/Observation/own", resource)
    api.put("/Observation?_id=own", resource)
    api.patch("/Observation/own", [{"op": "add", "path": "/issued", "value": "2026-01-01T00:00:00Z"}], Content_Type=JSON_PATCH)
    api.delete("/Observation/own")
    api.delete(f"/Observation?_id={made},none")
    api.delete("/Observation?_id=none")
    rows = traced()
    assert [row.what for row in rows] == [
        f"Observation/{made}/_history/1 create",
        f"Observation/{made}/_history/1 create (found)",
        "Observation/own/_history/1 update",
        "Observation/own/_history/2 update",
        "Observation/own/_history/3 patch",
        "Observation/own/_history/4 delete",
        f"Observation/{made}/_history/2 delete",
        "Observation?_id=none delete (nothing written)",
    ]
    assert {row.action for row in rows} == {"write"}
    assert [whom(row) for row in rows] == [{ANNA}] * 7 + [set()]


def test_a_write_that_fails_is_in_neither(api: Client, traced: Traced) -> None:
    assert api.put("/Observation/anna", {"resourceType": "Observation", "id": "anna", "status": 5}).status == 422
    assert api.put("/Observation/anna", observation("anna"), If_Match='W/"9"').status == 412
    assert traced() == []


def test_a_transaction_is_one_row(api: Client, traced: Traced) -> None:
    entries = [
        {"request": {"method": "PUT", "url": "Observation/t"}, "resource": {**observation("anna"), "id": "t"}},
        {"request": {"method": "POST", "url": "Organization"}, "resource": {"resourceType": "Organization", "name": "CHU"}},
        {"request": {"method": "GET", "url": "Observation?_id=ben"}},
        {"request": {"method": "GET", "url": "Patient/ben"}},
    ]
    answer = api.post("/", {"resourceType": "Bundle", "type": "transaction", "entry": entries})
    assert answer.status == 200
    [row] = traced()
    assert (row.action, row.what) == ("write", "transaction (2 created, 2 shown)")
    assert set(row.patients or ()) == {ANNA, BEN}


def test_the_entries_of_a_batch_are_traced_each(api: Client, traced: Traced) -> None:
    entries = [
        {"request": {"method": "GET", "url": "Patient/ben"}},
        {"request": {"method": "GET", "url": "Observation?_id=anna"}},
        {"request": {"method": "PUT", "url": "Observation/b"}, "resource": {**observation("ben"), "id": "b"}},
        {"request": {"method": "GET", "url": "metadata"}},
    ]
    answer = api.post("/", {"resourceType": "Bundle", "type": "batch", "entry": entries})
    assert answer.status == 200
    assert [(row.action, row.what) for row in traced()] == [
        ("open", "Patient/ben read"),
        ("search", "Observation?_id=anna search-type"),
        ("write", "Observation/b/_history/1 update"),
    ]


def test_validation_tells_nothing_of_a_patient_but_is_traced(api: Client, traced: Traced) -> None:
    assert api.post("/Observation/$validate", observation("anna")).status == 200
    assert api.post("/Observation/anna/$validate?mode=update", observation("anna")).status == 200
    assert [row.what for row in traced()] == [
        "Observation/$validate $validate",
        "Observation/anna/$validate?mode=update $validate",
    ]


def test_the_capability_statement_is_nobodys(api: Client, traced: Traced) -> None:
    assert api.get("/metadata").status == 200
    assert api.request("OPTIONS", "/Patient/anna").status == 204
    assert traced() == []


def test_where_from(api: Client, traced: Traced) -> None:
    def ask(address: str, path: str = "/Patient/anna", method: str = "GET") -> None:
        api.call(
            {
                "REQUEST_METHOD": method,
                "SCRIPT_NAME": "/fhir",
                "PATH_INFO": path,
                "HTTP_HOST": "test",
                "REMOTE_ADDR": address,
                "HTTP_AUTHORIZATION": "Bearer all",
            }
        )

    for address in ("192.0.2.7", "2001:db8::1", "unix:", ""):
        ask(address)
    assert [row.address for row in traced()] == ["192.0.2.7", "2001:db8::1", None, None]


def test_refusals(serve: Serve, traced: Traced) -> None:
    def limited(_: psycopg.Cursor[Any], __: str) -> Caller:
        return Caller("account:nurse", {"Patient": "rs"}, role="nurse", account=7)

    nurse = Client(serve(RestSettings(), verify=limited), token="x")
    assert nurse.get("/Observation/anna").status == 403
    assert nurse.get("/Patient/never").status == 404
    assert nurse.get("/Observation?patient=Patient/ben").status == 403
    assert nurse.put("/Patient/anna", {"resourceType": "Patient", "id": "anna"}).status in (403, 404)
    rows = traced()
    assert [(row.actor, row.action, row.what) for row in rows] == [
        ("account:nurse", "refused", "Observation/anna read"),
        ("account:nurse", "refused", "Patient/never read"),
        ("account:nurse", "refused", "Observation?patient=Patient/ben search-type"),
        ("account:nurse", "refused", "Patient/anna update"),
    ]
    assert [whom(row) for row in rows] == [{ANNA}, {patient_uuid("never")}, {BEN}, {ANNA}]
    assert all(row.why for row in rows)


def test_who_sees_everything_and_finds_nothing_was_not_refused(api: Client, traced: Traced) -> None:
    assert api.get("/Patient/never").status == 404
    assert api.delete("/Patient/never").status == 204
    assert traced() == []


def test_nothing_is_shown_when_it_cannot_be_traced(serve: Serve, module_database_url: str) -> None:
    def deaf() -> psycopg.Connection[Any]:
        connection = psycopg.connect(module_database_url)
        connection.execute("set default_transaction_read_only = on")
        connection.commit()
        return connection

    def verify(_: psycopg.Cursor[Any], __: str) -> Caller:
        return Caller("token:x", {"*": "rs"}, EVERYONE)

    client = Client(application(RestSettings(), deaf, verify=verify), token="x")
    for path in ("/Patient/anna", "/Observation?code=718-7", "/Binary/scan"):
        answer = client.get(path)
        assert answer.status == 503, answer.body
        assert b"anna" not in answer.body
    assert client.get("/metadata").status == 200


def test_only_what_reads_does_not_wait_for_the_disk(serve: Serve, module_database_url: str) -> None:
    """What a read sets for its own transaction is gone before a write follows on the same connection."""
    opened: list[psycopg.Connection[Any]] = []

    def connect() -> psycopg.Connection[Any]:
        opened.append(psycopg.connect(module_database_url, options="-c synchronous_commit=on"))  # off in tests
        return opened[-1]

    def verify(_: psycopg.Cursor[Any], __: str) -> Caller:
        return Caller("token:x", {"*": "cruds"}, EVERYONE)

    client = Client(application(RestSettings(), connect, verify=verify), token="x")
    for _ in range(8):  # also once PostgreSQL keeps the plan
        assert client.get("/Patient/anna").status == 200
        assert client.get("/Observation?code=718-7").status == 200
        assert opened[0].execute("show synchronous_commit").fetchone() == ("on",)


def test_more_patients_than_a_row_names_are_told_in_several(
    api: Client, traced: Traced, module_connection: psycopg.Connection[Any]
) -> None:
    keys = [UUID(int=number) for number in range(2500)]
    with module_connection.transaction(), module_connection.cursor() as cursor:
        found = ("select unnest(%(many)s::uuid[])", {"many": keys})
        trail.trace_found(cursor, system("test"), trail.Action.SEARCH, "Patient", found)
    rows = traced()
    assert [len(row.patients or ()) for row in rows] == [1000, 1000, 500]
    assert set().union(*(row.patients or () for row in rows)) == set(keys)


def test_content_is_traced_before_it_streams(api: Client, traced: Traced) -> None:
    environ = {
        "REQUEST_METHOD": "GET",
        "SCRIPT_NAME": "/fhir",
        "PATH_INFO": "/Binary/scan",
        "HTTP_HOST": "test",
        "HTTP_AUTHORIZATION": "Bearer all",
    }
    pieces = api.app(environ, lambda *_: None)
    [row] = traced()
    assert row.what == "Binary/scan read"
    assert b"".join(pieces) == b"scanned"
    assert traced() == []


def test_where_the_installation_wants_it_a_read_waits_for_the_disk(serve: Serve, monkeypatch: pytest.MonkeyPatch) -> None:
    sent: list[str] = []
    monkeypatch.setattr(trail, "_QUICK", "where set_config('larrey.quick', 'on', false) = 'on'")
    for waits in (False, True):
        settings: list[psycopg.Cursor[Any]] = []

        def verify(cursor: psycopg.Cursor[Any], _: str, settings: list[Any] = settings) -> Caller:
            settings.append(cursor)
            return Caller("token:x", {"*": "rs"}, EVERYONE)

        client = Client(serve(RestSettings(trace_waits=waits), verify=verify), token="x")
        assert client.get("/Patient/anna").status == 200
        row = settings[0].execute("select current_setting('larrey.quick', true)").fetchone()
        sent.append(row[0] or "")
    assert sent == ["on", ""]


def test_what_is_of_several_patients_names_them_all(api: Client, traced: Traced) -> None:
    participants = [{"actor": {"reference": f"Patient/{id_}"}, "status": "accepted"} for id_ in ("anna", "ben")]
    appointment = {"resourceType": "Appointment", "id": "family", "status": "booked", "participant": participants}
    start = {"start": "2026-11-30T09:00:00Z", "end": "2026-11-30T09:30:00Z"}
    assert api.put("/Appointment/family", {**appointment, **start}).status == 201
    assert api.get("/Appointment/family").status == 200
    assert api.get("/Appointment?_id=family").status == 200
    assert [(row.action, whom(row)) for row in traced()] == [
        ("write", {ANNA, BEN}),
        ("open", {ANNA, BEN}),
        ("search", {ANNA, BEN}),
    ]


def test_a_transaction_that_is_refused_is_one_refusal(serve: Serve, traced: Traced) -> None:
    def limited(_: psycopg.Cursor[Any], __: str) -> Caller:
        return Caller("account:nurse", {"Observation": "rs"}, role="nurse", account=7)

    nurse = Client(serve(RestSettings(), verify=limited), token="x")
    entries = [{"request": {"method": "GET", "url": "Observation/anna"}}, {"request": {"method": "GET", "url": "Patient/ben"}}]
    assert nurse.post("/", {"resourceType": "Bundle", "type": "transaction", "entry": entries}).status in (403, 404)
    assert [(row.action, row.what) for row in traced()] == [("refused", "transaction")]
    assert nurse.post("/", {"resourceType": "Bundle", "type": "batch", "entry": entries}).status == 200
    assert [(row.action, row.what, whom(row)) for row in traced()] == [
        ("refused", "Observation/anna read", {ANNA}),
        ("refused", "Patient/ben read", {BEN}),
    ]

"""Ties, secrecy and encounters are written with each resource, follow it, and go with it."""

from __future__ import annotations

from collections.abc import Callable
from copy import deepcopy
from typing import Any

import psycopg
import pytest

from larrey import store
from larrey.fhir.secrecy import A07, ACT_CODE, HIDDEN, OURS, PATIENT_ONLY, VIP
from larrey.kit.errors import TooLarge
from larrey.kit.ids import patient_uuid
from larrey.store import Caller, Rules
from larrey.store.caller import Sight
from larrey.store.index import NOBODY
from larrey.store.keys import ATTACHED, reference_key, resource_key
from larrey.store.reindexing import reindex
from larrey.store.write.batch import COPY_FROM

Connection = psycopg.Connection[Any]
Write = Callable[..., Any]

UNIT, WARD, OTHER, DOCTOR = (
    resource_key(*reference.split("/")) for reference in ("Organization/u", "Location/a", "Location/b", "Practitioner/d")
)
LOOSE = Rules(references="tolerate")
P, Q = patient_uuid("p"), patient_uuid("q")
LOW, HIGH = "-infinity", "infinity"


def ref(reference: str) -> dict[str, str]:
    return {"reference": reference}


def stay(*locations: tuple[str, str, str | None], id: str = "e", **more: Any) -> dict[str, Any]:
    resource = {
        "resourceType": "Encounter", "id": id, "status": "in-progress", "class": {"code": "IMP"}, "subject": ref("Patient/p"),
        "period": {"start": "2026-03-01T10:00:00Z"}, "serviceProvider": ref("Organization/u"), **more,
    }  # fmt: skip
    moves = [
        {"location": ref(f"Location/{name}"), "period": {"start": start} | ({"end": end} if end else {})}
        for name, start, end in locations
    ]
    return resource | {"location": moves} if moves else resource


def letter(*codings: tuple[str, str], id: str = "l", **more: Any) -> dict[str, Any]:
    resource = {
        "resourceType": "DocumentReference", "id": id, "status": "current", "subject": ref("Patient/p"),
        "content": [{"attachment": {"contentType": "text/plain"}}], **more,
    }  # fmt: skip
    security = [{"system": system, "code": code} for system, code in codings]
    return resource | {"meta": {"security": security}} if security else resource


def appointment(*actors: str, id: str = "r", **more: Any) -> dict[str, Any]:
    taking_part = [{"actor": ref(actor), "status": "accepted"} for actor in actors]
    return {"resourceType": "Appointment", "id": id, "status": "proposed", "participant": taking_part, **more}


HERSELF = Caller("account:p", {"*": "cruds"}, Sight(own=frozenset({patient_uuid("p")})))
"""The patient; nobody else changes what she keeps for herself."""


@pytest.fixture
def write(connection: Connection, caller: Caller) -> Write:
    """``write(function, …)``: one transaction, the caller given; what is referred to need not be there."""

    def run(work: Callable[..., Any], *args: Any) -> Any:
        more = {} if work is store.delete else {"rules": LOOSE}
        return store.retry(connection, lambda cursor: work(cursor, caller, *args, **more))

    return run


def rows(connection: Connection, id_: str | None = None) -> list[tuple[Any, ...]]:
    """(patient, who, low, high, ground, key), all or of the resource with ``id_``, times as PostgreSQL writes them in UTC."""
    with connection.transaction():
        connection.execute("set local timezone to 'UTC'")
        return sorted(
            connection.execute(
                "select c.patient, c.who, c.low::text, c.high::text, c.ground, c.key from record.care c"
                " join record.resource r on r.rid = c.rid and r.key = c.key where %(id)s::text is null or r.id = %(id)s",
                {"id": id_},
            ).fetchall()
        )


def count(connection: Connection) -> int:
    row = connection.execute("select count(*) from record.care").fetchone()
    assert row is not None
    return int(row[0])


def changes(connection: Connection, id_: str) -> list[tuple[Any, ...]]:
    return connection.execute(
        "select version, method, secrecy, encounter from record.change where id = %s order by version", (id_,)
    ).fetchall()


def secrecy(connection: Connection, id_: str) -> int:
    row = connection.execute("select secrecy from record.resource where id = %s", (id_,)).fetchone()
    assert row is not None
    return int(row[0])


def test_a_stay_is_written_with_its_ties(connection: Connection, write: Write) -> None:
    write(store.update, stay(("a", "2026-03-01T10:00:00Z", None), participant=[{"individual": ref("Practitioner/d")}]))
    since, key = "2026-03-01 10:00:00+00", resource_key("Encounter", "e")
    assert rows(connection) == sorted((P, who, since, HIGH, "E", key) for who in (WARD, DOCTOR, UNIT))


def test_a_transfer_replaces_the_ties(connection: Connection, write: Write) -> None:
    first, moved, key = "2026-03-01T10:00:00Z", "2026-03-04T09:30:00Z", resource_key("Encounter", "e")
    write(store.update, stay(("a", first, None)))
    write(store.update, stay(("a", first, moved), ("b", moved, None)))
    begun, over, next_ = "2026-03-01 10:00:00+00", "2026-03-04 09:30:01+00", "2026-03-04 09:30:00+00"
    expected = [(P, WARD, begun, over, "E", key), (P, OTHER, next_, HIGH, "E", key), (P, UNIT, next_, HIGH, "E", key)]
    assert rows(connection) == sorted(expected)
    assert count(connection) == 3
    write(store.update, stay(("a", first, moved), ("b", moved, None)) | {"status": "cancelled"})
    assert count(connection) == 0


def test_ties_go_with_the_resource_and_come_back_with_it(connection: Connection, write: Write) -> None:
    resource = stay(("a", "2026-03-01", None))
    write(store.update, resource)
    before = rows(connection)
    write(store.delete, "Encounter", "e")
    assert count(connection) == 0
    write(store.update, resource)
    assert rows(connection) == before


def test_a_broken_glass_outlives_what_happens_to_resources(connection: Connection, write: Write) -> None:
    connection.execute("insert into record.care values (%s, 7, now(), now() + interval '1 hour', 'G', 7, null)", (P,))
    write(store.update, stay(("a", "2026-03-01", None)))
    write(store.update, stay())
    write(store.delete, "Encounter", "e")
    assert count(connection) == 1


def test_a_refusal_to_share_and_a_general_practitioner_have_open_ends(connection: Connection, write: Write) -> None:
    write(store.update, {"resourceType": "Patient", "id": "p", "generalPractitioner": [ref("Practitioner/d")]})
    consent = {
        "resourceType": "Consent", "id": "c", "status": "active", "patient": ref("Patient/p"), "provision": {"type": "deny"},
        "category": [{"text": "Partage"}], "policyRule": {"text": "x"},
        "scope": {"coding": [{"system": "http://terminology.hl7.org/CodeSystem/consentscope", "code": "patient-privacy"}]},
    }  # fmt: skip
    write(store.update, consent)
    assert rows(connection, "p") == [(P, DOCTOR, LOW, HIGH, "C", resource_key("Patient", "p"))]
    assert rows(connection, "c") == [(P, 0, LOW, HIGH, "O", resource_key("Consent", "c"))]


def several() -> list[dict[str, Any]]:
    """Resources of each kind of row, more than are written one by one."""
    resources = [
        stay(("a", "2026-03-01T10:00:00Z", "2026-03-02"), ("b", "2026-03-02", None), id=f"e{number}")
        for number in range(COPY_FROM)
    ]
    return [
        *resources,
        {"resourceType": "Patient", "id": "p", "meta": {"security": [{"system": ACT_CODE, "code": "CEL"}]}},
        letter((OURS, "PATIENT_ONLY"), (A07, "MASQUE_PS"), context={"encounter": [ref("Encounter/e1"), ref("Encounter/e0")]}),
        appointment("Patient/p", "Patient/q", "Practitioner/d"),
        {"resourceType": "Patient", "id": "q", "generalPractitioner": [ref("Practitioner/d")]},
    ]


def everything(connection: Connection) -> tuple[Any, ...]:
    found = connection.execute("select type, id, secrecy, patient, tokens from record.resource order by type, id").fetchall()
    past = connection.execute(
        "select type, id, version, secrecy, encounter, patient from record.change order by type, id, version"
    )
    return (
        [(*row[:4], sorted(row[4])) for row in found],
        past.fetchall(),
        rows(connection),
        count(connection),
    )


def test_what_is_copied_is_what_is_written_one_by_one(
    new_database: Callable[[], str], caller: Caller, monkeypatch: pytest.MonkeyPatch
) -> None:
    entries = [
        {"resource": resource, "request": {"method": "PUT", "url": f"{resource['resourceType']}/{resource['id']}"}}
        for resource in several()
    ]

    def send(cursor: psycopg.Cursor[Any]) -> Any:
        bundle: dict[str, Any] = {"resourceType": "Bundle", "type": "transaction", "entry": deepcopy(entries)}
        return store.process(cursor, caller, bundle, rules=LOOSE)

    found = []
    for copied in (True, False):
        if not copied:
            monkeypatch.setattr("larrey.store.write.batch.COPY_FROM", 1000)
        with psycopg.connect(new_database(), autocommit=True) as connection:
            store.retry(connection, send)
            found.append(everything(connection))
    assert found[0] == found[1]
    assert found[0][3] == COPY_FROM * 3 + 2 + 2 + 1, (
        "three of each stay, the appointment's two and its subjects, one practitioner"
    )


def test_what_is_indexed_anew_is_what_was_written(connection: Connection, caller: Caller, write: Write) -> None:
    for resource in several():
        write(store.update, resource)
    second = letter(id="l", context={"encounter": [ref("Encounter/e2")]})
    store.retry(connection, lambda cursor: store.update(cursor, HERSELF, second, rules=LOOSE))
    before = everything(connection)
    assert reindex(connection, caller, lambda _: None) == len(several())
    assert everything(connection) == before
    connection.execute("insert into record.care values (%s, 7, now(), now(), 'G', 7, null)", (P,))
    connection.execute("update record.resource set secrecy = 0")
    connection.execute("update record.change set secrecy = 0, encounter = null where id <> 'l' or version = 2")
    connection.execute("delete from record.care where ground <> 'G'")
    reindex(connection, caller, lambda _: None)
    assert count(connection) == before[3] + 1, "the broken glass stays"
    connection.execute("delete from record.care where ground = 'G'")
    assert everything(connection) == before


def test_each_version_keeps_its_own_secrecy_and_encounter(connection: Connection, write: Write) -> None:
    write(store.update, letter((A07, "MASQUE_PS"), context={"encounter": [ref("Encounter/e1")]}))
    write(store.update, letter(context={"encounter": [ref("Encounter/e2")]}))
    write(store.update, letter((OURS, "PATIENT_ONLY")))
    assert secrecy(connection, "l") == PATIENT_ONLY
    store.retry(connection, lambda cursor: store.delete(cursor, HERSELF, "DocumentReference", "l"))
    first, second = resource_key("Encounter", "e1"), resource_key("Encounter", "e2")
    assert changes(connection, "l") == [
        (1, "C", HIDDEN, first),
        (2, "U", 0, second),
        (3, "U", PATIENT_ONLY, None),
        (4, "D", PATIENT_ONLY, None),
    ]


def test_a_deletion_keeps_the_encounter_of_what_is_deleted(connection: Connection, write: Write) -> None:
    write(store.update, letter((A07, "MASQUE_PS"), context={"encounter": [ref("Encounter/e1")]}))
    write(store.delete, "DocumentReference", "l")
    assert changes(connection, "l")[1] == (2, "D", HIDDEN, resource_key("Encounter", "e1"))
    write(store.update, letter())
    assert changes(connection, "l")[2] == (3, "U", 0, None)
    assert secrecy(connection, "l") == 0


def test_the_encounter_of_a_version(connection: Connection, write: Write) -> None:
    write(store.update, stay(id="e1"))
    write(store.update, stay(id="e2", partOf=ref("Encounter/e1")))
    assert changes(connection, "e2") == [(1, "C", 0, resource_key("Encounter", "e2"))]
    observation = {
        "resourceType": "Observation", "id": "o", "status": "final", "code": {"text": "x"}, "subject": ref("Patient/p"),
        "focus": [ref("Encounter/e1")], "encounter": ref("Encounter/e2"),
    }  # fmt: skip
    write(store.update, observation)
    assert changes(connection, "o")[0][3] == resource_key("Encounter", "e2"), "the element comes before what else refers to one"
    write(store.update, {name: value for name, value in observation.items() if name != "encounter"})
    assert changes(connection, "o")[1][3] == resource_key("Encounter", "e1")


def test_a_celebrity_is_marked(connection: Connection, write: Write) -> None:
    write(store.update, {"resourceType": "Patient", "id": "p", "meta": {"security": [{"system": ACT_CODE, "code": "CEL"}]}})
    assert secrecy(connection, "p") == VIP


def test_a_resource_of_several_patients_is_no_more_the_first_ones(connection: Connection, write: Write) -> None:
    write(store.update, appointment("Patient/p", "Practitioner/d", id="alone"))
    write(store.update, appointment("Patient/p", "Patient/q", "Practitioner/d", id="together"))
    key = resource_key("Appointment", "alone")
    assert rows(connection, "alone") == [(P, DOCTOR, LOW, HIGH, "A", key)]
    key = resource_key("Appointment", "together")
    expected = [(patient, who, LOW, HIGH, ground, key) for patient in (P, Q) for who, ground in ((DOCTOR, "A"), (0, "S"))]
    assert rows(connection, "together") == sorted(expected)
    found = connection.execute("select id, patient from record.resource order by id").fetchall()
    assert found == [("alone", P), ("together", None)]


def test_a_resource_without_patient_of_its_own_names_those_it_tells_of(connection: Connection, write: Write) -> None:
    group = {"resourceType": "Group", "id": "g", "type": "person", "actual": True}
    write(store.update, group | {"member": [{"entity": ref("Patient/p")}]})
    assert rows(connection) == [], "the column tells it"
    document = {"resourceType": "Bundle", "id": "d", "type": "collection", "entry": [{"resource": stay()}]}
    write(store.update, document)
    assert rows(connection, "d") == [(P, 0, LOW, HIGH, "S", resource_key("Bundle", "d"))]
    listed = {"resourceType": "List", "id": "w", "status": "current", "mode": "working"}
    write(store.update, listed | {"entry": [{"item": ref("Patient/p")}, {"item": ref("Patient/q")}]})
    assert [row[0] for row in rows(connection, "w")] == sorted([P, Q])


def test_of_too_many_patients_somebody_is_missing_whom_nobody_sees(connection: Connection, write: Write) -> None:
    group = {"resourceType": "Group", "id": "g", "type": "person", "actual": True}
    write(store.update, group | {"member": [{"entity": ref(f"Patient/p{number}")} for number in range(20)]})
    assert len(rows(connection)) == 20
    assert NOBODY not in {row[0] for row in rows(connection)}
    write(store.update, group | {"member": [{"entity": ref(f"Patient/p{number}")} for number in range(21)]})
    assert len(rows(connection)) == 21
    assert NOBODY in {row[0] for row in rows(connection)}


def test_a_flood_of_ties_is_refused(connection: Connection, caller: Caller) -> None:
    movements = [("a", f"2026-03-01T10:{number // 60:02}:{number % 60:02}Z", None) for number in range(600)]
    with pytest.raises(TooLarge):
        store.retry(connection, lambda cursor: store.update(cursor, caller, stay(*movements), rules=Rules("tolerate", keys=1000)))


def test_a_binary_is_found_by_the_documents_that_hold_it(connection: Connection, write: Write) -> None:
    def holders() -> list[tuple[str]]:
        mark = reference_key(ATTACHED, resource_key("Binary", "x"))
        return connection.execute(
            "select id from record.resource where tokens @> array[%s::bigint] order by id", (mark,)
        ).fetchall()

    def holding(url: str, id: str) -> dict[str, Any]:
        return letter(id=id, content=[{"attachment": {"contentType": "text/plain", "url": url}}])

    write(store.update, {"resourceType": "Binary", "id": "x", "contentType": "text/plain", "data": "TGFycmV5"})
    write(store.update, holding("Binary/x", "relative"))
    write(store.update, holding("Binary/x/_history/1", "version"))
    write(store.update, holding("https://elsewhere.example/fhir/Binary/x", "elsewhere"))
    write(store.update, letter(id="none", extension=[{"url": "Binary/x", "valueString": "the name of an extension"}]))
    extension = {"url": "urn:photo", "valueAttachment": {"url": "Binary/x"}}
    write(store.update, {"resourceType": "Patient", "id": "extended", "extension": [extension]})
    assert holders() == [("extended",), ("relative",), ("version",)]
    write(store.update, holding("Binary/y", "relative"))
    assert holders() == [("extended",), ("version",)]


def test_a_document_sent_with_its_binary_holds_it(connection: Connection, caller: Caller) -> None:
    name = "urn:uuid:018f428e-34f6-4707-8009-5ad742f901e7"
    document = letter(content=[{"attachment": {"url": name}}], subject={"display": "x"})
    entries: list[dict[str, Any]] = [
        {"fullUrl": name, "resource": {"resourceType": "Binary", "contentType": "text/plain", "data": "TGFycmV5"}},
        {"resource": {key: value for key, value in document.items() if key != "id"}},
    ]
    for entry in entries:
        entry["request"] = {"method": "POST", "url": entry["resource"]["resourceType"]}
    bundle = {"resourceType": "Bundle", "type": "transaction", "entry": entries}
    store.retry(connection, lambda cursor: store.process(cursor, caller, bundle))
    held = connection.execute(
        "select b.id from record.resource b join record.resource d on d.tokens @> array[b.key # %s::bigint]"
        " where b.type = 'Binary' and d.type = 'DocumentReference'",
        (ATTACHED,),
    ).fetchall()
    assert len(held) == 1


def test_the_security_context_of_a_binary_is_its_patient(connection: Connection, write: Write) -> None:
    binary = {"resourceType": "Binary", "id": "x", "contentType": "text/plain", "data": "TGFycmV5"}

    def whose() -> Any:
        return connection.execute("select patient from record.resource where id = 'x'").fetchall()

    write(store.update, binary | {"securityContext": ref("Patient/p")})
    assert whose() == [(P,)]
    assert rows(connection) == []
    write(store.update, binary | {"securityContext": ref("DocumentReference/l")})
    assert whose() == [(None,)]

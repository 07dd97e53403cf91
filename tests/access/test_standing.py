"""Whose rows a person sees: her units and what lies below, as the record says now."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import psycopg
import pytest

from larrey import store
from larrey.access import standing
from larrey.kit import clock
from larrey.kit.errors import Forbidden, Unauthenticated
from larrey.kit.ids import hash64, patient_uuid
from larrey.store import hospitals
from larrey.store.caller import Sight, system
from larrey.store.keys import resource_key

Staff = Callable[..., int]


@pytest.fixture(autouse=True)
def _forgetful() -> Iterator[None]:
    standing.forget()
    yield
    standing.forget()


def write(connection: psycopg.Connection, *resources: dict[str, Any]) -> None:
    store.retry(connection, lambda cursor: [store.update(cursor, system("test"), resource) for resource in resources])
    hospitals._copies.clear()
    standing.forget()


def unit(id_: str, parent: str, **more: Any) -> dict[str, Any]:
    return {"resourceType": "Organization", "id": id_, "name": id_, "partOf": {"reference": f"Organization/{parent}"}, **more}


def place(id_: str, inside: str = "", manager: str = "") -> dict[str, Any]:
    found: dict[str, Any] = {"resourceType": "Location", "id": id_}
    if inside:
        found["partOf"] = {"reference": f"Location/{inside}"}
    if manager:
        found["managingOrganization"] = {"reference": f"Organization/{manager}"}
    return found


def keys(type_: str, *ids: str) -> set[int]:
    return {resource_key(type_, id_) for id_ in ids}


def test_a_nurse_stands_in_her_unit_and_what_lies_below(
    connection: psycopg.Connection, cursor: psycopg.Cursor, staff: Staff
) -> None:
    account = staff("nurse", "cardio")
    write(
        connection,
        unit("cardio-icu", "cardio"),
        unit("other", "hospital"),
        place("room", "cardio"),
        place("bed", "room"),
        place("icu-bed", manager="cardio-icu"),
        place("lent", "room", "other"),
        place("lent-bed", "lent"),
        place("other-bed", manager="other"),
    )
    caller = standing.caller_of(cursor, account)
    assert (caller.actor, caller.role, caller.place, caller.account) == ("account:nurse", "nurse", "cardio", account)
    assert caller.may("c", "Observation")
    assert not caller.may("c", "MedicationRequest")
    sight = caller.sight
    glass = hash64("glass:nurse")
    assert set(sight.keys) == (
        keys("Organization", "cardio", "cardio-icu")
        | keys("Location", "cardio", "room", "bed", "icu-bed")
        | keys("Practitioner", "nurse")
        | keys("PractitionerRole", "nurse-cardio")
        | {glass}
    )
    assert (sight.person, sight.glass) == (resource_key("Practitioner", "nurse"), glass)
    assert (sight.everyone, sight.told, sight.ahead, sight.after, sight.own) == (False, True, 2, 0, frozenset())
    assert keys("Organization", "hospital", "other", "cardio") | keys("Location", "other-bed", "lent-bed") <= set(sight.hospital)


def test_a_coder_sees_her_hospital_and_no_other(connection: psycopg.Connection, cursor: psycopg.Cursor, staff: Staff) -> None:
    account = staff("coder", "dim", hospital="north")
    staff("nurse", "surgery", hospital="north")
    staff("doctor", "rehab", hospital="south")
    sight = standing.caller_of(cursor, account).sight
    assert keys("Organization", "north", "dim", "surgery") | keys("Location", "surgery") <= set(sight.keys)
    assert not keys("Organization", "south", "rehab") & {*sight.keys, *sight.hospital}
    assert (sight.after, sight.glass) == (400, 0)


def test_sensitive_units_are_named_unless_they_are_hers(
    connection: psycopg.Connection, cursor: psycopg.Cursor, staff: Staff
) -> None:
    nurse, psychiatrist = staff("nurse", "cardio"), staff("doctor", "psy", sensitive=True)
    coder = staff("coder", "dim")
    write(connection, unit("psy-day", "psy"), place("psy-bed", "psy"))
    secret = keys("Organization", "psy", "psy-day") | keys("Location", "psy", "psy-bed")
    assert set(standing.caller_of(cursor, nurse).sight.sensitive) == secret
    assert standing.caller_of(cursor, psychiatrist).sight.sensitive == ()
    assert set(standing.caller_of(cursor, coder).sight.sensitive) == secret  # her hospital's, but not where she works
    ordinary = {"system": "http://terminology.hl7.org/CodeSystem/v3-Confidentiality", "code": "N"}
    write(connection, unit("psy", "hospital", meta={"security": [ordinary]}))
    assert standing.caller_of(cursor, nurse).sight.sensitive == ()


NOW = datetime(2026, 3, 10, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    ("period", "holds"),
    [
        (None, True),
        ({}, True),
        ({"start": "2026-03-10"}, True),
        ({"start": "2026-03-11"}, False),
        ({"end": "2026-03-10"}, True),
        ({"end": "2026-03-09"}, False),
        ({"end": "2026"}, True),
        ({"start": "2026-03-10T13:00:00+01:00"}, True),
        ({"end": "2026-03-10T12:59:59+01:00"}, False),
        ({"end": "soon"}, False),
        ({"end": 2027}, False),
        ({"end": ""}, False),
        ("2026", False),
        ([], False),
    ],
)
def test_a_role_is_in_force_within_its_period(period: Any, *, holds: bool) -> None:
    assert standing.in_force(period, NOW) is holds


def test_a_day_is_a_day_in_france() -> None:
    assert standing.in_force({"start": "2026-07-01"}, datetime(2026, 6, 30, 22, 1, tzinfo=UTC))
    assert not standing.in_force({"end": "2026-07-01"}, datetime(2026, 7, 1, 22, 1, tzinfo=UTC))


def test_an_ended_role_gives_nothing_within_the_minute(
    connection: psycopg.Connection, cursor: psycopg.Cursor, staff: Staff, monkeypatch: pytest.MonkeyPatch
) -> None:
    hour = timedelta(hours=1)
    account = staff("nurse", "cardio", period={"end": (clock.now() + hour).isoformat()})
    assert standing.caller_of(cursor, account).sight.keys
    real = clock.now
    monkeypatch.setattr(clock, "now", lambda: real() + 2 * hour)
    assert standing.caller_of(cursor, account).sight.keys  # kept: by how long, the next test says
    standing.forget(account)
    caller = standing.caller_of(cursor, account)
    assert caller.sight == Sight(told=True)
    assert caller.place == ""


def test_what_is_kept_is_kept_for_half_a_minute(
    connection: psycopg.Connection, cursor: psycopg.Cursor, staff: Staff, monkeypatch: pytest.MonkeyPatch
) -> None:
    moment = 1000.0
    monkeypatch.setattr("larrey.access.standing.time.monotonic", lambda: moment)
    account = staff("nurse", "cardio")
    assert standing.caller_of(cursor, account).sight.keys
    role = "update access_account set is_active = false where id = %s"
    connection.execute(role, (account,))
    moment += standing.SECONDS - 1
    assert standing.caller_of(cursor, account).sight.keys
    moment += 1
    with pytest.raises(Forbidden):
        standing.caller_of(cursor, account)
    assert standing.SECONDS <= 30


def test_a_new_ward_and_a_new_label_count_within_half_a_minute(
    connection: psycopg.Connection, cursor: psycopg.Cursor, staff: Staff, monkeypatch: pytest.MonkeyPatch
) -> None:
    moment = 1000.0
    monkeypatch.setattr("larrey.access.standing.time.monotonic", lambda: moment)
    coder = staff("coder", "dim")
    assert standing.caller_of(cursor, coder).sight.sensitive == ()
    label = {"system": "http://terminology.hl7.org/CodeSystem/v3-ActCode", "code": "SUD"}
    units = [unit("new", "hospital"), unit("addiction", "hospital", meta={"security": [label]})]
    store.retry(connection, lambda writing: [store.update(writing, system("test"), one) for one in units])
    assert standing.caller_of(cursor, coder).sight.sensitive == ()
    moment += standing.SECONDS
    sight = standing.caller_of(cursor, coder).sight
    assert keys("Organization", "new") <= set(sight.keys)
    assert set(sight.sensitive) == keys("Organization", "addiction")
    asked: list[object] = []
    monkeypatch.setattr("larrey.access.territory.sensitive", asked.append)
    moment += standing.SECONDS
    assert set(standing.caller_of(cursor, coder).sight.sensitive) == keys("Organization", "addiction")
    assert asked == []  # nothing was written meanwhile


@pytest.mark.parametrize(
    "change",
    [
        {"resourceType": "PractitionerRole", "id": "nurse-cardio", "active": False},
        {"resourceType": "PractitionerRole", "id": "nurse-cardio", "practitioner": {"reference": "Practitioner/other"}},
        {"resourceType": "Practitioner", "id": "nurse", "active": False},
    ],
)
def test_who_has_no_role_in_force_sees_nobody(
    connection: psycopg.Connection, cursor: psycopg.Cursor, staff: Staff, change: dict[str, Any]
) -> None:
    account = staff("nurse", "cardio")
    if change["id"] == "nurse-cardio":
        change = {
            "practitioner": {"reference": "Practitioner/nurse"},
            "organization": {"reference": "Organization/cardio"},
        } | change
    write(connection, {"resourceType": "Practitioner", "id": "other"}, change)
    assert standing.caller_of(cursor, account).sight == Sight(told=True)


def test_a_professional_who_is_not_in_the_record_sees_nobody(
    connection: psycopg.Connection, cursor: psycopg.Cursor, staff: Staff
) -> None:
    account = staff("nurse", "cardio")
    with connection.transaction(), connection.cursor() as writing:
        store.delete(writing, system("test"), "PractitionerRole", "nurse-cardio")
        store.delete(writing, system("test"), "Practitioner", "nurse")
    standing.forget()
    assert standing.caller_of(cursor, account).sight == Sight(told=True)


@pytest.mark.parametrize("role", ["administrator", "support-agent", "researcher", "security-officer"])
def test_who_treats_nobody_sees_nobody_wherever_she_works(cursor: psycopg.Cursor, staff: Staff, role: str) -> None:
    caller = standing.caller_of(cursor, staff(role, "cardio"))
    assert caller.sight == Sight(told=True)
    assert not caller.may("r", "Patient")


def test_identities_of_the_group(cursor: psycopg.Cursor, staff: Staff) -> None:
    officer = standing.caller_of(cursor, staff("identity-officer", "desk"))
    assert officer.sight.keys == ()
    assert officer.sight.identities == {"Patient", "Person", "RelatedPerson"}
    clerk = standing.caller_of(cursor, staff("admission-desk", "desk"))
    assert resource_key("Organization", "hospital") in clerk.sight.keys
    assert "Encounter" not in clerk.sight.identities


def test_a_patient_sees_herself_and_a_parent_her_child(cursor: psycopg.Cursor, staff: Staff) -> None:
    her = standing.caller_of(cursor, staff("patient", "", patient="claire"))
    assert her.sight == Sight(own=frozenset({patient_uuid("claire")}))
    mother = standing.caller_of(cursor, staff("patient", "", username="mother", patient="child", representative=True))
    assert mother.sight == Sight(own=frozenset({patient_uuid("child")}), representative=True)
    assert standing.caller_of(cursor, staff("patient", "", username="nobody")).sight == Sight()


def test_a_doctor_who_is_also_a_patient_gets_no_sight_of_it(cursor: psycopg.Cursor, staff: Staff) -> None:
    assert standing.caller_of(cursor, staff("doctor", "cardio", patient="claire")).sight.own == frozenset()


def test_several_units(cursor: psycopg.Cursor, staff: Staff) -> None:
    staff("doctor", "cardio", username="anne")
    caller = standing.caller_of(cursor, staff("doctor", "rehab", username="anne", hospital="south"))
    assert keys("Organization", "cardio", "rehab") <= set(caller.sight.keys)
    assert keys("Organization", "hospital", "south") <= set(caller.sight.hospital)
    assert caller.place == "cardio"


def test_strangers(cursor: psycopg.Cursor, connection: psycopg.Connection, staff: Staff) -> None:
    with pytest.raises(Unauthenticated):
        standing.caller_of(cursor, 4711)
    connection.execute("update access_account set role = 'made-up' where id = %s", (staff("nurse", "cardio"),))
    caller = standing.caller_of(cursor, staff("made-up", "cardio", username="nurse"))
    assert (caller.rights, caller.sight) == ({}, Sight())


def test_looking_for_someone(cursor: psycopg.Cursor, staff: Staff) -> None:
    nurse = standing.caller_of(cursor, staff("nurse", "cardio"))
    looking = standing.finding(nurse)
    assert looking.rights == {"Patient": "rs"}
    assert looking.sight == replace(nurse.sight, identities=frozenset({"Patient"}), finding=True)
    assert standing.finding(replace(nurse, rights={"Patient": "r"})).rights == {"Patient": "r"}  # a narrower token stays so
    for role in ["coder", "administrator", "patient", "researcher"]:
        caller = standing.caller_of(cursor, staff(role, "" if role == "patient" else "cardio", username=f"some.{role}"))
        with pytest.raises(Forbidden):
            standing.finding(caller)


def test_reading_a_standing_costs_a_few_statements(
    connection: psycopg.Connection, cursor: psycopg.Cursor, staff: Staff, monkeypatch: pytest.MonkeyPatch
) -> None:
    account = staff("nurse", "cardio")
    standing.caller_of(cursor, account)
    sent: list[str] = []
    execute = psycopg.Cursor.execute

    def counted(self: Any, query: Any, *args: Any, **kwargs: Any) -> Any:
        sent.append(str(query))
        return execute(self, query, *args, **kwargs)

    monkeypatch.setattr(psycopg.Cursor, "execute", counted)
    standing.caller_of(cursor, account)
    assert sent == []
    standing.forget(account)
    standing.caller_of(cursor, account)
    assert len(sent) == 4, sent  # the account, the professional and her roles, what lies below, how many ties

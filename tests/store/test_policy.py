"""Who sees what: the rule of access as the store applies it, through reads, searches, history and the chart."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import psycopg
import pytest

from larrey import store
from larrey.kit import clock
from larrey.kit.errors import Conflict, Forbidden, Gone, NotFound, Unprocessable
from larrey.kit.ids import hash64, patient_uuid
from larrey.store import Rules, care, chart, feed, hospitals
from larrey.store.caller import NOBODY, Caller, Sight, system
from larrey.store.everything import everything
from larrey.store.exporting import bodies, snapshot
from larrey.store.keys import resource_key
from larrey.store.search import search

Resource = dict[str, Any]
SYSTEM = system("test")
ALL = {"*": "cruds"}
OURS = "https://larrey.example/fhir/CodeSystem/confidentiality"
A07 = "urn:oid:1.2.250.1.213.1.1.4.13"
NOW = clock.now()
TOLERANT = Rules(references="tolerate")


def at(days: float) -> str:
    return (NOW + timedelta(days=days)).isoformat()


def ref(type_: str, id_: str) -> Resource:
    return {"reference": f"{type_}/{id_}"}


def label(system_: str, code: str) -> Resource:
    return {"security": [{"system": system_, "code": code}]}


def patient(id_: str, **more: Any) -> Resource:
    return {"resourceType": "Patient", "id": id_, "name": [{"family": f"Family{id_}"}], **more}


def encounter(id_: str, owner: str, unit: str, start: float, end: float | None, moves: Any = ()) -> Resource:
    period = {"start": at(start)} | ({"end": at(end)} if end is not None else {})
    locations = [
        {"location": ref("Location", place), "period": {"start": at(since)} | ({"end": at(until)} if until is not None else {})}
        for place, since, until in moves
    ]
    return {
        "resourceType": "Encounter",
        "id": id_,
        "status": "in-progress" if end is None else "finished",
        "class": {"code": "IMP"},
        "subject": ref("Patient", owner),
        "serviceProvider": ref("Organization", unit),
        "period": period,
    } | ({"location": locations} if locations else {})


def observation(id_: str, owner: str, stay: str | None = None, day: float = -0.5, **more: Any) -> Resource:
    return {
        "resourceType": "Observation",
        "id": id_,
        "status": "final",
        "code": {"coding": [{"system": "http://loinc.org", "code": "2823-3"}]},
        "category": [{"coding": [{"code": "laboratory"}]}],
        "subject": ref("Patient", owner),
        "effectiveDateTime": at(day),
        **({"encounter": ref("Encounter", stay)} if stay else {}),
        **more,
    }


def document(id_: str, owner: str, **more: Any) -> Resource:
    content = [{"attachment": {"contentType": "text/plain", "url": f"Binary/b-{id_}"}}]
    return {
        "resourceType": "DocumentReference",
        "id": id_,
        "status": "current",
        "subject": ref("Patient", owner),
        "content": content,
        **more,
    }


def binary(id_: str) -> Resource:
    return {"resourceType": "Binary", "id": id_, "contentType": "text/plain", "data": "c2VjcmV0"}


ORGANIZATIONS = [
    ("group", None, {}),
    ("nord", "group", {"identifier": [{"type": {"coding": [{"code": "FINEG"}]}, "value": "1"}]}),
    ("sud", "group", {"identifier": [{"type": {"coding": [{"code": "FINEG"}]}, "value": "2"}]}),
    ("cardio", "nord", {}),
    ("psy", "nord", {"meta": label("http://terminology.hl7.org/CodeSystem/v3-ActCode", "PSY")}),
    ("chir", "sud", {}),
]
WORLD: list[Resource] = [
    *(
        {"resourceType": "Organization", "id": id_, "name": id_, **({"partOf": ref("Organization", up)} if up else {}), **more}
        for id_, up, more in ORGANIZATIONS
    ),
    *(
        {"resourceType": "Location", "id": f"ward-{u}", "managingOrganization": ref("Organization", u)}
        for u in ("cardio", "chir")
    ),
    {"resourceType": "Practitioner", "id": "anne"},
    # Hers now; gone for ten days; of another hospital; of none; moved from cardiology to surgery yesterday.
    *(patient(id_) for id_ in ("now", "past", "other", "none", "moved", "psych", "opposed")),
    patient("vip", meta=label("http://terminology.hl7.org/CodeSystem/v3-ActCode", "CEL")),
    encounter("e-now", "now", "cardio", -3, None),
    encounter("e-past", "past", "cardio", -20, -10),
    encounter("e-other", "other", "chir", -3, None),
    encounter("e-moved", "moved", "chir", -5, None, [("ward-cardio", -5, -1), ("ward-chir", -1, None)]),
    encounter("e-psych1", "psych", "cardio", -1, None),
    encounter("e-psych2", "psych", "psy", -30, -20),
    encounter("e-opp1", "opposed", "cardio", -1, None),
    encounter("e-opp2", "opposed", "chir", -30, -20),
    encounter("e-vip", "vip", "chir", -1, None),
    *(observation(f"o-{id_}", id_, f"e-{id_}") for id_ in ("now", "past", "other", "moved")),
    observation("o-none", "none"),
    observation("o-psych1", "psych", "e-psych1"),
    observation("o-psych2", "psych", "e-psych2", -25),
    observation("o-opp1", "opposed", "e-opp1"),
    observation("o-opp2", "opposed", "e-opp2", -25),
    {
        "resourceType": "Consent",
        "id": "no-sharing",
        "status": "active",
        "scope": {"coding": [{"system": "http://terminology.hl7.org/CodeSystem/consentscope", "code": "patient-privacy"}]},
        "category": [{"coding": [{"system": "http://loinc.org", "code": "59284-0"}]}],
        "patient": ref("Patient", "opposed"),
        "policyRule": {"text": "opposition"},
        "provision": {"type": "deny"},
    },
    *(binary(f"b-{id_}") for id_ in ("d-plain", "d-mine", "d-kept", "d-other", "d-parents", "d-later")),
    {**binary("b-d-hidden"), "securityContext": ref("Patient", "now")},
    {**binary("b-own"), "securityContext": ref("Patient", "now")},
    document("d-plain", "now"),
    document("d-mine", "now", meta=label(A07, "MASQUE_PS"), author=[ref("Practitioner", "anne")]),
    document("d-hidden", "now", meta=label(A07, "MASQUE_PS")),
    document("d-kept", "now", meta=label(OURS, "PATIENT_ONLY")),
    document("d-parents", "now", meta=label(A07, "INVISIBLE_REPRESENTANTS_LEGAUX")),
    document("d-later", "now", meta=label(A07, "INVISIBLE_PATIENT")),
    document("d-other", "other"),
    {
        "resourceType": "Appointment",
        "id": "family",
        "status": "booked",
        "start": at(3),
        "end": at(3.1),
        "participant": [{"actor": ref("Patient", id_), "status": "accepted"} for id_ in ("now", "other")],
    },
    {
        "resourceType": "Appointment",
        "id": "alone",
        "status": "booked",
        "start": at(2),
        "end": at(2.1),
        "participant": [{"actor": ref("Patient", "now"), "status": "accepted"}],
    },
    {
        "resourceType": "List",
        "id": "list",
        "status": "current",
        "mode": "working",
        "subject": ref("Patient", "now"),
        "entry": [{"item": ref("Observation", "o-now")}, {"item": ref("Observation", "o-other")}],
    },
]


@pytest.fixture(scope="module")
def record(module_connection: psycopg.Connection) -> psycopg.Connection:
    def fill(cursor: psycopg.Cursor[Any]) -> None:
        for resource in WORLD:
            store.update(cursor, SYSTEM, resource)

    store.retry(module_connection, fill)
    return module_connection


@pytest.fixture
def cursor(record: psycopg.Connection) -> psycopg.Cursor[Any]:
    return record.cursor()


def of(*units: str, **more: Any) -> Sight:
    """The sight of a professional of these units, as ``larrey.access.standing`` computes it."""
    keys = [resource_key("Organization", unit) for unit in units] + [resource_key("Location", f"ward-{unit}") for unit in units]
    hospital = [u for u in ("cardio", "psy", "nord") if {"cardio", "psy", "nord"} & set(units)]
    hospital += [u for u in ("chir", "sud") if {"chir", "sud"} & set(units)]
    return Sight(
        keys=tuple(keys),
        sensitive=() if "psy" in units else (resource_key("Organization", "psy"),),
        hospital=tuple(resource_key("Organization", unit) for unit in hospital),
        told=True,
        **more,
    )


CARDIO = Caller("account:anne", ALL, of("cardio"))
CHIR = Caller("account:bob", ALL, of("chir"))
PSY = Caller("account:carl", ALL, of("psy"))


def seen(cursor: psycopg.Cursor[Any], caller: Caller, type_: str = "Observation", *pairs: tuple[str, str]) -> set[str]:
    return {stored.id for stored in search(cursor, caller, type_, list(pairs)).matches}


def test_the_ties_of_the_present_open_and_those_of_the_past_close(cursor: psycopg.Cursor[Any]) -> None:
    assert seen(cursor, CARDIO, "Patient") == {"now", "psych", "opposed"}
    assert seen(cursor, replace(CARDIO, sight=of("cardio", after=30)), "Patient") == {"now", "psych", "opposed", "past", "moved"}
    assert seen(cursor, CHIR, "Patient") == {"other", "moved", "vip"}
    assert seen(cursor, Caller("account:x", ALL, NOBODY), "Patient") == set()


def test_a_transfer_closes_one_unit_and_opens_the_other(connection: psycopg.Connection, caller: Caller) -> None:
    def write(*resources: Resource) -> None:
        store.retry(connection, lambda cursor: [store.update(cursor, caller, each) for each in resources])

    write(*(each for each in WORLD if each["resourceType"] in ("Organization", "Location")), patient("p"))
    write(encounter("e", "p", "cardio", -2, None, [("ward-cardio", -2, None)]))
    with connection.cursor() as cursor:
        assert (seen(cursor, CARDIO, "Patient"), seen(cursor, CHIR, "Patient")) == ({"p"}, set())
        write(encounter("e", "p", "chir", -2, None, [("ward-cardio", -2, -0.001), ("ward-chir", -0.001, None)]))
        assert (seen(cursor, CARDIO, "Patient"), seen(cursor, CHIR, "Patient")) == (set(), {"p"})
        with pytest.raises(Forbidden) as refused:
            store.read(cursor, CARDIO, "Patient", "p")
        assert refused.value.details["reason_code"] == "not-of-your-units"
        stay = encounter("e", "p", "chir", -2, None, [("ward-cardio", -2, -0.001), ("ward-chir", -0.001, None)])
        write({**stay, "status": "cancelled"})
        assert seen(cursor, CHIR, "Patient") == set()


@pytest.mark.parametrize("told", [True, False])
def test_a_refusal_tells_a_professional_why_and_others_nothing(cursor: psycopg.Cursor[Any], told: bool) -> None:  # noqa: FBT001  pytest's way
    caller = replace(CARDIO, sight=replace(CARDIO.sight, told=told))
    for type_, id_ in (("Patient", "other"), ("Observation", "o-other"), ("DocumentReference", "d-other")):
        for attempt in (
            lambda t=type_, i=id_: store.read(cursor, caller, t, i),
            lambda t=type_, i=id_: store.vread(cursor, caller, t, i, 1),
            lambda t=type_, i=id_: store.history(cursor, caller, t, i),
        ):
            with pytest.raises(Forbidden if told else NotFound) as refused:
                attempt()
            if not told:
                with pytest.raises(NotFound) as absent:
                    store.read(cursor, caller, type_, "absent")
                known = str(refused.value).replace(id_, "absent").replace("has no version 1", "is not known")
                assert known == str(absent.value)
    for id_ in ("d-kept", "d-hidden"):  # of her own patient: not even that they exist
        with pytest.raises(NotFound):
            store.read(cursor, caller, "DocumentReference", id_)


def test_labels_keep_from_professionals_what_the_patient_keeps_or_hides(cursor: psycopg.Cursor[Any]) -> None:
    shown = {"d-plain", "d-parents", "d-later"}
    assert seen(cursor, CARDIO, "DocumentReference") == shown
    anne = replace(CARDIO, sight=of("cardio", person=resource_key("Practitioner", "anne")))
    assert seen(cursor, anne, "DocumentReference") == shown | {"d-mine"}
    assert seen(cursor, SYSTEM, "DocumentReference") == shown | {"d-mine", "d-hidden", "d-other"}  # machines neither
    herself = Caller("account:now", ALL, Sight(own=frozenset({patient_uuid("now")})))
    assert seen(cursor, herself, "DocumentReference") == {"d-plain", "d-mine", "d-hidden", "d-kept", "d-parents"}
    parent = replace(herself, sight=replace(herself.sight, representative=True))
    assert seen(cursor, parent, "DocumentReference") == {"d-plain", "d-mine", "d-hidden", "d-kept"}


def test_a_binary_is_as_secret_as_what_holds_it(cursor: psycopg.Cursor[Any]) -> None:
    assert seen(cursor, CARDIO, "Binary") == {"b-d-plain", "b-d-parents", "b-d-later", "b-own"}
    assert "b-d-kept" not in seen(cursor, SYSTEM, "Binary")
    with pytest.raises(NotFound):
        store.read(cursor, SYSTEM, "Binary", "b-d-kept")
    with pytest.raises(NotFound):
        store.vread(cursor, CARDIO, "Binary", "b-d-other", 1)
    herself = Caller("account:now", ALL, Sight(own=frozenset({patient_uuid("now")})))
    assert store.read(cursor, herself, "Binary", "b-d-kept").id == "b-d-kept"


def test_a_stay_in_a_sensitive_unit_is_seen_there_only(cursor: psycopg.Cursor[Any]) -> None:
    mine = ("patient", "psych")
    assert seen(cursor, CARDIO, "Observation", mine) == {"o-psych1"}
    assert seen(cursor, CARDIO, "Encounter", mine) == {"e-psych1"}
    both = replace(CARDIO, sight=of("cardio", "psy"))
    assert seen(cursor, both, "Observation", mine) == {"o-psych1", "o-psych2"}
    assert search(cursor, CARDIO, "Observation", [mine, ("_summary", "count")]).total == 1
    with pytest.raises(NotFound):
        store.read(cursor, CARDIO, "Observation", "o-psych2")
    assert {each.id for each in chart.newest(cursor, CARDIO, "psych", "Observation").resources} == {"o-psych1"}
    assert [each.id for each in store.history(cursor, CARDIO, "Observation").entries if "psych" in each.id] == ["o-psych1"]


def test_opposition_closes_the_stays_of_other_hospitals(cursor: psycopg.Cursor[Any]) -> None:
    mine = ("patient", "opposed")
    assert seen(cursor, CARDIO, "Observation", mine) == {"o-opp1"}
    assert seen(cursor, CARDIO, "Encounter", mine) == {"e-opp1"}
    assert seen(cursor, replace(CARDIO, sight=of("cardio", "chir")), "Observation", mine) == {"o-opp1", "o-opp2"}


def test_what_tells_of_several_patients_is_seen_by_who_sees_all(cursor: psycopg.Cursor[Any]) -> None:
    assert seen(cursor, CARDIO, "Appointment") == {"alone"}
    assert seen(cursor, replace(CARDIO, sight=of("cardio", "chir")), "Appointment") == {"alone", "family"}
    with pytest.raises(NotFound):
        store.read(cursor, CARDIO, "Appointment", "family")


def test_the_broken_glass_opens_one_patient_for_a_time_and_what_she_hid_but_never_what_she_keeps(
    connection: psycopg.Connection, caller: Caller
) -> None:
    store.retry(connection, lambda cursor: [store.update(cursor, caller, each) for each in WORLD])
    glass = hash64("glass:anne")
    sight = of("chir", glass=glass)
    bob = replace(CHIR, sight=replace(sight, keys=(*sight.keys, glass), after=30))
    with connection.cursor() as cursor:
        assert seen(cursor, bob, "DocumentReference") == {"d-other"}
        row = (patient_uuid("now"), glass, NOW - timedelta(minutes=1), NOW + timedelta(hours=1))
        cursor.execute("insert into record.care (patient, who, low, high, ground, key) values (%s, %s, %s, %s, 'G', 0)", row)
        opened = {"d-plain", "d-mine", "d-hidden", "d-parents", "d-later"}
        assert seen(cursor, bob, "DocumentReference") == opened | {"d-other"}
        assert care.ground(cursor, bob, "now") == care.Ground("G", glass, 0, row[2], row[3])
        assert "psych" not in seen(cursor, bob, "Patient")
        cursor.execute("update record.care set high = %s where ground = 'G'", (NOW - timedelta(seconds=1),))
        assert seen(cursor, bob, "DocumentReference") == {"d-other"}  # no days of grace for a broken glass


def test_who_looks_for_patients_elsewhere_finds_identities_but_no_vip(cursor: psycopg.Cursor[Any]) -> None:
    finding = Caller("account:anne", {"Patient": "rs"}, replace(CARDIO.sight, identities=frozenset({"Patient"}), finding=True))
    everybody = {"now", "past", "other", "none", "moved", "psych", "opposed"}
    assert seen(cursor, finding, "Patient") == everybody
    desk = Caller("account:desk", {"Patient": "rs"}, Sight(identities=frozenset({"Patient"})))
    assert seen(cursor, desk, "Patient") == everybody | {"vip"}
    with pytest.raises(Forbidden):
        seen(cursor, desk, "Observation")


def test_a_token_of_one_patient_sees_no_other(cursor: psycopg.Cursor[Any]) -> None:
    bound = replace(CARDIO, sight=replace(CARDIO.sight, only=patient_uuid("now")))
    assert seen(cursor, bound, "Patient") == {"now"}
    assert seen(cursor, bound) == {"o-now"}
    assert seen(cursor, bound, "Appointment") == {"alone"}
    assert seen(cursor, bound, "Organization") == {each[0] for each in ORGANIZATIONS}
    assert seen(cursor, replace(bound, sight=replace(bound.sight, only=patient_uuid("other"))), "Patient") == set()


def test_finer_scopes_narrow_reads_searches_and_history(cursor: psycopg.Cursor[Any]) -> None:
    scoped = replace(CARDIO, filters={"Observation": (("rs", "category=vital-signs"),)})
    assert seen(cursor, scoped) == set()
    assert seen(cursor, replace(CARDIO, filters={"Observation": (("rs", "category=laboratory"),)})) == {
        "o-now",
        "o-psych1",
        "o-opp1",
    }
    assert seen(cursor, scoped, "Patient") == {"now", "psych", "opposed"}
    with pytest.raises(NotFound):
        store.read(cursor, scoped, "Observation", "o-now")
    assert not [each for each in store.history(cursor, scoped).entries if each.type == "Observation"]
    with pytest.raises(Forbidden):
        everything(cursor, scoped, "Patient", "now")
    with pytest.raises(Forbidden):
        chart.newest(cursor, scoped, "now", "Observation")


def test_no_way_round_by_chains_includes_lists_or_counts(cursor: psycopg.Cursor[Any]) -> None:
    assert seen(cursor, CARDIO, "Observation", ("subject:Patient.family", "Familyother")) == set()
    assert seen(cursor, CARDIO, "Organization", ("_has:Encounter:service-provider:_id", "e-other")) == set()
    assert seen(cursor, CARDIO, "Patient", ("_has:Observation:patient:_id", "o-other")) == set()
    assert seen(cursor, CARDIO, "Observation", ("_list", "list")) == {"o-now"}
    included = search(cursor, CARDIO, "List", [("_include", "List:item")]).included
    assert {each.id for each in included} == {"o-now"}
    back = search(cursor, CARDIO, "Organization", [("_id", "chir"), ("_revinclude", "Encounter:service-provider")]).included
    assert back == []
    for mode in ("accurate", "estimate"):
        assert search(cursor, CARDIO, "Observation", [("_total", mode), ("_count", "1")]).total == 3
    everywhere = search(cursor, CARDIO, None, [("_type", "Observation,Patient"), ("_summary", "count")])
    assert everywhere.total == 6
    assert {each.id for each in everything(cursor, CARDIO, "Patient", "now").matches} >= {"now", "e-now", "o-now", "alone"}
    assert not {"family", "d-kept", "d-hidden"} & {each.id for each in everything(cursor, CARDIO, "Patient", "now").matches}
    assert chart.kinds(cursor, CARDIO, "now")["DocumentReference"] == 3
    assert chart.several(cursor, CARDIO, ["Observation/o-other", "Organization/chir"]).keys() == {"Organization/chir"}
    assert not chart.belongs(cursor, CARDIO, "now", "DocumentReference", "d-kept")


def test_the_chart_of_a_patient_who_is_not_hers_is_empty(cursor: psycopg.Cursor[Any]) -> None:
    section = {"a": chart.Section("Observation", 9), "b": chart.Section("Appointment", 9)}
    assert chart.sections(cursor, CARDIO, "other", section) == {"a": [], "b": []}
    assert [each.id for each in chart.sections(cursor, CARDIO, "now", section)["b"]] == ["alone"]
    assert chart.events(cursor, CARDIO, "other", ["Observation"]).resources == []
    assert chart.latest(cursor, CARDIO, "other", "laboratory") == []
    assert chart.series(cursor, CARDIO, "other", "http://loinc.org|2823-3") == []
    assert [each.id for each in chart.latest(cursor, CARDIO, "now", "laboratory")] == ["o-now"]
    hospitals.hospitals(cursor, CARDIO)
    assert chart.visited(cursor, CARDIO, "other") == []


def test_ground_says_why_and_demand_patient_refuses(cursor: psycopg.Cursor[Any]) -> None:
    found = care.ground(cursor, CARDIO, "now")
    assert found is not None
    assert (found.why, found.key) == ("E", resource_key("Encounter", "e-now"))
    assert isinstance(found.since, datetime)
    assert found.until is None
    assert care.ground(cursor, CARDIO, "other") is None
    with pytest.raises(Forbidden):
        care.demand_patient(cursor, CARDIO, "other")
    with pytest.raises(NotFound):
        care.demand_patient(cursor, CARDIO, "absent")
    stranger = Caller("account:p", ALL, Sight(own=frozenset({patient_uuid("now")})))
    with pytest.raises(NotFound):
        care.demand_patient(cursor, stranger, "other")


def test_exports_and_the_feed_follow_the_rule(record: psycopg.Connection, cursor: psycopg.Cursor[Any]) -> None:
    with snapshot(record):
        assert len(list(bodies(record, CARDIO, "Patient"))) == 3
    with record.transaction():
        feed.subscribe(cursor, "limited")
        changes = feed.read(cursor, CARDIO, "limited", 10_000)
        assert {each.id for each in changes if each.type == "Patient"} == {"now", "psych", "opposed"}
        assert not {"d-kept", "d-hidden", "d-other"} & {each.id for each in changes}


def test_what_was_deleted_is_gone_for_who_saw_it_only(connection: psycopg.Connection, caller: Caller) -> None:
    def work(cursor: psycopg.Cursor[Any]) -> None:
        for each in WORLD:
            store.update(cursor, caller, each)
        store.delete(cursor, caller, "List", "list")
        store.delete(cursor, caller, "Observation", "o-now")
        store.delete(cursor, caller, "DocumentReference", "d-hidden")

    store.retry(connection, work)
    with connection.cursor() as cursor:
        with pytest.raises(Gone):
            store.read(cursor, CARDIO, "Observation", "o-now")
        with pytest.raises(Forbidden):
            store.read(cursor, CHIR, "Observation", "o-now")
        with pytest.raises(NotFound):
            store.read(cursor, CARDIO, "DocumentReference", "d-hidden")
        assert store.vread(cursor, CARDIO, "Observation", "o-now", 1).version == 1


def test_nobody_writes_where_she_does_not_see(connection: psycopg.Connection, caller: Caller) -> None:
    store.retry(connection, lambda cursor: [store.update(cursor, caller, each) for each in WORLD])

    def attempt(who: Caller, work: Any) -> Any:
        return store.retry(connection, lambda cursor: work(cursor, who))

    stranger = replace(CARDIO, sight=replace(CARDIO.sight, told=False))
    for work in (
        lambda cursor, who: store.update(cursor, who, observation("o-other", "other")),
        lambda cursor, who: store.patch(cursor, who, "Observation", "o-other", lambda resource: resource),
        lambda cursor, who: store.delete(cursor, who, "Observation", "o-other"),
    ):
        with pytest.raises(Forbidden):
            attempt(CARDIO, work)
        with pytest.raises(NotFound):
            attempt(stranger, work)
    for kept in ("d-kept", "d-hidden"):
        with pytest.raises(NotFound):
            attempt(CARDIO, lambda cursor, who, id_=kept: store.update(cursor, who, document(id_, "now")))
    with pytest.raises(NotFound):  # an id of her own choosing, whether taken or free
        attempt(CARDIO, lambda cursor, who: store.update(cursor, who, observation("free", "now")))
    # No tie of her own making: what is not hers is told like what is not there.
    for resource in (
        observation("x", "other"),
        {**WORLD[-2], "participant": [{"actor": ref("Patient", "other"), "status": "accepted"}]},
        document("x", "now", content=[{"attachment": {"url": "Binary/b-d-other"}}]),
        document("x", "now", context={"related": [ref("Observation", "o-other")]}),
    ):
        with pytest.raises(Unprocessable) as refused:
            attempt(CARDIO, lambda cursor, who, each=resource: store.create(cursor, who, each))
        assert "is not in the record" in str(refused.value)
    with pytest.raises(Forbidden):  # nor where references are not checked
        attempt(CARDIO, lambda cursor, who: store.create(cursor, who, observation("x", "other"), rules=TOLERANT))
    assert attempt(CARDIO, lambda cursor, who: store.create(cursor, who, observation("x", "now", "e-now"))).outcome == "created"
    assert attempt(CARDIO, lambda cursor, who: store.update(cursor, who, observation("o-now", "now", "e-now"))).version == 2
    with pytest.raises(Conflict) as named:
        attempt(CARDIO, lambda cursor, who: store.delete(cursor, who, "Patient", "now"))
    assert "d-kept" not in str(named.value)
    with pytest.raises(Conflict) as named:
        attempt(CHIR, lambda cursor, who: store.delete(cursor, who, "Organization", "cardio"))
    assert "others refer to it" in str(named.value)


def test_a_binary_that_nothing_holds_is_its_writers(connection: psycopg.Connection, caller: Caller) -> None:
    store.retry(connection, lambda cursor: [store.update(cursor, caller, each) for each in WORLD])
    made = store.retry(connection, lambda cursor: store.create(cursor, CARDIO, {**binary("x")}))
    with connection.cursor() as cursor:
        assert store.read(cursor, CARDIO, "Binary", made.id).version == 1
        with pytest.raises(NotFound):
            store.read(cursor, replace(CARDIO, actor="account:another"), "Binary", made.id)
    held = document("x", "now", content=[{"attachment": {"url": f"Binary/{made.id}"}}])
    store.retry(connection, lambda cursor: store.create(cursor, CARDIO, held))
    with connection.cursor() as cursor:
        assert store.read(cursor, replace(CARDIO, actor="account:another"), "Binary", made.id).id == made.id

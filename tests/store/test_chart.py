"""What a chart reads: each part of the screen, the last values, one curve, events of several types across hospitals."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import psycopg
import pytest
from hypothesis import given
from hypothesis import strategies as st

from larrey import store
from larrey.fhir.shelves import OBSERVATIONS, analyte, shelf
from larrey.kit import json
from larrey.kit.errors import Forbidden, Invalid
from larrey.store import Caller, chart
from larrey.store import hospitals as tree
from larrey.store.caller import EVERYONE
from larrey.store.chart import Section
from larrey.store.hospitals import hospitals

PATIENT = {"reference": "Patient/p"}
START = datetime(2026, 1, 1, 8, tzinfo=UTC)
POTASSIUM, SODIUM, PULSE = "http://loinc.org|2823-3", "http://loinc.org|2951-2", "http://loinc.org|8867-4"


def concept(system: str, code: str) -> dict[str, Any]:
    return {"coding": [{"system": system, "code": code}]}


def observation(id_: str, name: str, hours: int, shelf_: str = "laboratory", patient: str = "p") -> dict[str, Any]:
    system, code = name.split("|")
    return {
        "resourceType": "Observation",
        "id": id_,
        "status": "final",
        "category": [concept("http://terminology.hl7.org/CodeSystem/observation-category", shelf_)],
        "code": concept(system, code),
        "subject": {"reference": f"Patient/{patient}"},
        "effectiveDateTime": (START + timedelta(hours=hours)).isoformat(),
        "valueQuantity": {"value": hours},
    }


def condition(id_: str, status: str, day: str, **more: Any) -> dict[str, Any]:
    clinical = concept("http://terminology.hl7.org/CodeSystem/condition-clinical", status)
    return {
        "resourceType": "Condition", "id": id_, "subject": PATIENT, "clinicalStatus": clinical, "code": {"text": id_},
        "onsetDateTime": day, **more,
    }  # fmt: skip


def encounter(id_: str, status: str, day: str, unit: str) -> dict[str, Any]:
    return {
        "resourceType": "Encounter", "id": id_, "status": status, "subject": PATIENT, "class": {"code": "IMP"},
        "period": {"start": day}, "serviceProvider": {"reference": f"Organization/{unit}"},
    }  # fmt: skip


def organization(id_: str, parent: str = "", kind: str = "", short: str = "") -> dict[str, Any]:
    made: dict[str, Any] = {"resourceType": "Organization", "id": id_, "name": f"Name of {id_}"}
    if parent:
        made["partOf"] = {"reference": f"Organization/{parent}"}
    if kind:
        made["identifier"] = [{"type": concept("https://hl7.fr/ig/fhir/core/CodeSystem/fr-core-cs-v2-0203", kind), "value": "1"}]
    if short:
        url = "https://hl7.fr/ig/fhir/core/StructureDefinition/fr-core-organization-short-name"
        made["extension"] = [{"url": url, "valueString": short}]
    return made


def appointment(id_: str, status: str, day: str, *patients: str) -> dict[str, Any]:
    actors = [{"actor": {"reference": f"Patient/{each}"}, "status": "accepted"} for each in patients]
    return {
        "resourceType": "Appointment", "id": id_, "status": status, "participant": actors,
        "start": f"{day}T08:00:00Z", "end": f"{day}T08:30:00Z",
    }  # fmt: skip


WRITTEN: list[dict[str, Any]] = [
    organization("group", kind="FINEJ"),
    organization("north", parent="group", kind="FINEG", short="Nord"),
    organization("south", parent="group", kind="FINEG"),
    organization("cardiology", parent="north"),
    organization("uf1", parent="cardiology"),
    organization("uf2", parent="south"),
    {"resourceType": "Patient", "id": "p"},
    {"resourceType": "Patient", "id": "other"},
    encounter("e1", "finished", "2026-01-02", "uf1"),
    encounter("e2", "in-progress", "2026-03-02", "uf2"),
    condition("c1", "active", "2026-01-03", encounter={"reference": "Encounter/e1"}),
    condition("c2", "resolved", "2026-02-03"),
    condition(
        "c3", "active", "2026-02-04",
        verificationStatus=concept("http://terminology.hl7.org/CodeSystem/condition-ver-status", "refuted"),
    ),
    condition("c4", "active", "2026-03-03", encounter={"reference": "Encounter/e2"}),
    *(observation(f"k{n}", POTASSIUM, n) for n in range(6)),
    *(observation(f"n{n}", SODIUM, n * 2) for n in range(3)),
    *(observation(f"f{n}", PULSE, n, "vital-signs") for n in range(5)),
    observation("x", POTASSIUM, 99, patient="other"),
    appointment("a1", "booked", "2026-12-01", "p"),
    appointment("a2", "booked", "2026-12-24", "other", "p"),
    appointment("a3", "booked", "2026-12-02", "other"),
    appointment("a4", "cancelled", "2026-12-03", "p"),
    appointment("a5", "booked", "2025-12-03", "p"),
]  # fmt: skip


@pytest.fixture
def cursor(connection: psycopg.Connection[Any], caller: Caller) -> psycopg.Cursor[Any]:
    """A cursor on ``WRITTEN``."""
    store.retry(connection, lambda c: [store.update(c, caller, resource) for resource in WRITTEN])
    return connection.cursor()


def ids(resources: list[store.Stored]) -> list[str]:
    return [each.id for each in resources]


def test_sections_show_what_is_asked_in_one_statement(
    cursor: psycopg.Cursor[Any], caller: Caller, monkeypatch: pytest.MonkeyPatch
) -> None:
    sent: list[Any] = []
    execute = psycopg.Cursor.execute
    monkeypatch.setattr(psycopg.Cursor, "execute", lambda self, *a, **k: (sent.append(a[0]), execute(self, *a, **k))[1])
    wanted = {
        "problems": Section("Condition", 10, shelf="active"),
        "conditions": Section("Condition", 2),
        "here": Section("Encounter", 1, shelf="open"),
        "next": Section("Appointment", 5, shelf="planned", soonest=True, since=datetime(2026, 6, 1, tzinfo=UTC)),
        "early": Section("Observation", 10, shelf="laboratory", until=START + timedelta(hours=1)),
        "nothing": Section("Flag", 5, shelf="active"),
    }
    found = chart.sections(cursor, caller, "p", wanted)
    assert len(sent) == 1
    assert {name: ids(each) for name, each in found.items()} == {
        "problems": ["c4", "c1"],
        "conditions": ["c4", "c3"],
        "here": ["e2"],
        "next": ["a1", "a2"],
        "early": ["n0", "k0"],
        "nothing": [],
    }


def test_sections_leave_out_what_the_caller_may_not_see(cursor: psycopg.Cursor[Any]) -> None:
    nurse = Caller("account:x", {"Condition": "rs"}, EVERYONE)
    found = chart.sections(cursor, nurse, "p", {"a": Section("Condition", 9), "b": Section("Observation", 9)})
    assert list(found) == ["a"]
    assert chart.sections(cursor, Caller("account:x"), "p", {"a": Section("Condition", 9)}) == {}
    for read in (chart.latest, chart.series):
        with pytest.raises(Forbidden):
            read(cursor, nurse, "p", "laboratory")
    assert chart.events(cursor, nurse, "p", ["Condition", "Encounter"]).resources[0].type == "Condition"
    assert chart.events(cursor, Caller("account:x"), "p", ["Condition"]).resources == []


def test_latest_is_the_last_of_each_analyte(cursor: psycopg.Cursor[Any], caller: Caller) -> None:
    assert ids(chart.latest(cursor, caller, "p", "laboratory")) == ["k5", "n2"]
    assert ids(chart.latest(cursor, caller, "p", "laboratory", count=2)) == ["k5", "k4", "n2", "n1"]
    assert ids(chart.latest(cursor, caller, "p", "laboratory", analytes=1)) == ["k5"]
    assert ids(chart.latest(cursor, caller, "p", "vital-signs")) == ["f4"]
    assert chart.latest(cursor, caller, "p", "imaging") == []
    assert ids(chart.latest(cursor, caller, "other", "laboratory")) == ["x"]


def test_series_is_one_analyte_between_two_moments(cursor: psycopg.Cursor[Any], caller: Caller) -> None:
    assert ids(chart.series(cursor, caller, "p", POTASSIUM)) == ["k5", "k4", "k3", "k2", "k1", "k0"]
    since, until = START + timedelta(hours=1), START + timedelta(hours=4)
    assert ids(chart.series(cursor, caller, "p", POTASSIUM, since=since, until=until)) == ["k3", "k2", "k1"]
    assert ids(chart.series(cursor, caller, "p", POTASSIUM, count=2)) == ["k5", "k4"]
    assert ids(chart.series(cursor, caller, "p", PULSE, count=1)) == ["f4"]
    assert chart.series(cursor, caller, "p", "nothing\x00") == []


def test_newest_of_a_shelf_in_pages(cursor: psycopg.Cursor[Any], caller: Caller) -> None:
    seen, after = [], None
    while True:
        page = chart.newest(cursor, caller, "p", "Observation", shelf="laboratory", count=4, after=after)
        seen += ids(page.resources)
        after = page.next
        if after is None:
            break
    assert sorted(seen) == ["k0", "k1", "k2", "k3", "k4", "k5", "n0", "n1", "n2"]
    until = START + timedelta(hours=2)
    assert ids(chart.newest(cursor, caller, "p", "Observation", shelf="laboratory", until=until).resources) == ["k1", "n0", "k0"]
    with pytest.raises(Invalid):
        chart.newest(cursor, caller, "p", "Observation", after="yesterday")


def test_events_of_several_types_in_pages_and_by_hospital(cursor: psycopg.Cursor[Any], caller: Caller) -> None:
    types = ["Encounter", "Condition", "DocumentReference"]
    everything = ["c4", "e2", "c3", "c2", "c1", "e1"]
    assert ids(chart.events(cursor, caller, "p", types).resources) == everything
    seen, after = [], None
    while True:
        page = chart.events(cursor, caller, "p", types, count=2, after=after)
        seen += ids(page.resources)
        after = page.next
        if after is None:
            break
    assert seen == everything
    assert ids(chart.events(cursor, caller, "p", types, hospital="north").resources) == ["c1", "e1"]
    assert ids(chart.events(cursor, caller, "p", types, hospital="south").resources) == ["c4", "e2"]
    assert chart.events(cursor, caller, "p", types, hospital="nowhere").resources == []
    since, until = datetime(2026, 1, 3, tzinfo=UTC), datetime(2026, 3, 1, tzinfo=UTC)
    assert ids(chart.events(cursor, caller, "p", types, since=since, until=until).resources) == ["c3", "c2", "c1"]
    with pytest.raises(Invalid):
        chart.events(cursor, caller, "p", ["x' or true"])


def test_hospitals_where_the_patient_was(cursor: psycopg.Cursor[Any], caller: Caller) -> None:
    assert [each.id for each in chart.visited(cursor, caller, "p")] == ["north", "south"]
    assert chart.visited(cursor, caller, "other") == []
    assert chart.visited(cursor, Caller("account:x", {"Organization": "rs"}, EVERYONE), "p") == []


def test_a_change_moves_a_resource_to_another_shelf(
    cursor: psycopg.Cursor[Any], connection: psycopg.Connection[Any], caller: Caller
) -> None:
    store.retry(connection, lambda c: store.update(c, caller, condition("c1", "resolved", "2026-01-03")))
    assert ids(chart.sections(cursor, caller, "p", {"a": Section("Condition", 9, shelf="active")})["a"]) == ["c4"]


def test_hospitals_are_found_above_their_units(
    cursor: psycopg.Cursor[Any], connection: psycopg.Connection[Any], caller: Caller, monkeypatch: pytest.MonkeyPatch
) -> None:
    found = hospitals(cursor, caller)
    north = found.of("uf1")
    assert north is not None
    assert (north.id, north.name, north.short) == ("north", "Name of north", "Nord")
    assert found.of("uf2") == tree.Hospital("south", "Name of south", "Name of south")
    assert found.of("none") is None
    assert found.name("cardiology") == "Name of cardiology"
    assert [each.id for each in found.all()] == ["group", "north", "south"]
    assert found.within("north") == {"north", "cardiology", "uf1"}
    assert hospitals(cursor, Caller("account:x", {"Patient": "rs"}, EVERYONE)).all() == []
    # What is written is seen once the copy is old enough; a circle does not hang.
    changed = [organization("uf1", parent="south"), organization("r1"), organization("r2", "r1"), organization("r1", "r2")]
    store.retry(connection, lambda c: [store.update(c, caller, each) for each in changed])
    assert hospitals(cursor, caller) is found
    monkeypatch.setattr(tree, "SECONDS", 0.0)
    fresh = hospitals(cursor, caller)
    assert (moved := fresh.of("uf1")) is not None
    assert moved.id == "south"
    assert fresh.of("r1") is not None


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=8) | st.sampled_from(["active", "LAB", "refuted", "final"]),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(["coding", "code", "system", "text"]), inner, max_size=4)
    ),
    max_leaves=8,
)


@given(
    st.sampled_from(["Observation", "DiagnosticReport", "Condition", "Encounter", "Appointment", "Flag", "Patient", 3]),
    st.dictionaries(st.sampled_from(["status", "clinicalStatus", "verificationStatus", "category", "code"]), JSON),
)
def test_any_content_has_a_place(type_: Any, content: dict[str, Any]) -> None:
    resource = {"resourceType": type_, **content}
    place, name = shelf(resource), analyte(resource)
    assert (place is None) == (type_ in ("Patient", 3))
    if type_ == "Observation":
        assert place in OBSERVATIONS
    assert name is None or (type_ == "Observation" and "|" in name)


@pytest.mark.parametrize(
    ("resource", "expected"),
    [
        ({"resourceType": "Condition"}, "active"),
        ({"resourceType": "Condition", "clinicalStatus": concept("s", "remission")}, "past"),
        ({"resourceType": "AllergyIntolerance", "verificationStatus": concept("s", "entered-in-error")}, "past"),
        ({"resourceType": "MedicationRequest", "status": "on-hold"}, "active"),
        ({"resourceType": "MedicationRequest", "status": "stopped"}, "past"),
        ({"resourceType": "Encounter", "status": "onleave"}, "open"),
        ({"resourceType": "Encounter", "status": "cancelled"}, "past"),
        ({"resourceType": "Appointment", "status": "noshow"}, "past"),
        ({"resourceType": "DiagnosticReport", "category": [concept("v2", "XX"), concept("v2", "HM")]}, "laboratory"),
        ({"resourceType": "DiagnosticReport", "category": [concept("v2", "RAD")]}, "imaging"),
        ({"resourceType": "DiagnosticReport"}, "other"),
        ({"resourceType": "DocumentReference"}, None),
    ],
)
def test_shelves(resource: dict[str, Any], expected: str | None) -> None:
    assert shelf(resource) == expected
    assert json.dumps(resource)  # the content is as it was

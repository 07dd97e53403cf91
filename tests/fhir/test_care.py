"""Who cares for a patient, as resources say it."""

from __future__ import annotations

import copy
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from larrey.fhir.care import Ground, Tie, subjects, ties
from larrey.fhir.dates import BEGINNING, END

E, A, R, P, T, C = Ground.ENCOUNTER, Ground.APPOINTMENT, Ground.REQUEST, Ground.PRESCRIPTION, Ground.TASK, Ground.TEAM


def ref(reference: str) -> dict[str, str]:
    return {"reference": reference}


def at(day: int, hour: int = 0, minute: int = 0, second: int = 0) -> datetime:
    return datetime(2026, 3, day, hour, minute, second, tzinfo=UTC)


def span(start: str | None = None, end: str | None = None) -> dict[str, str]:
    return {name: text for name, text in (("start", start), ("end", end)) if text is not None}


def day(number: int) -> str:
    return f"2026-03-{number:02}"


def moment(number: int) -> str:
    return f"2026-03-{number:02}T10:00:00Z"


def short(resource: dict[str, Any]) -> list[tuple[str, datetime, datetime]]:
    """The ties of the one patient ``p``, whose ground is all the same: (who, low, high)."""
    found = ties(resource)
    assert {tie.patient_id for tie in found} <= {"p"}
    assert len({tie.ground for tie in found}) < 2
    return [("/".join(tie.who or ()), tie.low, tie.high) for tie in found]


def stay(status: str = "in-progress", **more: Any) -> dict[str, Any]:
    return {"resourceType": "Encounter", "id": "e", "status": status, "subject": ref("Patient/p"), **more}


def place(name: str, start: str | None = None, end: str | None = None, **more: Any) -> dict[str, Any]:
    return {"location": ref(f"Location/{name}")} | ({"period": span(start, end)} if start or end else {}) | more


# Stays


def test_a_movement_ties_its_place_for_as_long_as_it_lasts() -> None:
    assert ties(stay(location=[place("a", moment(1), moment(2))])) == [
        Tie("p", ("Location", "a"), at(1, 10), at(2, 10, 0, 1), E)  # the end belongs to a period, here the second
    ]


def test_a_transfer_closes_the_ward_that_is_left_and_opens_the_next() -> None:
    before = stay(
        period=span(moment(1)), location=[place("a", moment(1), status="active")], serviceProvider=ref("Organization/A")
    )
    after = stay(
        period=span(moment(1)),
        location=[place("a", moment(1), moment(3), status="completed"), place("b", moment(3), status="active")],
        serviceProvider=ref("Organization/B"),
    )
    assert short(before) == [("Location/a", at(1, 10), END), ("Organization/A", at(1, 10), END)]
    assert short(after) == [
        ("Location/a", at(1, 10), at(3, 10, 0, 1)),
        ("Location/b", at(3, 10), END),
        ("Organization/B", at(3, 10), END),
    ]


def test_the_end_of_the_stay_closes_what_is_open() -> None:
    over = stay(
        "finished",
        period=span(moment(1), moment(5)),
        location=[place("a", moment(1), moment(3)), place("b", moment(3))],
        serviceProvider=ref("Organization/B"),
        participant=[{"individual": ref("Practitioner/d")}, {"individual": ref("PractitionerRole/n"), "period": span(moment(2))}],
    )
    assert short(over) == [
        ("Location/a", at(1, 10), at(3, 10, 0, 1)),
        ("Location/b", at(3, 10), at(5, 10, 0, 1)),
        ("Practitioner/d", at(1, 10), at(5, 10, 0, 1)),
        ("PractitionerRole/n", at(2, 10), at(5, 10, 0, 1)),
        ("Organization/B", at(3, 10), at(5, 10, 0, 1)),
    ]


@pytest.mark.parametrize("status", ["planned", "arrived", "triaged", "in-progress", "onleave", "unknown"])
def test_a_stay_without_end_is_open(status: str) -> None:
    assert short(stay(status, period=span(day(1)), serviceProvider=ref("Organization/A"))) == [("Organization/A", at(1), END)]
    assert short(stay(status, serviceProvider=ref("Organization/A"))) == [("Organization/A", BEGINNING, END)]


@pytest.mark.parametrize("status", ["cancelled", "entered-in-error", "other", None, ["planned"], {}])
def test_a_stay_that_is_none_ties_nobody(status: Any) -> None:
    resource = stay(period=span(day(1)), location=[place("a", day(1))], serviceProvider=ref("Organization/A"))
    assert ties(resource | {"status": status}) == []


def test_a_stay_that_is_over_without_saying_when_ends_with_what_is_known() -> None:
    unit = ref("Organization/A")
    assert short(stay("finished", location=[place("a", moment(1), moment(3))], serviceProvider=unit)) == [
        ("Location/a", at(1, 10), at(3, 10, 0, 1)),
        ("Organization/A", at(1, 10), at(3, 10, 0, 1)),
    ]
    assert short(stay("finished", period=span(day(4)), serviceProvider=unit)) == [("Organization/A", at(4), at(5))]
    assert ties(stay("finished", serviceProvider=unit)) == []


def test_a_move_that_is_foreseen_ties_from_its_date_and_takes_nothing_away() -> None:
    resource = stay(
        period=span(moment(1)),
        location=[place("a", moment(1), status="active"), place("b", moment(9), status="planned"), place("c", status="reserved")],
        serviceProvider=ref("Organization/A"),
    )
    assert short(resource) == [
        ("Location/a", at(1, 10), END),
        ("Location/b", at(9, 10), END),
        ("Organization/A", at(1, 10), END),
    ]


def test_a_stay_that_is_foreseen_ties_its_foreseen_place() -> None:
    resource = stay("planned", period=span(day(8), day(9)), location=[place("a", status="planned")])
    assert short(resource) == [("Location/a", at(8), at(10))]


def test_a_movement_that_is_over_without_date_ends_with_the_next() -> None:
    moved = stay(period=span(moment(1)), location=[place("a", moment(1), status="completed"), place("b", moment(3))])
    assert short(moved) == [("Location/a", at(1, 10), at(3, 10)), ("Location/b", at(3, 10), END)]
    alone = stay(period=span(moment(1)), location=[place("a", status="completed")])
    assert short(alone)[0][2] < at(2)
    over = stay("finished", period=span(moment(1), moment(5)), location=[place("a", status="completed")])
    assert short(over) == [("Location/a", at(1, 10), at(5, 10, 0, 1))]


def test_the_same_place_twice_is_two_ties_and_the_same_movement_twice_is_one() -> None:
    there_and_back = [place("a", day(1), day(2)), place("b", day(2), day(3)), place("a", day(3)), place("a", day(3))]
    assert short(stay(location=there_and_back)) == [
        ("Location/a", at(1), at(3)),
        ("Location/b", at(2), at(4)),
        ("Location/a", at(3), END),
    ]


def test_a_period_that_ends_before_it_begins_lasts_as_long_as_its_beginning() -> None:
    assert short(stay(location=[place("a", day(5), day(1))])) == [("Location/a", at(5), at(6))]


def test_only_local_references_to_those_who_care_tie() -> None:
    assert ties(stay(location=[{"location": {"display": "Ward"}}, {"location": ref("Ward/1")}, place("a/b"), None])) == []
    assert ties(stay(participant=[{"individual": ref("RelatedPerson/mother")}, {"individual": ref("#contained")}])) == []
    assert ties(stay(serviceProvider=ref("https://elsewhere.example/Organization/A"))) == []
    assert ties(stay(serviceProvider=ref("Organization/A")) | {"subject": ref("Group/g")}) == []


# Appointments


def appointment(status: str = "booked", **more: Any) -> dict[str, Any]:
    actors = ["Patient/p", "Practitioner/d", "Location/room"]
    resource = {"resourceType": "Appointment", "status": status, "participant": [{"actor": ref(actor)} for actor in actors]}
    return {**resource, "start": moment(1), "end": "2026-03-01T10:30:00Z", **more}


@pytest.mark.parametrize("status", ["proposed", "pending", "booked", "arrived", "fulfilled", "checked-in", "waitlist", "noshow"])
def test_an_appointment_ties_all_who_take_part(status: str) -> None:
    during = (at(1, 10), at(1, 10, 30, 1))
    assert ties(appointment(status)) == [
        Tie("p", ("Practitioner", "d"), *during, A),
        Tie("p", ("Location", "room"), *during, A),
    ]


@pytest.mark.parametrize("status", ["cancelled", "entered-in-error", None])
def test_an_appointment_that_is_off_ties_nobody(status: Any) -> None:
    assert ties(appointment(status)) == []


def test_who_has_declined_is_not_tied() -> None:
    resource = appointment()
    resource["participant"][1]["status"] = "declined"
    assert short(resource) == [("Location/room", at(1, 10), at(1, 10, 30, 1))]


def test_each_patient_of_an_appointment_is_tied_to_each_who_receives_her() -> None:
    resource = appointment()
    resource["participant"].append({"actor": ref("Patient/q")})
    found = [(tie.patient_id, tie.who) for tie in ties(resource)]
    assert found == [(p, who) for p in ("p", "q") for who in (("Practitioner", "d"), ("Location", "room"))]


def test_an_appointment_without_end_lasts_as_long_as_foreseen() -> None:
    resource = appointment(minutesDuration=20)
    del resource["end"]
    assert short(resource)[0] == ("Practitioner/d", at(1, 10), at(1, 10, 20))
    del resource["minutesDuration"]
    assert short(resource)[0] == ("Practitioner/d", at(1, 10), at(1, 10, 0, 1))


def test_an_appointment_to_be_made_is_open_in_the_time_asked_for() -> None:
    resource = appointment("proposed", requestedPeriod=[span(day(4), day(5)), span(day(2), day(3))])
    del resource["start"], resource["end"]
    assert short(resource)[0] == ("Practitioner/d", at(2), at(6))
    resource["requestedPeriod"] = [span(day(4))]
    assert short(resource)[0] == ("Practitioner/d", at(4), END)
    del resource["requestedPeriod"]
    assert short(resource)[0] == ("Practitioner/d", BEGINNING, END)
    assert ties(resource | {"status": "fulfilled"}) == []


# Requests, prescriptions, tasks


def request(status: str = "active", **more: Any) -> dict[str, Any]:
    return {
        "resourceType": "ServiceRequest", "status": status, "subject": ref("Patient/p"), "authoredOn": day(2),
        "requester": ref("Practitioner/d"), "performer": [ref("Organization/cardio"), ref("PractitionerRole/x")], **more,
    }  # fmt: skip


@pytest.mark.parametrize("status", ["draft", "active", "on-hold"])
def test_a_requested_opinion_ties_who_gives_it_and_who_asked(status: str) -> None:
    assert ties(request(status)) == [
        Tie("p", ("Organization", "cardio"), at(2), END, R),
        Tie("p", ("PractitionerRole", "x"), at(2), END, R),
        Tie("p", ("Practitioner", "d"), at(2), END, R),
    ]


@pytest.mark.parametrize("status", ["revoked", "completed", "unknown"])
def test_a_request_that_is_over_closes_with_its_last_date(status: str) -> None:
    assert {row[1:] for row in short(request(status))} == {(at(2), at(3))}
    occurred = request(status, occurrenceDateTime=day(7))
    assert {row[1:] for row in short(occurred)} == {(at(2), at(8))}
    lasted = request(status, occurrencePeriod=span(day(4), day(9)), meta={"lastUpdated": moment(6)})
    assert {row[1:] for row in short(lasted)} == {(at(2), at(6, 10, 0, 1))}, "not beyond the day it was closed"


def test_what_is_old_and_only_now_comes_into_the_record_opens_nothing() -> None:
    old = request("completed", meta={"lastUpdated": "2026-11-25T10:00:00Z"})
    assert {row[1:] for row in short(old)} == {(at(2), at(3))}
    del old["authoredOn"]
    assert ties(old) == []


@pytest.mark.parametrize("status", ["entered-in-error", "", None, 3])
def test_a_request_that_is_a_mistake_ties_nobody(status: Any) -> None:
    assert ties(request(status)) == []
    assert ties(request(status) | {"resourceType": "MedicationRequest"}) == []


def test_a_prescription_ties_who_dispenses_and_who_wrote_it_while_it_is_in_force() -> None:
    resource = request(dispenseRequest={"performer": ref("Organization/pharmacy")}) | {"resourceType": "MedicationRequest"}
    assert ties(resource) == [
        Tie("p", ("Organization", "pharmacy"), at(2), END, P),
        Tie("p", ("Practitioner", "d"), at(2), END, P),
    ]
    resource |= {"status": "stopped", "dosageInstruction": [{"timing": {"repeat": {"boundsPeriod": span(day(2), day(6))}}}]}
    assert short(resource) == [("Organization/pharmacy", at(2), at(7)), ("Practitioner/d", at(2), at(7))]


def task(status: str = "requested", **more: Any) -> dict[str, Any]:
    return {
        "resourceType": "Task", "status": status, "for": ref("Patient/p"), "authoredOn": moment(2),
        "requester": ref("Practitioner/asks"), "owner": ref("PractitionerRole/pharmacist"), **more,
    }  # fmt: skip


@pytest.mark.parametrize("status", ["draft", "requested", "received", "accepted", "ready", "in-progress", "on-hold"])
def test_a_task_ties_who_has_to_do_it(status: str) -> None:
    resource = task(status, restriction={"recipient": [ref("Organization/pharmacy"), ref("Patient/p")]})
    assert ties(resource) == [
        Tie("p", ("PractitionerRole", "pharmacist"), at(2, 10), END, T),
        Tie("p", ("Organization", "pharmacy"), at(2, 10), END, T),
    ]


@pytest.mark.parametrize("status", ["completed", "cancelled", "rejected", "failed"])
def test_a_task_that_is_done_is_closed(status: str) -> None:
    resource = task(status, executionPeriod=span(day(3), day(4)))
    assert short(resource) == [("PractitionerRole/pharmacist", at(2, 10), at(5))]
    assert ties(task("entered-in-error")) == []


# Teams


def team(status: str | None = "active", **more: Any) -> dict[str, Any]:
    resource = {"resourceType": "CareTeam", "subject": ref("Patient/p"), "period": span(day(1), day(9)), **more}
    resource["participant"] = [
        {"member": ref("Practitioner/d")},
        {"member": ref("Organization/hah"), "period": span(day(3))},
        {"member": ref("Patient/p")},
    ]
    return resource if status is None else resource | {"status": status}


@pytest.mark.parametrize("status", ["active", None])
def test_the_members_of_a_team_are_tied_for_their_time_in_it(status: str | None) -> None:
    assert short(team(status)) == [("Practitioner/d", at(1), at(10)), ("Organization/hah", at(3), END)]


@pytest.mark.parametrize("status", ["suspended", "inactive"])
def test_a_team_that_rests_or_is_no_more_is_closed(status: str) -> None:
    assert short(team(status)) == [("Practitioner/d", at(1), at(10)), ("Organization/hah", at(3), at(4))]
    assert short(team(status, meta={"lastUpdated": moment(5)}))[0] == ("Practitioner/d", at(1), at(5, 10, 0, 1))


@pytest.mark.parametrize("status", ["proposed", "entered-in-error", "x"])
def test_a_team_that_is_not_in_charge_ties_nobody(status: str) -> None:
    assert ties(team(status)) == []


def test_an_episode_ties_who_manages_it() -> None:
    resource: dict[str, Any] = {
        "resourceType": "EpisodeOfCare", "status": "active", "patient": ref("Patient/p"), "period": span(day(1)),
        "managingOrganization": ref("Organization/hah"), "careManager": ref("Practitioner/n"),
    }  # fmt: skip
    assert ties(resource) == [
        Tie("p", ("Organization", "hah"), at(1), END, C),
        Tie("p", ("Practitioner", "n"), at(1), END, C),
    ]
    resource |= {"status": "finished", "period": span(day(1), day(4))}
    assert {row[1:] for row in short(resource)} == {(at(1), at(5))}
    assert ties(resource | {"status": "cancelled"}) == []


def test_the_general_practitioner_is_tied_for_good() -> None:
    resource = {"resourceType": "Patient", "id": "p", "generalPractitioner": [ref("Practitioner/gp"), ref("Organization/house")]}
    assert ties(resource) == [
        Tie("p", ("Practitioner", "gp"), BEGINNING, END, C),
        Tie("p", ("Organization", "house"), BEGINNING, END, C),
    ]
    assert ties(resource | {"id": "not an id"}) == []


# Opposition, subjects


def consent(**more: Any) -> dict[str, Any]:
    privacy = {"coding": [{"system": "http://terminology.hl7.org/CodeSystem/consentscope", "code": "patient-privacy"}]}
    resource = {"resourceType": "Consent", "status": "active", "scope": privacy, "patient": ref("Patient/p")}
    return {**resource, "provision": {"type": "deny"}, **more}


def test_a_refusal_to_share_is_toward_all() -> None:
    assert ties(consent()) == [Tie("p", None, BEGINNING, END, Ground.OPPOSITION)]
    timed = consent(provision={"type": "deny", "period": span(day(1), day(2))})
    assert ties(timed) == [Tie("p", None, at(1), at(3), Ground.OPPOSITION)]


@pytest.mark.parametrize(
    "change",
    [
        {"status": "inactive"},
        {"provision": {"type": "permit"}},
        {"provision": {}},
        {"scope": {"coding": [{"code": "research"}]}},
        {"scope": {"coding": [{"code": ["patient-privacy"]}]}},
    ],
)
def test_other_consents_oppose_nothing(change: dict[str, Any]) -> None:
    assert ties(consent(**change)) == []


def test_subjects_are_the_patients_each_once() -> None:
    assert subjects([("Patient", "b"), ("Group", "g"), ("Patient", "a"), ("Patient", "b")]) == ["a", "b"]


# Bad input

SAMPLES = [
    stay("finished", period=span(moment(1), moment(5)), location=[place("a", day(1), status="completed")], participant=[
        {"individual": ref("Practitioner/d"), "period": span(day(1))}], serviceProvider=ref("Organization/A")),
    appointment(requestedPeriod=[span(day(1))], minutesDuration=20), request("completed", occurrencePeriod=span(day(1), day(2))),
    request(dispenseRequest={"performer": ref("Organization/p")}) | {"resourceType": "MedicationRequest"},
    task(restriction={"recipient": [ref("Organization/p")]}), team("inactive"), consent(),
    {"resourceType": "Patient", "id": "p", "generalPractitioner": [ref("Practitioner/gp")]},
]  # fmt: skip
ODD: st.SearchStrategy[Any] = st.sampled_from(
    [
        None, True, 0, -1, 10**30, 1.5, "", "x", "2026-13-45", "0001-01-01", "0001-01-01T00:00:00+14:00", "9999-12-31", "9999",
        "9999-12-31T23:59:59.999999Z", "Patient/p", "finished", "completed", "planned", [], {}, [[]], [None], {"reference": []},
        {"start": "9999-12-31T23:59:59.999999Z", "end": "0001"}, {"start": 3, "end": {}}, "\ud800",
    ]
)  # fmt: skip


def spots(value: Any) -> list[tuple[Any, Any]]:
    """Every (container, key) in ``value``."""
    found: list[tuple[Any, Any]] = []
    items: list[Any] = (
        list(value.items()) if isinstance(value, dict) else list(enumerate(value)) if isinstance(value, list) else []
    )
    for key, inner in items:
        found += [(value, key), *spots(inner)]
    return found


@settings(max_examples=400)
@given(st.sampled_from(SAMPLES), st.lists(st.tuples(st.integers(0, 10**6), ODD), min_size=1, max_size=4))
def test_a_damaged_resource_never_fails_and_always_gives_the_same(sample: dict[str, Any], damage: list[tuple[int, Any]]) -> None:
    resource = copy.deepcopy(sample)
    for number, value in damage:
        places = spots(resource)
        container, key = places[number % len(places)]
        container[key] = copy.deepcopy(value)
    found = ties(resource)
    assert found == ties(copy.deepcopy(resource))
    for tie in found:
        assert BEGINNING <= tie.low < tie.high <= END
        assert tie.who is None or tie.who[0] in {
            "Organization",
            "Location",
            "Practitioner",
            "PractitionerRole",
            "HealthcareService",
        }
    assert len(set(found)) == len(found)


@pytest.mark.parametrize("type_", sorted({sample["resourceType"] for sample in SAMPLES} | {"EpisodeOfCare", "Observation"}))
def test_whatever_the_definitions_allow_gets_an_answer(type_: str, make_resource: Callable[[str, int], dict[str, Any]]) -> None:
    for seed in range(40):
        for tie in ties(make_resource(type_, seed)):
            assert tie.low < tie.high

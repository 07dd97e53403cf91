"""The demo set as a whole: its structure, its people, its writing; stories have their own tests."""

from __future__ import annotations

import os
import runpy
from collections import Counter
from datetime import date
from pathlib import Path
from random import Random
from typing import Any

import psycopg
import pytest

from larrey import store
from larrey.apps.demo import api, numbers
from larrey.apps.demo.people import person
from larrey.apps.demo.people.names import FIRST_NAMES, SURNAMES
from larrey.apps.demo.people.places import BIRTHS_ABROAD, BIRTHS_IN_FRANCE
from larrey.apps.demo.resources import FINESS, INS_TEST, RPPS, UNIT
from larrey.apps.demo.structure.staff import ACCOUNTS, practitioner_id
from larrey.fhir.references import literal
from larrey.fhir.validation import validate
from larrey.kit import json
from larrey.kit.clock import now
from larrey.store.caller import system

TODAY = date(2026, 11, 25)
TERMINOLOGIES = os.environ.get("LARREY_TERMINOLOGIES")  # read before the tests' own settings replace the environment
ROOT = Path(__file__).parents[2]
Resource = dict[str, Any]


@pytest.fixture(scope="module")
def structure() -> list[Resource]:
    return next(api.generate(patients=0, today=TODAY))


@pytest.fixture(scope="module")
def groups() -> list[list[Resource]]:
    return list(api.generate(patients=250, today=TODAY))[1:]


def of(resources: list[Resource], type_: str) -> list[Resource]:
    return [resource for resource in resources if resource["resourceType"] == type_]


def identifiers(resources: list[Resource], system_: str) -> list[str]:
    return [i["value"] for r in resources for i in r.get("identifier", ()) if i["system"] == system_]


def test_the_structure_is_a_group_of_four_hospitals(structure: list[Resource]) -> None:
    assert [fault for r in structure for fault in validate(json.loads(json.dumps(r)))] == []
    organizations = {r["id"]: r for r in of(structure, "Organization")}
    finess = identifiers(structure, FINESS)
    assert len(finess) == len(set(finess)) == 5
    assert all(number[2:5] == "999" and numbers.luhn_key(number[:-1]) == number[-1] and len(number) == 9 for number in finess)
    units = [r for r in organizations.values() if any(c.get("text") == "Unité fonctionnelle" for c in r["type"])]
    assert len(units) > 80
    for unit in units:
        assert len(identifiers([unit], UNIT)[0]) == 4
        chain, at = [], unit
        while "partOf" in at:
            at = organizations[at["partOf"]["reference"].partition("/")[2]]
            chain.append(at["type"][-1]["text"])
        assert chain == ["Service", "Pôle", "Entité géographique", "Entité juridique"]


def test_every_bed_stands_in_a_room_of_a_unit(structure: list[Resource]) -> None:
    places = {r["id"]: r for r in of(structure, "Location")}
    kinds = {id_: place["physicalType"]["coding"][0]["code"] for id_, place in places.items()}
    beds = [place for id_, place in places.items() if kinds[id_] == "bd"]
    assert 1100 < len(beds) < 1600
    for bed in beds:
        room = bed["partOf"]["reference"].partition("/")[2]
        ward = places[room]["partOf"]["reference"].partition("/")[2]
        assert (kinds[room], kinds[ward]) == ("ro", "wa")
        assert bed["managingOrganization"] == places[ward]["managingOrganization"]


def test_professionals_have_numbers_and_duties(structure: list[Resource]) -> None:
    people = of(structure, "Practitioner")
    rpps = identifiers(people, RPPS)
    assert len(people) > 400
    assert len(rpps) == len(set(rpps))
    assert all(len(number) == 11 and number.startswith("899") and numbers.luhn_key(number[:-1]) == number[-1] for number in rpps)
    duties = Counter(r["practitioner"]["reference"] for r in of(structure, "PractitionerRole"))
    assert all(duties[f"Practitioner/{one['id']}"] == 1 for one in people)
    names = {one["id"]: one["name"][0]["text"] for one in people}
    assert names[practitioner_id(api.SEED, "medecin")] == "Dr Camille Arnaud"
    assert all(practitioner_id(api.SEED, account) in names for account in ACCOUNTS)


def test_references_of_the_structure_lead_to_what_was_written_before(structure: list[Resource]) -> None:
    known: set[tuple[str, str]] = set()
    for resource in structure:
        assert literal(resource) <= known
        known.add((resource["resourceType"], resource["id"]))
    assert len(known) == len(structure)


def test_there_is_something_of_every_kind_and_not_too_much(groups: list[list[Resource]]) -> None:
    counts = Counter(resource["resourceType"] for group in groups for resource in group)
    for type_ in ("Encounter", "Condition", "Observation", "MedicationRequest", "AllergyIntolerance", "Immunization", "Procedure",
                  "DiagnosticReport", "DocumentReference", "Appointment", "Flag", "Binary"):  # fmt: skip
        assert counts[type_] >= 12, type_
    assert counts["Patient"] == len(groups) == 250
    assert 30 <= sum(counts.values()) / 250 <= 90


def test_lists_of_names_and_places_are_wide() -> None:
    assert len(set(SURNAMES)) >= 800
    assert len({name for period in FIRST_NAMES for name in period.girls}) >= 120
    assert len({name for period in FIRST_NAMES for name in period.boys}) >= 120
    assert len(set(BIRTHS_IN_FRANCE + BIRTHS_ABROAD)) >= 120


def test_no_two_people_share_an_ins() -> None:
    """Of those whose age nothing else decides; see ``person._register``."""
    seen = set()
    for number in range(1, 20001):
        one = person.draw(Random(number), number, TODAY)
        seen.add((one.sex, one.born.year, one.born.month, one.birth_place.insee, one.order))
    assert len(seen) == 20000


def test_patients_have_an_ipp_of_each_hospital_that_saw_them(groups: list[list[Resource]]) -> None:
    several = 0
    for group in groups:
        patient = next(r for r in group if r["resourceType"] == "Patient")
        seen = {r["identifier"][0]["system"].rpartition("/")[2] for r in of(group, "Encounter")}
        ipps = {i["system"].rpartition("/")[2] for i in patient["identifier"] if "/ipp/" in i["system"]}
        assert seen <= ipps
        assert all("assigner" in i for i in patient["identifier"] if "/ipp/" in i["system"])
        several += len(ipps) > 1
    assert several > 20
    assert 200 < len(identifiers([next(r for r in g if r["resourceType"] == "Patient") for g in groups], INS_TEST)) < 250


def test_keys_of_known_numbers() -> None:
    assert numbers.luhn_key("7992739871") == "3"  # the example of ISO/IEC 7812-1
    assert numbers.ins("2", date(1955, 8, 3), "14168", 25) == "255081416802538"  # the specimen printed everywhere
    assert numbers.ins("1", date(1955, 8, 1), "2A004", 7).startswith("155082A004007")


@pytest.mark.skipif(TERMINOLOGIES is None, reason="needs a folder of published terminologies in LARREY_TERMINOLOGIES")
def test_codes_are_published() -> None:
    check = runpy.run_path(str(ROOT / "scripts" / "check_demo_codes.py"))
    assert TERMINOLOGIES is not None
    assert check["faults"](Path(TERMINOLOGIES)) == []


def _state(connection: psycopg.Connection) -> tuple[int, int]:
    row = connection.execute(
        "select count(*) filter (where type = 'Patient'), (select count(*) from record.change) from record.resource"
    ).fetchone()
    assert row is not None
    return row[0], row[1]


def test_loading_it_twice_changes_nothing_and_an_unfinished_set_is_completed(connection: psycopg.Connection) -> None:
    caller = system("demo")
    seen: list[tuple[int, int]] = []

    def stop_in_the_middle(covered: int, written: int) -> None:
        seen.append((covered, written))
        if sum(part for part, _ in seen) == 50:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        api.load(connection, caller, patients=55, today=TODAY, progress=stop_in_the_middle)
    assert _state(connection)[0] == 50
    rest = api.load(connection, caller, patients=55, today=date(2027, 1, 1))
    assert rest > 0
    patients, versions = _state(connection)
    assert (patients, versions) == (55, sum(written for _, written in seen) + rest)
    assert api.load(connection, caller, patients=55) == 0
    # Continued another day, it is still the set of the day it was begun.
    expected = list(api.generate(patients=55, today=TODAY))[-1]
    ids = [
        row[0] for row in connection.execute("select id from record.resource where id = any(%s)", ([r["id"] for r in expected],))
    ]
    assert len(ids) == len(expected)


def test_versions_are_signed_by_who_wrote_them(connection: psycopg.Connection) -> None:
    caller = system("demo")
    api.load(connection, caller, patients=60, today=TODAY)
    actors = connection.execute(
        "select type, array_agg(distinct split_part(actor, '/', 1)) from record.change where patient is not null group by type"
    ).fetchall()
    assert actors
    assert all(found == ["Practitioner"] for _, found in actors)
    second = connection.execute("select count(*) from record.change where version = 2").fetchone()
    assert second is not None
    assert second[0] > 0


def test_nothing_is_written_among_the_patients_of_others(connection: psycopg.Connection) -> None:
    caller = system("demo")
    store.retry(connection, lambda cursor: store.create(cursor, caller, {"resourceType": "Patient"}))
    assert api.load(connection, caller, patients=2) == 0


def test_a_set_of_today_is_as_at_eight_in_the_morning() -> None:
    assert (now().date() - api.today()).days in (0, 1)

"""The demo set: valid, plausible, the same for the same seed, and completed after an interruption."""

from __future__ import annotations

from collections import Counter, defaultdict
from datetime import date
from typing import Any

import psycopg
import pytest

from larrey import store
from larrey.apps.demo import api, numbers
from larrey.apps.demo.resources import FINESS, INS_TEST, LOINC, RPPS
from larrey.fhir.references import literal
from larrey.fhir.validation import validate
from larrey.kit import json
from larrey.store.caller import system

TODAY = date(2026, 11, 20)
Resource = dict[str, Any]


@pytest.fixture(scope="module")
def groups() -> list[list[Resource]]:
    return list(api.generate(patients=120, today=TODAY))


@pytest.fixture(scope="module")
def resources(groups: list[list[Resource]]) -> list[Resource]:
    return [resource for group in groups for resource in group]


def of(resources: list[Resource], type_: str) -> list[Resource]:
    return [resource for resource in resources if resource["resourceType"] == type_]


def test_every_resource_is_valid(resources: list[Resource]) -> None:
    faults = [(issue.expression, issue.diagnostics) for r in resources for issue in validate(json.loads(json.dumps(r)))]
    assert faults == []


def test_the_same_seed_gives_the_same_people(groups: list[list[Resource]]) -> None:
    assert list(api.generate(patients=3, today=TODAY)) == groups[:4]
    assert list(api.generate(patients=3, seed=7, today=TODAY)) != groups[:4]


def test_references_lead_to_what_was_written_before(groups: list[list[Resource]]) -> None:
    known: set[tuple[str, str]] = set()
    for group in groups:
        for resource in group:
            assert literal(resource) <= known
            known.add((resource["resourceType"], resource["id"]))
    assert len(known) == sum(map(len, groups))


def test_there_is_something_of_every_kind_and_not_too_much(resources: list[Resource]) -> None:
    counts = Counter(resource["resourceType"] for resource in resources)
    for type_ in ("Encounter", "Condition", "Observation", "MedicationRequest", "AllergyIntolerance", "Immunization", "Procedure",
                  "DiagnosticReport", "DocumentReference", "Appointment"):  # fmt: skip
        assert counts[type_] >= 15, type_
    assert counts["Patient"] == 120
    assert 30 <= len(resources) / 120 <= 80


def identifiers(resources: list[Resource], system_: str) -> list[str]:
    return [i["value"] for r in resources for i in r.get("identifier", ()) if i["system"] == system_]


def test_numbers_have_valid_keys(resources: list[Resource]) -> None:
    matricules = identifiers(of(resources, "Patient"), INS_TEST)
    assert 100 <= len(matricules) < 120
    for matricule in matricules:
        assert len(matricule) == 15
        number = int(matricule[:13].replace("2A", "19").replace("2B", "18"))
        assert (number + int(matricule[13:])) % 97 == 0
    for number_ in identifiers(resources, RPPS) + identifiers(resources, FINESS):
        assert numbers.luhn_key(number_[:-1]) == number_[-1]
    assert {len(n) for n in identifiers(resources, RPPS)} == {11}
    assert {len(n) for n in identifiers(resources, FINESS)} == {9}


def test_keys_of_known_numbers() -> None:
    assert numbers.luhn_key("7992739871") == "3"  # the example of ISO/IEC 7812-1
    assert numbers.ins("2", date(1955, 8, 3), "14168", 25) == "255081416802538"  # the specimen printed everywhere
    assert numbers.ins("1", date(1955, 8, 1), "2A004", 7).startswith("155082A004007")


def test_lives_are_coherent(groups: list[list[Resource]]) -> None:
    for patient, *course in groups[1:]:
        born = patient["birthDate"]
        assert born <= TODAY.isoformat()
        visits = {r["id"]: r for r in course if r["resourceType"] == "Encounter"}
        for resource in course:
            when = resource.get("effectiveDateTime") or resource.get("performedDateTime") or resource.get("occurrenceDateTime")
            if when is not None:
                assert born <= when[:10] <= TODAY.isoformat()
            if "encounter" in resource and when is not None:
                period = visits[resource["encounter"]["reference"].partition("/")[2]]["period"]
                assert period["start"] <= when <= period["end"]
        for visit in visits.values():
            assert visit["period"]["start"] <= visit["period"]["end"]
        if patient["gender"] == "male":
            assert not any(
                r["code"]["coding"][0]["code"] in {"O80.9", "C50.9"} for r in course if r["resourceType"] == "Condition"
            )


def test_values_follow_diseases(groups: list[list[Resource]]) -> None:
    values: dict[bool, list[float]] = defaultdict(list)
    for _, *course in groups[1:]:
        diabetic = any(
            r["code"].get("coding", [{}])[0].get("code") == "E11.9" for r in course if r["resourceType"] == "Condition"
        )
        for resource in course:
            if resource["resourceType"] == "Observation" and resource["code"]["coding"][0] | {"display": ""} == {
                "system": LOINC, "code": "4548-4", "display": "",
            }:  # fmt: skip
                values[diabetic].append(float(resource["valueQuantity"]["value"]))
    assert sum(values[True]) / len(values[True]) > 6.5
    assert sum(values[False]) / max(1, len(values[False])) < 6.5


def test_loading_it_twice_changes_nothing_and_an_unfinished_set_is_completed(connection: psycopg.Connection) -> None:
    caller = system("demo")
    seen: list[tuple[int, int]] = []

    def stop_at_three(covered: int, written: int) -> None:
        seen.append((covered, written))
        if sum(part for part, _ in seen) == 3:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        api.load(connection, caller, patients=5, progress=stop_at_three)
    rest = api.load(connection, caller, patients=5)
    total = sum(written for _, written in seen) + rest
    [(patients, everything, versions)] = connection.execute(
        "select count(*) filter (where type = 'Patient'), count(*), max(version) from record.resource"
    ).fetchall()
    assert (patients, everything, versions) == (5, total, 1)
    assert rest > 0
    assert api.load(connection, caller, patients=5) == 0


def test_nothing_is_written_among_the_patients_of_others(connection: psycopg.Connection) -> None:
    caller = system("demo")
    store.retry(connection, lambda cursor: store.create(cursor, caller, {"resourceType": "Patient"}))
    assert api.load(connection, caller, patients=2) == 0

"""Stories keep the rules of ``rules``; and the rules see what is planted against them."""

from __future__ import annotations

import copy
from base64 import b64decode, b64encode
from collections import Counter
from collections.abc import Callable
from datetime import date
from typing import Any

import pytest

from larrey.apps.demo.catalogue import ACTS
from larrey.apps.demo.generation import Edition, patient, patients, slots
from larrey.apps.demo.pathways import pathways
from larrey.apps.demo.resources import INS_TEST, IPP
from larrey.kit import json
from larrey.wire import cda
from tests.demo import rules
from tests.demo.rules import Dossier

EDITION = Edition(1766, date(2026, 11, 25))
COUNT = 320
Plant = Callable[[Dossier], None]


@pytest.fixture(scope="module")
def dossiers() -> list[Dossier]:
    """Some hundred patients, and at least three more on each pathway, one of them in her bed."""
    wanted = list(range(1, COUNT + 1))
    found: Counter[str] = Counter()
    made = [rules.dossier(EDITION, patient(EDITION, number)) for number in wanted]
    found.update(one.pathway for one in made)
    number = COUNT
    names = {pathway.name for pathway in pathways()}
    while any(found[name] < 3 for name in names) and number < 6000:
        number += 1
        one = patient(EDITION, number)
        if one.pathway and found[one.pathway] < 3:
            found[one.pathway] += 1
            made.append(rules.dossier(EDITION, one))
    assert all(found[name] >= 3 for name in names), found
    return made


@pytest.mark.parametrize("rule", rules.RULES, ids=lambda rule: rule.__name__)
def test_stories_keep_the_rule(dossiers: list[Dossier], rule: rules.Rule) -> None:
    assert [fault for one in dossiers for fault in rules.faults(one, [rule])] == []


def test_no_bed_is_taken_twice(dossiers: list[Dossier]) -> None:
    assert rules.beds_taken_twice(dossiers) == []
    beds = [present.bed.ref["reference"] for _, present in slots(EDITION.seed)]
    assert len(beds) == len(set(beds)) > 300


def test_whoever_is_given_a_bed_lies_in_it() -> None:
    for turn, (pathway, present) in enumerate(slots(EDITION.seed)[:40]):
        one = rules.dossier(EDITION, patient(EDITION, turn * 25 + 7))
        places = [
            move["location"]["reference"]
            for e in one.encounters.values()
            if e["status"] == "in-progress"
            for move in e["location"]
        ]
        assert present.bed.ref["reference"] in places, (turn, pathway.name, present.unit.label)


def test_the_same_number_is_the_same_patient_whatever_comes_before() -> None:
    alone = json.dumps(patient(EDITION, 97).batches)
    assert json.dumps(list(patients(EDITION, 90, 97))[-1].batches) == alone
    assert json.dumps(patient(Edition(7, EDITION.today), 97).batches) != alone
    assert json.dumps(patient(Edition(1766, date(2026, 11, 26)), 97).batches) != alone


def test_every_form_of_document_is_met(dossiers: list[Dossier]) -> None:
    forms = Counter(
        document["content"][0]["attachment"]["contentType"] for one in dossiers for document in one.of("DocumentReference")
    )
    assert forms.keys() == {"text/plain; charset=utf-8", "application/pdf", "text/xml"}


def test_cda_documents_say_who_the_patient_is(dossiers: list[Dossier]) -> None:
    levels: Counter[int] = Counter()
    qualified = set()
    for one in dossiers:
        numbers = [(i["system"], i["value"]) for i in one.patient["identifier"]]
        ins = [("1.2.250.1.213.1.4.10", value) for system, value in numbers if system == INS_TEST]
        ipps = {value for system, value in numbers if system.startswith(IPP)}
        for document in one.of("DocumentReference"):
            content = document["content"][0]
            if content["attachment"]["contentType"] != "text/xml":
                continue
            read = cda.read(b64decode(content["attachment"]["data"]))
            *known, (root, ipp) = read.patient.identifiers
            assert known == ins
            assert root.startswith("2.25.")
            assert ipp in ipps
            assert read.patient.birth_date == one.patient["birthDate"]
            assert (read.title, read.type.code) == (document["description"], document["type"]["coding"][0]["code"])
            code = content["format"]["code"]
            if read.level == 1:
                assert code == "urn:ihe:iti:xds-sd:pdf:2008"
                assert read.parts[0].media_type == "application/pdf"
                assert read.parts[0].content.startswith(b"%PDF-")
            else:
                assert code == "urn:asipSante:modelesHorsProfils:2011"
                assert all(section.blocks for section in read.sections)
            levels[read.level] += 1
            qualified.add(bool(ins))
    assert levels[1] > 3
    assert levels[2] > 3
    assert qualified == {True, False}


def test_what_was_changed_was_changed_by_someone_else() -> None:
    seen = 0
    for one in patients(EDITION, 1, 60):
        signed: dict[str, str] = {}
        for actor, batch in one.batches:
            for resource in batch:
                if resource["id"] in signed:
                    assert signed[resource["id"]] != actor
                    seen += 1
                signed[resource["id"]] = actor
    assert seen


# What is planted below is found by the rule that is for it.


def _first(one: Dossier, type_: str, **has: Any) -> dict[str, Any]:
    return next(r for r in one.of(type_) if all(r.get(key) == value for key, value in has.items()))


def _letter(one: Dossier, change: Callable[[str], str]) -> None:
    for document in one.of("DocumentReference"):
        attachment = document["content"][0]["attachment"]
        if attachment["contentType"].startswith("text/plain"):
            data = change(b64decode(attachment["data"]).decode()).encode()
            attachment |= {"data": b64encode(data).decode(), "size": len(data)}


def _other_sex(one: Dossier) -> None:
    one.patient["gender"] = "male" if one.female else "female"


def _value(key: str, value: float) -> Plant:
    def plant(one: Dossier) -> None:
        code = rules.ANALYSES[key].loinc
        for observation in one.of("Observation"):
            if observation["code"]["coding"][0]["code"] == code:
                observation["valueQuantity"]["value"] = value

    return plant


PLANTS: tuple[tuple[str, Plant], ...] = (
    ("valid", lambda one: _first(one, "Observation").pop("status")),
    ("pathway_fits", lambda one: one.patient.update(birthDate="2019-01-01")),
    ("dates_are_in_order", lambda one: _first(one, "Observation").update(effectiveDateTime="2027-01-01T08:00:00+01:00")),
    ("dates_are_in_order", lambda one: one.patient.update(birthDate="2026-11-01")),
    ("dates_are_in_order", lambda one: one.patient.update(deceasedDateTime="2020-01-01T00:00:00+01:00") or one.__post_init__()),
    ("stays_are_whole", lambda one: _first(one, "Encounter")["location"].pop()),
    ("what_happens_in_a_stay_lies_in_it", lambda one: _first(one, "Observation").update(effectiveDateTime="2019-01-01T08:00:00+01:00")),
    ("values_are_plausible", _value("potassium", 12.5)),
    ("values_follow_the_course", lambda one: [_value("crp", 180)(one), _first(one, "Observation")]),
    ("references_lead_somewhere", lambda one: _first(one, "Observation").update(subject={"reference": "Patient/other"})),
    ("codes_are_known", lambda one: _first(one, "Condition")["code"]["coding"][0].update(display="Autre chose")),
    ("numbers_have_valid_keys", lambda one: one.patient["identifier"][-1].update(value="199017844012300")),
    ("prescriptions_have_the_status_they_should", lambda one: [r.update(status="active") for r in one.of("MedicationRequest")]),
    ("letters_name_the_patient", lambda one: one.patient["name"][-1].update(family="AUTRE")),
    ("letters_name_the_patient", _other_sex),
    ("letters_tell_the_right_age", lambda one: _letter(one, lambda text: text.replace("âgée de ", "âgée de 1"))),
    ("letters_name_known_doctors", lambda one: _letter(one, lambda text: text.replace("Dr ", "Dr X"))),
    ("letters_quote_the_record", _value("hemoglobine", 20.9)),
    ("letters_prescribe_what_is_prescribed", lambda one: _letter(one, lambda text: text.replace(" : 1 comprimé", " : 7 comprimés"))),
    ("letters_give_the_dates_of_the_stay", lambda one: _letter(one, lambda text: text.replace(" du ", " du 3").replace(" le ", " le "))),
    ("sexes_and_ages_fit_diagnoses", lambda one: _first(one, "Condition")["code"]["coding"][0].update(code="O80.9") or _other_sex(one)),
    ("stays_do_not_overlap", lambda one: [e.update(period={"start": "2024-01-01T00:00:00+01:00", "end": "2024-02-01T00:00:00+01:00"})
                                          for e in one.encounters.values()]),
    ("contrast_is_not_given_to_the_allergic", lambda one: one.resources.extend((
        {"resourceType": "AllergyIntolerance", "id": "a", "code": {"coding": [{"code": "V08A"}]}},
        {"resourceType": "Procedure", "id": "p", "code": {"coding": [{"display": ACTS["ZCQH001"]}]}},
    ))),
    ("whoever_has_a_bed_today_lies_in_it", lambda one: [e.update(status="in-progress") for e in one.encounters.values()]),
)  # fmt: skip


@pytest.fixture(scope="module")
def example() -> Dossier:
    """A woman with a hip fracture whose papers are plain text and whose stays are over."""
    for one in patients(EDITION, 1, 4000):
        if one.pathway == "hip_fracture":
            found = rules.dossier(EDITION, one)
            if (
                found.female
                and "deceasedDateTime" not in found.patient
                and found.patient["identifier"][-1]["system"] == rules.INS_TEST
                and sum(e["class"]["code"] == "IMP" for e in found.encounters.values()) > 1
                and all(e["status"] == "finished" for e in found.encounters.values())
                and all(r["content"][0]["attachment"]["contentType"].startswith("text/") for r in found.of("DocumentReference"))
                and "potassium" in found.values()
            ):
                return found
    raise AssertionError("no example among 4,000 patients")


@pytest.mark.parametrize(("rule", "plant"), PLANTS, ids=[f"{number}-{rule}" for number, (rule, _) in enumerate(PLANTS)])
def test_the_rules_see_what_is_wrong(example: Dossier, rule: str, plant: Plant) -> None:
    one = copy.deepcopy(example)
    check = next(one for one in rules.RULES if one.__name__ == rule)
    assert rules.faults(one, [check]) == []
    plant(one)
    assert rules.faults(one, [check])


def test_a_bed_taken_twice_is_seen(dossiers: list[Dossier]) -> None:
    lying = [one for one in dossiers if any(e["status"] == "in-progress" for e in one.encounters.values())][:2]
    first, second = copy.deepcopy(lying)
    places = [next(e for e in one.encounters.values() if e["status"] == "in-progress")["location"][-1] for one in (first, second)]
    places[1]["location"] = places[0]["location"]
    assert rules.beds_taken_twice([first, second])

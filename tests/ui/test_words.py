"""Resources in words: what a clinician reads, and that nothing makes it fail."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest
from django.utils import translation
from hypothesis import given, settings
from hypothesis import strategies as st

from larrey.fhir.definitions import resource_types, type_definition
from larrey.kit import json
from larrey.ui import words
from larrey.ui.words import labels, places
from larrey.ui.words.datatypes import WRITERS, text


@pytest.fixture(autouse=True)
def french() -> Iterator[None]:
    with translation.override("fr"):
        yield


def _code(text_: str) -> dict[str, Any]:
    return {"text": text_}


LINES = [
    (
        {
            "resourceType": "Observation",
            "status": "final",
            "code": _code("Potassium"),
            "effectiveDateTime": "2024-05-01",
            "valueQuantity": {"value": 5.2, "unit": "mmol/L", "comparator": ">="},
            "interpretation": [{"coding": [{"code": "H"}]}],
            "referenceRange": [{"low": {"value": 3, "unit": "mmol/L"}, "high": {"value": 5, "unit": "mmol/L"}}],
        },
        words.Line("01/05/2024", "Potassium", "≥ 5,2 mmol/L · usuelles 3 – 5 mmol/L", ("Élevé", "orange")),
    ),
    (
        {
            "resourceType": "Observation",
            "status": "preliminary",
            "code": _code("Tension"),
            "component": [{"code": _code("PAS"), "valueQuantity": {"value": 120, "code": "mm[Hg]"}}],
        },
        words.Line("", "Tension", "PAS 120 mmHg", ("Préliminaire", "blue")),
    ),
    (
        {"resourceType": "Condition", "code": _code("Asthme"), "clinicalStatus": {"coding": [{"code": "active"}]}},
        words.Line("", "Asthme", "", ("Actif", "green")),
    ),
    (
        {
            "resourceType": "Encounter",
            "status": "finished",
            "class": {"code": "IMP"},
            "period": {"start": "2024-01-01T09:00:00+01:00", "end": "2024-01-01T17:30:00+01:00"},
            "serviceProvider": {"display": "Cardiologie"},
        },
        words.Line("01/01/2024 09:00 – 17:30", "Hospitalisation", "Cardiologie"),
    ),
    (
        {
            "resourceType": "MedicationRequest",
            "status": "stopped",
            "medicationCodeableConcept": _code("Furosémide"),
            "dosageInstruction": [{"text": "1 le matin"}],
        },
        words.Line("", "Furosémide", "1 le matin", ("Arrêté", "secondary")),
    ),
    (
        {"resourceType": "AllergyIntolerance", "criticality": "high", "code": _code("Arachide"), "category": ["food"]},
        words.Line("", "Arachide", "Aliment", ("Risque élevé", "red")),
    ),
    ({"resourceType": "Nonsense", "code": _code("x")}, words.Line("", "x")),
    ({"resourceType": "Slot"}, words.Line("", "Créneaux")),
    ({}, words.Line("", "")),
]


@pytest.mark.parametrize(("resource", "line"), LINES)
def test_the_line_of_a_list(resource: dict[str, Any], line: words.Line) -> None:
    exact = json.loads(json.dumps(resource))
    assert words.describe(exact) == line


def test_details_follow_the_definition_in_words() -> None:
    resource = json.loads(
        b"""{"resourceType": "Patient", "id": "1", "extension": [{"url": "http://x/race", "valueString": "R"}],
        "text": {"status": "generated", "div": "<div>NO</div>"}, "birthDate": "1984-02-03", "active": true,
        "gender": "female", "contact": [{"name": {"family": "Martin"}, "gender": "male"}, {}],
        "managingOrganization": {"reference": "Organization/2"}, "strange": {"a": 1.10}, "_birthDate": {"id": "b"}}"""
    )
    rows = words.details(resource)
    assert [(row.label, row.text, row.link) for row in rows if not row.rows] == [
        ("Actif", "Oui", ""),
        ("Sexe", "Féminin", ""),
        ("Date de naissance", "03/02/1984", ""),
        ("Contact 2", "", ""),
        ("Géré par", "Organismes (2)", "Organization/2"),
        ("Strange", '{"a":1.10}', ""),
        ("Race", "R", ""),
    ]
    assert [(row.label, row.text) for row in rows if row.rows for row in row.rows] == [("Nom", "MARTIN"), ("Sexe", "Masculin")]


def test_edits_say_what_changed_and_where() -> None:
    before = json.loads(
        b"""{"resourceType": "Patient", "meta": {"versionId": "1", "tag": [{"code": "t"}]}, "gender": "male",
        "name": [{"family": "Martin"}, {"family": "Dupont"}], "birthDate": "1984",
        "contact": [{"name": {"family": "A"}, "gender": "male"}]}"""
    )
    after = json.loads(
        b"""{"resourceType": "Patient", "meta": {"versionId": "2"}, "gender": "female",
        "name": [{"family": "Martin"}, {"family": "Durand"}], "deceasedBoolean": false,
        "contact": [{"name": {"family": "B"}, "gender": "male"}]}"""
    )
    assert words.edits(before, after) == [
        words.Edit("Données techniques › Marque", "t", ""),
        words.Edit("Nom 2", "DUPONT", "DURAND"),
        words.Edit("Sexe", "Masculin", "Féminin"),
        words.Edit("Date de naissance", "1984", ""),
        words.Edit("Décès", "", "Non"),
        words.Edit("Contact › Nom", "A", "B"),
    ]
    assert words.edits(before, before) == []


def test_a_change_that_words_leave_out_is_shown_as_it_is() -> None:
    old = {"resourceType": "Basic", "code": {"coding": [{"system": "a", "code": "x"}]}}
    new = {"resourceType": "Basic", "code": {"coding": [{"system": "b", "code": "x"}]}}
    (edit,) = words.edits(old, new)
    assert '"system":"a"' in edit.before
    assert '"system":"b"' in edit.after


def test_identity_as_in_france() -> None:
    identity = words.identify(
        {
            "resourceType": "Patient",
            "id": "1",
            "gender": "female",
            "birthDate": "1950",
            "deceasedDateTime": "2020-01-02",
            "name": [
                {"use": "official", "family": "Dubois", "given": ["Hélène", "Marie"]},
                {"use": "usual", "family": "Marchand", "given": ["Hélène"]},
            ],
            "identifier": [
                {"system": "urn:x", "value": "7"},
                {"type": {"coding": [{"code": "PI"}]}, "value": "8001"},
                {"system": "urn:oid:1.2.250.1.213.1.4.8", "value": "250037512345642"},
                {"system": "urn:y", "value": "8001"},
                {"use": "old", "value": "9"},
            ],
        }
    )
    assert [(number.kind, number.of_record) for number in identity.numbers] == [("INS", False), ("IPP", True), ("Numéro", False)]
    assert replace(identity, numbers=()) == words.Identity(
        "1",
        "MARCHAND Hélène",
        "née DUBOIS",
        "Féminin",
        "1950",
        "70 ans",
        "décès le 02/01/2020",
        (("INS", "2 50 03 75 123 456 42"), ("IPP", "8001"), ("Numéro", "7")),
    )
    assert words.identify({}).name == "Nom inconnu"


def test_noise_of_decimals_is_rounded_and_small_values_are_kept() -> None:
    def shown(number: bytes) -> str:
        return text(json.loads(b'{"value": %s}' % number), "Quantity")

    assert shown(b"1.10") == "1,10"
    assert shown(b"0.0021") == "0,0021"
    assert shown(b"176.35499866729558") == "176,35"
    assert shown(b"0.000123456") == "0,000123"


def test_hl7_codes_are_words_and_others_are_left_alone() -> None:
    assert text({"coding": [{"system": "http://terminology.hl7.org/CodeSystem/x", "code": "H"}]}, "CodeableConcept") == "Élevé"
    assert text({"coding": [{"system": "urn:mine", "code": "H"}]}, "CodeableConcept") == "H"
    assert text({"low": {"value": 3, "unit": "g"}, "high": {"value": 5, "unit": "kg"}}, "Range") == "3 g – 5 kg"
    assert text("fr-FR", "code") == "fr-FR"


def test_every_type_and_element_has_a_label() -> None:
    for type_ in resource_types():
        assert labels.kind(type_)
        for element in type_definition(type_).elements:
            assert labels.element(element)
    assert labels.element("plannedStart") == "Planned start"


_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=8) | st.decimals(allow_nan=False, allow_infinity=False),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from(["value", "coding", "code", "reference", "start", "text", "unit", "repeat"]), inner)
    ),
    max_leaves=12,
)


@settings(max_examples=150, deadline=None)
@given(st.sampled_from(sorted(resource_types())), st.data())
def test_no_content_makes_words_fail(type_: str, data: st.DataObject) -> None:
    names = st.sampled_from(sorted(type_definition(type_).properties))
    resource = {**data.draw(st.dictionaries(names, _JSON, max_size=6)), "resourceType": type_}
    other = {**data.draw(st.dictionaries(names, _JSON, max_size=6)), "resourceType": type_}
    words.describe(resource)
    words.details(resource)
    words.identify(resource)
    words.edits(other, resource)
    for each in (words.title(resource), words.happened(resource), words.treatment(resource).medicine):
        assert isinstance(each, str)
    assert all(isinstance(movement.words, str) for movement in words.movements(resource))


@settings(max_examples=200, deadline=None)
@given(st.sampled_from(sorted(WRITERS)), _JSON)
def test_no_value_makes_a_writer_fail(type_: str, value: Any) -> None:
    assert isinstance(text(value, type_), str)


@settings(max_examples=150, deadline=None)
@given(_JSON, _JSON, _JSON)
def test_no_place_of_a_stay_makes_movements_fail(place: Any, period: Any, kind: Any) -> None:
    entry = {"location": place, "period": period, "physicalType": kind, "status": kind}
    for location in ([entry, place], entry, place):
        stay = {"resourceType": "Encounter", "location": location}
        known = {"": {}, "Location/1": {"name": place, "physicalType": kind, "partOf": period, "managingOrganization": kind}}
        assert isinstance(words.movements(stay, known), list)
        assert isinstance(places.to_look_up(stay), list)


@settings(max_examples=150, deadline=None)
@given(_JSON, _JSON, _JSON)
def test_no_dose_makes_a_treatment_fail(dose: Any, timing: Any, reference: Any) -> None:
    resource = {
        "resourceType": "MedicationRequest",
        "dosageInstruction": [{"text": "x", "timing": timing}, dose],
        "dispenseRequest": dose,
        "requester": reference,
        "reasonReference": [reference],
        "medicationReference": reference,
    }
    assert words.treatment(resource).medicine


def test_people_and_things_are_named() -> None:
    doctor = {"resourceType": "Practitioner", "name": [{"prefix": ["Dr"], "family": "Kervella", "given": ["Solène"]}]}
    assert words.title(doctor) == "Dr KERVELLA Solène"
    assert words.title({"resourceType": "Organization", "name": "Cardiologie"}) == "Cardiologie"
    assert words.title({"resourceType": "Condition", "code": {"text": "Asthme"}}) == "Asthme"


def test_a_movement_is_a_unit_a_room_and_a_bed_that_begin_together() -> None:
    def place(name: str, kind: str, start: str, end: str = "") -> dict[str, Any]:
        period = {"start": start} | ({"end": end} if end else {})
        return {"location": {"display": name}, "physicalType": {"coding": [{"code": kind}]}, "period": period}

    stay = {
        "resourceType": "Encounter",
        "location": [
            place("Lit 2", "bd", "2024-01-02"),
            place("Urgences", "wa", "2024-01-01", "2024-01-02"),
            place("Cardiologie", "wa", "2024-01-02"),
            {"location": {"display": "Bloc"}, "status": "planned", "period": {"start": "2024-01-03"}},
        ],
    }
    assert [movement.words for movement in words.movements(stay)] == ["Urgences", "Cardiologie · Lit 2"]
    assert places.now_at(stay) == words.Movement(unit="Cardiologie", bed="Lit 2", start="2024-01-02")
    assert places.now_at({"location": stay["location"][1:2]}) is None


def test_a_bed_tells_its_room_and_its_unit() -> None:
    bed = {
        "resourceType": "Location",
        "name": "Lit 202-F",
        "physicalType": {"coding": [{"code": "bd"}]},
        "partOf": {"display": "Chambre 202"},
        "managingOrganization": {"display": "Endocrinologie"},
    }
    stay = {"location": [{"location": {"reference": "Location/b", "display": "Lit 202-F"}, "period": {"start": "2024-01-02"}}]}
    assert places.to_look_up(stay) == ["Location/b"]
    assert [each.words for each in words.movements(stay, {"Location/b": bed})] == ["Endocrinologie · Chambre 202 · Lit 202-F"]
    assert [each.words for each in words.movements(stay)] == ["Lit 202-F"]


def test_a_treatment_tells_its_course() -> None:
    repeat = {"boundsPeriod": {"start": "2024-04-02", "end": "2024-04-12"}}
    shown = words.treatment(
        {
            "resourceType": "MedicationRequest",
            "id": "1",
            "status": "on-hold",
            "medicationCodeableConcept": {"text": "Furosémide"},
            "authoredOn": "2024-04-01",
            "dosageInstruction": [{"text": "1 le matin", "timing": {"repeat": repeat}}],
            "requester": {"reference": "Practitioner/1"},
            "reasonReference": [{"reference": "Condition/2", "display": "Œdèmes"}],
        }
    )
    assert (shown.medicine, shown.dose, shown.start, shown.end) == ("Furosémide", "1 le matin", "2024-04-02", "2024-04-12")
    assert (shown.length, shown.state, shown.reason) == ("10 jours", ("Suspendu", "blue"), "Œdèmes")
    assert (shown.prescriber_reference, shown.reason_reference) == ("Practitioner/1", "")

"""Search values of resources: every R4 parameter, by the rules of http://hl7.org/fhir/R4/search.html."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any, cast

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from larrey.fhir.dates import BEGINNING, END
from larrey.fhir.definitions import CLINICAL_DATE, PATIENT_PARAMETER, official_parameters, resource_types, search_parameters
from larrey.fhir.extraction import COLUMNS, NOT_COMPILED, extract
from larrey.fhir.extraction.converters import CONVERTERS, WITHOUT_VALUE
from larrey.fhir.extraction.plans import plan
from larrey.fhir.paths import compile_path
from larrey.fhir.paths.compiler import compile_node
from larrey.fhir.paths.parser import parse
from larrey.fhir.values import Amount, Reference, Span, Token, TypedIdentifier, Value
from larrey.kit import json
from larrey.kit.errors import Invalid, LarreyError

LOINC = "http://loinc.org"
UCUM = "http://unitsofmeasure.org"
INFINITY = Decimal("Infinity")


def values(resource: dict[str, Any]) -> dict[str, list[Value]]:
    return {parameter.code: found for parameter, found in extract(resource)}


def amount(value: str, code: str | None = None, unit: str | None = None) -> Amount:
    number = Decimal(value)
    return Amount(number, number, number, UCUM if code else None, code, unit)


def test_every_parameter_compiles_or_has_its_reason() -> None:
    compiled: set[str] = set()
    refused: set[str] = set()
    for type_ in resource_types():
        made = plan(type_)
        served = {i for runs in [*made.handlers.values(), made.always] for _, slots in runs for i in slots}
        for slot, parameter in enumerate(made.parameters):
            (compiled if slot in served else refused).add(parameter.url)
        for code in COLUMNS:
            parameter = search_parameters(type_)[code]
            compile_path(parameter.expression, type_)
            compiled.add(parameter.url)
    assert refused == set(NOT_COMPILED)
    assert not compiled & refused
    assert {url for url in compiled | refused if not url.startswith("urn:larrey:")} == set(official_parameters())
    assert all(NOT_COMPILED.values())


def test_every_refused_parameter_is_really_impossible() -> None:
    for url in NOT_COMPILED:
        row = official_parameters()[url]
        if row["expression"]:
            with pytest.raises(LarreyError):
                compile_path(row["expression"], row["base"])


def test_every_pair_of_types_is_converted_or_explained() -> None:
    pairs = set()
    for type_ in resource_types():
        for parameter in search_parameters(type_).values():
            if parameter.url not in NOT_COMPILED and parameter.type != "composite":
                pairs |= {(parameter.type, b.type) for b in compile_node(parse(parameter.expression), type_, type_)}
    assert pairs <= set(CONVERTERS) | set(WITHOUT_VALUE)
    assert not set(CONVERTERS) & set(WITHOUT_VALUE)


def test_observation() -> None:
    concept = {"coding": [{"system": LOINC, "code": "8302-2", "display": "Body height"}], "text": "Taille"}
    found = values(
        {
            "resourceType": "Observation",
            "id": "o",
            "meta": {"tag": [{"system": "urn:t", "code": "x"}], "profile": ["http://p"], "lastUpdated": "2024-01-01T00:00:00Z"},
            "status": "final",
            "code": concept,
            "subject": {"reference": "Patient/1"},
            "effectiveDateTime": "2024-02-03",
            "valueQuantity": {"value": Decimal("1.70"), "unit": "m", "system": UCUM, "code": "m"},
        }
    )
    tokens = [Token(LOINC, "8302-2", "Body height"), Token(None, None, "Taille")]
    day = Span(datetime(2024, 2, 3, tzinfo=UTC), datetime(2024, 2, 4, tzinfo=UTC))
    assert found == {
        "_tag": [Token("urn:t", "x", None)],
        "_profile": ["http://p"],
        "status": [Token(None, "final", None)],
        "code": tokens,
        "combo-code": tokens,
        "subject": [Reference("Patient/1", None)],
        "patient": [Reference("Patient/1", None)],
        "date": [day],
        "value-quantity": [amount("1.70", "m", "m")],
        "combo-value-quantity": [amount("1.70", "m", "m")],
        "code-value-quantity": [(tokens[0], amount("1.70", "m", "m"))],
        "combo-code-value-quantity": [(tokens[0], amount("1.70", "m", "m"))],
    }
    assert str(cast(Amount, found["value-quantity"][0]).value) == "1.70"


def test_components_are_paired_one_by_one() -> None:
    def component(code: str, value: int) -> dict[str, Any]:
        return {"code": {"coding": [{"system": LOINC, "code": code}]}, "valueQuantity": {"value": value}}

    found = values(
        {
            "resourceType": "Observation",
            "code": {"coding": [{"system": LOINC, "code": "85354-9"}]},
            "component": [component("8480-6", 120), component("8462-4", 80)],
        }
    )
    pairs = [(Token(LOINC, "8480-6", None), amount("120")), (Token(LOINC, "8462-4", None), amount("80"))]
    assert found["component-code-value-quantity"] == pairs
    assert found["combo-code-value-quantity"] == pairs
    assert [v[1] for v in found["combo-code"]] == ["85354-9", "8480-6", "8462-4"]
    assert "code-value-quantity" not in found
    assert "value-quantity" not in found


def test_composites_of_other_value_types() -> None:
    code = {"coding": [{"system": LOINC, "code": "x"}]}
    token = Token(LOINC, "x", None)
    yes = {"coding": [{"code": "y"}], "text": "why"}
    assert values({"resourceType": "Observation", "code": code, "valueString": "abc"})["code-value-string"] == [(token, "abc")]
    concept = values({"resourceType": "Observation", "code": code, "valueCodeableConcept": yes})
    assert concept["code-value-concept"] == [(token, Token(None, "y", None))], "a text alone is no component"
    when = values({"resourceType": "Observation", "code": code, "valueDateTime": "2024"})
    assert when["code-value-date"] == [(token, Span(datetime(2024, 1, 1, tzinfo=UTC), datetime(2025, 1, 1, tzinfo=UTC)))]
    related = {"code": "replaces", "target": {"reference": "DocumentReference/1"}}
    document = values({"resourceType": "DocumentReference", "relatesTo": [related]})
    assert document["relationship"] == [(Reference("DocumentReference/1", None), Token(None, "replaces", None))]
    sequence = {"chromosome": {"coding": [{"code": "7"}]}, "windowStart": 5, "windowEnd": 9}
    molecular = {"resourceType": "MolecularSequence", "referenceSeq": sequence, "variant": [{"start": 6, "end": 7}]}
    seven = Token(None, "7", None)
    assert values(molecular)["chromosome-variant-coordinate"] == [(seven, amount("6"), amount("7"))]
    assert values(molecular)["chromosome-window-coordinate"] == [(seven, amount("5"), amount("9"))]


def test_patient() -> None:
    found = values(
        {
            "resourceType": "Patient",
            "active": True,
            "identifier": [
                {
                    "system": "urn:oid:1.2",
                    "value": "123",
                    "type": {"coding": [{"system": "urn:v2", "code": "PI"}, {"display": "no code"}], "text": "IPP"},
                },
                {"value": "456"},
                {"system": "urn:empty"},
            ],
            "name": [{"family": "Le Goff-d’Été", "given": ["Anne-Marie", None], "prefix": ["Mme"], "text": "Anne"}],
            "telecom": [{"system": "phone", "value": "01"}, {"system": "email", "value": "a@b"}, {"system": "fax"}],
            "gender": "female",
            "birthDate": "1970",
            "address": [{"line": ["1 rue X", "Bât. B"], "city": "Paris", "postalCode": "75013", "country": "FR", "text": "tout"}],
            "link": [{"other": {"reference": "Patient/2"}, "type": "seealso"}],
        }
    )
    assert found["identifier"] == [
        Token("urn:oid:1.2", "123", "IPP"),
        TypedIdentifier("urn:v2", "PI", "123"),
        Token(None, "456", None),
    ]
    assert found["name"] == ["Anne", "Le Goff-d’Été", "Anne-Marie", "Mme"]
    assert found["phonetic"] == found["name"]
    assert found["family"] == ["Le Goff-d’Été"]
    assert found["given"] == ["Anne-Marie"]
    assert found["word"] == ["Anne", "Le", "Goff", "d", "Été", "Marie", "Mme"]
    assert found["telecom"] == [Token(None, "01", None), Token(None, "a@b", None)]
    assert found["phone"] == [Token(None, "01", None)]
    assert found["email"] == [Token(None, "a@b", None)]
    assert found["gender"] == [Token(None, "female", None)]
    assert found["active"] == [Token(None, "true", None)]
    assert found["address"] == ["1 rue X", "Bât. B", "tout", "Paris", "75013", "FR"]
    assert found["address-postalcode"] == ["75013"]
    assert found["link"] == [Reference("Patient/2", None)]
    assert found["deceased"] == [Token(None, "false", None)], "a patient without the element is not known to be dead"


@pytest.mark.parametrize(
    ("element", "expected"),
    [({"deceasedBoolean": True}, "true"), ({"deceasedBoolean": False}, "false"), ({"deceasedDateTime": "2020"}, "true")],
)
def test_deceased(element: dict[str, Any], expected: str) -> None:
    found = values({"resourceType": "Patient", **element})
    assert found["deceased"] == [Token(None, expected, None)]
    assert ("death-date" in found) == ("deceasedDateTime" in element)


@pytest.mark.parametrize(
    ("reference", "expected"),
    [
        ({"reference": "Patient/1"}, [Reference("Patient/1", None)]),
        ({"reference": "Patient/1/_history/3"}, [Reference("Patient/1", None)]),
        ({"reference": "https://a.example/fhir/Patient/1/_history/3"}, [Reference("https://a.example/fhir/Patient/1", None)]),
        ({"reference": "urn:uuid:018f428e-34f6-4707-8009-5ad742f901e7"},
         [Reference("urn:uuid:018f428e-34f6-4707-8009-5ad742f901e7", None)]),
        ({"reference": "#p"}, []),
        ({"display": "someone"}, []),
        ({"identifier": {"system": "urn:s", "value": "9"}}, [Reference(None, Token("urn:s", "9", None))]),
        ({"reference": "Patient/1", "identifier": {"value": "9"}}, [Reference("Patient/1", Token(None, "9", None))]),
        ({"reference": "#p", "identifier": {"value": "9"}}, [Reference(None, Token(None, "9", None))]),
    ],
)  # fmt: skip
def test_references(reference: dict[str, Any], expected: list[Value]) -> None:
    assert values({"resourceType": "Encounter", "subject": reference}).get("subject", []) == expected


def test_a_reference_by_type_only_points_to_that_type() -> None:
    assert "patient" not in values({"resourceType": "Observation", "subject": {"reference": "Group/1"}})
    named = {"type": "Patient", "identifier": {"value": "9"}}
    assert values({"resourceType": "Observation", "subject": named})["patient"] == [Reference(None, Token(None, "9", None))]


def test_canonicals_are_found_with_and_without_version() -> None:
    found = values({"resourceType": "QuestionnaireResponse", "questionnaire": "http://q|2.0"})
    assert found["questionnaire"] == [Reference("http://q|2.0", None), Reference("http://q", None)]
    assert "questionnaire" not in values({"resourceType": "QuestionnaireResponse", "questionnaire": "#contained"})
    assert values({"resourceType": "ValueSet", "url": "http://v"})["url"] == ["http://v"]


@pytest.mark.parametrize(
    ("timing", "expected"),
    [
        ({"event": ["2024-03-01", "2024-01-01"]}, ("2024-01-01", "2024-03-02")),
        ({"repeat": {"boundsPeriod": {"start": "2024-01-05", "end": "2024-01-06"}}}, ("2024-01-05", "2024-01-07")),
        ({"event": ["2024-01-01"], "repeat": {"boundsPeriod": {"end": "2024-02-01"}}}, (None, "2024-02-02")),
        ({"repeat": {"frequency": 3}}, None),
    ],
)
def test_timing(timing: dict[str, Any], expected: tuple[str | None, str] | None) -> None:
    found = values({"resourceType": "Observation", "effectiveTiming": timing}).get("date", [])
    if expected is None:
        assert found == []
        return
    low, high = (datetime.fromisoformat(text).replace(tzinfo=UTC) if text else BEGINNING for text in expected)
    assert found == [Span(low, high)]


def test_periods_are_open_where_they_say_nothing() -> None:
    found = values({"resourceType": "Encounter", "period": {"start": "2024-01-01"}})
    assert found["date"] == [Span(datetime(2024, 1, 1, tzinfo=UTC), END)]
    assert "date" not in values({"resourceType": "Encounter", "period": {}})


@pytest.mark.parametrize("comparator", ["<", "<="])
def test_less_than_is_open_below(comparator: str) -> None:
    found = values({"resourceType": "Observation", "valueQuantity": {"value": 5, "comparator": comparator}})
    assert found["value-quantity"] == [Amount(-INFINITY, Decimal(5), Decimal(5), None, None, None)]


@pytest.mark.parametrize("comparator", [">", ">="])
def test_more_than_is_open_above(comparator: str) -> None:
    found = values({"resourceType": "Observation", "valueQuantity": {"value": 5, "comparator": comparator}})
    assert found["value-quantity"] == [Amount(Decimal(5), INFINITY, Decimal(5), None, None, None)]


def test_other_quantities() -> None:
    data = {"origin": {"value": 10, "unit": "mV"}, "factor": Decimal("0.5"), "data": "2 -4 E U", "upperLimit": 30}
    sampled = values({"resourceType": "Observation", "valueSampledData": data})["value-quantity"]
    assert sampled == [Amount(Decimal(8), Decimal(25), Decimal(8), None, None, "mV")]
    for worthless in ("Jeanne", "NaN", "1e9999", "--1", "²"):
        more = {**data, "data": f"{data['data']} {worthless}"}
        assert values({"resourceType": "Observation", "valueSampledData": more})["value-quantity"] == sampled
    age = {"low": {"value": 40, "system": UCUM, "code": "a"}}
    onset = values({"resourceType": "Condition", "onsetRange": age})["onset-age"]
    assert onset == [Amount(Decimal(40), INFINITY, Decimal(40), UCUM, "a", None)]
    invoice = values({"resourceType": "Invoice", "totalNet": {"value": Decimal("12.50"), "currency": "EUR"}})["totalnet"]
    assert invoice == [amount("12.50")._replace(system="urn:iso:std:iso:4217", code="EUR", unit="EUR")]
    risk = {"resourceType": "RiskAssessment", "prediction": [{"probabilityDecimal": Decimal("0.25")}]}
    assert values(risk)["probability"] == [amount("0.25")]


def test_special_and_bundles() -> None:
    place = {"resourceType": "Location", "position": {"latitude": Decimal("48.85"), "longitude": 2}}
    assert values(place)["near"] == [(amount("48.85"), amount("2"))]
    composition = {"resourceType": "Composition", "id": "c"}
    entries = [{"resource": composition}, {"resource": {"resourceType": "Patient"}}]
    bundle = {"resourceType": "Bundle", "type": "document", "entry": entries}
    assert values(bundle)["composition"] == [Reference("Composition/c", None)]


def test_dates_in_words_have_no_interval() -> None:
    assert values({"resourceType": "Immunization", "occurrenceString": "en 2019"}).get("date") is None
    assert values({"resourceType": "Procedure", "performedAge": {"value": 3}}).get("date") is None


def test_unknown_types_and_broken_shapes_are_invalid() -> None:
    for resource in ({}, {"resourceType": "Nothing"}, {"resourceType": 5}, {"resourceType": "Resource"}):
        with pytest.raises(Invalid):
            extract(resource)
    broken: list[dict[str, Any]] = [
        {"code": "text"}, {"code": {"coding": [None]}}, {"code": {"coding": [{"code": {}}]}}, {"effectiveDateTime": 5},
        {"effectiveDateTime": "2024-13"}, {"valueQuantity": {"value": "five"}}, {"subject": {"reference": 4}},
    ]  # fmt: skip
    for elements in broken:
        with pytest.raises(Invalid):
            extract({"resourceType": "Observation", **elements})


@settings(max_examples=150, deadline=None)
@given(seed=st.integers(0, 10**6), type_=st.sampled_from(sorted(resource_types())))
def test_any_valid_resource_gives_well_made_values(
    seed: int, type_: str, make_resource: Callable[[str, int], dict[str, Any]]
) -> None:
    resource = make_resource(type_, seed)
    before = json.dumps(resource)
    for parameter, found in extract(resource):
        assert parameter.base == type_
        assert found
        for value in found:
            _check(value, parameter.type)
        single = {CLINICAL_DATE.get(type_), PATIENT_PARAMETER.get(type_)}
        assert len(found) <= 1 or parameter.code not in single
    assert json.dumps(resource) == before
    assert extract(json.loads(before)) == extract(resource)


def _check(value: Value, type_: str) -> None:
    match value:
        case Token(system, code, text):
            assert type_ in {"token", "component"}
            assert code is not None or text is not None
            assert all(part is None or isinstance(part, str) for part in (system, code, text))
        case TypedIdentifier():
            assert type_ == "token"
        case Reference(target, identifier):
            assert type_ in {"reference", "component"}
            assert target or identifier
            assert not (target or "").startswith("#")
        case Span(low, high):
            assert type_ in {"date", "component"}
            assert low < high
            assert low.tzinfo is high.tzinfo is UTC
        case Amount(low, high, number):
            assert type_ in {"quantity", "number", "component"}
            assert low <= number or type_ == "quantity"
            assert isinstance(high, Decimal)
        case str():
            assert type_ in {"string", "uri", "component"}
        case tuple():
            assert type_ in {"composite", "special"}
            for part in cast(tuple[Value, ...], value):
                _check(part, "component")


@settings(max_examples=60, deadline=None)
@given(seed=st.integers(0, 10**6), type_=st.sampled_from(sorted(resource_types())))
def test_a_missing_parameter_has_nothing_to_convert(
    seed: int, type_: str, make_resource: Callable[[str, int], dict[str, Any]]
) -> None:
    """Where the expression selects something convertible, extraction gives it; where nothing, nothing."""
    resource = make_resource(type_, seed)
    found = values(resource)
    for parameter in search_parameters(type_).values():
        if parameter.url in NOT_COMPILED or parameter.type == "composite" or parameter.code in COLUMNS:
            continue
        expected: list[Value] = []
        for branch in compile_node(parse(parameter.expression), type_, type_):
            convert = CONVERTERS.get((parameter.type, branch.type))
            for item in branch.get(resource, resource) if convert else ():
                convert(item, expected)  # type: ignore[misc]
        if parameter.code != "word":
            assert sorted(map(str, found.get(parameter.code, []))) == sorted(map(str, expected)), parameter.code

"""What pages say of a resource, in French and in English."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from larrey.fhir import reading
from larrey.fhir.definitions import resource_types
from larrey.kit.errors import Invalid

NBSP = "\u00a0"
UCUM = "http://unitsofmeasure.org"


def plain(text: str) -> str:
    """With ordinary spaces, for comparing."""
    return text.replace(NBSP, " ").replace("\u202f", " ")


# People ---------------------------------------------------------------------------------------------------------------

PATIENT: dict[str, Any] = {
    "resourceType": "Patient",
    "id": "p",
    "identifier": [
        {"system": "urn:ipp", "value": "old", "use": "old", "type": {"coding": [{"system": "urn:v2", "code": "PI"}]}},
        {"system": "urn:ipp", "value": "42"},
        {"system": "urn:none"},
        {"system": "urn:ins", "value": "1700375", "type": {"coding": [{"system": "urn:v2", "code": "NI"}]}},
    ],
    "name": [
        {"use": "maiden", "family": "Durand", "given": ["Jeanne"]},
        {"use": "usual", "family": "Martin", "given": ["Jeanne"]},
        {"use": "official", "family": "Le Goff", "given": ["Jeanne", "Marie"], "prefix": ["Dr"], "suffix": ["PhD"]},
    ],
    "address": [
        {"use": "old", "city": "Lyon"},
        {"line": ["1 rue X", "Bât. B"], "postalCode": "75013", "city": "Paris", "country": "FR"},
    ],
    "telecom": [
        {"system": "phone", "value": "01", "use": "home", "rank": 2},
        {"system": "phone", "value": "06", "use": "mobile"},
        {"system": "phone", "value": "00", "use": "old"},
        {"system": "phone", "value": "02", "use": "home", "rank": 1},
    ],
    "extension": [
        {
            "url": "http://birth",
            "extension": [{"url": "place", "valueAddress": {"city": "Rennes"}}, {"url": "known", "valueBoolean": False}],
        }
    ],
}


def test_names() -> None:
    official = reading.official_name(PATIENT)
    assert official is PATIENT["name"][2]
    assert reading.human_name(official) == "LE GOFF Jeanne Marie"
    assert reading.human_name(official, prefix=True) == "Dr LE GOFF Jeanne Marie PhD"
    assert reading.given_names(official) == "Jeanne Marie"
    assert reading.name_of(PATIENT) == "MARTIN Jeanne", "the usual name is the one to call someone by"
    assert reading.human_name({"text": "Jean Dupont"}) == "Jean Dupont"
    assert reading.human_name({"family": "x", "text": "ignored"}) == "X"
    assert reading.human_name({"given": ["Jean", None]}) == "Jean"
    assert reading.human_name(None) == reading.human_name({}) == ""
    assert reading.official_name({"name": [{"use": "old"}, {"family": "A"}]}) == {"family": "A"}
    assert reading.official_name({}) is None
    assert reading.name_of({"name": "Hôpital X"}) == "Hôpital X"
    assert reading.name_of({"name": {"family": "Contact"}}) == "CONTACT"
    assert reading.name_of({}) == ""


def test_addresses_and_telecoms() -> None:
    address = reading.official_address(PATIENT)
    assert reading.address_lines(address) == ["1 rue X", "Bât. B", "75013 Paris", "FR"]
    assert reading.address_line(address) == "1 rue X, Bât. B, 75013 Paris, FR"
    assert reading.address_lines({"text": "a\nb"}) == ["a", "b"]
    assert reading.address_line(None) == ""
    assert reading.telecom(PATIENT, "phone") == "02"
    assert reading.telecom(PATIENT, "phone", "mobile", "home") == "06"
    assert reading.telecom(PATIENT, "email") is None


def test_identifiers_and_extensions() -> None:
    assert reading.identifier_value(PATIENT, "urn:ipp") == "42"
    assert reading.identifier_value(PATIENT, "urn:none") is None
    assert reading.identifier_of_type(PATIENT, "NI") == "1700375"
    assert reading.identifier_of_type(PATIENT, "NI", "urn:other") is None
    assert reading.extension(PATIENT, "http://birth") is PATIENT["extension"][0]
    assert reading.extension_value(PATIENT, "http://birth", "place") == {"city": "Rennes"}
    assert reading.extension_value(PATIENT, "http://birth", "known") is False
    assert reading.extension_value(PATIENT, "http://birth") is None
    assert reading.extension_value(PATIENT, "http://other", "place") is None
    assert reading.extension_value(None, "http://birth") is None


def test_choices_and_items() -> None:
    assert reading.choice({"resourceType": "Patient", "deceasedBoolean": False}, "deceased") == ("boolean", False)
    assert reading.choice({"resourceType": "Patient"}, "deceased") is None
    assert reading.choice({"valueDateTime": "2024"}, "value", "Observation.component") == ("dateTime", "2024")
    assert reading.choice({"valueQuantity": {"value": 1}}, "value") == ("Quantity", {"value": 1})
    assert reading.choice({"valueDateTime": "2024"}, "value") == ("dateTime", "2024")
    assert reading.choice({"values": 1}, "value") is None
    assert reading.items({"a": [1, None, 2]}, "a") == [1, 2]
    assert reading.items({"a": 1}, "a") == [1]
    assert reading.items({}, "a") == reading.items(None, "a") == []


def test_references() -> None:
    assert reading.reference_id({"reference": "Patient/1/_history/2"}) == "1"
    assert reading.reference_id({"reference": "Patient/1"}, "Patient", "Group") == "1"
    assert reading.reference_id({"reference": "Patient/1"}, "Group") is None
    assert reading.reference_id({"display": "x"}) is None
    assert reading.reference_id(None) is None
    assert reading.reference_text({"display": "Dr X", "reference": "Practitioner/1"}) == "Dr X"
    assert reading.reference_text({"identifier": {"value": "99"}}) == "99"
    assert reading.reference_text({"reference": "Practitioner/1"}) == "Practitioner/1"
    assert reading.reference_text(None) == ""
    inside = {"resourceType": "Organization", "id": "c"}
    assert reading.contained({"contained": [inside]}, {"reference": "#c"}) is inside
    assert reading.contained({"contained": [inside]}, {"reference": "#d"}) is None
    assert reading.contained({"contained": [inside]}, {"reference": "Organization/c"}) is None


def test_patient_of_a_resource() -> None:
    assert reading.patient_id(PATIENT) == "p"
    assert reading.patient_id({"resourceType": "Observation", "subject": {"reference": "Patient/7"}}) == "7"
    assert reading.patient_id({"resourceType": "Observation", "subject": {"reference": "Group/7"}}) is None
    assert reading.patient_id({"resourceType": "Immunization", "patient": {"reference": "Patient/7"}}) == "7"
    assert reading.patient_id({"resourceType": "Organization"}) is None


# Codes ----------------------------------------------------------------------------------------------------------------


def test_concepts() -> None:
    concept = {"coding": [{"system": "a", "code": "1"}, {"system": "b", "code": "2", "display": "Deux"}]}
    assert reading.concept_text(concept) == "Deux"
    assert reading.concept_text({**concept, "text": "Texte"}) == "Texte"
    chosen = {"coding": [{"display": "Un"}, {"display": "Deux", "userSelected": True}]}
    assert reading.concept_text(chosen) == "Deux"
    assert reading.concept_text({"coding": [{"code": "1"}]}) == "1"
    assert reading.concept_text({}) == reading.concept_text(None) == ""
    assert reading.coding_text({"code": "x", "display": "X"}) == "X"
    assert reading.coding_text(None) == ""
    assert reading.codes(concept) == [("a", "1"), ("b", "2")]
    assert reading.code_in(concept, "b") == "2"
    assert reading.code_in(concept, "c") is None
    assert reading.has_code(concept, "a", "0", "1")
    assert not reading.has_code(concept, "b", "1")
    high = {"interpretation": [{"text": "élevé"}, {"coding": [{"code": "A"}]}, {}]}
    assert reading.interpretation_text(high) == "élevé, A"


@pytest.mark.parametrize(
    ("resource", "expected"),
    [
        ({"resourceType": "Condition", "code": {"text": "Asthme"}}, "Asthme"),
        ({"resourceType": "Encounter", "class": {"code": "AMB", "display": "ambulatory"}}, "ambulatory"),
        ({"resourceType": "Encounter", "type": [{"text": "Consultation"}], "class": {"code": "AMB"}}, "Consultation"),
        ({"resourceType": "MedicationRequest", "medicationReference": {"display": "Aspirine"}}, "Aspirine"),
        ({"resourceType": "Immunization", "vaccineCode": {"text": "ROR"}}, "ROR"),
        ({"resourceType": "ImagingStudy", "series": [{"modality": {"code": "CT"}}]}, "CT"),
        ({"resourceType": "Device", "deviceName": [{"name": "Pompe", "type": "user-friendly-name"}]}, "Pompe"),
        ({"resourceType": "CarePlan", "category": [{"text": "Diabète"}]}, "Diabète"),
        ({"resourceType": "Organization", "name": "CHU"}, "CHU"),
        ({"resourceType": "Questionnaire", "title": "IPAQ"}, "IPAQ"),
        ({"resourceType": "Binary"}, ""),
        ({"resourceType": "Patient", "name": [{"family": "X"}]}, ""),
    ],
)
def test_titles(resource: dict[str, Any], expected: str) -> None:
    assert reading.title(resource) == expected


# Quantities -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("value", "french", "english"),
    [
        (Decimal("1.10"), "1,10", "1.10"),
        (1234, "1234", "1234"),
        (Decimal("12345.60"), "12 345,60", "12,345.60"),
        (-3, "−3", "−3"),
        (0.5, "0,5", "0.5"),
        (Decimal("1E+3"), "1000", "1000"),
        (Decimal("1E-7"), "0,0000001", "0.0000001"),
        (Decimal("1.5E+40"), "1,5E+40", "1.5E+40"),
    ],
)
def test_decimals(value: Decimal, french: str, english: str) -> None:
    assert plain(reading.decimal_text(value)) == french
    assert reading.decimal_text(value, "en") == english


@given(st.decimals(allow_nan=False, allow_infinity=False, min_value=-(10**15), max_value=10**15, places=6))
def test_no_digit_is_lost(value: Decimal) -> None:
    text = plain(reading.decimal_text(value)).replace(" ", "").replace(",", ".").replace("−", "-")
    assert str(Decimal(text)) == str(value)


@pytest.mark.parametrize(
    ("quantity", "french", "english"),
    [
        ({"value": 120, "code": "mm[Hg]", "unit": "mm[Hg]"}, "120 mmHg", "120 mmHg"),
        ({"value": 5, "code": "10*9/L"}, "5 10⁹/L", "5 10⁹/L"),
        ({"value": 3, "code": "umol/L", "comparator": "<="}, "≤ 3 µmol/L", "≤ 3 µmol/L"),
        ({"value": 90, "code": "mL/min/{1.73_m2}"}, "90 mL/min/1,73 m²", "90 mL/min/1.73 m²"),
        ({"value": 37, "code": "Cel"}, "37 °C", "37 °C"),
        ({"value": 5, "code": "%"}, "5 %", "5%"),
        ({"value": 5, "code": "{score}"}, "5", "5"),
        ({"value": 2, "code": "m[IU]/L"}, "2 mUI/L", "2 mIU/L"),
        ({"value": 2, "code": "[iU]"}, "2 UI", "2 IU"),
        ({"value": 22, "code": "kg/m2"}, "22 kg/m²", "22 kg/m²"),
        ({"value": 42, "code": "a"}, "42 ans", "42 years"),
        ({"value": 42, "code": "a", "unit": "années"}, "42 années", "42 années"),
        ({"value": Decimal("12.50"), "currency": "EUR"}, "12,50 EUR", "12.50 EUR"),
        ({"value": 1}, "1", "1"),
        ({"unit": "mg"}, "", ""),
        (None, "", ""),
    ],
)
def test_quantities(quantity: dict[str, Any] | None, french: str, english: str) -> None:
    assert plain(reading.quantity_text(quantity)) == french
    assert plain(reading.quantity_text(quantity, "en")) == english


def test_ranges_and_ratios() -> None:
    low, high = {"value": Decimal("3.5"), "unit": "mmol/L"}, {"value": Decimal("5.0"), "unit": "mmol/L"}
    assert plain(reading.range_text({"low": low, "high": high})) == "3,5 – 5,0 mmol/L"
    assert plain(reading.range_text({"low": {"value": 1, "unit": "d"}, "high": {"value": 2, "unit": "wk"}}, "en")) == "1 d – 2 wk"
    assert plain(reading.range_text({"low": low})) == "≥ 3,5 mmol/L"
    assert plain(reading.range_text({"high": high})) == "≤ 5,0 mmol/L"
    assert reading.range_text({}) == reading.range_text(None) == ""
    assert plain(reading.ratio_text({"numerator": {"value": 1}, "denominator": {"value": 128}})) == "1 / 128"
    one = {"referenceRange": [{"low": low, "high": high, "type": {"text": "normal"}}]}
    assert plain(reading.reference_range_text(one)) == "3,5 – 5,0 mmol/L"
    two = {"referenceRange": [{"high": high, "appliesTo": [{"text": "femme"}]}, {"text": "négatif"}]}
    assert plain(reading.reference_range_text(two)) == "femme : ≤ 5,0 mmol/L; négatif"
    assert reading.reference_range_text({}) == ""


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ({"valueQuantity": {"value": 5, "unit": "mg"}}, "5 mg"),
        ({"valueCodeableConcept": {"text": "positif"}}, "positif"),
        ({"valueString": "abc"}, "abc"),
        ({"valueBoolean": False}, "non"),
        ({"valueInteger": 3}, "3"),
        ({"valueDateTime": "2024-02-03"}, "03/02/2024"),
        ({"valuePeriod": {"start": "2024"}}, "depuis le 2024"),
        ({"valueRange": {"low": {"value": 3}}}, "≥ 3"),
        ({"valueRatio": {"numerator": {"value": 1}, "denominator": {"value": 2}}}, "1 / 2"),
        ({"valueTime": "10:20:00"}, "10:20:00"),
        ({"valueSampledData": {"origin": {"value": 1}, "period": 1, "dimensions": 1}}, ""),
        ({"dataAbsentReason": {"text": "non fait"}}, "non fait"),
        ({}, ""),
    ],
)
def test_values(value: dict[str, Any], expected: str) -> None:
    assert plain(reading.value_text({"resourceType": "Observation", **value})) == expected
    assert plain(reading.value_text(value, type_="Observation.component")) == expected


# Times ----------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "french", "english"),
    [
        ("2024", "2024", "2024"),
        ("2024-02", "02/2024", "Feb 2024"),
        ("2024-02-03", "03/02/2024", "3 Feb 2024"),
        ("2024-02-03T23:30:00Z", "04/02/2024 à 00:30", "4 Feb 2024, 00:30"),
        ("2024-07-03T10:20:30.5+02:00", "03/07/2024 à 10:20", "3 Jul 2024, 10:20"),
        (None, "", ""),
    ],
)
def test_dates(text: str | None, french: str, english: str) -> None:
    assert reading.date_text(text) == french
    assert reading.date_text(text, "en") == english
    assert reading.date_text(text, time=False) == french[:10]


def test_bad_dates_are_invalid() -> None:
    with pytest.raises(Invalid):
        reading.date_text("2024-13")


def test_periods_and_timings() -> None:
    assert reading.period_text({"start": "2024-02-03", "end": "2024-02-05"}) == "du 03/02/2024 au 05/02/2024"
    assert reading.period_text({"start": "2024-02-03", "end": "2024-02-05"}, "en") == "3 Feb 2024 – 5 Feb 2024"
    assert reading.period_text({"start": "2024-02-03"}) == "depuis le 03/02/2024"
    assert reading.period_text({"end": "2024"}) == "jusqu’au 2024"
    assert reading.period_text({"end": "2024"}, "en") == "until 2024"
    same = {"start": "2024-02-03T10:00:00Z", "end": "2024-02-03T11:00:00Z"}
    assert reading.period_text(same, time=False) == "03/02/2024"
    assert reading.period_text({}) == reading.period_text(None) == ""
    timing = {"code": {"coding": [{"code": "BID", "display": "deux fois par jour"}]}, "event": ["2024"]}
    assert (
        reading.timing_text({**timing, "repeat": {"boundsPeriod": {"start": "2024-02"}}})
        == "deux fois par jour, 2024, depuis le 02/2024"
    )
    assert reading.timing_text(None) == ""


@pytest.mark.parametrize(
    ("resource", "expected"),
    [
        ({"resourceType": "Observation", "effectiveDateTime": "2024-02"}, "2024-02"),
        ({"resourceType": "Observation", "effectivePeriod": {"start": "2024-02", "end": "2025"}}, "2024-02"),
        ({"resourceType": "Observation", "effectivePeriod": {"end": "2025"}}, "2025"),
        ({"resourceType": "Observation", "effectiveTiming": {"event": ["2025", "2024-06"]}}, "2024-06"),
        ({"resourceType": "Observation", "effectiveTiming": {"repeat": {"boundsPeriod": {"start": "2023"}}}}, "2023"),
        ({"resourceType": "Procedure", "performedString": "en 2019"}, None),
        ({"resourceType": "Condition", "onsetDateTime": "2020"}, "2020"),
        ({"resourceType": "Patient", "birthDate": "1970-01-01"}, "1970-01-01"),
        ({"resourceType": "Observation"}, None),
        ({"resourceType": "Organization"}, None),
    ],
)
def test_effective_dates(resource: dict[str, Any], expected: str | None) -> None:
    assert reading.effective_date(resource) == expected


@pytest.mark.parametrize(
    ("birth", "at", "years", "french", "english"),
    [
        ("1980-02-29", "2024-02-28", 43, "43 ans", "43 years"),
        ("1980-02-29", "2024-02-29", 44, "44 ans", "44 years"),
        ("1980-02-29", date(2023, 3, 1), 43, "43 ans", "43 years"),
        ("2024-01-01", "2024-01-01", 0, "0 jour", "0 days"),
        ("2024-01-01", "2024-01-02", 0, "1 jour", "1 day"),
        ("2024-01-01", "2024-01-31", 0, "30 jours", "30 days"),
        ("2024-01-01", "2024-02-01", 0, "1 mois", "1 month"),
        ("2024-01-15", "2025-12-14", 1, "22 mois", "22 months"),
        ("2024-01-15", "2026-01-15", 2, "2 ans", "2 years"),
        ("2024", "2025-06-01", 1, "1 an", "1 year"),
        ("1970-05-01", datetime(2024, 4, 30, 22, 30, tzinfo=UTC), 54, "54 ans", "54 years"),
        ("1970-05-01", "2024-04-30T22:30:00Z", 54, "54 ans", "54 years"),
        ("2025-01-01", "2024-01-01", None, "", ""),
        (None, "2024-01-01", None, "", ""),
    ],
)
def test_ages(birth: str | None, at: str | date, years: int | None, french: str, english: str) -> None:
    assert reading.age_at(birth, at) == years
    assert plain(reading.age_text(birth, at)) == french
    assert plain(reading.age_text(birth, at, "en")) == english


# Documents ------------------------------------------------------------------------------------------------------------


def test_document_titles() -> None:
    document: dict[str, Any] = {
        "resourceType": "DocumentReference",
        "type": {"text": "Compte rendu"},
        "content": [{"attachment": {}}],
    }
    assert reading.document_title(document) == "Compte rendu"
    assert reading.document_title({**document, "description": "CR du 3"}) == "CR du 3"
    assert reading.document_title({**document, "content": [{"attachment": {"title": "CR.pdf"}}]}) == "CR.pdf"
    assert reading.document_title({"resourceType": "Composition", "title": "Lettre"}) == "Lettre"
    assert reading.document_title({"resourceType": "Media", "content": {"title": "Photo"}}) == "Photo"
    assert (
        reading.document_title({"resourceType": "DiagnosticReport", "presentedForm": [{"title": "Bio"}], "code": {"text": "x"}})
        == "Bio"
    )
    assert reading.document_title({"resourceType": "DiagnosticReport", "code": {"text": "NFS"}}) == "NFS"


def test_attachments() -> None:
    document = {
        "resourceType": "DocumentReference",
        "content": [
            {"attachment": {"contentType": "application/pdf", "url": "Binary/b1", "size": 12, "title": "CR"}},
            {"attachment": {"contentType": "text/plain", "data": "TGFycmV5"}},
            {"attachment": {"url": "https://example.org/x"}},
        ],
    }
    first, second, third = reading.attachments(document)
    assert first == reading.Attached("CR", "application/pdf", 12, "Binary/b1", "b1", None)
    assert second == reading.Attached("", "text/plain", 6, None, None, "TGFycmV5")
    assert (third.url, third.binary, third.size) == ("https://example.org/x", None, None)
    assert reading.attachments({"resourceType": "Patient", "photo": [{"data": "TA=="}]})[0].size == 1
    assert reading.attachments({"resourceType": "Media", "content": {"url": "Binary/m"}})[0].binary == "m"
    assert reading.attachments({"resourceType": "Patient"}) == []


@pytest.mark.parametrize(
    ("size", "french", "english"),
    [
        (None, "", ""),
        (0, "0 o", "0 B"),
        (999, "999 o", "999 B"),
        (12_345, "12 ko", "12 kB"),
        (999_499, "999 ko", "999 kB"),
        (999_500, "1,0 Mo", "1.0 MB"),
        (3_440_000, "3,4 Mo", "3.4 MB"),
    ],
)
def test_sizes(size: int | None, french: str, english: str) -> None:
    assert plain(reading.size_text(size)) == french
    assert plain(reading.size_text(size, "en")) == english


@settings(max_examples=100, deadline=None)
@given(seed=st.integers(0, 10**6), type_=st.sampled_from(sorted(resource_types())), lang=st.sampled_from(["fr", "en"]))
def test_every_valid_resource_can_be_told(
    seed: int, type_: str, lang: str, make_resource: Callable[[str, int], dict[str, Any]]
) -> None:
    resource = make_resource(type_, seed)
    texts = [
        reading.title(resource),
        reading.name_of(resource),
        reading.document_title(resource),
        reading.date_text(reading.effective_date(resource), lang),
        reading.address_line(reading.official_address(resource)) if isinstance(resource.get("address"), list) else "",
        reading.reference_range_text(resource, lang),
        reading.interpretation_text(resource),
        reading.value_text(resource, lang),
    ]
    assert all(isinstance(text, str) and "{'" not in text for text in texts)
    assert isinstance(reading.attachments(resource), list)
    assert reading.patient_id(resource) is None or type_ != "Organization"

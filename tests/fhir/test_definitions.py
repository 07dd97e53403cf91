"""The tables are those of the official R4 definitions, and the API over them says what they say."""

from __future__ import annotations

import hashlib
import os
import runpy
from pathlib import Path

import pytest

from larrey.fhir.definitions import (
    CLINICAL_DATE,
    PATIENT_PARAMETER,
    SearchParameter,
    alternatives,
    compartment,
    official_parameters,
    required_codes,
    resource_types,
    search_parameter,
    search_parameters,
    type_definition,
)
from larrey.fhir.definitions.tables import load
from larrey.fhir.paths import compile_path, parser

ROOT = Path(__file__).parents[2]
GIVEN = os.environ.get("LARREY_FHIR_DEFINITIONS")  # read at once: tests run without LARREY_* variables
TABLES = ROOT / "larrey" / "fhir" / "definitions" / "tables"


def test_tables_are_what_the_script_wrote() -> None:
    manifest = load("manifest")
    assert {p.name for p in TABLES.glob("*.json")} == {*manifest["tables"], "manifest.json"}
    for name, digest in manifest["tables"].items():
        assert hashlib.sha256((TABLES / name).read_bytes()).hexdigest() == digest, f"{name} was changed by hand"
    script = runpy.run_path(str(ROOT / "scripts" / "make_fhir_definitions.py"))
    assert manifest["packages"] == {package: digest for package, (_, digest) in script["PACKAGES"].items()}


@pytest.mark.skipif(GIVEN is None, reason="needs the folder of the two npm tarballs")
def test_tables_are_current() -> None:
    script = runpy.run_path(str(ROOT / "scripts" / "make_fhir_definitions.py"))
    files = script["make"](Path(GIVEN or ""))
    files["manifest.json"] = script["manifest"](files)
    for name, text in files.items():
        assert (TABLES / name).read_text("utf-8") == text, f"{name} is not current"


def test_counts_of_r4() -> None:
    assert len(resource_types()) == 146
    assert {"Patient", "Binary", "Parameters"} <= resource_types()
    assert not {"Resource", "DomainResource", "SubscriptionStatus", "MetadataResource"} & resource_types()
    assert len(official_parameters()) == 1378
    assert len(required_codes("http://hl7.org/fhir/ValueSet/resource-types") or ()) == 148


def test_no_element_of_another_maker() -> None:
    assert set(type_definition("Meta").elements) >= {"versionId", "lastUpdated", "profile", "security", "tag", "source"}
    assert "account" not in type_definition("Meta").elements
    assert "url" not in type_definition("Binary").elements
    assert not any("medplum" in path.read_text("utf-8") for path in TABLES.glob("*.json") if path.name != "manifest.json")


def test_elements() -> None:
    patient = type_definition("Patient").elements
    assert list(patient)[:4] == ["id", "meta", "implicitRules", "language"]
    gender = patient["gender"]
    assert (gender.types, gender.min, gender.max, gender.summary) == (("code",), 0, 1, True)
    genders = frozenset({"male", "female", "other", "unknown"})
    assert required_codes(gender.binding or "") == genders
    assert required_codes((gender.binding or "") + "|4.0.1") == genders
    assert patient["maritalStatus"].binding is None, "an extensible binding is not a required one"
    assert patient["generalPractitioner"].targets == ("Organization", "Practitioner", "PractitionerRole")
    assert patient["contact"].types == ("Patient.contact",)
    assert patient["id"].types == ("id",)
    assert type_definition("Patient.contact").elements["name"].types == ("HumanName",)
    assert type_definition("Patient.contact").kind == "backbone"
    assert type_definition("Age").elements["value"].types == ("decimal",), "inherited from Quantity"
    with pytest.raises(KeyError):
        type_definition("Nothing")


def test_choice_types_and_content_references() -> None:
    observation = type_definition("Observation")
    value = observation.elements["value"]
    assert value.choice
    assert "Quantity" in value.types
    assert observation.properties["valueQuantity"] == (value, "Quantity")
    assert observation.properties["valueDateTime"] == (value, "dateTime")
    assert "value" not in observation.properties
    again = type_definition("Observation.component").elements["referenceRange"]
    assert (again.types, again.content_reference) == (("Observation.referenceRange",), "Observation.referenceRange")


def test_every_type_and_target_and_value_set_is_known() -> None:
    resources = resource_types() | {"Resource"}
    unlisted = set()
    for name in load("types"):
        for element in type_definition(name).elements.values():
            assert element.types
            for type_ in element.types:
                type_definition(type_)
            assert set(element.targets) <= resources, (name, element.name)
            if element.binding and required_codes(element.binding) is None:
                unlisted.add(element.binding.rsplit("/", 1)[-1])
    assert unlisted == {"mimetypes", "currencies", "ucum-units", "LL379-9"}


def test_search_parameters() -> None:
    assert set(search_parameters("Patient")) >= {
        "_id",
        "_lastUpdated",
        "_tag",
        "_profile",
        "_security",
        "_source",
        "name",
        "word",
    }
    assert "_text" in search_parameters("Patient")
    assert "_text" not in search_parameters("Bundle"), "Bundle is no DomainResource"
    code = search_parameters("Observation")["code"]
    assert code is search_parameter("Observation", "code")
    assert code.expression == "Observation.code"
    assert code.url == "http://hl7.org/fhir/SearchParameter/clinical-code"
    assert code.description == "The code of the observation type"
    patient = search_parameters("Observation")["patient"]
    assert patient.expression == "Observation.subject.where(resolve() is Patient)"
    assert "Patient" in patient.target
    composite = search_parameters("Observation")["code-value-quantity"]
    assert composite.components == (("code", "code"), ("value-quantity", "value.as(Quantity)"))
    assert search_parameter("Observation", "nothing") is None
    assert search_parameter("Nothing", "_id") is None


def test_every_component_is_a_parameter_of_the_same_type() -> None:
    composites = [p for type_ in resource_types() for p in search_parameters(type_).values() if p.type == "composite"]
    assert len({p.url for p in composites}) == 46
    for parameter in composites:
        for code, _ in parameter.components:
            assert search_parameter(parameter.base, code) is not None, (parameter.base, parameter.code, code)


def test_own_parameters_do_not_hide_official_ones() -> None:
    own = [p for type_ in resource_types() for p in search_parameters(type_).values() if p.url.startswith("urn:larrey:")]
    assert [(p.base, p.code, p.url) for p in own] == [("Patient", "word", "urn:larrey:SearchParameter/Patient-word")]
    bases = sum(len(row["base"].split()) for url, row in official_parameters().items() if "Resource-" not in url)
    reachable = [p for type_ in resource_types() for p in search_parameters(type_).values()]
    specific = [p for p in reachable if "Resource-" not in p.url and not p.url.startswith("urn:")]
    assert len(specific) == bases


def test_alternatives() -> None:
    assert alternatives("A.b | (A.c as x | y) | A.where(x='|')") == ["A.b", "(A.c as x | y)", "A.where(x='|')"]


def test_compartments() -> None:
    patient = compartment("Patient")
    assert patient["Observation"] == ("subject", "performer")
    assert patient["Organization"] == ()
    assert set(patient) == resource_types()
    sizes = {
        n: sum(map(bool, compartment(n).values())) for n in ("Patient", "Encounter", "RelatedPerson", "Practitioner", "Device")
    }
    assert sizes == {"Patient": 66, "Encounter": 25, "RelatedPerson": 32, "Practitioner": 59, "Device": 32}
    for name in sizes:
        for type_, codes in compartment(name).items():
            for code in codes:
                parameter = search_parameter(type_, code)
                assert code == "{def}" or (parameter is not None and parameter.type == "reference"), (name, type_, code)
    with pytest.raises(KeyError):
        compartment("Group")


def _is_single_valued(parameter: SearchParameter) -> bool:
    """Whether all alternatives read one path on which nothing repeats, so that there is at most one value."""
    paths = {_path(parser.parse(part)) for part in alternatives(parameter.expression)}
    if len(paths) != 1:
        return False
    type_ = parameter.base
    for name in next(iter(paths)):
        element = type_definition(type_).elements[name]
        if element.max != 1:
            return False
        type_ = element.types[0]
    return True


def _path(node: parser.Node) -> tuple[str, ...]:
    match node:
        case parser.Name():
            return ()
        case parser.Member(of, name):
            return (*_path(of), name)
        case parser.TypeTest("as", of, _) | parser.Call(of, "where", _):
            return _path(of)
    raise AssertionError(node)


def test_clinical_dates_and_patients_are_single() -> None:
    assert len(CLINICAL_DATE) >= 60
    for type_, code in CLINICAL_DATE.items():
        parameter = search_parameters(type_)[code]
        assert parameter.type == "date"
        assert _is_single_valued(parameter), (type_, code)
    for type_, code in PATIENT_PARAMETER.items():
        parameter = search_parameters(type_)[code]
        assert parameter.type == "reference"
        assert not parameter.target or "Patient" in parameter.target, (type_, code)
        assert _is_single_valued(parameter), (type_, code)
    assert not _is_single_valued(search_parameters("Patient")["link"])
    assert not _is_single_valued(search_parameters("AllergyIntolerance")["onset"])


def test_every_type_of_the_patient_compartment_is_filed_or_has_several_patients() -> None:
    several = {t for t, codes in compartment("Patient").items() if codes} - {"Patient"} - set(PATIENT_PARAMETER)
    assert several == {"Account", "Appointment", "AuditEvent", "Group", "Person", "Provenance", "Schedule"}


def test_expressions_of_the_tables_are_paths_of_their_type() -> None:
    assert compile_path("Observation.subject", "Observation")({"subject": {"reference": "Patient/1"}}) == [
        {"reference": "Patient/1"}
    ]

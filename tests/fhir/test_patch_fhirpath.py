"""FHIRPath Patch. The first cases are those of HL7's own suite (fhir-test-cases, r4/patch), retold in JSON."""

from __future__ import annotations

import copy
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from larrey.fhir.patch import fhirpath_patch
from larrey.fhir.validation import validate
from larrey.kit import json
from larrey.kit.errors import Invalid, LarreyError, TooLarge, Unprocessable, Unsupported

Json = dict[str, Any]


def operation(type_: str, path: str, value: Json | None = None, **parts: Any) -> Json:
    """An operation parameter. ``value`` holds what carries it: ``{"valueCode": "male"}`` or ``{"part": […]}``."""
    listed: list[Json] = [{"name": "type", "valueCode": type_}, {"name": "path", "valueString": path}]
    if value is not None:
        listed.append({"name": "value", **value})
    for name, given_part in parts.items():
        listed.append({"name": name, ("valueString" if name == "name" else "valueInteger"): given_part})
    return {"name": "operation", "part": listed}


def patched(elements: Json, *operations: Json, type_: str = "Patient") -> Json:
    """The elements of a resource after the operations."""
    resource = {"resourceType": type_, "id": "x", **copy.deepcopy(elements)}
    before = json.dumps(resource)
    result = fhirpath_patch(resource, {"resourceType": "Parameters", "parameter": list(operations)})
    assert json.dumps(resource) == before
    assert result.pop("resourceType") == type_
    assert result.pop("id") == "x"
    return result


def identifier(number: int) -> Json:
    return {"system": "http://example.org", "value": f"value {number}"}


def identifiers(*numbers: int) -> Json:
    return {"identifier": [identifier(number) for number in numbers]}


NAMED = {"contact": [{"name": {"text": "a name"}, "gender": "male"}]}

HL7 = {
    "No Difference": ({"birthDate": "1920-01-01"}, [], {"birthDate": "1920-01-01"}),
    "Replace Primitive": (
        {"birthDate": "1920-01-01"},
        [operation("replace", "Patient.birthDate", {"valueDate": "1930-01-01"})],
        {"birthDate": "1930-01-01"},
    ),
    "Delete Primitive": ({"birthDate": "1920-01-01"}, [operation("delete", "Patient.birthDate")], {}),
    "Add Primitive": (
        {},
        [operation("add", "Patient", {"valueDate": "1930-01-01"}, name="birthDate")],
        {"birthDate": "1930-01-01"},
    ),
    "Replace Nested Primitive #1": (
        NAMED,
        [operation("replace", "Patient.contact[0].gender", {"valueCode": "female"})],
        {"contact": [{"name": {"text": "a name"}, "gender": "female"}]},
    ),
    "Replace Nested Primitive #2": (
        NAMED,
        [operation("replace", "Patient.contact[0].name.text", {"valueString": "the name"})],
        {"contact": [{"name": {"text": "the name"}, "gender": "male"}]},
    ),
    "Delete Nested Primitive #1": (
        NAMED,
        [operation("delete", "Patient.contact[0].gender")],
        {"contact": [{"name": {"text": "a name"}}]},
    ),
    "Delete Nested Primitive #2": (
        NAMED,
        [operation("delete", "Patient.contact[0].name.text")],
        {"contact": [{"gender": "male"}]},
    ),
    "Add Nested Primitive": (
        {"contact": [{"name": {"text": "a name"}}]},
        [operation("add", "Patient.contact[0]", {"valueCode": "male"}, name="gender")],
        NAMED,
    ),
    "Add Complex": (
        {},
        [operation("add", "Patient", {"valueCodeableConcept": {"text": "married"}}, name="maritalStatus")],
        {"maritalStatus": {"text": "married"}},
    ),
    "Replace Complex": (
        {"maritalStatus": {"id": "1", "text": "married"}},
        [operation("replace", "Patient.maritalStatus", {"valueCodeableConcept": {"id": "2", "text": "not married"}})],
        {"maritalStatus": {"id": "2", "text": "not married"}},
    ),
    "Delete Complex": ({"maritalStatus": {"text": "married"}}, [operation("delete", "Patient.maritalStatus")], {}),
    "Add Anonymous Type": (
        {},
        [operation("add", "Patient", {"part": [{"name": "name", "valueHumanName": {"text": "a name"}}]}, name="contact")],
        {"contact": [{"name": {"text": "a name"}}]},
    ),
    "Delete Anonymous Type": ({"contact": [{"name": {"text": "a name"}}]}, [operation("delete", "Patient.contact[0]")], {}),
    "List unchanged, contents changed": (
        identifiers(1, 2),
        [
            operation("replace", "Patient.identifier[0].value", {"valueString": "value 2"}),
            operation("replace", "Patient.identifier[1].value", {"valueString": "value 1"}),
        ],
        identifiers(2, 1),
    ),
    "Add to list": (
        identifiers(1, 2),
        [operation("insert", "Patient.identifier", {"valueIdentifier": identifier(3)}, index=2)],
        identifiers(1, 2, 3),
    ),
    "Insert in list #1": (
        identifiers(1, 2),
        [operation("insert", "Patient.identifier", {"valueIdentifier": identifier(3)}, index=1)],
        identifiers(1, 3, 2),
    ),
    "Insert in list #2": (
        identifiers(1, 2),
        [operation("insert", "Patient.identifier", {"valueIdentifier": identifier(3)}, index=0)],
        identifiers(3, 1, 2),
    ),
    "Delete from List #1": (identifiers(1, 2, 3), [operation("delete", "Patient.identifier[0]")], identifiers(2, 3)),
    "Delete from List #2": (identifiers(1, 2, 3), [operation("delete", "Patient.identifier[1]")], identifiers(1, 3)),
    "Delete from List #3": (identifiers(1, 2, 3), [operation("delete", "Patient.identifier[2]")], identifiers(1, 2)),
    "Reorder List #1": (
        identifiers(1, 2, 3, 4),
        [operation("move", "Patient.identifier", source=3, destination=1)],
        identifiers(1, 4, 2, 3),
    ),
    "Reorder List #2": (
        identifiers(1, 2, 3, 4),
        [operation("move", "Patient.identifier", source=3, destination=0)],
        identifiers(4, 1, 2, 3),
    ),
    "Reorder List #3": (
        identifiers(1, 2, 3, 4),
        [operation("move", "Patient.identifier", source=3, destination=2)],
        identifiers(1, 2, 4, 3),
    ),
    "Reorder List #4": (
        identifiers(1, 2, 3, 4),
        [operation("move", "Patient.identifier", source=0, destination=3)],
        identifiers(2, 3, 4, 1),
    ),
    "Reorder List #5": (
        identifiers(1, 2, 3, 4),
        [
            operation("move", "Patient.identifier", source=1, destination=0),
            operation("move", "Patient.identifier", source=2, destination=1),
        ],
        identifiers(2, 3, 1, 4),
    ),
    "Reorder List #6": (
        identifiers(1, 2, 3, 4),
        [operation("move", "Patient.identifier", source=3, destination=place) for place in (0, 1, 2)],
        identifiers(4, 3, 2, 1),
    ),
    "Operation on missing element #2": (
        {},
        [operation("add", "Patient", {"valueIdentifier": identifier(3)}, name="identifier")],
        identifiers(3),
    ),
    "Full Resource (the narrative)": (
        {"text": {"status": "generated", "div": "<div>a</div>"}},
        [operation("replace", "Patient.text.div", {"valueString": "<div>b</div>"})],
        {"text": {"status": "generated", "div": "<div>b</div>"}},
    ),
}


@pytest.mark.parametrize("name", HL7)
def test_the_cases_of_hl7(name: str) -> None:
    before, operations, after = HL7[name]
    assert patched(before, *operations) == after


def test_hl7_operation_on_missing_element() -> None:
    path = "Patient.identifier.where(use = 'official').period"
    with pytest.raises(Unprocessable) as caught:
        patched(
            {"identifier": [{"use": "official", "value": "123"}]}, operation("add", path, {"valueDate": "2021-12-01"}, name="end")
        )
    assert caught.value.issues[0].expression == "Parameters.parameter[0]"


OBSERVATION: Json = {
    "status": "final",
    "code": {"text": "Poids"},
    "valueQuantity": {"value": 70, "unit": "kg"},
    "component": [{"code": {"text": "a"}, "valueString": "x"}, {"code": {"text": "b"}}],
}


def observed(*operations: Json) -> Json:
    result = patched(OBSERVATION, *operations, type_="Observation")
    assert validate({"resourceType": "Observation", **result}) == []
    return result


def test_a_choice_may_change_its_type_and_keeps_its_place() -> None:
    result = observed(operation("replace", "Observation.value", {"valueString": "lourd"}))
    assert list(result) == ["status", "code", "valueString", "component"]
    assert result["valueString"] == "lourd"


def test_a_choice_is_added_and_deleted_by_its_name() -> None:
    result = observed(
        operation("delete", "Observation.value"),
        operation("add", "Observation", {"valueBoolean": False}, name="value"),
        operation("add", "Observation.component[1]", {"valueRange": {"low": {"value": 1}}}, name="value"),
    )
    assert "valueQuantity" not in result
    assert result["valueBoolean"] is False
    assert result["component"][1] == {"code": {"text": "b"}, "valueRange": {"low": {"value": 1}}}


def test_a_choice_that_is_there_is_not_added_twice() -> None:
    with pytest.raises(Unprocessable, match="already there"):
        observed(operation("add", "Observation", {"valueBoolean": False}, name="value"))


def test_paths_with_criteria() -> None:
    result = observed(
        operation("replace", "Observation.component.where(code.text = 'a').value", {"valueString": "y"}),
        operation("delete", "Observation.component.last()"),
        operation("replace", "status", {"valueCode": "amended"}),
    )
    assert result["component"] == [{"code": {"text": "a"}, "valueString": "y"}]
    assert result["status"] == "amended"


def test_anonymous_types_hold_lists_choices_and_more_parts() -> None:
    parts = [
        {"name": "code", "valueCodeableConcept": {"text": "c"}},
        {"name": "value", "valueInteger": 3},
        {"name": "interpretation", "valueCodeableConcept": {"text": "H"}},
        {"name": "interpretation", "valueCodeableConcept": {"text": "HH"}},
        {"name": "referenceRange", "part": [{"name": "text", "valueString": "1-2"}]},
    ]
    result = observed(operation("insert", "Observation.component", {"part": parts}, index=1))
    assert result["component"][1] == {
        "code": {"text": "c"},
        "valueInteger": 3,
        "interpretation": [{"text": "H"}, {"text": "HH"}],
        "referenceRange": [{"text": "1-2"}],
    }


def test_an_item_of_a_list_is_replaced_whole() -> None:
    result = observed(
        operation("replace", "Observation.component[0]", {"part": [{"name": "code", "valueCodeableConcept": {"text": "z"}}]})
    )
    assert result["component"][0] == {"code": {"text": "z"}}


def test_contained_resources() -> None:
    result = patched({}, operation("add", "Patient", {"resource": {"resourceType": "Basic", "id": "b"}}, name="contained"))
    assert result == {"contained": [{"resourceType": "Basic", "id": "b"}]}
    result = patched(result, operation("add", "Patient.contained[0]", {"valueDate": "2020"}, name="created"))
    assert result == {"contained": [{"resourceType": "Basic", "id": "b", "created": "2020"}]}


# Primitives and their siblings ----------------------------------------------------------------------------------------

NAME: Json = {
    "name": [{"given": ["A", "B", "C"], "_given": [None, {"id": "b"}, {"extension": [{"url": "urn:c", "valueCode": "c"}]}]}]
}


def test_lists_of_primitives_keep_their_siblings_aligned() -> None:
    path = "Patient.name[0].given"
    given_name = {"valueString": "N"}
    for change, expected in (
        (operation("delete", f"{path}[1]"), (["A", "C"], [None, NAME["name"][0]["_given"][2]])),
        (operation("insert", path, given_name, index=0), (["N", "A", "B", "C"], [None, *NAME["name"][0]["_given"]])),
        (operation("move", path, source=2, destination=0), (["C", "A", "B"], [NAME["name"][0]["_given"][2], None, {"id": "b"}])),
        (operation("replace", f"{path}[1]", given_name), (["A", "N", "C"], [None, None, NAME["name"][0]["_given"][2]])),
        (
            operation("add", "Patient.name[0]", given_name, name="given"),
            (["A", "B", "C", "N"], [*NAME["name"][0]["_given"], None]),
        ),
    ):
        result = patched(NAME, change)
        assert (result["name"][0]["given"], result["name"][0]["_given"]) == expected
        assert validate({"resourceType": "Patient", **result}) == []


def test_siblings_that_say_nothing_any_more_go() -> None:
    result = patched(
        NAME,
        operation("delete", "Patient.name[0].given[2]"),
        operation("replace", "Patient.name[0].given[1]", {"valueString": "N"}),
    )
    assert result == {"name": [{"given": ["A", "N"]}]}


def test_a_replaced_or_deleted_primitive_takes_its_extensions_with_it() -> None:
    born: Json = {"birthDate": "1990", "_birthDate": {"extension": [{"url": "u", "valueCode": "c"}]}}
    assert patched(born, operation("delete", "Patient.birthDate")) == {}
    assert patched(born, operation("replace", "Patient.birthDate", {"valueDate": "1991"})) == {"birthDate": "1991"}
    carried = {"valueDate": "1991", "_valueDate": {"id": "d"}}
    assert patched(born, operation("replace", "Patient.birthDate", carried)) == {"birthDate": "1991", "_birthDate": {"id": "d"}}


def test_extensions_of_primitives() -> None:
    part = {"part": [{"name": "url", "valueUri": "u"}, {"name": "value", "valueCode": "c"}]}
    result = patched({"birthDate": "1990"}, operation("add", "Patient.birthDate", part, name="extension"))
    assert result == {"birthDate": "1990", "_birthDate": {"extension": [{"url": "u", "valueCode": "c"}]}}
    gone = patched(result, operation("delete", "Patient.birthDate.extension('u')"))
    assert gone == {"birthDate": "1990"}
    listed = patched({"name": [{"given": ["A", "B"]}]}, operation("add", "Patient.name[0].given[1]", part, name="extension"))
    assert listed["name"][0]["_given"] == [None, {"extension": [{"url": "u", "valueCode": "c"}]}]


def test_what_a_deletion_empties_goes_too() -> None:
    nested = {"contact": [{"name": {"text": "a"}}, {"gender": "male"}], "active": True}
    assert patched(nested, operation("delete", "Patient.contact[0].name.text")) == {
        "contact": [{"gender": "male"}],
        "active": True,
    }


def test_deleting_what_is_absent_changes_nothing() -> None:
    assert patched({"active": True}, operation("delete", "Patient.birthDate")) == {"active": True}


# Refusals -------------------------------------------------------------------------------------------------------------

AT = "Parameters.parameter[0]"
DATE = {"valueDate": "2020"}


@pytest.mark.parametrize(
    ("change", "kind", "expression"),
    [
        (operation("add", "Patient", DATE, name="zz"), Unprocessable, f"{AT}.part[2]"),
        (operation("add", "Patient", {"valueBoolean": True}, name="birthDate"), Unprocessable, f"{AT}.part[2]"),
        (operation("add", "Patient", {"valueHumanName": {"text": "a"}}, name="contact"), Unprocessable, f"{AT}.part[2]"),
        (operation("add", "Patient", {"valueQuantity": {"value": 1}}, name="deceased"), Unprocessable, f"{AT}.part[2]"),
        (operation("add", "Patient", DATE, name="resourceType"), Unprocessable, f"{AT}.part[2]"),
        (operation("add", "Patient.name", DATE, name="text"), Unprocessable, AT),
        (operation("add", "Patient.name[7]", {"valueString": "a"}, name="text"), Unprocessable, AT),
        (operation("add", "Patient.active", DATE, name="zz"), Unprocessable, f"{AT}.part[2]"),
        (operation("add", "Patient.name[0]", {"valueString": "a"}, name="family"), Unprocessable, AT),
        (operation("replace", "Patient", {"valueString": "a"}), Unprocessable, AT),
        (operation("replace", "Patient.birthDate", DATE), Unprocessable, AT),
        (operation("replace", "Patient.name", {"valueHumanName": {"text": "a"}}), Unprocessable, AT),
        (operation("replace", "Patient.name[0]", {"valueString": "a"}), Unprocessable, f"{AT}.part[2]"),
        (operation("replace", "Patient.active", {"valueString": "a"}), Unprocessable, f"{AT}.part[2]"),
        (operation("delete", "Patient"), Unprocessable, AT),
        (operation("delete", "Patient.name"), Unprocessable, AT),
        (operation("insert", "Patient.name", {"valueHumanName": {"text": "a"}}, index=3), Unprocessable, AT),
        (operation("insert", "Patient.active", {"valueBoolean": True}, index=0), Unprocessable, AT),
        (operation("insert", "Patient.name.given", {"valueString": "a"}, index=0), Unprocessable, AT),
        (operation("insert", "Patient.name[0]", {"valueString": "a"}, index=0), Unprocessable, AT),
        (operation("move", "Patient.name", source=0, destination=2), Unprocessable, AT),
        (operation("move", "Patient.name", source=2, destination=0), Unprocessable, AT),
        (operation("move", "Patient.identifier", source=0, destination=0), Unprocessable, AT),
        (operation("move", "Patient.zz", source=0, destination=0), Unprocessable, AT),
        (operation("delete", "Patient.zz"), Invalid, AT),
        (operation("delete", "Patient.name["), Invalid, AT),
        (operation("delete", ""), Invalid, AT),
        (operation("delete", "Patient.managingOrganization.resolve().name"), Unsupported, AT),
        (operation("delete", "Patient.name | Patient.telecom"), Unsupported, AT),
        (operation("replace", "Patient.id", {"valueId": "y"}), Unprocessable, "Patient.id"),
        (operation("delete", "Patient.id"), Unprocessable, "Patient.id"),
        (operation("merge", "Patient"), Invalid, f"{AT}.part[0]"),
        (operation("add", "Patient", DATE), Invalid, AT),
        (operation("delete", "Patient.active", DATE), Invalid, f"{AT}.part[2]"),
        (operation("insert", "Patient.name", {"valueHumanName": {"text": "a"}}), Invalid, AT),
        (operation("insert", "Patient.name", {"valueHumanName": {"text": "a"}}, index=-1), Invalid, f"{AT}.part[3]"),
        (operation("insert", "Patient.name", {"valueHumanName": {"text": "a"}}, index=True), Invalid, f"{AT}.part[3]"),
        (operation("add", "Patient", {}, name="birthDate"), Invalid, f"{AT}.part[2]"),
        (operation("add", "Patient", {"valueDate": None}, name="birthDate"), Invalid, f"{AT}.part[2]"),
        (operation("add", "Patient", {"valueDate": "2020", "valueString": "a"}, name="birthDate"), Invalid, f"{AT}.part[2]"),
        (operation("add", "Patient", {"valueZz": "2020"}, name="birthDate"), Invalid, f"{AT}.part[2]"),
        (operation("add", "Patient", {"part": "x"}, name="contact"), Invalid, f"{AT}.part[2]"),
        (operation("add", "Patient", {"part": ["x"]}, name="contact"), Invalid, f"{AT}.part[2].part[0]"),
        (operation("add", "Patient", {"part": [{"name": "gender"}]}, name="contact"), Invalid, f"{AT}.part[2].part[0]"),
        (operation("add", "Patient", {"resource": "x"}, name="contained"), Invalid, f"{AT}.part[2]"),
        ({"name": "operation"}, Invalid, f"{AT}.part"),
        ({"name": "operation", "part": []}, Invalid, AT),
        ({"name": "operation", "part": ["x"]}, Invalid, f"{AT}.part[0]"),
        ({"name": "operation", "part": [{"name": "zz"}]}, Invalid, f"{AT}.part[0]"),
        ({"name": "operation", "part": [{"name": "type", "valueCode": "delete"}] * 2}, Invalid, f"{AT}.part[1]"),
        ({"name": "operation", "part": [{"name": "type", "valueCode": 3}]}, Invalid, f"{AT}.part[0]"),
        ({"name": "op"}, Invalid, f"{AT}.name"),
    ],
)
def test_refusals_name_the_operation(change: Json, kind: type[LarreyError], expression: str) -> None:
    patient = {"active": True, "name": [{"family": "A", "given": ["B"]}, {"text": "C", "given": ["D"]}]}
    with pytest.raises(LarreyError) as caught:
        patched(patient, change)
    assert (type(caught.value), caught.value.issues[0].expression) == (kind, expression)


def test_the_index_is_that_of_the_operation() -> None:
    with pytest.raises(Unprocessable) as caught:
        patched({}, operation("add", "Patient", DATE, name="birthDate"), operation("add", "Patient", DATE, name="birthDate"))
    assert caught.value.issues[0].expression == "Parameters.parameter[1]"


@pytest.mark.parametrize(
    "parameters", [None, [], {}, {"resourceType": "Patient"}, {"resourceType": "Parameters", "parameter": {}}]
)
def test_a_patch_is_a_parameters_resource(parameters: Any) -> None:
    with pytest.raises(Invalid):
        fhirpath_patch({"resourceType": "Patient"}, parameters)


def test_too_many_operations() -> None:
    with pytest.raises(TooLarge):
        patched({}, *[operation("delete", "Patient.active")] * 1001)


def test_deep_parts_are_refused() -> None:
    value: Json = {"part": [{"name": "url", "valueUri": "u"}]}
    for _ in range(3000):
        value = {"part": [{"name": "url", "valueUri": "u"}, {"name": "extension", **value}]}
    with pytest.raises(TooLarge):
        patched({}, operation("add", "Patient", value, name="extension"))


PATHS = st.sampled_from(
    [
        "Patient",
        "Patient.name",
        "name[0]",
        "Patient.name.given",
        "Patient.name[0].given[1]",
        "Patient.birthDate",
        "Patient.birthDate.extension",
        "Patient.contact.name",
        "Patient.deceased",
        "Patient.id",
        "%resource",
        "$this",
        "Patient.name.where(given='A')",
        "'x'",
        "((",
        "Patient.meta",
    ]
)
CARRIED = st.sampled_from(
    [
        {"valueString": "a"},
        {"valueDate": "2020"},
        {"valueBoolean": True},
        {"valueHumanName": {"given": ["X"]}},
        {"valueCode": 3},
        {"part": [{"name": "text", "valueString": "t"}]},
        {"part": []},
        {"resource": {"resourceType": "Basic"}},
        {},
        {"valueString": [{}]},
    ]
)
CHANGES = st.builds(
    lambda type_, path, value, parts: operation(type_, path, value, **parts),
    st.sampled_from(["add", "insert", "delete", "replace", "move"]),
    PATHS,
    st.none() | CARRIED,
    st.fixed_dictionaries(
        {},
        optional={
            "name": st.sampled_from(["name", "given", "birthDate", "deceased", "contact", "contained", "extension", "id"]),
            "index": st.integers(-1, 3),
            "source": st.integers(0, 3),
            "destination": st.integers(0, 3),
        },
    ),
)


@settings(max_examples=300)
@given(st.lists(CHANGES, max_size=6))
def test_any_operations_give_a_resource_or_our_error(changes: list[Json]) -> None:
    patient = {
        "birthDate": "1990",
        "_birthDate": {"id": "d"},
        **NAME,
        "contact": [{"name": {"given": ["Z"]}}],
        "deceasedBoolean": False,
    }
    resource = {"resourceType": "Patient", "id": "x", **patient}
    before = json.dumps(resource)
    refused: LarreyError | None = None
    try:
        result = fhirpath_patch(resource, {"resourceType": "Parameters", "parameter": changes})
    except LarreyError as error:
        refused, result = error, resource
    assert refused is None or refused.issues[0].expression
    assert json.dumps(resource) == before
    assert (result["resourceType"], result["id"]) == ("Patient", "x")

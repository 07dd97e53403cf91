"""JSON Patch: RFC 6902 on resources, with errors that name the operation."""

from __future__ import annotations

import copy
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from larrey.fhir.patch import json_patch
from larrey.kit import json
from larrey.kit.errors import Invalid, LarreyError, TooLarge, Unprocessable

PATIENT: dict[str, Any] = {
    "resourceType": "Patient",
    "id": "p",
    "active": True,
    "name": [{"family": "Lebon", "given": ["Ana", "Zoé"]}, {"text": "A"}],
    "multipleBirthInteger": 1,
    "extension": [{"url": "urn:a/b~c", "valueDecimal": Decimal("1.10")}],
}


def patched(*operations: Any) -> dict[str, Any]:
    before = json.dumps(PATIENT)
    result = json_patch(PATIENT, list(operations))
    assert json.dumps(PATIENT) == before
    return result


def test_every_operation() -> None:
    result = patched(
        {"op": "test", "path": "/name/0/family", "value": "Lebon"},
        {"op": "add", "path": "/gender", "value": "female"},
        {"op": "add", "path": "/name/0/given/1", "value": "Lou"},
        {"op": "add", "path": "/name/-", "value": {"text": "B"}},
        {"op": "remove", "path": "/name/1"},
        {"op": "replace", "path": "/active", "value": False},
        {"op": "copy", "from": "/name/0/family", "path": "/name/1/family"},
        {"op": "move", "from": "/name/0/given/0", "path": "/name/1/given", "comment": "ignored"},
    )
    assert result["gender"] == "female"
    assert result["active"] is False
    assert result["name"] == [
        {"family": "Lebon", "given": ["Lou", "Zoé"]},
        {"text": "B", "family": "Lebon", "given": "Ana"},
    ]


def test_decimals_stay_as_they_are() -> None:
    result = patched({"op": "copy", "from": "/extension/0", "path": "/extension/-"})
    assert b'"valueDecimal":1.10' in json.dumps(result["extension"][1])
    assert patched({"op": "test", "path": "/extension/0/valueDecimal", "value": Decimal("1.1")}) == PATIENT


def test_no_operation_changes_nothing() -> None:
    assert patched() == PATIENT


def test_values_of_the_patch_are_not_shared() -> None:
    value = {"text": "B"}
    result = patched({"op": "add", "path": "/name/-", "value": value})
    result["name"][2]["text"] = "C"
    assert value == {"text": "B"}


@pytest.mark.parametrize(
    ("operation", "kind", "expression"),
    [
        ("x", Invalid, "[0]"),
        ({}, Invalid, "[0].op"),
        ({"op": "merge", "path": "/a"}, Invalid, "[0].op"),
        ({"op": ["add"], "path": "/a"}, Invalid, "[0].op"),
        ({"op": "remove"}, Invalid, "[0].path"),
        ({"op": "remove", "path": 3}, Invalid, "[0].path"),
        ({"op": "remove", "path": "active"}, Invalid, "[0].path"),
        ({"op": "remove", "path": "/a~2"}, Invalid, "[0].path"),
        ({"op": "copy", "path": "/a"}, Invalid, "[0].from"),
        ({"op": "move", "path": "/a", "from": None}, Invalid, "[0].from"),
        ({"op": "add", "path": "/gender"}, Invalid, "[0].value"),
        ({"op": "remove", "path": "/gender"}, Unprocessable, "[0]"),
        ({"op": "remove", "path": ""}, Unprocessable, "[0]"),
        ({"op": "remove", "path": "/name/-"}, Unprocessable, "[0]"),
        ({"op": "remove", "path": "/name/2"}, Unprocessable, "[0]"),
        ({"op": "remove", "path": "/name/01"}, Unprocessable, "[0]"),
        ({"op": "remove", "path": "/active/x"}, Unprocessable, "[0]"),
        ({"op": "replace", "path": "/gender", "value": "male"}, Unprocessable, "[0]"),
        ({"op": "add", "path": "/name/9", "value": {}}, Unprocessable, "[0]"),
        ({"op": "add", "path": "/gender/x", "value": 1}, Unprocessable, "[0]"),
        ({"op": "add", "path": "/name/9999999999999999999999999", "value": 1}, Unprocessable, "[0]"),
        ({"op": "copy", "path": "/a", "from": "/name/-"}, Unprocessable, "[0]"),
        ({"op": "move", "path": "/name/0/x", "from": "/name"}, Unprocessable, "[0]"),
        ({"op": "test", "path": "/active", "value": 1}, Unprocessable, "[0]"),
        ({"op": "test", "path": "/name/-", "value": 1}, Unprocessable, "[0]"),
        ({"op": "test", "path": "/gender", "value": None}, Unprocessable, "[0]"),
    ],
)
def test_refusals_name_the_operation(operation: Any, kind: type[LarreyError], expression: str) -> None:
    with pytest.raises(LarreyError) as caught:
        patched(operation)
    assert type(caught.value) is kind
    assert [issue.expression for issue in caught.value.issues] == [expression]


def test_the_index_is_that_of_the_operation() -> None:
    good = {"op": "add", "path": "/gender", "value": "female"}
    with pytest.raises(Unprocessable) as caught:
        patched(good, good, {"op": "remove", "path": "/nothing"})
    assert caught.value.issues[0].expression == "[2]"


def test_a_failed_test_does_not_tell_what_is_there() -> None:
    with pytest.raises(Unprocessable) as caught:
        patched({"op": "test", "path": "/name/0/family", "value": "Durand"})
    assert "Lebon" not in caught.value.message


@pytest.mark.parametrize(
    "operation",
    [
        {"op": "replace", "path": "/id", "value": "q"},
        {"op": "remove", "path": "/id"},
        {"op": "replace", "path": "/resourceType", "value": "Person"},
        {"op": "remove", "path": "/resourceType"},
        {"op": "replace", "path": "", "value": {"resourceType": "Person", "id": "p"}},
        {"op": "add", "path": "", "value": [1]},
        {"op": "add", "path": "", "value": None},
    ],
)
def test_the_resource_keeps_its_identity(operation: dict[str, Any]) -> None:
    with pytest.raises(Unprocessable):
        patched(operation)


@pytest.mark.parametrize("operations", [None, {}, "x", 3])
def test_a_patch_is_an_array(operations: Any) -> None:
    with pytest.raises(Invalid):
        json_patch(PATIENT, operations)


def test_copies_of_copies_are_bounded() -> None:
    doubling = [{"op": "copy", "from": "/extension", "path": "/extension/-"}] * 60
    with pytest.raises(TooLarge) as caught:
        patched(*doubling)
    assert caught.value.issues[0].expression.startswith("[")


def test_too_many_operations() -> None:
    with pytest.raises(TooLarge):
        patched(*[{"op": "test", "path": "/id", "value": "p"}] * 1001)


def test_deep_values_are_too_large_or_applied() -> None:
    deep: Any = 1
    for _ in range(5000):
        deep = [deep]
    with pytest.raises(TooLarge):
        patched({"op": "add", "path": "/x", "value": deep}, {"op": "copy", "from": "/x", "path": "/y"})


POINTERS = st.sampled_from(
    ["", "/", "/name", "/name/0", "/name/-", "/name/0/given/1", "/id", "/x", "/active/y", "~", "/~2", "/a~1"]
)
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=3),
    max_leaves=6,
)
OPERATIONS = st.lists(
    VALUES
    | st.fixed_dictionaries(
        {},
        optional={
            "op": st.sampled_from(["add", "remove", "replace", "move", "copy", "test", "append"]) | VALUES,
            "path": POINTERS | VALUES,
            "from": POINTERS | VALUES,
            "value": VALUES,
        },
    ),
    max_size=5,
)


@settings(max_examples=200)
@given(OPERATIONS)
def test_any_operations_give_a_resource_or_our_error(operations: list[Any]) -> None:
    resource = copy.deepcopy(PATIENT)
    try:
        result = json_patch(resource, operations)
    except LarreyError:
        result = PATIENT
    assert result["id"] == "p"
    assert result["resourceType"] == "Patient"
    assert resource == PATIENT
    json.dumps(result)

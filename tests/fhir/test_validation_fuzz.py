"""Validation under random input: never an exception, never two opinions, never a damage that goes unseen."""

from __future__ import annotations

import copy
import importlib.util
import sys
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path
from random import Random
from types import ModuleType
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from larrey.fhir.dates import is_date
from larrey.fhir.definitions import resource_types, type_definition
from larrey.fhir.validation import primitives, validate
from larrey.fhir.validation.faults import Run
from larrey.kit import json

ROOT = Path(__file__).parents[2]
SAMPLES = [json.loads(path.read_bytes()) for path in sorted((Path(__file__).parent / "samples").glob("*.json"))]
PROPERTIES = sorted(
    {
        name
        for type_ in ("Patient", "Observation", "Extension", "HumanName", "Bundle.entry")
        for name in type_definition(type_).properties
    }
    | {"resourceType", "_given", "_birthDate", "_value", "reference", "div", "coding", "contained", "zz"}
)
LEAVES = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.decimals()
    | st.text(max_size=20)
    | st.sampled_from(
        ["", " ", "#", "#x", "Patient/1", "2020-02-30", "final", "Patient", "urn:uuid:x", "?", "/", "a\x00", "<div"]
    )
)
VALUES = st.recursive(
    LEAVES,
    lambda inner: (
        st.lists(inner, max_size=4) | st.dictionaries(st.sampled_from(PROPERTIES) | st.text(max_size=5), inner, max_size=5)
    ),
    max_leaves=25,
)


@pytest.fixture(scope="module")
def script() -> ModuleType:
    """``scripts/compare_validators.py``, for its ways of damaging a resource."""
    spec = importlib.util.spec_from_file_location("compare_validators", ROOT / "scripts" / "compare_validators.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules["compare_validators"] = module
    spec.loader.exec_module(module)
    return module


@given(VALUES)
def test_any_json_value_gets_an_answer(value: Any) -> None:
    for issue in validate(value):
        assert issue.diagnostics
        assert issue.code


@settings(max_examples=100)
@given(st.sampled_from(sorted(resource_types())), st.dictionaries(st.sampled_from(PROPERTIES), VALUES, max_size=6))
def test_any_object_with_a_type_gets_an_answer(type_: str, elements: dict[str, Any]) -> None:
    for issue in validate({**elements, "resourceType": type_}):
        assert issue.expression.split(".")[0].split("[")[0] == type_


def _spots(value: Any) -> list[tuple[Any, Any]]:
    """Every (container, key) of a JSON value."""
    if isinstance(value, dict):
        return [spot for key, item in value.items() for spot in [(value, key), *_spots(item)]]
    if isinstance(value, list):
        return [spot for index, item in enumerate(value) for spot in [(value, index), *_spots(item)]]
    return []


@settings(max_examples=100)
@given(st.data())
def test_a_sample_with_anything_anywhere_gets_an_answer(data: st.DataObject) -> None:
    resource = copy.deepcopy(data.draw(st.sampled_from(SAMPLES)))
    for _ in range(data.draw(st.integers(1, 3))):
        container, key = data.draw(st.sampled_from(_spots(resource)))
        container[key] = data.draw(VALUES)
    for issue in validate(resource):
        assert issue.diagnostics


@pytest.mark.parametrize("type_", sorted(resource_types()))
def test_made_up_resources_of_every_type_have_the_right_shape(
    type_: str, make_resource: Callable[[str, int], dict[str, Any]]
) -> None:
    resource = make_resource(type_, 20261122)
    for container, key in _spots(resource):
        if container[key] == {}:  # the maker may leave an object empty
            container[key] = {"extension": [{"url": "urn:x", "valueBoolean": True}]}
    issues = [issue for issue in validate(resource) if issue.code != "invariant"]
    # The maker draws the codes of CodeableConcepts without looking at their bindings, and never makes a language.
    unexplained = [
        i for i in issues if i.code != "code-invalid" and not (i.code == "required" and i.expression.endswith(".language"))
    ]
    assert unexplained == []
    issues = [issue for issue in issues if issue.code == "code-invalid"]
    assert all("coding" in issue.expression or "One coding" in issue.diagnostics for issue in issues)


def test_every_damage_of_every_kind_is_found(script: ModuleType) -> None:
    chance = Random(7)
    kinds = set()
    for resource in SAMPLES:
        for kind, place, damaged in script.mutants(resource, 6, chance):
            kinds.add(kind)
            expressions = [issue.expression for issue in validate(damaged)]
            assert expressions, f"{kind} at {place} goes unseen"
            if kind != "required element missing":  # a removed choice is named without its type, an emptied owner as such
                assert place in expressions, f"{kind} at {place} is told at {expressions}"
    assert kinds == {mutation.name for mutation in script.MUTATIONS}


# Primitives ---------------------------------------------------------------------------------------------------------


TEXTS = (
    st.text(max_size=30)
    | st.from_regex(r"[0-9]{4}(-[0-9]{2}){0,2}(T[0-9:.Z+-]{5,15})?", fullmatch=True)
    | st.from_regex(primitives._DATE_TIME, fullmatch=True)
    | st.from_regex(primitives._CLOCK, fullmatch=True)
    | st.from_regex(r"[!-~ ]{1,12}", fullmatch=True)
)


@settings(max_examples=200)
@given(st.sampled_from(sorted(primitives.QUICK)), TEXTS)
def test_the_quick_test_never_accepts_what_the_check_refuses(type_: str, text: str) -> None:
    if text and primitives.QUICK[type_](text):
        assert primitives.CHECKS[type_](text, Run()) is None


@settings(max_examples=200)
@given(st.sampled_from(["date", "dateTime", "instant"]), TEXTS)
def test_accepted_dates_can_be_indexed(type_: str, text: str) -> None:
    if primitives.CHECKS[type_](text, Run()) is None:
        assert is_date(text)


@given(st.sampled_from(sorted(primitives.CHECKS)), LEAVES | st.floats() | st.binary(max_size=5).map(str))
def test_primitives_answer_to_anything(type_: str, value: Any) -> None:
    faults = primitives.CHECKS[type_](value, Run())
    assert faults is None or faults[0][0] == ""


@pytest.mark.parametrize(
    ("type_", "good", "bad"),
    [
        ("boolean", [True, False], [0, 1, "true", None]),
        ("integer", [0, -1, 2**31 - 1, -(2**31)], [2**31, Decimal("1.0"), 1.0, "1", True, None]),
        ("positiveInt", [1, 2**31 - 1], [0, -1, 2**31]),
        ("unsignedInt", [0], [-1]),
        (
            "decimal",
            [0, 10**30, Decimal("1.10"), Decimal("-0.0"), Decimal("1E-300"), 1.5],
            ["1", True, Decimal("NaN"), Decimal("1E+400"), 10**80, float("inf"), float("nan"), Decimal("1." + "0" * 99)],
        ),
        ("string", ["a", " ", "a\n\tb\r", "é😀\u00a0"], ["", "a\x00", "a\x1f", "\ud800", 1, ["a"]]),
        ("markdown", ["# a\n\n* b"], ["", "\x07"]),
        ("code", ["a", "a b", "text/plain; charset=utf-8"], ["", " a", "a ", "a  b", "a\tb\n", "\n"]),
        ("id", ["a", "A-1.b", "x" * 64], ["", "a_b", "x" * 65, "é", "a\n"]),
        ("uri", ["urn:oid:1.2", "http://é.fr/?a=b#c", "x"], ["", "a b", "a\n", "\x01"]),
        ("url", ["http://a"], [" "]),
        ("canonical", ["http://a|1.0#b"], ["a b"]),
        ("oid", ["urn:oid:1.2.250.1"], ["1.2.250", "urn:oid:3.1", "urn:oid:1.02"]),
        (
            "uuid",
            ["urn:uuid:c757873d-ec9a-4326-a141-556f43239520"],
            ["c757873d-ec9a-4326-a141-556f43239520", "urn:uuid:C757873D-EC9A-4326-A141-556F43239520"],
        ),
        (
            "date",
            ["2020", "2020-02", "2020-02-29", "0001-01-01"],
            ["20", "2020-13", "2021-02-29", "2020-02-29T10:00:00Z", "0000"],
        ),
        (
            "dateTime",
            ["2020", "2020-02-29T23:59:59Z", "2016-12-31T23:59:60Z", "2020-02-29T00:00:00.123456789+14:00"],
            [
                "2020-02-29T24:00:00Z",
                "2020-02-29T10:00Z",
                "2020-02-29T10:00:00",
                "2020-02-30T10:00:00Z",
                "2020-02-29T10:00:00+14:30",
            ],
        ),
        ("instant", ["2020-02-29T10:00:00.1-05:00"], ["2020", "2020-02-29", "2021-02-29T10:00:00Z"]),
        ("time", ["00:00:00", "23:59:59.999"], ["24:00:00", "10:00", "10:00:00Z"]),
        ("base64Binary", ["aGVsbG8=", "aGVs\nbG8=", "AAAA"], ["", "a", "aGVsbG8", "a===", "====", "aé==", "_-_-", " "]),
    ],
)
def test_primitives(type_: str, good: list[Any], bad: list[Any]) -> None:
    assert [value for value in good if primitives.CHECKS[type_](value, Run())] == []
    assert [value for value in bad if not primitives.CHECKS[type_](value, Run())] == []

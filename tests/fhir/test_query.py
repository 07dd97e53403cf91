"""The search grammar: whatever is sent, a tree or one of our errors; and the meaning of what is written."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from larrey.fhir.definitions import resource_types, search_parameters
from larrey.fhir.query import parse
from larrey.fhir.query.nodes import Chain, Match, NumberOperand, QuantityOperand, ReferenceOperand, TokenOperand
from larrey.kit.errors import Invalid, LarreyError, Unsupported

CODES = sorted({code for type_ in ("Patient", "Observation", "Encounter") for code in search_parameters(type_)})
RESULT = [
    "_sort",
    "_count",
    "_total",
    "_summary",
    "_elements",
    "_include",
    "_revinclude:iterate",
    "_cursor",
    "_filter",
    "_list",
    "_type",
    "_contained",
]
PIECES = [
    ",",
    "|",
    "\\",
    "$",
    ":",
    ".",
    "a",
    "8302-2",
    "http://loinc.org",
    "2020-01",
    "ge",
    "ap",
    "-1.5e3",
    "Patient/1",
    "Observation",
    "name",
    "_has:",
    "é",
    "\x00",
    "\ud800",
    " ",
    "(",
    ")",
    "[",
    '"',
    "and",
    "or",
    "not",
    "eq",
    "pr",
    "true",
    "*",
    "-date",
    "_id",
    "1" * 50,
    "9999-12-31",
    "0001",
]
VALUES = st.lists(st.sampled_from(PIECES), max_size=8).map("".join) | st.text(max_size=20)
MODIFIERS = [
    "",
    ":missing",
    ":not",
    ":exact",
    ":contains",
    ":text",
    ":in",
    ":above",
    ":below",
    ":of-type",
    ":identifier",
    ":Patient",
    ":iterate",
    ":x",
]


@st.composite
def names(draw: Any) -> str:
    steps = draw(st.lists(st.sampled_from(CODES), min_size=1, max_size=4))
    name = ".".join(step + draw(st.sampled_from(MODIFIERS)) for step in steps)
    if draw(st.booleans()) and draw(st.booleans()):
        name = f"_has:{draw(st.sampled_from(['Observation', 'Encounter', 'X']))}:{draw(st.sampled_from(CODES))}:{name}"
    return name


@given(
    st.sampled_from([None, "Patient", "Observation", "Encounter", "Nothing"]),
    st.lists(st.tuples(names() | st.sampled_from(RESULT) | VALUES, VALUES), max_size=4),
    st.booleans(),
)
def test_anything_gives_a_tree_or_one_of_our_errors(type_: str | None, pairs: list[tuple[str, str]], lenient: bool) -> None:  # noqa: FBT001
    try:
        query = parse(type_, pairs, lenient=lenient)
    except LarreyError as error:
        told = error
    else:
        assert len(query.applied) + len(query.warnings) + (query.cursor is not None) >= len(pairs)
        return
    assert told.http_status in (400, 403)
    assert told.issues


@given(
    st.lists(
        st.text(st.characters(exclude_characters="\x00", exclude_categories=["Cs"]), min_size=1, max_size=8),
        min_size=1,
        max_size=4,
    )
)
def test_escaped_values_come_back_as_they_were(texts: list[str]) -> None:
    value = ",".join("".join("\\" + c if c in "\\,|$" else c for c in text) for text in texts)
    (node,) = parse("Observation", [("code", value)]).criteria
    assert isinstance(node, Match)
    assert node.operands == tuple(dict.fromkeys(TokenOperand(None, text) for text in texts))


@pytest.mark.parametrize(
    ("written", "low", "high"),
    [
        ("100", "99.5", "100.5"),
        ("100.00", "99.995", "100.005"),
        ("5.4", "5.35", "5.45"),
        ("1e2", "95", "105"),  # the specification's example
        ("-3", "-3.5", "-2.5"),
        ("0", "-0.5", "0.5"),
    ],
)
def test_the_precision_written_is_the_precision_meant(written: str, low: str, high: str) -> None:
    (node,) = parse("RiskAssessment", [("probability", "ne" + written)]).criteria
    assert isinstance(node, Match)
    assert node.operands == (NumberOperand("ne", Decimal(written), Decimal(low), Decimal(high)),)


def test_quantities() -> None:
    for written, system, code in [("5", None, None), ("5||mg", None, "mg"), ("5|http://u|a\\|b", "http://u", "a|b")]:
        (node,) = parse("Observation", [("value-quantity", written)]).criteria
        assert isinstance(node, Match)
        operand = node.operands[0]
        assert isinstance(operand, QuantityOperand)
        assert (operand.system, operand.code) == (system, code)


def test_a_bare_id_may_be_of_any_type_that_the_reference_allows() -> None:
    (node,) = parse("Observation", [("patient", "1")]).criteria
    assert isinstance(node, Match)
    assert node.operands == (ReferenceOperand(("Patient",), "1", ""),)
    (node,) = parse("Patient", [("general-practitioner", "1")]).criteria
    assert isinstance(node, Match)
    assert set(node.operands[0].types) == {"Practitioner", "Organization", "PractitionerRole"}  # type: ignore[union-attr]


def test_a_chain_goes_through_every_type_that_knows_the_parameter() -> None:
    (node,) = parse("Observation", [("subject.name", "x")]).criteria
    assert isinstance(node, Chain)
    assert set(node.targets) == {"Location", "Patient"}
    (node,) = parse("Observation", [("patient.name", "x")]).criteria
    assert isinstance(node, Chain)
    assert node.targets == ("Patient",)


def test_every_search_parameter_of_every_type_takes_a_value_or_is_refused_by_name() -> None:
    example = {"token": "a", "string": "a", "reference": "1", "uri": "a", "date": "2020", "number": "1", "quantity": "1"}
    refused = set()
    for type_ in sorted(resource_types()):
        for code, parameter in search_parameters(type_).items():
            if parameter.type == "composite":
                kinds = [search_parameters(type_)[component].type for component, _ in parameter.components]
                kinds = kinds[::-1] if code == "relationship" else kinds
                value = "$".join(example[kind] for kind in kinds)
            else:
                value = example.get(parameter.type, "x")
            try:
                parse(type_, [(code, value)])
            except Unsupported:
                refused.add(code)
    assert refused == {
        "_text",
        "_content",
        "_query",
        "near",
        *(code for code in search_parameters("MolecularSequence") if "coordinate" in code),
    }


def test_a_name_given_twice_means_both_and_a_comma_means_either() -> None:
    query = parse("Patient", [("given", "a,b"), ("given", "c")])
    assert [len(node.operands) for node in query.criteria if isinstance(node, Match)] == [2, 1]


def test_presentation_is_read_once() -> None:
    query = parse(
        "Patient",
        [
            ("_elements", "id, name,id"),
            ("_summary", "text"),
            ("_total", "none"),
            ("_count", "0"),
            ("_sort", "-_id,birthdate,_id"),
        ],
    )
    assert query.elements == ("id", "name")
    assert (query.summary, query.total, query.count) == ("text", "none", 0)
    assert [(key.parameter.code, key.descending) for key in query.sort] == [("_id", True), ("birthdate", False)]
    with pytest.raises(Invalid):
        parse("Patient", [("_sort", "_id"), ("_sort", "_id")])

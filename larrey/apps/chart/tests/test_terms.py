from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from larrey.apps.chart.queries.terms import read


@pytest.mark.parametrize(
    ("typed", "pairs"),
    [
        ("mar 1984", [("word", "mar"), ("birthdate", "1984")]),
        ("1984 MAR", [("word", "mar"), ("birthdate", "1984")]),
        ("Éloïse Le Goff-Œuvrard", [("word", "eloise"), ("word", "le"), ("word", "goff"), ("word", "oeuvrard")]),
        ("03/02/1984", [("birthdate", "1984-02-03")]),
        ("3.2.1984", [("birthdate", "1984-02-03")]),
        ("03021984", [("birthdate", "1984-02-03")]),
        ("1984-02-03", [("birthdate", "1984-02-03")]),
        ("02/1984 dup", [("word", "dup"), ("birthdate", "1984-02")]),
        ("IPP0042", [("identifier", "IPP0042")]),
        ("2 84 02 29 001 001 56", [("identifier", "284022900100156,2840229001001")]),
        ("dup 2 84 02 2A 001 001", [("word", "dup"), ("identifier", "284022A001001")]),
        ("a,b$c|1", [("identifier", "a\\,b\\$c\\|1")]),
        ("martin martin", [("word", "martin")]),
        ("dup 03/0", [("word", "dup")]),
        ("dup 19", [("word", "dup")]),
    ],
)
def test_what_is_typed_becomes_search_parameters(typed: str, pairs: list[tuple[str, str]]) -> None:
    assert read(typed).pairs() == pairs


@pytest.mark.parametrize("typed", ["", "  ", "a", "1", "03/02", "12", "'", "a b"])
def test_too_little_does_not_search(typed: str) -> None:
    assert not read(typed).enough


def test_dates_that_do_not_exist_are_numbers() -> None:
    assert read("31/02/1984").pairs() == [("identifier", "31/02/1984")]
    assert read("99999999").pairs() == [("identifier", "99999999")]


def test_bare_digits_are_read_again_as_a_number() -> None:
    again = read("03021984 mar").otherwise()
    assert again is not None
    assert again.pairs() == [("word", "mar"), ("identifier", "03021984")]
    assert read("03/02/1984").otherwise() is None


@given(st.text())
def test_anything_can_be_typed(typed: str) -> None:
    assert all(value for _, value in read(typed).pairs())

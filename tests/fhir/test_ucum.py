"""UCUM: what can be compared is, what cannot is not."""

from __future__ import annotations

import runpy
from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from larrey.fhir.ucum import canonical, conversion
from larrey.fhir.ucum.converter import look_up
from larrey.kit import json

ROOT = Path(__file__).parents[2]


@pytest.mark.parametrize(
    ("left", "right"),
    [
        ("5 mg/dL", "0.05 g/L"),
        ("1 mmol/L", "1000 umol/L"),
        ("1 mmol/L", "1000 µmol/L"),
        ("37 Cel", "310.15 K"),
        ("98.6 [degF]", "37 Cel"),
        ("140 mm[Hg]", "14 cm[Hg]"),
        ("60 /min", "1 /s"),
        ("60 {beats}/min", "60 /min"),
        ("250 10*9/L", "250 10*3/uL"),
        ("250 10*9/L", "250000 /uL"),
        ("50 %", "0.5 1"),
        ("3 {score}", "3 1"),
        ("60 U/L", "1 ukat/L"),
        ("90 mL/min/{1.73_m2}", "90 mL/min"),
        ("1000 m[IU]/L", "1 [iU]/L"),
        ("1 [IU]/mL", "1 k[IU]/L"),
        ("2 [lb_av]", "0.90718474 kg"),
        ("2 a", "24 mo"),
        ("1 d", "24 h"),
        ("-5 Cel", "268.15 K"),
    ],
)
def test_same(left: str, right: str) -> None:
    (a, a_unit), (b, b_unit) = (text.split(" ", 1) for text in (left, right))
    assert canonical(Decimal(a), a_unit) == canonical(Decimal(b), b_unit) is not None


@pytest.mark.parametrize(("left", "right"), [("g", "mol"), ("[iU]/L", "/L"), ("[iU]", "[arb'U]"), ("m", "s"), ("kg", "kg/m2")])
def test_different_kinds(left: str, right: str) -> None:
    one, other = canonical(Decimal(1), left), canonical(Decimal(1), right)
    assert one is not None
    assert other is not None
    assert one[1] != other[1]


@pytest.mark.parametrize(
    "code", ["", " ", "foo", "dB", "[pH]", "(score)", "mEq/L", "kg" * 60, "kg//m", "{open", "Cel/min", "\x00"]
)
def test_without_conversion(code: str) -> None:
    assert canonical(Decimal(1), code) is None
    assert conversion(code) is None


def test_twelve_digits_and_open_ends() -> None:
    assert canonical(Decimal(1) / 3, "kg") == (Decimal("0.333333333333"), "kilogram")
    assert canonical(Decimal("Infinity"), "Cel") == (Decimal("Infinity"), "kelvin")
    assert canonical(Decimal("-Infinity"), "mg") == (Decimal("-Infinity"), "kilogram")
    assert canonical(Decimal("1E+999999"), "t") is None


@given(st.decimals(allow_nan=False, allow_infinity=False, places=4, min_value=-(10**6), max_value=10**6))
def test_scaling_is_exact_within_twelve_digits(value: Decimal) -> None:
    assert canonical(value, "g/L") == canonical(value * 100, "mg/dL")
    assert canonical(value, "mmol/L") == canonical(value * 1000, "umol/L")


def test_table_is_what_the_library_says() -> None:
    script = runpy.run_path(str(ROOT / "scripts" / "make_ucum_table.py"))
    table = json.loads(script["TABLE"].read_bytes())
    assert len(table) > 1300
    for code in sorted(table)[::9]:
        assert script["row"](code) == table[code], code


def test_the_library_is_asked_for_other_units() -> None:
    assert conversion("mg/kg/wk.L") == look_up("mg/kg/wk.L") is not None

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal

import pytest
from django.utils import translation
from hypothesis import given
from hypothesis import strategies as st

from larrey.ui import formats


@pytest.mark.parametrize(
    ("value", "french", "english"),
    [
        (Decimal("1.10"), "1,10", "1.10"),
        (Decimal("-0.5"), "−0,5", "−0.5"),
        (12345, "12\u202f345", "12,345"),
        (1234, "1234", "1234"),
        (Decimal("1234567.250"), "1\u202f234\u202f567,250", "1,234,567.250"),
        (Decimal("1E+20"), "1E+20", "1E+20"),
        ("NaN", "NaN", "NaN"),
    ],
)
def test_numbers_keep_their_digits(value: Decimal | int | str, french: str, english: str) -> None:
    with translation.override("fr"):
        assert formats.number(value) == french
    with translation.override("en"):
        assert formats.number(value) == english


@pytest.mark.parametrize(
    ("text", "french", "english"),
    [
        ("2024", "2024", "2024"),
        ("2024-02", "02/2024", "Feb 2024"),
        ("2024-02-03", "03/02/2024", "3 Feb 2024"),
        ("2024-02-03T23:30:00Z", "04/02/2024 00:30", "4 Feb 2024 00:30"),
        ("2024-07-03T23:30:00.123456789+02:00", "03/07/2024 23:30", "3 Jul 2024 23:30"),
        ("2024-13-45", "2024-13-45", "2024-13-45"),
        ("2024-02-30", "2024-02-30", "2024-02-30"),
        ("9999-12-31T23:59:59Z", "9999-12-31T23:59:59Z", "9999-12-31T23:59:59Z"),
        ("yesterday", "yesterday", "yesterday"),
    ],
)
def test_fhir_dates_keep_their_precision_and_come_to_paris(text: str, french: str, english: str) -> None:
    with translation.override("fr"):
        assert formats.fhir_date(text) == french
    with translation.override("en"):
        assert formats.fhir_date(text) == english


def test_moments_are_in_paris() -> None:
    with translation.override("fr"):
        assert formats.moment(datetime(2026, 11, 22, 8, 15, tzinfo=UTC)) == "22/11/2026 09:15"
        assert formats.day(date(2026, 1, 2)) == "02/01/2026"


@pytest.mark.parametrize(
    ("birth", "death", "words"),
    [
        ("1984-02-03", "2024-02-02", "39 ans"),
        ("1984-02-03", "2024-02-03T10:00:00Z", "40 ans"),
        ("1984", "2024-01-01", "40 ans"),
        ("2023-01-31", "2024-12-30", "22 mois"),
        ("2024-01-01", "2024-01-20", "19 jours"),
        ("2024-01-01", "2024-01-02", "1 jour"),
        ("2024-01-02", "2023-01-01", ""),
        ("", "2024-01-02", ""),
        ("1984-02-31", "2024-01-02", ""),
    ],
)
def test_ages(birth: str, death: str, words: str) -> None:
    with translation.override("fr"):
        assert formats.age(birth, death) == words


@given(st.text(), st.text())
def test_nothing_that_comes_in_breaks_them(one: str, other: str) -> None:
    formats.fhir_date(one)
    formats.age(one, other)
    formats.number(one)


@pytest.mark.parametrize(
    ("text", "french", "english"),
    [
        ("2026-11-22T08:14:40Z", "à l’instant", "just now"),
        ("2026-11-22T08:03:00Z", "il y a 12 min", "12 min ago"),
        ("2026-11-22T05:15:00Z", "il y a 3 h", "3 h ago"),
        ("2026-11-21T22:15:00Z", "il y a 10 h", "10 h ago"),
        ("2026-11-21T08:00:00Z", "hier", "yesterday"),
        ("2026-11-22", "aujourd’hui", "today"),
        ("2026-11-21", "hier", "yesterday"),
        ("2026-11-19", "il y a 3 jours", "3 days ago"),
        ("2026-11-12", "12/11/2026", "12 Nov 2026"),
        ("2026-11-22T10:20:00Z", "dans 2 h", "in 2 h"),
        ("2026-11-23T10:20:00Z", "demain", "tomorrow"),
        ("2026-11-25", "dans 3 jours", "in 3 days"),
        ("2027-01-25", "25/01/2027", "25 Jan 2027"),
        ("2026-11", "11/2026", "Nov 2026"),
        ("nonsense", "nonsense", "nonsense"),
    ],
)
def test_how_long_ago(monkeypatch: pytest.MonkeyPatch, text: str, french: str, english: str) -> None:
    monkeypatch.setattr(formats, "now", lambda: datetime(2026, 11, 22, 8, 15, tzinfo=UTC))
    with translation.override("fr"):
        assert formats.ago(text) == french
    with translation.override("en"):
        assert formats.ago(text) == english


@pytest.mark.parametrize(
    ("start", "end", "words"),
    [
        ("2024-01-01T10:00:00Z", "2024-01-01T10:40:00Z", "40 min"),
        ("2024-01-01T10:00:00Z", "2024-01-01T15:00:00Z", "5 h"),
        ("2024-01-01T10:00:00Z", "2024-01-05T09:00:00Z", "4 jours"),
        ("2024-01-01", "2024-01-02", "1 jour"),
        ("2024-01-05", "2024-01-02", ""),
        ("", "2024-01-02", ""),
        ("x", "y", ""),
    ],
)
def test_durations(start: str, end: str, words: str) -> None:
    with translation.override("fr"):
        assert formats.duration(start, end) == words


def test_months_are_headings() -> None:
    with translation.override("fr"):
        assert formats.month("2024-02-03") == "Février 2024"
        assert formats.month("2024-02-29T23:30:00Z") == "Mars 2024"
        assert formats.month("2024") == "2024"
        assert formats.month("x") == ""


@given(st.text(), st.text())
def test_no_text_breaks_relative_times(one: str, other: str) -> None:
    for text in (one, f"2024-{one}", "0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-14:00", "0001-01-01", "9999-12-31"):
        for told in (formats.ago(text), formats.short_date(text), formats.duration(text, other), formats.month(text)):
            assert isinstance(told, str)

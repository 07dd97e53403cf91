"""FHIR dates of any precision as half-open intervals in UTC."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from larrey.fhir.dates import BEGINNING, END, interval, is_date, period
from larrey.fhir.values import Span
from larrey.kit.errors import Invalid


def utc(*parts: int) -> datetime:
    return datetime(*parts, tzinfo=UTC)  # type: ignore[arg-type,misc]


@pytest.mark.parametrize(
    ("text", "low", "high"),
    [
        ("2024", utc(2024, 1, 1), utc(2025, 1, 1)),
        ("2024-12", utc(2024, 12, 1), utc(2025, 1, 1)),
        ("2024-02", utc(2024, 2, 1), utc(2024, 3, 1)),
        ("2024-02-29", utc(2024, 2, 29), utc(2024, 3, 1)),
        ("2024-02-03T10:20", utc(2024, 2, 3, 10, 20), utc(2024, 2, 3, 10, 21)),
        ("2024-02-03T10:20Z", utc(2024, 2, 3, 10, 20), utc(2024, 2, 3, 10, 21)),
        ("2024-02-03T10:20:30+02:00", utc(2024, 2, 3, 8, 20, 30), utc(2024, 2, 3, 8, 20, 31)),
        ("2024-02-03T00:20:30-05:30", utc(2024, 2, 3, 5, 50, 30), utc(2024, 2, 3, 5, 50, 31)),
        ("2024-02-03T10:20:30.1Z", utc(2024, 2, 3, 10, 20, 30, 100000), utc(2024, 2, 3, 10, 20, 30, 200000)),
        ("2024-02-03T10:20:30.123456789Z", utc(2024, 2, 3, 10, 20, 30, 123456), utc(2024, 2, 3, 10, 20, 30, 123457)),
        ("2016-12-31T23:59:60Z", utc(2016, 12, 31, 23, 59, 59, 999999), utc(2017, 1, 1)),
        ("0001", utc(1, 1, 1), utc(2, 1, 1)),
        ("9999", utc(9999, 1, 1), END),
        ("9999-12-31", utc(9999, 12, 31), END),
    ],
)
def test_precision(text: str, low: datetime, high: datetime) -> None:
    assert interval(text) == Span(low, high)
    assert is_date(text)


@pytest.mark.parametrize(
    "text",
    ["", "24", "2024-1", "2024-13", "2024-00", "2024-02-30", "2023-02-29", "2024-02-03T", "2024-02-03T10", "2024-02-03T25:00",
     "2024-02-03T10:61", "2024-02-03 10:20", "2024-02-03T10:20:30+25:00", "2024-02-03T10:20:30+02", "0000", "2024-02-03Z",
     "2024-02-03T10:20:61Z", "0001-01-01T00:00:00+14:00", "٢٠٢٤", "2024\n", "-2024", "2024-02-03T10:20:30.Z"],
)  # fmt: skip
def test_refused(text: str) -> None:
    with pytest.raises(Invalid, match="date"):
        interval(text)
    assert not is_date(text)


@given(st.dates())
def test_a_day_is_its_date(day: date) -> None:
    low, high = interval(day.isoformat())
    assert low.date() == day
    assert high == END or high - low == timedelta(days=1)


@given(st.datetimes(timezones=st.just(UTC)), st.integers(-14 * 60, 14 * 60))
def test_a_moment_is_the_same_in_every_zone(moment: datetime, minutes: int) -> None:
    sign, (hours, rest) = "-" if minutes < 0 else "+", divmod(abs(minutes), 60)
    try:
        local = moment.replace(tzinfo=None) + timedelta(minutes=minutes)
    except OverflowError:
        return
    low, high = interval(f"{local.isoformat(timespec='microseconds')}{sign}{hours:02}:{rest:02}")
    assert low <= moment < high or moment >= END - timedelta(microseconds=1)
    assert high - low == timedelta(microseconds=1)


@given(st.datetimes(timezones=st.just(UTC)))
def test_more_precision_is_inside_less(moment: datetime) -> None:
    text = moment.isoformat(timespec="milliseconds").replace("+00:00", "")
    spans = [interval(text[:length] + ("Z" if length > 10 else "")) for length in (4, 7, 10, 16, 19, 23)]
    for wide, narrow in pairwise(spans):
        assert wide.low <= narrow.low < narrow.high <= wide.high


@given(st.text(max_size=30))
def test_any_text_is_a_span_or_invalid(text: str) -> None:
    try:
        low, high = interval(text)
    except Invalid:
        return
    assert BEGINNING <= low < high <= END


def test_periods() -> None:
    assert period("2024-01-01", "2024-01-31") == Span(utc(2024, 1, 1), utc(2024, 2, 1))
    assert period("2024", None) == Span(utc(2024, 1, 1), END)
    assert period(None, "2024") == Span(BEGINNING, utc(2025, 1, 1))
    assert period(None, None) is None
    assert period("2024-05", "2024-01") == Span(utc(2024, 5, 1), utc(2024, 6, 1)), "a wrong end is ignored"

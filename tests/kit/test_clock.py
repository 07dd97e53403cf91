"""The one clock."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

from hypothesis import given
from hypothesis import strategies as st

from larrey.kit import clock

# hypothesis wants naive bounds beside its zones.
FIRST = datetime(2, 1, 1, tzinfo=UTC).replace(tzinfo=None)
LAST = datetime(9998, 12, 31, tzinfo=UTC).replace(tzinfo=None)
ZONES = st.integers(-14 * 60, 14 * 60).map(lambda minutes: timezone(timedelta(minutes=minutes)))


def test_now_is_aware_and_utc() -> None:
    moment = clock.now()
    assert moment.tzinfo is UTC
    assert abs(moment - datetime.now(UTC)) < timedelta(seconds=5)


@given(st.datetimes(min_value=FIRST, max_value=LAST, timezones=ZONES))
def test_an_instant_is_the_same_moment_to_the_millisecond(moment: datetime) -> None:
    text = clock.instant(moment)
    read = datetime.fromisoformat(text)
    assert text.endswith("Z")
    assert len(text) == 24
    assert timedelta(0) <= moment - read < timedelta(milliseconds=1)


def test_an_instant_as_fhir_writes_it() -> None:
    assert clock.instant(datetime(2026, 11, 22, 8, 54, 36, 120999, clock.PARIS)) == "2026-11-22T07:54:36.120Z"

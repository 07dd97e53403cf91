"""FHIR dates as intervals: a partial date is the time it covers, half-open, in UTC.

Formats: http://hl7.org/fhir/R4/datatypes.html#dateTime. A date or time without zone is taken as UTC. Search
also allows minutes without seconds (http://hl7.org/fhir/R4/search.html#date).
"""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta, timezone
from functools import lru_cache

from larrey.fhir.values import Span
from larrey.kit.errors import Invalid

BEGINNING = datetime.min.replace(tzinfo=UTC)
END = datetime.max.replace(tzinfo=UTC)

_DATE = re.compile(
    r"(\d{4})(?:-(\d\d)(?:-(\d\d)"
    r"(?:T(\d\d):(\d\d)(?::(\d\d)(?:\.(\d+))?)?(Z|[+-]\d\d:\d\d)?)?)?)?",
    re.ASCII,
)
_MICROSECOND = timedelta(microseconds=1)


@lru_cache(maxsize=65536)
def interval(text: str) -> Span:
    """The interval that a date, dateTime or instant of any precision covers.

    ``2024-02`` is [2024-02-01, 2024-03-01); ``2024-02-03T10:20`` is a minute; ``…:30.1Z`` a tenth of a second.
    Beyond microseconds digits are cut off. Raises ``Invalid`` for anything else, also for dates that do not exist.
    """
    match = _DATE.fullmatch(text)
    if match is None:
        raise Invalid(f"{text[:40]!r} is not a FHIR date.")
    year, month, day, hour, minute, second, fraction, zone = match.groups()
    try:
        if hour is None:
            return _day_or_longer(int(year), month, day)
        if second == "60":  # a leap second: the definitions allow it, clocks do not show it
            second, fraction = "59", "999999"
        low = datetime(
            int(year),
            int(month),
            int(day),
            int(hour),
            int(minute),
            int(second or 0),
            int((fraction or "")[:6].ljust(6, "0")),
            UTC if zone is None or zone == "Z" else _zone(zone),
        ).astimezone(UTC)
        if second is None:
            step = timedelta(minutes=1)
        elif fraction is None:
            step = timedelta(seconds=1)
        else:
            step = timedelta(microseconds=10 ** (6 - min(len(fraction), 6)))
        low = min(low, END - _MICROSECOND)
        return Span(low, _after(low, step))
    except (ValueError, OverflowError):
        raise Invalid(f"{text[:40]!r} is not a date that exists.") from None


def is_date(text: str) -> bool:
    """Whether ``interval`` accepts ``text``."""
    try:
        interval(text)
    except Invalid:
        return False
    return True


def _day_or_longer(year: int, month: str | None, day: str | None) -> Span:
    low = datetime(year, int(month or 1), int(day or 1), tzinfo=UTC)
    if day is not None:
        return Span(low, _after(low, timedelta(days=1)))
    if month is not None and int(month) < 12:
        return Span(low, low.replace(month=int(month) + 1))
    return Span(low, END if year == 9999 else datetime(year + 1, 1, 1, tzinfo=UTC))


def _after(low: datetime, step: timedelta) -> datetime:
    return low + step if END - low > step else END


@lru_cache(maxsize=256)
def _zone(text: str) -> timezone:
    hours, minutes = int(text[1:3]), int(text[4:6])
    if hours > 14 or minutes > 59:
        raise ValueError(text)
    offset = timedelta(hours=hours, minutes=minutes)
    return timezone(-offset if text[0] == "-" else offset)


@lru_cache(maxsize=65536)
def period(start: str | None, end: str | None) -> Span | None:
    """The interval of a Period, whose missing ends are open (http://hl7.org/fhir/R4/datatypes.html#Period).

    None when both ends are missing. An end before the start gives the start's own interval, so that a wrong
    period is still found where it begins.
    """
    if not start and not end:
        return None
    low = interval(start).low if start else BEGINNING
    high = interval(end).high if end else END
    return Span(low, high) if low < high else interval(start or end or "")

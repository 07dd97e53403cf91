"""Dates, periods and ages in words."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, date, datetime
from typing import Any

from larrey.fhir.dates import interval, is_date
from larrey.fhir.definitions import CLINICAL_DATE, search_parameter
from larrey.fhir.paths import compile_path
from larrey.fhir.reading.elements import Element, items
from larrey.kit.clock import PARIS

_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")


def date_text(text: str | None, lang: str = "fr", *, time: bool = True) -> str:
    """A FHIR date of any precision: ``03/02/2024``, ``02/2024``, ``2024``, ``03/02/2024 à 10:20`` (Paris time).

    In English ``3 Feb 2024, 10:20``. Without ``time`` only the day. Seconds are not shown. Empty for None.
    """
    if not text:
        return ""
    if "T" in text:
        moment = interval(text).low.astimezone(PARIS)
        day = _day(lang, moment.year, moment.month, moment.day)
        if not time:
            return day
        return f"{day} à {moment:%H:%M}" if lang == "fr" else f"{day}, {moment:%H:%M}"
    interval(text)  # refuses what is not a date
    parts = [int(part) for part in text.split("-")]
    return _day(lang, *parts)


def _day(lang: str, year: int, month: int | None = None, day: int | None = None) -> str:
    if lang == "fr":
        parts = [f"{day:02d}" if day else "", f"{month:02d}" if month else "", f"{year:04d}"]
        return "/".join(filter(None, parts))
    words = [str(day) if day else "", _MONTHS[month - 1] if month else "", f"{year:04d}"]
    return " ".join(filter(None, words))


def period_text(period: Element | None, lang: str = "fr", *, time: bool = True) -> str:
    """A Period: ``du 03/02/2024 au 05/02/2024``, ``depuis le …``, ``jusqu'au …``; one date when both ends read the same."""
    start, end = (date_text((period or {}).get(key), lang, time=time) for key in ("start", "end"))
    french = lang == "fr"
    if start and end:
        if start == end:
            return start
        return f"du {start} au {end}" if french else f"{start} – {end}"
    if start:
        return f"depuis le {start}" if french else f"since {start}"
    if end:
        return f"jusqu’au {end}" if french else f"until {end}"
    return ""


def timing_text(timing: Element | None, lang: str = "fr") -> str:
    """A Timing as far as it names dates: its code, its events, its bounds; empty for one that only repeats."""
    timing = timing or {}
    code = timing.get("code") or {}
    label = code.get("text") or next((c["display"] for c in items(code, "coding") if "display" in c), "")
    bounds = period_text((timing.get("repeat") or {}).get("boundsPeriod"), lang)
    events = ", ".join(date_text(event, lang) for event in items(timing, "event"))
    return ", ".join(filter(None, (str(label), events, bounds)))


def effective_date(resource: Element) -> str | None:
    """The resource's clinical date as it was written (FHIR text; the start of a period, else its end), or None.

    Which element that is: ``definitions.CLINICAL_DATE``.
    """
    type_ = resource["resourceType"]
    parameter = search_parameter(type_, CLINICAL_DATE.get(type_, ""))
    found: Iterable[Any] = compile_path(parameter.expression, type_)(resource) if parameter else ()
    return next((text for value in found if (text := _first_date(value))), None)


def _first_date(value: Any) -> str | None:
    if isinstance(value, str):
        return value if is_date(value) else None
    if not isinstance(value, dict):
        return None
    if "event" in value or "repeat" in value:
        bounds = (value.get("repeat") or {}).get("boundsPeriod")
        return min(items(value, "event"), key=lambda event: interval(event).low, default=None) or _first_date(bounds)
    start = value.get("start") or value.get("end")
    return str(start) if start else None


def age_at(birth_date: str | None, at: str | date | datetime) -> int | None:
    """Completed years at ``at`` of someone born on ``birth_date`` (partial: its first day); None when not yet born."""
    if not birth_date:
        return None
    born, day = interval(birth_date).low.date(), _date(at)
    if day < born:
        return None
    return day.year - born.year - ((day.month, day.day) < (born.month, born.day))


def age_text(birth_date: str | None, at: str | date | datetime, lang: str = "fr") -> str:
    """An age as clinicians say it: days in the first month, months until two years, then years; empty when unknown."""
    years = age_at(birth_date, at)
    if years is None or birth_date is None:
        return ""
    born, day = interval(birth_date).low.date(), _date(at)
    months = (day.year - born.year) * 12 + day.month - born.month - (day.day < born.day)
    french = lang == "fr"
    if len(birth_date) == 4 or years >= 2:
        number, word = years, (("an" if years < 2 else "ans") if french else ("year" if years == 1 else "years"))
    elif months >= 1:
        number, word = months, ("mois" if french else "month" if months == 1 else "months")
    else:
        number = (day - born).days
        word = ("jour" if number < 2 else "jours") if french else ("day" if number == 1 else "days")
    return f"{number}\u00a0{word}"


def _date(at: str | date | datetime) -> date:
    """The day in Paris for a moment with a time; the first day of a partial date."""
    if isinstance(at, str):
        low = interval(at).low
        return low.astimezone(PARIS).date() if "T" in at else low.date()
    if isinstance(at, datetime):
        return at.replace(tzinfo=at.tzinfo or UTC).astimezone(PARIS).date()
    return at

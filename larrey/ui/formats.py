"""Dates and numbers as they are read in France or in English; times in Europe/Paris.

A FHIR partial date keeps its precision: ``2024-02`` is a month, not its first day.
"""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

from django.utils.translation import get_language, ngettext
from django.utils.translation import gettext as _

from larrey.kit.clock import PARIS, now

_MONTHS = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"]
_FHIR_DATE = re.compile(r"(\d{4})(?:-(\d\d)(?:-(\d\d)(T.+)?)?)?\Z")
_NARROW_SPACE = "\u202f"


def language() -> str:
    """``fr`` or ``en``: the language of this request's page."""
    return "fr" if _french() else "en"


def _french() -> bool:
    return (get_language() or "fr").startswith("fr")


def number(value: Decimal | float | str) -> str:
    """A number with the digits it was given: ``1234.50`` is ``1 234,50`` in French, ``1,234.50`` in English.

    What is not a plain number (text, an exponent) comes back as it is.
    """
    text = str(value)
    found = re.fullmatch(r"(-?)(\d+)(?:\.(\d+))?", text)
    if found is None:
        return text
    sign, whole, fraction = found.groups()
    group, point = (_NARROW_SPACE, ",") if _french() else (",", ".")
    if len(whole) > 4:
        whole = re.sub(r"\B(?=(\d{3})+$)", group, whole)
    return f"{'−' if sign else ''}{whole}{point + fraction if fraction else ''}"


def day(value: date) -> str:
    """``22/11/2026`` in French, ``22 Nov 2026`` in English; an instant is first brought to Paris."""
    if isinstance(value, datetime) and value.tzinfo is not None:
        value = value.astimezone(PARIS)
    if _french():
        return f"{value.day:02d}/{value.month:02d}/{value.year:04d}"
    return f"{value.day} {_MONTHS[value.month - 1]} {value.year:04d}"


def moment(value: datetime) -> str:
    """Day and minute in Paris: ``22/11/2026 09:15``."""
    local = value.astimezone(PARIS) if value.tzinfo is not None else value
    return f"{day(local)} {local.hour:02d}:{local.minute:02d}"


def fhir_date(text: object) -> str:
    """A FHIR date, dateTime or instant of any precision, for people; what is not one comes back as it is."""
    found = _FHIR_DATE.match(str(text))
    if found is None:
        return str(text)
    year, month, day_, time = found.groups()
    try:
        if time:
            return moment(datetime.fromisoformat(str(text)))
        if day_:
            return day(date(int(year), int(month), int(day_)))
        if month:
            return f"{month}/{year}" if _french() else f"{_MONTHS[int(month) - 1]} {year}"
    except (ValueError, IndexError, OverflowError):
        return str(text)
    return year


def instant(text: object) -> datetime | None:
    """The instant that a FHIR date, dateTime or instant begins at (a day: at midnight in Paris); ``None`` when it is not one."""
    if isinstance(text, datetime):
        return text if text.tzinfo is not None else text.replace(tzinfo=UTC)
    found = _FHIR_DATE.match(str(text))
    if found is None:
        return None
    year, month, day_, time = found.groups()
    try:
        parsed = datetime.fromisoformat(str(text)) if time else datetime(int(year), int(month or 1), int(day_ or 1), tzinfo=PARIS)
        local = parsed if parsed.tzinfo is not None else parsed.replace(tzinfo=PARIS)
        local.astimezone(PARIS), local.astimezone(UTC)  # the ends of the calendar have no other zone
        return local
    except (ValueError, OverflowError):
        return None


RECENT_DAYS = 6
"""Beyond, a date says more than a number of days."""


def ago(value: datetime | str) -> str:
    """How long ago, or in how long: "3 h ago", "yesterday", "in 2 days". Beyond ``RECENT_DAYS`` the date.

    A FHIR text without a time is told in days; one without a day, or what is no date, as ``fhir_date`` says it.
    """
    exact = isinstance(value, datetime) or "T" in str(value)
    if not exact and len(str(value)) < len("2026-11-22"):
        return fhir_date(value)
    then, present = instant(value), now()
    if then is None:
        return fhir_date(value)
    try:
        days = (present.astimezone(PARIS).date() - then.astimezone(PARIS).date()).days
    except OverflowError:
        return fhir_date(value)
    minutes = int((present - then).total_seconds() // 60)
    if exact and 0 <= minutes < 60 * 24:
        if minutes < 1:
            return _("just now")
        if minutes < 60:
            return _("%(count)s min ago") % {"count": minutes}
        return _("%(count)s h ago") % {"count": minutes // 60}
    if exact and -60 * 24 < minutes < 0 and days == 0:
        return _("in %(count)s min") % {"count": -minutes} if minutes > -60 else _("in %(count)s h") % {"count": -minutes // 60}
    words = {0: _("today"), 1: _("yesterday"), -1: _("tomorrow")}.get(days)
    if words is not None:
        return words
    if 0 < days <= RECENT_DAYS:
        return ngettext("%(count)s day ago", "%(count)s days ago", days) % {"count": days}
    if -RECENT_DAYS <= days < 0:
        return ngettext("in %(count)s day", "in %(count)s days", -days) % {"count": -days}
    return day(then)


def short_date(text: object) -> str:
    """The day of a FHIR date, without its time: "22/11/2026"; shorter dates keep their precision."""
    then = instant(text) if "T" in str(text) else None
    try:
        return day(then) if then is not None else fhir_date(text)
    except OverflowError:
        return str(text)


def duration(start: object, end: object = "") -> str:
    """The time from ``start`` to ``end`` (FHIR texts; without ``end``, to now): minutes, hours, then days. May be empty."""
    first = instant(start) if start else None
    last = instant(end) if end else now()
    if first is None or last is None or last < first:
        return ""
    length = last - first
    whole = len(str(start)) <= len("2026-11-22")  # days alone: the first and the last
    if length < timedelta(hours=1) and not whole:
        return _("%(count)s min") % {"count": int(length.total_seconds() // 60)}
    if length < timedelta(hours=48) and not whole:
        return _("%(count)s h") % {"count": round(length.total_seconds() / 3600)}
    days = (last.astimezone(PARIS).date() - first.astimezone(PARIS).date()).days
    return ngettext("%(count)s day", "%(count)s days", days) % {"count": days}


def month(text: object) -> str:
    """The month of a FHIR date as a heading: "November 2026"; the year alone, or nothing, where that is what is known."""
    found = _FHIR_DATE.match(str(text))
    if found is None:
        return ""
    if not found[2]:
        return found[1]
    then = instant(text)
    if then is None:
        return found[1]
    local = then.astimezone(PARIS)
    names = [
        _("January"),
        _("February"),
        _("March"),
        _("April"),
        _("May"),
        _("June"),
        _("July"),
        _("August"),
        _("September"),
        _("October"),
        _("November"),
        _("December"),
    ]
    return f"{names[local.month - 1]} {local.year}"


def age(birth: str, death: str = "") -> str:
    """The age in words at a FHIR ``birth`` date, today or at ``death``; months below two years, days below a month.

    Empty when the birth date is unknown or not a date. With a year alone, the age reached during this year.
    """
    start = _parts(birth)
    end = _parts(death) if death else None
    if start is None:
        return ""
    if end is None:
        today = now().astimezone(PARIS)
        end = (today.year, today.month, today.day)
    months = (end[0] - start[0]) * 12
    if start[1] and end[1]:
        months += end[1] - start[1]
        if start[2] and end[2] and end[2] < start[2]:
            months -= 1
    if months < 0:
        return ""
    if months >= 24 or not start[1]:
        years = months // 12
        return ngettext("%(count)s year old", "%(count)s years old", years) % {"count": years}
    if months >= 1 or not start[2] or not end[2]:
        return ngettext("%(count)s month old", "%(count)s months old", months) % {"count": months}
    days = (date(*end) - date(*start)).days
    return ngettext("%(count)s day old", "%(count)s days old", days) % {"count": days}


def _parts(text: str) -> tuple[int, int, int] | None:
    found = _FHIR_DATE.match(str(text))
    if found is None:
        return None
    try:
        parts = int(found[1]), int(found[2] or 0), int(found[3] or 0)
        date(parts[0], parts[1] or 1, parts[2] or 1)
    except ValueError:
        return None
    return parts

"""Dates and numbers as they are read in France or in English; times in Europe/Paris.

A FHIR partial date keeps its precision: ``2024-02`` is a month, not its first day.
"""

from __future__ import annotations

import re
from datetime import date, datetime
from decimal import Decimal

from django.utils.translation import get_language, ngettext

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

"""French for letters: dates, numbers, agreement of gender, enumerations."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, datetime
from decimal import Decimal

_MONTHS = ("janvier", "février", "mars", "avril", "mai", "juin", "juillet", "août", "septembre", "octobre", "novembre",
           "décembre")  # fmt: skip
_DAYS = ("lundi", "mardi", "mercredi", "jeudi", "vendredi", "samedi", "dimanche")
_GROWN = 15
NARROW = "\u00a0"
"""Space that does not break, between a number and its unit and between thousands (in Latin-1, hence in every PDF font)."""


def long_date(day: date) -> str:
    """``1er mars 2026``."""
    return f"{'1er' if day.day == 1 else day.day} {_MONTHS[day.month - 1]} {day.year}"


def month(day: date) -> str:
    """``mars 2026``."""
    return f"{_MONTHS[day.month - 1]} {day.year}"


def appointment_time(at: datetime) -> str:
    """``mardi 3 mars 2026 à 9 h 30``."""
    return f"{_DAYS[at.weekday()]} {long_date(at)} à {clock(at)}"


def clock(at: datetime) -> str:
    """``9 h 30``, ``14 h``."""
    return f"{at.hour} h {at.minute:02d}" if at.minute else f"{at.hour} h"


def number(value: Decimal | float) -> str:
    """``13,4``; thousands are set apart: ``4 820``."""
    text = str(value)
    whole, point, rest = text.partition(".")
    if len(whole.lstrip("-")) > 3:
        whole = f"{int(whole):,}".replace(",", NARROW)
    return f"{whole},{rest}" if point else whole


def quantity(value: Decimal | float, unit: str) -> str:
    """``13,4 g/dL``."""
    return f"{number(value)}{NARROW}{unit}"


def listed(words: Iterable[str], last: str = "et") -> str:
    """``a, b et c``."""
    *first, end = list(words) or [""]
    return f"{', '.join(first)} {last} {end}" if first else end


def ordinal_day(number_: int) -> str:
    """``1er jour``, ``4e jour``."""
    return f"{'1er' if number_ == 1 else f'{number_}e'} jour"


def lower_first(text: str) -> str:
    """For a label within a sentence: only its first letter, and not when it begins an acronym."""
    return text[:1].lower() + text[1:] if text[1:2].islower() or text[1:2] in (" ", "'") else text


def upper_first(text: str) -> str:
    """For a fragment that begins a sentence."""
    return text[:1].upper() + text[1:]


def title(*, female: bool, years: int) -> str:
    """How letters call someone of that age, within a sentence: ``l'enfant``, ``Madame``, ``Monsieur``."""
    return "l'enfant" if years < _GROWN else "Madame" if female else "Monsieur"


class Words:
    """Words that agree with the sex of one person: ``w.e`` is the ``e`` of the feminine."""

    def __init__(self, *, female: bool) -> None:
        self.female = female
        self.e = "e" if female else ""
        self.ne = "ne" if female else ""
        self.title = "Madame" if female else "Monsieur"
        self.born = "née" if female else "né"
        self.she = "elle" if female else "il"
        self.She = "Elle" if female else "Il"
        self.patient = "patiente" if female else "patient"
        self.the_patient = "la patiente" if female else "le patient"
        self.The_patient = "La patiente" if female else "Le patient"

    def either(self, feminine: str, masculine: str) -> str:
        """The one that agrees."""
        return feminine if self.female else masculine

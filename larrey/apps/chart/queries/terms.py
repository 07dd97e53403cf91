"""What a clinician types to find a patient, read as a search: words of names, birth dates, numbers, in any order. Pure."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from datetime import date

from larrey.kit.clock import PARIS, now
from larrey.kit.text import fold

LONGEST = 200
"""Characters that are read; nobody types more."""

_INS = re.compile(r"(?<!\S)[1-478]\s?\d\d\s?\d\d\s?(?:\d\d|2[AB])\s?\d{3}\s?\d{3}(?:\s?\d\d)?(?!\S)", re.ASCII)
_DAY = re.compile(r"(\d{1,2})[/.-](\d{1,2})[/.-](\d{4})\Z", re.ASCII)
_ISO = re.compile(r"(\d{4})-(\d{1,2})(?:-(\d{1,2}))?\Z", re.ASCII)
_MONTH = re.compile(r"(\d{1,2})[/.-](\d{4})\Z", re.ASCII)
_UNFINISHED = re.compile(r"\d{1,3}\Z|\d{1,2}[/.-](\d{0,2}|\d{1,2}[/.-]\d{0,3})\Z", re.ASCII)
_OLDEST = 1880


@dataclass(frozen=True, slots=True)
class Terms:
    """``words``: folded beginnings of names. ``dates``: FHIR birth dates, partial or whole. ``numbers``: identifiers.

    ``doubtful``: bare digits read as dates that may be identifiers instead. ``unfinished``: something was left out
    because it looks like a date still being typed.
    """

    words: tuple[str, ...] = ()
    dates: tuple[str, ...] = ()
    numbers: tuple[str, ...] = ()
    doubtful: tuple[str, ...] = field(default=(), compare=False)
    unfinished: bool = False

    @property
    def enough(self) -> bool:
        """Whether this narrows the search: a number, a date, or at least two letters of a name."""
        return bool(self.dates or self.numbers or any(len(word) >= 2 for word in self.words))

    @property
    def specific(self) -> bool:
        """Whether this names one person: a whole birth date with three letters of a name, or a number of five signs."""
        named = any(len(word) >= 3 for word in self.words) and any(len(day) == len("1984-02-03") for day in self.dates)
        return named or any(len(number) >= 5 for number in self.numbers)

    def pairs(self) -> list[tuple[str, str]]:
        """The search parameters of Patient; all must hold."""
        found = [("word", word) for word in self.words]
        found += [("birthdate", day) for day in self.dates]
        found += [("identifier", _identifier(number)) for number in self.numbers]
        return found

    def otherwise(self) -> Terms | None:
        """The second reading, with doubtful dates as identifiers; ``None`` when there is none."""
        if not self.doubtful:
            return None
        kept = tuple(day for day in self.dates if day not in {_bare_date(text) for text in self.doubtful})
        return Terms(self.words, kept, (*self.numbers, *self.doubtful), unfinished=self.unfinished)


def read(typed: str) -> Terms:
    """Read what was typed; unknown signs separate words, as hyphens and apostrophes do in names."""
    text = typed[:LONGEST]
    numbers = ["".join(found.split()) for found in _INS.findall(text)]
    words: list[str] = []
    dates: list[str] = []
    doubtful: list[str] = []
    unfinished = False
    for token in _INS.sub(" ", text).split():
        day = _date(token)
        if day:
            dates.append(day)
        elif bare := _bare_date(token):
            dates.append(bare)
            doubtful.append(token)
        elif _UNFINISHED.match(token):
            unfinished = True
        elif any(sign.isdigit() for sign in token):
            numbers.append(token)
        else:
            words += fold(token).split()
    return Terms(tuple(dict.fromkeys(words)), tuple(dict.fromkeys(dates)), tuple(numbers), tuple(doubtful), unfinished)


def _date(token: str) -> str:
    if found := _DAY.match(token):
        return _day(int(found[3]), int(found[2]), int(found[1]))
    if found := _ISO.match(token):
        year, month = int(found[1]), int(found[2])
        return _day(year, month, int(found[3])) if found[3] else _day(year, month, 1)[:7]
    if found := _MONTH.match(token):
        return _day(int(found[2]), int(found[1]), 1)[:7]
    return ""


def _bare_date(token: str) -> str:
    """A year, or a day without signs (03021984), among plausible birth years."""
    if not (token.isascii() and token.isdigit()):
        return ""
    latest = now().astimezone(PARIS).year
    if len(token) == 4 and _OLDEST <= int(token) <= latest:
        return token
    if len(token) == 8 and _OLDEST <= int(token[4:]) <= latest:
        return _day(int(token[4:]), int(token[2:4]), int(token[:2]))
    return ""


def _day(year: int, month: int, day: int) -> str:
    try:
        return date(year, month, day).isoformat()
    except ValueError:
        return ""


def _identifier(number: str) -> str:
    """The value of the parameter: the number as typed; an INS with its key is also looked for without."""
    forms = [number, number[:13]] if len(number) == 15 and number.isdigit() else [number]
    return ",".join(re.sub(r"([\\,|$])", r"\\\1", form) for form in forms)

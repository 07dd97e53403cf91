"""Draws an invented person: sex, age, names, places."""

from __future__ import annotations

from bisect import bisect
from dataclasses import dataclass
from datetime import date
from random import Random
from typing import Literal

from larrey.apps.demo.people import places
from larrey.apps.demo.people.names import FIRST_NAMES, RARE_SURNAMES, SECOND_NAMES, SURNAMES
from larrey.apps.demo.people.places import Place

Sex = Literal["female", "male"]

# People per hundred who come to a hospital, by decade of age.
_AGES = (9, 6, 8, 9, 9, 11, 14, 16, 13, 5)
_DIGITS, _MONTHS, _ORDERS = 10, 12, 999


@dataclass(frozen=True, slots=True)
class Wish:
    """What a story asks of its hero: ages in years (from, below) and sex (empty: any)."""

    ages: tuple[int, int]
    sex: Sex | Literal[""] = ""


@dataclass(frozen=True, slots=True)
class Person:
    """Who someone is. ``family`` is the birth name, ``used`` another one she goes by (empty: none).

    ``precision``: characters of the ISO date of birth that are known (10, 7 or 4). ``order``: hers in the register of births.
    """

    number: int
    sex: Sex
    family: str
    used: str
    given: tuple[str, ...]
    born: date
    precision: int
    birth_place: Place
    home: Place
    order: int

    def age(self, day: date) -> float:
        """In years."""
        return (day - self.born).days / 365.25

    def years(self, day: date) -> int:
        """Completed years."""
        return day.year - self.born.year - ((day.month, day.day) < (self.born.month, self.born.day))

    @property
    def shown(self) -> str:
        """The name to print in letters: ``Marie DUPONT``, ``Marie LE GOFF née DUPONT`` is left to the letter."""
        return f"{self.given[0]} {(self.used or self.family).upper()}"


def surname(random: Random) -> str:
    """The frequent ones more often."""
    return SURNAMES[int(random.random() ** 1.35 * len(SURNAMES))]


def first_names(random: Random, sex: Sex, born: date) -> tuple[str, ...]:
    """One to three, the first one usual for the year of birth."""
    period = FIRST_NAMES[bisect([period.before for period in FIRST_NAMES], born.year)]
    names = period.girls if sex == "female" else period.boys
    first = names[int(random.random() ** 1.25 * len(names))]
    return tuple(dict.fromkeys((first, *random.sample(SECOND_NAMES[sex], random.choices((0, 1, 2), (3, 4, 3))[0]))))


def _register(number: int) -> tuple[int, int, int]:
    """Order in the register (1–999), month (1–12) and digit of the age, by the number alone.

    They differ for any two of 119,880 numbers in a row, so that no two of that many people whose age nothing else
    decides share an INS. Multipliers only spread neighbours.
    """
    rest, order = divmod(number, _ORDERS)
    rest, month = divmod(rest, _MONTHS)
    month = (month + order * 7) % _MONTHS
    digit = (rest + order * 3 + month * 5) % _DIGITS
    return (order * 586) % _ORDERS + 1, month + 1, digit


def draw(random: Random, number: int, today: date, wish: Wish | None = None) -> Person:
    """Person ``number``; everything about her depends on ``random``, ``number``, ``today`` and ``wish`` only."""
    sex: Sex = "female" if random.random() < 0.53 else "male"
    if wish is not None and wish.sex:
        sex = wish.sex
    order, month, digit = _register(number)
    if wish is None:
        years = random.choices(range(10), _AGES)[0] * 10 + digit
    else:
        low, high = wish.ages
        years = low + int(random.random() * max(1, high - low))
    born = _born(random, today, years, month)
    if wish is not None and years < 2:
        born = max(born, date(today.year - years - 1, today.month, min(28, today.day)))
    family, used = random.choice(RARE_SURNAMES) if random.random() < 0.05 else surname(random), ""
    adult = today.year - born.year > 26
    if adult and random.random() < (0.5 if sex == "female" else 0.02):
        used = surname(random)
        if random.random() < 0.12:
            used = f"{family}-{used}"
    abroad = random.random() < 0.1
    births = places.BIRTHS_ABROAD if abroad else places.BIRTHS_NEARBY if random.random() < 0.55 else places.BIRTHS_IN_FRANCE
    precision = 10
    if abroad and random.random() < 0.1:
        precision = random.choice((4, 7))
        born = born.replace(day=1, month=1 if precision == 4 else born.month)
    homes = places.HOMES
    return Person(
        number, sex, family, "" if used == family else used, first_names(random, sex, born), born, precision,
        random.choice(births), homes[int(random.random() ** 1.8 * len(homes))], order,
    )  # fmt: skip


def _born(random: Random, today: date, years: int, month: int) -> date:
    """A day of ``month`` when she is ``years`` old."""
    day = random.randint(1, 28)
    year = today.year - years - ((month, day) > (today.month, today.day))
    return date(year, month, day)

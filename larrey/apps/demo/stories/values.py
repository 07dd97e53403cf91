"""Figures along a course: what is usual for the person, what the illness makes of it, and natural variation."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from decimal import Decimal
from random import Random
from typing import NamedTuple

from larrey.apps.demo.catalogue.analyses import ANALYSES, Analysis
from larrey.apps.demo.people.person import Person
from larrey.apps.demo.stories import french

Points = Sequence[tuple[float, float]]
"""(day of the stay, value) in order of time; straight lines between."""


class Drawn(NamedTuple):
    """A value that stands in the record."""

    analysis: Analysis
    value: Decimal
    at: datetime
    interpretation: str

    @property
    def said(self) -> str:
        """``hémoglobine à 9,8 g/dL``."""
        return f"{self.analysis.said} à {self.figure}"

    @property
    def figure(self) -> str:
        """``9,8 g/dL``."""
        return french.quantity(self.value, self.analysis.unit) if self.analysis.unit else french.number(self.value)


def interpolated(points: Points, day: float) -> float:
    """The value of the course at ``day``; before its first and after its last point that point's."""
    previous_day, previous = points[0]
    if day <= previous_day:
        return previous
    for next_day, following in points:
        if day <= next_day:
            share = (day - previous_day) / (next_day - previous_day) if next_day > previous_day else 1.0
            return previous + (following - previous) * share
        previous_day, previous = next_day, following
    return previous


def ckd_epi(creatinine: float, age: float, *, female: bool) -> float:
    """Glomerular filtration in mL/min/1.73 m² from creatinine in µmol/L: CKD-EPI 2009 (Levey et al.), as French
    laboratories report it, without its coefficient for origin.
    """
    ratio = creatinine / 88.4 / (0.7 if female else 0.9)
    power = (-0.329 if female else -0.411) if ratio <= 1 else -1.209
    return float(141 * ratio**power * 0.993**age * (1.018 if female else 1))


_LAST_GROWTH = {True: ((14, 160.0), (17, 163.0)), False: ((15, 169.0), (17, 176.0))}
"""Median heights of girls (True) and boys, in centimetres by age."""


class Body:
    """Height and weight over life; growth follows the medians of French children roughly."""

    def __init__(self, random: Random, person: Person) -> None:
        self._person = person
        self._adult = random.gauss(163 if person.sex == "female" else 176, 6.2)
        self._index = max(17.5, random.gauss(24.2, 3.1))
        self.excess = 0.0
        """Kilograms that an illness adds or takes away."""

    def height(self, day: date) -> float:
        """In centimetres."""
        age = self._person.age(day)
        if age >= 17:
            return self._adult
        girl = self._person.sex == "female"
        median = interpolated(
            ((0, 50), (0.08, 54), (0.25, 60.5), (0.5, 67), (1, 75), (2, 87), (4, 103), (8, 128), (12, 151), *_LAST_GROWTH[girl]),
            age,
        )
        ratio = self._adult / (163 if girl else 176)
        return median * (1 + (ratio - 1) * min(1.0, 0.4 + age / 5))

    def weight(self, day: date) -> float:
        """In kilograms."""
        age = self._person.age(day)
        if age >= 17:
            return max(35.0, self._index * (self._adult / 100) ** 2 + self.excess)
        index = interpolated(
            ((0, 13.4), (0.08, 14.7), (0.25, 16.5), (0.5, 17.2), (1, 17), (3, 15.8), (6, 15.4), (10, 17), (14, 19.5), (17, 21.5)),
            age,
        )
        return float(index * (self._index / 24.2) ** 0.5 * (self.height(day) / 100) ** 2)


_LITERAL = frozenset(
    {"poids", "taille", "perimetre_cranien", "hauteur_uterine", "nihss", "glasgow", "debit_o2", "apgar_1", "apgar_5"}
)
"""Whose courses are followed as they are written: there is no usual value that an illness would move away from."""


class Course:
    """Values of one person during one stay; ``points`` by analysis key, in days since ``start``."""

    def __init__(self, owner: Usual, start: datetime) -> None:
        self._usual, self._start = owner, start
        self._points: dict[str, Points] = {}
        self._strength: dict[str, float] = {}

    def follow(self, points: Mapping[str, Points]) -> None:
        """Add courses; what was said before of an analysis is replaced."""
        for key, course in points.items():
            ANALYSES[key]  # an unknown key is an error of the pathway
            self._points[key] = course
            strength = min(1.3, max(0.75, self._usual.random.gauss(1.0, 0.12)))
            self._strength[key] = 1.0 if key in _LITERAL else strength

    def raw(self, key: str, at: datetime) -> float:
        """Unrounded, before what follows from other analyses."""
        usual = self._usual
        points = self._points.get(key)
        if points is None:
            return usual.value(key, at)
        day = (at - self._start).total_seconds() / 86400
        healthy = usual.healthy(key, at)
        value = healthy + (interpolated(points, day) - healthy) * self._strength[key]
        return value * (1 + usual.random.gauss(0, ANALYSES[key].noise))

    def draw(self, key: str, at: datetime, others: dict[str, float]) -> float:
        """The value of ``key`` at ``at``; ``others`` holds what the same sample has given, and receives it."""
        value = self._derived(key, at, others)
        if value is None:
            value = self.raw(key, at)
        analysis = ANALYSES[key]
        value = min(max(value, analysis.lowest), analysis.highest)
        value = round(value, analysis.decimals)
        others[key] = value
        return value

    def _derived(self, key: str, at: datetime, others: dict[str, float]) -> float | None:
        """What follows from other analyses of the sample, unless the pathway gives it a course of its own."""
        if key in self._points:
            return None
        jitter = self._usual.random.gauss(1, 0.012)
        if key == "dfg" and "creatinine" in others:
            return self._usual.filtration(others["creatinine"], at)
        if key == "hematocrite" and "hemoglobine" in others:
            return others["hemoglobine"] * 2.95 * jitter
        if key == "tcmh" and "vgm" in others:
            return others["vgm"] * 0.339 * jitter
        if key == "leucocytes" and "neutrophiles" in self._points:
            return self.draw("neutrophiles", at, others) + self._usual.value("lymphocytes", at) + 0.5
        if key == "neutrophiles" and "neutrophiles" not in others and "leucocytes" in others:
            white = others["leucocytes"]
            return white * (0.58 + 0.27 * min(1.0, max(0.0, (white - 9) / 8))) * jitter
        if key == "neutrophiles" and "neutrophiles" in others:
            return others["neutrophiles"]
        if key == "lymphocytes" and "leucocytes" in others and "neutrophiles" in others:
            return (others["leucocytes"] - others["neutrophiles"]) * 0.72 * jitter
        if key == "bicarbonates_art" and "ph" in others and "paco2" in others:
            return float(0.0307 * others["paco2"] * 10 ** (others["ph"] - 6.1))
        if key == "tiffeneau" and "vems" in others and "cvf" in others:
            return 100 * others["vems"] / others["cvf"]
        if key == "diastolique" and "systolique" in others:
            return min(self._usual.value(key, at) + 0.3 * (others["systolique"] - self._usual.healthy("systolique", at)),
                       others["systolique"] - 18)  # fmt: skip
        return None


class Usual:
    """What is usual for one person, lasting diseases included."""

    def __init__(self, random: Random, person: Person, body: Body) -> None:
        self.random, self._person, self._body = random, person, body
        self._own: dict[str, float] = {}
        self.drift: dict[str, float] = {}
        """By how much lasting diseases move what is usual, in the analysis's unit."""

    def shift(self, key: str, by: float) -> None:
        """A lasting disease moves ``key``."""
        self.drift[key] = self.drift.get(key, 0.0) + by

    def healthy(self, key: str, at: datetime) -> float:
        """For sex and age, without any disease."""
        return ANALYSES[key].norms(self._person.sex, self._person.age(at.date())).usual

    def value(self, key: str, at: datetime) -> float:
        """Hers at ``at``, with natural variation."""
        if key == "poids":
            return self._body.weight(at.date()) * (1 + self.random.gauss(0, 0.006))
        if key == "taille":
            return self._body.height(at.date())
        if key == "imc":
            return self._body.weight(at.date()) / (self._body.height(at.date()) / 100) ** 2
        analysis = ANALYSES[key]
        own = self._own.get(key)
        if own is None:
            own = self._own[key] = max(-1.6, min(1.6, self.random.gauss(0, 0.8))) * analysis.spread
        base = self.healthy(key, at) + own + self.drift.get(key, 0.0)
        return base + self.random.gauss(0, analysis.noise) * base

    def filtration(self, creatinine: float, at: datetime) -> float:
        """In mL/min/1.73 m²: CKD-EPI for adults, Schwartz 2009 for children."""
        age = self._person.age(at.date())
        if age < 18:
            return 36.5 * self._body.height(at.date()) / creatinine
        return ckd_epi(creatinine, age, female=self._person.sex == "female")

"""When an invented patient comes to hospital and why: follow-ups of lasting diseases, and events."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from random import Random
from typing import Literal

from larrey.apps.demo.catalogue.diseases import EVENTS, LASTING, Disease, Event
from larrey.apps.demo.people import Person
from larrey.kit.clock import PARIS

YEARS = 4
"""How far back the course goes."""

Kind = Literal["AMB", "EMER", "IMP"]


@dataclass(slots=True)
class Visit:
    """One encounter to come. ``drift``: how far values are from usual then, diseases included."""

    kind: Kind
    start: datetime
    end: datetime
    service: str
    reason: Disease | Event
    drift: dict[str, float] = field(default_factory=dict)


class Plan:
    """Draws the diseases and the visits of ``person``. ``services``: keys of those her hospital has."""

    def __init__(self, random: Random, person: Person, services: Iterable[str], today: date) -> None:
        self._random, self._person, self._services, self._today = random, person, frozenset(services), today
        self.diseases = [disease for disease in LASTING if self._has(disease)]

    def _has(self, disease: Disease) -> bool:
        age = self._person.age(self._today)
        if age < disease.age or disease.sex not in ("", self._person.sex):
            return False
        return self._random.random() * 100 < disease.share * (1 + min(1.0, (age - disease.age) / 25))

    def visits(self) -> list[Visit]:
        """All visits, in order of time."""
        visits: list[Visit] = []
        known = {disease.code for disease in self.diseases}
        for disease in self.diseases:
            for _ in range(self._random.choices((0, 1, 2, 3), (3, 4, 2, 1))[0]):
                start = self.office_hour(self.day())
                if start is not None:
                    length = timedelta(minutes=self._random.choice((15, 20, 30)))
                    visits.append(Visit("AMB", start, start + length, self.place(disease.service), disease))
        for _ in range(self._random.choices((0, 1, 2, 3), (30, 44, 20, 6))[0]):
            day = self.day()
            if day < self._person.born:
                continue
            age = self._person.age(day)
            possible = [
                event
                for event in EVENTS
                if event.ages[0] <= age < event.ages[1] + 1
                and event.sex in ("", self._person.sex)
                and (not event.after or event.after in known)
                and all(event is not visit.reason for visit in visits)
            ]
            if possible:
                visits.append(self._event(self._random.choices(possible, [e.weight for e in possible])[0], day))
        lasting: dict[str, float] = {}
        for disease in self.diseases:
            for name, shift in disease.drift:
                lasting[name] = lasting.get(name, 0.0) + shift
        for visit in visits:
            for name, shift in lasting.items():
                visit.drift[name] = visit.drift.get(name, 0.0) + shift
        return sorted(visits, key=lambda visit: visit.start)

    def _event(self, event: Event, day: date) -> Visit:
        start = datetime.combine(day, time(self._random.randint(0, 23), self._random.randint(0, 59)), PARIS)
        kind: Kind = "IMP" if event.stay else "EMER" if event.service == "urgences" else "AMB"
        if event.stay:
            nights = max(1, round(self._random.gauss(event.stay, event.stay / 4)))
            leaves = datetime.combine(day + timedelta(days=nights), time(self._random.randint(10, 16)), PARIS)
            end = min(leaves, datetime.combine(self._today, time(8), PARIS))
        elif kind == "EMER":
            end = start + timedelta(minutes=self._random.randint(70, 420))
        else:
            start = start.replace(hour=self._random.randint(8, 15))
            end = start + timedelta(hours=2)
        return Visit(kind, start, end, self.place(event.service), event, dict(event.drift))

    def day(self) -> date:
        """A past day of the years that the course covers."""
        return self._today - timedelta(days=int(9 + self._random.random() * YEARS * 365))

    def office_hour(self, day: date) -> datetime | None:
        """A working hour of ``day`` or of the Monday after it; None before the person is born."""
        day += timedelta(days=(7 - day.weekday()) % 7 if day.weekday() > 4 else 0)
        hour, minute = self._random.randint(8, 17), self._random.choice((0, 15, 30, 45))
        return datetime.combine(day, time(hour, minute), PARIS) if day > self._person.born else None

    def place(self, service: str) -> str:
        """The service that stands in for ``service`` at her hospital and age."""
        if self._person.age(self._today) < 16 and "pediatrie" in self._services and service != "urgences":
            return "pediatrie"
        return service if service in self._services else "medecine"

"""From a number to a patient: who is in which bed, which pathway she is on, and all that is written of her."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, time
from functools import lru_cache
from random import Random

from larrey.apps.demo import background, privacy, structure
from larrey.apps.demo.pathways import Pathway, choose, hero, pathways
from larrey.apps.demo.people import person
from larrey.apps.demo.resources import Resource
from larrey.apps.demo.stories import Present, Story
from larrey.apps.demo.stories.story import Batch
from larrey.apps.demo.structure.staff import ACCOUNTS

SEED = 1766
HOUR = 8
"""The set is as at this hour of its day: what happened before is told, what comes after is planned."""
_EVERY, _RANK = 25, 7
"""One patient in 25 is in a bed today, until the beds are full."""
_OCCUPIED = 0.86
_SHOWN, _TOGETHER = ACCOUNTS["medecin"].uf, 3


@dataclass(frozen=True, slots=True)
class Edition:
    """What the set depends on. ``today``: at ``HOUR`` o'clock of that day."""

    seed: int
    today: date

    @property
    def name(self) -> str:
        """How it is remembered."""
        return f"seed-{self.seed}-{self.today}"

    @classmethod
    def named(cls, name: str) -> Edition:
        """The edition of that name."""
        _, seed, day = name.split("-", 2)
        return cls(int(seed), date.fromisoformat(day))


@dataclass(frozen=True, slots=True)
class Patient:
    """``batches`` in order; ``pathway`` is its name, empty without."""

    number: int
    pathway: str
    batches: list[Batch]

    @property
    def resources(self) -> list[Resource]:
        """The latest version of each resource, in the order in which they came to be."""
        return list({resource["id"]: resource for _, batch in self.batches for resource in batch}.values())

    @property
    def versions(self) -> int:
        """How many versions are written."""
        return sum(len(batch) for _, batch in self.batches)


def group(edition: Edition) -> structure.Group:
    """The hospitals of the edition."""
    return structure.build(edition.seed)


@lru_cache(4)
def slots(seed: int) -> tuple[tuple[Pathway, Present], ...]:
    """Beds that are taken today, each with the pathway of who lies in it.

    Wards take turns, so that even a small set has someone in each; the ward of the demo's doctor takes her turn first, and
    several beds at once. The same bed comes once.
    """
    kinds: dict[str, list[tuple[Pathway, int]]] = {}
    for pathway in pathways():
        for kind, weight in pathway.present:
            kinds.setdefault(kind, []).append((pathway, weight))
    random = Random(f"{seed}/beds")
    queues = []
    for unit in structure.build(seed).units.values():
        if unit.kind not in kinds or not unit.beds:
            continue
        beds = random.sample(unit.beds, max(1, int(len(unit.beds) * _OCCUPIED)))
        options, weights = zip(*kinds[unit.kind], strict=True)
        queues.append([(random.choices(options, weights)[0], Present(unit, bed)) for bed in beds])
    random.shuffle(queues)
    queues.sort(key=lambda queue: queue[0][1].unit.code != _SHOWN)
    taken = []
    for turn in range(max((len(queue) for queue in queues), default=0)):
        for queue in queues:
            together = _TOGETHER if queue[0][1].unit.code == _SHOWN else 1
            taken += queue[turn * together : (turn + 1) * together]
    return tuple(taken)


def patient(edition: Edition, number: int) -> Patient:
    """Patient ``number`` (from 1); all of her depends on the edition and the number only."""
    random = Random(f"{edition.seed}/patient/{number}/{edition.today}")
    taken = slots(edition.seed)
    turn, rest = divmod(number, _EVERY)
    chosen: Pathway | None
    if rest == _RANK and turn < len(taken):
        chosen, present = taken[turn]
        who = person.draw(random, number, edition.today, hero(random, chosen))
    else:
        present = None
        who = person.draw(random, number, edition.today)
        chosen = choose(random, who, who.years(edition.today))
    now = datetime.combine(edition.today, time(HOUR))
    story = Story(edition.seed, who, random, group(edition), now, present)
    background.tell(story, alone=chosen is None)
    if chosen is not None:
        chosen.story(story)
    privacy.tell(story)
    return Patient(number, chosen.name if chosen else "", story.batches())


def patients(edition: Edition, first: int, last: int) -> Iterator[Patient]:
    """Patients ``first`` to ``last``, both included."""
    for number in range(first, last + 1):
        yield patient(edition, number)

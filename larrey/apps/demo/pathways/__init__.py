"""Clinical pathways: one module each, found by name. See README.md of the room, "Add a pathway"."""

from __future__ import annotations

from functools import cache
from importlib import import_module
from pkgutil import iter_modules
from random import Random

from larrey.apps.demo.pathways.pathway import Pathway, Share
from larrey.apps.demo.people.person import Person, Wish

__all__ = ["Pathway", "Share", "choose", "hero", "pathways"]


@cache
def pathways() -> tuple[Pathway, ...]:
    """All of them, in alphabetical order of their modules."""
    modules = sorted(module.name for module in iter_modules(__path__) if module.name != "pathway")
    return tuple(import_module(f"{__name__}.{name}").PATHWAY for name in modules)


def choose(random: Random, person: Person, age: int) -> Pathway | None:
    """The pathway of ``person``, by the stated shares of her age and sex; None for those who have none."""
    left = random.random() * 1000
    for pathway in pathways():
        left -= pathway.weight(age, person.sex)
        if left < 0:
            return pathway
    return None


def hero(random: Random, pathway: Pathway) -> Wish:
    """Age and sex of someone on ``pathway``, as its shares and the ages of the population have it."""
    share = random.choices(pathway.shares, [s.weight * (s.ages[1] - s.ages[0]) for s in pathway.shares])[0]
    return Wish(share.ages, share.sex)

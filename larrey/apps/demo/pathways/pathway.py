"""What a pathway says of itself."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal, NamedTuple

from larrey.apps.demo.stories import Story


class Share(NamedTuple):
    """How many of a thousand patients of that sex (empty: both) and age in years (from, below) are on the pathway."""

    ages: tuple[int, int]
    weight: float
    sex: Literal["female", "male", ""] = ""


def known(s: Story, said: str) -> bool:
    """Whether she already has a disease that letters tell in words beginning with ``said``: the background gives some."""
    return any(words.startswith(said) for _, words in s.history)


@dataclass(frozen=True, slots=True)
class Pathway:
    """``name``: of the module; ``title``: in French; ``present``: kinds of units where someone on it may be today, with
    weights; ``story``: tells it.
    """

    name: str
    title: str
    shares: tuple[Share, ...]
    present: tuple[tuple[str, int], ...]
    story: Callable[[Story], None]

    def weight(self, age: int, sex: str) -> float:
        """Patients out of a thousand."""
        return sum(s.weight for s in self.shares if s.ages[0] <= age < s.ages[1] and s.sex in ("", sex))

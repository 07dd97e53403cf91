"""What a write must respect; the settings of an installation decide."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True, slots=True)
class Rules:
    """``references``: a reference to a missing local resource is refused, or tolerated (feeds out of order).

    ``entries``: most entries in one bundle. ``validate``: check the structure before writing. ``keys``: most keys and
    values one resource may be found by; the largest honest ones (groups, value sets) have some ten thousand.
    """

    references: Literal["refuse", "tolerate"] = "refuse"
    validate: bool = True
    entries: int = 10_000
    keys: int = 100_000


STRICT = Rules()

"""What a write must respect; the settings of an installation decide."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True, slots=True)
class Rules:
    """``references``: a reference to a missing local resource is refused, or tolerated (feeds out of order).

    ``entries``: most entries in one bundle. ``validate``: check the structure before writing.
    """

    references: Literal["refuse", "tolerate"] = "refuse"
    validate: bool = True
    entries: int = 10_000


STRICT = Rules()

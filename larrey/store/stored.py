"""What the store hands out: one version of one resource, and the outcome of a write."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Literal


@dataclass(frozen=True, slots=True)
class Stored:
    """One version of one resource. ``body`` is the JSON to send, byte for byte, with its ``meta``."""

    type: str
    id: str
    version: int
    updated: datetime
    body: bytes
    key: int
    rid: int = 0


@dataclass(frozen=True, slots=True)
class Written:
    """The outcome of a write. ``found``: a conditional create met an existing resource and wrote nothing."""

    type: str
    id: str
    version: int
    updated: datetime
    outcome: Literal["created", "updated", "deleted", "found"]
    stored: Stored | None

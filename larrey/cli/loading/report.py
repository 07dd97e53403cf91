"""What a load has done, for people and for machines."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from typing import Any

from larrey.cli.loading.units import Place


@dataclass(slots=True)
class Report:
    """``files`` read, ``resources`` written, ``known`` units that an earlier load had brought in, ``refused`` by place.

    ``stopped``: why the load ended before its end.
    """

    files: int = 0
    resources: int = 0
    known: int = 0
    refused: dict[Place, str] = field(default_factory=dict)
    stopped: str = ""
    started: float = field(default_factory=time.monotonic)
    ended: float | None = None

    @property
    def seconds(self) -> float:
        """Since the start, or between start and end."""
        return (self.ended or time.monotonic()) - self.started

    @property
    def rate(self) -> float:
        """Resources written per second."""
        return self.resources / max(self.seconds, 1e-6)

    def as_json(self) -> dict[str, Any]:
        """The object that ``--json`` prints; ``line`` and ``entry`` count from 1 and are left out where there is none."""
        refused: list[dict[str, Any]] = []
        for place, reason in self.refused.items():
            one: dict[str, Any] = {"file": place.path, "reason": reason}
            if place.line:
                one["line"] = place.line
            if place.entry:
                one["entry"] = place.entry
            refused.append(one)
        return {
            "files": self.files,
            "resources": self.resources,
            "known": self.known,
            "refused": refused,
            "seconds": round(self.seconds, 3),
            "rate": round(self.rate, 1),
        } | ({"stopped": self.stopped} if self.stopped else {})

    def __str__(self) -> str:
        known = f"; {self.known:,} already loaded before" if self.known else ""
        refused = f"; {len(self.refused):,} refused" if self.refused else ""
        return (
            f"{self.resources:,} resources from {self.files:,} {'file' if self.files == 1 else 'files'}"
            f" in {self.seconds:.1f} s ({self.rate:,.0f} resources/s){known}{refused}"
        )

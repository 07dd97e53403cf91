"""What destroyed the kidneys, and what they still do."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import NamedTuple

from larrey.apps.demo.stories import Stay, Story
from larrey.apps.demo.stories.values import interpolated

MONTH = 30.4


class Cause(NamedTuple):
    """``code``: CIM-10 of the disease that destroyed the kidneys; ``said``: in letters."""

    code: str
    said: str


CAUSES = (
    Cause("I12.0", "néphroangiosclérose"),
    Cause("E11.20", "néphropathie diabétique"),
    Cause("Q61.2", "polykystose rénale autosomique dominante"),
)


class Illness:
    """What the kidneys still do at a date: moves the usual values of the person accordingly."""

    def __init__(self, s: Story, start: datetime) -> None:
        self._s, self._start = s, start
        self._scale = s.between(0.85, 1.15)
        self.dry = s.body.excess
        self._fat = s.between(1.6, 2.6)  # weight taken on between two sessions, in kg

    def at(self, when: datetime) -> None:
        """Set what is usual on the day ``when``; months are counted from the first dialysis."""
        months = (when - self._start).total_seconds() / 86400 / MONTH
        drift = self._s.usual.drift
        on = months >= 0
        drift["creatinine"] = self._scale * (
            interpolated([(-30, 130), (-12, 230), (-3, 380), (0, 560)], months) if not on else 640
        )
        drift["uree"] = self._scale * (interpolated([(-30, 6), (-12, 12), (0, 26)], months) if not on else 17)
        drift["potassium"] = 0.5 if not on else 1.0
        drift["phosphore"] = interpolated([(-24, 0.1), (0, 0.8), (2, 0.75), (8, 0.5)], months)
        drift["calcium"] = interpolated([(-24, -0.04), (0, -0.22), (6, -0.08)], months)
        drift["pth"] = interpolated([(-24, 60), (0, 300), (9, 210)], months)
        drift["hemoglobine"] = interpolated([(-24, -1.2), (-3, -3.6), (0, -4.8), (2, -4.0), (5, -3.2), (12, -3.1)], months)
        drift["bicarbonates"] = interpolated([(-24, -2), (0, -6), (1, -3)], months)
        drift["albumine"] = -4.0
        drift["systolique"] = 18.0 if not on else 14.0
        drift["vitamine_d"] = interpolated([(-12, -25), (3, 5)], months)
        drift["ferritine"] = interpolated([(-12, 20), (0, 60), (6, 220)], months)

    def gain(self) -> float:
        """Kilograms taken on since the last session."""
        return max(0.6, self._s.random.gauss(self._fat, 0.5))


def dialyse(stay: Stay, at: datetime, *, minutes: int, detail: str = "") -> None:
    """The act, once it is over."""
    if stay.holds(at + timedelta(minutes=minutes)):
        stay.act("JVJF004", at=at, minutes=minutes, detail=detail)

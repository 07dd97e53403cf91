"""A pregnancy and what becomes of it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime


@dataclass(slots=True)
class Pregnancy:
    """``begun``: first day of the last period; ``born``: when the child is born (perhaps to come)."""

    begun: datetime
    born: datetime
    first: bool
    caesarean: bool
    diabetes: bool
    anaemia: bool
    preeclampsia: bool
    breast: bool

    def weeks(self, at: datetime) -> float:
        """Weeks of amenorrhoea."""
        return (at - self.begun).days / 7

    def said(self, at: datetime) -> str:
        """``32 SA + 4 jours``."""
        weeks, days = divmod((at - self.begun).days, 7)
        return f"{weeks} SA" + (f" + {days} jour{'s' if days > 1 else ''}" if days else "")

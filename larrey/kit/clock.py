"""The one clock. Time is stored in UTC and shown in Europe/Paris."""

from __future__ import annotations

from datetime import UTC, datetime
from functools import lru_cache
from zoneinfo import ZoneInfo

PARIS = ZoneInfo("Europe/Paris")


def now() -> datetime:
    """The present instant, aware, in UTC, to the microsecond."""
    return datetime.now(UTC)


@lru_cache(maxsize=256)  # everything in one transaction bears the same instant
def instant(moment: datetime) -> str:
    """``moment`` (aware) as a FHIR instant in UTC to the millisecond, e.g. ``2026-11-22T07:54:36.120Z``."""
    return moment.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")

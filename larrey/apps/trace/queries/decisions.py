"""What was decided on accesses, newest first."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from psycopg import Cursor

from larrey.apps.trace.models import Decision
from larrey.apps.trace.queries import people
from larrey.apps.trace.queries.cases import KINDS
from larrey.store.caller import Caller
from larrey.ui import words

ROWS = 50
"""Decisions on a page."""


@dataclass(frozen=True, slots=True)
class Decided:
    """Decisions of a page, with the name of their kind. ``names``: the patients by id. ``next`` continues."""

    decisions: list[tuple[Decision, str]]
    names: Mapping[str, words.Identity]
    next: int | None


def decided(cursor: Cursor[Any], caller: Caller, before: int | None = None) -> Decided:
    """The decisions with whose access it was and who decided. Two statements."""
    asked = Decision.objects.select_related("account", "by").order_by("-id")
    if before is not None:
        asked = asked.filter(id__lt=before)
    rows = list(asked[: ROWS + 1])
    shown = [(row, str(KINDS[row.kind][0]) if row.kind in KINDS else row.kind) for row in rows[:ROWS]]
    names = people.patients(cursor, caller, [row.patient_id for row, _kind in shown if row.patient_id])
    return Decided(shown, names, shown[-1][0].id if len(rows) > ROWS else None)

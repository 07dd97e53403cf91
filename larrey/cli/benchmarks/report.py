"""What a benchmark found, as a table for people and as JSON for machines."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

import click


@dataclass(frozen=True, slots=True)
class Figure:
    """One figure beside its floor.

    ``ratio`` is what counts: on a shared machine absolute values are noise. ``target`` is the sentence of the figure to
    reach, ``reached`` whether it was, ``None`` where the figure is only stated.
    """

    name: str
    value: float
    unit: str
    floor: float | None = None
    floor_name: str = ""
    ratio: float | None = None
    target: str = ""
    reached: bool | None = None
    details: dict[str, Any] = field(default_factory=dict)

    def json(self) -> dict[str, Any]:
        return asdict(self)


def quantile(values: Sequence[float], share: float) -> float:
    """The value below which ``share`` of ``values`` lie (nearest rank)."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))]


def number(value: float | None) -> str:
    """``value`` with three meaningful digits, thousands separated."""
    if value is None:
        return ""
    return f"{value:,.0f}" if abs(value) >= 100 else f"{value:.3g}"


def table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """A plain table: the first column to the left, the others to the right; also valid Markdown."""
    widths = [max(len(row[column]) for row in (head, *rows)) for column in range(len(head))]

    def line(cells: Sequence[str]) -> str:
        return (
            "| " + " | ".join(c.rjust(w) if n else c.ljust(w) for n, (c, w) in enumerate(zip(cells, widths, strict=True))) + " |"
        )

    rule = "|" + "|".join("-" * (w + 1) + (":" if n else "-") for n, w in enumerate(widths)) + "|"
    return "\n".join([line(head), rule, *map(line, rows)])


def show(figures: Sequence[Figure]) -> None:
    """Print ``figures`` as a table, and the targets that were missed."""
    rows = []
    for f in figures:
        verdict = {True: "reached", False: "MISSED", None: ""}[f.reached]
        ratio = f"{f.ratio:.2f}" if f.ratio is not None else ""
        rows.append((f.name, f"{number(f.value)} {f.unit}", number(f.floor), f.floor_name, ratio, f.target, verdict))
    click.echo(table(("figure", "value", "floor", "floor is", "ratio", "target", ""), rows))

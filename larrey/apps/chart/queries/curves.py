"""One analyte over time: its curve, its reference range, the stays behind it, and the same numbers as rows."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.utils.translation import gettext as _
from psycopg import Cursor

from larrey.apps.chart.queries import analytes, stays_of
from larrey.apps.chart.queries.measures import Measure, measures
from larrey.fhir.shelves import LABORATORY, VITALS
from larrey.kit import json
from larrey.kit.clock import now
from larrey.kit.errors import NotFound
from larrey.store import chart
from larrey.store.caller import Caller
from larrey.ui import formats

POINTS = 500
"""Values of one analyte that are drawn; older ones are on the next page."""
COMPARED = 3
"""Analytes beside the first."""
KNOWN = 80
"""Analytes offered to compare with."""
PERIODS = ("stay", "month", "year", "all")
_LENGTHS = {"month": timedelta(days=31), "year": timedelta(days=366)}
_PRESSURES = frozenset({"85354-9", "55284-4"})
"""Panels of blood pressure, whose components are in the table of analytes."""
ENOUGH = 2
"""Values that make a period worth opening the page on."""


@dataclass(frozen=True, slots=True)
class Line:
    """One analyte of a drawing; measures newest first."""

    label: str
    unit: str
    range: str
    low: float | None
    high: float | None
    measures: tuple[Measure, ...]


@dataclass(frozen=True, slots=True)
class Plot:
    """What is drawn on one pair of axes: an Observation's value, or its components when they share a unit."""

    token: str
    label: str
    unit: str
    lines: tuple[Line, ...]


@dataclass(frozen=True, slots=True)
class Curve:
    """The page of a curve. ``since``/``until`` bound what is drawn; ``older`` is where values beyond ``POINTS`` begin.

    ``choices``: (token, label) of analytes to compare with. ``stay``: the stay that the period "stay" is.
    """

    plots: tuple[Plot, ...]
    period: str
    since: datetime | None
    until: datetime | None
    stays: tuple[stays_of.Stay, ...]
    stay: stays_of.Stay | None
    choices: tuple[tuple[str, str], ...]
    older: datetime | None

    @property
    def rows(self) -> list[tuple[Plot, Line, Measure]]:
        """Every value shown, newest first."""
        found = [(plot, line, measure) for plot in self.plots for line in plot.lines for measure in line.measures]
        return sorted(found, key=lambda row: row[2].when.timestamp() if row[2].when else 0.0, reverse=True)


def curve(
    cursor: Cursor[Any],
    caller: Caller,
    patient_id: str,
    tokens: Sequence[str],
    period: str = "",
    until: datetime | None = None,
) -> Curve:
    """The curves of the analytes ``tokens``, the first of which names the page.

    ``period``: one of ``PERIODS``, "" for the last stay when it has values, else the shortest that has. Raises
    ``NotFound`` when the patient has no value of the first.
    """
    stays = stays_of.stays(cursor, caller, patient_id)
    stay = stays_of.last(stays)
    everything: list[tuple[str, list[Measure]]] = []
    older = None
    for token in dict.fromkeys(tokens):
        stored = chart.series(cursor, caller, patient_id, analytes.analyte(token), until=until, count=POINTS)
        found = [measure for each in stored for measure in measures(json.loads(each.body)) if measure.when]
        if not everything:
            if not found:
                raise NotFound("This patient has no value of this analyte.")
            older = found[-1].when if len(stored) == POINTS else None
        everything.append((token, found))
    first = everything[0][1]
    if period not in PERIODS:
        period = _period(first, stay)
    since, end = _bounds(period, first, stay)
    plots = [plot for token, found in everything for plot in _plots(token, _within(found, since, end))]
    return Curve(
        plots=tuple(plots) or tuple(_plots(everything[0][0], [])),
        period=period,
        since=since,
        until=end,
        stays=tuple(stays),
        stay=stay,
        choices=tuple(_choices(cursor, caller, patient_id, tokens)),
        older=older,
    )


def label(token: str, plots: Sequence[Plot]) -> str:
    """What the analyte ``token`` is called."""
    return next((plot.label for plot in plots if plot.token == token), "") or _("Result")


def _period(found: Sequence[Measure], stay: stays_of.Stay | None) -> str:
    for period in PERIODS[:-1]:
        if period == "stay" and stay is None:
            continue
        if len(_within(found, *_bounds(period, found, stay))) >= ENOUGH:
            return period
    return "all"


def _bounds(period: str, found: Sequence[Measure], stay: stays_of.Stay | None) -> tuple[datetime | None, datetime | None]:
    """The months and years count from the last value: what is old is seen as well as what is of today."""
    if period == "stay" and stay is not None:
        return stay.start, stay.end
    if period in _LENGTHS:
        newest = found[0].when if found else None
        return (newest or now()) - _LENGTHS[period], None
    return None, None


def _within(found: Iterable[Measure], since: datetime | None, until: datetime | None) -> list[Measure]:
    return [m for m in found if m.when and (since is None or m.when >= since) and (until is None or m.when <= until)]


def _plots(token: str, found: Sequence[Measure]) -> list[Plot]:
    """One drawing for each unit: the two blood pressures share theirs."""
    by_analyte: dict[str, list[Measure]] = {}
    for measure in found:
        by_analyte.setdefault(measure.analyte, []).append(measure)
    lines: dict[str, list[Line]] = {}
    for each in by_analyte.values():
        unit = next((m.unit for m in each if m.unit), "")
        bounds = next((m for m in each if m.range and m.unit == unit), each[0])
        line = Line(each[0].label, unit, bounds.range, bounds.low, bounds.high, tuple(each))
        lines.setdefault(unit, []).append(line)
    return [Plot(token, _title(token, group), unit, tuple(group)) for unit, group in lines.items()] or [
        Plot(token, _title(token, []), "", ())
    ]


def _title(token: str, lines: Sequence[Line]) -> str:
    known = analytes.known(analytes.analyte(token))
    if known is not None:
        return known.label
    return " · ".join(line.label for line in lines) if lines else analytes.analyte(token).rpartition("|")[2]


def _choices(cursor: Cursor[Any], caller: Caller, patient_id: str, tokens: Sequence[str]) -> list[tuple[str, str]]:
    """The analytes to compare with, of the laboratory or of the vital signs as the first is, in the order of the results."""
    first = analytes.known(analytes.analyte(tokens[0]))
    shelf = VITALS if tokens[0] in _PRESSURES or (first is not None and first.group in {"vitals", "body"}) else LABORATORY
    found: dict[str, tuple[int, str]] = {}
    for stored in chart.latest(cursor, caller, patient_id, shelf, count=1, analytes=KNOWN):
        for measure in measures(json.loads(stored.body)):
            known = analytes.known(measure.analyte)
            token = analytes.token(measure.parent)
            if measure.number is not None and token not in tokens:
                found.setdefault(token, (known.rank if known else len(analytes.table()), measure.label))
    return [(token, name) for token, (_rank, name) in sorted(found.items(), key=lambda each: each[1])]


def drawing(page: Curve, addresses: Iterable[str]) -> str:
    """What the script draws, as JSON that may stand in a page: no character of it can end a ``script`` element.

    ``addresses``: where each of ``page.rows`` leads, in their order. Times in seconds since 1970.
    """
    places = {id(measure): address for (_plot, _line, measure), address in zip(page.rows, addresses, strict=True)}
    data = {
        "language": formats.language(),
        "since": page.since.timestamp() if page.since else None,
        "until": page.until.timestamp() if page.until else None,
        "stays": [
            {"label": stay.label, "start": stay.start.timestamp(), "end": (stay.end or now()).timestamp()} for stay in page.stays
        ],
        "plots": [
            {
                "label": plot.label,
                "unit": plot.unit,
                "lines": [
                    {
                        "label": line.label,
                        "range": line.range,
                        "low": line.low,
                        "high": line.high,
                        "points": [_point(measure, places[id(measure)]) for measure in _drawn(line)],
                    }
                    for line in plot.lines
                ],
            }
            for plot in page.plots
            if any(_drawn(line) for line in plot.lines)
        ],
    }
    text = json.dumps(data).decode()
    return text.replace("&", "\\u0026").replace("<", "\\u003c").replace(">", "\\u003e")


def _drawn(line: Line) -> list[Measure]:
    """The numbers of a line, oldest first; those in another unit are in the table only."""
    return [m for m in reversed(line.measures) if m.number is not None and m.when and m.unit == line.unit and not m.void]


def _point(measure: Measure, address: str) -> dict[str, Any]:
    assert measure.when is not None  # what is drawn is dated
    words = ", ".join(filter(None, (f"{measure.value} {measure.unit}".strip(), measure.sign_words, measure.state)))
    return {
        "x": measure.when.timestamp(),
        "y": measure.number,
        "words": words,
        "when": formats.moment(measure.when),
        "mark": measure.mark,
        "sign": measure.sign,
        "to": address,
    }

"""Results as a cumulative table: an analyte a row, a sampling time a column, the newest at the left beside the names.

French laboratories print the day's result first and what came before to its right; the table does the same.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop
from psycopg import Cursor

from larrey.apps.chart.queries import analytes, stays_of
from larrey.apps.chart.queries.measures import Measure, measures
from larrey.fhir.shelves import LABORATORY, OBSERVATIONS, VITALS
from larrey.kit import json
from larrey.kit.clock import PARIS, now
from larrey.kit.text import fold
from larrey.store import chart
from larrey.store.caller import Caller
from larrey.store.stored import Stored
from larrey.ui import formats

COLUMNS = 10
"""Sampling times on a page: what 1366 pixels hold."""
READ = 320
"""Observations read for a page, of the shelf that has most of them: enough for ten full blood samples."""
READ_BESIDE = 60
"""Observations read of each of the many small shelves."""
DEEP, ANALYTES = COLUMNS, 100
"""When a name is searched: values read of each analyte, analytes looked at."""
KINDS: Mapping[str, tuple[str, tuple[str, ...]]] = {
    "laboratory": (gettext_noop("Laboratory"), (LABORATORY,)),
    "vitals": (gettext_noop("Vital signs"), (VITALS,)),
    "others": (gettext_noop("Others"), tuple(shelf for shelf in OBSERVATIONS if shelf not in {LABORATORY, VITALS})),
}
PERIODS: Mapping[str, tuple[str, timedelta | None]] = {
    "": (gettext_noop("All dates"), None),
    "stay": (gettext_noop("Last stay"), None),
    "week": (gettext_noop("1 week"), timedelta(days=7)),
    "month": (gettext_noop("1 month"), timedelta(days=31)),
    "year": (gettext_noop("1 year"), timedelta(days=366)),
}
_NEVER = datetime.min.replace(tzinfo=PARIS)
_MINUTE = timedelta(minutes=1)


@dataclass(frozen=True, slots=True)
class Asked:
    """What the page is asked for: the kind (a key of ``KINDS`` or "" for the first that has something), words of a name, …"""

    kind: str = ""
    name: str = ""
    abnormal: bool = False
    period: str = ""
    until: datetime | None = None


@dataclass(frozen=True, slots=True)
class Column:
    """A sampling time. ``when`` None: not dated."""

    when: datetime | None
    day: str
    year: str
    time: str


@dataclass(frozen=True, slots=True)
class Row:
    """An analyte. ``cells`` has one list of measures for each column. ``curve``: its token when it has numbers to draw.

    ``spark``: points of a small curve in a box of 100 by 20, oldest first; "" for fewer than three numbers.
    """

    label: str
    symbol: str
    unit: str
    range: str
    curve: str
    cells: tuple[tuple[Measure, ...], ...]
    spark: str
    abnormal: bool


@dataclass(frozen=True, slots=True)
class Group:
    """Rows that belong together."""

    label: str
    rows: tuple[Row, ...]


@dataclass(frozen=True, slots=True)
class Table:
    """A page of results. ``older`` continues (an ``until``); ``kind`` is the one shown. ``only`` is the one analyte found."""

    kind: str
    columns: tuple[Column, ...]
    groups: tuple[Group, ...]
    older: datetime | None
    only: str

    @property
    def rows(self) -> int:
        """How many analytes are shown."""
        return sum(len(group.rows) for group in self.groups)


def results(cursor: Cursor[Any], caller: Caller, patient_id: str, asked: Asked) -> Table:
    """A page of results: one statement, but for a period that is a stay, and for kinds that are found empty on the way."""
    since = _since(cursor, caller, patient_id, asked.period)
    name = fold(asked.name)
    kinds = [asked.kind] if asked.kind in KINDS else list(KINDS)
    if name:
        # What one types is looked for where one is, then where most things are.
        kinds = list(dict.fromkeys([*kinds[:1], "laboratory", "vitals"]))
    for kind in kinds:
        shelves = KINDS[kind][1]
        if name and len(shelves) == 1:
            found, floor = _named(cursor, caller, patient_id, shelves, name, since, asked.until)
        else:
            found, floor = _read(cursor, caller, patient_id, shelves, since, asked.until)
            found = [measure for measure in found if not name or analytes.matches(name, measure.label, _symbol(measure.analyte))]
        if found or floor is not None:
            table = _table(kind, found, floor, abnormal=asked.abnormal)
            return replace(table, older=None) if name else table
    return Table(asked.kind if asked.kind in KINDS else next(iter(KINDS)), (), (), None, "")


def _since(cursor: Cursor[Any], caller: Caller, patient_id: str, period: str) -> datetime | None:
    if period == "stay":
        stay = stays_of.last(stays_of.stays(cursor, caller, patient_id))
        return stay.start if stay else None
    length = PERIODS[period][1] if period in PERIODS else None
    return now() - length if length else None


def _read(
    cursor: Cursor[Any],
    caller: Caller,
    patient_id: str,
    shelves: Sequence[str],
    since: datetime | None,
    until: datetime | None,
) -> tuple[list[Measure], datetime | None]:
    """The measures of the newest sampling times, and the time from which on all were read (None: all there are)."""
    count = READ if len(shelves) == 1 else READ_BESIDE
    wanted = {shelf: chart.Section("Observation", count, shelf, since=since, until=until) for shelf in shelves}
    found, floors = [], []
    for stored in chart.sections(cursor, caller, patient_id, wanted).values():
        decoded, complete = _decoded(stored)
        found += decoded
        oldest = min((measure.when or _NEVER for measure in decoded), default=_NEVER)
        if not complete or len(stored) == count:
            floors.append(oldest)
    return found, max(floors, default=None)


def _decoded(stored: Sequence[Stored]) -> tuple[list[Measure], bool]:
    """The measures of what was read, newest first; no more is decoded than the columns of a page hold, and one."""
    found: list[Measure] = []
    minutes: set[datetime] = set()
    for each in stored:
        for measure in measures(json.loads(each.body)):
            found.append(measure)
            minutes.add(_minute(measure.when))
        if len(minutes) > COLUMNS:
            return found, False
    return found, True


def _named(
    cursor: Cursor[Any],
    caller: Caller,
    patient_id: str,
    shelves: Sequence[str],
    name: str,
    since: datetime | None,
    until: datetime | None,
) -> tuple[list[Measure], datetime | None]:
    """The last measures of the analytes called ``name``, however long ago. The older ones are on the page of the curve."""
    found: list[Measure] = []
    for shelf in shelves:
        for stored in chart.latest(cursor, caller, patient_id, shelf, count=DEEP, analytes=ANALYTES):
            found += measures(json.loads(stored.body))
    exact = [measure for measure in found if fold(_symbol(measure.analyte)) == name]
    named = exact or [measure for measure in found if analytes.matches(name, measure.label, _symbol(measure.analyte))]
    kept = [
        measure
        for measure in named
        if measure.when is None or ((since is None or measure.when >= since) and (until is None or measure.when < until))
    ]
    return kept, None


def _symbol(analyte: str) -> str:
    known = analytes.known(analyte)
    return known.symbol if known else ""


def _minute(when: datetime | None) -> datetime:
    return _NEVER if when is None else when.replace(second=0, microsecond=0)


def _table(kind: str, found: Iterable[Measure], floor: datetime | None, *, abnormal: bool) -> Table:
    by_minute: dict[datetime, list[Measure]] = defaultdict(list)
    for measure in found:
        by_minute[_minute(measure.when)].append(measure)
    minutes = sorted(by_minute, reverse=True)
    shown = minutes[:COLUMNS]
    if floor is not None:
        # A sampling time that was only begun to be read is for the next page, unless it is all there is.
        whole = [minute for minute in shown if minute > _minute(floor)]
        shown = whole or shown[:1]
    more = floor is not None or len(minutes) > len(shown)
    older = shown[-1] if more and shown and shown[-1] != _NEVER else None
    at = {minute: index for index, minute in enumerate(shown)}
    # Values in different units are in different rows; words without a unit join the row that there is.
    cells: dict[tuple[str, str, str], list[list[Measure]]] = defaultdict(lambda: [[] for _minute in shown])
    units: dict[tuple[str, str], str] = {}
    for minute in shown:
        for measure in by_minute[minute]:
            if measure.unit:
                units.setdefault((measure.analyte, measure.parent), measure.unit)
    for minute in shown:
        for measure in by_minute[minute]:
            unit = measure.unit or units.get((measure.analyte, measure.parent), "")
            cells[measure.analyte, measure.parent, unit][at[minute]].append(measure)
    groups: dict[str, list[tuple[int, str, Row]]] = defaultdict(list)
    for (analyte, parent, unit), columns in cells.items():
        row = _row(analyte, parent, unit, columns)
        known = analytes.known(analyte)
        if row.abnormal or not abnormal:
            rank = known.rank if known else len(analytes.table())
            groups[known.group if known else analytes.OTHERS].append((rank, row.label.casefold(), row))
    ordered = tuple(
        Group(analytes.group_label(group), tuple(row for _rank, _label, row in sorted(groups[group], key=lambda each: each[:2])))
        for group in analytes.GROUPS
        if group in groups
    )
    names = {analyte for analyte, _parent, _unit in cells}
    only = next(iter(cells.values()))[0] if len(names) == 1 else None
    token = ordered[0].rows[0].curve if len(names) == 1 and only is not None and ordered else ""
    return Table(kind, tuple(map(_column, shown)), ordered, older, token)


def _column(minute: datetime) -> Column:
    if minute == _NEVER:
        return Column(None, _("Not dated"), "", "")
    local = minute.astimezone(PARIS)
    day = formats.day(local)
    year = f"{local.year:04d}"
    # A date without a time is kept as midnight UTC: no time is shown for it.
    bare = (minute.hour, minute.minute) == (0, 0)
    return Column(minute, day.removesuffix(year).strip(" /"), year, "" if bare else f"{local.hour:02d}:{local.minute:02d}")


def _row(analyte: str, parent: str, unit: str, columns: Sequence[Sequence[Measure]]) -> Row:
    every = [measure for column in columns for measure in column]
    newest = every[0]
    range_ = next((measure.range for measure in every if measure.range), "")
    numbers = [measure.number for measure in every if measure.number is not None and not measure.void]
    curve = analytes.token(parent) if numbers and parent != "|" else ""
    return Row(
        label=newest.label,
        symbol=_symbol(analyte),
        unit=unit,
        range=range_,
        curve=curve,
        cells=tuple(map(tuple, columns)),
        spark=spark(numbers[::-1]),
        abnormal=any(measure.mark for measure in every),
    )


def spark(numbers: Sequence[float]) -> str:
    """``numbers``, oldest first, as the points of an SVG polyline in a box of 100 by 20."""
    if len(numbers) < 3:
        return ""
    low, high = min(numbers), max(numbers)
    span = (high - low) or 1.0
    step = 100 / (len(numbers) - 1)
    return " ".join(f"{index * step:.0f},{18 - (number - low) / span * 16:.1f}" for index, number in enumerate(numbers))

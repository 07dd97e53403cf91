"""What a patient's chart reads: what each part of a screen shows, and whose a resource is.

These are the record's hot path. Every statement begins at the patient in a btree and reads the bodies of what is shown
and no others, so that its cost depends neither on the size of the record nor on that of the patient's.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any, NamedTuple

from psycopg import Cursor

from larrey.fhir.definitions import resource_types
from larrey.fhir.shelves import OBSERVATIONS
from larrey.kit.errors import Invalid
from larrey.kit.ids import is_resource_id, patient_uuid
from larrey.store.caller import Caller
from larrey.store.hospitals import Hospital, hospitals
from larrey.store.keys import parameter_key, reference_key, resource_key
from larrey.store.search.policy import policy, refuse_filters, visible_change
from larrey.store.search.sight import RESOURCE, Kind, guard, kind_of, visible_text
from larrey.store.search.sight import values as policy_values
from larrey.store.search.sql import sql
from larrey.store.stored import Stored
from larrey.store.transactions import translated

EARLIEST, LATEST = datetime(1, 1, 1, tzinfo=UTC), datetime(9999, 12, 31, tzinfo=UTC)

_COLUMNS = "r.type, r.id, r.version, r.updated, r.body, r.key, r.rid"
# date_low is never null ('-infinity' when there is none), so that (date_low, rid) orders every row.
_PLACED = f"{_COLUMNS}, (r.date_low at time zone 'UTC')::text"
_AFTER = "(r.date_low, r.rid) < (%(date)s::timestamp at time zone 'UTC', %(rid)s)"
_KINDS = """
select r.type, count(*) from record.resource r
where r.patient = %(patient)s and (%(allowed)s::text[] is null or r.type = any(%(allowed)s)) and ({rule}) group by r.type
"""
_OWNER = """
select c.patient from record.change c where c.key = %s::bigint and c.type = %s and c.id = %s and %s
order by c.version desc limit 1
"""
_SEVERAL = f"""
select {_COLUMNS} from unnest(%s::text[], %s::bigint[], %s::text[]) as wanted(type, key, id)
join record.resource r on r.type = wanted.type and r.key = wanted.key and r.id = wanted.id
where %s
"""
# A loose index scan: each step of the recursion is one descent to the next analyte, then one for its newest values.
_LATEST = f"""
with recursive found (analyte) as (
    (select r.analyte from record.resource r
        where r.type = 'Observation' and r.patient = %(patient)s and r.shelf = %(shelf)s and r.analyte is not null
        order by r.analyte limit 1)
    union all
    select (select r.analyte from record.resource r
        where r.type = 'Observation' and r.patient = %(patient)s and r.shelf = %(shelf)s and r.analyte > found.analyte
        order by r.analyte limit 1)
    from found where found.analyte is not null
)
select r.* from (select analyte from found where analyte is not null limit %(analytes)s) as each
cross join lateral (
    select {_COLUMNS} from record.resource r
    where r.type = 'Observation' and r.patient = %(patient)s and r.shelf = %(shelf)s and r.analyte = each.analyte and ({{rule}})
    order by r.date_low desc, r.rid desc limit %(count)s
) as r
"""
_SERIES = f"""
select r.* from unnest(%(shelves)s::text[]) as each (shelf)
cross join lateral (
    select {_COLUMNS}, r.date_low from record.resource r
    where r.type = 'Observation' and r.patient = %(patient)s and r.shelf = each.shelf and r.analyte = %(analyte)s
        and r.date_low >= %(since)s and r.date_low < %(until)s and ({{rule}})
    order by r.date_low desc, r.rid desc limit %(count)s
) as r
order by r.date_low desc, r.rid desc limit %(count)s
"""
_EVENTS = f"""
{{guard}}, theirs as materialized (
    select coalesce(array_agg(e.key), '{{{{}}}}') as keys from record.resource e
    where %(organizations)s::bigint[] is not null and e.type = 'Encounter' and e.patient = %(patient)s
        and e.refs && %(organizations)s::bigint[]
), chosen as materialized (
    select * from ({{branches}}) as branches order by date_low desc, rid desc limit %(limit)s
)
select {_PLACED} from chosen join record.resource r on r.type = chosen.type and r.rid = chosen.rid
order by r.date_low desc, r.rid desc
"""
_EVENTS_OF = f"""
(select r.type, r.rid, r.date_low from record.resource r
    where r.type = '{{type}}' and r.patient = %(patient)s and {_AFTER}
        and r.date_low >= %(since)s and r.date_low < %(until)s {{hospital}} and ({{rule}})
    order by r.date_low desc, r.rid desc limit %(limit)s)
"""
_OF_HOSPITAL = "and (r.refs && (select keys from theirs) or r.refs && %(organizations)s::bigint[])"
_VISITED = """
select o.id from (
    select distinct unnest(r.refs) as key from record.resource r
    where r.type in ('Encounter', 'DocumentReference') and r.patient = %(patient)s and ({rule})
) as target
join record.resource o on o.type = 'Organization' and o.key = target.key
"""
_REFERENCE = re.compile(r"([A-Za-z]+)/([A-Za-z0-9\-.]{1,64})(?:/_history/.*)?\Z")
_PLACE = re.compile(r"(-infinity|infinity|\d{4,6}-\d\d-\d\d \d\d:\d\d:\d\d(?:\.\d+)?)_(\d{1,18})\Z")
_FIRST = ("infinity", 2**62)


@dataclass(frozen=True, slots=True)
class Slice:
    """Some resources, newest clinical date first. ``next`` continues after them; ``None`` at the end."""

    resources: list[Stored]
    next: str | None


@dataclass(frozen=True, slots=True)
class Section:
    """What one part of a screen shows: at most ``count`` resources of ``type``, newest clinical date first.

    ``shelf``: only those on it (``larrey.fhir.shelves``). ``since`` (included) and ``until`` (excluded) bound the date;
    ``soonest`` turns the order round, for what is to come.
    """

    type: str
    count: int
    shelf: str | None = None
    soonest: bool = False
    since: datetime | None = None
    until: datetime | None = None


def kinds(cursor: Cursor[Any], caller: Caller, patient_id: str) -> dict[str, int]:
    """How many resources of each type the patient has, of the types that ``caller`` may search."""
    types = caller.types("s")
    allowed = None if types is None else sorted(types)
    statement = _KINDS.format(rule=_rule(caller, None)).encode()
    with translated():
        return dict(cursor.execute(statement, {"allowed": allowed, **_values(caller, patient_id)}).fetchall())


def sections(cursor: Cursor[Any], caller: Caller, patient_id: str, wanted: Mapping[str, Section]) -> dict[str, list[Stored]]:
    """The resources of each section, in one statement; a section of a type that the caller may not search is left out."""
    allowed = {name: section for name, section in wanted.items() if caller.may("s", section.type)}
    found: dict[str, list[Stored]] = {name: [] for name in allowed}
    if not allowed:
        return found
    values = _values(caller, patient_id)
    shapes = []
    for number, section in enumerate(allowed.values()):
        shapes.append(
            _Shape(
                section.type,
                section.count,
                shelf=section.shelf is not None,
                soonest=section.soonest,
                since=section.since is not None,
                until=section.until is not None,
            )
        )
        values |= {f"shelf{number}": section.shelf}
        values |= {f"since{number}": section.since, f"until{number}": section.until}
        if section.type == "Appointment":
            values["appointment"] = [_of_patient(patient_id)]
    names = list(allowed)
    with translated():
        # Each shape of screen has its own text, so that its plan is made once for a connection.
        for row in cursor.execute(_sections(tuple(shapes), kind_of(caller)), values, prepare=True):
            found[names[row[7]]].append(Stored(*row[:7]))
    return found


class _Shape(NamedTuple):
    """What of a section stands in the text of its statement."""

    type: str
    most: int
    shelf: bool
    soonest: bool
    since: bool
    until: bool


@lru_cache(maxsize=256)
def _sections(shapes: tuple[_Shape, ...], kind: Kind) -> bytes:
    parts = b" union all ".join(_section(kind, number, shape) for number, shape in enumerate(shapes))
    return guard(kind).encode() + parts


def _section(kind: Kind, number: int, shape: _Shape) -> bytes:
    conditions = [f"r.type = '{_known(shape.type)}'"]
    # An appointment may have several patients, so that no column names one; a patient's own are few.
    hers = shape.type != "Appointment"
    conditions.append("r.patient = %(patient)s" if hers else "r.tokens @> %(appointment)s::bigint[]")
    conditions += [f"r.shelf = %(shelf{number})s"] if shape.shelf else []
    conditions += [f"r.date_low >= %(since{number})s"] if shape.since else []
    conditions += [f"r.date_low < %(until{number})s"] if shape.until else []
    conditions.append(f"({visible_text(kind, 'r', frozenset({shape.type}), RESOURCE, given=hers, guarded=hers)})")
    order = "r.date_low, r.rid" if shape.soonest else "r.date_low desc, r.rid desc"
    # The count is a constant: with a value in its place the planner foresees more rows than it would ever read.
    return (
        f"(select {_COLUMNS}, {number} from record.resource r where {' and '.join(conditions)}"
        f" order by {order} limit {shape.most:d})"
    ).encode()


def _of_patient(patient_id: str) -> int:
    return reference_key(parameter_key("Appointment", "patient"), resource_key("Patient", patient_id))


def latest(
    cursor: Cursor[Any], caller: Caller, patient_id: str, shelf: str, *, count: int = 1, analytes: int = 60
) -> list[Stored]:
    """The newest ``count`` Observations of each analyte on ``shelf``, of at most ``analytes`` of them, grouped by analyte."""
    caller.demand("s", "Observation")
    values = {**_values(caller, patient_id), "shelf": shelf, "count": count, "analytes": analytes}
    statement = _LATEST.format(rule=_rule(caller, "Observation")).encode()
    with translated():
        return [Stored(*row) for row in cursor.execute(statement, values, prepare=True)]


def series(
    cursor: Cursor[Any],
    caller: Caller,
    patient_id: str,
    analyte: str,
    *,
    since: datetime | None = None,
    until: datetime | None = None,
    count: int = 500,
) -> list[Stored]:
    """The newest ``count`` Observations of one analyte (``larrey.fhir.shelves.analyte``), whatever their shelf."""
    caller.demand("s", "Observation")
    values = {**_values(caller, patient_id), "analyte": analyte.replace("\x00", ""), "shelves": list(OBSERVATIONS)}
    values |= {"since": since or EARLIEST, "until": until or LATEST, "count": count}
    with translated():
        statement = _SERIES.format(rule=_rule(caller, "Observation")).encode()
        return [Stored(*row[:7]) for row in cursor.execute(statement, values, prepare=True)]


def newest(
    cursor: Cursor[Any],
    caller: Caller,
    patient_id: str,
    type_: str,
    *,
    count: int = 50,
    after: str | None = None,
    shelf: str | None = None,
    since: datetime | None = None,
    until: datetime | None = None,
) -> Slice:
    """At most ``count`` resources of ``type_`` of the patient, by clinical date, the undated last.

    ``shelf``, ``since`` and ``until`` as in ``Section``. ``after`` is the ``next`` of the slice before; raises ``Invalid``
    when it is not one, ``Forbidden`` for the type.
    """
    caller.demand("s", type_)
    values = {**_values(caller, patient_id), "shelf": shelf, "limit": count + 1, **_place(after)}
    conditions = [f"r.type = '{_known(type_)}'", "r.patient = %(patient)s", _AFTER, f"({_rule(caller, type_)})"]
    if shelf is not None:
        conditions.append("r.shelf = %(shelf)s")
    if since is not None or until is not None:
        conditions.append("r.date_low >= %(since)s and r.date_low < %(until)s")
        values |= {"since": since or EARLIEST, "until": until or LATEST}
    where = " and ".join(conditions)
    statement = f"select {_PLACED} from record.resource r where {where} order by r.date_low desc, r.rid desc limit %(limit)s"
    with translated():
        return _slice(cursor.execute(statement.encode(), values, prepare=True).fetchall(), count)


def events(
    cursor: Cursor[Any],
    caller: Caller,
    patient_id: str,
    types: Sequence[str],
    *,
    count: int = 50,
    after: str | None = None,
    since: datetime | None = None,
    until: datetime | None = None,
    hospital: str | None = None,
) -> Slice:
    """At most ``count`` resources of several types together, by clinical date; those that the caller may search.

    ``hospital``, the id of an Organization, keeps what refers to it, to one of its units or to a stay in one of them. ``after``
    as in ``newest``.
    """
    branches = [_known(type_) for type_ in dict.fromkeys(types) if caller.may("s", type_)]
    place = _place(after)
    if not branches:
        return Slice([], None)
    organizations = None
    if hospital is not None:
        units = hospitals(cursor, caller).within(hospital) or {hospital}
        organizations = [resource_key("Organization", unit) for unit in sorted(units)]
    values = {**_values(caller, patient_id), "organizations": organizations, "limit": count + 1, **place}
    values |= {"since": since or "-infinity", "until": until or "infinity"}
    of_hospital = _OF_HOSPITAL if hospital is not None else ""
    statement = _EVENTS.format(
        branches=" union all ".join(
            _EVENTS_OF.format(type=type_, hospital=of_hospital, rule=_rule(caller, type_, guarded=True)) for type_ in branches
        ),
        guard=guard(kind_of(caller)),
    )
    with translated():
        return _slice(cursor.execute(statement.encode(), values, prepare=True).fetchall(), count)


def visited(cursor: Cursor[Any], caller: Caller, patient_id: str) -> list[Hospital]:
    """The hospitals where the patient has stays or documents, by name; none for a caller who may not know of them."""
    tree = hospitals(cursor, caller)
    if not (caller.may("s", "Encounter") and caller.may("s", "DocumentReference")):
        return []
    with translated():
        statement = _VISITED.format(rule=_rule(caller, None)).encode()
        rows = cursor.execute(statement, _values(caller, patient_id), prepare=True).fetchall()
    return sorted({found for (id_,) in rows if (found := tree.of(id_))}, key=lambda hospital: (hospital.name, hospital.id))


def _rule(caller: Caller, type_: str | None, *, guarded: bool = False) -> str:
    """What of one patient's rows ``r`` the caller sees, with the markers of ``_values``."""
    refuse_filters(caller)
    types = None if type_ is None else frozenset({type_})
    return visible_text(kind_of(caller), "r", types, RESOURCE, given=True, guarded=guarded)


def _values(caller: Caller, patient_id: str) -> dict[str, Any]:
    patient = patient_uuid(patient_id)
    return {"patient": patient, **policy_values(caller, patient)}


def _known(type_: str) -> str:
    """``type_``, which stands in the statement as a constant so that the planner sees its partition."""
    if type_ not in resource_types():
        raise Invalid(f"{type_[:64]!r} is not a resource type of FHIR R4.")
    return type_


def _place(after: str | None) -> dict[str, Any]:
    date, rid = _FIRST
    if after is not None:
        place = _PLACE.match(after)
        if place is None:
            raise Invalid("This is not a place in the list.")
        date, rid = place[1], int(place[2])
    return {"date": date, "rid": rid}


def _slice(rows: Sequence[tuple[Any, ...]], count: int) -> Slice:
    shown = [Stored(*row[:7]) for row in rows[:count]]
    return Slice(shown, f"{rows[count - 1][7]}_{shown[-1].rid}" if len(rows) > count else None)


def belongs(cursor: Cursor[Any], caller: Caller, patient_id: str, type_: str, id_: str) -> bool:
    """Whether ``type_``/``id_``, alive or deleted, is filed under the patient."""
    caller.demand("r", type_)
    with translated():
        statement = sql(_OWNER, resource_key(type_, id_), type_, id_, visible_change("c", caller, "r", [type_]))
        row = cursor.execute(statement.text.encode(), statement.values).fetchone()
    return row is not None and row[0] == patient_uuid(patient_id)


def several(cursor: Cursor[Any], caller: Caller, references: Iterable[str]) -> dict[str, Stored]:
    """The resources behind local references such as ``Practitioner/1``, by reference; what is absent or denied is left out."""
    wanted: dict[str, tuple[str, str]] = {}
    for reference in references:
        found = _REFERENCE.match(reference)
        if found and is_resource_id(found[2]) and caller.may("r", found[1]):
            wanted[reference] = (found[1], found[2])
    if not wanted:
        return {}
    pairs = list(dict.fromkeys(wanted.values()))
    types = {type_ for type_, _ in pairs}
    arrays = ([type_ for type_, _ in pairs], [resource_key(*pair) for pair in pairs], [id_ for _, id_ in pairs])
    statement = sql(_SEVERAL, *arrays, policy("r", caller, "r", types))
    with translated():
        rows = cursor.execute(statement.text.encode(), statement.values).fetchall()
    found_by = {(row[0], row[1]): Stored(*row) for row in rows}
    return {reference: found_by[pair] for reference, pair in wanted.items() if pair in found_by}

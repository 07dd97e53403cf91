"""Writing prepared versions: one statement each, or COPY when there are many new ones."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from weakref import WeakKeyDictionary

from psycopg import Connection, Cursor

from larrey.kit.errors import Conflict
from larrey.store import binary
from larrey.store.write import copying
from larrey.store.write.prepare import Prepared
from larrey.store.write.restriction import Row, restrict

COPY_FROM = 8
"""From how many new resources on COPY is cheaper than a statement each."""

_SIDE_ROWS = """
    s as (insert into record.string_value (key, value, rid, patient)
        select v.key, v.value, rid, %(patient)s from r, unnest(%(s_key)s::bigint[], %(s_value)s::text[]) v (key, value)),
    d as (insert into record.date_value (key, low, high, rid, patient)
        select v.key, v.low, v.high, rid, %(patient)s
        from r, unnest(%(d_key)s::bigint[], %(d_low)s::timestamptz[], %(d_high)s::timestamptz[]) v (key, low, high)),
    n as (insert into record.number_value (key, unit, low, high, value, rid, patient)
        select v.key, v.unit, v.low, v.high, v.value, rid, %(patient)s
        from r, unnest(%(n_key)s::bigint[], %(n_unit)s::bigint[], %(n_low)s::float8[], %(n_high)s::float8[],
            %(n_value)s::float8[]) v (key, unit, low, high, value)),
    w as (insert into record.care (patient, who, low, high, ground, key, rid)
        select v.patient, v.who, coalesce(v.low, '-infinity'), coalesce(v.high, 'infinity'), v.ground, %(key)s, rid
        from r, unnest(%(w_patient)s::uuid[], %(w_who)s::bigint[], %(w_low)s::timestamptz[], %(w_high)s::timestamptz[],
            %(w_ground)s::text[]::"char"[]) v (patient, who, low, high, ground)),
    c as (insert into record.change (key, version, type, id, patient, updated, method, actor, secrecy, encounter)
        values (%(key)s, %(version)s, %(type)s, %(id)s, %(patient)s, %(updated)s, %(method)s, %(actor)s,
            %(secrecy)s, %(encounter)s))
"""

_CREATE = f"""
with r as (insert into record.resource
        (rid, key, version, type, id, patient, date_low, date_high, updated, tokens, refs, body,
            shelf, analyte, secrecy)
        values (coalesce(%(rid)s, nextval('record.rid')), %(key)s, %(version)s, %(type)s, %(id)s, %(patient)s,
            coalesce(%(low)s::timestamptz, '-infinity'), coalesce(%(high)s::timestamptz, '-infinity'),
            %(updated)s, %(tokens)s::bigint[], %(refs)s::bigint[], %(body)s, %(shelf)s, %(analyte)s,
            %(secrecy)s)
        returning rid),
{_SIDE_ROWS}
select rid from r
"""

_UPDATE = f"""
with
    p as (insert into record.past (key, version, body)
        select key, version, body from record.resource
        where type = %(type)s and key = %(key)s and version = %(version)s - 1),
    ds as (delete from record.string_value where rid = %(rid)s),
    dd as (delete from record.date_value where rid = %(rid)s),
    dn as (delete from record.number_value where rid = %(rid)s),
    dw as (delete from record.care where rid = %(rid)s),
    r as (update record.resource set version = %(version)s, patient = %(patient)s,
            date_low = coalesce(%(low)s::timestamptz, '-infinity'),
            date_high = coalesce(%(high)s::timestamptz, '-infinity'),
            updated = %(updated)s, tokens = %(tokens)s::bigint[], refs = %(refs)s::bigint[], body = %(body)s,
            shelf = %(shelf)s, analyte = %(analyte)s, secrecy = %(secrecy)s
        where type = %(type)s and key = %(key)s and version = %(version)s - 1
        returning rid),
{_SIDE_ROWS}
select rid from r
"""

_DELETE = """
with
    ds as (delete from record.string_value where rid = %(rid)s),
    dd as (delete from record.date_value where rid = %(rid)s),
    dn as (delete from record.number_value where rid = %(rid)s),
    dw as (delete from record.care where rid = %(rid)s),
    r as (delete from record.resource
        where type = %(type)s and key = %(key)s and version = %(version)s - 1
        returning key, version, body, patient, rid, secrecy),
    p as (insert into record.past (key, version, body) select key, version, body from r),
    c as (insert into record.change (key, version, type, id, patient, updated, method, actor, secrecy, encounter)
        select key, %(version)s, %(type)s, %(id)s, patient, %(updated)s, 'D', %(actor)s, secrecy,
            (select b.encounter from record.change b where b.key = r.key and b.version = r.version)
        from r)
select rid from r
"""

_LABELS = """
insert into record.label (key, value, token)
select * from unnest(%s::bigint[], %s::text[], %s::bigint[])
on conflict do nothing
returning key, value
"""

# Labels known to be committed, per connection, so that a display text is sent once and not with every observation.
_known_labels: WeakKeyDictionary[Connection[Any], set[tuple[int, str]]] = WeakKeyDictionary()
_MOST_KNOWN_LABELS = 100_000


def write(cursor: Cursor[Any], versions: Sequence[Prepared]) -> None:
    """Write ``versions`` (creates and updates; each resource at most once) inside the caller's transaction.

    ``rid`` of new ones is set. Raises ``Conflict`` when a version is no longer the next one of its resource.
    """
    new = [p for p in versions if p.rid is None]
    alone = versions
    if len(new) >= COPY_FROM:
        alone = [p for p in versions if p.rid is not None]
        _copy(cursor, new)
    for prepared in alone:
        statement = _CREATE if prepared.rid is None else _UPDATE
        row = cursor.execute(statement, _parameters(prepared)).fetchone()
        if row is None:
            raise Conflict(f"{prepared.type}/{prepared.id} was changed by another writer; read it again and retry.")
        prepared.rid = row[0]
    for prepared in versions:
        if prepared.content is not None:
            binary.attach(cursor, prepared.key, prepared.version, [prepared.content], len(prepared.content))
    _write_labels(cursor, versions)
    restrict(cursor, [Row(p.type, p.rid, p.indexed.patient) for p in versions])


def remove(cursor: Cursor[Any], actor: str, *, type_: str, id_: str, key: int, rid: int, version: int, updated: datetime) -> None:
    """Delete a current resource; its body becomes a past version and ``version`` is its deletion."""
    parameters = {"type": type_, "id": id_, "key": key, "rid": rid, "version": version}
    row = cursor.execute(_DELETE, {**parameters, "updated": updated, "actor": actor}).fetchone()
    if row is None:
        raise Conflict(f"{type_}/{id_} was changed by another writer; read it again and retry.")


def _parameters(p: Prepared) -> dict[str, Any]:
    i = p.indexed
    return {
        "rid": p.rid,
        "key": p.key,
        "version": p.version,
        "type": p.type,
        "id": p.id,
        "patient": i.patient,
        "low": i.low,
        "high": i.high,
        "updated": p.updated,
        "tokens": list(i.tokens),
        "refs": list(i.refs),
        "body": p.body,
        "shelf": i.shelf,
        "analyte": i.analyte,
        "secrecy": i.secrecy,
        "encounter": i.encounter,
        "method": p.method,
        "actor": p.actor,
        "s_key": [row[0] for row in i.strings],
        "s_value": [row[1] for row in i.strings],
        "d_key": [row[0] for row in i.dates],
        "d_low": [row[1] for row in i.dates],
        "d_high": [row[2] for row in i.dates],
        "n_key": [row[0] for row in i.numbers],
        "n_unit": [row[1] for row in i.numbers],
        "n_low": [row[2] for row in i.numbers],
        "n_high": [row[3] for row in i.numbers],
        "n_value": [row[4] for row in i.numbers],
        "w_patient": [row[0] for row in i.care],
        "w_who": [row[1] for row in i.care],
        "w_low": [row[2] for row in i.care],
        "w_high": [row[3] for row in i.care],
        "w_ground": [row[4] for row in i.care],
    }


def _copy(cursor: Cursor[Any], new: list[Prepared]) -> None:
    rids = cursor.execute("select nextval('record.rid') from generate_series(1, %s)", (len(new),)).fetchall()
    bigint, integer, double, timestamp, uuid = (
        copying.bigint,
        copying.integer,
        copying.double,
        copying.timestamp,
        copying.uuid,
    )
    four, five, seven, ten, fifteen = (copying.fields(count) for count in (4, 5, 7, 10, 15))
    resources: list[bytes] = []
    changes: list[bytes] = []
    strings: list[bytes] = []
    dates: list[bytes] = []
    numbers: list[bytes] = []
    care: list[bytes] = []
    for p, (rid,) in zip(new, rids, strict=True):
        p.rid = rid
        i = p.indexed
        key, version, type_, id_ = bigint(8, p.key), integer(4, p.version), copying.word(p.type), copying.text(p.id)
        order, patient, updated = bigint(8, rid), uuid(i.patient), timestamp(p.updated)
        resources.append(
            b"".join(
                (
                    fifteen,
                    order,
                    key,
                    version,
                    type_,
                    id_,
                    patient,
                    timestamp(i.low),
                    timestamp(i.high),
                    updated,
                    copying.bigints(i.tokens),
                    copying.bigints(i.refs),
                    copying.octets(p.body),
                    copying.optional(i.shelf),
                    copying.optional(i.analyte),
                    copying.smallint(2, i.secrecy),
                )
            )
        )
        changes.append(
            b"".join(
                (
                    ten,
                    key,
                    version,
                    type_,
                    id_,
                    patient,
                    updated,
                    copying.letter(p.method),
                    copying.word(p.actor),
                    copying.smallint(2, i.secrecy),
                    copying.NULL if i.encounter is None else bigint(8, i.encounter),
                )
            )
        )
        for whom, who, since, until, ground in i.care:
            ends = timestamp(since) + (copying.INFINITY if until is None else timestamp(until))
            care.append(b"".join((seven, uuid(whom), bigint(8, who), ends, copying.letter(ground), key, order)))
        for k, value in i.strings:
            strings.append(b"".join((four, bigint(8, k), copying.text(value), order, patient)))
        for k, low, high in i.dates:
            dates.append(b"".join((five, bigint(8, k), timestamp(low), timestamp(high), order, patient)))
        for k, unit, low_, high_, value_ in i.numbers:
            numbers.append(
                b"".join(
                    (
                        seven,
                        bigint(8, k),
                        bigint(8, unit),
                        double(8, low_),
                        double(8, high_),
                        double(8, value_),
                        order,
                        patient,
                    )
                )
            )
    copying.copy(
        cursor,
        "resource",
        "rid, key, version, type, id, patient, date_low, date_high, updated, tokens, refs, body, shelf, analyte, secrecy",
        resources,
    )
    copying.copy(cursor, "change", "key, version, type, id, patient, updated, method, actor, secrecy, encounter", changes)
    copying.copy(cursor, "string_value", "key, value, rid, patient", strings)
    copying.copy(cursor, "date_value", "key, low, high, rid, patient", dates)
    copying.copy(cursor, "number_value", "key, unit, low, high, value, rid, patient", numbers)
    copying.copy(cursor, "care", "patient, who, low, high, ground, key, rid", care)


def _write_labels(cursor: Cursor[Any], versions: Sequence[Prepared]) -> None:
    known = _known_labels.setdefault(cursor.connection, set())
    if len(known) > _MOST_KNOWN_LABELS:
        known.clear()
    fresh = {(key, value): token for p in versions for key, value, token in p.indexed.labels if (key, value) not in known}
    if not fresh:
        return
    rows = sorted((key, value, token) for (key, value), token in fresh.items())  # one order: no deadlock
    columns = [list(column) for column in zip(*rows, strict=True)]
    inserted = {(row[0], row[1]) for row in cursor.execute(_LABELS, columns)}
    # What was already there is committed; what this transaction inserted may yet be rolled back.
    known.update(fresh.keys() - inserted)

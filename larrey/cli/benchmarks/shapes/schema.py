"""The competing physical shapes: their tables and indexes, and how a staged copy is written into each.

======  ==================================================================================================
shape   equality keys live in
======  ==================================================================================================
floor   nowhere: the bodies alone, in a table with a primary key
a       narrow rows ``token (key, rid)`` and ``link (parameter, target, rid)`` with btrees, as HAPI has them
b       an array ``tokens bigint[]`` in the resource's row, under GIN with ``fastupdate = off``
c       b, and narrow rows ``ordered (key, date_low, rid)`` for the main code of each type
d       b, with ``toast_tuple_target = 512``; only rows above 2 kB are touched by it, so most bodies stay in line
======  ==================================================================================================
"""

from __future__ import annotations

import time

import psycopg

SHAPES = ("floor", "a", "b", "c", "d")
BIG = (
    "Patient",
    "Encounter",
    "Observation",
    "Condition",
    "Procedure",
    "DiagnosticReport",
    "MedicationRequest",
    "Immunization",
    "Claim",
    "ExplanationOfBenefit",
)
BATCH = 1000
"""Resources a transaction, as a loader would."""

_ROW = """
create schema {shape};
create table {shape}.resource (
    rid bigint not null, key bigint not null, version integer not null,
    type text collate "C" not null, id text collate "C" not null,
    patient uuid, date_low timestamptz not null, date_high timestamptz not null, updated timestamptz not null{arrays},
    body bytea not null
) partition by list (type);
"""
_ROW_INDEXES = """
create unique index by_key on {shape}.resource (type, key);
create unique index by_rid on {shape}.resource (type, rid);
create index by_patient on {shape}.resource (patient, type, date_low, rid);
create index by_updated on {shape}.resource (updated, rid);
create index by_date on {shape}.resource (date_low, rid);
"""
_SIDE = """
create table a.token (key bigint not null, rid bigint not null);
create index token_search on a.token (key, rid);
create index token_rid on a.token (rid);
create table a.link (parameter bigint not null, target bigint not null, rid bigint not null);
create index link_search on a.link (parameter, target, rid);
create index link_rid on a.link (rid, parameter, target);
"""
_ORDERED = """
create table c.ordered (key bigint not null, date_low timestamptz not null, rid bigint not null);
create index ordered_search on c.ordered (key, date_low, rid);
create index ordered_rid on c.ordered (rid);
"""
_COMMON = """
create schema common;
create table common.string_value (key bigint not null, value text collate "C" not null, rid bigint not null);
create index on common.string_value (key, value, rid);
create table common.number_value (key bigint not null, value double precision not null, rid bigint not null);
create index on common.number_value (key, value, rid);
"""
_COMMON_ROWS = """
insert into common.string_value
select k, s, rid from (select rid, unnest(string_keys) k, unnest(strings) s from stage.copy) x;
insert into common.number_value select number_key, number, rid from stage.copy where number is not null;
"""
_HEAD = "rid, key, 1, type, id, patient, date_low, date_high, updated"
_COPY = """
insert into stage.copy
select rid + {copy}::bigint * {size}, key # {salt}, type, id || '-' || {copy}, md5(patient::text || {copy})::uuid,
       date_low + {copy} * interval '1 day', date_high + {copy} * interval '1 day', updated + {copy} * interval '1 hour',
       shared, (select coalesce(array_agg(o # {salt}), '{{}}') from unnest(own) o), ordered,
       parameters, (select coalesce(array_agg(t # {salt} order by n), '{{}}') from unnest(targets) with ordinality x(t, n)),
       strings, string_keys, number, number_key, body
from stage.original
"""


def create(connection: psycopg.Connection) -> None:
    """Create every shape, empty."""
    connection.execute(_COMMON)
    connection.execute("create schema floor; create table floor.resource (rid bigint primary key, body bytea not null)")
    for shape in SHAPES[1:]:
        arrays = "" if shape == "a" else ", tokens bigint[] not null, refs bigint[] not null"
        connection.execute(_ROW.format(shape=shape, arrays=arrays))
        for name in (*BIG, None):
            partition = f"{shape}.resource_{(name or 'other').lower()}"
            values = f"for values in ('{name}')" if name else "default"
            connection.execute(f"create table {partition} partition of {shape}.resource {values}")
            if shape != "a":
                connection.execute(
                    f"alter table {partition} alter column tokens set statistics 500, alter column tokens set storage main"
                )
            if shape == "d":
                connection.execute(
                    f"alter table {partition} alter column body set storage extended, alter column refs set storage main"
                )
                connection.execute(f"alter table {partition} set (toast_tuple_target = 512)")
        connection.execute(_ROW_INDEXES.format(shape=shape))
        if shape != "a":
            connection.execute(f"create index by_tokens on {shape}.resource using gin (tokens) with (fastupdate = off)")
    connection.execute(_SIDE)
    connection.execute(_ORDERED)


def salt(copy: int) -> int:
    """The 64-bit constant that makes the keys of copy ``copy`` its own; 0 for the original."""
    return copy * 0x1E3779B97F4A7C15 % (1 << 62)


def _statements(shape: str) -> list[str]:
    span = "from stage.copy where rid > %(after)s and rid <= %(upto)s"
    tokens = "shared || own"
    match shape:
        case "floor":
            return [f"insert into floor.resource select rid, body {span}"]
        case "a":
            return [
                f"insert into a.resource select {_HEAD}, body {span}",
                f"insert into a.token select t, rid from (select rid, unnest({tokens}) t {span}) x",
                f"insert into a.link select p, t, rid from (select rid, unnest(parameters) p, unnest(targets) t {span}) x",
            ]
        case _:
            row = f"insert into {shape}.resource select {_HEAD}, {tokens}, targets, body {span}"
            return [row] + (
                ["insert into c.ordered select o, date_low, rid from (select rid, date_low, unnest(ordered) o " + span + ") x"]
                if shape == "c"
                else []
            )


def fill(connection: psycopg.Connection, copy: int, size: int) -> dict[str, float]:
    """Write copy number ``copy`` of ``size`` staged resources into every shape, indexes on; seconds by shape.

    The shapes take turns batch by batch, so that other load on the machine touches them alike; each batch is one
    committed transaction.
    """
    connection.execute("truncate stage.copy")
    connection.execute(_COPY.format(copy=copy, size=size, salt=salt(copy)))
    connection.execute("analyze stage.copy")
    seconds = dict.fromkeys(SHAPES, 0.0)
    first = copy * size
    for turn, after in enumerate(range(first, first + size, BATCH)):
        for shape in SHAPES[turn % len(SHAPES) :] + SHAPES[: turn % len(SHAPES)]:
            start = time.perf_counter()
            with connection.transaction():
                for statement in _statements(shape):
                    connection.execute(statement, {"after": after, "upto": min(after + BATCH, first + size)})
            seconds[shape] += time.perf_counter() - start
    connection.execute(_COMMON_ROWS)
    return seconds


SIZES = """
select n.nspname,
       coalesce(sum(pg_relation_size(c.oid)) filter (where c.relname like '%%tokens_idx'), 0)::bigint,
       coalesce(sum(pg_relation_size(c.oid)) filter (where c.relkind = 'i'), 0)::bigint,
       coalesce(sum(pg_relation_size(c.oid)) filter (where c.relname in ('token', 'link', 'ordered')), 0)::bigint,
       coalesce(sum(pg_table_size(c.oid)) filter (where c.relkind = 'r'), 0)::bigint
from pg_class c join pg_namespace n on n.oid = c.relnamespace
where n.nspname = any(%s) and c.relkind in ('r', 'i') group by 1
"""


def sizes(connection: psycopg.Connection) -> dict[str, dict[str, int]]:
    """Bytes by shape: the GIN index, all indexes, the heap of side tables, all heaps (TOAST included)."""
    rows = connection.execute(SIZES, [list(SHAPES)]).fetchall()
    return {shape: {"gin": gin, "indexes": indexes, "side_heap": side, "heap": heap} for shape, gin, indexes, side, heap in rows}

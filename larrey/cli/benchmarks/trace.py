"""Figure: what the trace adds to the opening of a chart, beside the plainest insert with its commit.

The same reading transaction is done bare, with its row of ``access_audit`` (every index, among the rows of a small hospital's
year), and with an insert into a table that has a primary key and nothing else. The three alternate, so that the machine's mood is
the same for all. What the trace costs is mostly the commit: a transaction that only reads has nothing to put on disk.
"""

from __future__ import annotations

from collections.abc import Callable
from time import perf_counter

import psycopg

from larrey.access.trail import Action, trace
from larrey.cli.benchmarks.ground import Base
from larrey.cli.benchmarks.report import Figure, quantile
from larrey.store.caller import EVERYONE, Caller

ROWS = 1_000_000
"""Rows that are there already."""
MOST_MS = 1.0

_DOCTOR = Caller(actor="account:bench", role="doctor", place="unit", account=7, sight=EVERYONE)
_FILL = """
insert into access_audit (actor, account_id, role, place, why, action, patient, patient_id, what, address)
select 'account:bench', mod(n, 2000), 'doctor', 'unit', 'E', 'open', gen_random_uuid(), n::text, 'Patient/' || n, '10.0.0.1'
from generate_series(1, %s) n
"""
_PLAIN = "create table bench_plain (id bigint generated always as identity primary key, at timestamptz default now(), what text)"


def measure(base: Base, requests: int, rows: int = ROWS) -> list[Figure]:
    """What it costs, median of ``requests`` openings: the statement alone, then with its commit. Writes into ``base``."""
    with base.connect() as connection:
        connection.execute(_FILL, [rows])
        connection.execute(_PLAIN)
        connection.execute("vacuum analyze access_audit")
        connection.execute("checkpoint")
    with base.connect() as connection:
        kinds = {"bare": _bare, "traced": _traced, "plain": _plain}
        whole: dict[str, list[float]] = {kind: [] for kind in kinds}
        inside: dict[str, list[float]] = {kind: [] for kind in kinds}
        for number in range(requests):
            for kind, write in kinds.items():
                statement, transaction = _timed(connection, write, number)
                inside[kind].append(statement)
                whole[kind].append(transaction)
    alone = {kind: 1000 * quantile(found, 0.5) for kind, found in inside.items()}
    cost = {kind: 1000 * (quantile(whole[kind], 0.5) - quantile(whole["bare"], 0.5)) for kind in ("traced", "plain")}
    return [
        _figure("trace of a chart opening, the statement, p50", alone["traced"], alone["plain"], "the plainest insert"),
        _figure("the same with its commit, p50", cost["traced"], cost["plain"], "the plainest insert with its commit"),
    ]


def _figure(name: str, value: float, floor: float, floor_name: str) -> Figure:
    ratio = value / floor if floor > 0 else None
    return Figure(name, value, "ms", floor, floor_name, ratio, f"≤ {MOST_MS:.0f} ms", value <= MOST_MS)


def _timed(connection: psycopg.Connection, write: Callable[[psycopg.Cursor, int], None], number: int) -> tuple[float, float]:
    """Seconds of the writing statement, and of the whole transaction that reads and writes."""
    began = perf_counter()
    with connection.transaction(), connection.cursor() as cursor:
        cursor.execute("select count(*) from access_account", prepare=True).fetchone()
        before = perf_counter()
        write(cursor, number)
        after = perf_counter()
    return after - before, perf_counter() - began


def _bare(_cursor: psycopg.Cursor, _number: int) -> None:
    """Nothing."""


def _traced(cursor: psycopg.Cursor, number: int) -> None:
    trace(cursor, _DOCTOR, Action.OPEN, f"Patient/{number} results", patient_id=f"p{number}", why="E", address="10.0.0.1")


def _plain(cursor: psycopg.Cursor, number: int) -> None:
    cursor.execute("insert into bench_plain (what) values (%s)", (f"Patient/{number}",), prepare=True)

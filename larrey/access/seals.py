"""The chain of the trace: each row is sealed by a hash over what it says and over every row before it.

    hash = sha256(the hash before || canonical(day, number, row))

Rows are sealed in the order in which their transactions began to write, and only below the oldest transaction that still
runs, so that none can come in between later (the technique of larrey.store.feed). A day's chain begins with the last hash of the
day before: changing, taking out or putting in a row breaks the chain there. What is sealed says nothing of rows cut off at its
end: a signed file (larrey.access.evidence) or a hash noted elsewhere does. Plain SQL, no Django; memory is flat whatever the
size of the trace.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from psycopg import Connection, Cursor

from larrey.kit import json

COLUMNS = (
    "id",
    "xid",
    "at",
    "actor",
    "account_id",
    "role",
    "place",
    "why",
    "action",
    "patient",
    "patient_id",
    "patients",
    "what",
    "address",
    "door",
)
"""What is sealed of a row, in this order; each as PostgreSQL's text of it, or null."""
GENESIS = bytes(32)
"""The hash before the first row."""
PATIENCE = "1 minute"
"""A row that is older and has no seal is reported."""

_LOCK = 0x6C61727265790005  # one sealing process at a time; the number only has to be ours
_BATCH = 500
_TOLD = 20

_TEXTS = ", ".join(
    {"at": """to_char(a.at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"')"""}.get(
        column, f"a.{column}" if column in {"actor", "role", "place", "why", "action", "what", "door"} else f"a.{column}::text"
    )
    for column in COLUMNS
)
_TODAY = "(now() at time zone 'Europe/Paris')::date"
# A row's day is that of its time, never one before the day that the chain has reached: a transaction may end after midnight.
_NEXT = f"""
select greatest(least((a.at at time zone 'Europe/Paris')::date, {_TODAY}), date '2000-01-01'), {_TEXTS}
from access_audit a
where (a.xid, a.id) > (%(xid)s::text::xid8, %(id)s::bigint) and a.xid < pg_snapshot_xmin(pg_current_snapshot())
    and not exists (select from access_seal s where s.audit = a.id)
order by a.xid, a.id limit {_BATCH}
"""  # noqa: S608  constants of this file
# After a restore on another server the transaction numbers of before may be greater than any that is running there.
_NEXT_AFTER_RESTORE = f"""
select greatest(least((a.at at time zone 'Europe/Paris')::date, {_TODAY}), date '2000-01-01'), {_TEXTS}
from access_audit a
where (a.xid < pg_snapshot_xmin(pg_current_snapshot()) or a.xid >= pg_snapshot_xmax(pg_current_snapshot()))
    and not exists (select from access_seal s where s.audit = a.id)
order by a.xid < pg_snapshot_xmin(pg_current_snapshot()), a.xid, a.id limit {_BATCH}
"""  # noqa: S608  constants of this file
_PLACE = """
select a.xid::text, a.id, a.xid >= pg_snapshot_xmax(pg_current_snapshot())
from (select audit, day, number from access_seal order by day desc, number desc limit 100) s join access_audit a on a.id = s.audit
order by s.day desc, s.number desc limit 1
"""
_ADD = """
insert into access_seal (day, number, audit, hash)
select * from unnest(%s::date[], %s::bigint[], %s::bigint[], %s::bytea[])
"""
_CHAIN = f"""
select s.day, s.number, s.audit, s.hash, a.id is not null, {_TEXTS}
from access_seal s left join access_audit a on a.id = s.audit
where s.day between %(first)s and %(last)s order by s.day, s.number
"""  # noqa: S608  constants of this file
_WAITING = f"""
select count(*) from (
    select from access_audit a where (a.xid, a.id) > (%(xid)s::text::xid8, %(id)s::bigint)
        and a.at < now() - interval '{PATIENCE}' and not exists (select from access_seal s where s.audit = a.id)
    limit 1000) w
"""  # noqa: S608  constants of this file
_SOME = f"""
select s.number, s.hash, {_TEXTS} from access_audit a left join access_seal s on s.audit = a.id where a.id = any(%s::bigint[])
"""  # noqa: S608  constants of this file
_UNSEALED = f"""
select a.id, (a.at at time zone 'Europe/Paris')::date::text, to_char(a.at at time zone 'UTC', 'YYYY-MM-DD HH24:MI:SS "UTC"'),
    coalesce((a.xid, a.id) <= (%(xid)s::text::xid8, %(id)s::bigint), false)
from access_audit a
where not exists (select from access_seal s where s.audit = a.id)
    and (a.at < now() - interval '{PATIENCE}' or (a.xid, a.id) <= (%(xid)s::text::xid8, %(id)s::bigint))
    and (%(day)s::date is null or (a.at at time zone 'Europe/Paris')::date = %(day)s::date)
order by 4 desc, a.id
"""  # noqa: S608  constants of this file

Texts = Sequence[str | None]


@dataclass(frozen=True, slots=True)
class Head:
    """Where the chain ends: the last sealed row of ``day`` has ``number`` and ``hash``. ``number`` 0: that day was purged."""

    day: date
    number: int
    hash: bytes


@dataclass(frozen=True, slots=True)
class Problem:
    """One break of the chain: ``altered``, ``missing``, ``added`` or ``unsealed``; which row of which day; what differs."""

    kind: str
    day: str
    audit: int | None
    text: str


@dataclass(frozen=True, slots=True)
class Report:
    """What verifying found: how many rows were looked at, where the chain ends, the first problems in order."""

    rows: int
    head: Head | None
    problems: Sequence[Problem]


def link(before: bytes, day: date, number: int, row: Texts) -> bytes:
    """The hash of the row that is ``number`` of ``day``, after the hash ``before``."""
    return hashlib.sha256(before + json.dumps([day.isoformat(), number, *row])).digest()


def seal(connection: Connection[Any], *, wait: bool = False) -> int:
    """Seal what is ready; return how many rows. ``wait`` for another process that is sealing, else leave it to that one.

    Each batch is a transaction: stopped halfway, the next call goes on.
    """
    sealed = 0
    while count := _seal_some(connection, wait=wait):
        sealed += count
        if count < _BATCH:
            break
    return sealed


def head(cursor: Cursor[Any]) -> Head | None:
    """Where the chain ends, ``None`` while it is empty."""
    row = cursor.execute("select day, number, hash from access_seal order by day desc, number desc limit 1").fetchone()
    if row is None:
        row = cursor.execute("select day, 0, hash from access_purge order by day desc limit 1").fetchone()
    return Head(row[0], row[1], bytes(row[2])) if row else None


def before(cursor: Cursor[Any], day: date) -> bytes:
    """The hash from which the chain of ``day`` begins."""
    row = cursor.execute("select hash from access_seal where day < %s order by day desc, number desc limit 1", (day,)).fetchone()
    return bytes(row[0]) if row else _after_purge(cursor, day)


def verify(connection: Connection[Any], *, day: date | None = None, expected: bytes | None = None) -> Report:
    """Compute the chain anew, all of it or that of ``day``, and compare. The trace may grow meanwhile.

    ``expected`` is a hash that was noted, and must still be in the chain. Problems come in the chain's order, then rows without
    a seal.
    """
    with connection.transaction():
        connection.execute("set transaction isolation level repeatable read, read only")
        with connection.cursor() as cursor:
            first, last = day or date.min, day or date.max
            begun = before(cursor, day) if day else _after_purge(cursor, last)
            end = head(cursor)
            place = _place(cursor)
        problems: list[Problem] = []
        rows = 0
        for problem in _walk(connection, first, last, begun):
            rows += 1
            if problem is not None and len(problems) < _TOLD:
                problems.append(problem)
        with connection.cursor() as cursor:
            if expected is not None and not _known(cursor, expected):
                text = "the noted hash is not in the chain: rows were cut off its end, or the chain was made anew"
                problems.append(Problem("missing", "", None, text))
            problems += _unsealed(cursor, place, day)
    return Report(rows, end, problems)


def waiting(connection: Connection[Any]) -> int:
    """How many rows after the last sealed one have waited for their seal longer than they should (a thousand: or more)."""
    with connection.transaction(), connection.cursor() as cursor:
        place = _place(cursor)
        row = cursor.execute(_WAITING, place or {"xid": "0", "id": 0}).fetchone()
    return int(row[0]) if row else 0


def chain(connection: Connection[Any], day: date) -> Iterator[tuple[int, bytes, dict[str, str | None]]]:
    """The sealed rows of ``day``: number, hash, columns as text. Rows that are gone are left out. Within a transaction."""
    for _, number, _, hash_, there, *row in _rows(connection, day, day):
        if there:
            yield number, bytes(hash_), dict(zip(COLUMNS, row, strict=True))


def some(connection: Connection[Any], ids: Sequence[int]) -> Iterator[tuple[int | None, bytes | None, dict[str, str | None]]]:
    """The rows with these ids that are there: number and hash of the seal (``None`` without one), columns as text."""
    for number, hash_, *row in connection.execute(_SOME.encode(), (list(ids),)):
        yield number, None if hash_ is None else bytes(hash_), dict(zip(COLUMNS, row, strict=True))


def _seal_some(connection: Connection[Any], *, wait: bool) -> int:
    with connection.transaction(), connection.cursor() as cursor:
        lock = "pg_advisory_xact_lock(%s) is not null" if wait else "pg_try_advisory_xact_lock(%s)"
        if cursor.execute(f"select {lock}".encode(), (_LOCK,)).fetchone() != (True,):
            return 0
        last = head(cursor)
        place = _place(cursor)
        if place is None:
            cursor.execute(_NEXT_AFTER_RESTORE, prepare=True)
        else:
            cursor.execute(_NEXT, place, prepare=True)
        day, number, hash_ = (last.day, last.number, last.hash) if last else (date.min, 0, GENESIS)
        if last and not number:  # that day was purged: what comes is of a later one
            day += timedelta(days=1)
        seals: list[tuple[date, int, int, bytes]] = []
        for own, *row in cursor.fetchall():
            if own > day:
                day, number = own, 0
            number += 1
            hash_ = link(hash_, day, number, row)
            seals.append((day, number, int(row[0]), hash_))
        if seals:
            cursor.execute(_ADD, [list(column) for column in zip(*seals, strict=True)], prepare=True)
    return len(seals)


def _place(cursor: Cursor[Any]) -> dict[str, Any] | None:
    """Transaction and id of the last sealed row; ``None`` when nothing is sealed, or nothing yet on this server."""
    row = cursor.execute(_PLACE, prepare=True).fetchone()
    return None if row is None or row[2] else {"xid": row[0], "id": row[1]}


def _rows(connection: Connection[Any], first: date, last: date) -> Iterator[tuple[Any, ...]]:
    with connection.cursor("larrey_chain") as cursor:  # on the server's side: memory stays flat
        cursor.itersize = _BATCH
        cursor.execute(_CHAIN, {"first": first, "last": last})
        yield from cursor


def _walk(connection: Connection[Any], first: date, last: date, begun: bytes) -> Iterator[Problem | None]:
    """Each sealed row with its problem. After a problem the chain goes on from the seal that is there, to find the next one."""
    day, number, hash_ = date.min, 0, begun
    for own, own_number, audit, sealed, there, *row in _rows(connection, first, last):
        if own > day:
            day, number = own, 0
        number += 1
        problem = None
        if not there:
            problem = Problem("missing", str(day), audit, f"row {audit} of {day} (number {own_number}) is gone")
        elif link(hash_, own, own_number, row) != bytes(sealed):
            if own_number != number:
                text = f"before row {audit} of {day}, number {number} of the chain is gone"
                problem = Problem("missing", str(day), audit, text)
            elif number == 1:
                text = (
                    f"row {audit}, the first of {day}, does not follow the day before: it was altered, or what was before is gone"
                )
                problem = Problem("altered", str(day), audit, text)
            else:
                text = f"row {audit} of {day} (number {own_number}) does not say what was sealed: it or its seal was altered"
                problem = Problem("altered", str(day), audit, text)
        number, hash_ = own_number, bytes(sealed)
        yield problem


def _after_purge(cursor: Cursor[Any], day: date) -> bytes:
    row = cursor.execute("select hash from access_purge where day < %s order by day desc limit 1", (day,)).fetchone()
    return bytes(row[0]) if row else GENESIS


def _known(cursor: Cursor[Any], hash_: bytes) -> bool:
    for table in ("access_seal", "access_purge"):
        asked = f"select exists (select from {table} where hash = %s)"  # noqa: S608  one of two names
        if cursor.execute(asked.encode(), (hash_,)).fetchone() == (True,):
            return True
    return False


def _unsealed(cursor: Cursor[Any], place: dict[str, Any] | None, day: date | None) -> list[Problem]:
    """Rows that were put in among sealed ones, each; then those that wait, together."""
    cursor.execute(_UNSEALED, {**(place or {"xid": None, "id": None}), "day": day})
    found: list[Problem] = []
    waiting, since, oldest, of = 0, "", 0, ""
    for audit, own, at, added in cursor:
        if added:
            if len(found) < _TOLD:
                text = f"row {audit} of {own} was never sealed, though later ones are: it was added afterwards"
                found.append(Problem("added", own, audit, text))
            continue
        if not waiting:
            since, oldest, of = at, audit, own
        waiting += 1
    if waiting:
        text = (
            f"{waiting} rows, the first {oldest} of {since}, have no seal: run `larrey audit seal`; when that does not help, a "
            "transaction that is still running keeps them waiting"
        )
        found.append(Problem("unsealed", of, oldest, text))
    return found

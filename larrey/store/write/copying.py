"""Rows in PostgreSQL's binary COPY format.

psycopg's ``write_row`` dumps the same values in three times the time and cannot send an infinite timestamp.
Source: https://www.postgresql.org/docs/current/sql-copy.html, "Binary Format".
"""

from __future__ import annotations

from collections.abc import Collection
from datetime import UTC, datetime
from functools import lru_cache
from struct import Struct, pack
from typing import Any
from uuid import UUID

from psycopg import Cursor

HEADER = b"PGCOPY\n\xff\r\n\0" + bytes(8)
TRAILER = b"\xff\xff"
NULL = b"\xff\xff\xff\xff"
MINUS_INFINITY = pack(">iq", 8, -(2**63))
INFINITY = pack(">iq", 8, 2**63 - 1)
_EPOCH = datetime(2000, 1, 1, tzinfo=UTC)
_BIGINT = Struct(">iq").pack
_SMALLINT = Struct(">ih").pack
_INTEGER = Struct(">ii").pack
_DOUBLE = Struct(">id").pack
_ARRAY_OF_BIGINT = Struct(">iiiiii").pack
_BIGINT_OID = 20


def fields(count: int) -> bytes:
    """The start of a row of ``count`` fields."""
    return pack(">h", count)


bigint = _BIGINT
integer = _INTEGER
smallint = _SMALLINT
double = _DOUBLE
"""``f(size in bytes, value)``: the field of a number; the size is 8, 4, 2 and 8."""


def octets(value: bytes) -> bytes:
    """A ``bytea`` or text field."""
    return len(value).to_bytes(4, "big") + value


@lru_cache(maxsize=4096)
def word(value: str) -> bytes:
    """A text field of a value that repeats (a type name)."""
    return octets(value.encode())


@lru_cache(maxsize=64)
def letter(value: str) -> bytes:
    """A ``"char"`` field."""
    return octets(value.encode())


def optional(value: str | None) -> bytes:
    """A text field of a value that repeats, or null."""
    return NULL if value is None else word(value)


def text(value: str) -> bytes:
    """A text field."""
    return octets(value.encode())


def uuid(value: UUID | None) -> bytes:
    """A uuid field."""
    return NULL if value is None else b"\x00\x00\x00\x10" + value.bytes


@lru_cache(maxsize=65536)
def timestamp(value: datetime | None) -> bytes:
    """A ``timestamptz`` field; None is ``-infinity``."""
    if value is None:
        return MINUS_INFINITY
    since = value - _EPOCH
    return _BIGINT(8, (since.days * 86400 + since.seconds) * 1_000_000 + since.microseconds)


def bigints(values: Collection[int]) -> bytes:
    """A ``bigint[]`` field."""
    count = len(values)
    if not count:
        return pack(">iiii", 12, 0, 0, _BIGINT_OID)
    flat = [8] * (2 * count)
    flat[1::2] = values
    return _ARRAY_OF_BIGINT(20 + 12 * count, 1, 0, _BIGINT_OID, count, 1) + pack(">" + "iq" * count, *flat)


def copy(cursor: Cursor[Any], table: str, columns: str, rows: list[bytes]) -> None:
    """Send ``rows``, each already framed with its field count, into ``record.<table>``."""
    if rows:
        # Names come from this package only, never from outside.
        with cursor.copy(f"copy record.{table} ({columns}) from stdin (format binary)".encode()) as channel:
            channel.write(HEADER + b"".join(rows) + TRAILER)

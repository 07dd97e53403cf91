"""Large content (PDF, images, CDA): kept once by its SHA-256, written and read in pieces."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from hashlib import sha256
from typing import Any
from uuid import uuid4

from psycopg import Cursor

from larrey.kit.errors import NotFound, TooLarge

CHUNK = 256 * 1024
"""Bytes of one stored piece."""


@dataclass(frozen=True, slots=True)
class Blob:
    """``hash``: SHA-256 of the content, 32 bytes; ``size`` in bytes."""

    hash: bytes
    size: int


def save(cursor: Cursor[Any], content: Iterable[bytes], limit: int) -> Blob:
    """Keep ``content`` (pieces of any size) and return its name; the same bytes are kept once.

    Needs memory for one piece only. Raises ``TooLarge`` beyond ``limit`` bytes; the transaction must then be rolled
    back. Must run inside the caller's transaction.
    """
    digest, size = sha256(), 0
    # The hash is known at the end only: pieces are written under a provisional name of another length.
    provisional = uuid4().bytes
    cursor.execute("insert into record.blob (hash, size) values (%s, 0)", (provisional,))
    for number, piece in enumerate(_pieces(content)):
        size += len(piece)
        if size > limit:
            raise TooLarge(f"The content is larger than this server takes ({limit // 1_000_000} MB).")
        digest.update(piece)
        cursor.execute("insert into record.blob_chunk (hash, number, data) values (%s, %s, %s)", (provisional, number, piece))
    blob = Blob(digest.digest(), size)
    # A concurrent writer of the same bytes makes this wait for its commit.
    new = cursor.execute(
        "insert into record.blob (hash, size) values (%s, %s) on conflict do nothing returning size", (blob.hash, size)
    ).fetchone()
    if new is not None:
        cursor.execute("update record.blob_chunk set hash = %s where hash = %s", (blob.hash, provisional))
    cursor.execute("delete from record.blob where hash = %s", (provisional,))
    return blob


def find(cursor: Cursor[Any], hash_: bytes) -> Blob:
    """The blob named ``hash_``. Raises ``NotFound``."""
    row = cursor.execute("select size from record.blob where hash = %s", (hash_,)).fetchone()
    if row is None:
        raise NotFound("The content is not in the record.")
    return Blob(hash_, row[0])


def stream(cursor: Cursor[Any], hash_: bytes) -> Iterator[bytes]:
    """The content of ``hash_``, piece by piece. Raises ``NotFound`` before the first piece."""
    blob = find(cursor, hash_)
    sent = number = 0
    while sent < blob.size:
        row = cursor.execute("select data from record.blob_chunk where hash = %s and number = %s", (hash_, number)).fetchone()
        if row is None:
            raise NotFound("The content is not in the record any more.")
        data = bytes(row[0])
        yield data
        sent += len(data)
        number += 1


def _pieces(content: Iterable[bytes]) -> Iterator[bytes]:
    """``content`` cut anew into pieces of ``CHUNK`` bytes."""
    waiting = bytearray()
    for part in content:
        waiting += part
        while len(waiting) >= CHUNK:
            yield bytes(waiting[:CHUNK])
            del waiting[:CHUNK]
    if waiting:
        yield bytes(waiting)

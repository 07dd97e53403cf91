"""The content of Binary resources, kept apart from their JSON in ``store.blobs``."""

from __future__ import annotations

from base64 import b64decode
from collections.abc import Iterable
from typing import Any

from psycopg import Cursor

from larrey.kit.errors import Invalid
from larrey.store import blobs
from larrey.store.blobs import Blob


def decoded(data: Any, place: str) -> bytes:
    """The bytes of a base64Binary, in which FHIR allows white space. Raises ``Invalid`` for ``place``."""
    if not isinstance(data, str):
        raise Invalid("data must be a base64 string.", expression=place)
    try:
        return b64decode("".join(data.split()), validate=True)
    except ValueError:
        raise Invalid("data is not base64.", expression=place) from None


def attach(cursor: Cursor[Any], key: int, version: int, content: Iterable[bytes], limit: int) -> Blob:
    """Make ``content`` that of ``version`` of the Binary with the resource key ``key``.

    Must run in the transaction that writes the version. Raises ``TooLarge`` beyond ``limit`` bytes.
    """
    blob = blobs.save(cursor, content, limit)
    cursor.execute("insert into record.binary (key, version, hash) values (%s, %s, %s)", (key, version, blob.hash))
    return blob


def find(cursor: Cursor[Any], key: int, version: int) -> Blob | None:
    """The content of that version; None when it has none."""
    row = cursor.execute(
        "select b.hash, b.size from record.binary n join record.blob b on b.hash = n.hash where n.key = %s and n.version = %s",
        (key, version),
    ).fetchone()
    return None if row is None else Blob(row[0], row[1])

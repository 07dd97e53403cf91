"""Large content: once by its hash, streamed, refused above the limit."""

from __future__ import annotations

import os
from typing import Any

import pytest

from larrey import store
from larrey.kit.errors import NotFound, TooLarge
from larrey.store import blobs


def test_the_same_bytes_are_kept_once(connection: Any) -> None:
    content = os.urandom(3 * blobs.CHUNK + 17)
    pieces = [content[i : i + 1000] for i in range(0, len(content), 1000)]
    first = store.retry(connection, lambda c: blobs.save(c, pieces, 10**7))
    second = store.retry(connection, lambda c: blobs.save(c, [content], 10**7))
    assert first == second
    assert first.size == len(content)
    assert connection.execute("select count(*), (select count(*) from record.blob_chunk) from record.blob").fetchone() == (1, 4)
    with connection.cursor() as cursor:
        assert b"".join(blobs.stream(cursor, first.hash)) == content


def test_nothing_is_left_of_what_is_too_large(connection: Any) -> None:
    with pytest.raises(TooLarge):
        store.retry(connection, lambda c: blobs.save(c, (b"x" * 100_000 for _ in range(1000)), 1_000_000))
    assert connection.execute("select count(*) from record.blob").fetchone() == (0,)


def test_empty_and_unknown(connection: Any) -> None:
    empty = store.retry(connection, lambda c: blobs.save(c, [], 10))
    with connection.cursor() as cursor:
        assert list(blobs.stream(cursor, empty.hash)) == []
        with pytest.raises(NotFound):
            list(blobs.stream(cursor, b"\0" * 32))

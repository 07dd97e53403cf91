"""What loading in bulk needs beyond ``store.process``: what was loaded before, and which references wait for something.

What was loaded is remembered by the SHA-256 of its bytes, in the transaction that writes the content itself.
"""

from __future__ import annotations

import gc
from collections.abc import Collection, Iterable, Iterator
from contextlib import contextmanager
from typing import Any

from psycopg import Cursor

from larrey.store.caller import Caller
from larrey.store.keys import resource_key

Memory = tuple[bytes, str, int]
"""Digest, name, number of resources."""
Target = tuple[str, str]
"""Type and id of a resource."""


@contextmanager
def uncollected() -> Iterator[None]:
    """Spare Python's search for garbage cycles while large bundles are in memory: it visits every object again and again.

    JSON makes no cycles; the few that errors make are collected at the end of the block.
    """
    was = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        gc.collect(0)
        if was:
            gc.enable()


def claim(cursor: Cursor[Any], caller: Caller, memories: Iterable[Memory]) -> set[bytes]:
    """Remember ``memories`` as loaded by this transaction; return the digests that were not known before.

    Another transaction that claims the same digest waits for the end of this one, so that no two load the same.
    """
    caller.demand("c", "*")
    rows = sorted(set(memories))
    if not rows:
        return set()
    columns = [list(column) for column in zip(*rows, strict=True)]
    new = cursor.execute(
        "insert into record.loaded (digest, name, resources)"
        " select * from unnest(%s::bytea[], %s::text[], %s::integer[]) on conflict do nothing returning digest",
        columns,
    )
    return {row[0] for row in new}


def release(cursor: Cursor[Any], caller: Caller, digests: Collection[bytes]) -> None:
    """Forget ``digests``, which this transaction claimed but could not load entirely."""
    caller.demand("c", "*")
    if digests:
        cursor.execute("delete from record.loaded where digest = any(%s)", (list(digests),))


def known(cursor: Cursor[Any], caller: Caller, digests: Collection[bytes]) -> set[bytes]:
    """Those of ``digests`` that the record remembers."""
    caller.demand("r", "*")
    if not digests:
        return set()
    return {row[0] for row in cursor.execute("select digest from record.loaded where digest = any(%s)", (list(digests),))}


def absent(cursor: Cursor[Any], caller: Caller, targets: Collection[Target]) -> set[Target]:
    """Those of ``targets`` that are not current resources."""
    caller.demand("r", "*")
    if not targets:
        return set()
    types = sorted({type_ for type_, _ in targets})
    keys = [resource_key(*target) for target in targets]
    rows = cursor.execute("select type, id from record.resource where type = any(%s) and key = any(%s::bigint[])", (types, keys))
    return set(targets) - {(row[0], row[1]) for row in rows}

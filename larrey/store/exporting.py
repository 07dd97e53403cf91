"""Reading many resources at once, as they stood at one moment, with flat memory."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime
from typing import Any

from psycopg import Connection, IsolationLevel

from larrey.kit.ids import patient_uuid
from larrey.store.caller import Caller
from larrey.store.search.policy import policy, together
from larrey.store.search.sql import every, sql
from larrey.store.transactions import translated

_FETCH = 500


@contextmanager
def snapshot(connection: Connection[Any]) -> Iterator[None]:
    """Everything read inside is as it stood when the block began. ``connection`` must be outside a transaction."""
    before = connection.isolation_level, connection.read_only
    connection.isolation_level, connection.read_only = IsolationLevel.REPEATABLE_READ, True
    try:
        with translated(), connection.transaction():
            yield
    finally:
        connection.isolation_level, connection.read_only = before


def bodies(
    connection: Connection[Any],
    caller: Caller,
    type_: str,
    *,
    patients: Sequence[str] = (),
    since: datetime | None = None,
) -> Iterator[bytes]:
    """The JSON of every current resource of ``type_``, oldest creation first, read as it is asked for.

    ``patients``: only resources that belong to these Patient ids (and those patients); ``since``: only what was
    updated at that instant or later. Must be called inside ``snapshot``.
    """
    caller.demand("r", type_)
    caller.demand("s", type_)
    conditions = [policy("r", caller, "r", [type_]), policy("r", caller, "s", [type_])]
    if patients:
        conditions.append(sql("r.patient = any(%s::uuid[])", [patient_uuid(patient) for patient in patients]))
    if since is not None:
        conditions.append(sql("r.updated >= %s", since))
    query = together(sql("select r.body from record.resource r where %s order by r.rid", every(conditions)))
    with translated(), connection.cursor(name="export", binary=True) as cursor:
        cursor.itersize = _FETCH
        for row in cursor.execute(query.text.encode(), query.values):
            yield row[0]

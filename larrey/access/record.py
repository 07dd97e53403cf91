"""The rooms' way to the record: a psycopg cursor on Django's own connection.

What a room reads through it and what it writes with the ORM are in one transaction, so that the trace of an
opening and the opening itself happen together or not at all.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import psycopg
from django.db import connection, transaction


@contextmanager
def cursor() -> Iterator[psycopg.Cursor]:
    """A cursor with server-side binding, inside a transaction that commits when the block ends well.

    Django's own cursors bind on the client, which the record's statements (arrays, ``bytea``) do not want.
    """
    with transaction.atomic():
        connection.ensure_connection()
        raw = connection.connection
        with psycopg.Cursor(raw) as opened:
            yield opened

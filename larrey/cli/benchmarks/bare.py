"""The floor of reading: a bare WSGI handler that sends the body of one row, found by the plainest SELECT of ``store.read``.

It leaves a plain row in the trace too, in the same transaction, which no reading of a record may do without.

Served by Granian as ``larrey.cli.benchmarks.bare:application``; the database is named by LARREY_DATABASE_URL.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Iterable
from typing import Any

import psycopg

from larrey.store.keys import resource_key

_SELECT = "select version, updated, body, rid from record.resource where type = %s and key = %s and id = %s"
_TRACE = "insert into access_audit (actor, role, action, what, door) values ('token:bare', 'machine', 'open', %s, 'fhir')"
_local = threading.local()


def application(environ: dict[str, Any], start_response: Callable[[str, list[tuple[str, str]]], Any]) -> Iterable[bytes]:
    """``GET /fhir/{type}/{id}``: the stored bytes."""
    cursor: psycopg.Cursor[Any] | None = getattr(_local, "cursor", None)
    if cursor is None:
        options = "-c synchronous_commit=off"  # as a read of the FHIR API
        connection = psycopg.connect(os.environ["LARREY_DATABASE_URL"], autocommit=True, options=options)
        cursor = _local.cursor = connection.cursor(binary=True)
    _, _, type_, id_ = environ["PATH_INFO"].split("/")
    with cursor.connection.pipeline():
        row = cursor.execute(_SELECT, (type_, resource_key(type_, id_), id_), prepare=True).fetchone()
        cursor.execute(_TRACE, (f"{type_}/{id_}",), prepare=True)
    if row is None:
        start_response("404 Not Found", [("Content-Length", "0")])
        return ()
    start_response("200 OK", [("Content-Type", "application/fhir+json"), ("Content-Length", str(len(row[2])))])
    return (row[2],)

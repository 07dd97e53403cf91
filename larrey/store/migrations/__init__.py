"""The record's schema, as numbered SQL files applied once, in order. What is applied is never edited."""

from __future__ import annotations

from importlib.resources import files
from typing import Any

from psycopg import Connection

from larrey.kit.errors import Conflict, Misconfigured

_LOCK = 0x6C61727265790001  # one migrating process at a time; the number only has to be ours


def available() -> dict[str, str]:
    """Name → SQL of every migration, in order."""
    folder = files(__package__)
    names = sorted(entry.name for entry in folder.iterdir() if entry.name.endswith(".sql"))
    return {name: (folder / name).read_text("utf-8") for name in names}


def applied(connection: Connection[Any]) -> set[str]:
    """Names of the migrations that this database has."""
    known = connection.execute("select to_regclass('public.record_migration')").fetchone()
    if known is None or known[0] is None:
        return set()
    return {row[0] for row in connection.execute("select name from public.record_migration")}


def pending(connection: Connection[Any]) -> list[str]:
    """Migrations that this database still lacks. Raises ``Conflict`` when it has one that this version does not know."""
    have, ours = applied(connection), available()
    unknown = sorted(have - ours.keys())
    if unknown:
        raise Conflict(f"The database was made by a newer Larrey: it has migration {unknown[-1]}.")
    return [name for name in ours if name not in have]


def migrate(connection: Connection[Any]) -> list[str]:
    """Apply what is missing, each file in one transaction; return the names applied. Safe to run concurrently."""
    version = connection.info.server_version
    if version < 160000:
        raise Misconfigured(f"Larrey needs PostgreSQL 16 or later; the server is version {version // 10000}.")
    done: list[str] = []
    scripts = available()
    with connection.transaction():
        connection.execute("select pg_advisory_xact_lock(%s)", [_LOCK])
        connection.execute(
            "create table if not exists public.record_migration"
            " (name text primary key, applied timestamptz not null default now())"
        )
        for name in pending(connection):
            connection.execute(scripts[name].encode())
            connection.execute("insert into public.record_migration (name) values (%s)", [name])
            done.append(name)
    return done

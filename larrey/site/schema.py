"""The schema of an installation's database: the record's own migrations, then Django's."""

from __future__ import annotations

import os
from functools import cache
from typing import Any

import psycopg
from psycopg import Connection

from larrey.kit.errors import LarreyError, Unavailable
from larrey.site import grants
from larrey.store import migrations

_LOCK = 0x6C61727265790002  # one migrating process at a time; the number only has to be ours
CACHE_TABLE = "cache"


def start_django(url: str = "") -> None:
    """Load Django once in this process, and put it on the database at ``url`` unless its settings name the right one."""
    import django  # noqa: PLC0415  only commands and servers that show pages need Django
    from django.apps import apps  # noqa: PLC0415  needs Django loaded

    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "larrey.site.django_settings")
    if not apps.ready:
        django.setup()
    if url:
        from django.db import connection  # noqa: PLC0415  needs Django loaded

        from larrey.site.django_settings import database  # noqa: PLC0415  needs Django loaded

        connection.close()
        connection.settings_dict.update(database(url))  # one dictionary for every thread's connection


def migrate(url: str, application: str = "") -> list[str]:
    """Bring the database at ``url`` to this version; return the names of the migrations applied, in order.

    ``url`` is the owner's; ``application`` the one of whoever answers requests, where it is another: its role gets its rights
    (larrey.site.grants). Safe to run concurrently.
    """
    start_django(url)
    from django.core.management import call_command  # noqa: PLC0415  needs Django loaded
    from django.db import connection as django_connection  # noqa: PLC0415  needs Django loaded

    with connected(url) as connection:
        connection.execute("select pg_advisory_lock(%s)", [_LOCK])
        done = migrations.migrate(connection)
        missing = _django_pending(connection)
        if missing:
            call_command("migrate", interactive=False, verbosity=0)
            done += missing
        if not _exists(connection, CACHE_TABLE):
            call_command("createcachetable", verbosity=0)
            done.append(f"table {CACHE_TABLE}")
        done += grants.ensure(connection, application)
        connection.execute("select pg_advisory_unlock(%s)", [_LOCK])
    django_connection.close()
    return done


def pending(connection: Connection[Any]) -> list[str]:
    """What ``migrate`` would still apply. Raises ``Conflict`` for a database of a newer Larrey."""
    start_django()
    missing = migrations.pending(connection) + _django_pending(connection)
    return missing if _exists(connection, CACHE_TABLE) else [*missing, f"table {CACHE_TABLE}"]


def connected(url: str) -> Connection[Any]:
    """A connection in autocommit, or ``Unavailable`` within five seconds."""
    try:
        return psycopg.connect(url, autocommit=True, connect_timeout=5, application_name="larrey")
    except psycopg.OperationalError as error:
        raise unreachable(error) from None


def unreachable(error: psycopg.Error) -> LarreyError:
    """The sentence for a database that does not answer; the password is not in PostgreSQL's words."""
    reason = next((line for line in reversed(str(error).splitlines()) if line.strip()), "no answer").strip()
    return Unavailable(f"The database (LARREY_DATABASE_URL) does not answer: {reason}")


def _exists(connection: Connection[Any], table: str) -> bool:
    row = connection.execute("select to_regclass(%s)", [f"public.{table}"]).fetchone()
    return row is not None and row[0] is not None


def _django_pending(connection: Connection[Any]) -> list[str]:
    have: set[str] = set()
    if _exists(connection, "django_migrations"):
        have = {f"{app}.{name}" for app, name in connection.execute("select app, name from django_migrations")}
    return [name for name in _django_migrations() if name not in have]


@cache
def _django_migrations() -> tuple[str, ...]:
    """Every Django migration on disk, causes before effects."""
    from django.db.migrations.loader import MigrationLoader  # noqa: PLC0415  needs Django loaded

    loader = MigrationLoader(None, ignore_no_migrations=True)
    order: dict[str, None] = {}
    for target in loader.graph.leaf_nodes():
        for app, name in loader.graph.forwards_plan(target):
            order[f"{app}.{name}"] = None
    return tuple(order)

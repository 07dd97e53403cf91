"""An installation at work: its settings, its database wherever that is, Django on top."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from functools import cache

from larrey.kit.errors import Unavailable
from larrey.site import grants, postgres, schema
from larrey.site.settings import Settings, load, secret_key, variable
from larrey.store import migrations

_DATABASE_URL = variable("database_url")
_WAIT_SECONDS = 30.0


@cache
def settings() -> Settings:
    """The settings in this process's environment, read once. Raises ``Misconfigured``."""
    return load(os.environ)


@contextmanager
def own_database(settings: Settings) -> Iterator[str]:
    """The database of a server: the configured one, or the embedded one, which must be ours alone, for the block."""
    if settings.database_url:
        yield settings.database_url
        return
    with postgres.start(settings.data, programs=postgres.binaries(settings.postgres_bin)) as server:
        os.environ[_DATABASE_URL] = server.url  # for Django's settings and for the processes we start
        try:
            yield server.url
        finally:
            os.environ.pop(_DATABASE_URL, None)


@contextmanager
def database(settings: Settings) -> Iterator[str]:
    """The URL of the database for a command: also the embedded one that a running ``larrey serve`` has started.

    The schema is there: outside production a fresh database is migrated, in production its absence is ``Unavailable``.
    """
    with ExitStack() as stack:
        url = settings.database_url or _join(settings, stack)
        os.environ[_DATABASE_URL] = url
        try:
            _require_schema(url, settings)
            yield url
        finally:
            if not settings.database_url:
                os.environ.pop(_DATABASE_URL, None)


def application_url(settings: Settings, url: str) -> str:
    """What servers connect as: the configured database, or the embedded one in the application's role."""
    return settings.database_url or grants.application_url(url)


def owner_url(settings: Settings, url: str) -> str:
    """What migrates and purges: LARREY_OWNER_DATABASE_URL, else the database's own URL."""
    return settings.owner_database_url or url


def _join(settings: Settings, stack: ExitStack) -> str:
    """The embedded server, another process's or our own; waits for one that another process is just starting."""
    limit = time.monotonic() + _WAIT_SECONDS
    while True:
        url = postgres.attach(settings.data)
        if url is not None:
            return url
        try:
            return stack.enter_context(own_database(settings))
        except postgres.InUse:
            if time.monotonic() > limit:
                raise
            time.sleep(0.1)


def ensure_schema(url: str, settings: Settings) -> list[str]:
    """What a server does first: migrate, or in production refuse to start on an older schema."""
    secret_key(settings)  # made before several processes want it
    if not settings.production:
        if settings.database_url and not settings.owner_database_url:  # perhaps the application's role, which may not migrate
            with schema.connected(url) as connection:
                if not schema.pending(connection):
                    return []
        done = schema.migrate(owner_url(settings, url), settings.database_url if settings.owner_database_url else "")
        if settings.owner_database_url:
            schema.start_django(url)  # migrated as the owner; all else is done in the application's role
        return done
    with schema.connected(url) as connection:
        missing = schema.pending(connection)
    if missing:
        raise Unavailable(f"The database lacks {len(missing)} migrations ({missing[0]}, …); run `larrey migrate`.")
    return []


def _require_schema(url: str, settings: Settings) -> None:
    with schema.connected(url) as connection:
        missing = migrations.pending(connection)
    if missing:
        ensure_schema(url, settings)

"""The examination behind ``larrey check``: each subject with what was found, nothing changed."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Literal

import psycopg
from psycopg import Connection
from psycopg.conninfo import conninfo_to_dict

from larrey.access import seals
from larrey.kit import clock
from larrey.kit.errors import LarreyError
from larrey.site import grants, installation, postgres, schema
from larrey.site.settings import Settings, load, variable

_LOW_DISK = 1 << 30
_FULL_DISK = 100 << 20
_CLOCK_SECONDS = 5.0


@dataclass(frozen=True, slots=True)
class Finding:
    """What was found about one subject. ``broken`` must be repaired before Larrey works."""

    subject: str
    state: Literal["sound", "warning", "broken"]
    text: str

    def as_json(self) -> dict[str, Any]:
        """For ``--json``."""
        return asdict(self)


def examine() -> list[Finding]:
    """Examine the installation that the environment describes."""
    try:
        settings = load(os.environ)
    except LarreyError as error:
        return [Finding("settings", "broken", error.message)]
    findings = [Finding("settings", "sound", f"{settings.env}; every LARREY_ variable is known and right.")]
    findings += _disk(settings)
    if not settings.database_url and not (settings.data / "postgres").exists():
        return [*findings, Finding("database", "sound", "Embedded; none yet, the first start makes it.")]
    try:
        with _database(settings) as (url, how), schema.connected(url) as connection:
            findings.append(Finding("database", "sound", f"{how}, PostgreSQL {_version(connection)}."))
            findings += [_durability(connection), _clock(connection), _migrations(connection)]
            findings += _trace(connection, settings, url)
    except (LarreyError, psycopg.Error) as error:
        findings.append(Finding("database", "broken", error.message if isinstance(error, LarreyError) else str(error).strip()))
    return findings


@contextmanager
def _database(settings: Settings) -> Iterator[tuple[str, str]]:
    """The database as it is: nothing is migrated here."""
    if settings.database_url:
        yield settings.database_url, "configured"
        return
    if running := postgres.attach(settings.data):
        os.environ[variable("database_url")] = running
        yield running, "embedded, in use by a running Larrey"
        return
    with installation.own_database(settings) as url:
        yield url, "embedded"


def _disk(settings: Settings) -> Iterator[Finding]:
    place = settings.data.absolute()
    existing = next(folder for folder in (place, *place.parents) if folder.exists())
    if not os.access(existing, os.W_OK):
        yield Finding("data folder", "broken", f"{place} cannot be written; set LARREY_DATA to another folder.")
        return
    free = shutil.disk_usage(existing).free
    text = f"{place}, {free / (1 << 30):.1f} GiB free."
    yield Finding("data folder", "broken" if free < _FULL_DISK else "warning" if free < _LOW_DISK else "sound", text)
    key = Path(settings.data) / "secret.key"
    if not settings.secret_key and key.exists() and key.stat().st_mode & 0o077:
        yield Finding("secret key", "broken", f"{key} can be read by others; chmod 600 it, or remove it to have a new one.")


def _version(connection: Connection[Any]) -> str:
    number = connection.info.server_version
    return f"{number // 10000}.{number % 10000}"


def _durability(connection: Connection[Any]) -> Finding:
    off = [
        name
        for name in ("fsync", "full_page_writes", "synchronous_commit")
        if (row := connection.execute("select current_setting(%s)", [name]).fetchone()) and row[0] == "off"
    ]
    if off:
        return Finding("durability", "broken", f"{', '.join(off)} is off: acknowledged writes may be lost.")
    return Finding("durability", "sound", "An acknowledged write is on disk.")


def _clock(connection: Connection[Any]) -> Finding:
    before = clock.now()
    row = connection.execute("select clock_timestamp()").fetchone()
    assert row is not None  # a select of one row
    after = clock.now()
    apart = max((before - row[0]).total_seconds(), (row[0] - after).total_seconds(), 0.0)
    if apart > _CLOCK_SECONDS:
        return Finding("clock", "broken", f"This machine and the database differ by {apart:.0f} s; set their clocks by NTP.")
    return Finding("clock", "sound", f"{clock.instant(after)}, the same as the database's.")


def _migrations(connection: Connection[Any]) -> Finding:
    missing = schema.pending(connection)
    if missing:
        return Finding("migrations", "broken", f"{len(missing)} missing, first {missing[0]}; run `larrey migrate`.")
    return Finding("migrations", "sound", "The schema is this version's.")


def _trace(connection: Connection[Any], settings: Settings, url: str) -> Iterator[Finding]:
    """Whether the role of whoever answers requests could alter the trace."""
    if connection.execute("select to_regclass('public.access_seal') is null").fetchone() == (True,):
        return  # before its migration
    application = installation.application_url(settings, url)
    name = str(conninfo_to_dict(application).get("user") or connection.info.user)
    failings = grants.failings(connection, name)
    if not failings:
        yield Finding("trace", "sound", f"The application's role {name} adds to it and can alter nothing.")
    else:
        advice = "run `larrey migrate`" if not settings.database_url else "see docs/how-to/use-your-postgresql.md"
        text = f"The application's role {name} could alter it: it {', '.join(failings)}; {advice}."
        yield Finding("trace", "broken" if settings.production else "warning", text)
    if waiting := seals.waiting(connection):
        text = f"{waiting:,} rows have no seal yet, for longer than {seals.PATIENCE}; `larrey audit verify` tells more."
        yield Finding("seals of the trace", "warning", text)

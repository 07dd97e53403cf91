"""What the benchmarks stand on: a PostgreSQL of their own with fsync on, and records filled to a stated scale.

Every database is made, filled and dropped here and named ``larrey_bench_*``; no other is touched. With a kept folder a
filled base is used again.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit
from uuid import UUID

import psycopg
from psycopg import sql

from larrey.access import tokens
from larrey.cli.benchmarks.processes import Running, free_port, larrey, serving
from larrey.kit.errors import Unavailable, Unprocessable
from larrey.site import postgres

_UUID = re.compile(rb"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}")
Say = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Base:
    """One record in a database of its own, with a token that may do everything."""

    url: str
    folder: Path
    token: str = ""

    def environment(self) -> dict[str, str]:
        """The environment for ``larrey`` commands on this record; settings of the caller's shell do not reach them."""
        bare = {name: value for name, value in os.environ.items() if not name.startswith("LARREY_")}
        return {**bare, "LARREY_DATABASE_URL": self.url, "LARREY_DATA": str(self.folder)}

    def command(self, *arguments: str) -> str:
        """Run ``larrey`` with ``arguments`` and return what it printed. Raises ``Unavailable`` when it fails."""
        done = subprocess.run(larrey(*arguments), env=self.environment(), capture_output=True, text=True, check=False)
        if done.returncode:
            raise Unavailable(f"larrey {' '.join(arguments)} failed: {(done.stderr or done.stdout).strip()[-2000:]}")
        return done.stdout

    def connect(self) -> psycopg.Connection:
        return psycopg.connect(self.url, autocommit=True)

    @contextmanager
    def served(self, *, workers: int, threads: int) -> Iterator[Running]:
        """``larrey serve`` on this record."""
        port = free_port()
        settings = {"LARREY_PORT": str(port), "LARREY_WORKERS": str(workers), "LARREY_THREADS": str(threads)}
        with serving(larrey("serve"), port, {**self.environment(), **settings}, "/readyz") as running:
            yield running

    @contextmanager
    def bare(self, *, workers: int, threads: int) -> Iterator[Running]:
        """The bare handler on this record, under Granian with the options that ``larrey serve`` gives it."""
        port = free_port()
        options = ["--interface", "wsgi", "--host", "127.0.0.1", "--port", str(port), "--workers", str(workers)]
        options += ["--blocking-threads", str(threads), "--no-ws", "--log-level", "warning"]
        script = "from granian.cli import entrypoint; entrypoint()"
        command = [*larrey()[:1], "-c", script, *options, "larrey.cli.benchmarks.bare:application"]
        with serving(command, port, self.environment(), "/fhir/Patient/none") as running:
            yield running


@dataclass(frozen=True, slots=True)
class Ground:
    """A PostgreSQL server for measurements, and a folder for what goes beside it."""

    server: str
    folder: Path
    say: Say

    def empty(self, name: str) -> Base:
        """A new migrated record named ``name``, replacing one of that name."""
        database = f"larrey_bench_{name}"
        with psycopg.connect(self.server, autocommit=True) as admin:
            admin.execute(sql.SQL("drop database if exists {} with (force)").format(sql.Identifier(database)))
            admin.execute(sql.SQL("create database {}").format(sql.Identifier(database)))
        base = self._base(database)
        base.command("migrate")
        return self._with_token(base)

    def drop(self, name: str) -> None:
        with psycopg.connect(self.server, autocommit=True) as admin:
            admin.execute(sql.SQL("drop database if exists {} with (force)").format(sql.Identifier(f"larrey_bench_{name}")))

    def copy(self, source: str, name: str) -> Base:
        """The record ``source`` as it is now, under another name; for measurements that write."""
        with psycopg.connect(self.server, autocommit=True) as admin:
            target = sql.Identifier(f"larrey_bench_{name}")
            admin.execute(sql.SQL("drop database if exists {} with (force)").format(target))
            command = sql.SQL("create database {} template {} strategy file_copy")
            admin.execute(command.format(target, sql.Identifier(f"larrey_bench_{source}")))
        return self._with_token(self._base(f"larrey_bench_{name}"))

    def filled(self, bundles: Path, scale: int) -> Base:
        """The record that holds ``scale`` copies of ``bundles``, loaded through ``larrey load``; made when missing.

        One that was interrupted is continued: each finished copy is noted, and what was loaded is not loaded twice.
        """
        name, digest = f"base_{scale}x", _digest(bundles)
        base = self._base(f"larrey_bench_{name}")
        done = _copies(base, digest)
        if done is None:
            base, done = self.empty(name), 0
        else:
            base.command("migrate")
            base = self._with_token(base)
        for copy in range(done, scale):
            start = time.monotonic()
            with tempfile.TemporaryDirectory(prefix="larrey-bench-") as folder:
                base.command("load", str(replica(bundles, copy, Path(folder)) if copy else bundles))
            with base.connect() as connection:
                if copy + 1 == scale:
                    connection.execute("vacuum analyze")
                note = json.dumps({"bundles": digest, "copies": copy + 1})
                connection.execute(sql.SQL("comment on schema record is {}").format(sql.Literal(note)))
            self.say(f"base {scale}×: copy {copy + 1} loaded in {time.monotonic() - start:.0f} s")
        return base

    def _base(self, database: str) -> Base:
        return Base(urlsplit(self.server)._replace(path=f"/{database}").geturl(), self.folder)

    def _with_token(self, base: Base) -> Base:
        with base.connect() as connection:
            secret = tokens.create(connection.cursor(), f"bench-{time.time_ns()}", "system/*.cruds", days=7)
        return Base(base.url, base.folder, secret)


@contextmanager
def ground(data: Path | None, server: str, say: Say) -> Iterator[Ground]:
    """A server to measure on: ``server`` (a URL whose user may create databases), else an embedded one, fsync on.

    The embedded one lives in ``data`` and stays there, or in a temporary folder when ``data`` is None.
    """
    with tempfile.TemporaryDirectory(prefix="larrey-bench-") as temporary:
        folder = data or Path(temporary)
        folder.mkdir(parents=True, exist_ok=True)
        if server:
            yield Ground(server, folder, say)
            return
        with postgres.start(folder) as started:
            yield Ground(started.url, folder, say)


def _copies(base: Base, digest: str) -> int | None:
    """How many copies of the bundles with ``digest`` the base holds; None when there is no such base."""
    try:
        with base.connect() as connection:
            row = connection.execute("select obj_description(to_regnamespace('record'), 'pg_namespace')").fetchone()
    except psycopg.OperationalError:
        return None
    noted = json.loads(row[0]) if row is not None and row[0] is not None else {}
    return int(noted["copies"]) if noted.get("bundles") == digest else None


def _digest(bundles: Path) -> str:
    """Names and sizes of the files, as one short text."""
    listed = sorted((str(path.relative_to(bundles)), path.stat().st_size) for path in bundles.rglob("*") if path.is_file())
    if not listed:
        raise Unprocessable(f"{bundles} holds no files.")
    return hashlib.blake2b(repr(listed).encode(), digest_size=12).hexdigest()


def replica(bundles: Path, copy: int, target: Path) -> Path:
    """Write the JSON bundles of ``bundles`` to ``target`` with every UUID replaced by another, the same for equal ones.

    Ids, references and identifiers that are UUIDs thus belong to copy number ``copy`` alone.
    """
    known: dict[bytes, bytes] = {}

    def other(match: re.Match[bytes]) -> bytes:
        old = match[0]
        new = known.get(old)
        if new is None:
            digest = hashlib.blake2b(old + copy.to_bytes(4, "big"), digest_size=16).digest()
            new = known[old] = str(UUID(bytes=digest, version=4)).encode()
        return new

    for path in sorted(bundles.rglob("*.json")):
        (target / path.name).write_bytes(_UUID.sub(other, path.read_bytes()))
    return target


def sample(base: Base, type_: str, count: int) -> list[dict[str, Any]]:
    """``count`` random current resources of a type, with ``_patient`` where the record knows one; fewer if there are fewer."""
    with base.connect() as connection:
        rows = connection.execute(
            "select body, patient from record.resource where type = %s order by md5(id) limit %s", (type_, count)
        ).fetchall()
    return [{**json.loads(body), "_patient": patient} for body, patient in rows]

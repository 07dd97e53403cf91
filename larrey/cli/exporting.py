"""Writes resources as NDJSON (https://hl7.org/fhir/R4/nd-json.html) with flat memory."""

from __future__ import annotations

import gzip
import os
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from itertools import islice
from pathlib import Path
from tempfile import NamedTemporaryFile
from typing import IO, cast

import psycopg
import zstandard

from larrey.access import trail
from larrey.access.trail import Action
from larrey.fhir.definitions import resource_types
from larrey.kit.errors import Invalid, Unavailable
from larrey.kit.ids import patient_uuid
from larrey.store.caller import Caller
from larrey.store.exporting import bodies, snapshot

BATCH = 1000
_LEVEL = 6

Watch = Callable[[int, int], None]
"""Called with 0 and the number of resources just written."""


@dataclass(frozen=True, slots=True)
class Selection:
    """What to write: ``types`` and ``patients`` (ids) empty means all; ``since``: updated then or later."""

    types: tuple[str, ...] = ()
    patients: tuple[str, ...] = ()
    since: datetime | None = None

    def __post_init__(self) -> None:
        for type_ in self.types:
            if type_ not in resource_types():
                raise Invalid(f"{type_!r} is not a resource type of FHIR R4.")


@dataclass(slots=True)
class Written:
    """Resources by type, the files that hold them, and how long it took."""

    counts: dict[str, int] = field(default_factory=dict)
    files: list[Path] = field(default_factory=list)
    seconds: float = 0.0


def export(url: str, caller: Caller, what: Selection, target: Path, compress: str | None, watch: Watch) -> Written:
    """Write ``what`` to ``target``: ``-``, a ``.ndjson`` file (``.gz``, ``.zst``), or a folder with a file per type.

    All of it is as it stood at one moment. Raises ``Unavailable`` when the target cannot be written; then no
    file of this run that is not complete remains under its final name.
    """
    started = time.monotonic()
    written = Written()
    single = str(target) == "-" or ".ndjson" in target.suffixes
    if single and compress:
        raise Invalid("--compress is for folders; a file says it by its ending (.ndjson.gz, .ndjson.zst).")
    types = sorted(dict.fromkeys(what.types)) or sorted(resource_types())
    with psycopg.connect(url, autocommit=True) as connection:
        _trace(connection, caller, what, target)
        _write(connection, caller, what, types, target, compress, written, watch, single=single)
    written.seconds = round(time.monotonic() - started, 3)
    return written


def _trace(connection: psycopg.Connection, caller: Caller, what: Selection, target: Path) -> None:
    """Tell what is about to leave, before anything does: what was interrupted has left in part."""
    told = f"{','.join(what.types) or '*'}{f' since {what.since.isoformat()}' if what.since else ''} export to {target}"
    one = what.patients[0] if len(what.patients) == 1 else None
    several = [patient_uuid(patient) for patient in what.patients] if one is None else []
    with connection.cursor() as cursor:
        trail.trace(cursor, caller, Action.EXPORT, told, patient_id=one, patients=several, door="command")


def _write(
    connection: psycopg.Connection,
    caller: Caller,
    what: Selection,
    types: list[str],
    target: Path,
    compress: str | None,
    written: Written,
    watch: Watch,
    *,
    single: bool,
) -> None:
    with snapshot(connection), _told(target), ExitStack() as stack:
        shared = stack.enter_context(_opened(target, written)) if single else None
        if shared is None:
            target.mkdir(parents=True, exist_ok=True)
        for type_ in types:
            found = bodies(connection, caller, type_, patients=what.patients, since=what.since)
            first = next(found, None)
            if first is None:
                continue
            with ExitStack() as own:
                ending = f".ndjson.{compress}" if compress else ".ndjson"
                out = shared or own.enter_context(_opened(target / f"{type_}{ending}", written))
                out.write(first + b"\n")
                written.counts[type_] = 1
                watch(0, 1)
                while batch := list(islice(found, BATCH)):
                    out.write(b"\n".join(batch) + b"\n")
                    written.counts[type_] += len(batch)
                    watch(0, len(batch))


@contextmanager
def _told(target: Path) -> Iterator[None]:
    try:
        yield
    except BrokenPipeError:  # the reader of standard output has seen enough
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    except OSError as error:
        raise Unavailable(f"{target} cannot be written: {error.strerror or error}.") from None


@contextmanager
def _opened(path: Path, written: Written) -> Iterator[IO[bytes]]:
    """``path`` for writing, compressed as its ending says; it appears when the block has ended well."""
    if str(path) == "-":
        yield sys.stdout.buffer
        sys.stdout.buffer.flush()
        return
    with NamedTemporaryFile(dir=path.parent, prefix=f".{path.name}.", delete=False) as file:
        try:
            with _compressed(cast(IO[bytes], file), path) as out:
                yield out
            file.flush()
            os.fsync(file.fileno())
            umask = os.umask(0)
            os.umask(umask)
            os.fchmod(file.fileno(), 0o666 & ~umask)
            Path(file.name).replace(path)
            written.files.append(path)
        except BaseException:
            Path(file.name).unlink(missing_ok=True)
            raise


@contextmanager
def _compressed(file: IO[bytes], path: Path) -> Iterator[IO[bytes]]:
    if path.suffix == ".gz":
        with gzip.GzipFile(fileobj=file, mode="wb", filename="", mtime=0, compresslevel=_LEVEL) as out:
            yield cast(IO[bytes], out)
    elif path.suffix == ".zst":
        with zstandard.ZstdCompressor().stream_writer(file, closefd=False) as packed:
            yield cast(IO[bytes], packed)
    else:
        yield file

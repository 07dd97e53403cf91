"""Files to load: which they are in a folder, and their content whatever the compression."""

from __future__ import annotations

import bz2
import gzip
import os
import zlib
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO, cast

import zstandard

from larrey.kit.errors import Invalid, TooLarge

NAMES = (".json", ".ndjson", ".jsonl")
LINES = (".ndjson", ".jsonl")
COMPRESSED = {".gz": b"\x1f\x8b", ".bz2": b"BZh", ".zst": b"\x28\xb5\x2f\xfd"}
WHOLE_LIMIT = 1 << 30
"""Most bytes, uncompressed, of a file that is read as a whole (anything but NDJSON)."""
_DAMAGE = (EOFError, zlib.error, gzip.BadGzipFile, zstandard.ZstdError)


@dataclass(frozen=True, slots=True)
class Source:
    """One file to load. ``size``: bytes on disk; ``lines``: its name says that it is NDJSON."""

    path: Path
    size: int
    lines: bool


def plain_name(path: Path) -> str:
    """The file's name without the suffix of its compression, in lower case: ``Patient.ndjson.gz`` → ``patient.ndjson``."""
    name = path.name.lower()
    return name[: -len(path.suffix)] if path.suffix.lower() in COMPRESSED else name


def find(paths: Sequence[Path]) -> tuple[list[Source], list[tuple[Path, str]]]:
    """The files under ``paths``, each once, and (path, reason) of what cannot be one.

    A folder gives the JSON and NDJSON files below it, compressed or not; what its name does not announce as such
    is left alone, and so is what is hidden. A file that is named is taken whatever its name. Links are followed;
    a file reached twice counts once.
    """
    found: dict[Path, Source] = {}
    refused: list[tuple[Path, str]] = []
    for path in paths:
        try:
            if path.is_dir():
                inside = sorted(_below(path))
                if not inside:
                    refused.append((path, "The folder holds no JSON or NDJSON file."))
            elif path.is_file():
                inside = [path]
            else:
                refused.append((path, "There is no such file or folder." if not path.exists() else "This is not a file."))
                continue
            for file in inside:
                found.setdefault(file.resolve(), Source(file, file.stat().st_size, plain_name(file).endswith(LINES)))
        except OSError as error:
            refused.append((path, _system_reason(error)))
    return sorted(found.values(), key=_rank), refused


def _below(folder: Path) -> Iterator[Path]:
    def fail(error: OSError) -> None:
        raise error

    for parent, folders, files in os.walk(folder, onerror=fail):
        folders[:] = [name for name in folders if not name.startswith(".")]
        for name in files:
            file = Path(parent, name)
            if not name.startswith(".") and plain_name(file).endswith(NAMES):
                yield file


_FIRST = ("organization", "hospital", "location", "practitioner", "medication.", "substance", "device", "patient", "encounter")


def _rank(source: Source) -> tuple[int, str]:
    """Who is referred to goes first, as far as names tell; only speed depends on it, what comes too early waits."""
    name = plain_name(source.path)
    place = next((place for place, start in enumerate(_FIRST) if name.startswith(start)), len(_FIRST))
    return place, str(source.path)


@contextmanager
def opened(path: Path) -> Iterator[tuple[IO[bytes], IO[bytes]]]:
    """The uncompressed content of ``path`` as a binary stream, and the file beneath (whose position tells progress).

    The first bytes tell the compression. Raises ``Invalid`` with the reason for a file that cannot be read, is
    empty, or is not what its name announces; inside the block, a damaged stream and a failing disk also become ``Invalid``.
    """
    try:
        with path.open("rb") as raw:
            start = raw.read(4)
            raw.seek(0)
            if not start:
                raise Invalid("The file is empty.")
            announced = COMPRESSED.get(path.suffix.lower())
            if announced is not None and not start.startswith(announced):
                raise Invalid(f"The name ends in {path.suffix} but the content is not {path.suffix[1:]}.")
            yield _uncompressed(raw, start), raw
    except _DAMAGE as error:
        raise Invalid(f"The compressed content is damaged or cut short: {error}.") from None
    except OSError as error:
        # bz2 reports damaged data as a bare OSError without a number.
        reason = _system_reason(error) if error.errno else f"The compressed content is damaged or cut short: {error}."
        raise Invalid(reason) from None


def _uncompressed(raw: IO[bytes], start: bytes) -> IO[bytes]:
    if start.startswith(COMPRESSED[".gz"]):
        return cast(IO[bytes], gzip.open(raw))
    if start.startswith(COMPRESSED[".bz2"]):
        return bz2.open(raw)
    if start.startswith(COMPRESSED[".zst"]):
        return cast(IO[bytes], _WholeFrames(raw))
    return raw


class _WholeFrames:
    """A zstd stream over all frames of a file; unlike zstandard's own reader it tells when the last one is cut short."""

    def __init__(self, raw: IO[bytes]) -> None:
        self._raw = raw
        self._frame = zstandard.ZstdDecompressor().decompressobj()
        self._fresh = True
        self._ready = bytearray()

    def _fill(self) -> bool:
        """Uncompress the next piece of the file; False at its end."""
        data = self._raw.read(1 << 17)
        if not data:
            if not self._fresh:
                raise EOFError("the last frame is not complete")
            return False
        while data:
            self._ready += self._frame.decompress(data)
            self._fresh = False
            data = b""
            if self._frame.eof:
                data, self._fresh = self._frame.unused_data, True
                self._frame = zstandard.ZstdDecompressor().decompressobj()
        return True

    def read(self, size: int = -1) -> bytes:
        """At most ``size`` bytes, all that remains when negative; empty at the end."""
        while size < 0 or len(self._ready) < size:
            if not self._fill():
                break
        size = len(self._ready) if size < 0 else size
        taken = bytes(self._ready[:size])
        del self._ready[:size]
        return taken


def read_whole(path: Path) -> bytes:
    """The whole uncompressed content. Raises ``Invalid`` as ``opened`` does, ``TooLarge`` above ``WHOLE_LIMIT``."""
    with opened(path) as (stream, _):
        content = stream.read(WHOLE_LIMIT + 1)
    if len(content) > WHOLE_LIMIT:
        raise TooLarge(f"The file holds more than {WHOLE_LIMIT >> 30} GiB; split it, or write it as NDJSON.")
    if not content.strip():
        raise Invalid("The file is empty.")
    return content


def _system_reason(error: OSError) -> str:
    return f"It cannot be read: {error.strerror or error}."

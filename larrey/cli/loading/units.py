"""Content cut into units: each is loaded or refused as a whole, and remembered by the hash of its bytes.

A transaction or collection bundle, a single resource, an entry of a batch, a line of NDJSON are units. The units that
come from the same stretch of bytes (a file, a chunk of lines) are a ``Container``: when all of them are in the
record its hash alone is remembered.
"""

from __future__ import annotations

import re
import zlib
from collections.abc import Iterator
from dataclasses import dataclass, field
from hashlib import sha256
from pathlib import Path
from typing import IO, Any, Literal

from larrey.cli.loading import sources
from larrey.kit import json
from larrey.kit.errors import Invalid, LarreyError, TooLarge, Unsupported

LINE_LIMIT = 64 << 20
CHUNK_LINES = 2048
CHUNK_BYTES = 4 << 20
_CHUNK_MASK = 0xFF
_BOM = b"\xef\xbb\xbf"
_TYPE = re.compile(r"[A-Z][A-Za-z]+\Z")

Resource = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Place:
    """Where a unit stands: a file, and the line (NDJSON) or the entry (batch) in it, both counted from 1."""

    path: str
    line: int = 0
    entry: int = 0

    def __str__(self) -> str:
        line = f", line {self.line}" if self.line else ""
        return f"{self.path}{line}" + (f", entry {self.entry}" if self.entry else "")


@dataclass(slots=True)
class Unit:
    """``resource`` is a single resource, or a transaction bundle when ``bundle``; ``digest`` the SHA-256 of its bytes.

    Loading may alter ``resource``; ``content`` is what it was read from.
    """

    place: Place
    digest: bytes
    content: bytes
    resource: Resource
    bundle: bool

    @property
    def size(self) -> int:
        """Resources in it."""
        return len(self.resource.get("entry") or ()) if self.bundle else 1

    def resources(self) -> list[Resource]:
        """The resources in it, as they were read."""
        value = json.loads(self.content)
        entries = value.get("entry", [value] if "request" in value else [{"resource": value}])
        return [entry["resource"] for entry in entries if isinstance(entry.get("resource"), dict)]


@dataclass(slots=True)
class Container:
    """Units of the same bytes. ``refused``: parts that are not even units, with the reason; ``places``: all its places."""

    name: str
    digest: bytes
    units: list[Unit]
    refused: list[tuple[Place, str]]
    places: set[Place] = field(default_factory=set)


@dataclass(frozen=True, slots=True)
class Lines:
    """A chunk of NDJSON: the number of its first line (from 1) and the lines without their ends."""

    path: str
    first: int
    lines: list[bytes]


def chunks(path: Path, stream: IO[bytes]) -> Iterator[Lines]:
    """NDJSON cut where the content says so (a line whose checksum ends in eight zero bits), or at a size.

    Because the cuts depend on the content only, a file in which one line was corrected gives the same chunks but
    for the one around that line, and what was loaded before is recognised. Raises ``TooLarge`` for an endless line.
    """
    first, held, lines = 1, 0, list[bytes]()
    for number, raw in enumerate(_lines(stream), 1):
        line = raw.strip()
        lines.append(line)
        held += len(line)
        if (line and zlib.crc32(line) & _CHUNK_MASK == 0) or len(lines) >= CHUNK_LINES or held >= CHUNK_BYTES:
            yield Lines(str(path), first, lines)
            first, held, lines = number + 1, 0, []
    if lines:
        yield Lines(str(path), first, lines)


def _lines(stream: IO[bytes]) -> Iterator[bytes]:
    rest = b""
    while piece := stream.read(1 << 20):
        whole = (rest + piece).split(b"\n")
        rest = whole.pop()
        if len(rest) > LINE_LIMIT:
            raise TooLarge(f"A line is longer than {LINE_LIMIT >> 20} MiB.")
        yield from whole
    if rest.strip():
        yield rest


def from_lines(chunk: Lines) -> Container:
    """The units of a chunk of NDJSON; blank lines count as lines and hold nothing."""
    container = Container(chunk.path, sha256(b"\n".join(chunk.lines)).digest(), [], [])
    for number, raw in enumerate(chunk.lines, chunk.first):
        line = raw.removeprefix(_BOM)
        if not line:
            continue
        place = Place(chunk.path, line=number)
        try:
            _cut(container, place, line, json.loads(line))
        except LarreyError as error:
            container.refused.append((place, error.message))
    return container


def from_content(path: str, content: bytes) -> list[Container]:
    """The units of a file read as a whole. NDJSON under another name is recognised by its first line."""
    content = content.removeprefix(_BOM)
    digest = sha256(content).digest()
    container = Container(path, digest, [], [])
    place = Place(path)
    try:
        value = json.loads(content)
    except LarreyError as error:
        lines = content.splitlines()
        if len(lines) > 1 and lines[0].startswith(b"{") and lines[0].rstrip().endswith(b"}"):
            stop = range(0, len(lines), CHUNK_LINES)
            return [from_lines(Lines(path, at + 1, [line.strip() for line in lines[at : at + CHUNK_LINES]])) for at in stop]
        container.refused.append((place, error.message))
        return [container]
    try:
        _cut(container, place, content, value)
    except LarreyError as error:
        container.refused.append((place, error.message))
    return [container]


def _cut(container: Container, place: Place, content: bytes, value: Any) -> None:
    """Add the units of one JSON value to ``container``, or raise the reason why it has none."""
    digest = container.digest if not place.line else sha256(content).digest()
    kind = value.get("resourceType") if isinstance(value, dict) else None
    if not isinstance(kind, str) or not _TYPE.match(kind):
        raise Invalid("This is JSON, but not a FHIR resource: it has no resourceType.")
    if kind != "Bundle":
        container.units.append(Unit(place, digest, content, value, bundle=False))
        return
    entries = value.get("entry") or []
    if not isinstance(entries, list) or not all(isinstance(entry, dict) for entry in entries):
        raise Invalid("Bundle.entry is not a list of entries.", expression="Bundle.entry")
    match value.get("type"):
        case "transaction":
            container.units.append(Unit(place, digest, content, value, bundle=True))
        case "collection" | "searchset":
            container.units.append(Unit(place, digest, content, transaction(entries), bundle=True))
        case "batch":
            for number, entry in enumerate(entries, 1):
                alone, bytes_ = {"resourceType": "Bundle", "type": "transaction", "entry": [entry]}, json.dumps(entry)
                here = Place(place.path, place.line, number)
                container.units.append(Unit(here, sha256(bytes_).digest(), bytes_, alone, bundle=True))
        case other:
            raise Unsupported(f"A bundle of type {other!r} is not loaded; transaction, batch, collection and searchset are.")


def request(resource: Resource) -> Resource:
    """How a resource without a request is written: under its own id, or under a new one where it has none."""
    kind, identity = resource.get("resourceType"), resource.get("id")
    method: Literal["POST", "PUT"] = "PUT" if identity else "POST"
    return {"method": method, "url": f"{kind}/{identity}" if identity else kind}


def transaction(entries: list[Resource]) -> Resource:
    """A transaction that writes the resources of a collection. Raises ``Invalid`` for an entry without one."""
    written = []
    for number, entry in enumerate(entries):
        resource = entry.get("resource")
        if not isinstance(resource, dict):
            raise Invalid(f"Entry {number + 1} holds no resource.", expression=f"Bundle.entry[{number}].resource")
        known = {"fullUrl": entry["fullUrl"]} if "fullUrl" in entry else {}
        written.append(known | {"resource": resource, "request": request(resource)})
    return {"resourceType": "Bundle", "type": "transaction", "entry": written}


def read(path: Path) -> list[Container]:
    """The units of a file that is read as a whole; a file that cannot be read gives one refusal."""
    try:
        return from_content(str(path), sources.read_whole(path))
    except LarreyError as error:
        return [Container(str(path), b"", [], [(Place(str(path)), error.message)])]

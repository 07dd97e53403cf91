"""Figure: ``larrey load`` of a folder of bundles, beside COPY of the same bytes into a bare table with a primary key."""

from __future__ import annotations

import time
from pathlib import Path

import msgspec

from larrey.cli.benchmarks.ground import Base, Ground
from larrey.cli.benchmarks.report import Figure
from larrey.kit import json as codec

PER_SECOND = 2500
SHARE_OF_COPY = 1 / 6
BATCH = 1000


def measure(ground: Ground, bundles: Path) -> list[Figure]:
    """Resources per second of both, everything on: validation, history, all indexes, fsync. The floor runs before and after."""
    resources = _bodies(bundles)
    base = ground.empty("load")
    try:
        floors = [_copy(base, resources)]
        compact = _copy(base, _compact(resources))
        start = time.perf_counter()
        base.command("load", "--json", str(bundles))
        seconds = time.perf_counter() - start
        floors.append(_copy(base, resources))
        with base.connect() as connection:
            row = connection.execute("select count(*) from record.resource").fetchone()
        assert row is not None  # an aggregate always answers
    finally:
        ground.drop("load")
    rate = row[0] / seconds
    against = {
        "load": ("COPY of the bytes in the files", len(resources) * len(floors) / sum(floors)),
        "load, stricter": ("COPY of compact JSON", len(resources) / compact),
    }
    details = {"resources": row[0], "seconds": seconds}
    target = f"≥ {PER_SECOND:,}/s and ≥ 1/6"
    return [
        Figure(
            name,
            rate,
            "resources/s",
            floor,
            floor_name,
            rate / floor,
            target,
            rate >= PER_SECOND and rate / floor >= SHARE_OF_COPY,
            details,
        )
        for name, (floor_name, floor) in against.items()
    ]


class _Entry(msgspec.Struct):
    resource: msgspec.Raw


class _Bundle(msgspec.Struct):
    entry: list[_Entry]


def _bodies(bundles: Path) -> list[tuple[str, bytes]]:
    """Every resource of the bundles, byte for byte as it stands in its file, with a name that is unique."""
    decoder = msgspec.json.Decoder(_Bundle)
    found: list[tuple[str, bytes]] = []
    for path in sorted(bundles.rglob("*.json")):
        for entry in decoder.decode(path.read_bytes()).entry:
            found.append((f"{path.name}/{len(found)}", bytes(entry.resource)))
    return found


def _compact(resources: list[tuple[str, bytes]]) -> list[tuple[str, bytes]]:
    """The same without white space, as Larrey stores it."""
    return [(name, codec.dumps(codec.loads(body))) for name, body in resources]


def _copy(base: Base, resources: list[tuple[str, bytes]]) -> float:
    """Seconds for COPY of ``resources``, ``BATCH`` to a transaction, one connection."""
    with base.connect() as connection:
        connection.execute("create table public.bare (id text primary key, body bytea not null)")
        start = time.perf_counter()
        for first in range(0, len(resources), BATCH):
            with connection.cursor().copy("copy public.bare (id, body) from stdin (format binary)") as copy:
                copy.set_types(["text", "bytea"])
                for row in resources[first : first + BATCH]:
                    copy.write_row(row)
        seconds = time.perf_counter() - start
        connection.execute("drop table public.bare")
    return seconds

"""Figure: ``larrey load`` of a folder of bundles, beside COPY of the same bytes into a bare table with a primary key."""

from __future__ import annotations

import json
import time
from pathlib import Path
from typing import Any

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
        start = time.perf_counter()
        base.command("load", "--json", str(bundles))
        seconds = time.perf_counter() - start
        floors.append(_copy(base, resources))
        with base.connect() as connection:
            row = connection.execute("select count(*) from record.resource").fetchone()
        assert row is not None  # an aggregate always answers
    finally:
        ground.drop("load")
    rate, floor = row[0] / seconds, len(resources) * len(floors) / sum(floors)
    return [
        Figure(
            "load",
            rate,
            "resources/s",
            floor,
            "COPY of the same bytes",
            rate / floor,
            f"≥ {PER_SECOND:,}/s and ≥ 1/6",
            rate >= PER_SECOND and rate / floor >= SHARE_OF_COPY,
            {"resources": row[0], "seconds": seconds, "copy_seconds": floors},
        )
    ]


def _bodies(bundles: Path) -> list[tuple[str, bytes]]:
    """Every resource of the bundles as compact JSON, with a name that is unique."""
    found: list[tuple[str, bytes]] = []
    for path in sorted(bundles.rglob("*.json")):
        bundle: dict[str, Any] = codec.loads(path.read_bytes())
        for entry in bundle.get("entry", []):
            found.append((f"{entry['resource']['resourceType']}/{len(found)}", codec.dumps(entry["resource"])))
    for path in sorted(bundles.rglob("*.ndjson")):
        for line in path.read_bytes().splitlines():
            found.append((f"{json.loads(line)['resourceType']}/{len(found)}", line))
    return found


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

"""A killed writer or a killed PostgreSQL leaves whole bundles or nothing, and every acknowledged write is there."""

from __future__ import annotations

import multiprocessing
import os
import random
import signal
import time
from pathlib import Path
from typing import Any

import psycopg
import pytest

from larrey import store
from larrey.kit.errors import LarreyError
from larrey.site import postgres

SIZE = 30


def bundle(name: str) -> dict[str, Any]:
    """A patient and her conditions; the family name tells the bundle."""
    patient = {"resourceType": "Patient", "name": [{"family": name}]}
    condition = {"resourceType": "Condition", "subject": {"reference": "urn:uuid:p"}, "code": {"text": name}}
    entries = [{"fullUrl": "urn:uuid:p", "resource": patient, "request": {"method": "POST", "url": "Patient"}}]
    entries += [{"resource": condition, "request": {"method": "POST", "url": "Condition"}}] * (SIZE - 1)  # type: ignore[dict-item]
    return {"resourceType": "Bundle", "type": "transaction", "entry": entries}


def write_until_killed(url: str, worker: int, acknowledged: str) -> None:
    """Write bundles; note each one in the file, flushed, only after its commit has been answered."""
    caller = store.system(f"worker-{worker}")
    number = 0
    with Path(acknowledged).open("a") as notes:
        while True:
            try:
                with psycopg.connect(url, autocommit=True) as connection:
                    while True:
                        number += 1
                        name = f"w{worker}-{os.getpid()}-{number}"
                        store.retry(connection, lambda cursor, n=name: store.process(cursor, caller, bundle(n)))
                        notes.write(name + "\n")
                        notes.flush()
                        os.fsync(notes.fileno())
            except (LarreyError, psycopg.Error):
                time.sleep(0.02)


def check(url: str, notes: list[Path]) -> int:
    """Whole bundles only, all acknowledged ones among them, and nothing that disagrees with its history."""
    with psycopg.connect(url, autocommit=True) as connection:
        sizes = connection.execute("select patient, count(*) from record.resource group by patient").fetchall()
        names = connection.execute("select convert_from(body, 'UTF8')::jsonb #>> '{name,0,family}' from record.resource_patient")
        found = {row[0] for row in names}
        changes = connection.execute("select count(*) from record.change").fetchone()
        strings = connection.execute("select count(distinct rid) from record.string_value").fetchone()
    assert all(count == SIZE for _, count in sizes)
    written = {line for note in notes if note.exists() for line in note.read_text().splitlines()}
    assert written <= found
    assert changes == (len(sizes) * SIZE,)
    assert strings is not None
    assert strings[0] >= len(sizes)
    return len(written)


@pytest.mark.parametrize("victim", ["writer", "postgres"])
def test_kill_at_random_moments(tmp_path: Path, victim: str) -> None:
    context = multiprocessing.get_context("spawn")
    chance = random.Random(victim)
    notes = [tmp_path / f"notes-{n}" for n in range(2)]
    counts = []
    for round_ in range(3):
        with postgres.start(tmp_path / "data", durable=True, options={"shared_buffers": "64MB"}) as server:
            if round_ == 0:
                with psycopg.connect(server.url, autocommit=True) as connection:
                    store.migrate(connection)
            else:
                counts.append(check(server.url, notes))
            writers = [
                context.Process(target=write_until_killed, args=(server.url, n, str(note)), daemon=True)
                for n, note in enumerate(notes)
            ]
            for writer in writers:
                writer.start()
            before = sum(len(note.read_bytes()) for note in notes if note.exists())
            deadline = time.monotonic() + 30
            while sum(len(note.read_bytes()) for note in notes if note.exists()) == before:
                assert time.monotonic() < deadline, "no bundle was written in 30 s"
                time.sleep(0.01)
            time.sleep(chance.uniform(0.05, 0.7))
            if victim == "postgres":
                os.kill(server.pid, signal.SIGKILL)
            for writer in writers:
                writer.kill()
                writer.join()
    with postgres.start(tmp_path / "data", durable=True, options={"shared_buffers": "64MB"}) as server:
        counts.append(check(server.url, notes))
    assert counts == sorted(counts)
    assert counts[-1] > 0

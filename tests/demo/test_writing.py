"""The demo set written by several processes: interrupted or not it is the same set, and no process outlives it."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from datetime import date
from pathlib import Path

import psycopg
import pytest

from larrey.apps.demo import api, writing
from larrey.store.caller import system

TODAY = date(2026, 11, 25)
PATIENTS, OTHERS, TOGETHER = 84, 400, 12
PATIENCE = 20.0
"""Seconds a process may take to do or end something."""
WRITE = f"""
import sys
from datetime import date
from larrey.apps.demo import api, writing
from larrey.store.caller import system

writing.TOGETHER = {TOGETHER}
said = lambda covered, written: print(covered, written, flush=True)
api.load_in_parallel(sys.argv[1], system("demo"), patients={PATIENTS}, today=date.fromisoformat("{TODAY}"), count=2, progress=said)
"""
Rows = list[tuple[str, str, int]]


def written(url: str) -> Rows:
    """Type, id and version of all that was ever written at ``url``."""
    with psycopg.connect(url, autocommit=True) as connection:
        return connection.execute("select type, id, version from record.change order by 1, 2, 3").fetchall()


def session(leader: int) -> set[int]:
    """The processes that were started, at any remove, by ``leader``, which began a session of its own."""
    found = set()
    for folder in Path("/proc").glob("[0-9]*"):
        with suppress(OSError):  # it has ended meanwhile
            fields = (folder / "stat").read_text().rpartition(")")[2].split()
            if fields[0] != "Z" and int(fields[3]) == leader:
                found.add(int(folder.name))
    return found


def children() -> set[int]:
    """The running workers of this process."""
    found = set()
    for folder in Path("/proc").glob("[0-9]*"):
        with suppress(OSError):
            fields = (folder / "stat").read_text().rpartition(")")[2].split()
            if fields[0] != "Z" and int(fields[1]) == os.getpid() and b"spawn_main" in (folder / "cmdline").read_bytes():
                found.add(int(folder.name))
    return found


def until(holds: Callable[[], bool], seconds: float = PATIENCE) -> bool:
    """Whether ``holds`` becomes true in time."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if holds():
            return True
        time.sleep(0.05)
    return holds()


@contextmanager
def started(*command: str, **settings: str) -> Iterator[subprocess.Popen[str]]:
    """A process at the head of a session, as in a terminal; whatever remains of it is killed at the end."""
    process = subprocess.Popen(
        [sys.executable, *command], env=os.environ | settings, start_new_session=True, text=True,
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
        # A run in the background of a shell ignores Ctrl-C, and what it starts would too.
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),  # noqa: PLW1509  no thread runs here
    )  # fmt: skip
    try:
        yield process
    finally:
        for left in session(process.pid):
            os.kill(left, signal.SIGKILL)
        process.wait()
        if process.stdout is not None:
            process.stdout.close()


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def patients_at(url: str) -> int:
    with psycopg.connect(url, autocommit=True) as connection:
        row = connection.execute("select count(*) from record.resource where type = 'Patient'").fetchone()
    return row[0] if row else 0


def test_a_set_whose_writing_was_killed_is_completed_to_the_same(
    new_database: Callable[[], str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(writing, "TOGETHER", TOGETHER)  # more commits, so that a few patients are shared out, too
    undisturbed, killed = new_database(), new_database()
    before = children()
    seen: list[tuple[int, int]] = []
    total = api.load_in_parallel(
        undisturbed, system("demo"), patients=PATIENTS, today=TODAY, count=2, progress=lambda *pair: seen.append(pair)
    )
    whole = written(undisturbed)
    assert total == len(whole) == sum(count for _, count in seen)
    assert sum(covered for covered, _ in seen) == PATIENTS == patients_at(undisturbed)

    with started("-c", WRITE, killed) as process:
        assert process.stdout is not None
        lines = [process.stdout.readline() for _ in range(4)]  # the structure, then three commits of its workers
        assert [line.split()[0] for line in lines] == ["0", *[str(TOGETHER)] * 3]
        workers = session(process.pid) - {process.pid}
        assert len(workers) >= 2
        process.kill()
        assert until(lambda: not session(process.pid)), "workers outlive the process that was killed"
    assert process.returncode == -signal.SIGKILL
    part = written(killed)
    assert 3 * TOGETHER <= patients_at(killed) < PATIENTS
    assert set(part) < set(whole)

    rest = api.load_in_parallel(killed, system("demo"), patients=PATIENTS, today=TODAY, count=2)
    assert written(killed) == whole
    assert rest == len(whole) - len(part)
    assert api.load_in_parallel(killed, system("demo"), patients=PATIENTS, today=TODAY, count=2) == 0
    assert children() == before, "workers outlive the call"


@pytest.mark.parametrize("moment", ["beginning", "middle"])
def test_ctrl_c_while_patients_are_made_leaves_no_process(database_url: str, tmp_path: Path, moment: str) -> None:
    settings = {"LARREY_DATABASE_URL": database_url, "LARREY_DATA": str(tmp_path), "LARREY_PORT": str(free_port())}
    with started("-m", "larrey", "demo", "--patients", str(OTHERS), **settings) as process:
        ready = (lambda: len(session(process.pid)) >= 3) if moment == "beginning" else lambda: patients_at(database_url) > 0
        assert until(ready), "it makes no patients"
        os.killpg(process.pid, signal.SIGINT)  # what a terminal does
        began = time.monotonic()
        assert until(lambda: not session(process.pid)), "Ctrl-C leaves processes"
        assert time.monotonic() - began < 8
        said = process.communicate()[0]
    assert process.returncode == 130, said
    assert "Traceback" not in said
    assert patients_at(database_url) < OTHERS

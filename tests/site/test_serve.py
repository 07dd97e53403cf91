"""``larrey serve`` as people run it: what answers, how it ends, and what stops its start."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest

SECONDS = 60


class Serving:
    """A ``larrey serve`` in a session of its own, as a terminal gives it."""

    def __init__(self, data: Path, port: int, **environment: str) -> None:
        self.port = port
        self.process = subprocess.Popen(
            [sys.executable, "-m", "larrey", "serve"],
            env={**os.environ, "LARREY_DATA": str(data), "LARREY_PORT": str(port), **environment},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
        )
        assert self.process.stdout is not None
        self.said = ""
        for line in self.process.stdout:
            self.said += line
            if "Ctrl-C stops it" in line:
                break

    def get(self, path: str) -> tuple[int, str]:
        for attempt in range(50):
            try:
                with urllib.request.urlopen(f"http://127.0.0.1:{self.port}{path}", timeout=SECONDS) as answer:
                    return answer.status, answer.read().decode()
            except urllib.error.HTTPError as error:
                return error.code, error.read().decode()
            except urllib.error.URLError:  # told a moment before the socket is open
                if attempt == 49:
                    raise
                time.sleep(0.1)
        raise AssertionError

    def processor_seconds(self) -> float:
        """What it has cost so far; the time on the clock depends on who else is at work on this machine."""
        times = [Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[11:13] for process in self.family()]
        return sum(int(ticks) for pair in times for ticks in pair) / os.sysconf("SC_CLK_TCK")

    def family(self) -> set[int]:
        """Every process it has started, and itself."""
        parents = {}
        for entry in Path("/proc").iterdir():
            if entry.name.isdigit():
                with contextlib.suppress(OSError):
                    parents[int(entry.name)] = int((entry / "stat").read_text().rpartition(")")[2].split()[1])
        found = {self.process.pid}
        while more := {child for child, parent in parents.items() if parent in found} - found:
            found |= more
        return found


def all_gone(processes: set[int]) -> bool:
    for _ in range(600):
        if not any(alive(process) for process in processes):
            return True
        time.sleep(0.05)
    return False


def alive(process: int) -> bool:
    try:
        return Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


@pytest.fixture
def port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """One data folder for the tests of this file: making it is what takes long."""
    return tmp_path_factory.mktemp("serve") / "data"


@pytest.fixture
def serving(data: Path, port: int) -> Iterator[Serving]:
    started = Serving(data, port)
    yield started
    if started.process.poll() is None:
        started.process.kill()
    started.process.communicate()


def test_everything_answers_and_ctrl_c_ends_every_process(serving: Serving, data: Path, port: int) -> None:
    assert f"http://127.0.0.1:{port}" in serving.said
    assert serving.get("/healthz") == (200, '{"status":"alive"}')
    assert serving.get("/readyz") == (200, '{"status":"ready"}')
    status, statement = serving.get("/fhir/metadata")
    assert (status, json.loads(statement)["resourceType"]) == (200, "CapabilityStatement")
    status, outcome = serving.get("/fhir/Patient")
    assert (status, json.loads(outcome)["resourceType"]) == (401, "OperationOutcome")
    status, page = serving.get("/account/sign-in")
    assert status == 200
    assert "<form" in page
    assert serving.get("/nothing/here")[0] == 404
    figures = serving.get("/metrics")[1]
    assert 'larrey_requests_total{door="fhir",interaction="capabilities",status="200"} 1.0' in figures
    assert 'larrey_request_seconds_count{door="pages",interaction="get"} 2.0' in figures
    assert "larrey_database_up 1.0" in figures
    assert "larrey_database_connections{" in figures

    family = serving.family()
    assert len(family) >= 4  # itself, two workers, PostgreSQL and its own
    os.killpg(serving.process.pid, signal.SIGINT)  # what a terminal does
    said, _ = serving.process.communicate(timeout=SECONDS)
    assert serving.process.returncode == 0, said
    assert "Traceback" not in said
    assert all_gone(family)

    again = Serving(data, port)
    try:
        assert again.processor_seconds() < 6  # the second start takes under ten seconds
        assert again.get("/readyz")[0] == 200
        assert "migrations" not in again.said
    finally:
        again.process.send_signal(signal.SIGTERM)
        again.process.communicate(timeout=SECONDS)
    assert again.process.returncode == 0


def test_nothing_survives_its_sudden_death(serving: Serving, data: Path, port: int) -> None:
    family = serving.family()
    serving.process.kill()
    serving.process.communicate(timeout=SECONDS)
    assert all_gone(family)
    again = Serving(data, port)
    again.process.send_signal(signal.SIGTERM)
    again.process.communicate(timeout=SECONDS)
    assert again.process.returncode == 0


def test_readyz_tells_what_is_wrong(serving: Serving) -> None:
    database = next(process for process in serving.family() if b"/proc/self/cwd" in Path(f"/proc/{process}/cmdline").read_bytes())
    os.kill(database, signal.SIGINT)
    assert all_gone({database})
    status, body = serving.get("/readyz")
    assert status == 503
    assert "does not answer" in json.loads(body)["reasons"][0]
    assert serving.get("/healthz")[0] == 200
    assert "larrey_database_up 0.0" in serving.get("/metrics")[1]


def test_a_port_in_use_and_a_folder_in_use_are_one_sentence(serving: Serving, data: Path, tmp_path: Path) -> None:
    same_port = Serving(tmp_path / "other", serving.port)
    assert same_port.process.wait(SECONDS) == 7
    assert same_port.said == f"larrey: Port {serving.port} of 127.0.0.1 is in use; set LARREY_PORT to another.\n"
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        free = int(probe.getsockname()[1])
    same_data = Serving(data, free)
    assert same_data.process.wait(SECONDS) == 7
    assert same_data.said.count("\n") == 1
    assert f"in use by another larrey (process {serving.process.pid})" in same_data.said


@pytest.mark.parametrize("fault", ["file", "half-made"])
def test_a_bad_data_folder_is_one_sentence(tmp_path: Path, port: int, fault: str) -> None:
    data = tmp_path / "data"
    if fault == "file":
        data.write_text("")
    else:
        (data / "postgres" / "base").mkdir(parents=True)
    refused = Serving(data, port)
    assert refused.process.wait(SECONDS) == 3
    assert refused.said.count("\n") == 1
    assert str(data) in refused.said

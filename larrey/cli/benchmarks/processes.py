"""Servers under measurement: started, awaited, their CPU time counted, stopped."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from larrey.cli.benchmarks.client import Client
from larrey.kit.errors import LarreyError, Unavailable

_TICKS = os.sysconf("SC_CLK_TCK")
START_SECONDS = 60.0
STOP_SECONDS = 20.0


@dataclass(frozen=True, slots=True)
class Running:
    """A server on 127.0.0.1:``port``; ``pid`` is its first process."""

    port: int
    pid: int

    def cpu(self) -> float:
        """Seconds of CPU (user and system) that the server's processes have used so far."""
        return sum(_cpu(pid) for pid in _family(self.pid))


def _stat(pid: int) -> list[str]:
    """Fields of /proc/PID/stat (proc(5)) from the third on; the name before may hold anything."""
    return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()


def _cpu(pid: int) -> float:
    """User and system time of a process in seconds, from the scheduler's nanoseconds where the kernel tells them."""
    total = 0.0
    try:
        for task in Path(f"/proc/{pid}/task").iterdir():
            total += int((task / "schedstat").read_text().split()[0]) / 1e9
    except (OSError, ValueError):
        try:
            fields = _stat(pid)
        except OSError:
            return 0.0
        return (int(fields[11]) + int(fields[12])) / _TICKS
    return total


def _family(pid: int) -> list[int]:
    """``pid`` and its descendants."""
    parents: dict[int, list[int]] = {}
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                parents.setdefault(int(_stat(int(entry.name))[1]), []).append(int(entry.name))
            except (OSError, IndexError):
                continue
    found, waiting = [], [pid]
    while waiting:
        found.append(one := waiting.pop())
        waiting += parents.get(one, [])
    return found


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def larrey(*arguments: str) -> list[str]:
    """The command line that runs ``larrey`` with this interpreter, installed or from a checkout."""
    return [sys.executable, "-c", "from larrey.cli.main import main; main()", *arguments]


@contextmanager
def serving(command: list[str], port: int, environment: Mapping[str, str], ready: str) -> Iterator[Running]:
    """Run ``command`` until ``ready`` (a path) answers below 500, and stop it at the end."""
    with tempfile.TemporaryFile() as output:
        process = subprocess.Popen(
            command, env=dict(environment), stdin=subprocess.DEVNULL, stdout=output, stderr=output, start_new_session=True
        )
        try:
            _await(process, port, ready)
            yield Running(port, process.pid)
        except BaseException as error:
            if process.poll() is not None:
                output.seek(0)
                said = output.read().decode("utf-8", "replace").strip()[-2000:]
                raise Unavailable(f"The server under measurement ended: {said}") from error
            raise
        finally:
            family = _family(process.pid)
            if process.poll() is None:
                process.send_signal(signal.SIGTERM)
                try:
                    process.wait(STOP_SECONDS)
                except subprocess.TimeoutExpired:
                    for pid in family:
                        _end(pid)
                    process.wait()


def _end(pid: int) -> None:
    try:
        os.kill(pid, signal.SIGKILL)
    except ProcessLookupError:
        return


def _await(process: subprocess.Popen[bytes], port: int, ready: str) -> None:
    limit = time.monotonic() + START_SECONDS
    while time.monotonic() < limit:
        if process.poll() is not None:
            raise Unavailable("The server under measurement did not start.")
        try:
            client = Client(port)
            try:
                if client.get(ready).status < 500:
                    return
            finally:
                client.close()
        except (OSError, LarreyError):
            time.sleep(0.05)
            continue
        time.sleep(0.05)
    raise Unavailable(f"The server under measurement was not ready after {START_SECONDS:.0f} s.")

"""A server's life: start, attach, stop, and death with its parent."""

from __future__ import annotations

import ctypes
import fcntl
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Self
from urllib.parse import quote

import psycopg

from larrey.kit.errors import Misconfigured, Unavailable
from larrey.site.postgres.cluster import ROLE, alive, environment, last_line, make_cluster, place, postmaster
from larrey.site.postgres.programs import Account, Binaries, account_for, binaries, identity, within_reach
from larrey.site.postgres.tuning import PORT, tuning

_LONGEST_SOCKET = 107 - len(f"/.s.PGSQL.{PORT}")
_SOCKET_PREFIX = "larrey-postgres-"
_PR_SET_PDEATHSIG = 1
_START_SECONDS = 600.0
_STOP_SECONDS = 60.0
_LOG_BYTES = 10 << 20


class InUse(Unavailable):
    """Another process runs the server of this data folder."""


@dataclass(slots=True)
class Server:
    """A running server that this process has started. ``url`` is what psycopg connects to."""

    url: str
    folder: Path
    pid: int
    _process: subprocess.Popen[bytes]
    _lock: IO[str]
    _socket: Path | None = None
    _owner: int = field(default_factory=os.getpid)

    def stop(self) -> None:
        """Stop it cleanly, disconnecting whoever is still there. Harmless when it has stopped already, or in a fork."""
        if os.getpid() != self._owner:
            return
        if self._process.poll() is None:
            self._process.send_signal(signal.SIGINT)
            try:
                self._process.wait(_STOP_SECONDS)
            except subprocess.TimeoutExpired:
                self._process.send_signal(signal.SIGQUIT)
                self._process.wait()
        if self._socket is not None:
            shutil.rmtree(self._socket, ignore_errors=True)
        self._lock.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()


def start(
    data: Path, *, programs: Binaries | None = None, durable: bool = True, options: Mapping[str, str] | None = None
) -> Server:
    """Start the server of the data folder ``data``, making folder and cluster when they are missing.

    ``durable=False`` gives up fsync (tests only). ``options`` override PostgreSQL settings. Raises ``Misconfigured``
    for a folder that cannot be written or holds something else, ``Unavailable`` when another process uses it.
    """
    data = data.absolute()
    programs = programs or binaries()
    lock = _take_lock(data)
    private_socket: Path | None = None
    try:
        cluster = data / "postgres"
        account = account_for(cluster)
        programs = within_reach(programs, account)
        make_cluster(data, cluster, programs, account, durable=durable)
        _end_survivor(cluster)
        if len(os.fsencode(cluster)) > _LONGEST_SOCKET:
            private_socket = _private_folder()
            lock.write(f"{private_socket}\n")
            lock.flush()
            if account:
                os.chown(private_socket, account.uid, account.gid)
        arguments = {**tuning(durable=durable), **(options or {}), "unix_socket_directories": str(private_socket or ".")}
        process = _launch(cluster, data / "postgres.log", programs, account, arguments)
        try:
            _await_ready(process, cluster, data / "postgres.log")
            url = _url(private_socket or cluster)
            _ensure_database(url)
        except BaseException:
            process.send_signal(signal.SIGQUIT)
            process.wait()
            raise
    except BaseException as error:
        lock.close()
        if private_socket is not None:
            shutil.rmtree(private_socket, ignore_errors=True)
        if isinstance(error, OSError):
            raise Misconfigured(f"The data folder {data} cannot be used: {error.strerror}.") from None
        raise
    return Server(url, cluster, process.pid, process, lock, private_socket)


def _private_folder() -> Path:
    """A new folder of ours alone with a path short enough; the temporary directory of the environment may be deep."""
    length = _LONGEST_SOCKET - len(_SOCKET_PREFIX) - 16
    # The folder made there is private (mkdtemp), so that a public place is safe.
    short = next((place for place in (tempfile.gettempdir(), "/tmp") if len(os.fsencode(place)) <= length), "/tmp")  # noqa: S108
    return Path(tempfile.mkdtemp(prefix=_SOCKET_PREFIX, dir=short))


def attach(data: Path) -> str | None:
    """The URL of the server that another process runs on ``data``, or ``None`` when none is running."""
    cluster = data.absolute() / "postgres"
    lines = postmaster(cluster)
    if len(lines) < 8 or lines[7].strip() != "ready" or not alive(cluster, int(lines[0])):
        return None
    return _url(cluster if lines[4] == "." else Path(lines[4]))


def _take_lock(data: Path) -> IO[str]:
    """Make ``data`` if needed and hold its lock; the file names the holder for the message to the next one."""
    try:
        data.mkdir(mode=0o700, parents=True, exist_ok=True)
        lock = (data / "postgres.lock").open("a+")
    except OSError as error:
        reason = "it is not a folder" if isinstance(error, FileExistsError) else (error.strerror or "").lower()
        raise Misconfigured(f"The data folder {data} cannot be written ({reason}); set LARREY_DATA to another.") from None
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        lock.seek(0)
        holder = lock.readline().strip() or "unknown"
        lock.close()
        raise InUse(f"The data folder {data} is in use by another larrey (process {holder}).") from None
    lock.seek(0)
    for left in lock.read().splitlines()[1:]:  # the private socket folder of a start that was killed
        if Path(left).name.startswith(_SOCKET_PREFIX):
            shutil.rmtree(left, ignore_errors=True)
    lock.truncate(0)
    lock.write(f"{os.getpid()}\n")
    lock.flush()
    return lock


def _end_survivor(cluster: Path) -> None:
    """Stop a server whose starter is dead: we hold the lock, so nobody owns it any more."""
    lines = postmaster(cluster)
    if not lines or not alive(cluster, pid := int(lines[0])):
        return
    os.kill(pid, signal.SIGINT)
    limit = time.monotonic() + _STOP_SECONDS
    while alive(cluster, pid):
        if time.monotonic() > limit:
            raise Unavailable(f"A PostgreSQL (process {pid}) still runs on {cluster} and does not stop.")
        time.sleep(0.02)


def _launch(
    cluster: Path, log: Path, programs: Binaries, account: Account | None, options: Mapping[str, str]
) -> subprocess.Popen[bytes]:
    if log.exists() and log.stat().st_size > _LOG_BYTES:
        log.replace(log.with_suffix(".log.1"))
    command = [str(programs.folder / "postgres"), "-D", place(cluster)]
    for name, value in options.items():
        command += ["-c", f"{name}={value}"]
    with log.open("ab") as output:
        return subprocess.Popen(
            command,
            cwd=cluster,
            env=environment(),
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            start_new_session=True,  # Ctrl-C in the terminal is for us; we then stop the server last
            preexec_fn=_die_with_parent(),  # noqa: PLW1509  it only makes two system calls; no lock can be held there
            **identity(account),
        )


def _die_with_parent() -> Callable[[], None] | None:
    """What the child does between fork and exec. The credentials are set by then; setting them clears the signal."""
    if sys.platform != "linux":
        return None
    prctl = ctypes.CDLL(None, use_errno=True).prctl
    parent = os.getpid()

    def arrange() -> None:
        prctl(_PR_SET_PDEATHSIG, int(signal.SIGINT), 0, 0, 0)
        if os.getppid() != parent:
            os._exit(1)

    return arrange


def _await_ready(process: subprocess.Popen[bytes], cluster: Path, log: Path) -> None:
    """Wait until it answers; recovery after a crash may take minutes, so only its death or ten minutes end the wait."""
    limit = time.monotonic() + _START_SECONDS
    while time.monotonic() < limit:
        lines = postmaster(cluster)
        if len(lines) >= 8 and lines[0] == str(process.pid) and lines[7].strip() == "ready":
            return
        if process.poll() is not None:
            said = [line for line in log.read_text(errors="replace").splitlines()[-40:] if "FATAL" in line or "PANIC" in line]
            raise Unavailable(f"PostgreSQL did not start: {last_line(chr(10).join(said)) or 'see the log'} ({log})")
        time.sleep(0.01)
    raise Unavailable(f"PostgreSQL was not ready after {_START_SECONDS:.0f} s; see {log}.")


def _ensure_database(url: str) -> None:
    try:
        with psycopg.connect(url, dbname="postgres", autocommit=True) as connection:
            if not connection.execute("select 1 from pg_database where datname = %s", [ROLE]).fetchone():
                connection.execute(f"create database {ROLE}".encode())
    except psycopg.Error as error:
        raise Unavailable(f"The embedded PostgreSQL does not answer: {last_line(str(error))}") from None


def _url(socket: Path) -> str:
    return f"postgresql://{ROLE}@/{ROLE}?host={quote(str(socket), safe='')}&port={PORT}"

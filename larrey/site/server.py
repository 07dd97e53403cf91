"""The web server: Granian's processes and threads around larrey.site.wsgi, and nothing left when it ends."""

from __future__ import annotations

import ctypes
import multiprocessing
import os
import resource
import signal
import socket
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

from larrey.kit.errors import Misconfigured, Unavailable
from larrey.site import sealing
from larrey.site.settings import Settings, variable

_PR_SET_PDEATHSIG = 1
_STOP_SECONDS = 10
_IDLE_SECONDS = 600  # a thread that ends takes its database connection with it
_KEPT_SECONDS = 120
"""How long a connection may be silent: someone who reads a page for a minute must not have to connect again."""
_CONNECTIONS = 16_384
"""Browsers that may be connected to one process; Granian's own limit, 1,024 for two, leaves the others waiting unanswered."""
STATIC = Path(__file__).parents[1] / "ui" / "static"


def require_free_port(settings: Settings) -> None:
    """Raise ``Unavailable`` when the port is taken.

    Granian shares the port between its processes (SO_REUSEPORT), so a second Larrey would bind it without complaint and
    steal half of the requests; a plain bind tells.
    """
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(
            settings.host, settings.port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        )[0]
    except socket.gaierror:
        raise Misconfigured(f"LARREY_HOST must be an address of this machine, not “{settings.host}”.") from None
    with socket.socket(family, kind, protocol) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(address)
        except PermissionError:
            raise Unavailable(f"Port {settings.port} needs root; set LARREY_PORT to one above 1023.") from None
        except OSError as error:
            reason = "is in use" if error.errno in {98, 48} else f"cannot be used ({(error.strerror or '').lower()})"
            raise Unavailable(f"Port {settings.port} of {settings.host} {reason}; set LARREY_PORT to another.") from None


def run(settings: Settings, url: str, ready: Callable[[], None]) -> None:
    """Serve until SIGINT, SIGTERM or SIGHUP. ``ready`` is called, in one of the processes, when all of them answer.

    Raises ``Unavailable`` when a process ended by itself.
    """
    from granian.constants import Interfaces  # noqa: PLC0415  only a server needs it
    from granian.http import HTTP1Settings  # noqa: PLC0415  only who serves needs it
    from granian.log import LogLevels  # noqa: PLC0415  only who serves needs it
    from granian.server import Server  # noqa: PLC0415  only who serves needs it

    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))  # each open browser is a file, most of them silent
    multiprocessing.set_start_method("fork", force=True)  # the processes share what is loaded already
    parent, loaded = os.getpid(), multiprocessing.Value("i", 0)

    def load() -> Callable[..., Any]:
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):  # until Granian sets its own
            signal.signal(number, signal.SIG_DFL)
        os.setpgid(0, 0)  # Ctrl-C is for the parent: told twice to stop, a process of Granian 2.8 does not
        _die_with(parent)
        os.environ[variable("database_url")] = url  # not the owner's, with which this process was started
        from larrey.site.wsgi import build  # noqa: PLC0415  after PROMETHEUS_MULTIPROC_DIR is set, in each process

        application = build(settings, url)
        sealing.start(url)
        with loaded.get_lock():
            loaded.value += 1
            if loaded.value == settings.worker_count:
                ready()
        return application

    with tempfile.TemporaryDirectory(prefix="larrey-metrics-") as folder:
        os.environ["PROMETHEUS_MULTIPROC_DIR"] = folder
        server = Server(
            "larrey.site.wsgi",
            address=settings.host,
            port=settings.port,
            interface=Interfaces.WSGI,
            workers=settings.worker_count,
            blocking_threads=settings.threads,
            blocking_threads_idle_timeout=_IDLE_SECONDS,
            backlog=2048,
            backpressure=_CONNECTIONS,
            http1_settings=HTTP1Settings(header_read_timeout=_KEPT_SECONDS * 1000),
            log_level=LogLevels.warning,
            log_access=settings.log_requests,
            respawn_failed_workers=settings.production,
            workers_kill_timeout=_STOP_SECONDS,
            static_path_route=["/static"],
            static_path_mount=[STATIC],
        )
        server.on_startup(lambda: signal.signal(signal.SIGHUP, server.signal_handler_interrupt))  # the terminal is gone
        try:
            server.serve(target_loader=load, wrap_loader=False)
        except SystemExit as error:
            if error.code:
                raise Unavailable("A server process ended unexpectedly; its log is above.") from None
        finally:
            os.environ.pop("PROMETHEUS_MULTIPROC_DIR", None)


def _die_with(parent: int) -> None:
    """In a server process: end when the process that started it ends, however it ends."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, int(signal.SIGKILL), 0, 0, 0)
    if os.getppid() != parent:
        sys.exit(1)

"""A real ``larrey serve`` on a small French record, and Debian's Chromium to look at it."""

from __future__ import annotations

import os
import secrets
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any

import psycopg
import pytest
from django.test import override_settings
from playwright.sync_api import Browser, sync_playwright

from larrey import store
from larrey.access import demo
from larrey.site import schema
from larrey.store.caller import system
from tests.browser.people import Batch, versions

CHROMIUM = os.environ.get("LARREY_TEST_CHROMIUM", "/usr/bin/chromium")
ARGUMENTS = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
STARTING_SECONDS = 60


@dataclass(frozen=True)
class Server:
    """Where Larrey answers, and its database."""

    address: str
    database: str


@pytest.fixture(scope="module")
def server(new_database: Callable[[], str], tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """Larrey as it is served, with the demo's accounts, on the record of ``tests.browser.people``."""
    database = new_database()
    with psycopg.connect(database, autocommit=True) as connection:
        for batch in versions():
            store.retry(connection, partial(_write, batch=batch))
    schema.start_django(database)
    with override_settings(LARREY_DEMO=True):
        demo.ensure_accounts()
    _close_django()
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    folder = tmp_path_factory.mktemp("served")
    environment = {name: value for name, value in os.environ.items() if not name.startswith("LARREY_")}
    environment |= {
        "LARREY_DATABASE_URL": database,
        "LARREY_DATA": str(folder),
        "LARREY_PORT": str(port),
        "LARREY_SECRET_KEY": secrets.token_urlsafe(48),
        "LARREY_DEMO": "1",
        "LARREY_WORKERS": "1",
    }
    log = folder / "log"
    with log.open("w") as output:
        process = subprocess.Popen([sys.executable, "-m", "larrey", "serve"], env=environment, stdout=output, stderr=output)
    try:
        address = f"http://127.0.0.1:{port}"
        _wait(process, f"{address}/readyz", log)
        yield Server(address, database)
    finally:
        process.terminate()
        process.wait(20)


def _write(cursor: psycopg.Cursor[Any], batch: Batch) -> None:
    caller = replace(system("test"), actor=batch.actor)
    for resource in batch.resources:
        store.update(cursor, caller, resource)


def _close_django() -> None:
    from django.db import connection

    connection.close()


def _wait(process: subprocess.Popen[bytes], address: str, log: Path) -> None:
    limit = time.monotonic() + STARTING_SECONDS
    while time.monotonic() < limit and process.poll() is None:
        try:
            with urllib.request.urlopen(address, timeout=2):
                return
        except OSError:
            time.sleep(0.1)
    pytest.fail(f"Larrey did not start:\n{log.read_text()}")


@pytest.fixture(scope="module")
def browser(server: Server) -> Iterator[Browser]:
    """Chromium. Asked for after ``server``: Django's models refuse to work in a thread where Playwright's loop runs."""
    with sync_playwright() as playwright:
        launched = playwright.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
        yield launched
        launched.close()

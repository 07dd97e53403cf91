"""Sealing the trace while a server runs: every few seconds, in one of its processes at a time."""

from __future__ import annotations

import logging
import threading
import time

import psycopg

from larrey.access import seals
from larrey.kit.errors import LarreyError
from larrey.site.schema import connected

SECONDS = 3.0
_AFTER_FAILURE = 30.0

log = logging.getLogger(__name__)


def start(url: str) -> None:
    """Begin sealing in a thread of this process, which ends with it. Whoever comes second at a round leaves it to the first."""
    threading.Thread(target=_run, args=(url,), name="larrey-sealing", daemon=True).start()


def _run(url: str) -> None:
    while True:
        try:
            with connected(url) as connection:
                connection.execute("set statement_timeout = '60s'")
                while True:
                    seals.seal(connection)
                    time.sleep(SECONDS)
        except (psycopg.Error, LarreyError) as error:
            log.warning("The trace is not being sealed: %s", str(error).strip() or type(error).__name__)
            time.sleep(_AFTER_FAILURE)

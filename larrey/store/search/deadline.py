"""A time limit on the statements of a search that costs no round trip to the database.

``statement_timeout`` would need a transaction and two more statements around every search (measured: three times
the client's CPU of a short one). Instead one thread of this process cancels the connection when its time is over,
as a person would with Ctrl-C in psql; the statement then fails as by ``statement_timeout``.
"""

from __future__ import annotations

import heapq
import logging
import os
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import count
from typing import Any

import psycopg

log = logging.getLogger(__name__)


class _Watch:
    """Connections with the moment at which each is to be cancelled."""

    def __init__(self) -> None:
        self.process = os.getpid()
        self.changed = threading.Condition()
        self.waiting: list[tuple[float, int]] = []
        self.running: dict[int, psycopg.Connection[Any]] = {}
        self.cancelling: int | None = None
        self.numbers = count()
        threading.Thread(target=self.run, name="search-deadline", daemon=True).start()

    def run(self) -> None:
        while True:
            with self.changed:
                while not self.waiting or self.waiting[0][0] > time.monotonic():
                    self.changed.wait(self.waiting[0][0] - time.monotonic() if self.waiting else None)
                _, number = heapq.heappop(self.waiting)
                connection = self.running.get(number)
                if connection is None:
                    continue
                self.cancelling = number
            try:
                connection.cancel_safe(timeout=5)
            except psycopg.Error:
                log.warning("a search could not be cancelled", exc_info=True)
            with self.changed:
                self.cancelling = None
                self.running.pop(number, None)
                self.changed.notify_all()

    def begin(self, connection: psycopg.Connection[Any], seconds: float) -> int:
        number, due = next(self.numbers), time.monotonic() + seconds
        with self.changed:
            self.running[number] = connection
            first = not self.waiting or due < self.waiting[0][0]
            heapq.heappush(self.waiting, (due, number))
            if len(self.waiting) > 1000 and len(self.waiting) > 10 * len(self.running):
                self.waiting = [item for item in self.waiting if item[1] in self.running]
                heapq.heapify(self.waiting)
            if first:
                self.changed.notify_all()
        return number

    def end(self, number: int) -> bool:
        """Forget ``number``; whether its connection has been cancelled."""
        with self.changed:
            while self.cancelling == number:
                self.changed.wait()
            return self.running.pop(number, None) is None


_watch: _Watch | None = None
_making = threading.Lock()


def _the_watch() -> _Watch:
    global _watch  # noqa: PLW0603  # one thread per process, made when first needed, again after a fork
    if _watch is None or _watch.process != os.getpid():
        with _making:
            if _watch is None or _watch.process != os.getpid():
                _watch = _Watch()
    return _watch


@contextmanager
def deadline(connection: psycopg.Connection[Any], seconds: float) -> Iterator[None]:
    """Cancel what runs on ``connection`` inside when it takes more than ``seconds``: ``psycopg.errors.QueryCanceled``."""
    watch = _the_watch()
    number = watch.begin(connection, seconds)
    cancelled = True
    try:
        yield
    finally:
        cancelled = watch.end(number)
    if cancelled:  # everything was done just before the cancellation arrived: let it hit nothing that matters
        try:
            connection.execute("select 1")
        except psycopg.errors.QueryCanceled:
            if connection.info.transaction_status != psycopg.pq.TransactionStatus.IDLE:
                raise

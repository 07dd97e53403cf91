"""One database connection per worker thread, and a few more for bodies that stream after the answer has begun."""

from __future__ import annotations

import select
import threading
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import psycopg
from psycopg import Connection, Cursor
from psycopg.pq import TransactionStatus

from larrey.kit.errors import Unavailable

Connect = Callable[[], "Connection[Any]"]


class Lane:
    """A connection in autocommit with one cursor on it."""

    __slots__ = ("_poll", "connection", "cursor")

    def __init__(self, connection: Connection[Any]) -> None:
        self.connection = connection
        self.cursor: Cursor[Any] = connection.cursor(binary=True)
        self._poll = select.poll()
        self._poll.register(connection.fileno(), select.POLLIN)

    def usable(self) -> bool:
        """Whether the connection can be used, without a round trip.

        An idle connection has nothing to read unless the server closed it or had something to say; only then is it asked.
        """
        if self.connection.pgconn.transaction_status != TransactionStatus.IDLE:
            return False  # closed, broken, or left in a transaction
        if not self._poll.poll(0):
            return True
        try:
            self.connection.execute("")
        except psycopg.Error:
            return False
        return True

    def close(self) -> None:
        """Close the connection, whatever its state."""
        self.connection.close()

    def __del__(self) -> None:
        """A worker thread that ends leaves no connection behind."""
        self.connection.close()


class Connections:
    """Gives each thread its lane, and replaces the broken ones.

    ``seconds`` becomes PostgreSQL's statement_timeout, a backstop behind the limits of search.
    """

    def __init__(self, connect: Connect, seconds: float) -> None:
        self._connect = connect
        self._milliseconds = str(int(seconds * 1000))
        self._local = threading.local()
        self._spare: deque[Lane] = deque()

    def _open(self) -> Lane:
        try:
            connection = self._connect()
            connection.autocommit = True
            connection.execute("select set_config('statement_timeout', %s, false)", [self._milliseconds])
        except psycopg.Error as error:
            raise Unavailable("The record does not answer now; try again in a moment.") from error
        return Lane(connection)

    def lane(self) -> Lane:
        """This thread's lane, opened or replaced when needed. Raises ``Unavailable``."""
        lane: Lane | None = getattr(self._local, "lane", None)
        if lane is None:
            lane = self._local.lane = self._open()
        elif not lane.usable():
            self._local.lane = None
            lane.close()
            lane = self._local.lane = self._open()
        return lane

    def release(self) -> None:
        """After a failure: drop this thread's lane unless it is idle and alive."""
        lane: Lane | None = getattr(self._local, "lane", None)
        if lane is not None and not lane.usable():
            self._local.lane = None
            lane.close()

    @contextmanager
    def borrowed(self) -> Iterator[Lane]:
        """A lane of its own for work that may outlast the request or change threads; kept for the next one."""
        try:
            lane = self._spare.pop()
        except IndexError:
            lane = self._open()
        else:
            if not lane.usable():
                lane.close()
                lane = self._open()
        try:
            yield lane
        finally:
            if lane.usable():
                self._spare.append(lane)
            else:
                lane.close()

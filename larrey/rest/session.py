"""What an interaction works with besides its request: the record, the limits and the machinery around them."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, TypeVar

from psycopg import Connection, Cursor

from larrey.access.trail import Action
from larrey.rest import tracing
from larrey.rest.connections import Connections, Lane
from larrey.rest.settings import RestSettings
from larrey.store.history import Change
from larrey.store.stored import Stored
from larrey.store.transactions import retry

if TYPE_CHECKING:
    from larrey.rest.request import Request
    from larrey.rest.response import Response

T = TypeVar("T")
Answer = Callable[["Request", "Session"], "Response"]


class Session:
    """One request's way to the record.

    ``cursor`` is for reads, inside of ``reading``; in a transaction bundle (``inner``) it is the transaction's, and ``shown``
    gathers what its entries read, which is traced with the whole.
    ``answer`` routes a request to its interaction, which bundles need for their entries.
    """

    __slots__ = ("answer", "connections", "cursor", "inner", "lane", "settings", "shown")

    def __init__(
        self,
        lane: Lane,
        connections: Connections,
        settings: RestSettings,
        answer: Answer,
        cursor: Cursor[Any] | None = None,
        shown: list[Stored | Change] | None = None,
    ) -> None:
        self.lane = lane
        self.connections = connections
        self.settings = settings
        self.answer = answer
        self.cursor = cursor or lane.cursor
        self.inner = cursor is not None
        self.shown = [] if shown is None else shown

    def inside(self, cursor: Cursor[Any], shown: list[Stored | Change]) -> Session:
        """The same session reading in the transaction that ``cursor`` is in; what it reads is added to ``shown``."""
        return Session(self.lane, self.connections, self.settings, self.answer, cursor, shown)

    @property
    def connection(self) -> Connection[Any]:
        """The thread's connection."""
        return self.lane.connection

    @contextmanager
    def reading(self) -> Iterator[None]:
        """What ``cursor`` does inside is one transaction, which is committed when the block ends.

        A pipeline, whose statements are one implicit transaction up to its end: it spares ``BEGIN`` and ``COMMIT``.
        """
        if self.inner:
            yield
            return
        with self.lane.connection.pipeline():
            yield

    def note(self, request: Request, action: Action, shown: Sequence[Stored | Change]) -> None:
        """Trace a reading, in its transaction; must be called inside of ``reading``."""
        if self.inner:
            self.shown += shown
        else:
            tracing.read(self.cursor, request, action, shown)

    def write(self, request: Request, work: Callable[[Cursor[Any]], T], beside: Sequence[Stored | Change] = ()) -> T:
        """Run ``work`` and trace it in one transaction, retried where that is safe; database errors are told as ours.

        ``beside``: what ``work`` reads for the client, filled while it runs.
        """

        def whole(cursor: Cursor[Any]) -> T:
            result = work(cursor)
            tracing.written(cursor, request, result, beside)
            return result

        return retry(self.lane.connection, whole)

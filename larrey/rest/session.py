"""What an interaction works with besides its request: the record, the limits and the machinery around them."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, TypeVar

from psycopg import Connection, Cursor

from larrey.rest.connections import Connections, Lane
from larrey.rest.settings import RestSettings
from larrey.store.transactions import retry

if TYPE_CHECKING:
    from larrey.rest.request import Request
    from larrey.rest.response import Response

T = TypeVar("T")
Answer = Callable[["Request", "Session"], "Response"]


class Session:
    """One request's way to the record.

    ``cursor`` is in autocommit, for reads in one round trip; inside a transaction bundle it is the transaction's.
    ``answer`` routes a request to its interaction, which bundles need for their entries.
    """

    __slots__ = ("answer", "connections", "cursor", "lane", "settings")

    def __init__(
        self,
        lane: Lane,
        connections: Connections,
        settings: RestSettings,
        answer: Answer,
        cursor: Cursor[Any] | None = None,
    ) -> None:
        self.lane = lane
        self.connections = connections
        self.settings = settings
        self.answer = answer
        self.cursor = cursor or lane.cursor

    def inside(self, cursor: Cursor[Any]) -> Session:
        """The same session reading in the transaction that ``cursor`` is in."""
        return Session(self.lane, self.connections, self.settings, self.answer, cursor)

    @property
    def connection(self) -> Connection[Any]:
        """The thread's connection."""
        return self.lane.connection

    def write(self, work: Callable[[Cursor[Any]], T]) -> T:
        """Run ``work`` in one transaction, retried where that is safe; database errors are told as ours."""
        return retry(self.lane.connection, work)

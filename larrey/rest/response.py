"""What an interaction gives back, and the few headers that several of them send."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from http import HTTPStatus
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from larrey.store.history import Change
    from larrey.store.stored import Stored

FHIR_JSON = "application/fhir+json; charset=utf-8"
STATUS_LINES = {status.value: f"{status.value} {status.phrase}" for status in HTTPStatus}

_DAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")


class Response:
    """One answer. ``headers`` are without Last-Modified, which is ``updated``, and without Content-Length for ``bytes``.

    A body that is not ``bytes`` is streamed, and closed by the server. ``shown``: the rows of the record that the answer shows or
    tells of, for the trace; an interaction that reads must say it, be it that there are none.
    """

    __slots__ = ("body", "headers", "shown", "status", "updated")

    def __init__(
        self,
        status: int,
        headers: list[tuple[str, str]],
        body: bytes | Iterable[bytes] = b"",
        updated: datetime | None = None,
        shown: Sequence[Stored | Change] | None = None,
    ) -> None:
        self.status = status
        self.headers = headers
        self.body = body
        self.updated = updated
        self.shown = shown

    def header(self, name: str) -> str | None:
        """The value of the header ``name`` (as written), if it is there."""
        return next((value for key, value in self.headers if key == name), None)


def etag(version: int) -> str:
    """The weak ETag of a version (http://hl7.org/fhir/R4/http.html#versioning)."""
    return f'W/"{version}"'


def http_date(moment: datetime) -> str:
    """``moment`` (aware) as an IMF-fixdate (RFC 9110, section 5.6.7), which has whole seconds."""
    m = moment.astimezone(UTC)
    return f"{_DAYS[m.weekday()]}, {m.day:02d} {_MONTHS[m.month - 1]} {m.year:04d} {m.hour:02d}:{m.minute:02d}:{m.second:02d} GMT"

"""Opaque paging cursors: where a page ended, tied by a checksum to the query it belongs to.

A cursor holds no secret and gives no right (the caller's policy is compiled into every page), so the checksum need
not resist forgery: it is there so that a damaged cursor, or one of another query, is refused rather than misread.
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Sequence
from hashlib import blake2b
from typing import Any, NamedTuple

import msgspec

from larrey.fhir.query import CURSOR, Query
from larrey.kit import json
from larrey.kit.errors import Invalid

_PRESENTATION = frozenset(
    {"_count", "_total", "_summary", "_elements", "_include", "_include:iterate", "_revinclude", "_revinclude:iterate"}
)
_DIGEST = 9


class Cursor(NamedTuple):
    """``values``: the keys of the row at the edge, as text; ``backwards``: towards the beginning."""

    backwards: bool
    values: tuple[str | None, ...]


def fingerprint(query: Query, compartment: tuple[str, str] | None) -> bytes:
    """What identifies the list that ``query`` walks; not how its pages are presented."""
    pairs = sorted(pair for pair in query.applied if pair[0] not in _PRESENTATION)
    return json.dumps([query.type, compartment, pairs])


def refusal() -> Invalid:
    """The error for a cursor that does not fit."""
    return Invalid(f"The parameter {CURSOR!r} is not a page of this search.", expression=CURSOR)


def encode(cursor: Cursor, about: bytes) -> str:
    """The cursor as URL-safe text."""
    content = json.dumps([int(cursor.backwards), *cursor.values])
    return base64.urlsafe_b64encode(_digest(content, about) + content).decode().rstrip("=")


def decode(text: str, about: bytes, keys: int) -> Cursor:
    """The inverse; ``Invalid`` for anything but a cursor of this very query with ``keys`` values."""
    try:
        raw = base64.b64decode(text.encode("ascii") + b"=" * (-len(text) % 4), altchars=b"-_", validate=True)
        content = raw[_DIGEST:]
        if raw[:_DIGEST] != _digest(content, about):
            raise refusal()
        decoded: Sequence[Any] = msgspec.json.decode(content)
    except (UnicodeEncodeError, binascii.Error, ValueError):
        raise refusal() from None
    if len(decoded) != keys + 1 or not all(value is None or isinstance(value, str) for value in decoded[1:]):
        raise refusal()
    return Cursor(bool(decoded[0]), tuple(decoded[1:]))


def _digest(content: bytes, about: bytes) -> bytes:
    return blake2b(content + b"\x00" + about, digest_size=_DIGEST, person=b"larrey page").digest()

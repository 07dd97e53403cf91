"""Bearer tokens (RFC 6750), remembered for a few seconds so that most requests need no question to the database."""

from __future__ import annotations

import time
from collections.abc import Callable
from hashlib import sha256
from typing import Any

from psycopg import Cursor

from larrey.kit.errors import Unauthenticated
from larrey.store.caller import Caller

Verify = Callable[["Cursor[Any]", str], Caller]

_REMEMBERED = 10_000
_PERSON_SECONDS = 30.0
"""A person's token is remembered no longer: with what ``access.standing`` keeps, an ended role closes within a minute."""


class Tokens:
    """Turns the value of an Authorization header into a caller.

    Only hashes of secrets are kept in memory. A remembered token is asked about again ``seconds`` after it was
    verified, however often it is used in between: a revoked token dies within that time.
    """

    __slots__ = ("_known", "_seconds", "_verify")

    def __init__(self, verify: Verify, seconds: float) -> None:
        self._verify = verify
        self._seconds = seconds
        self._known: dict[bytes, tuple[float, Caller]] = {}

    def caller(self, authorization: str | None, cursor: Cursor[Any]) -> Caller:
        """The caller whose token was sent. Raises ``Unauthenticated``."""
        if authorization is None:
            raise Unauthenticated("A bearer token is needed (Authorization: Bearer …).")
        if authorization[:7].lower() != "bearer ":
            raise Unauthenticated("The Authorization header must be of the form: Bearer …")
        secret = authorization[7:].strip()
        if not secret.isascii() or not secret.isprintable():
            raise Unauthenticated("The token is not valid.", invalid=True)
        digest = sha256(secret.encode()).digest()
        now = time.monotonic()
        known = self._known.get(digest)
        if known is not None and now < known[0]:
            return known[1]
        self._known.pop(digest, None)
        try:
            caller = self._verify(cursor, secret)
        except Unauthenticated:
            raise Unauthenticated("The token is not valid.", invalid=True) from None
        if len(self._known) >= _REMEMBERED:
            self._known.clear()
        seconds = self._seconds if caller.account is None else min(self._seconds, _PERSON_SECONDS)
        self._known[digest] = (now + seconds, caller)
        return caller

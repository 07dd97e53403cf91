"""Tokens of machines: made, checked, revoked. Plain SQL on the table ``access_token``, no Django.

Every function takes a psycopg cursor; the caller of the function owns the transaction.
"""

from __future__ import annotations

import hashlib
import re
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import lru_cache

from psycopg import Cursor
from psycopg.errors import UniqueViolation

from larrey.access import scopes
from larrey.kit import clock
from larrey.kit.errors import Conflict, Invalid, NotFound, Unauthenticated
from larrey.store.caller import EVERYONE, Caller

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._ -]{0,99}\Z")
_PREFIX = "larrey_"  # lets secret scanners recognise a leaked token


@dataclass(frozen=True, slots=True)
class Token:
    """What is known of a token; the secret is known to its holder only."""

    name: str
    scope: str
    created: datetime
    expires: datetime | None
    revoked: datetime | None


def create(cursor: Cursor, name: str, scope: str, *, days: int | None = None) -> str:
    """Make a token and return its secret, shown this once.

    ``days`` limits its life; ``None`` is until revoked. Raises ``Invalid`` for a bad name, scope or life and
    ``Conflict`` when a token of that name exists, revoked or not: the trace names tokens by name.
    """
    if not _NAME.match(name):
        raise Invalid("A token's name has 1 to 100 letters, digits, spaces, dots, dashes or underscores.")
    if days is not None and not 1 <= days <= 36500:
        raise Invalid("A token lives between 1 and 36,500 days.")
    scopes.rights(scope)
    secret = _PREFIX + secrets.token_urlsafe(32)
    now = clock.now()
    try:
        with cursor.connection.transaction():
            cursor.execute(
                "insert into access_token (name, digest, scope, created, expires) values (%s, %s, %s, %s, %s)",
                (name, _digest(secret), " ".join(scope.split()), now, now + timedelta(days=days) if days else None),
            )
    except UniqueViolation:
        raise Conflict(f"A token named {name} exists already.", name=name) from None
    return secret


def verify(cursor: Cursor, secret: str) -> Caller:
    """The machine that holds ``secret``; raises ``Unauthenticated`` for an unknown, expired or revoked token."""
    cursor.execute("select name, scope, expires, revoked from access_token where digest = %s", (_digest(secret),))
    row = cursor.fetchone()
    if row is None:
        raise Unauthenticated("The access token is not known.")
    name, scope, expires, revoked = row
    if revoked is not None:
        raise Unauthenticated("The access token was revoked.")
    if expires is not None and expires <= clock.now():
        raise Unauthenticated("The access token has expired.")
    return _caller(name, scope)


def everything(cursor: Cursor) -> list[Token]:
    """All tokens, by name."""
    cursor.execute("select name, scope, created, expires, revoked from access_token order by name")
    return [Token(*row) for row in cursor.fetchall()]


def revoke(cursor: Cursor, name: str) -> None:
    """End a token now. Raises ``NotFound`` for an unknown name; revoking twice changes nothing."""
    cursor.execute("update access_token set revoked = coalesce(revoked, %s) where name = %s returning 1", (clock.now(), name))
    if cursor.fetchone() is None:
        raise NotFound(f"There is no token named {name}.", name=name)


@lru_cache(maxsize=1024)
def _caller(name: str, scope: str) -> Caller:
    return Caller(actor=f"token:{name}", rights=scopes.rights(scope), sight=EVERYONE, role="machine")


def _digest(secret: str) -> bytes:
    # A plain hash is enough: the secret is 256 random bits, not a word that someone chose.
    return hashlib.sha256(secret.encode("utf-8", "surrogatepass")).digest()

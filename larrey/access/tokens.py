"""Keys to the FHIR door: made, checked, revoked. Plain SQL on ``access_token`` and ``access_issued``, no Django.

Those of ``access_token`` are made by the command line and live for days or until revoked. Those of ``access_issued`` are
given by the OAuth 2 server (``larrey.apps.oauth``) and live for minutes. Every function takes a psycopg cursor; the caller
of the function owns the transaction.
"""

from __future__ import annotations

import hashlib
import re
import secrets
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import lru_cache
from typing import Any

from psycopg import Cursor
from psycopg.errors import UniqueViolation

from larrey.access import scopes, standing
from larrey.kit import clock
from larrey.kit.errors import Conflict, Forbidden, Invalid, NotFound, Unauthenticated
from larrey.kit.ids import patient_uuid
from larrey.store.caller import EVERYONE, Caller

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._ -]{0,99}\Z")
_PREFIX = "larrey_"  # lets secret scanners recognise a leaked token
_ISSUED = "larreyat_"


@dataclass(frozen=True, slots=True)
class Token:
    """What is known of a token; the secret is known to its holder only."""

    name: str
    scope: str
    created: datetime
    expires: datetime | None
    revoked: datetime | None
    account: str | None = None
    """User name of the person as whom it acts."""


@dataclass(frozen=True, slots=True)
class Issued:
    """What is known of a token of the OAuth 2 server; see ``larrey.access.issued``."""

    client: str
    account: int | None
    consent: int | None
    scope: str
    patient: str
    created: datetime
    expires: datetime
    revoked: datetime | None


def create(cursor: Cursor, name: str, scope: str = "", *, days: int | None = None, account: str | None = None) -> str:
    """Make a token and return its secret, shown this once.

    ``days`` limits its life; ``None`` is until revoked. ``account``: the user name of the person as whom it acts, within
    ``scope`` where there is one; a token of nobody's needs a scope. Raises ``Invalid`` for a bad name, scope or life,
    ``NotFound`` for an unknown account and ``Conflict`` when a token of that name exists, revoked or not: the trace names
    tokens by name.
    """
    if not _NAME.match(name):
        raise Invalid("A token's name has 1 to 100 letters, digits, spaces, dots, dashes or underscores.")
    if days is not None and not 1 <= days <= 36500:
        raise Invalid("A token lives between 1 and 36,500 days.")
    person = _account_key(cursor, account) if account is not None else None
    if person is None:
        scopes.rights(scope)
    elif scope.strip():
        scopes.parse(scope)
    secret = _PREFIX + secrets.token_urlsafe(32)
    now = clock.now()
    try:
        with cursor.connection.transaction():
            cursor.execute(
                "insert into access_token (name, digest, scope, created, expires, account_id) values (%s, %s, %s, %s, %s, %s)",
                (name, _digest(secret), " ".join(scope.split()), now, now + timedelta(days=days) if days else None, person),
            )
    except UniqueViolation:
        raise Conflict(f"A token named {name} exists already.", name=name) from None
    return secret


def verify(cursor: Cursor, secret: str) -> Caller:
    """The machine that holds ``secret``, or the person for whom it acts, with no more than the scope and her own rights.

    Raises ``Unauthenticated`` for an unknown, expired or revoked token, and for one of a disabled account.
    """
    if secret.startswith(_ISSUED):
        found = issued(cursor, secret)
        if found is None:
            raise Unauthenticated("The access token is not known.")
        _demand_alive(found.expires, found.revoked)
        if found.account is None:
            return _machine(f"client:{found.client}", found.scope)
        given = scopes.parse(found.scope)
        return _for_person(cursor, found.account, given, found.patient if "patient" in given.contexts else "")
    cursor.execute("select name, scope, expires, revoked, account_id from access_token where digest = %s", (_digest(secret),))
    row = cursor.fetchone()
    if row is None:
        raise Unauthenticated("The access token is not known.")
    name, scope, expires, revoked, account = row
    _demand_alive(expires, revoked)
    if account is not None:
        return _for_person(cursor, account, scopes.parse(scope) if scope else None, "")
    return _machine(f"token:{name}", scope)


def everything(cursor: Cursor) -> list[Token]:
    """All tokens, by name."""
    cursor.execute(
        "select t.name, scope, t.created, expires, revoked, username"
        " from access_token t left join access_account a on a.id = t.account_id order by t.name"
    )
    return [Token(*row) for row in cursor.fetchall()]


def revoke(cursor: Cursor, name: str) -> None:
    """End a token now. Raises ``NotFound`` for an unknown name; revoking twice changes nothing."""
    cursor.execute("update access_token set revoked = coalesce(revoked, %s) where name = %s returning 1", (clock.now(), name))
    if cursor.fetchone() is None:
        raise NotFound(f"There is no token named {name}.", name=name)


def issue(
    cursor: Cursor[Any],
    client: str,
    scope: str,
    *,
    seconds: int,
    account: int | None = None,
    consent: int | None = None,
    patient: str = "",
) -> str:
    """Make a token of the OAuth 2 server and return its secret. What it may is checked by who calls.

    ``client``: the name of the program; ``account``: the person for whom it acts; ``patient``: the id of the patient to whom it
    is bound. Tokens that ended more than a day ago are cleared away on the occasion.
    """
    secret = _ISSUED + secrets.token_urlsafe(32)
    now = clock.now()
    cursor.execute(
        "insert into access_issued (digest, client, account_id, consent, scope, patient, created, expires)"
        " values (%s, %s, %s, %s, %s, %s, %s, %s)",
        (_digest(secret), client, account, consent, scope, patient, now, now + timedelta(seconds=seconds)),
    )
    cursor.execute(
        "delete from access_issued where id in (select id from access_issued where expires < %s order by expires limit 20)",
        (now - timedelta(days=1),),
    )
    return secret


def issued(cursor: Cursor[Any], secret: str) -> Issued | None:
    """The token of the OAuth 2 server with that secret, alive or not."""
    cursor.execute(
        "select client, account_id, consent, scope, patient, created, expires, revoked from access_issued where digest = %s",
        (_digest(secret),),
    )
    row = cursor.fetchone()
    return Issued(*row) if row else None


def end(cursor: Cursor[Any], secret: str) -> None:
    """Revoke one token of the OAuth 2 server."""
    cursor.execute("update access_issued set revoked = %s where digest = %s and revoked is null", (clock.now(), _digest(secret)))


def end_all(cursor: Cursor[Any], *, client: str = "", consent: int | None = None) -> None:
    """Revoke every token of a program, or of a consent."""
    cursor.execute(
        "update access_issued set revoked = %(now)s"
        " where revoked is null and expires > %(now)s and (client = %(client)s or consent = %(consent)s)",
        {"now": clock.now(), "client": client, "consent": consent},
    )


def _demand_alive(expires: datetime | None, revoked: datetime | None) -> None:
    if revoked is not None:
        raise Unauthenticated("The access token was revoked.")
    if expires is not None and expires <= clock.now():
        raise Unauthenticated("The access token has expired.")


def _account_key(cursor: Cursor[Any], username: str) -> int:
    row = cursor.execute("select id from access_account where username = %s", (username.lower(),)).fetchone()
    if row is None:
        raise NotFound(f"There is no account named {username}.")
    return int(row[0])


def _for_person(cursor: Cursor[Any], account: int, given: scopes.Scopes | None, patient: str) -> Caller:
    """The person, narrowed: what her role allows and the scopes name (None: all of it), and with ``patient`` his rows only.

    The person and her units are asked about each time: what her role or her units no longer give, no token gives.
    """
    try:
        person = standing.caller_of(cursor, account)
    except Forbidden as error:
        raise Unauthenticated(error.message) from None
    if given is None:
        return person
    rights, filters = scopes.weigh(given.resources)
    return replace(
        person,
        rights=scopes.common(rights, person.rights),
        filters=scopes.both(filters, person.filters),
        sight=replace(person.sight, only=patient_uuid(patient)) if patient else person.sight,
    )


@lru_cache(maxsize=1024)
def _machine(actor: str, scope: str) -> Caller:
    rights, filters = scopes.weigh(scopes.for_machine(scope).resources)
    return Caller(actor=actor, rights=rights, filters=filters, sight=EVERYONE, role="machine")


def _digest(secret: str) -> bytes:
    # A plain hash is enough: the secret is 256 random bits, not a word that someone chose.
    return hashlib.sha256(secret.encode("utf-8", "surrogatepass")).digest()

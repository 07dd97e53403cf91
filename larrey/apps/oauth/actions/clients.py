"""Registering programs, and ending them."""

from __future__ import annotations

import ipaddress
import re
import secrets
from collections.abc import Sequence
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.db import IntegrityError

from larrey.access import record, scopes, tokens
from larrey.access.trail import Action, trace
from larrey.apps.oauth.models import BACKEND, KINDS, PUBLIC, Client
from larrey.apps.oauth.queries import keys
from larrey.kit import clock
from larrey.kit.errors import Conflict, Invalid, NotFound
from larrey.store.caller import Caller

_NAME = re.compile(r"[^\W_][\w ()'’.&+-]{0,99}\Z")
_SCHEME = re.compile(r"[a-z][a-z0-9+-]*(\.[a-z0-9+-]+)+\Z")
_HOST = re.compile(r"[A-Za-z0-9.:\[\]_-]*\Z")  # it is also written into a content security policy
_LONGEST = 500


def register(
    caller: Caller,
    name: str,
    kind: str,
    scope: str,
    *,
    redirect_uris: Sequence[str] = (),
    launch_uri: str = "",
    jwks: Any = None,
    jwks_uri: str = "",
    introspects: bool = False,
) -> Client:
    """Register a program and return it, with the ``client_id`` that was made for it.

    ``kind``: ``backend``, ``public`` or ``confidential`` (``models.KINDS``). ``scope``: the most that it may ask for. Raises
    ``Invalid`` for what is wrong or does not fit the kind, and ``Conflict`` for a name that is taken, also by a disabled program.
    """
    if not _NAME.match(name):
        raise Invalid("A client's name has 1 to 100 letters, digits, spaces and simple marks.")
    if kind not in KINDS:
        raise Invalid(f"{kind} is not a kind of client; choose one of {', '.join(KINDS)}.")
    allowed = scopes.for_machine(scope) if kind == BACKEND else _for_people(scope)
    if kind == BACKEND and (redirect_uris or launch_uri):
        raise Invalid("A backend service has no page to return to.")
    if kind != BACKEND and not redirect_uris:
        raise Invalid("An app needs at least one address to return to (redirect URI).")
    if kind == PUBLIC and (jwks or jwks_uri or introspects):
        raise Invalid("A public app keeps no secret: it has no keys, and does not introspect.")
    if kind != PUBLIC and bool(jwks) == bool(jwks_uri):
        raise Invalid("Give the client's public keys (JWK Set), or the address where it publishes them.")
    for uri in redirect_uris:
        _check_redirect(uri)
    for uri in filter(None, (launch_uri, jwks_uri)):
        _check_web(uri)
    if jwks:
        keys.read(jwks)
    client = Client(
        client_id=secrets.token_urlsafe(18),
        name=name,
        kind=kind,
        scope=str(allowed),
        redirect_uris=list(dict.fromkeys(redirect_uris)),
        launch_uri=launch_uri,
        jwks=jwks,
        jwks_uri=jwks_uri,
        introspects=introspects,
        registered_by_id=caller.account,
    )
    try:
        with record.cursor() as cursor:
            client.save()
            trace(cursor, caller, Action.GRANT, f"client {name}: {allowed}", door=_door(caller))
    except IntegrityError:
        raise Conflict(f"A client named {name} exists already.", name=name) from None
    return client


def disable(caller: Caller, name: str) -> None:
    """End a program now, with every consent and token. Raises ``NotFound``; ending it twice changes nothing."""
    with record.cursor() as cursor:
        client = Client.objects.select_for_update().filter(name=name).first()
        if client is None:
            raise NotFound(f"There is no client named {name}.", name=name)
        if client.disabled is None:
            now = clock.now()
            client.disabled = now
            client.save(update_fields=["disabled"])
            client.consents.filter(revoked=None).update(revoked=now)
            tokens.end_all(cursor, client=name)
            trace(cursor, caller, Action.GRANT, f"client {name} disabled", door=_door(caller))


def _for_people(scope: str) -> scopes.Scopes:
    found = scopes.parse(scope)
    if "system" in found.contexts:
        raise Invalid("system/… scopes are for backend services; an app acts for a person: user/… and patient/….")
    if not found.resources and not found.special:
        raise Invalid("At least one scope is needed, such as patient/*.rs.")
    return found


def _check_web(uri: str) -> None:
    """An address of the web: https, or http on this machine while developing."""
    parts = _parts(uri)
    if parts.scheme == "https" and parts.hostname:
        return
    if parts.scheme == "http" and _loopback(parts.hostname) and not settings.LARREY.production:
        return
    raise Invalid(f"{uri[:100]} must be an https address.")


def _check_redirect(uri: str) -> None:
    """https; http on the person's own machine, or a scheme of one's own name reversed, for native apps (RFC 8252)."""
    parts = _parts(uri)
    if parts.scheme in {"http", "https"}:
        if not parts.hostname or (parts.scheme == "http" and not _loopback(parts.hostname)):
            raise Invalid(f"{uri[:100]} must be an https address, or http on the person's own machine.")
    elif not _SCHEME.match(parts.scheme):
        raise Invalid(f"{uri[:100]} is no address to return to: https, or a scheme such as org.example.app:/back.")


def _parts(uri: str) -> Any:
    try:
        parts = urlsplit(uri)
        _ = parts.port
    except ValueError:
        raise Invalid(f"{uri[:100]} is not an address.") from None
    if (
        len(uri) > _LONGEST
        or not uri.isascii()
        or not uri.isprintable()
        or " " in uri
        or "#" in uri
        or not _HOST.match(parts.netloc)
    ):
        raise Invalid(f"{uri[:100]} is not an address of at most {_LONGEST} characters, without # and without a user.")
    return parts


def _loopback(host: str | None) -> bool:
    try:
        return host == "localhost" or ipaddress.ip_address(host or "").is_loopback
    except ValueError:
        return False


def _door(caller: Caller) -> str:
    return "page" if caller.account is not None else "command"

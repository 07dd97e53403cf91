"""The public keys of programs: given when they were registered, or fetched from where they publish them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import requests
from django.core.cache import cache
from joserfc.errors import JoseError
from joserfc.jwk import ECKey, Key, KeySet, RSAKey

from larrey.access.discovery import ASSERTIONS
from larrey.apps.oauth.models import Client
from larrey.kit import json
from larrey.kit.errors import Invalid, LarreyError, Unavailable

ALGORITHMS = ASSERTIONS
"""What SMART asks of servers (http://hl7.org/fhir/smart-app-launch/STU2.2/client-confidential-asymmetric.html)."""
KEPT = 300
"""Seconds for which a fetched key set is believed."""
_AGAIN = 20
"""Seconds before a set is fetched anew for a key that was not in it: a new key works soon, guesses cost its owner little."""
_SECONDS = 5
_BYTES = 64 * 1024
_BITS = 2048


def read(jwks: Any) -> KeySet:
    """A JWK Set of public keys that can verify ``ALGORITHMS``; others in it are left out.

    Raises ``Invalid`` for what is no set, holds a private or shared key, or holds no key of use.
    """
    listed = jwks.get("keys") if isinstance(jwks, Mapping) else None
    if not isinstance(listed, list) or not all(isinstance(each, Mapping) for each in listed):
        raise Invalid('A JWK Set is needed, {"keys": [...]}.')
    kept: list[Key] = []
    for each in listed:
        if each.get("kty") == "oct" or "d" in each:
            raise Invalid("The JWK Set holds a private or shared key: give public keys only.")
        if each.get("use", "sig") == "sig" and each.get("alg", ALGORITHMS[0]) in ALGORITHMS:
            kept += _key(each)
    if not kept:
        raise Invalid(f"The JWK Set holds no key for {' or '.join(ALGORITHMS)}: RSA of {_BITS} bits at least, or EC P-384.")
    if len(kept) > 1 and not all(key.kid for key in kept):
        raise Invalid("Each key of a JWK Set of several has its own kid.")
    return KeySet(kept)


def of(client: Client, kid: str | None) -> KeySet | Key:
    """The key of ``client`` called ``kid`` (none: its only one). Raises ``Invalid``, or ``Unavailable`` if not fetched."""
    keys = read(client.jwks) if client.jwks else _fetched(client.jwks_uri, again=False)
    if kid is not None and client.jwks_uri and not _named(keys, kid):
        keys = _fetched(client.jwks_uri, again=True)
    if kid is None and len(keys.keys) == 1:
        return keys.keys[0]
    found = _named(keys, kid)
    if not found:
        raise Invalid("The assertion is signed by a key that is not among the client's.")
    return found[0]


def _named(keys: KeySet, kid: str | None) -> list[Key]:
    return [key for key in keys.keys if kid is not None and key.kid == kid]


def _key(value: Mapping[str, Any]) -> list[Key]:
    """The key, if it is one that can verify."""
    try:
        if value.get("kty") == "RSA":
            rsa = RSAKey.import_key(dict(value))
            return [rsa] if rsa.public_key.key_size >= _BITS else []
        if value.get("kty") == "EC" and value.get("crv") == "P-384":
            return [ECKey.import_key(dict(value))]
    except (JoseError, ValueError, TypeError, KeyError):
        raise Invalid("A key of the JWK Set is damaged.") from None
    return []


def _fetched(uri: str, *, again: bool) -> KeySet:
    known = cache.get(f"oauth:jwks:{uri}")
    if known is not None and not (again and cache.add(f"oauth:jwks-again:{uri}", 1, _AGAIN)):
        return read(json.loads(known))
    try:
        with requests.get(
            uri, timeout=_SECONDS, allow_redirects=False, stream=True, headers={"Accept": "application/json"}
        ) as answer:
            body = answer.raw.read(_BYTES + 1, decode_content=True) if answer.status_code == requests.codes.ok else b""
        if not body or len(body) > _BYTES:
            raise Unavailable("The client's keys are not where it publishes them.")
        found = read(json.loads(body))
    except (requests.RequestException, OSError):
        raise Unavailable("The client's keys cannot be fetched from where it publishes them.") from None
    except LarreyError:
        raise
    cache.set(f"oauth:jwks:{uri}", body.decode("utf-8", "replace"), KEPT)
    return found

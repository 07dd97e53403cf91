"""The keys that sign identity tokens. Kept in the database so that every machine of an installation signs with the same."""

from __future__ import annotations

from base64 import urlsafe_b64encode
from contextlib import suppress
from hashlib import sha256
from typing import Any

from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from django.conf import settings
from django.utils.encoding import force_str
from joserfc.jwk import RSAKey

from larrey.apps.oauth.models import SigningKey
from larrey.kit import json

ALGORITHM = "RS256"
"""What every OpenID Connect library verifies (OpenID Connect Core 1.0, 15.1)."""
SHOWN = 3
"""Public keys shown: the one that signs, and those before it, for identity tokens given before a change."""


def current() -> RSAKey | None:
    """The key that signs, with its private part; none before the first is made. One statement."""
    return next(iter(_readable()), None)


def public() -> dict[str, Any]:
    """The JWK Set that anyone may read. One statement."""
    return {"keys": [{**key.as_dict(private=False), "use": "sig", "alg": ALGORITHM} for key in _readable()]}


def cipher() -> MultiFernet:
    """Seals private keys under LARREY_SECRET_KEY: who has only the database cannot sign."""
    keys = (settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS)
    return MultiFernet([Fernet(urlsafe_b64encode(sha256(f"signing key:{force_str(key)}".encode()).digest())) for key in keys])


def _readable() -> list[RSAKey]:
    """The newest keys, newest first; without those that were sealed under a LARREY_SECRET_KEY that is no more."""
    keys = []
    for found in SigningKey.objects.order_by("-id")[:SHOWN]:
        with suppress(InvalidToken):
            keys.append(RSAKey.import_key(json.loads(cipher().decrypt(found.sealed.encode()))))
    return keys

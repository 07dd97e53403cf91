"""The keys that sign identity tokens. Kept in the database so that every machine of an installation signs with the same."""

from __future__ import annotations

from base64 import urlsafe_b64encode
from hashlib import sha256
from typing import Any

from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from django.conf import settings
from django.utils.encoding import force_str
from joserfc.jwk import RSAKey

from larrey.apps.oauth.models import SigningKey
from larrey.kit import json
from larrey.kit.errors import Misconfigured

ALGORITHM = "RS256"
"""What every OpenID Connect library verifies (OpenID Connect Core 1.0, 15.1)."""
SHOWN = 3
"""Public keys shown: the one that signs, and those before it, for identity tokens given before a change."""


def current() -> RSAKey | None:
    """The key that signs, with its private part; none before the first is made."""
    found = SigningKey.objects.order_by("-id").first()
    return _open(found) if found else None


def public() -> dict[str, Any]:
    """The JWK Set that anyone may read. One statement."""
    keys = [_open(found) for found in SigningKey.objects.order_by("-id")[:SHOWN]]
    return {"keys": [{**key.as_dict(private=False), "use": "sig", "alg": ALGORITHM} for key in keys]}


def cipher() -> MultiFernet:
    """Seals private keys under LARREY_SECRET_KEY: who has only the database cannot sign."""
    keys = (settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS)
    return MultiFernet([Fernet(urlsafe_b64encode(sha256(f"signing key:{force_str(key)}".encode()).digest())) for key in keys])


def _open(found: SigningKey) -> RSAKey:
    try:
        return RSAKey.import_key(json.loads(cipher().decrypt(found.sealed.encode())))
    except InvalidToken:
        raise Misconfigured(
            "The signing key was made under another LARREY_SECRET_KEY; make a new one with `larrey client rotate`."
        ) from None

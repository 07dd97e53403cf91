"""Secrets made here and found again by their SHA-256: each has 256 random bits, so a plain hash is enough."""

from __future__ import annotations

import hashlib
import secrets


def new(prefix: str) -> str:
    """A secret that scanners of leaked secrets recognise by its prefix."""
    return prefix + secrets.token_urlsafe(32)


def digest(secret: str) -> bytes:
    """What is kept of it; of any text."""
    return hashlib.sha256(secret.encode("utf-8", "surrogatepass")).digest()

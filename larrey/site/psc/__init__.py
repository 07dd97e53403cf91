"""A stand-in for Pro Santé Connect, for the demo and the tests: a real OpenID provider with real signatures, on invented people.

Served by a demo's own server under ``PATH``, never in production (larrey.site.settings.Settings.psc_simulated). This file is
what settings need; ``provider`` is the protocol, ``serving`` what a server gives it.
"""

from __future__ import annotations

from hashlib import sha256

PATH = "/psc"
CLIENT_ID = "larrey"


def client_secret(secret_key: str) -> str:
    """The secret that the two sides share; both are this server, so that it needs no setting."""
    return sha256(f"pro santé connect, simulated: {secret_key}".encode()).hexdigest()

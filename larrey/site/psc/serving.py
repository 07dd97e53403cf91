"""What a demo's server gives the stand-in: its key, the demo's professionals, and the database's cache for its codes."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Mapping
from pathlib import Path
from tempfile import NamedTemporaryFile
from typing import Any
from urllib.parse import urlsplit

from joserfc.jwk import RSAKey

from larrey.kit import json
from larrey.site.psc import CLIENT_ID, PATH, client_secret
from larrey.site.psc.near import Near
from larrey.site.psc.provider import Client, Person, Provider
from larrey.site.settings import Settings, secret_key

RETURNS = frozenset({"/account/psc/return", "/account/sign-in"})
"""Pages of Larrey to which the provider sends a browser back."""
STRANGER = Person("10999999997", "Dr Ulysse Quidam", "10", "Médecin", "sans compte dans cet établissement")
"""Someone with a card but no account here, to see what happens."""
_PROFESSIONS = {"doctor": "10", "pharmacist": "21", "midwife": "50", "nurse": "60"}


class CacheShelf:
    """``provider.Shelf`` in Django's cache, which is the database's: the server's processes share it."""

    def put(self, key: str, value: Mapping[str, Any], seconds: int) -> None:
        """Keep ``value`` for ``seconds``."""
        from django.core.cache import cache  # noqa: PLC0415  needs Django loaded

        cache.set(f"psc:{key}", dict(value), seconds)

    def get(self, key: str) -> dict[str, Any] | None:
        """What is kept under ``key``."""
        from django.core.cache import cache  # noqa: PLC0415  needs Django loaded

        kept: dict[str, Any] | None = cache.get(f"psc:{key}")
        return kept

    def take(self, key: str) -> dict[str, Any] | None:
        """The same, once."""
        from django.core.cache import cache  # noqa: PLC0415  needs Django loaded

        kept = self.get(key)
        return kept if kept is not None and cache.delete(f"psc:{key}") else None


def people() -> list[Person]:
    """The demo's professionals with a RPPS number, and one who has no account."""
    from django.db import close_old_connections  # noqa: PLC0415  needs Django loaded

    from larrey.access.models import Account  # noqa: PLC0415  needs Django loaded

    close_old_connections()  # Django does it for its own requests alone
    found = Account.objects.filter(is_active=True).exclude(rpps="").order_by("name")
    held = [Person(one.rpps, one.name, _PROFESSIONS.get(one.role, "60"), one.role_name) for one in found]
    return [*held, STRANGER]


def signing_key(folder: Path) -> RSAKey:
    """The key in ``folder``/psc.key, made once (mode 0600): every process signs with the same."""
    path = folder / "psc.key"
    if not path.exists():
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        made = RSAKey.generate_key(2048)
        with NamedTemporaryFile("wb", dir=folder, prefix="psc.making-", delete=False) as making:
            making.write(json.dumps(made.as_dict(private=True)))
        with contextlib.suppress(FileExistsError):  # another process was first; its key is the key
            os.link(making.name, path)
        Path(making.name).unlink()
    return RSAKey.import_key(json.loads(path.read_bytes()))


def bring_near(provider: Provider) -> Provider:
    """Let this process's sign-in ask ``provider`` directly, not one of its own busy threads by HTTP."""
    from larrey.access.pro_sante_connect import NEAR  # noqa: PLC0415  needs Django loaded

    NEAR[f"{provider.issuer}/"] = Near(provider.issuer, provider)
    return provider


def application(settings: Settings) -> Provider:
    """The stand-in of this demo, to be mounted under ``PATH``."""
    hosts = {*settings.allowed_hosts, urlsplit(settings.public_url).hostname or ""}

    def may_return(address: str) -> bool:
        try:
            parts = urlsplit(address)
            host = parts.hostname or ""
        except ValueError:
            return False
        return parts.path in RETURNS and (host in hosts or f"[{host}]" in hosts)

    client = Client(CLIENT_ID, client_secret(secret_key(settings)), may_return)
    return Provider(
        settings.own_address + PATH,
        client,
        signing_key(settings.data),
        people,
        CacheShelf(),
        styles=["/static/vendor/tabler-1.6.1/tabler.min.css", "/static/larrey/larrey.css"],
        scripts=["/static/larrey/theme.js"],
        icon="/static/larrey/icon.svg",
    )

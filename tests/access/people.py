"""What the tests of sign-in share: an account, signing in with it, and the trace."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test import Client

from larrey.access import accounts
from larrey.access.models import Account
from larrey.kit import clock

PASSWORD = "cheval-agrafe-pile"
SIGNED_IN = "/account/sessions"
"""A page for whoever is signed in."""
FIREFOX = "Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:140.0) Gecko/20100101 Firefox/140.0"


def person(username: str = "jeanne", role: str = "doctor", rpps: str = "") -> Account:
    """An account with ``PASSWORD``."""
    account = accounts.create(username, name=f"Dr {username.title()} Martin", role=role, password=PASSWORD)
    if rpps:
        account.rpps = rpps
        account.save(update_fields=["rpps"])
    return account


def sign_in(client: Client, username: str = "jeanne", password: str = PASSWORD, **extra: Any) -> int:
    """The status of a sign-in: 302 when it succeeds."""
    return client.post("/account/sign-in", {"login": username, "password": password}, **extra).status_code


def signed_in(username: str = "jeanne", **extra: Any) -> Client:
    """A browser in which ``username`` is signed in."""
    client = Client(headers={"user-agent": FIREFOX})
    assert sign_in(client, username, **extra) == 302
    return client


def is_in(client: Client) -> bool:
    """Whether the browser's session opens pages."""
    return client.get(SIGNED_IN).status_code == 200


def traced() -> list[tuple[str, str, str, str]]:
    """(actor, action, what, why) of what the trace tells of sessions, oldest first."""
    with connection.cursor() as cursor:
        cursor.execute("select actor, action, what, why from access_audit where action <> 'grant' order by id")
        return list(cursor.fetchall())


def later(monkeypatch: pytest.MonkeyPatch, **after: float) -> None:
    """The clock says that so much more time has passed."""
    before = clock.now
    monkeypatch.setattr(clock, "now", lambda: before() + timedelta(**after))

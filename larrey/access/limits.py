"""Limits on wrong passwords and codes, by account and by address, and the way back.

They are allauth's (``ACCOUNT_RATE_LIMITS["login_failed"]``), kept in the database's cache, so that all processes count
together. What allauth does not have: when the wait ends, and how an administrator ends it.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime

from allauth.core.internal import ratelimit
from allauth.core.internal.ratelimit import Rate
from django.core.cache import cache
from django.http import HttpRequest

from larrey.access.models import Account

_WHAT = {"app": "allauth.account", "action": "login_failed"}


def name_key(username: str) -> str:
    """What failures are counted by: the user name as typed, whether or not an account has it."""
    return username.strip().lower()[:200]


def wait_ends(request: HttpRequest, username: str) -> datetime | None:
    """When ``username`` may be tried again from where ``request`` comes, or ``None`` when it may be tried now."""
    ends = [end for rate, cache_key in _keys(request, name_key(username)) if (end := _end(rate, cache_key)) is not None]
    return max(ends, default=None)


def forgive(account: Account) -> None:
    """Forget the failures of ``account``: wrong passwords and wrong codes. What an address did stays counted."""
    for key in (name_key(account.username), f"mfa-auth-user-{account.pk}"):
        for rate in ratelimit.get_rates(**_WHAT):
            if rate.per == "key":
                cache.delete(ratelimit.get_cache_key(HttpRequest(), **_WHAT, rate=rate, key=key))


def _keys(request: HttpRequest, key: str) -> Iterator[tuple[Rate, str]]:
    for rate in ratelimit.get_rates(**_WHAT):
        yield rate, ratelimit.get_cache_key(request, **_WHAT, rate=rate, key=key)


def _end(rate: Rate, cache_key: str) -> datetime | None:
    """Failures are kept newest first; a new try is free again when the oldest that counts is old enough."""
    now = datetime.now(UTC).timestamp()
    counted = [moment for moment in cache.get(cache_key, []) if moment > now - rate.duration]
    if len(counted) < rate.amount:
        return None
    return datetime.fromtimestamp(counted[rate.amount - 1] + rate.duration, UTC)

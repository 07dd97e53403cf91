"""From a signed-in person to a ``Caller`` of the record."""

from __future__ import annotations

from typing import Any

from larrey.access.models import Account
from larrey.access.roles import RIGHTS
from larrey.kit.errors import Forbidden, Unauthenticated
from larrey.store.caller import EVERYONE, Caller


def for_user(user: Any) -> Caller:
    """What ``user`` (``request.user``) may do on the record, by role.

    Raises ``Unauthenticated`` for a stranger and ``Forbidden`` for a disabled account.
    """
    if not isinstance(user, Account) and not getattr(user, "is_authenticated", False):
        raise Unauthenticated("Sign in first.")
    if not user.is_active:
        raise Forbidden("This account is disabled.")
    return Caller(
        actor=f"account:{user.username}", rights=RIGHTS.get(user.role, {}), sight=EVERYONE, role=user.role, account=user.pk
    )

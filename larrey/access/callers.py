"""From a signed-in person to a ``Caller`` of the record."""

from __future__ import annotations

from typing import Any

from psycopg import Cursor

from larrey.access import record, standing
from larrey.access.models import Account
from larrey.access.standing import finding
from larrey.kit.errors import Forbidden, Unauthenticated
from larrey.store.caller import Caller

__all__ = ["finding", "for_user"]


def for_user(user: Any, cursor: Cursor[Any] | None = None) -> Caller:
    """What ``user`` (``request.user``) may do on the record, and whose rows she sees: by her role and her units.

    Uses ``cursor`` where there is one already, else Django's own connection. Raises ``Unauthenticated`` for a stranger
    and ``Forbidden`` for a disabled account.
    """
    if not isinstance(user, Account) or not user.is_authenticated:
        raise Unauthenticated("Sign in first.")
    if not user.is_active:
        raise Forbidden("This account is disabled.")
    if user.pk is None:
        raise Unauthenticated("This account was never kept.")
    if cursor is not None:
        return standing.caller_of(cursor, user.pk)
    with record.cursor() as opened:
        return standing.caller_of(opened, user.pk)

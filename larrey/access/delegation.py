"""The care of a unit given to a person for a time: a locum, a doctor on call. It widens whom she sees, never what she may do."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from django.db import transaction

from larrey.access import accounts, record
from larrey.access.models import Account, Delegation
from larrey.access.roles import NOTHING, RULES
from larrey.kit import clock
from larrey.kit.errors import Invalid, NotFound
from larrey.store.caller import Caller

LONGEST_DAYS = 366
"""Days that a delegation may last; who stays longer has a role in the record."""
_UNIT = "select 1 from record.resource where type = 'Organization' and id = %s"


def grant(
    username: str,
    organization: str,
    *,
    ends: datetime,
    reason: str,
    starts: datetime | None = None,
    by: Caller = accounts.COMMAND,
) -> Delegation:
    """Let ``username`` care for the patients of ``organization`` (an Organization's id) and of all below it.

    From ``starts`` (aware; now when absent) to ``ends``. Written to the trace. Raises ``NotFound`` for an unknown account or unit
    and ``Invalid`` for a disabled account, a role that sees no unit, times that hold no time, a missing reason.
    """
    account, now = accounts.get(username), clock.now()
    start = starts or now
    if not account.is_active:
        raise Invalid(f"The account {account.username} is disabled.")
    if RULES.get(account.role, NOTHING).reach not in ("unit", "hospital"):
        raise Invalid(f"The role {account.role} sees no unit's patients.")
    if ends <= max(start, now):
        raise Invalid("A delegation ends after it begins, and in the future.")
    if (ends - start).days >= LONGEST_DAYS:
        raise Invalid(f"A delegation lasts less than {LONGEST_DAYS} days.")
    if not reason.strip():
        raise Invalid("Say why.")
    with transaction.atomic():
        with record.cursor() as cursor:
            if cursor.execute(_UNIT, (organization,)).fetchone() is None:
                raise NotFound(f"There is no Organization/{organization} in the record.")
        made = Delegation.objects.create(
            account=account,
            organization=organization,
            starts=start,
            ends=ends,
            reason=reason.strip()[:200],
            granted_by=by.actor[:100],
        )
        accounts.granted(account, f"delegated Organization/{organization} until {clock.instant(ends)} ({made.reason})", by)
    return made


def end(username: str, organization: str = "", *, by: Caller = accounts.COMMAND) -> int:
    """End what runs or is still to come: of one unit, or of all. Returns how many; raises ``NotFound`` when there is none."""
    account, now = accounts.get(username), clock.now()
    with transaction.atomic():
        open_ = Delegation.objects.filter(account=account, revoked=None, ends__gt=now)
        if organization:
            open_ = open_.filter(organization=organization)
        ended = open_.update(revoked=now)
        if not ended:
            raise NotFound(f"{account.username} has no delegation{f' of Organization/{organization}' if organization else ''}.")
        accounts.granted(account, f"delegation ended{f': Organization/{organization}' if organization else ''}", by)
    return ended


def current(account: Account) -> Sequence[Delegation]:
    """What runs or is still to come, the first to end first."""
    return list(Delegation.objects.filter(account=account, revoked=None, ends__gt=clock.now()).order_by("ends", "id"))

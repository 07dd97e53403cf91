"""Delegation in time: a locum sees the unit's patients while it lasts, and not a minute longer."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import psycopg
import pytest
from psycopg import Cursor

from larrey.access import accounts, callers, delegation, standing, tokens
from larrey.access.models import Account, AuditEntry
from larrey.kit import clock
from larrey.kit.errors import Invalid, NotFound, Unauthenticated
from larrey.store.caller import Sight
from larrey.store.keys import resource_key

pytestmark = pytest.mark.usefixtures("site")
Staff = Callable[..., int]
HOUR = timedelta(hours=1)


def units(account: int) -> set[str]:
    keys = set(callers.for_user(Account.objects.get(pk=account)).sight.keys)
    return {unit for unit in ("cardio", "rehab", "hospital") if resource_key("Organization", unit) in keys}


def test_a_locum_sees_the_unit_for_a_time(staff: Staff, monkeypatch: pytest.MonkeyPatch) -> None:
    anne = staff("doctor", "cardio", username="anne")
    staff("nurse", "rehab")
    made = delegation.grant("anne", "rehab", ends=clock.now() + HOUR, reason="Locum of Dr Petit")
    assert units(anne) == {"cardio", "rehab"}  # at once in this process
    assert delegation.current(Account.objects.get(pk=anne)) == [made]
    real = clock.now
    monkeypatch.setattr(clock, "now", lambda: real() + HOUR)
    standing.forget()
    assert units(anne) == {"cardio"}
    assert delegation.current(Account.objects.get(pk=anne)) == []


def test_it_begins_when_it_begins(staff: Staff, monkeypatch: pytest.MonkeyPatch) -> None:
    anne = staff("doctor", "cardio", username="anne")
    staff("nurse", "rehab")
    now = clock.now()
    delegation.grant("anne", "rehab", starts=now + HOUR, ends=now + 2 * HOUR, reason="On call")
    assert units(anne) == {"cardio"}
    monkeypatch.setattr(clock, "now", lambda: now + HOUR)
    standing.forget()
    assert units(anne) == {"cardio", "rehab"}


def test_a_locum_without_a_role_of_her_own(staff: Staff) -> None:
    staff("nurse", "rehab")
    paul = staff("doctor", "", username="paul")
    assert units(paul) == set()
    delegation.grant("paul", "rehab", ends=clock.now() + HOUR, reason="Locum")
    caller = callers.for_user(Account.objects.get(pk=paul))
    assert units(paul) == {"rehab"}
    assert (caller.place, caller.sight.person) == ("rehab", 0)
    assert resource_key("Location", "rehab") in caller.sight.keys


def test_ending_it(staff: Staff, cursor: Cursor) -> None:
    anne = staff("doctor", "cardio", username="anne")
    staff("nurse", "rehab")
    delegation.grant("anne", "rehab", ends=clock.now() + HOUR, reason="Locum")
    secret = tokens.create(cursor, "anne", account="anne")
    assert resource_key("Organization", "rehab") in tokens.verify(cursor, secret).sight.keys
    assert delegation.end("anne", "rehab") == 1
    assert units(anne) == {"cardio"}
    assert resource_key("Organization", "rehab") not in tokens.verify(cursor, secret).sight.keys
    with pytest.raises(NotFound):
        delegation.end("anne")
    entries = AuditEntry.objects.filter(action="grant").order_by("id")
    assert [entry.what.split(" (")[0].split(" until")[0] for entry in entries] == [
        "account:anne delegated Organization/rehab",
        "account:anne delegation ended: Organization/rehab: doctor Practitioner/anne",
    ]
    assert {entry.actor for entry in entries} == {"system:command"}


def test_bad_delegations_are_refused(staff: Staff) -> None:
    staff("doctor", "cardio", username="anne")
    staff("administrator", "", username="boss")
    later = clock.now() + HOUR
    for username, unit, ends, reason, error in [
        ("nobody", "cardio", later, "x", NotFound),
        ("anne", "nowhere", later, "x", NotFound),
        ("anne", "cardio", clock.now() - HOUR, "x", Invalid),
        ("anne", "cardio", later + timedelta(days=400), "x", Invalid),
        ("anne", "cardio", later, "  ", Invalid),
        ("boss", "cardio", later, "x", Invalid),
    ]:
        with pytest.raises(error):
            delegation.grant(username, unit, ends=ends, reason=reason)
    with pytest.raises(Invalid):
        delegation.grant("anne", "cardio", starts=later, ends=later, reason="x")
    accounts.disable("anne")
    with pytest.raises(Invalid):
        delegation.grant("anne", "cardio", ends=later, reason="x")


def test_leaving_closes_sessions_and_tokens(staff: Staff, cursor: Cursor, connection: psycopg.Connection) -> None:
    """The real time to live: the account and the role end behind this process's back, as another process would end them."""
    anne = staff("doctor", "cardio", username="anne")
    secret = tokens.create(cursor, "anne", account="anne")
    assert tokens.verify(cursor, secret).sight.keys
    connection.execute("update record.resource set body = %s where id = 'anne-cardio'", (b'{"active":false}',))
    standing.forget(anne)
    assert tokens.verify(cursor, secret).sight == Sight(told=True)
    connection.execute("update access_account set is_active = false")
    standing.forget(anne)
    with pytest.raises(Unauthenticated):
        tokens.verify(cursor, secret)

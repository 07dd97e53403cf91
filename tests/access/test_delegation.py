"""Delegation in time: a locum sees the unit's patients while it lasts, and not a minute longer."""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import timedelta

import psycopg
import pytest
from django.test import Client
from psycopg import Cursor

from larrey import store
from larrey.access import accounts, callers, delegation, standing, tokens
from larrey.access.models import Account, AuditEntry
from larrey.kit import clock
from larrey.kit.errors import Invalid, NotFound, Unauthenticated
from larrey.store.caller import Sight, system
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


def test_an_open_session_loses_what_ends(staff: Staff, connection: psycopg.Connection, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(standing, "SECONDS", 0.5)
    anne = staff("doctor", "cardio", username="anne")
    staff("nurse", "rehab")
    stay = {
        "resourceType": "Encounter",
        "id": "stay",
        "status": "in-progress",
        "class": {"code": "IMP"},
        "subject": {"reference": "Patient/claire"},
        "period": {"start": (clock.now() - HOUR).isoformat()},
        "serviceProvider": {"reference": "Organization/rehab"},
    }
    patient = {"resourceType": "Patient", "id": "claire", "name": [{"family": "Martin", "given": ["Claire"]}]}
    store.retry(connection, lambda cursor: [store.update(cursor, system("test"), one) for one in (patient, stay)])
    client = Client()
    client.force_login(Account.objects.get(pk=anne), backend="allauth.account.auth_backends.AuthenticationBackend")

    def page() -> int:
        time.sleep(0.6)
        return client.get("/chart/claire").status_code

    assert page() == 403
    insert = (
        "insert into access_delegation (account_id, organization, starts, ends, reason, granted_by)"
        " values (%s, 'rehab', now(), now() + interval '1 hour', 'Locum', 'test') returning id"
    )
    connection.execute(insert, (anne,))  # as another process would: this one is told nothing
    assert page() == 200
    connection.execute("update access_delegation set revoked = now()")
    assert page() == 403
    duty = {
        "resourceType": "PractitionerRole",
        "id": "anne-rehab",
        "practitioner": {"reference": "Practitioner/anne"},
        "organization": {"reference": "Organization/rehab"},
    }
    store.retry(connection, lambda cursor: store.update(cursor, system("test"), duty))
    assert page() == 200
    ended = duty | {"period": {"end": (clock.now() - HOUR).isoformat()}}
    store.retry(connection, lambda cursor: store.update(cursor, system("test"), ended))
    assert page() == 403
    connection.execute("update access_account set is_active = false")
    assert page() == 302  # to the sign-in page

"""A ward with two patients, people of each role, and what they did."""

from __future__ import annotations

import html
import re
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import psycopg
import pytest
from django.test import Client
from psycopg import Cursor

from larrey import store
from larrey.access import trail
from larrey.access.models import Account
from larrey.access.trail import Action
from larrey.kit.clock import now
from larrey.store.caller import Caller

ANNE = "anne"
"""In the ward; she has an account of her own."""
PAUL = "paul"
"""In no unit of anyone."""
GIVEN = {"reason": "emergency", "text": "Malaise au scanner, vue avec Dr Morvan"}


def patient(id_: str, family: str, given: str, birth: str, **more: Any) -> dict[str, Any]:
    number = {"system": "urn:oid:1.2.3", "value": f"IPP-{id_}"}
    names = [{"use": "official", "family": family, "given": [given]}]
    return {"resourceType": "Patient", "id": id_, "name": names, "birthDate": birth, "identifier": [number], **more}


def stay(id_: str, owner: str, unit: str, **more: Any) -> dict[str, Any]:
    return {
        "resourceType": "Encounter",
        "id": id_,
        "status": "in-progress",
        "class": {"code": "IMP"},
        "subject": {"reference": f"Patient/{owner}"},
        "period": {"start": (now() - timedelta(hours=6)).isoformat(timespec="seconds")},
        "serviceProvider": {"reference": f"Organization/{unit}"},
        **more,
    }


Put = Callable[..., None]


@pytest.fixture
def put(connection: psycopg.Connection, caller: Caller) -> Put:
    """``put(resource, …)``: write resources."""

    def write(*resources: dict[str, Any]) -> None:
        store.retry(connection, lambda cursor: [store.update(cursor, caller, each) for each in resources])

    return write


SignedIn = Callable[..., Client]


@pytest.fixture
def signed_in(site: str, staff: Callable[..., int]) -> SignedIn:
    """``signed_in("doctor", "ward")``: a browser in which someone of that role and unit has signed in."""

    def make(role: str, unit: str = "ward", language: str = "fr", **more: Any) -> Client:
        client = Client()
        account = Account.objects.get(pk=staff(role, unit, **more))
        client.force_login(account, backend="allauth.account.auth_backends.AuthenticationBackend")
        client.cookies["larrey_language"] = language
        return client

    return make


@pytest.fixture
def ward(put: Put, staff: Callable[..., int]) -> None:
    """``ANNE`` in the unit ``ward``; ``PAUL`` nowhere."""
    staff("nurse", "ward", username="somebody")
    put(patient(ANNE, "Keller", "Anne", "1962-05-04"), patient(PAUL, "Roche", "Paul", "1990-01-01"), stay("s1", ANNE, "ward"))


@pytest.fixture
def officer(signed_in: SignedIn) -> Client:
    return signed_in("security-officer", "")


@pytest.fixture
def did(connection: psycopg.Connection) -> Callable[..., None]:
    """``did(account, action, patient_id, what, at=…)``: something of the past, written into the trace."""

    def write(
        account: int, action: Action, patient_id: str | None, what: str = "", *, at: datetime | None = None, why: str = "stay"
    ) -> None:
        with connection.transaction(), connection.cursor() as cursor:
            row = cursor.execute("select username, role from access_account where id = %s", (account,)).fetchone()
            assert row is not None
            who = Caller(actor=f"account:{row[0]}", role=row[1], place="ward", account=account)
            what = what or f"Patient/{patient_id}"
            trail.trace(cursor, who, action, what, patient_id=patient_id, why=why, address="10.1.2.3")
            if at is not None:
                cursor.execute("alter table access_audit disable trigger user")
                cursor.execute("update access_audit set at = %s where id = (select max(id) from access_audit)", (at,))
                cursor.execute("alter table access_audit enable trigger user")

    return write


@pytest.fixture
def statements(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Every SQL statement sent from now on, Django's and the record's."""
    sent: list[str] = []
    execute = Cursor.execute

    def counted(self: Any, query: Any, *args: Any, **kwargs: Any) -> Any:
        sent.append(str(query))
        return execute(self, query, *args, **kwargs)

    monkeypatch.setattr(Cursor, "execute", counted)
    return sent


def words(response: Any) -> str:
    """What a page says."""
    text = response.content.decode()
    main = text.partition("<main")[2] or text
    return " ".join(html.unescape(re.sub(r"<[^>]+>", " ", "<main" + main)).split())

"""What is done inside an installation under measurement, in a process of its own: sign-ins, statements counted.

``python -m larrey.cli.benchmarks.inside sessions COUNT`` prints the keys of as many signed-in sessions of doctors, one a
line; ``… statements PATH`` prints how many SQL statements the page at PATH sends to a doctor; ``… rule PATH`` the median
milliseconds of that page by the rule of access, then without it.
"""

from __future__ import annotations

import os
import sys
from dataclasses import replace
from statistics import median
from time import perf_counter
from typing import TYPE_CHECKING, Any

from larrey.kit.errors import Fault
from larrey.site import schema
from larrey.store.caller import EVERYONE, Caller
from larrey.store.keys import resource_key

if TYPE_CHECKING:
    from larrey.access.models import Account

PEOPLE = 200
"""Doctors whose sessions are opened; each has several, as on the computers of a ward."""
_TIES = """
insert into record.care (patient, who, low, high, ground, key)
select p.patient, %(who)s, '-infinity', 'infinity', 'C', 0 from record.resource p
where p.type = 'Patient' and not exists (select from record.care c where c.patient = p.patient and c.who = %(who)s)
"""
_BACKEND = "allauth.account.auth_backends.AuthenticationBackend"


def sessions(count: int) -> list[str]:
    """Keys of ``count`` sessions, written as signing in writes them; the password, which costs by design, is not asked."""
    from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY
    from django.db import transaction

    from larrey.access.sessions import SessionStore

    keys = []
    with transaction.atomic():
        people = [_doctor(number) for number in range(min(PEOPLE, count))]
        for number in range(count):
            person = people[number % len(people)]
            store = SessionStore()
            store.begin(person, "127.0.0.1", "bench", "password")
            store[SESSION_KEY] = str(person.pk)
            store[BACKEND_SESSION_KEY] = _BACKEND
            store[HASH_SESSION_KEY] = person.get_session_auth_hash()
            store.create()
            keys.append(str(store.session_key))
    return keys


def _doctor(number: int) -> Account:
    from larrey.access.models import Account
    from larrey.access.roles import Role

    account, _ = Account.objects.get_or_create(
        username=f"bench{number}", defaults={"name": f"Dr Mesure {number}", "role": Role.DOCTOR}
    )
    if not account.practitioner:
        account.practitioner = account.username
        account.save(update_fields=["practitioner"])
        _engage(account.username, account.name)
    return account


def _engage(username: str, name: str) -> None:
    """Give her a role in a unit whose team cares for everyone in the base, so that every chart is one that she may open."""
    from larrey import store
    from larrey.access import record
    from larrey.store.caller import system

    unit, person = {"reference": "Organization/bench-unit"}, {"reference": f"Practitioner/{username}"}
    with record.cursor() as cursor:
        for resource in (
            {"resourceType": "Organization", "id": "bench-unit", "name": "Mesures"},
            {"resourceType": "Practitioner", "id": username, "name": [{"text": name}]},
            {"resourceType": "PractitionerRole", "id": username, "practitioner": person, "organization": unit},
        ):
            store.update(cursor, system("bench"), resource)
        cursor.execute(_TIES, {"who": resource_key("Organization", "bench-unit")})


def statements(path: str) -> int:
    """SQL statements sent by the page at ``path``, once what a process reads only once has been read."""
    from django.test import Client
    from psycopg import Cursor

    client, sent = Client(headers={"host": "127.0.0.1"}), []
    client.force_login(_doctor(0), backend=_BACKEND)
    client.get(path)
    execute = Cursor.execute

    def counted(self: Any, query: Any, *args: Any, **kwargs: Any) -> Any:
        sent.append(query)
        return execute(self, query, *args, **kwargs)

    Cursor.execute = counted  # type: ignore[method-assign]  # every statement goes through it, Django's too
    try:
        client.get(path)
    finally:
        Cursor.execute = execute  # type: ignore[method-assign]  # as it was
    return len(sent)


def rule(path: str, requests: int = 60) -> tuple[float, float]:
    """Median milliseconds of the page at ``path`` for a doctor who sees it by her unit, and for one before whom all is open."""
    from unittest import mock

    from django.test import Client

    from larrey.access import callers

    asked = callers.for_user

    def unbounded(*arguments: Any) -> Caller:
        return replace(asked(*arguments), sight=EVERYONE)

    client = Client(headers={"host": "127.0.0.1"})
    client.force_login(_doctor(0), backend=_BACKEND)
    times: tuple[list[float], list[float]] = ([], [])
    for turn in range(-10, requests):
        for found, answer in zip(times, (asked, unbounded), strict=True):
            with mock.patch.object(callers, "for_user", answer):
                began = perf_counter()
                response = client.get(path)
            if response.status_code != 200:
                raise Fault(f"{path} failed under measurement: {response.status_code}")
            if turn >= 0:
                found.append((perf_counter() - began) * 1000)
    return median(times[0]), median(times[1])


def main() -> None:
    """See the module."""
    what, value = sys.argv[1:]
    schema.start_django(os.environ["LARREY_DATABASE_URL"])
    printed = {
        "sessions": lambda: "\n".join(sessions(int(value))),
        "statements": lambda: str(statements(value)),
        "rule": lambda: " ".join(map(str, rule(value))),
    }
    sys.stdout.write(printed[what]())


if __name__ == "__main__":
    main()

"""Fixtures for every test: one PostgreSQL for the run, and empty records cut from one template.

Each test process (pytest-xdist starts several) has a server of its own, without fsync, in a temporary folder.
``LARREY_TEST_DATABASE_URL`` names a server to use instead; it must allow its user to create databases.
Ask for the narrowest thing: ``connection`` (an empty record for this test), ``module_connection`` (one record
that the tests of a file share, for those that fill it once and then only read), ``new_database`` (as many as you like),
``site`` and ``module_site`` (Django's pages on the same database as ``connection`` and ``module_connection``),
``staff`` and ``module_staff`` (accounts of people who work in a unit of the record).
"""

from __future__ import annotations

import os
import secrets
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit, urlunsplit

import hypothesis
import psycopg
import pytest
from psycopg import sql

from larrey.site import postgres, schema
from larrey.store.caller import Caller, system

# What is taken or refused must not depend on luck; at a desk each run looks at other examples.
hypothesis.settings.register_profile("ci", derandomize=True)
if os.environ.get("CI"):
    hypothesis.settings.load_profile("ci")

TEMPLATE = "larrey_template_" + secrets.token_hex(4)


def _start_django() -> None:
    """Load Django before the tests are collected, because rooms' tests import models. It connects to nothing yet."""
    with pytest.MonkeyPatch.context() as patch:
        for name in [name for name in os.environ if name.startswith("LARREY_")]:
            patch.delenv(name)
        patch.setenv("LARREY_SECRET_KEY", secrets.token_urlsafe(48))
        patch.setenv("LARREY_DATABASE_URL", "postgresql://nobody@127.0.0.1:1/none")
        schema.start_django()


_start_django()


@pytest.fixture(scope="session", autouse=True)
def environment(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """No setting of the developer's own reaches the tests, and no test writes to her data folder."""
    with pytest.MonkeyPatch.context() as patch:
        for name in [name for name in os.environ if name.startswith("LARREY_") and not name.startswith("LARREY_TEST_")]:
            patch.delenv(name)
        patch.setenv("LARREY_DATA", str(tmp_path_factory.mktemp("data")))
        patch.setenv("LARREY_SECRET_KEY", secrets.token_urlsafe(48))
        yield


@pytest.fixture(scope="session")
def server_url() -> Iterator[str]:
    """A PostgreSQL on which databases may be created and dropped."""
    given = os.environ.get("LARREY_TEST_DATABASE_URL")
    if given:
        yield given
        return
    with (
        tempfile.TemporaryDirectory(prefix="larrey-test-") as folder,
        postgres.start(Path(folder) / "data", durable=False, options={"shared_buffers": "256MB"}) as server,
    ):
        yield server.url


@pytest.fixture(scope="session")
def template(server_url: str) -> Iterator[str]:
    """The name of a migrated, empty database that is only ever copied."""
    with psycopg.connect(server_url, autocommit=True) as admin:
        name = sql.Identifier(TEMPLATE)
        admin.execute(sql.SQL("create database {}").format(name))
        schema.migrate(with_database(server_url, TEMPLATE))
        yield TEMPLATE
        admin.execute(sql.SQL("drop database {} with (force)").format(name))


@pytest.fixture(scope="session")
def new_database(server_url: str, template: str) -> Iterator[Callable[[], str]]:
    """Makes an empty record each time it is called and returns its URL; all are dropped at the end of the run."""
    made: list[str] = []
    with psycopg.connect(server_url, autocommit=True) as admin:

        def make() -> str:
            made.append(f"larrey_test_{secrets.token_hex(6)}")
            create = sql.SQL("create database {} template {} strategy file_copy")
            admin.execute(create.format(sql.Identifier(made[-1]), sql.Identifier(template)))
            return with_database(server_url, made[-1])

        yield make
        if not os.environ.get("LARREY_TEST_DATABASE_URL"):
            return  # the whole server is thrown away, which is quicker than hundreds of its databases
        for name in made:
            admin.execute(sql.SQL("drop database if exists {} with (force)").format(sql.Identifier(name)))


@pytest.fixture
def database_url(new_database: Callable[[], str]) -> str:
    """An empty record for this test alone."""
    return new_database()


@pytest.fixture
def connection(database_url: str) -> Iterator[psycopg.Connection]:
    """A connection to ``database_url``, in autocommit."""
    with psycopg.connect(database_url, autocommit=True) as opened:
        yield opened


@pytest.fixture
def cursor(connection: psycopg.Connection) -> Iterator[psycopg.Cursor]:
    """A cursor of ``connection``."""
    with connection.cursor() as opened:
        yield opened


@pytest.fixture(scope="module")
def module_database_url(new_database: Callable[[], str]) -> str:
    """An empty record that the tests of one file share."""
    return new_database()


@pytest.fixture(scope="module")
def module_connection(module_database_url: str) -> Iterator[psycopg.Connection]:
    """A connection to ``module_database_url``, in autocommit."""
    with psycopg.connect(module_database_url, autocommit=True) as opened:
        yield opened


@contextmanager
def django_on(url: str) -> Iterator[str]:
    """Django at work on ``url``: ``django.test.Client`` and models see that database."""
    from django.core.cache import cache
    from django.db import connection as django_connection
    from django.test.utils import setup_test_environment, teardown_test_environment

    schema.start_django(url)
    setup_test_environment(debug=False)
    yield url
    teardown_test_environment()
    cache.clear()
    django_connection.close()


@pytest.fixture
def site(database_url: str) -> Iterator[str]:
    """Django on the database of this test, which it returns."""
    with django_on(database_url) as url:
        yield url


@pytest.fixture(scope="module")
def module_site(module_database_url: str) -> Iterator[str]:
    """Django on the database that the tests of this file share, which it returns."""
    with django_on(module_database_url) as url:
        yield url


@pytest.fixture(scope="session")
def caller() -> Caller:
    """Someone who may do everything."""
    return system("test")


def put_staff(
    connection: psycopg.Connection[Any],
    role: str,
    unit: str = "ward",
    *,
    username: str = "",
    hospital: str = "hospital",
    period: dict[str, str] | None = None,
    patient: str = "",
    representative: bool = False,
    sensitive: bool = False,
    name: str = "",
) -> int:
    """An account of ``role`` that belongs to someone who works in ``unit``; returns its primary key.

    Written into the record unless they are there: ``Organization/<hospital>`` (a site with a FINESS),
    ``Organization/<unit>`` below it (``sensitive``: labelled PSY) and ``Location/<unit>`` that it manages. Then
    ``Practitioner/<username>`` and ``PractitionerRole/<username>-<unit>`` (in force within ``period``, always when absent).
    ``username`` is ``role`` by default; called again with the same one, she gets one more unit. ``unit=""``: no
    professional is written. ``patient``: the id of her own Patient. ::

        nurse = staff("nurse", "cardio")
        client.force_login(Account.objects.get(pk=nurse), backend="allauth.account.auth_backends.AuthenticationBackend")
        caller = standing.caller_of(cursor, nurse)
    """
    from larrey import store
    from larrey.access import standing
    from larrey.store import hospitals

    username = username or role
    label = {"system": "http://terminology.hl7.org/CodeSystem/v3-ActCode", "code": "PSY"}
    finess = {"type": {"coding": [{"code": "FINEG"}]}, "value": hospital}
    structure: list[dict[str, Any]] = [
        {"resourceType": "Organization", "id": hospital, "name": hospital, "identifier": [finess]},
        {"resourceType": "Organization", "id": unit, "name": unit, "partOf": {"reference": f"Organization/{hospital}"}}
        | ({"meta": {"security": [label]}} if sensitive else {}),
        {"resourceType": "Location", "id": unit, "name": unit, "managingOrganization": {"reference": f"Organization/{unit}"}},
    ]
    person: list[dict[str, Any]] = [
        {"resourceType": "Practitioner", "id": username, "name": [{"family": username, "text": name or username}]},
        {
            "resourceType": "PractitionerRole",
            "id": f"{username}-{unit}",
            "practitioner": {"reference": f"Practitioner/{username}"},
            "organization": {"reference": f"Organization/{unit}"},
        }
        | ({"period": period} if period else {}),
    ]
    with connection.transaction(), connection.cursor(binary=True) as cursor:
        if unit:
            for resource in structure:
                there = "select 1 from record.resource where type = %s and id = %s"
                if cursor.execute(there, (resource["resourceType"], resource["id"])).fetchone() is None:
                    store.update(cursor, system("test"), resource)
            for resource in person:
                store.update(cursor, system("test"), resource)
        found = cursor.execute(
            """insert into access_account (username, name, role, practitioner, patient, representative,
                password, email, rpps, is_active, created)
            values (%s, %s, %s, %s, %s, %s, '!', '', '', true, now())
            on conflict (username) do update set role = excluded.role returning id""",
            (username, name or f"Someone {username}", role, username if unit else "", patient, representative),
        ).fetchone()
    hospitals.forget()  # pages would go on with the tree of before for a minute
    standing.forget()
    assert found is not None
    return int(found[0])


@pytest.fixture
def staff(connection: psycopg.Connection) -> Callable[..., int]:
    """``staff(role, unit, …)`` on the record of this test: see ``put_staff``."""
    return partial(put_staff, connection)


@pytest.fixture(scope="module")
def module_staff(module_connection: psycopg.Connection) -> Callable[..., int]:
    """``module_staff(role, unit, …)`` on the record that the tests of this file share: see ``put_staff``."""
    return partial(put_staff, module_connection)


def with_database(url: str, name: str) -> str:
    """``url`` with another database."""
    return urlunsplit(urlsplit(url)._replace(path=f"/{name}"))

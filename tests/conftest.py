"""Fixtures for every test: one PostgreSQL for the run, and empty records cut from one template.

Each test process (pytest-xdist starts several) has a server of its own, without fsync, in a temporary folder.
``LARREY_TEST_DATABASE_URL`` names a server to use instead; it must allow its user to create databases.
Ask for the narrowest thing: ``connection`` (an empty record for this test), ``module_connection`` (one record
that the tests of a file share, for those that fill it once and then only read), ``new_database`` (as many as you like).
"""

from __future__ import annotations

import os
import secrets
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import psycopg
import pytest
from psycopg import sql
from psycopg.conninfo import conninfo_to_dict, make_conninfo

from larrey.site import postgres
from larrey.store import migrations
from larrey.store.caller import Caller, system

TEMPLATE = "larrey_template_" + secrets.token_hex(4)


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
        with psycopg.connect(with_database(server_url, TEMPLATE), autocommit=True) as connection:
            migrations.migrate(connection)
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


@pytest.fixture(scope="session")
def caller() -> Caller:
    """Someone who may do everything."""
    return system("test")


def with_database(url: str, name: str) -> str:
    """``url`` with another database."""
    return make_conninfo("", **{**conninfo_to_dict(url), "dbname": name})

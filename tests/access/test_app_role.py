"""The application's own database role: the whole site works under it, and it can alter nothing of the trace."""

from __future__ import annotations

import io
import os
import secrets
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any
from urllib.parse import urlsplit, urlunsplit

import psycopg
import pytest
from django.db import connection as django_connection
from django.test import Client, override_settings
from django.urls import reverse
from psycopg import errors

from larrey.access import accounts, evidence, purging, seals, tokens
from larrey.access.trail import Action, trace
from larrey.kit import clock, json
from larrey.site import grants, installation, postgres, schema
from larrey.site.settings import load
from larrey.site.wsgi import build
from larrey.store.caller import EVERYONE, Caller

SOMEONE = Caller(actor="account:jane", role="doctor", place="unit", account=7, sight=EVERYONE)
REFUSED = [
    "update access_audit set what = 'nothing'",
    "update access_audit set what = 'nothing' where false",
    "delete from access_audit",
    "truncate access_audit",
    "alter table access_audit disable trigger all",
    "alter table access_audit add column more text",
    "drop trigger access_audit_append_only on access_audit",
    "drop table access_audit",
    "create trigger mine before insert on access_audit for each row execute function access_audit_refuse()",
    "insert into access_audit (id, action) overriding system value values (1, 'open')",
    "insert into access_audit (at, action) values ('2020-01-01', 'open')",
    "insert into access_audit (xid, action) values ('3', 'open')",
    "do $$ begin lock table access_audit in access exclusive mode; end $$",
    "copy access_audit (at, action) from stdin",
    "merge into access_audit a using (select 1) o on true when matched then delete",
    "update access_seal set hash = ''",
    "delete from access_seal",
    "truncate access_seal",
    "insert into access_purge (day, rows, hash, years, signature) values ('2020-01-01', 1, '', 10, '')",
    "delete from access_purge",
    "set session_replication_role = replica",
    "set role larrey",
    "create table mine (a int)",
    "create table record.mine (a int)",
    "alter table record.resource add column mine int",
    "create or replace function access_audit_refuse() returns trigger language plpgsql as 'begin return null; end'",
    "insert into django_migrations (app, name, applied) values ('a', 'b', now())",
    "delete from record_migration",
    "create role mine",
]


def as_application(url: str) -> str:
    return urlunsplit(urlsplit(url)._replace(netloc=f"larrey_app@{urlsplit(url).netloc.rpartition('@')[2]}"))


@pytest.fixture
def application_url(database_url: str) -> str:
    url = as_application(database_url)
    if os.environ.get("LARREY_TEST_DATABASE_URL"):
        with psycopg.connect(database_url, autocommit=True) as owner:  # a server that asks for passwords
            owner.execute("alter role larrey_app password 'larrey-app-of-the-tests'")
        return grants.with_user(database_url, "larrey_app", "larrey-app-of-the-tests")
    return url


@pytest.fixture
def application(application_url: str) -> Iterator[psycopg.Connection]:
    with psycopg.connect(application_url, autocommit=True) as opened:
        yield opened


def test_it_adds_to_the_trace_and_reads_it(application: psycopg.Connection) -> None:
    with application.cursor() as cursor:
        trace(cursor, SOMEONE, Action.OPEN, "Patient/claire", patient_id="claire", address="10.0.0.1")
    rows = application.execute("select actor, action, patient_id, now() - at < '1 minute' from access_audit").fetchall()
    assert rows == [("account:jane", "open", "claire", True)]


@pytest.mark.parametrize("statement", REFUSED)
def test_it_can_alter_nothing(application: psycopg.Connection, statement: str) -> None:
    with application.cursor() as cursor:
        trace(cursor, SOMEONE, Action.OPEN, "Patient/claire", patient_id="claire")
    before = application.execute("select array_agg(a::text) from access_audit a").fetchone()
    with pytest.raises((errors.InsufficientPrivilege, errors.UndefinedObject, errors.InvalidParameterValue)):
        application.execute(statement.encode())
    assert application.execute("select array_agg(a::text) from access_audit a").fetchone() == before


def test_even_the_owner_does_not_alter_the_trace_by_accident(connection: psycopg.Connection) -> None:
    with connection.cursor() as cursor:
        trace(cursor, SOMEONE, Action.OPEN, "Patient/claire", patient_id="claire")
    connection.execute("set larrey.purged_day = '2026-01-01'")
    for statement in ("update access_audit set what = ''", "delete from access_audit", "truncate access_audit"):
        with pytest.raises(errors.InsufficientPrivilege):
            connection.execute(statement.encode())


def test_tables_to_come_are_its_too(connection: psycopg.Connection, application: psycopg.Connection) -> None:
    connection.execute("create table record.later (id bigint generated always as identity, a text)")
    application.execute("insert into record.later (a) values ('b')")
    application.execute("update record.later set a = 'c'")
    assert application.execute("delete from record.later returning a").fetchall() == [("c",)]
    with pytest.raises(errors.InsufficientPrivilege):
        application.execute("truncate record.later")


def test_the_whole_site_works_under_it(connection: psycopg.Connection, application_url: str) -> None:
    """A page, sign-in, an API write, a search, a deletion: through the application that the server runs."""
    with connection.cursor() as cursor:
        secret = tokens.create(cursor, "machine", "system/*.cruds")
    asked = {"HTTP_AUTHORIZATION": f"Bearer {secret}", "CONTENT_TYPE": "application/fhir+json"}
    door = build(load({"LARREY_SECRET_KEY": "k" * 40}), application_url)

    def send(method: str, path: str, body: Any = None, query: str = "") -> tuple[int, bytes]:
        data = b"" if body is None else json.dumps(body)
        environ = {
            "REQUEST_METHOD": method,
            "PATH_INFO": path,
            "QUERY_STRING": query,
            "SERVER_NAME": "localhost",
            "SERVER_PORT": "80",
            "SERVER_PROTOCOL": "HTTP/1.1",
            "CONTENT_LENGTH": str(len(data)),
            "wsgi.input": io.BytesIO(data),
            "wsgi.errors": sys.stderr,
            "wsgi.url_scheme": "http",
            **asked,
        }
        got: list[int] = []
        content = b"".join(door(environ, lambda line, *_: got.append(int(line[:3]))))
        return got[0], content

    patient = {"resourceType": "Patient", "id": "claire", "name": [{"family": "GOFF", "given": ["Claire"]}]}
    assert send("PUT", "/fhir/Patient/claire", patient)[0] == 201
    assert send("PUT", "/fhir/Patient/claire", {**patient, "birthDate": "1960-01-01"})[0] == 200
    code, content = send("GET", "/fhir/Patient", query="name=goff")
    assert (code, json.loads(content)["entry"][0]["resource"]["birthDate"]) == (200, "1960-01-01")
    assert send("POST", "/fhir/Basic", {"resourceType": "Basic", "code": {"text": "x"}})[0] == 201
    assert send("GET", "/readyz")[0] == 200
    assert b"larrey_database_up 1.0" in send("GET", "/metrics")[1]

    schema.start_django(application_url)
    with override_settings(ALLOWED_HOSTS=["testserver"]):
        account = accounts.create("jane", name="Jane", role="doctor", email="", password="une-phrase-longue-a-retenir")
        client = Client()
        assert client.get(reverse("account_login")).status_code == 200
        client.force_login(account)
        assert client.get("/").status_code == 200
        assert client.get("/chart/claire").status_code in {200, 403}  # as the role allows; the database refuses nothing
    django_connection.close()
    assert send("DELETE", "/fhir/Patient/claire")[0] in {200, 204}


def test_check_tells_when_it_could_alter_the_trace(connection: psycopg.Connection, database_url: str) -> None:
    assert grants.failings(connection, "larrey_app") == []
    owner = connection.info.user
    assert grants.failings(connection, owner) == ["is a superuser"] or grants.failings(connection, owner)
    with connection.transaction(force_rollback=True):
        connection.execute("grant update (what), delete on access_audit to larrey_app")
        connection.execute("grant truncate on access_seal to larrey_app")
        found = grants.failings(connection, "larrey_app")
    assert found == ["may UPDATE, DELETE on access_audit", "may TRUNCATE on access_seal"]
    assert grants.failings(connection, "nobody_at_all") == ["is not there"]
    schema.migrate(database_url)
    assert grants.failings(connection, "larrey_app") == []


def test_migrating_takes_back_what_was_given_too_much(connection: psycopg.Connection, database_url: str) -> None:
    connection.execute("grant update, truncate on access_audit to larrey_app")
    assert schema.migrate(database_url) == []
    assert grants.failings(connection, "larrey_app") == []


def test_the_embedded_server_is_served_in_its_role(tmp_path: Path) -> None:
    settings = load({"LARREY_DATA": str(tmp_path)})
    with postgres.start(tmp_path, durable=False) as server:
        schema.migrate(server.url)
        url = installation.application_url(settings, server.url)
        with psycopg.connect(url) as opened:
            assert opened.execute("select current_user").fetchone() == ("larrey_app",)
            with pytest.raises(errors.InsufficientPrivilege):
                opened.execute("delete from access_audit")
        done = subprocess.run(
            [sys.executable, "-m", "larrey", "check"],
            env={**os.environ, "LARREY_DATA": str(tmp_path)},
            capture_output=True,
            text=True,
            check=False,
        )
        assert "trace" in done.stdout
        assert "The application's role larrey_app adds to it and can alter nothing." in done.stdout


def test_a_server_of_ones_own_with_two_roles(server_url: str, new_database: Callable[[], str]) -> None:
    """LARREY_DATABASE_URL is the application's, LARREY_OWNER_DATABASE_URL the owner's; ``migrate`` makes the first."""
    owner, name = new_database(), f"app_{secrets.token_hex(4)}"
    application = grants.with_user(owner, name, "a-password/with?marks")
    bare = {key: value for key, value in os.environ.items() if not key.startswith("LARREY_DATABASE")}
    environment = {**bare, "LARREY_DATABASE_URL": application, "LARREY_OWNER_DATABASE_URL": owner}
    try:
        for expected in (f"role {name}", "Nothing to do."):
            done = subprocess.run(
                [sys.executable, "-m", "larrey", "migrate"], env=environment, capture_output=True, text=True, check=False
            )
            assert expected in done.stdout, done.stderr
        with psycopg.connect(application, autocommit=True) as opened:
            opened.execute("insert into access_audit (action) values ('open')")
            with pytest.raises(errors.InsufficientPrivilege):
                opened.execute("delete from access_audit")
        checked = subprocess.run(
            [sys.executable, "-m", "larrey", "check"], env=environment, capture_output=True, text=True, check=False
        )
        assert f"role {name} adds to it" in checked.stdout
        settings = load({"LARREY_DATABASE_URL": application, "LARREY_SECRET_KEY": "k" * 40})
        assert installation.ensure_schema(application, settings) == []  # a server that knows the application's role alone
        one = {**bare, "LARREY_DATABASE_URL": owner}
        checked = subprocess.run([sys.executable, "-m", "larrey", "check"], env=one, capture_output=True, text=True, check=False)
        assert "warning  trace" in checked.stdout
    finally:
        with psycopg.connect(owner, autocommit=True) as admin:
            admin.execute(f"drop owned by {name}".encode())
            admin.execute(f"drop role {name}".encode())


@pytest.mark.parametrize("may", ["createrole", "nocreaterole"])
def test_an_owner_who_is_no_superuser(server_url: str, may: str) -> None:
    """She makes the application's role when she may; else the administrator does, and the next migration gives it its rights."""
    name = f"larrey_test_{secrets.token_hex(4)}"
    owner = grants.with_user(urlunsplit(urlsplit(server_url)._replace(path=f"/{name}")), f"{name}_owner", "secret")
    application = grants.with_user(owner, f"{name}_app", "secret")
    with psycopg.connect(server_url, autocommit=True) as admin:
        admin.execute(f"create role {name}_owner login password 'secret' {may}".encode())
        admin.execute(f"create database {name} owner {name}_owner".encode())
        try:
            done = schema.migrate(owner, application)
            assert (f"role {name}_app" in done) is (may == "createrole")
            if may == "nocreaterole":
                with psycopg.connect(owner) as connection:
                    assert grants.failings(connection, f"{name}_app") == ["is not there"]
                admin.execute(f"create role {name}_app login password 'secret'".encode())
                assert schema.migrate(owner, application) == []
            with psycopg.connect(owner, autocommit=True) as connection:
                assert grants.failings(connection, f"{name}_app") == []
                assert grants.failings(connection, f"{name}_owner")[-3:] == [f"owns {table}" for table in grants.TRACE]
                connection.execute("insert into access_audit (action, at) values ('open', '2001-01-01')")
                seals.seal(connection)
                with TemporaryDirectory() as folder:
                    key, today = evidence.signing_key(Path(folder)), clock.now().date()
                    purging.purge(connection, 10, Path(folder) / "out", key, today=today, done=lambda *_: None)
                assert connection.execute("select count(*) from access_audit").fetchone() == (0,)
            with psycopg.connect(application, autocommit=True) as connection, connection.cursor() as cursor:
                trace(cursor, SOMEONE, Action.OPEN, "Patient/claire", patient_id="claire")
                assert seals.seal(connection) == 1
                assert seals.verify(connection).problems == []
        finally:
            django_connection.close()
            admin.execute(f"drop database {name} with (force)".encode())
            admin.execute(f"drop role if exists {name}_app".encode())
            admin.execute(f"drop role {name}_owner".encode())

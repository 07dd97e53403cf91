"""How a command finds its database, and how the schema gets there."""

from __future__ import annotations

import os
import secrets
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from urllib.parse import urlsplit

import psycopg
import pytest

from larrey.kit.errors import Unavailable
from larrey.site import installation, metrics, postgres, schema
from larrey.site.settings import load
from larrey.store import feed


@pytest.fixture
def empty_database(server_url: str) -> Iterator[str]:
    name = f"larrey_test_{secrets.token_hex(6)}"
    with psycopg.connect(server_url, autocommit=True) as admin:
        admin.execute(f"create database {name}".encode())
        yield urlsplit(server_url)._replace(path=f"/{name}").geturl()
        admin.execute(f"drop database {name} with (force)".encode())


def test_a_command_joins_the_server_that_is_running(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    settings = load({"LARREY_DATA": str(tmp_path)})
    monkeypatch.setattr(installation, "ensure_schema", lambda *_: [])
    with postgres.start(tmp_path, durable=False) as server, installation.database(settings) as url:
        assert url == server.url
        assert os.environ["LARREY_DATABASE_URL"] == url
    assert "LARREY_DATABASE_URL" not in os.environ
    assert postgres.attach(tmp_path) is None


def test_a_command_starts_a_server_for_itself_and_stops_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    settings = load({"LARREY_DATA": str(tmp_path)})
    monkeypatch.setattr(installation, "ensure_schema", lambda *_: [])
    with installation.database(settings) as url, psycopg.connect(url) as connection:
        assert connection.execute("select 1").fetchone() == (1,)
        assert postgres.attach(tmp_path) == url
    assert postgres.attach(tmp_path) is None


def test_production_does_not_migrate_by_itself(empty_database: str) -> None:
    settings = load(
        {
            "LARREY_ENV": "production",
            "LARREY_DATABASE_URL": empty_database,
            "LARREY_SECRET_KEY": "k" * 40,
            "LARREY_ALLOWED_HOSTS": "chu.example",
        }
    )
    with pytest.raises(Unavailable, match=r"lacks \d+ migrations \(0001_record.sql, …\); run `larrey migrate`"):
        installation.ensure_schema(empty_database, settings)
    with psycopg.connect(empty_database) as connection:
        assert connection.execute("select to_regnamespace('record')").fetchone() == (None,)


def test_migrating_twice_at_once_is_safe(empty_database: str) -> None:
    command = [sys.executable, "-m", "larrey", "migrate", "--json"]
    environment = {**os.environ, "LARREY_DATABASE_URL": empty_database}
    both = [subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, text=True) for _ in range(2)]
    said = [process.communicate(timeout=120)[0] for process in both]
    assert [process.returncode for process in both] == [0, 0]
    assert sorted(text.strip() == '{"applied":[]}' for text in said) == [False, True]
    with psycopg.connect(empty_database) as connection:
        assert schema.pending(connection) == []


def test_a_database_of_a_newer_larrey_is_refused(connection: psycopg.Connection) -> None:
    connection.execute("insert into record_migration (name) values ('9999_future.sql')")
    with pytest.raises(Exception, match="made by a newer Larrey"):
        schema.pending(connection)


def test_metrics_tell_the_lag_of_each_consumer(database_url: str, connection: psycopg.Connection) -> None:
    with connection.cursor() as cursor:
        feed.subscribe(cursor, "warehouse")
        cursor.execute(
            "insert into record.change (key, version, type, id, updated, method, actor)"
            " select n, 1, 'Basic', n::text, now(), 'C', 'test' from generate_series(1, 3) n"
        )
    text = metrics.page(lambda: psycopg.connect(database_url)).decode()
    assert 'larrey_feed_lag_changes{consumer="warehouse"} 3.0' in text
    assert "larrey_database_up 1.0" in text
    assert 'larrey_database_connections{state="idle"} 1.0' in text


def test_metrics_survive_a_database_that_does_not_answer() -> None:
    def refuse() -> psycopg.Connection:
        raise psycopg.OperationalError

    assert "larrey_database_up 0.0" in metrics.page(refuse).decode()


def test_requests_are_counted_by_door_interaction_and_status() -> None:
    metrics.observe("fhir", "read", 200, 0.0004)
    text = metrics.page(lambda: psycopg.connect("host=/nowhere")).decode()
    assert 'larrey_requests_total{door="fhir",interaction="read",status="200"} 1.0' in text
    assert 'larrey_request_seconds_bucket{door="fhir",interaction="read",le="0.0005"} 1.0' in text


def test_every_table_of_a_fresh_record_is_there(new_database: Callable[[], str]) -> None:
    with psycopg.connect(new_database()) as connection:
        assert schema.pending(connection) == []

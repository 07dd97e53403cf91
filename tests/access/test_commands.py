"""``larrey token`` and ``larrey account``, as typed."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator

import psycopg
import pytest
from click.testing import CliRunner, Result

from larrey.access import tokens
from larrey.cli.main import larrey as command_line
from larrey.kit.errors import Conflict, Invalid, NotFound
from larrey.site import installation

Larrey = Callable[..., Result]


@pytest.fixture
def larrey(site: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[Larrey]:
    """``larrey("token", "list", typed="…")`` on the test's database; an error of ours is in ``result.exception``."""
    monkeypatch.setenv("LARREY_DATABASE_URL", site)
    installation.settings.cache_clear()

    def run(*arguments: str, typed: str = "") -> Result:
        return CliRunner().invoke(command_line, arguments, input=typed)

    yield run
    installation.settings.cache_clear()


def test_a_token_is_printed_alone_and_works(larrey: Larrey, connection: psycopg.Connection) -> None:
    made = larrey("token", "create", "lab", "--scope", "system/*.rs")
    assert made.exit_code == 0
    assert made.stderr == ""
    with connection.cursor() as cursor:
        assert tokens.verify(cursor, made.stdout.removesuffix("\n")).actor == "token:lab"
    assert isinstance(larrey("token", "create", "lab", "--scope", "system/*.rs").exception, Conflict)
    refused = larrey("token", "create", "bad", "--scope", "system/Nothing.r")
    assert isinstance(refused.exception, Invalid)
    assert refused.stdout == ""
    assert larrey("token", "create", "bad").exit_code == 2  # a scope is always said
    listed = json.loads(larrey("token", "list", "--json").stdout)
    assert [token["name"] for token in listed["tokens"]] == ["lab"]
    assert larrey("token", "revoke", "lab").exit_code == 0
    assert "revoked" in larrey("token", "list").stdout
    assert isinstance(larrey("token", "revoke", "other").exception, NotFound)


def test_accounts_from_the_command_line(larrey: Larrey, connection: psycopg.Connection) -> None:
    made = json.loads(larrey("account", "create", "jeanne", "--name", "Jeanne", "--role", "doctor", "--json").stdout)
    assert made["username"] == "jeanne"
    assert len(made["password"]) > 20
    weak = larrey("account", "password", "jeanne", "--password-stdin", typed="short\n")
    assert isinstance(weak.exception, Invalid)
    assert "too short" in str(weak.exception)
    before = connection.execute("select password from access_account").fetchall()
    assert larrey("account", "password", "jeanne", "--password-stdin", typed="une-phrase-longue\n").exit_code == 0
    assert connection.execute("select password from access_account").fetchall() != before
    assert isinstance(larrey("account", "password", "jeanne", "--password-stdin").exception, Invalid)
    assert larrey("account", "create", "paul", "--name", "Paul", "--role", "god").exit_code == 2
    assert larrey("account", "disable", "jeanne").exit_code == 0
    assert isinstance(larrey("account", "disable", "nobody").exception, NotFound)
    assert larrey("account", "list").stdout == "jeanne  doctor  Jeanne  (disabled)\n"

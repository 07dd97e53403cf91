"""``larrey token`` and ``larrey account``, on a database of their own."""

from __future__ import annotations

import json
import os
import secrets
import subprocess
import sys
from pathlib import Path
from typing import Protocol

import psycopg
import pytest

from larrey.access import tokens


class Larrey(Protocol):
    """The command line: its arguments, and what is typed."""

    def __call__(self, *arguments: str, typed: str = "") -> subprocess.CompletedProcess[str]: ...


@pytest.fixture
def larrey(database_url: str, tmp_path: Path) -> Larrey:
    environment = {name: value for name, value in os.environ.items() if not name.startswith("LARREY_")}
    environment |= {
        "LARREY_DATABASE_URL": database_url,
        "LARREY_DATA": str(tmp_path),
        "LARREY_SECRET_KEY": secrets.token_urlsafe(48),
    }

    def run(*arguments: str, typed: str = "") -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-m", "larrey", *arguments]
        return subprocess.run(command, env=environment, input=typed, capture_output=True, text=True, timeout=60, check=False)

    return run


def test_a_token_is_printed_alone_and_works(larrey: Larrey, connection: psycopg.Connection) -> None:
    made = larrey("token", "create", "lab", "--scope", "system/*.rs")
    assert made.returncode == 0
    assert made.stderr == ""
    secret = made.stdout.removesuffix("\n")
    with connection.cursor() as cursor:
        assert tokens.verify(cursor, secret).actor == "token:lab"
    assert larrey("token", "create", "lab", "--scope", "system/*.rs").returncode == 5
    refused = larrey("token", "create", "bad", "--scope", "system/Nothing.r")
    assert (refused.returncode, refused.stdout) == (2, "")
    assert "Nothing" in refused.stderr
    listed = json.loads(larrey("token", "list", "--json").stdout)
    assert [token["name"] for token in listed["tokens"]] == ["lab"]
    assert larrey("token", "revoke", "lab").returncode == 0
    assert "revoked" in larrey("token", "list").stdout


def test_accounts_from_the_command_line(larrey: Larrey, connection: psycopg.Connection) -> None:
    made = json.loads(larrey("account", "create", "jeanne", "--name", "Jeanne", "--role", "doctor", "--json").stdout)
    assert made["username"] == "jeanne"
    assert len(made["password"]) > 20
    weak = larrey("account", "password", "jeanne", "--password-stdin", typed="short\n")
    assert weak.returncode == 2
    assert "too short" in weak.stderr
    assert larrey("account", "password", "jeanne", "--password-stdin", typed="une-phrase-longue\n").returncode == 0
    assert larrey("account", "disable", "jeanne").returncode == 0
    assert larrey("account", "disable", "nobody").returncode == 4
    assert "jeanne  doctor  Jeanne  (disabled)" in larrey("account", "list").stdout
    assert connection.execute("select count(*) from access_account where password like 'argon2%'").fetchone() == (1,)

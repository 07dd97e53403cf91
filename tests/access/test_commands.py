"""``larrey token`` and ``larrey account``, as typed."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from datetime import timedelta

import psycopg
import pytest
from click.testing import CliRunner, Result

from larrey.access import standing, tokens
from larrey.cli.main import larrey as command_line
from larrey.kit import clock
from larrey.kit.errors import Conflict, Forbidden, Invalid, NotFound, Unauthenticated
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
    assert larrey("token", "create", "bad").exit_code == 2  # a machine's scope is always said
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


def test_a_token_that_acts_as_a_person(
    larrey: Larrey, connection: psycopg.Connection, staff: Callable[..., int], monkeypatch: pytest.MonkeyPatch
) -> None:
    anne = staff("nurse", "cardio", username="anne")
    with connection.cursor() as cursor:
        her = standing.caller_of(cursor, anne)
        made = larrey("token", "create", "script", "--account", "ANNE").stdout.strip()
        assert tokens.verify(cursor, made) == her
        narrow = larrey("token", "create", "narrow", "--account", "anne", "--scope", "user/Observation.rs user/Claim.cruds")
        caller = tokens.verify(cursor, narrow.stdout.strip())
        assert (caller.rights, caller.sight) == ({"Claim": "rs", "Observation": "rs"}, her.sight)
        assert "as anne" in larrey("token", "list").stdout
        assert isinstance(larrey("token", "create", "other", "--account", "nobody").exception, NotFound)
        assert isinstance(larrey("token", "create", "other", "--account", "anne", "--scope", "x").exception, Invalid)
        larrey("account", "disable", "anne")
        with pytest.raises(Unauthenticated):
            tokens.verify(cursor, made)
    monkeypatch.setenv("LARREY_ENV", "production")
    monkeypatch.setenv("LARREY_ALLOWED_HOSTS", "larrey.example")
    installation.settings.cache_clear()
    refused = larrey("token", "create", "late", "--account", "anne")
    assert isinstance(refused.exception, Forbidden)
    assert refused.stdout == ""


def test_people_and_delegations_from_the_command_line(
    larrey: Larrey, connection: psycopg.Connection, staff: Callable[..., int]
) -> None:
    staff("doctor", "cardio", username="anne")
    staff("nurse", "rehab")
    made = larrey("account", "create", "her", "--name", "Her", "--role", "midwife", "--practitioner", "anne")
    assert isinstance(made.exception, Conflict)
    assert larrey("account", "delegate", "anne", "--unit", "rehab", "--until", "2999-01-01", "--reason", "x").exit_code == 1
    soon = (clock.now() + timedelta(days=3)).date().isoformat()
    given = larrey("account", "delegate", "anne", "--unit", "rehab", "--until", soon, "--reason", "Locum")
    assert given.exit_code == 0, given.exception
    listed = {row["username"]: row for row in json.loads(larrey("account", "list", "--json").stdout)["accounts"]}
    assert listed["anne"]["practitioner"] == "anne"
    assert [one["unit"] for one in listed["anne"]["delegations"]] == ["rehab"]
    assert listed["anne"]["delegations"][0]["until"][11:16] == "00:00"  # the whole of the last day
    assert "Practitioner/anne, Organization/rehab until" in larrey("account", "list").stdout
    assert larrey("account", "undelegate", "anne").exit_code == 0
    assert isinstance(larrey("account", "undelegate", "anne").exception, NotFound)
    assert isinstance(
        larrey("account", "delegate", "anne", "--unit", "rehab", "--until", "soon", "--reason", "x").exception, Invalid
    )
    assert larrey("account", "change", "anne", "--role", "nurse", "--practitioner", "").exit_code == 0
    assert "anne  nurse  Someone anne\n" in larrey("account", "list").stdout

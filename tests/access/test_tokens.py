from __future__ import annotations

import psycopg
import pytest

from larrey.access import tokens
from larrey.kit.errors import Conflict, Invalid, NotFound, Unauthenticated

Cursor = psycopg.Cursor


def test_a_token_opens_what_its_scope_says(cursor: Cursor) -> None:
    secret = tokens.create(cursor, "lab", "system/Observation.cruds")
    caller = tokens.verify(cursor, secret)
    assert caller.actor == "token:lab"
    assert caller.may("c", "Observation")
    assert not caller.may("r", "Patient")


def test_the_secret_is_not_in_the_database(cursor: Cursor) -> None:
    secret = tokens.create(cursor, "lab", "system/*.rs")
    cursor.execute("select t::text from access_token t")
    rows = cursor.fetchall()
    assert len(rows) == 1
    assert secret not in rows[0][0]
    assert secret.removeprefix("larrey_") not in rows[0][0]


@pytest.mark.parametrize("secret", ["", "larrey_", "' or true --", "x" * 10_000, "\x00", "\udc80"])
def test_anything_else_is_refused(cursor: Cursor, secret: str) -> None:
    tokens.create(cursor, "lab", "system/*.rs")
    with pytest.raises(Unauthenticated):
        tokens.verify(cursor, secret)


def test_a_revoked_token_is_refused(cursor: Cursor) -> None:
    secret = tokens.create(cursor, "lab", "system/*.rs")
    tokens.revoke(cursor, "lab")
    tokens.revoke(cursor, "lab")
    with pytest.raises(Unauthenticated, match="revoked"):
        tokens.verify(cursor, secret)
    assert [(token.name, token.revoked is None) for token in tokens.everything(cursor)] == [("lab", False)]
    with pytest.raises(NotFound):
        tokens.revoke(cursor, "other")


def test_an_expired_token_is_refused(cursor: Cursor) -> None:
    secret = tokens.create(cursor, "lab", "system/*.rs", days=1)
    assert tokens.verify(cursor, secret).actor == "token:lab"
    cursor.execute("update access_token set expires = now() - interval '1 second'")
    with pytest.raises(Unauthenticated, match="expired"):
        tokens.verify(cursor, secret)


def test_names_are_given_once(connection: psycopg.Connection) -> None:
    with connection.transaction(), connection.cursor() as cursor:
        tokens.create(cursor, "lab", "system/*.rs")
        with pytest.raises(Conflict):
            tokens.create(cursor, "lab", "system/*.rs")
        tokens.create(cursor, "lab 2", "system/*.rs")  # the transaction goes on
    with connection.cursor() as cursor:
        assert [token.name for token in tokens.everything(cursor)] == ["lab", "lab 2"]


@pytest.mark.parametrize(
    ("name", "days"), [("", None), ("a\nb", None), ("x" * 101, None), ("lab", 0), ("lab", -1), ("lab", 10**6)]
)
def test_bad_names_and_lives_are_refused(cursor: Cursor, name: str, days: int | None) -> None:
    with pytest.raises(Invalid):
        tokens.create(cursor, name, "system/*.rs", days=days)
    assert tokens.everything(cursor) == []

"""The fixtures that every other test leans on."""

from __future__ import annotations

import psycopg
from django.contrib.auth import get_user_model


def test_each_test_has_an_empty_record_of_its_own(connection: psycopg.Connection) -> None:
    connection.execute("insert into record.label values (1, 'here', 2)")
    assert connection.execute("select count(*) from record.label").fetchone() == (1,)


def test_what_another_test_wrote_is_not_there(connection: psycopg.Connection) -> None:
    assert connection.execute("select count(*) from record.label").fetchone() == (0,)


def test_django_and_psycopg_see_one_database(site: str, connection: psycopg.Connection) -> None:
    get_user_model().objects.create(username="jeanne", name="Jeanne", role="doctor")
    assert connection.execute("select name from access_account").fetchall() == [("Jeanne",)]
    assert connection.info.dbname in site

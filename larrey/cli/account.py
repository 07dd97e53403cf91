"""``larrey account``: the accounts of people who sign in."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager

import click

from larrey.cli.output import json_option, note, result
from larrey.kit.errors import Invalid

ROLES = ("doctor", "nurse", "identity-officer", "administrator")


@click.group("account")
def command() -> None:
    """Make and change the accounts of people who sign in."""


@command.command("create")
@click.argument("username")
@click.option("--name", required=True, help="The person's name, as shown on screen.")
@click.option("--role", required=True, type=click.Choice(ROLES), help="What she does.")
@click.option("--email", default="", help="Her e-mail address.")
@click.option("--password-stdin", is_flag=True, help="Read the password from standard input.")
@json_option
def create(username: str, name: str, role: str, email: str, *, password_stdin: bool, as_json: bool) -> None:
    """Open an account. Without --password-stdin a password is made and printed, for the person to change."""
    password = _typed() if password_stdin else ""
    with _django():
        from larrey.access import accounts

        given = password or accounts.new_password()
        account = accounts.create(username, name=name, role=role, email=email, password=given)
        shown = {} if password else {"password": given}
    text = f"{account.username}" + (f"  password: {given}" if shown else "")
    result({"username": account.username, "role": account.role, **shown}, text, as_json=as_json)


@command.command("list")
@json_option
def show(*, as_json: bool) -> None:
    """List the accounts."""
    with _django():
        from larrey.access.models import Account

        found = list(Account.objects.order_by("username").values("username", "name", "role", "is_active"))
    rows = [{"username": row["username"], "name": row["name"], "role": row["role"], "active": row["is_active"]} for row in found]
    lines = [f"{row['username']}  {row['role']}  {row['name']}{'' if row['active'] else '  (disabled)'}" for row in rows]
    result({"accounts": rows}, "\n".join(lines) or "There is no account.", as_json=as_json)


@command.command("password")
@click.argument("username")
@click.option("--password-stdin", is_flag=True, help="Read the new password from standard input.")
@json_option
def password(username: str, *, password_stdin: bool, as_json: bool) -> None:
    """Give USERNAME a new password; her open sessions end. Without --password-stdin one is made and printed."""
    typed = _typed() if password_stdin else ""
    with _django():
        from larrey.access import accounts

        given = typed or accounts.new_password()
        accounts.change_password(username, given)
    shown = {} if typed else {"password": given}
    result({"username": username, **shown}, "The password is changed." if typed else given, as_json=as_json)


@command.command("disable")
@click.argument("username")
def disable(username: str) -> None:
    """End the account USERNAME. It is kept, because the trace names it."""
    with _django():
        from larrey.access import accounts

        accounts.disable(username)
    note(f"The account {username} is disabled.")


def _typed() -> str:
    typed = sys.stdin.readline().rstrip("\r\n")
    if not typed:
        raise Invalid("No password came on standard input.")
    return typed


@contextmanager
def _django() -> Iterator[None]:
    from larrey.site import installation, schema

    with installation.database(installation.settings()):
        schema.start_django()
        yield

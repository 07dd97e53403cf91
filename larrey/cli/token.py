"""``larrey token``: the access tokens of machines that use the FHIR API."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import Any

import click

from larrey.cli.output import json_option, note, result
from larrey.kit.errors import Forbidden


@click.group("token")
def command() -> None:
    """Make and revoke the access tokens of machines."""


@command.command("create")
@click.argument("name")
@click.option("--scope", default="", help="SMART v2 scopes, separated by spaces: “system/*.rs”, “system/Observation.cruds”.")
@click.option("--account", metavar="LOGIN", help="Act as this person, within the scope if there is one. Refused in production.")
@click.option("--days", type=int, help="Days until it expires; without it, until it is revoked.")
@json_option
def create(name: str, scope: str, account: str | None, days: int | None, *, as_json: bool) -> None:
    """Make a token called NAME and print it, alone. It cannot be shown again.

    A token of a machine needs a scope. With --account it does what that person may do, for scripts and tests.
    """
    from larrey.access import tokens
    from larrey.site import installation

    if account is None and not scope:
        raise click.UsageError("Say what the token may do (--scope), or as whom it acts (--account).")
    if account is not None and installation.settings().production:
        raise Forbidden("In production nobody's place is taken: people sign in, programs ask through OAuth 2.")
    with _cursor() as cursor:
        secret = tokens.create(cursor, name, scope, days=days, account=account)
    result({"name": name, "token": secret}, secret, as_json=as_json)


@command.command("list")
@json_option
def show(*, as_json: bool) -> None:
    """List the tokens, without their secrets."""
    from larrey.access import tokens

    with _cursor() as cursor:
        found = tokens.everything(cursor)
    rows = [
        {
            "name": token.name,
            "scope": token.scope,
            "account": token.account,
            "created": _day(token.created),
            "expires": _day(token.expires),
            "revoked": _day(token.revoked),
        }
        for token in found
    ]
    lines = [
        f"{row['name']}  {row['scope'] or '(all that she may)'}"
        + (f"  as {row['account']}" if row["account"] else "")
        + f"  created {row['created']}"
        + (f", expires {row['expires']}" if row["expires"] else "")
        + (f", revoked {row['revoked']}" if row["revoked"] else "")
        for row in rows
    ]
    result({"tokens": rows}, "\n".join(lines) or "There is no token.", as_json=as_json)


@command.command("revoke")
@click.argument("name")
def revoke(name: str) -> None:
    """End the token called NAME. Servers that remember it let it go within LARREY_TOKEN_SECONDS."""
    from larrey.access import tokens

    with _cursor() as cursor:
        tokens.revoke(cursor, name)
    note(f"The token {name} is revoked.")


def _day(moment: datetime | None) -> str | None:
    return moment.date().isoformat() if moment else None


@contextmanager
def _cursor() -> Iterator[Any]:
    from larrey.site import installation
    from larrey.site.schema import connected

    with (
        installation.database(installation.settings()) as url,
        connected(url) as connection,
        connection.transaction(),
        connection.cursor() as cursor,
    ):
        yield cursor

"""``larrey account``: the accounts of people who sign in."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, time, timedelta
from typing import Any

import click

from larrey.access.roles import Role
from larrey.cli.output import json_option, note, result
from larrey.kit.clock import PARIS
from larrey.kit.errors import Invalid

ROLES = [role.value for role in Role]


@click.group("account")
def command() -> None:
    """Make and change the accounts of people who sign in."""


@command.command("create")
@click.argument("username")
@click.option("--name", required=True, help="The person's name, as shown on screen.")
@click.option("--role", required=True, type=click.Choice(ROLES), help="What she does.")
@click.option("--email", default="", help="Her e-mail address.")
@click.option("--rpps", default="", help="Her RPPS number, of which the record has a Practitioner.")
@click.option(
    "--practitioner", default="", metavar="ID", help="Id of her Practitioner in the record, for who has no RPPS number."
)
@click.option("--patient", default="", metavar="ID", help="Id of her own Patient in the record; needed for the role patient.")
@click.option("--representative", is_flag=True, help="The patient is not herself but someone for whom she stands.")
@click.option("--password-stdin", is_flag=True, help="Read the password from standard input.")
@json_option
def create(
    username: str,
    name: str,
    role: str,
    email: str,
    rpps: str,
    practitioner: str,
    patient: str,
    *,
    representative: bool,
    password_stdin: bool,
    as_json: bool,
) -> None:
    """Open an account. Without --password-stdin a password is made and printed, for the person to change.

    Whose patients a professional sees follows from the PractitionerRoles of her Practitioner: tie the account to it.
    """
    password = _typed() if password_stdin else ""
    with _django():
        from larrey.access import accounts

        given = password or accounts.new_password()
        account = accounts.create(
            username,
            name=name,
            role=role,
            email=email,
            password=given,
            practitioner=practitioner,
            number=rpps,
            patient=patient,
            representative=representative,
        )
        shown = {} if password else {"password": given}
    text = f"{account.username}" + (f"  password: {given}" if shown else "")
    result({"username": account.username, "role": account.role, **shown}, text, as_json=as_json)


@command.command("change")
@click.argument("username")
@click.option("--role", type=click.Choice(ROLES), help="What she does from now on.")
@click.option("--rpps", help="Her RPPS number.")
@click.option("--practitioner", metavar="ID", help="Id of her Practitioner in the record; empty: none.")
@click.option("--patient", metavar="ID", help="Id of her own Patient in the record; empty: none.")
def change(username: str, role: str | None, rpps: str | None, practitioner: str | None, patient: str | None) -> None:
    """Give USERNAME another role, professional or patient. Open sessions have it within a minute."""
    with _django():
        from larrey.access import accounts

        account = accounts.change(username, role=role, practitioner=practitioner, number=rpps, patient=patient)
    note(f"The account {account.username} is changed.")


@command.command("list")
@json_option
def show(*, as_json: bool) -> None:
    """List the accounts, with what they are tied to and the delegations that run or are to come."""
    with _django():
        from larrey.access import delegation
        from larrey.access.models import Account

        rows = [
            {
                "username": account.username,
                "name": account.name,
                "role": account.role,
                "active": account.is_active,
                "rpps": account.rpps,
                "practitioner": account.practitioner,
                "patient": account.patient,
                "representative": account.representative,
                "delegations": [
                    {"unit": one.organization, "from": _minute(one.starts), "until": _minute(one.ends), "reason": one.reason}
                    for one in delegation.current(account)
                ],
            }
            for account in Account.objects.order_by("username")
        ]
    result({"accounts": rows}, "\n".join(map(_line, rows)) or "There is no account.", as_json=as_json)


@command.command("delegate")
@click.argument("username")
@click.option("--unit", required=True, metavar="ID", help="Id of the Organization whose patients she cares for.")
@click.option("--until", required=True, metavar="DATE", help="Last day (2026-08-31) or moment (2026-08-31T08:00), in France.")
@click.option("--from", "start", metavar="DATE", help="First day or moment; now when absent.")
@click.option("--reason", required=True, help="Why: locum of whom, on call.")
def delegate(username: str, unit: str, until: str, start: str | None, reason: str) -> None:
    """Let USERNAME care for the patients of a unit for a time: a locum, a doctor on call."""
    ends = _moment(until, last=True)
    with _django():
        from larrey.access import delegation

        made = delegation.grant(username, unit, ends=ends, starts=_moment(start) if start else None, reason=reason)
    note(f"{username} cares for Organization/{unit} until {_minute(made.ends)}.")


@command.command("undelegate")
@click.argument("username")
@click.option("--unit", default="", metavar="ID", help="Of this Organization alone; of all when absent.")
def undelegate(username: str, unit: str) -> None:
    """End the delegations of USERNAME; access closes within a minute."""
    with _django():
        from larrey.access import delegation

        ended = delegation.end(username, unit)
    note(f"{ended} delegation{'s' if ended > 1 else ''} of {username} ended.")


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


@command.command("sign-out")
@click.argument("username")
@json_option
def sign_out(username: str, *, as_json: bool) -> None:
    """End every session of USERNAME, with their next request. She may sign in again."""
    with _django():
        from larrey.access import accounts

        ended = accounts.sign_out(username)
    result({"username": username, "ended": ended}, f"{ended} sessions of {username} were ended.", as_json=as_json)


@command.command("unlock")
@click.argument("username")
def unlock(username: str) -> None:
    """Let USERNAME sign in at once after too many wrong passwords or codes; else she waits 15 minutes."""
    with _django():
        from larrey.access import accounts

        accounts.unlock(username)
    note(f"{username} may sign in.")


@command.command("second-factor")
@click.argument("username")
def second_factor(username: str) -> None:
    """Take away the passkeys, authenticator and recovery codes of USERNAME, who lost them, and end her sessions.

    Be sure who asks: her password alone opens the account again.
    """
    with _django():
        from larrey.access import accounts

        accounts.forget_second_factor(username)
    note(f"{username} signs in with her password alone; her sessions are ended.")


def _line(row: dict[str, Any]) -> str:
    tied = [f"RPPS {row['rpps']}"] if row["rpps"] else [f"Practitioner/{row['practitioner']}"] if row["practitioner"] else []
    tied += [f"Patient/{row['patient']}"] if row["patient"] else []
    tied += [f"Organization/{one['unit']} until {one['until']}" for one in row["delegations"]]
    text = f"{row['username']}  {row['role']}  {row['name']}" + (f"  ({', '.join(tied)})" if tied else "")
    return text + ("" if row["active"] else "  (disabled)")


def _minute(moment: datetime) -> str:
    return moment.astimezone(PARIS).isoformat(timespec="minutes")


def _moment(text: str, *, last: bool = False) -> datetime:
    """A day or a moment on a French wall; of a ``last`` day, its end."""
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        raise Invalid(f"{text} is not a date: write 2026-08-31 or 2026-08-31T08:00.") from None
    if last and len(text) <= 10:
        found = datetime.combine(found.date() + timedelta(days=1), time())
    return found if found.tzinfo else found.replace(tzinfo=PARIS)


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

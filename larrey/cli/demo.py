"""``larrey demo``: ``larrey serve`` with accounts anyone may use and French patients who never lived."""

from __future__ import annotations

import os

import click

from larrey.cli.output import note
from larrey.cli.serve import serve
from larrey.site import installation
from larrey.site.settings import variable


@click.command("demo")
@click.option(
    "--patients",
    type=click.IntRange(1, 1_000_000),
    default=None,
    help="How many patients the record shall have; 2,000 when absent.",
)
def command(patients: int | None) -> None:
    """Start Larrey with demo accounts and French demo patients; stop it with Ctrl-C.

    The patients are made when the record has none of its own, and completed when fewer of them are there. Refused when
    LARREY_ENV=production: the passwords are public.
    """
    os.environ[variable("demo")] = "1"
    serve(installation.settings(), lambda url: _prepare(url, patients))


def _prepare(url: str, patients: int | None) -> str:
    """Make what the demo needs on the migrated database at ``url``; return the accounts, to be shown."""
    from django.utils.translation import override

    from larrey.access.demo import ensure_accounts
    from larrey.apps.demo import api
    from larrey.cli.progress import Progress
    from larrey.store.caller import system

    wanted = patients or api.PATIENTS
    with Progress("Demo patients", "resources", wanted) as progress:
        written = api.load_in_parallel(url, system("demo"), patients=wanted, progress=progress.advance)
    accounts = ensure_accounts()  # who they are is in the record
    if written:
        note(f"{written:,} resources of {wanted:,} demo patients were written.")
    _close_django()
    width = max(len(account.username) for account in accounts)
    secret = max(len(account.password) for account in accounts)
    with override("en"):  # the command line speaks English
        rows = [
            f"  {a.username:{width}}  {a.password:{secret}}  {', '.join(filter(None, (a.name, a.role_name, a.unit)))}"
            for a in accounts
        ]
    return "\n".join(["Accounts of the demo (user name, password):", *rows])


def _close_django() -> None:
    """The processes to come must not share this one's connection."""
    from django.db import connection

    connection.close()

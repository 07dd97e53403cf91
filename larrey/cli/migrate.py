"""``larrey migrate``: bring the database to this version's schema."""

from __future__ import annotations

import os

import click

from larrey.cli.output import json_option, result
from larrey.site import installation, postgres, schema
from larrey.site.settings import variable


@click.command("migrate")
@json_option
def command(*, as_json: bool) -> None:
    """Bring the database to this version's schema. Safe while Larrey is serving."""
    settings = installation.settings()
    application = settings.database_url if settings.owner_database_url else ""
    running = None if settings.database_url else postgres.attach(settings.data)
    if running is not None:
        os.environ[variable("database_url")] = running
        done = schema.migrate(running)
    else:
        with installation.own_database(settings) as url:
            done = schema.migrate(installation.owner_url(settings, url), application)
    text = "\n".join(["Applied:", *(f"  {name}" for name in done)]) if done else "Nothing to do."
    result({"applied": done}, text, as_json=as_json)

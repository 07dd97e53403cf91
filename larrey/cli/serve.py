"""``larrey serve``: pages, FHIR API and, unless one is configured, the embedded database."""

from __future__ import annotations

import signal
from collections.abc import Callable
from types import FrameType

import click

from larrey.cli.output import note
from larrey.site import installation, server
from larrey.site.settings import Settings

Prepare = Callable[[str], str]
"""What to do on the migrated database before serving; returns lines to print when all is up."""


@click.command("serve")
def command() -> None:
    """Start Larrey and stop it with Ctrl-C.

    Without LARREY_DATABASE_URL it starts a PostgreSQL of its own on the data folder (LARREY_DATA) and stops it at the end.
    """
    serve(installation.settings())


def serve(settings: Settings, prepare: Prepare | None = None) -> None:
    """Serve until told to stop; everything that was started has ended when this returns or raises."""
    signal.signal(signal.SIGTERM, _interrupt)
    server.require_free_port(settings)
    with installation.own_database(settings) as url:
        applied = installation.ensure_schema(url, settings)
        if applied:
            note(f"The database was brought to this version ({len(applied)} migrations).")
        lines = prepare(url) if prepare else ""
        host = "127.0.0.1" if settings.host in {"0.0.0.0", "::"} else settings.host
        address = settings.public_url or f"http://{f'[{host}]' if ':' in host else host}:{settings.port}"

        def ready() -> None:
            click.echo(f"Larrey answers on {address}" + (f"\n{lines}" if lines else "") + "\nCtrl-C stops it.")

        server.run(settings, installation.application_url(settings, url), ready)


def _interrupt(_number: int, _frame: FrameType | None) -> None:
    """SIGTERM before the server has begun is the same as Ctrl-C."""
    raise KeyboardInterrupt

"""``larrey client``: the programs that get their tokens by OAuth 2 (SMART backend services and apps)."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import click

from larrey.cli.output import json_option, note, result
from larrey.kit.errors import Invalid

KINDS = ("backend", "public", "confidential")


@click.group("client")
def command() -> None:
    """Register and end the programs that get tokens by OAuth 2."""


@command.command("create")
@click.argument("name")
@click.option(
    "--kind",
    required=True,
    type=click.Choice(KINDS),
    help="backend: a program on its own; public: an app that can keep no secret; confidential: an app that signs with its key.",
)
@click.option(
    "--scope", required=True, help="The most it may ask for: “system/*.rs”, “launch/patient patient/*.rs openid fhirUser”."
)
@click.option("--jwks", type=click.Path(exists=True, dir_okay=False, path_type=Path), help="File of its public keys, a JWK Set.")
@click.option("--jwks-uri", default="", help="Address where it publishes its public keys.")
@click.option("--redirect-uri", "redirect_uris", multiple=True, help="Address to which an app returns; may be repeated.")
@click.option("--launch-uri", default="", help="Address at which a chart opens the app.")
@click.option("--introspects", is_flag=True, help="It may ask about every token, as resource servers do.")
@json_option
def create(
    name: str,
    kind: str,
    scope: str,
    jwks: Path | None,
    jwks_uri: str,
    redirect_uris: tuple[str, ...],
    launch_uri: str,
    *,
    introspects: bool,
    as_json: bool,
) -> None:
    """Register the program NAME and print its client identifier, alone."""
    keys = _read(jwks) if jwks else None
    with _django():
        from larrey.apps.oauth import api
        from larrey.store.caller import system

        client = api.register(
            system("command"),
            name,
            kind,
            scope,
            redirect_uris=redirect_uris,
            launch_uri=launch_uri,
            jwks=keys,
            jwks_uri=jwks_uri,
            introspects=introspects,
        )
        row = _row(client)
    result(row, row["client_id"], as_json=as_json)


@command.command("list")
@json_option
def show(*, as_json: bool) -> None:
    """List the programs."""
    with _django():
        from larrey.apps.oauth import api

        rows = [_row(client) for client in api.everything()]
    lines = [
        f"{row['name']}  {row['kind']}  {row['client_id']}  {row['scope']}"
        + (f"  (disabled {row['disabled']})" if row["disabled"] else "")
        for row in rows
    ]
    result({"clients": rows}, "\n".join(lines) or "There is no client.", as_json=as_json)


@command.command("disable")
@click.argument("name")
def disable(name: str) -> None:
    """End the program NAME with all its tokens. Servers that remember one let it go within LARREY_TOKEN_SECONDS."""
    with _django():
        from larrey.apps.oauth import api
        from larrey.store.caller import system

        api.disable(system("command"), name)
    note(f"The client {name} is disabled.")


@command.command("rotate")
def rotate() -> None:
    """Make a new key for identity tokens. The public part of the old one stays readable for those already given."""
    with _django():
        from larrey.apps.oauth import api

        api.rotate()
    note("A new key signs identity tokens from now on.")


def _read(path: Path) -> Any:
    from larrey.kit import json

    try:
        return json.loads(path.read_bytes())
    except (OSError, ValueError):
        raise Invalid(f"{path} is not a JSON file.") from None


def _row(client: Any) -> dict[str, Any]:
    return {
        "name": client.name,
        "client_id": client.client_id,
        "kind": client.kind,
        "scope": client.scope,
        "redirect_uris": client.redirect_uris,
        "disabled": client.disabled.date().isoformat() if client.disabled else None,
    }


@contextmanager
def _django() -> Iterator[None]:
    from larrey.site import installation, schema

    with installation.database(installation.settings()):
        schema.start_django()
        yield

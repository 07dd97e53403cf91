"""What commands print: text for people, and with ``--json`` one JSON object as the last line for programs."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

import click

Command = TypeVar("Command", bound=Callable[..., Any])


def json_option(command: Command) -> Command:
    """The option ``--json``, passed to the command as ``as_json``."""
    return click.option("--json", "as_json", is_flag=True, help="Make the last line one JSON object.")(command)


def result(value: dict[str, Any], text: str, *, as_json: bool) -> None:
    """The outcome of a command: ``value`` as JSON when asked for, else ``text``."""
    if as_json:
        from larrey.kit import json

        text = json.dumps(value).decode()
    click.echo(text)


def note(text: str) -> None:
    """Something told on the way, on standard error."""
    click.echo(text, err=True)

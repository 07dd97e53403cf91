"""The one command line, ``larrey``. Each command is ``larrey/cli/<name>.py`` and is imported when it is run.

A ``LarreyError`` becomes its sentence on standard error and its exit code; see larrey.kit.errors.
"""

from __future__ import annotations

import sys
from importlib import import_module
from typing import Any

import click

from larrey import __version__
from larrey.cli.output import note, result
from larrey.kit.errors import LarreyError

CONTENTS: dict[str, dict[str, str]] = {
    "Run": {
        "serve": "Start Larrey: pages, FHIR API, database.",
        "demo": "Start Larrey with demo accounts and French demo patients.",
    },
    "Data": {
        "load": "Load FHIR bundles, NDJSON and resources from files and folders.",
        "export": "Write the record to NDJSON files.",
    },
    "People and machines": {
        "account": "Make and change the accounts of people who sign in.",
        "token": "Make and revoke the access tokens of machines.",
        "client": "Register and end the programs that get tokens by OAuth 2.",
    },
    "Operation": {
        "check": "Say whether this installation is sound.",
        "audit": "Seal, verify, export and purge the trace of accesses.",
        "migrate": "Bring the database to this version's schema.",
        "reindex": "Compute anew what every resource is found by.",
        "bench": "Measure this installation against floors measured in the same run.",
    },
}
"""The table of contents: section → command → what it does, in one line."""


class Contents(click.Group):
    """A group whose help is a table of contents, and which imports a command only when it is asked for."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002  click's signature
        return [name for section in CONTENTS.values() for name in section]

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in self.list_commands(ctx):
            return None
        command: click.Command = import_module(f"larrey.cli.{cmd_name}").command
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:  # noqa: ARG002  click's signature
        width = max(len(name) for section in CONTENTS.values() for name in section)
        for title, section in CONTENTS.items():
            with formatter.section(title):
                formatter.write_dl([(name.ljust(width), text) for name, text in section.items()])


@click.group(cls=Contents, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="larrey")
def larrey() -> None:
    """The open digital platform of a hospital group.

    Settings are environment variables named LARREY_*; docs/reference/settings.md lists them.
    """


def main(arguments: list[str] | None = None) -> None:
    """Run the command line and exit with its code."""
    arguments = sys.argv[1:] if arguments is None else arguments
    try:
        outcome: Any = larrey.main(arguments, prog_name="larrey", standalone_mode=False)
    except click.ClickException as error:  # a command that was mistyped
        error.show()
        sys.exit(error.exit_code)
    except (click.Abort, KeyboardInterrupt):
        note("Stopped.")
        sys.exit(130)
    except LarreyError as error:
        note(f"larrey: {error.message}")
        if "--json" in arguments:
            result({"error": error.message, "category": error.category}, "", as_json=True)
        sys.exit(error.exit_code)
    sys.exit(outcome if isinstance(outcome, int) else 0)

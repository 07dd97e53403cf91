"""Make the reference pages that are drawn from the code: settings, commands, the API and
where each address is answered.

    python scripts/make_reference.py [--check]

``--check`` writes nothing and exits 1 when a page is not current.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from dataclasses import fields
from pathlib import Path
from typing import Any

import click
from reference_fhir import fhir_page, places_page
from reference_roles import roles_page

from larrey.cli.main import CONTENTS, larrey
from larrey.site.settings import Settings, variable

FOLDER = Path(__file__).resolve().parents[1] / "docs" / "reference"
MADE = "<!-- Made by scripts/make_reference.py from {source}; do not edit. -->"


def settings_page() -> str:
    """docs/reference/settings.md."""
    lines = [
        MADE.format(source="larrey/site/settings.py"),
        "# Settings",
        "",
        "Every setting is an environment variable. An unknown `LARREY_*` name, a wrong value or a missing required one stops",
        "the start with a sentence that names it. An empty value is the same as none.",
    ]
    group = ""
    for each in fields(Settings):
        documented = each.metadata["documented"]
        if documented.group != group:
            group = documented.group
            lines += ["", f"## {group}", "", "| variable | meaning | value | default |", "| --- | --- | --- | --- |"]
        lines.append(f"| `{variable(each.name)}` | {documented.text} | {documented.kind.says} | {_default(each.default)} |")
    return "\n".join(lines) + "\n"


def commands_page() -> str:
    """docs/reference/commands.md."""
    lines = [
        MADE.format(source="larrey/cli"),
        "# Commands",
        "",
        "`larrey` is the one command line; `python -m larrey` is the same. `larrey COMMAND --help` shows what is below. With",
        "`--json` the last line of output is one JSON object.",
        "",
        "Exit codes: 0 done; 1 fault or unsound; 2 input refused; 3 wrong setting; 4 not found; 5 conflict; 6 not allowed;",
        "7 something needed does not answer; 130 stopped by Ctrl-C.",
    ]
    context = click.Context(larrey, info_name="larrey", color=False)
    for section, names in CONTENTS.items():
        lines += ["", f"## {section}"]
        for name, summary in names.items():
            command = larrey.get_command(context, name)
            if command is not None:
                lines += _command(command, context, name, summary)
    return "\n".join(lines) + "\n"


def _command(command: click.Command, parent: click.Context, name: str, summary: str = "") -> Iterator[str]:
    context = click.Context(command, info_name=name, parent=parent, color=False, max_content_width=100, terminal_width=100)
    yield from ("", f"### `{context.command_path}`", "")
    if summary:
        yield from (summary, "")
    yield from ("```text", *(line.rstrip() for line in command.get_help(context).splitlines()), "```")
    if isinstance(command, click.Group):
        for below in command.list_commands(context):
            found = command.get_command(context, below)
            if found is not None:
                yield from _command(found, context, below)


def _default(value: Any) -> str:
    if isinstance(value, tuple):
        value = ",".join(value)
    if isinstance(value, bool):
        value = int(value)
    return f"`{value}`" if value not in {"", ()} else "none"


PAGES: dict[str, Callable[[], str]] = {
    "settings.md": settings_page,
    "commands.md": commands_page,
    "fhir.md": lambda: f"{MADE.format(source='larrey/fhir and larrey/rest')}\n{fhir_page()}",
    "roles.md": lambda: f"{MADE.format(source='larrey/access/roles.py')}\n{roles_page()}",
    "places.md": lambda: f"{MADE.format(source='larrey/rest/routing.py and larrey/site/urls.py')}\n{places_page()}",
}


def main(arguments: list[str]) -> int:
    """Write or check every page; return the exit code."""
    stale = []
    for name, make in PAGES.items():
        path, text = FOLDER / name, make()
        if path.exists() and path.read_text("utf-8") == text:
            continue
        stale.append(name)
        if "--check" not in arguments:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, "utf-8")
            print(f"{path.relative_to(FOLDER.parents[1])} written.")
    if stale and "--check" in arguments:
        print(f"docs/reference: {', '.join(stale)} not current; run `make docs`.")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

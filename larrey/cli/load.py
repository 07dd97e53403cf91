"""``larrey load``: bring FHIR content into the record from files and folders."""

from __future__ import annotations

import os
import time
from pathlib import Path
from typing import Literal

import click

from larrey.cli.output import json_option, note, result
from larrey.kit.errors import Unavailable

SHOWN = 20
"""Refused places that are listed on a terminal; ``--json`` has all."""


@click.command("load")
@click.argument("paths", nargs=-1, required=True, type=click.Path(path_type=Path))
@click.option("-j", "--workers", type=click.IntRange(1, 256), default=None, help="Worker processes; one per core when absent.")
@click.option(
    "--references",
    type=click.Choice(["refuse", "tolerate"]),
    default=None,
    help="Whether a reference to what is not in the record is refused; LARREY_REFERENCES when absent.",
)
@json_option
def command(
    paths: tuple[Path, ...], workers: int | None, references: Literal["refuse", "tolerate"] | None, *, as_json: bool
) -> int:
    """Load bundles, NDJSON and single resources from files and folders.

    Files may be compressed (gz, bz2, zst). Each transaction or collection bundle, resource, batch entry and NDJSON line is
    loaded or refused as a whole; what is refused is listed with the reason, and the others are loaded. What was loaded
    before (the same bytes, whatever the name) is not loaded again: after an interruption, run the same command.

    Exits with 2 when anything was refused, with 7 when the database stopped taking what it was given.
    """
    from larrey.cli.loading import schedule
    from larrey.cli.progress import Progress
    from larrey.site import installation
    from larrey.store.caller import system
    from larrey.store.rules import Rules

    settings = installation.settings()
    with installation.database(settings) as url:
        rules = Rules(references=references or settings.references)
        plan = schedule.Plan(url, system("load"), rules, workers or os.cpu_count() or 1)
        with Progress("Loading", "resources") as progress:
            report = schedule.load(plan, paths, progress.start, progress.advance)
    report.ended = time.monotonic()
    for number, (place, reason) in enumerate(report.refused.items()):
        if number == SHOWN and not as_json:
            note(f"… and {len(report.refused) - SHOWN:,} more; --json lists them all.")
        if number < SHOWN:
            note(f"Refused: {place}: {reason}")
    if report.stopped:
        note(f"Stopped: {report.stopped} Run the same command again to go on.")
    result(report.as_json(), str(report), as_json=as_json)
    if report.stopped:
        return Unavailable.exit_code
    return 2 if report.refused else 0

"""``larrey export``: write the record to NDJSON."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import Literal

import click

from larrey.cli.output import json_option, result


@click.command("export")
@click.argument("target", type=click.Path(path_type=Path, allow_dash=True))
@click.option("-t", "--type", "types", multiple=True, help="Resource type to write; repeat it for several; all when absent.")
@click.option("-p", "--patient", "patients", multiple=True, help="Only what belongs to this Patient id; may be repeated.")
@click.option("--since", default=None, help="Only what was updated at this instant or later, e.g. 2026-11-01T00:00:00Z.")
@click.option("--compress", type=click.Choice(["gz", "zst"]), default=None, help="Compress the files of a folder.")
@json_option
def command(
    target: Path,
    types: tuple[str, ...],
    patients: tuple[str, ...],
    since: str | None,
    compress: Literal["gz", "zst"] | None,
    *,
    as_json: bool,
) -> None:
    """Write the record, as it stands now, as NDJSON.

    TARGET is a folder (made if needed), which gets one file per resource type; or a file whose name ends in .ndjson,
    .ndjson.gz or .ndjson.zst; or - for standard output. A file appears under its name only when it is complete.
    """
    from larrey.cli import exporting
    from larrey.cli.progress import Progress
    from larrey.fhir.dates import interval
    from larrey.site import installation
    from larrey.store.caller import system

    moment: datetime | None = interval(since).low if since else None
    what = exporting.Selection(types, patients, moment)
    with installation.database(installation.settings()) as url, Progress("Exporting", "resources") as progress:
        written = exporting.export(url, system("export"), what, target, compress, progress.advance)
    counts = written.counts
    total = sum(counts.values())
    if str(target) == "-" and not as_json:
        return
    text = f"{total:,} resources of {len(counts)} types in {target} ({written.seconds:.1f} s)"
    summary = {"resources": total, "types": counts, "files": [str(file) for file in written.files], "seconds": written.seconds}
    result(summary, text, as_json=as_json)

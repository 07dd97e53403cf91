"""``larrey reindex``: compute anew what every resource is found by."""

from __future__ import annotations

import click

from larrey.cli.output import json_option, result


@click.command("reindex")
@json_option
def command(*, as_json: bool) -> None:
    """Compute anew what every resource is found by, after a version that says so in its changelog.

    Safe while Larrey is serving; what is not done yet is found as before. May be interrupted and run again.
    """
    from larrey.cli.progress import Progress
    from larrey.site import installation, schema
    from larrey.store.caller import system
    from larrey.store.reindexing import reindex

    settings = installation.settings()
    with (
        installation.database(settings) as url,
        schema.connected(url) as connection,
        Progress("Indexing", "resources") as progress,
    ):
        done = reindex(connection, system("reindex"), lambda count: progress.advance(count, count))
    result({"resources": done}, f"{done:,} resources were indexed anew.", as_json=as_json)

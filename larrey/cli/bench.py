"""``larrey bench``: the figures of the platform, each measured beside a floor in the same run.

Everything happens on a PostgreSQL of the benchmarks' own (fsync on) and on loopback; the installation is not touched.
docs/reference/figures.md tells what each figure means and what was found.
"""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import click

from larrey.cli.benchmarks import access, chart, disk, load, newest, read, searches, sessions, trace, writes
from larrey.cli.benchmarks.ground import Ground, ground
from larrey.cli.benchmarks.report import Figure, show
from larrey.cli.output import json_option, note, result


@dataclass(frozen=True, slots=True)
class Wanted:
    """What to measure on."""

    ground: Ground
    bundles: Path
    scale: int


def _options(command: Callable[..., Any]) -> Callable[..., Any]:
    for option in (
        click.option(
            "--bundles",
            type=click.Path(exists=True, file_okay=False, path_type=Path),
            help="Folder of FHIR bundles, such as Synthea's. Default: French demo patients made for the occasion.",
        ),
        click.option(
            "--scale", type=click.IntRange(1, 100), default=1, show_default=True, help="Copies of the bundles in the base."
        ),
        click.option(
            "--data",
            type=click.Path(file_okay=False, path_type=Path),
            help="Folder where the filled base is kept for the next run. Default: a temporary one.",
        ),
        click.option(
            "--server", default="", help="URL of a PostgreSQL to measure on instead; its user must be able to create databases."
        ),
        json_option,
    ):
        command = option(command)
    return command


@contextmanager
def _wanted(bundles: Path | None, scale: int, data: Path | None, server: str) -> Iterator[Wanted]:
    with tempfile.TemporaryDirectory(prefix="larrey-bench-") as temporary:
        if bundles is None:
            from larrey.cli.benchmarks.demonstration import write

            bundles = write(Path(temporary))
        with ground(data, server, note) as ready:
            yield Wanted(ready, bundles, scale)


def _finish(figures: list[Figure], *, as_json: bool) -> None:
    show(figures)
    if as_json:
        result({"figures": [figure.json() for figure in figures]}, "", as_json=True)


def _load(wanted: Wanted) -> list[Figure]:
    return load.measure(wanted.ground, wanted.bundles)


def _read(wanted: Wanted) -> list[Figure]:
    return read.measure(wanted.ground.filled(wanted.bundles, wanted.scale), requests=4000, rounds=5)


def _chart(wanted: Wanted) -> list[Figure]:
    large = wanted.ground.filled(wanted.bundles, wanted.scale) if wanted.scale > 1 else None
    small = wanted.ground.filled(wanted.bundles, 1)
    figures = newest.measure(small, wanted.scale, large, requests=400)
    try:
        return chart.measure(wanted.ground.copy("base_1x", "chart"), wanted.scale, large) + figures
    finally:
        wanted.ground.drop("chart")


def _searches(wanted: Wanted) -> list[Figure]:
    large = wanted.ground.filled(wanted.bundles, wanted.scale) if wanted.scale > 1 else None
    return searches.measure(wanted.ground.filled(wanted.bundles, 1), wanted.scale, large, requests=60)


def _access(wanted: Wanted) -> list[Figure]:
    wanted.ground.filled(wanted.bundles, wanted.scale)
    try:
        return access.measure(wanted.ground.copy(f"base_{wanted.scale}x", "access"))
    finally:
        wanted.ground.drop("access")


def _writes(wanted: Wanted) -> list[Figure]:
    wanted.ground.filled(wanted.bundles, wanted.scale)
    try:
        return writes.measure(wanted.ground.copy(f"base_{wanted.scale}x", "writes"), seconds=8)
    finally:
        wanted.ground.drop("writes")


def _trace(wanted: Wanted) -> list[Figure]:
    try:
        return trace.measure(wanted.ground.empty("trace"), requests=2000)
    finally:
        wanted.ground.drop("trace")


def _disk(wanted: Wanted) -> list[Figure]:
    return disk.measure(wanted.ground.filled(wanted.bundles, wanted.scale), f"{wanted.scale}×")


FIGURES: dict[str, tuple[str, Callable[[Wanted], list[Figure]]]] = {
    "load": ("How fast bundles are loaded, beside COPY of the same bytes.", _load),
    "read": ("Server CPU of a read by id, beside a bare handler.", _read),
    "chart": ("Finding a patient and opening a chart; newest fifty observations; how that grows with --scale.", _chart),
    "searches": ("Thirty representative searches, p95 of each.", _searches),
    "access": ("What the rule of access adds to thirty searches and to a chart, beside a machine that sees all.", _access),
    "writes": ("Create, update and delete by sixteen clients, beside pgbench.", _writes),
    "trace": ("What the trace adds to the opening of a chart, beside the plainest insert.", _trace),
    "disk": ("Disk per resource and what it is made of.", _disk),
}


@click.group("bench", invoke_without_command=True)
@_options
@click.pass_context
def command(context: click.Context, bundles: Path | None, scale: int, data: Path | None, server: str, *, as_json: bool) -> None:
    """Measure Larrey against floors measured in the same run; without a figure's name, all of them.

    Ratios count; absolute values are those of this machine at this moment.
    """
    if context.invoked_subcommand is not None:
        return
    figures: list[Figure] = []
    with _wanted(bundles, scale, data, server) as wanted:
        for name, (_, measure) in FIGURES.items():
            note(f"measuring: {name}")
            figures += measure(wanted)
    _finish(figures, as_json=as_json)


def _subcommand(name: str, text: str, measure: Callable[[Wanted], list[Figure]]) -> click.Command:
    def run(bundles: Path | None, scale: int, data: Path | None, server: str, *, as_json: bool) -> None:
        with _wanted(bundles, scale, data, server) as wanted:
            figures = measure(wanted)
        _finish(figures, as_json=as_json)

    return click.command(name, help=text)(_options(run))


for _name, (_text, _measure) in FIGURES.items():
    command.add_command(_subcommand(_name, _text, _measure))


@command.command("base")
@_options
def base(bundles: Path | None, scale: int, data: Path | None, server: str, *, as_json: bool) -> None:
    """Fill the base of --scale copies through larrey load and keep it in --data for later runs."""
    if data is None and not server:
        raise click.UsageError("Name a folder with --data, or a server with --server: the base is to be kept.")
    with _wanted(bundles, scale, data, server) as wanted, wanted.ground.filled(wanted.bundles, scale).connect() as connection:
        row = connection.execute("select count(*) from record.resource").fetchone()
    assert row is not None  # an aggregate always answers
    result({"resources": row[0], "scale": scale}, f"{row[0]:,} resources, {scale} ×", as_json=as_json)


@command.command("sessions")
@_options
@click.option(
    "--try", "tried", type=click.IntRange(1, 100_000), multiple=True, help="A number of sessions to hold; may be repeated."
)
@click.option("--seconds", type=float, default=sessions.SECONDS, show_default=True, help="How long each number is held.")
def held(
    bundles: Path | None,
    scale: int,
    data: Path | None,
    server: str,
    tried: tuple[int, ...],
    seconds: float,
    *,
    as_json: bool,
) -> None:
    """How many signed-in people this machine holds, each asking for a page every 30 to 90 s.

    The mix of pages is stated in larrey/cli/benchmarks/sessions.py. Without --try, growing numbers until one is too many.
    """
    with _wanted(bundles, scale, data, server) as wanted:
        figures = sessions.measure(wanted.ground.filled(wanted.bundles, wanted.scale), note, sessions=tried, seconds=seconds)
    _finish(figures, as_json=as_json)


@command.command("shapes")
@_options
@click.option("--rounds", type=click.IntRange(1, 1000), default=40, show_default=True, help="Random values for each search.")
def shapes(bundles: Path | None, scale: int, data: Path | None, server: str, rounds: int, *, as_json: bool) -> None:
    """The bake-off of index shapes of docs/adr/0001-index-shape.md, on tables of its own. Wants Synthea bundles."""
    from larrey.cli.benchmarks.shapes import run

    if bundles is None:
        raise click.UsageError("Name a folder of Synthea bundles with --bundles.")
    with ground(data, server, note) as ready:
        found = run.run(ready.server, bundles, scale, rounds, keep=data is not None, say=note)
    run.show(found)
    if as_json:
        result(found, "", as_json=True)

"""``larrey audit``: the trace sealed, verified, exported and purged."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date, datetime
from pathlib import Path
from typing import Any, Literal

import click

from larrey.cli.output import json_option, note, result
from larrey.kit.errors import Invalid

_HASH_DIGITS = 64


@click.group("audit")
def command() -> None:
    """The trace: who did what with whose record. See docs/how-to/audit.md."""


_day = click.option("--day", type=click.DateTime(["%Y-%m-%d"]), default=None, help="A day of Paris time, e.g. 2026-11-25.")


@command.command("seal")
@json_option
def seal(*, as_json: bool) -> None:
    """Seal what has no seal yet, and say where the chain ends; a running server does it every few seconds.

    What is printed may be noted outside this machine: `larrey audit verify --head` then tells whether the trace still holds it.
    """
    from larrey.access import seals

    with _connection() as connection, connection.cursor() as cursor:
        count = seals.seal(connection, wait=True)
        end = seals.head(cursor)
    shown = {"day": str(end.day), "number": end.number, "hash": end.hash.hex()} if end else {}
    text = (
        f"{count:,} rows sealed. The chain ends at {end.day}, row {end.number}:\n{end.hash.hex()}"
        if end
        else "The trace is empty."
    )
    result({"sealed": count, "head": shown}, text, as_json=as_json)


@command.command("verify")
@_day
@click.option("--head", default="", help="A hash that was noted, and must still be in the chain.")
@click.option("--file", "file", type=click.Path(path_type=Path), default=None, help="A signed file, to be checked and compared.")
@click.option(
    "--key", type=click.Path(path_type=Path), default=None, help="The public key of --file (PEM). Default: this installation's."
)
@json_option
def verify(day: datetime | None, head: str, file: Path | None, key: Path | None, *, as_json: bool) -> int:
    """Compute the chain of the trace anew and name the first row that was altered, taken out or put in.

    With --file: check the signature and the chain of a file made by `larrey audit export`, and that the trace still says the
    same. Exits with 1 when something is wrong.
    """
    from larrey.access import evidence, purging, seals
    from larrey.site import installation

    if file is not None and (day is not None or head):
        raise click.UsageError("--file goes without --day and --head.")
    noted = _hash(head) if head else None
    ours = installation.settings().data / evidence.KEY
    public = evidence.public_key(key or ours) if key or ours.exists() else None
    if file is not None and public is None:
        raise Invalid("This installation has no key yet; name the public key of the file with --key.")
    with _connection() as connection:
        if file is not None and public is not None:
            report = evidence.verify_file(file, public, connection)
            problems = list(report.problems)
        else:
            report = seals.verify(connection, day=day.date() if day else None, expected=noted)
            problems = list(report.problems)
            if public is not None:
                problems += purging.not_ours(connection, public)
    value = {
        "rows": report.rows,
        "sound": not problems,
        "head": {"day": str(report.head.day), "number": report.head.number, "hash": report.head.hash.hex()}
        if report.head
        else {},
        "problems": [{"kind": p.kind, "day": p.day, "row": p.audit, "text": p.text} for p in problems],
    }
    lines = [f"{problem.kind.upper():8}  {problem.text}." for problem in problems]
    lines.append(
        f"{report.rows:,} rows were looked at: "
        + ("what is told first above is the first that is wrong." if problems else "the trace says what was sealed.")
    )
    if report.head and not problems and file is None and day is None:
        lines.append(f"The chain ends at {report.head.day}, row {report.head.number}:\n{report.head.hash.hex()}")
    result(value, "\n".join(lines), as_json=as_json)
    return 1 if problems else 0


@command.command("export")
@_day
@click.option("--out", required=True, type=click.Path(file_okay=False, path_type=Path), help="Folder for the files.")
@click.option(
    "--format",
    "form",
    type=click.Choice(["rows", "fhir"]),
    default="rows",
    show_default=True,
    help="rows: with their chain, for verify; fhir: AuditEvent resources.",
)
@json_option
def export(day: datetime | None, out: Path, form: Literal["rows", "fhir"], *, as_json: bool) -> None:
    """Write a day of the trace to signed files; without --day yesterday, the last that is over."""
    from larrey.access import evidence, seals
    from larrey.site import installation

    today = _today()
    with _connection() as connection:
        seals.seal(connection, wait=True)
        key = evidence.signing_key(installation.settings().data)
        rows, files = evidence.export(connection, day.date() if day else _yesterday(today), out, key, form=form, today=today)
    text = "\n".join([f"{rows:,} rows:", *(f"  {file}" for file in files)])
    result({"rows": rows, "files": [str(file) for file in files]}, text, as_json=as_json)


@command.command("purge")
@click.option("--out", required=True, type=click.Path(file_okay=False, path_type=Path), help="Folder for the files of what goes.")
@json_option
def purge(out: Path, *, as_json: bool) -> None:
    """Delete the days that are older than LARREY_AUDIT_YEARS, after writing each to signed files.

    Works as the owner of the tables (LARREY_OWNER_DATABASE_URL). The hash that ends a purged day is kept, for verify.
    """
    from larrey.access import evidence, purging, seals
    from larrey.site import installation

    settings = installation.settings()
    days: dict[str, int] = {}

    def done(day: date, rows: int) -> None:
        days[str(day)] = rows
        note(f"{day}: {rows:,} rows")

    with _connection(owner=True) as connection:
        seals.seal(connection, wait=True)
        purging.purge(connection, settings.audit_years, out, evidence.signing_key(settings.data), today=_today(), done=done)
    text = (
        f"{len(days)} days ({sum(days.values()):,} rows) were written to {out} and deleted." if days else "Nothing is that old."
    )
    result({"days": days}, text, as_json=as_json)


@contextmanager
def _connection(*, owner: bool = False) -> Iterator[Any]:
    from larrey.site import installation
    from larrey.site.schema import connected

    settings = installation.settings()
    with (
        installation.database(settings) as url,
        connected(installation.owner_url(settings, url) if owner else url) as connection,
    ):
        yield connection


def _hash(text: str) -> bytes:
    try:
        found = bytes.fromhex(text)
    except ValueError:
        found = b""
    if len(found) * 2 != _HASH_DIGITS:
        raise Invalid(f"A hash has {_HASH_DIGITS} hexadecimal digits.")
    return found


def _today() -> date:
    from larrey.kit import clock

    return clock.now().astimezone(clock.PARIS).date()


def _yesterday(today: date) -> date:
    return date.fromordinal(today.toordinal() - 1)

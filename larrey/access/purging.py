"""What is older than the rule goes: whole days, each in a signed file first, its last hash kept for the chain that follows."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from psycopg import Connection

from larrey.access import evidence
from larrey.access.seals import Problem
from larrey.kit.errors import Conflict


def purge(
    connection: Connection[Any],
    years: int,
    folder: Path,
    key: Ed25519PrivateKey,
    *,
    today: date,
    done: Callable[[date, int], None],
) -> None:
    """Delete the days that are older than ``years`` years, oldest first, each exported to ``folder`` before.

    ``connection`` is the owner's: the application's role may delete nothing. ``done`` is called after each day with its rows.
    Raises ``Conflict`` at a day whose chain is broken: what shows tampering is not deleted by rule.
    """
    before = kept_from(today, years)
    while True:
        found = connection.execute("select min(day) from access_seal").fetchone()
        day = found[0] if found else None
        if day is None or day >= before:
            return
        rows, _ = evidence.export(connection, day, folder, key, today=today)
        with connection.transaction(), connection.cursor() as cursor:
            cursor.execute("select set_config('larrey.purged_day', %s, true)", (str(day),))
            head = cursor.execute("select hash from access_seal where day = %s order by number desc limit 1", (day,)).fetchone()
            assert head is not None  # it has rows
            hash_ = bytes(head[0])
            cursor.execute(
                "insert into access_purge (day, rows, hash, years, signature) values (%s, %s, %s, %s, %s)",
                (day, rows, hash_, years, key.sign(_record(day, rows, hash_, years))),
            )
            cursor.execute("delete from access_audit a using access_seal s where s.audit = a.id and s.day = %s", (day,))
            if cursor.rowcount != rows:
                raise Conflict(f"Rows of {day} are gone; see `larrey audit verify`.")
            cursor.execute("delete from access_seal where day = %s", (day,))
        done(day, rows)


def kept_from(today: date, years: int) -> date:
    """The first day that is kept."""
    try:
        return today.replace(year=today.year - years)
    except ValueError:  # 29 February
        return today.replace(year=today.year - years, day=28)


def not_ours(connection: Connection[Any], key: Ed25519PublicKey) -> list[Problem]:
    """Records of purged days that ``key`` did not sign: someone took days out and wrote the record herself."""
    problems = []
    recorded = connection.execute("select day, rows, hash, years, signature from access_purge order by day")
    for day, rows, hash_, years, signature in recorded:
        try:
            key.verify(bytes(signature), _record(day, rows, bytes(hash_), years))
        except InvalidSignature:
            problems.append(
                Problem("missing", str(day), None, f"the record that {day} was purged is not signed by this installation")
            )
    return problems


def _record(day: date, rows: int, hash_: bytes, years: int) -> bytes:
    return f"larrey purged {day} {rows} {hash_.hex()} {years}\n".encode()

"""Signed files of the trace: a day's rows with their chain, in a form that standard tools check.

    trace-2026-11-25.jsonl              a line that tells the day, then one line for each row
    trace-2026-11-25.jsonl.sha512       as sha512sum writes it: `sha512sum -c` checks the file
    trace-2026-11-25.jsonl.sha512.sig   its Ed25519 signature: `openssl pkeyutl -verify -rawin` checks it
    trace-key.pem                       the public key: keep a copy elsewhere

The secret key is made once, in the data folder (``trace.key``, mode 0600). See docs/how-to/audit.md.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import date
from itertools import islice
from pathlib import Path
from tempfile import NamedTemporaryFile
from typing import IO, Any, Literal

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from psycopg import Connection

from larrey.access import auditevents, seals
from larrey.access.seals import COLUMNS, Problem, Report
from larrey.kit import json
from larrey.kit.errors import Conflict, Invalid, LarreyError, Misconfigured, NotFound, Unavailable

KEY = "trace.key"
PUBLIC_KEY = "trace-key.pem"
Form = Literal["rows", "fhir"]
_ENDINGS: dict[Form, str] = {"rows": "jsonl", "fhir": "fhir.ndjson"}
_BATCH = 500
_CHECKSUM = re.compile(rb"([0-9a-f]{128})  ([^/\n]+)\n\Z")
_LONGEST_LINE = 1 << 20
_TOLD = 20


def signing_key(data: Path) -> Ed25519PrivateKey:
    """The installation's key, made at the first call. Raises ``Misconfigured`` when it cannot be kept or read."""
    path = data / KEY
    try:
        data.mkdir(mode=0o700, parents=True, exist_ok=True)
        if not path.exists():
            made = Ed25519PrivateKey.generate().private_bytes(
                serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
            )
            with NamedTemporaryFile("wb", dir=data, prefix="trace.making-", delete=False) as making:  # mode 0600
                making.write(made)
            with contextlib.suppress(FileExistsError):  # another process was first; its key is the key
                os.link(making.name, path)
            Path(making.name).unlink()
        found = serialization.load_pem_private_key(path.read_bytes(), None)
    except OSError as error:
        raise Misconfigured(f"The key of the trace cannot be kept in {path} ({(error.strerror or '').lower()}).") from None
    except (ValueError, TypeError):
        raise Misconfigured(f"{path} is damaged; restore it from your backup: the files signed before need it.") from None
    if not isinstance(found, Ed25519PrivateKey):
        raise Misconfigured(f"{path} is not an Ed25519 key.")
    return found


def public_key(path: Path) -> Ed25519PublicKey:
    """The public key in the PEM file ``path`` (a secret key gives its public one). Raises ``Invalid``."""
    try:
        content = path.read_bytes()
        if b"PRIVATE KEY" in content:
            found: Any = serialization.load_pem_private_key(content, None)
            found = found.public_key()
        else:
            found = serialization.load_pem_public_key(content)
    except OSError as error:
        raise Invalid(f"The key {path} cannot be read: {error.strerror}.") from None
    except (ValueError, TypeError):
        raise Invalid(f"{path} holds no key in PEM form.") from None
    if not isinstance(found, Ed25519PublicKey):
        raise Invalid(f"{path} is not an Ed25519 key.")
    return found


def export(
    connection: Connection[Any], day: date, folder: Path, key: Ed25519PrivateKey, *, form: Form = "rows", today: date
) -> tuple[int, list[Path]]:
    """Write the sealed rows of ``day`` to signed files in ``folder``; return how many rows, and the files.

    Raises ``NotFound`` when nothing of that day was sealed, ``Conflict`` when its chain is broken (a signature says that it is
    whole), ``Unavailable`` when the folder cannot be written. The file of a day that is not over says so.
    """
    with connection.transaction():
        connection.execute("set transaction isolation level repeatable read, read only")
        with connection.cursor() as cursor:
            begun = seals.before(cursor, day)
            found = cursor.execute(
                "select count(*), (select hash from access_seal where day = %(day)s order by number desc limit 1)"
                " from access_seal where day = %(day)s",
                {"day": day},
            ).fetchone()
        assert found is not None  # an aggregate always answers
        rows, head = found
        if not rows:
            raise NotFound(f"The trace has no sealed row of {day}.")
        path = folder / f"trace-{day}.{_ENDINGS[form]}"
        told = {
            "larrey": "trace",
            "version": 1,
            "day": str(day),
            "rows": rows,
            "previous": begun.hex(),
            "head": bytes(head).hex(),
        }
        digest = hashlib.sha512()
        with _written(path) as out:

            def put(value: Any) -> None:
                line = json.dumps(value) + b"\n"
                digest.update(line)
                out.write(line)

            if form == "rows":
                put({**told, "complete": day < today})
            hash_, count = begun, 0
            for number, sealed, row in seals.chain(connection, day):
                count += 1
                hash_ = seals.link(hash_, day, number, list(row.values()))
                if hash_ != sealed or number != count:
                    raise Conflict(f"The chain of {day} is broken at row {row['id']}; see `larrey audit verify`.")
                put({"number": number, "hash": sealed.hex(), **row} if form == "rows" else auditevents.event(row))
            if count != rows:
                raise Conflict(f"Rows of {day} are gone; see `larrey audit verify`.")
    checksum = path.with_name(path.name + ".sha512")
    line = f"{digest.hexdigest()}  {path.name}\n".encode()
    signature = checksum.with_name(checksum.name + ".sig")
    public = folder / PUBLIC_KEY
    for target, content in (
        (checksum, line),
        (signature, key.sign(line)),
        (public, key.public_key().public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)),
    ):
        with _written(target) as out:
            out.write(content)
    return rows, [path, checksum, signature, public]


def verify_file(path: Path, key: Ed25519PublicKey, connection: Connection[Any] | None = None) -> Report:
    """Check the signature of the file ``path``, the chain within it and, with a ``connection``, that the trace says the same.

    Of a row that differs, the columns are named. Raises ``Invalid`` for a file that is not one of ours, or whose signature is
    not of ``key``.
    """
    try:
        _demand_signature(path, key)
        if path.name.endswith(_ENDINGS["fhir"]):
            with path.open("rb") as file:
                return Report(sum(1 for _ in file), None, [])
        with path.open("rb") as file:
            return _compare(file, path, connection)
    except OSError as error:
        raise Invalid(f"{error.filename or path} cannot be read: {error.strerror}.") from None


def _demand_signature(path: Path, key: Ed25519PublicKey) -> None:
    checksum = path.with_name(path.name + ".sha512")
    line = checksum.read_bytes()
    found = _CHECKSUM.match(line)
    if found is None or found[2] != path.name.encode():
        raise Invalid(f"{checksum} is not the checksum of {path.name}.")
    try:
        key.verify(checksum.with_name(checksum.name + ".sig").read_bytes(), line)
    except InvalidSignature:
        raise Invalid(f"The signature of {path.name} is not of this key: the file, or the key, is another one.") from None
    with path.open("rb") as file:
        digest = hashlib.file_digest(file, "sha512").hexdigest()
    if digest != found[1].decode():
        raise Invalid(f"{path.name} is not the file that was signed: its content was altered.")


def _compare(file: IO[bytes], path: Path, connection: Connection[Any] | None) -> Report:
    head = _line(file, path)
    try:
        day, rows, previous, last = date.fromisoformat(head["day"]), head["rows"], bytes.fromhex(head["previous"]), head["head"]
    except (KeyError, ValueError, TypeError):
        raise Invalid(f"{path.name} is not a file of the trace.") from None
    problems: list[Problem] = []
    hash_, count = previous, 0
    lines: Iterator[dict[str, Any]] = iter(lambda: _line(file, path), {})
    while batch := list(islice(lines, _BATCH)):
        for row in batch:
            count += 1
            hash_ = seals.link(hash_, day, count, [row.get(column) for column in COLUMNS])
            if hash_.hex() != row.get("hash") or row.get("number") != count:
                raise Invalid(f"{path.name}: the chain is broken at line {count + 1}.")
        if connection is not None:
            problems += _differences(connection, day, batch)
    if count != rows or hash_.hex() != last:
        raise Invalid(f"{path.name} does not hold the rows that it tells.")
    if connection is not None and problems:
        problems = _unless_purged(connection, day, rows, hash_, problems)
    return Report(count, seals.Head(day, count, hash_), problems[:_TOLD])


def _line(file: IO[bytes], path: Path) -> dict[str, Any]:
    """The next line; empty at the end."""
    line = file.readline(_LONGEST_LINE)
    if not line:
        return {}
    try:
        found = json.loads(line)
    except LarreyError:
        found = None
    if not isinstance(found, dict) or not found:
        raise Invalid(f"{path.name} is not a file of the trace.")
    return found


def _differences(connection: Connection[Any], day: date, batch: Sequence[dict[str, Any]]) -> Iterator[Problem]:
    ids = [int(row["id"]) for row in batch]
    now = {row["id"]: (number, hash_, row) for number, hash_, row in seals.some(connection, ids)}
    for row in batch:
        found = now.get(row["id"])
        if found is None:
            yield Problem("missing", str(day), int(row["id"]), f"row {row['id']} of {day} is gone")
            continue
        number, hash_, there = found
        differ = [f"{column} was {row[column]!r}, is {there[column]!r}" for column in COLUMNS if row[column] != there[column]]
        if differ:
            yield Problem("altered", str(day), int(row["id"]), f"row {row['id']} of {day}: {'; '.join(differ)}")
        elif hash_ is None or hash_.hex() != row["hash"] or number != row["number"]:
            yield Problem(
                "altered", str(day), int(row["id"]), f"row {row['id']} of {day} has another seal than when it was signed"
            )


def _unless_purged(connection: Connection[Any], day: date, rows: int, hash_: bytes, problems: list[Problem]) -> list[Problem]:
    """No problem when the whole day was purged by rule, and its record has the same last hash."""
    row = connection.execute("select rows, hash from access_purge where day = %s", (day,)).fetchone()
    return [] if row is not None and (row[0], bytes(row[1])) == (rows, hash_) else problems


@contextmanager
def _written(path: Path) -> Iterator[IO[bytes]]:
    """``path`` for writing; it appears when the block has ended well."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with NamedTemporaryFile(dir=path.parent, prefix=f".{path.name}.", delete=False) as file:
            try:
                yield file
                file.flush()
                os.fsync(file.fileno())
                os.fchmod(file.fileno(), 0o640)  # it names patients and professionals
                Path(file.name).replace(path)
            except BaseException:
                Path(file.name).unlink(missing_ok=True)
                raise
    except OSError as error:
        raise Unavailable(f"{path} cannot be written: {error.strerror or error}.") from None

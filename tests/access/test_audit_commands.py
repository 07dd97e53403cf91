"""``larrey audit``: seal, verify, export and purge, as an administrator and an auditor use them."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import stat
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import psycopg
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from larrey.access import evidence, purging, seals
from larrey.access.trail import Action, trace
from larrey.fhir.validation import validate
from larrey.kit import clock
from larrey.kit.errors import Conflict, Invalid, Misconfigured, NotFound, Unavailable
from larrey.store.caller import EVERYONE, Caller

SOMEONE = Caller(actor="account:jane", role="doctor", place="cardio", account=7, sight=EVERYONE)
HAND = b"set session_replication_role = replica"
TODAY = clock.now().astimezone(clock.PARIS).date()


@dataclass(frozen=True)
class Done:
    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        return json.loads(self.out.splitlines()[-1])


Run = Callable[..., Done]


@pytest.fixture
def run(database_url: str, tmp_path: Path) -> Run:
    """The command line on the database of this test."""

    def larrey(*arguments: str, **settings: str) -> Done:
        environment = {**os.environ, "LARREY_DATABASE_URL": database_url, "LARREY_DATA": str(tmp_path / "data"), **settings}
        command = [sys.executable, "-m", "larrey", "audit", *arguments]
        done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
        return Done(done.returncode, done.stdout, done.stderr)

    return larrey


@pytest.fixture
def traced(connection: psycopg.Connection) -> psycopg.Connection:
    """Three rows of two days ago, sealed; two of today, not yet."""
    old = TODAY - timedelta(days=2)
    connection.execute(
        "insert into access_audit (actor, action, patient_id, what, address, at)"
        " select 'account:jane', 'open', p, 'Patient/' || p, '10.0.0.1', %s::date + interval '10 h'"
        " from unnest(array['a', 'b', 'été']) p",
        [old],
    )
    seals.seal(connection)
    with connection.cursor() as cursor:
        trace(cursor, SOMEONE, Action.OPEN, "Patient/c", patient_id="c")
        trace(cursor, SOMEONE, Action.SEARCH, "Patient?name=x")
    return connection


def test_the_life_of_a_trace(run: Run, traced: psycopg.Connection, tmp_path: Path) -> None:
    sealed = run("seal", "--json")
    assert (sealed.code, sealed.json["sealed"], sealed.json["head"]["number"]) == (0, 2, 2), sealed.err
    head = sealed.json["head"]["hash"]
    assert run("seal", "--json").json == {"sealed": 0, "head": sealed.json["head"]}
    sound = run("verify", "--json")
    assert (sound.code, sound.json["rows"], sound.json["problems"], sound.json["head"]["hash"]) == (0, 5, [], head)
    assert "5 rows were looked at: the trace says what was sealed." in run("verify", "--head", head).out

    exported = run("export", "--day", str(TODAY - timedelta(days=2)), "--out", str(tmp_path / "out"), "--json")
    assert (exported.code, exported.json["rows"]) == (0, 3), exported.err
    file = Path(exported.json["files"][0])
    assert run("verify", "--file", str(file)).code == 0

    # Someone with the superuser's password changes a row, another one takes out two.
    traced.execute(HAND)
    traced.execute("update access_audit set patient_id = 'other' where id = 2")
    found = run("verify")
    assert found.code == 1
    assert f"ALTERED   row 2 of {TODAY - timedelta(days=2)} (number 2) does not say what was sealed" in found.out
    found = run("verify", "--file", str(file))
    assert found.code == 1
    assert "row 2" in found.out
    assert "patient_id was 'b', is 'other'" in found.out
    assert run("export", "--day", str(TODAY - timedelta(days=2)), "--out", str(tmp_path / "again")).code == 5
    assert not list((tmp_path / "again").glob("trace-2*"))
    traced.execute("delete from access_audit where id > 3")
    traced.execute("delete from access_seal where audit > 3")
    found = run("verify", "--head", head, "--json")
    assert found.code == 1
    assert [problem["kind"] for problem in found.json["problems"]] == ["altered", "missing"]
    assert run("verify", "--day", str(TODAY)).code == 0
    assert run("verify", "--day", str(TODAY - timedelta(days=2))).code == 1


def test_signed_files_are_checked_by_standard_tools(run: Run, traced: psycopg.Connection, tmp_path: Path) -> None:
    out = tmp_path / "out"
    for form in ("rows", "fhir"):
        assert run("export", "--day", str(TODAY - timedelta(days=2)), "--out", str(out), "--format", form).code == 0
    key = tmp_path / "data" / "trace.key"
    assert stat.S_IMODE(key.stat().st_mode) == 0o600
    names = sorted(path.name for path in out.iterdir())
    day = TODAY - timedelta(days=2)
    assert names == sorted(
        ["trace-key.pem"]
        + [f"trace-{day}.{form}{more}" for form in ("jsonl", "fhir.ndjson") for more in ("", ".sha512", ".sha512.sig")]
    )
    assert not any(path.stat().st_mode & 0o007 for path in out.iterdir())
    for form in ("jsonl", "fhir.ndjson"):
        checksum = f"trace-{day}.{form}.sha512"
        subprocess.run(["sha512sum", "--check", "--status", checksum], cwd=out, check=True)
        if shutil.which("openssl"):
            command = ["openssl", "pkeyutl", "-verify", "-pubin", "-inkey", "trace-key.pem", "-rawin"]
            subprocess.run([*command, "-in", checksum, "-sigfile", f"{checksum}.sig"], cwd=out, check=True, capture_output=True)
    events = [json.loads(line) for line in (out / f"trace-{day}.fhir.ndjson").read_bytes().splitlines()]
    assert [event["id"] for event in events] == ["trace-1", "trace-2", "trace-3"]
    assert [problem for event in events for problem in validate(event)] == []
    assert run("verify", "--file", str(out / f"trace-{day}.fhir.ndjson"), "--key", str(out / "trace-key.pem")).code == 0
    lines = [json.loads(line) for line in (out / f"trace-{day}.jsonl").read_bytes().splitlines()]
    assert (lines[0]["rows"], lines[0]["complete"], lines[0]["previous"]) == (3, True, "00" * 32)
    assert [line["what"] for line in lines[1:]] == ["Patient/a", "Patient/b", "Patient/été"]
    # nothing of it is in the record
    assert traced.execute("select count(*) from record.resource").fetchone() == (0,)


def test_a_file_that_was_altered_is_refused(traced: psycopg.Connection, tmp_path: Path) -> None:
    key = evidence.signing_key(tmp_path / "data")
    public = key.public_key()
    assert evidence.signing_key(tmp_path / "data").public_key() == public
    day = TODAY - timedelta(days=2)
    _, files = evidence.export(traced, day, tmp_path, key, today=TODAY)
    file, checksum, signature, pem = files
    assert evidence.verify_file(file, public, traced).problems == []
    assert evidence.verify_file(file, evidence.public_key(pem)).rows == 3
    whole, line = file.read_bytes(), checksum.read_bytes()
    for name, content in (
        (file, whole.replace(b"Patient/b", b"Patient/x")),
        (file, whole[:-50]),
        (file, whole + b"\n"),
        (checksum, line.replace(b"a", b"b")),
        (checksum, b"\xff" * 40),
        (checksum, line + line),
        (signature, b"\0" * 64),
        (signature, b""),
    ):
        before = name.read_bytes()
        name.write_bytes(content)
        with pytest.raises(Invalid):
            evidence.verify_file(file, public, traced)
        name.write_bytes(before)
    with pytest.raises(Invalid, match="not of this key"):
        evidence.verify_file(file, Ed25519PrivateKey.generate().public_key(), traced)
    with pytest.raises(Invalid, match="cannot be read"):
        evidence.verify_file(tmp_path / "none.jsonl", public, traced)


def test_a_signed_file_whose_chain_is_broken_is_refused(traced: psycopg.Connection, tmp_path: Path) -> None:
    """Whoever has the key could sign anything; the chain within must hold too."""
    key = evidence.signing_key(tmp_path / "data")
    _, (file, checksum, signature, _) = evidence.export(traced, TODAY - timedelta(days=2), tmp_path, key, today=TODAY)
    whole = file.read_bytes()
    head, rows = whole.splitlines(keepends=True)[:1], whole.splitlines(keepends=True)[1:]
    for content in (
        whole.replace(b"Patient/b", b"Patient/x"),
        b"".join(whole.splitlines(keepends=True)[:-1]),
        b"".join(head + rows[::-1]),
        b"[]\n",
        b"",
        b"\xff\n",
        b'{"larrey":"trace"}\n',
    ):
        file.write_bytes(content)
        line = f"{hashlib.sha512(content).hexdigest()}  {file.name}\n".encode()
        checksum.write_bytes(line)
        signature.write_bytes(key.sign(line))
        with pytest.raises(Invalid):
            evidence.verify_file(file, key.public_key(), traced)


def test_a_file_tells_what_was_done_since(traced: psycopg.Connection, tmp_path: Path) -> None:
    key = evidence.signing_key(tmp_path / "data")
    _, files = evidence.export(traced, TODAY - timedelta(days=2), tmp_path, key, today=TODAY)
    traced.execute(HAND)
    traced.execute("delete from access_audit where id = 1")
    traced.execute("update access_audit set address = '10.9.9.9' where id = 2")
    traced.execute("delete from access_seal where audit = 3")
    found = evidence.verify_file(files[0], key.public_key(), traced).problems
    assert [(problem.kind, problem.audit) for problem in found] == [("missing", 1), ("altered", 2), ("altered", 3)]
    assert "address was '10.0.0.1/32', is '10.9.9.9/32'" in found[1].text


def test_what_cannot_be_exported(traced: psycopg.Connection, tmp_path: Path) -> None:
    key = evidence.signing_key(tmp_path / "data")
    with pytest.raises(NotFound):
        evidence.export(traced, date(2001, 1, 1), tmp_path, key, today=TODAY)
    (tmp_path / "file").write_text("")
    with pytest.raises(Unavailable):
        evidence.export(traced, TODAY - timedelta(days=2), tmp_path / "file", key, today=TODAY)
    (tmp_path / "data" / "trace.key").write_text("nonsense")
    with pytest.raises(Misconfigured, match="damaged"):
        evidence.signing_key(tmp_path / "data")
    seals.seal(traced)
    evidence.export(traced, TODAY, tmp_path, key, today=TODAY)
    assert json.loads((tmp_path / f"trace-{TODAY}.jsonl").read_bytes().splitlines()[0])["complete"] is False


def test_what_is_older_than_the_rule_is_purged(run: Run, connection: psycopg.Connection, tmp_path: Path) -> None:
    first = purging.kept_from(TODAY, 10)
    for day in (first - timedelta(days=400), first - timedelta(days=1), first, TODAY):
        for _ in range(2):
            connection.execute("insert into access_audit (action, at) values ('open', %s::date + interval '12 h')", [day])
        seals.seal(connection)
    out = tmp_path / "out"
    done = run("purge", "--out", str(out), "--json")
    assert (done.code, done.json["days"]) == (0, {str(first - timedelta(days=400)): 2, str(first - timedelta(days=1)): 2}), (
        done.err
    )
    assert connection.execute("select array_agg(distinct id) from access_audit").fetchone() == ([5, 6, 7, 8],)
    assert run("verify").code == 0
    assert run("verify", "--day", str(first)).code == 0
    assert run("verify", "--file", str(out / f"trace-{first - timedelta(days=1)}.jsonl")).code == 0
    assert run("purge", "--out", str(out)).out.strip() == "Nothing is that old."
    assert run("purge", "--out", str(out), "--json", LARREY_AUDIT_YEARS="9").json["days"] == {str(first): 2}
    sound = run("verify", "--json")
    assert (sound.code, sound.json["rows"]) == (0, 2)

    # Taking days out and writing the record of a purge oneself does not pass.
    connection.execute(HAND)
    connection.execute("update access_purge set rows = 9 where day = %s", [first])
    found = run("verify", "--json")
    assert (found.code, [problem["kind"] for problem in found.json["problems"]]) == (1, ["missing"])
    connection.execute("delete from access_purge where day = %s", [first])
    assert run("verify").code == 1


def test_tampered_days_are_not_purged(connection: psycopg.Connection, tmp_path: Path) -> None:
    key = evidence.signing_key(tmp_path / "data")
    connection.execute("insert into access_audit (action, at) values ('open', '2001-01-01 12:00'), ('open', '2001-01-01 12:00')")
    seals.seal(connection)
    connection.execute(HAND)
    connection.execute("update access_audit set what = 'x' where id = 2")
    connection.execute(b"set session_replication_role = origin")
    with pytest.raises(Conflict, match="broken at row 2"):
        purging.purge(connection, 10, tmp_path / "out", key, today=TODAY, done=lambda *_: None)
    assert connection.execute("select count(*) from access_audit").fetchone() == (2,)
    assert not list((tmp_path / "out").glob("trace-2*"))


def test_nothing_of_the_last_year_goes_whatever_is_asked(connection: psycopg.Connection) -> None:
    with connection.cursor() as cursor:
        trace(cursor, SOMEONE, Action.OPEN, "Patient/a", patient_id="a")
    seals.seal(connection)
    connection.execute("select set_config('larrey.purged_day', %s, false)", [str(TODAY)])
    for statement in ("delete from access_audit", "delete from access_seal"):
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            connection.execute(statement.encode())


def test_the_29_of_february() -> None:
    assert purging.kept_from(date(2028, 2, 29), 10) == date(2018, 2, 28)
    assert purging.kept_from(date(2026, 11, 25), 10) == date(2016, 11, 25)


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        (("verify", "--head", "12"), 2),
        (("verify", "--head", "g" * 64), 2),
        (("verify", "--day", "yesterday"), 2),
        (("verify", "--file", "nothing.jsonl"), 2),
        (("verify", "--file", "nothing.jsonl", "--day", "2026-01-01"), 2),
        (("export", "--out", "out", "--day", "2001-01-01"), 4),
    ],
)
def test_mistakes_are_told(run: Run, arguments: tuple[str, ...], code: int) -> None:
    done = run(*arguments)
    assert done.code == code, done.err
    assert "Traceback" not in done.err


def test_a_server_seals_what_is_written(connection: psycopg.Connection, database_url: str) -> None:
    """In the application's role, as servers do."""
    script = (
        "import sys, time\nfrom larrey.site import sealing\nsealing.SECONDS = 0.05\nsealing.start(sys.argv[1])\ntime.sleep(60)"
    )
    server = subprocess.Popen([sys.executable, "-c", script, database_url.replace("//larrey@", "//larrey_app@")])
    try:
        with connection.cursor() as cursor:
            trace(cursor, SOMEONE, Action.OPEN, "Patient/a", patient_id="a")
        for _ in range(400):
            if connection.execute("select count(*) from access_seal").fetchone() == (1,):
                break
            connection.execute("select pg_sleep(0.05)")
        else:
            pytest.fail("nothing was sealed")
    finally:
        server.kill()
        server.wait()
    assert seals.verify(connection).problems == []

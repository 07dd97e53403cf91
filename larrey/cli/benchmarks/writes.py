"""Figure: create, update and delete over HTTP with sixteen clients, beside the same statements sent by pgbench.

The statements of the floor are those that ``larrey.store`` itself sends: one write of each kind is done, recorded and
rolled back, and what was recorded becomes pgbench's script with the key, the id and the row number made variables.
"""

from __future__ import annotations

import json
import re
import subprocess
import tempfile
import time
from collections.abc import Callable
from threading import Lock, Thread
from typing import Any, Self

import psycopg
from psycopg import ClientCursor
from psycopg.pq import Format

from larrey.cli.benchmarks.client import Client
from larrey.cli.benchmarks.ground import Base
from larrey.cli.benchmarks.processes import Running
from larrey.cli.benchmarks.report import Figure
from larrey.kit.errors import Fault, Misconfigured
from larrey.site.postgres import binaries
from larrey.store.caller import system
from larrey.store.keys import resource_key
from larrey.store.write import operations

CLIENTS = 16
KINDS = ("create", "update", "delete")
_ID = "bench-floor"
ROWS_A_SECOND = 1500
"""Rows made beforehand for each second of updates and deletes by pgbench."""


def observation(patient: str, value: int, id_: str | None = None) -> dict[str, Any]:
    """A plain laboratory result, about 700 bytes as stored."""
    loinc, system_ = "http://loinc.org", "http://terminology.hl7.org/CodeSystem/observation-category"
    return {
        "resourceType": "Observation",
        **({"id": id_} if id_ else {}),
        "status": "final",
        "category": [{"coding": [{"system": system_, "code": "laboratory", "display": "laboratory"}]}],
        "code": {"coding": [{"system": loinc, "code": "2339-0", "display": "Glucose"}], "text": "Glucose"},
        "subject": {"reference": f"Patient/{patient}"},
        "effectiveDateTime": f"2026-03-{value % 28 + 1:02d}T08:{value % 60:02d}:00+01:00",
        "issued": "2026-03-01T10:00:00.000+01:00",
        "valueQuantity": {"value": 40 + value % 100, "unit": "mg/dL", "system": "http://unitsofmeasure.org", "code": "mg/dL"},
    }


def measure(base: Base, seconds: float) -> list[Figure]:
    """Requests per second of each kind; each kind runs ``seconds`` by HTTP, then by pgbench. Writes into ``base``."""
    with base.connect() as connection:
        rows = connection.execute("select id from record.resource where type = 'Patient' order by md5(id) limit 500").fetchall()
    patients = [row[0] for row in rows]
    if not patients:
        raise Fault("The base holds no patient to write about.")
    ours = {}
    ids: list[str] = []
    with base.served(workers=2, threads=8) as running:
        for kind in KINDS:
            ours[kind] = _http(running, base.token, kind, patients, ids, seconds)
    floor = {kind: _pgbench(base, kind, patients[0], seconds) for kind in KINDS}
    return [
        Figure(f"{kind} over HTTP, {CLIENTS} clients", ours[kind], "requests/s", floor[kind], "pgbench", ours[kind] / floor[kind])
        for kind in KINDS
    ]


def _http(running: Running, token: str, kind: str, patients: list[str], ids: list[str], seconds: float) -> float:
    """Requests per second of ``CLIENTS`` threads; ``ids`` are what was created and is still there."""
    lock, failures = Lock(), list[str]()
    counts = [0] * CLIENTS
    end = time.perf_counter() + seconds
    began = time.perf_counter()

    def work(number: int) -> None:
        client = Client(running.port, token)
        try:
            while time.perf_counter() < end and not failures:
                value = counts[number] * CLIENTS + number
                if kind == "create":
                    body = json.dumps(observation(patients[value % len(patients)], value)).encode()
                    answer = client.send("POST", "/fhir/Observation", body)
                    if answer.status == 201:
                        with lock:
                            ids.append(answer.header("location").split("/")[-3])
                elif kind == "update":
                    id_ = ids[value % len(ids)]
                    body = json.dumps(observation(patients[value % len(patients)], value + 1, id_)).encode()
                    answer = client.send("PUT", f"/fhir/Observation/{id_}", body)
                else:
                    with lock:
                        if not ids:
                            return
                        id_ = ids.pop()
                    answer = client.send("DELETE", f"/fhir/Observation/{id_}")
                if answer.status >= 300:
                    failures.append(f"{kind}: {answer.status} {answer.body[:300]!r}")
                counts[number] += 1
        finally:
            client.close()

    threads = [Thread(target=work, args=(number,)) for number in range(CLIENTS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if failures:
        raise Fault(f"A write failed under measurement: {failures[0]}")
    return sum(counts) / (time.perf_counter() - began)


class _Recorder(psycopg.Cursor[Any]):
    """A cursor that keeps what it executes, as text with the values in it."""

    def __init__(self, connection: psycopg.Connection[Any]) -> None:
        super().__init__(connection)
        self.format = Format.BINARY
        self.said: list[str] = []

    def execute(self, query: Any, params: Any = None, **options: Any) -> Self:
        self.said.append(str(query) if params is None else ClientCursor(self.connection).mogrify(query, params))
        return super().execute(query, params, **options)


def statements(base: Base, kind: str, patient: str) -> list[str]:
    """What one write of ``kind`` sends to the database between begin and commit, with pgbench's variables in it."""
    caller = system("bench")
    work: dict[str, Callable[[psycopg.Cursor[Any]], Any]] = {
        "create": lambda cursor: operations.create(cursor, caller, observation(patient, 2)),
        "update": lambda cursor: operations.update(cursor, caller, observation(patient, 2, _ID)),
        "delete": lambda cursor: operations.delete(cursor, caller, "Observation", _ID),
    }
    with base.connect() as connection:
        with connection.transaction():  # display texts are sent once; afterwards this connection knows them
            operations.create(connection.cursor(binary=True), caller, observation(patient, 1))
        with connection.transaction(force_rollback=True):
            rid = None
            if kind != "create":
                operations.update(connection.cursor(binary=True), caller, observation(patient, 1, _ID))
                row = connection.execute(
                    "select rid from record.resource where type = 'Observation' and id = %s", [_ID]
                ).fetchone()
                rid = row[0] if row else None
            recorder = _Recorder(connection)
            written = work[kind](recorder)
    return [_with_variables(text, written.id, rid) for text in recorder.said]


def _with_variables(text: str, id_: str, rid: int | None) -> str:
    """``text`` with the resource's key and id, and where given its row number, as variables of pgbench."""
    key = resource_key("Observation", id_)
    text = re.sub(rf"(?<![\w-]){key}(?!\d)", ":key", text)
    text = text.replace(f"'{id_}'", "'floor-:key'")
    return text if rid is None else re.sub(rf"(?<!\d){rid}(?!\d)", ":rid", text)


_TABLES = """
drop table if exists public.bench_row;
drop sequence if exists public.bench_next;
create sequence if not exists public.bench_key start 1000000000;
create sequence public.bench_next;
create table public.bench_row (n bigint generated always as identity primary key, key bigint not null, rid bigint not null);
"""
_NEW_KEY = "select nextval('public.bench_key') as key \\gset"
_NEXT_ROW = "select key, rid from public.bench_row where n = (select nextval('public.bench_next')) \\gset"


def _pgbench(base: Base, kind: str, patient: str, seconds: float) -> float:
    """Transactions per second of the same statements on ``CLIENTS`` connections; updates and deletes take a new row each."""
    with base.connect() as connection:
        connection.execute(_TABLES)
    create = [f"{text.rstrip('; ')};" for text in statements(base, "create", patient)]
    if kind == "create":
        return _run(base, [_NEW_KEY, "begin;", *create, "commit;"], ["-T", str(max(1, round(seconds)))])
    create = [text.rstrip(";") + " \\gset" if "select rid from r" in text else text for text in create]
    keep = "insert into public.bench_row (key, rid) values (:key, :rid);"
    rows = round(seconds * ROWS_A_SECOND / CLIENTS) + 10
    _run(base, [_NEW_KEY, "begin;", *create, keep, "commit;"], ["-t", str(rows)])
    said = [f"{text.rstrip('; ')};" for text in statements(base, kind, patient)]
    return _run(base, [_NEXT_ROW, "begin;", *said, "commit;"], ["-t", str(rows)])


def _run(base: Base, script: list[str], bound: list[str]) -> float:
    program = binaries().folder / "pgbench"
    if not program.exists():
        raise Misconfigured(f"{program} is missing: the writes have no floor without pgbench.")
    with tempfile.NamedTemporaryFile("w", suffix=".sql") as file:
        file.write("\n".join(script) + "\n")
        file.flush()
        command = [str(program), "-n", "-f", file.name, "-c", str(CLIENTS), "-j", "2", *bound, base.url]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
    found = re.search(r"tps = ([0-9.]+)", done.stdout)
    if done.returncode or found is None or "number of failed transactions: 0 " not in done.stdout:
        raise Fault(f"pgbench failed: {(done.stderr or done.stdout).strip()[-1500:]}")
    return float(found[1])

"""Figure: one patient's newest fifty observations over HTTP, and how that grows with the base."""

from __future__ import annotations

import random
import time
from contextlib import ExitStack

import psycopg

from larrey.cli.benchmarks.client import Client
from larrey.cli.benchmarks.ground import Base
from larrey.cli.benchmarks.report import Figure, quantile
from larrey.kit.errors import Fault

TARGET_MS = 10.0
GROWTH = 1.2
PAGE = 50

_PATIENTS = """
select r.patient, p.id
from (select patient from record.resource where type = 'Observation' and patient is not null
      group by patient having count(*) >= %s order by md5(patient::text) limit 200) r
join record.resource p on p.type = 'Patient' and p.patient = r.patient
"""
_PAGE = """
select body from record.resource where type = 'Observation' and patient = %s order by date_low desc, rid desc limit 51
"""


def measure(small: Base, scale: int, large: Base | None, requests: int) -> list[Figure]:
    """p95 of the time from request to whole answer on loopback, bases in alternation.

    The floor is the same page by hand-written SQL over one connection. ``large`` is the base of ``scale`` copies.
    """
    bases = [("1×", small)] + ([(f"{scale}×", large)] if large is not None else [])
    http: dict[str, list[float]] = {name: [] for name, _ in bases}
    byhand: dict[str, list[float]] = {name: [] for name, _ in bases}
    with ExitStack() as stack:
        tools = []
        for name, base in bases:
            running = stack.enter_context(base.served(workers=1, threads=2))
            tools.append((name, Client(running.port, base.token), base.connect(), _patients(base)))
        chosen = random.Random(11)
        for turn in range(-20, requests):
            for name, client, connection, patients in tools:
                key, id_ = chosen.choice(patients)
                answer = client.get(f"/fhir/Observation?patient={id_}&_sort=-date&_count={PAGE}")
                if answer.status != 200:
                    raise Fault(f"The chart's search failed under measurement: {answer.status} {answer.body[:300]!r}")
                direct = _direct(connection, key)
                if turn >= 0:
                    http[name].append(answer.seconds * 1000)
                    byhand[name].append(direct * 1000)
        for _, client, connection, _ in tools:
            client.close()
            connection.close()
    figures = []
    for name, _ in bases:
        p95, floor = quantile(http[name], 0.95), quantile(byhand[name], 0.95)
        details = {"p50": quantile(http[name], 0.5), "floor_p50": quantile(byhand[name], 0.5), "requests": requests}
        label = f"newest fifty observations, p95, {name}"
        figures.append(
            Figure(label, p95, "ms", floor, "hand-written SQL", p95 / floor, f"≤ {TARGET_MS:.0f} ms", p95 <= TARGET_MS, details)
        )
    if large is not None:
        few, many = (quantile(http[name], 0.95) for name, _ in bases)
        half = {name: quantile(times, 0.5) for name, times in http.items()}
        label = f"the same, {scale}× beside 1×"
        figures.append(
            Figure(label, many, "ms", few, "the small base", many / few, f"≤ {GROWTH} ×", many / few <= GROWTH, {"p50": half})
        )
    return figures


def _patients(base: Base) -> list[tuple[str, str]]:
    with base.connect() as connection:
        for least in (PAGE, 1):
            rows = connection.execute(_PATIENTS, [least]).fetchall()
            if rows:
                return [(str(patient), id_) for patient, id_ in rows]
    raise Fault("The base holds no patient with observations.")


def _direct(connection: psycopg.Connection, patient: str) -> float:
    start = time.perf_counter()
    connection.execute(_PAGE, [patient]).fetchall()
    return time.perf_counter() - start

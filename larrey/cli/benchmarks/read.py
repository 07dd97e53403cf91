"""Figure: server CPU of a FHIR read by id, beside a bare WSGI handler that does the same SELECT and a plain INSERT."""

from __future__ import annotations

import random
from statistics import median
from threading import Thread

from larrey.cli.benchmarks.client import Client
from larrey.cli.benchmarks.ground import Base
from larrey.cli.benchmarks.processes import Running
from larrey.cli.benchmarks.report import Figure
from larrey.kit.errors import Fault

TARGET = 1.6
CLIENTS = 4


def measure(base: Base, requests: int, rounds: int) -> list[Figure]:
    """CPU (user and system, all processes of the server, PostgreSQL not among them) per request, in alternation."""
    with base.connect() as connection:
        rows = connection.execute("select type, id from record.resource order by md5(id) limit 2000").fetchall()
    paths = [f"/fhir/{type_}/{id_}" for type_, id_ in rows]
    ours: list[float] = []
    floor: list[float] = []
    with base.served(workers=1, threads=CLIENTS) as larrey, base.bare(workers=1, threads=CLIENTS) as bare:
        for turn in range(rounds + 1):
            for running, found in ((larrey, ours), (bare, floor)):
                spent = _spent(running, base.token, paths, requests if turn else max(50, requests // 4))
                if turn:  # the first round warms up
                    found.append(spent)
    value, under = median(ours) * 1000, median(floor) * 1000
    details = {"requests": requests * rounds, "larrey_ms": [t * 1000 for t in ours], "bare_ms": [t * 1000 for t in floor]}
    ratio = value / under
    return [
        Figure(
            "read by id", value, "ms CPU", under, "bare WSGI, SELECT and INSERT", ratio, f"≤ {TARGET} ×", ratio <= TARGET, details
        )
    ]


def _spent(running: Running, token: str, paths: list[str], requests: int) -> float:
    """Seconds of server CPU per request."""
    failures: list[str] = []

    def read(seed: int) -> None:
        client, chosen = Client(running.port, token), random.Random(seed)
        try:
            for _ in range(requests // CLIENTS):
                path = chosen.choice(paths)
                answer = client.get(path)
                if answer.status != 200:
                    failures.append(f"{path}: {answer.status}")
                    return
        finally:
            client.close()

    threads = [Thread(target=read, args=(seed,)) for seed in range(CLIENTS)]
    before = running.cpu()
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if failures:
        raise Fault(f"A read failed under measurement: {failures[0]}")
    return (running.cpu() - before) / (requests // CLIENTS * CLIENTS)

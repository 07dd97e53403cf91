"""Figure: how many people can be signed in and at work at once on this machine.

Each session is a doctor's browser: one kept-alive connection, a page, then 30 to 90 s to read it. The mix of pages is
``MIX``; style sheets and scripts, which a browser keeps, are not asked again. The load comes from one process on the same
machine, so that what it uses is taken from the server.
"""

from __future__ import annotations

import asyncio
import random
import resource
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote

from larrey.cli.benchmarks.chart import inside
from larrey.cli.benchmarks.client import Client
from larrey.cli.benchmarks.ground import Base, Say
from larrey.cli.benchmarks.processes import Running
from larrey.cli.benchmarks.report import Figure, quantile
from larrey.kit import json
from larrey.kit.errors import Fault

P95_MS = 500.0
THINK = (30.0, 90.0)
WANTED = 20_000
"""Simultaneous sessions of a group of the size of AP-HP."""

MIX = {
    "find": 14,  # three keystrokes later the list is there: each is a request, counted as one page each
    "chart/{patient}": 26,
    "chart/{patient}/results": 17,
    "chart/{patient}/timeline": 11,
    "chart/{patient}/documents": 8,
    "chart/{patient}/documents/{document}": 8,
    "chart/{patient}/stays": 6,
    "chart/{patient}/prescriptions": 6,
    "chart/{patient}/Condition/{condition}": 4,
}
"""Page → share in a hundred. A doctor looks at the summary, then at results; documents and the rest follow."""

SECONDS = 75.0
"""How long a number of sessions is held and measured; every session asks for a page or two."""
RAMP = 45.0
_CLOSED = (ConnectionError, asyncio.IncompleteReadError)


@dataclass(slots=True)
class Held:
    """What became of a number of sessions: milliseconds of each page, by page; errors in words; CPU of the server."""

    sessions: int
    times: dict[str, list[float]] = field(default_factory=dict)
    errors: Counter[str] = field(default_factory=Counter)
    reconnected: int = 0
    cpu: float = 0.0
    seconds: float = 0.0

    @property
    def all(self) -> list[float]:
        """The times of all pages."""
        return [each for times in self.times.values() for each in times]

    @property
    def good(self) -> bool:
        """Whether the number was held: no error, and the pages quick enough."""
        return bool(self.all) and not self.errors and quantile(self.all, 0.95) <= P95_MS


@dataclass(frozen=True, slots=True)
class Targets:
    """What the sessions look at: patients with a document and a problem of theirs, and names to search."""

    charts: Sequence[tuple[str, str, str]]
    names: Sequence[str]

    def address(self, page: str, chosen: random.Random) -> str:
        if page == "find":
            return f"/?q={quote(chosen.choice(self.names))}"
        patient, document, condition = chosen.choice(self.charts)
        return "/" + page.format(patient=patient, document=document, condition=condition)


def measure(
    base: Base, say: Say, *, sessions: Sequence[int] = (), seconds: float = SECONDS, ramp: float = RAMP, cores: int = 2
) -> list[Figure]:
    """Hold growing numbers of sessions until one is too many; ``sessions`` are the numbers to try instead."""
    targets = _targets(base)
    with base.served(workers=cores, threads=4) as running:
        keys = inside(base, "sessions", "64")
        each = _alone(running, targets, keys[0])
        capacity = cores / each
        say(f"one page costs {each * 1000:.1f} ms of the server's CPU (database apart)")
        tried = sessions or [int(capacity * share * sum(THINK) / 2 / 100) * 100 for share in (0.35, 0.5, 0.65, 0.8)]
        best: Held | None = None
        last: Held | None = None
        for count in tried:
            keys += inside(base, "sessions", str(count - len(keys))) if count > len(keys) else []
            last = asyncio.run(_hold(running, targets, keys[:count], seconds, ramp))
            say(_told(last))
            if not last.good:
                break
            best = last
    if last is None:
        raise Fault("No number of sessions was tried.")
    return _figures(best, last, each)


def _told(held: Held) -> str:
    times, errors = held.all or [0.0], sum(held.errors.values())
    p50, p95 = quantile(times, 0.5), quantile(times, 0.95)
    what = f" ({', '.join(error for error, _ in held.errors.most_common(2))})" if errors else ""
    rate = len(held.all) / held.seconds
    return f"{held.sessions:,} sessions: {rate:.0f} pages/s, p50 {p50:.0f} ms, p95 {p95:.0f} ms, {errors} errors{what}"


def _figures(best: Held | None, last: Held, alone: float) -> list[Figure]:
    shown = best or last
    details: dict[str, Any] = {
        "pages_per_second": len(shown.all) / shown.seconds,
        "p50": quantile(shown.all, 0.5) if shown.all else None,
        "reconnected": shown.reconnected,
        "first_too_many": None if last.good else last.sessions,
        "errors": dict(last.errors.most_common(5)),
        "p95_by_page": {page: quantile(times, 0.95) for page, times in sorted(shown.times.items())},
    }
    p95 = quantile(shown.all, 0.95) if shown.all else float("inf")
    cpu = shown.cpu / max(1, len(shown.all)) * 1000
    held = best.sessions if best else 0
    return [
        Figure("sessions held, p95 ≤ 500 ms, no error", held, "", None, "", None, "stated", None, details),
        Figure(
            "the pages of these sessions, p95",
            p95,
            "ms",
            None,
            "",
            None,
            f"≤ {P95_MS:.0f} ms",
            p95 <= P95_MS and best is not None,
        ),
        Figure(
            "CPU of web processes a page", cpu, "ms", alone * 1000, "one session alone", cpu / (alone * 1000) if alone else None
        ),
        Figure(
            f"machines like this one for {WANTED:,} sessions",
            WANTED / held if held else float("inf"),
            "",
            None,
            "",
            None,
            "stated",
        ),
    ]


def _targets(base: Base) -> Targets:
    with base.connect() as connection:
        rows = connection.execute(
            """
            select p.id, d.id, c.id, p.body from (
                select * from record.resource where type = 'Patient' and patient in
                    (select patient from record.resource where type = 'DocumentReference') order by md5(id) limit 400
            ) p
            cross join lateral (select id from record.resource where type = 'DocumentReference' and patient = p.patient limit 1) d
            cross join lateral (select id from record.resource where type = 'Condition' and patient = p.patient limit 1) c
            """
        ).fetchall()
    names = [
        str(name.get("family", ""))[:n] for *_, body in rows for name in json.loads(body).get("name", ())[:1] for n in (3, 4, 6)
    ]
    if not rows:
        raise Fault("The base holds no patient with a document and a problem.")
    return Targets([(row[0], row[1], row[2]) for row in rows], [name for name in names if len(name) > 2] or ["mar"])


def _alone(running: Running, targets: Targets, key: str) -> float:
    """Seconds of the web processes' CPU that one page of the mix costs, one session alone."""
    chosen = random.Random(3)
    client = Client(running.port, session=key)
    pages = chosen.choices(list(MIX), list(MIX.values()), k=240)
    for page in pages[:40]:
        client.get(targets.address(page, chosen))
    before = running.cpu()
    for page in pages[40:]:
        answer = client.get(targets.address(page, chosen))
        if answer.status != 200:
            raise Fault(f"{page} failed under measurement: {answer.status}")
    client.close()
    return (running.cpu() - before) / (len(pages) - 40)


async def _hold(running: Running, targets: Targets, keys: Sequence[str], seconds: float, ramp: float) -> Held:
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
    held = Held(len(keys))
    begin = time.monotonic() + ramp
    end = begin + seconds
    people = [_Person(running.port, key, targets, held, begin, end, ramp, n) for n, key in enumerate(keys)]
    tasks = [asyncio.create_task(person.work()) for person in people]
    await asyncio.sleep(ramp)
    cpu, since = running.cpu(), time.monotonic()
    await asyncio.sleep(max(0.0, end - time.monotonic()))
    held.cpu, held.seconds = running.cpu() - cpu, time.monotonic() - since
    now = time.monotonic()
    held.errors["not answered"] += sum(now - person.asked > P95_MS / 1000 for person in people if person.asked)
    held.errors = +held.errors  # without those that did not happen
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
    return held


class _Person:
    """One browser at work."""

    def __init__(
        self, port: int, key: str, targets: Targets, held: Held, begin: float, end: float, ramp: float, number: int
    ) -> None:
        self._port, self._targets, self._held, self._begin, self._end, self._ramp = port, targets, held, begin, end, ramp
        self._random = random.Random(number)
        self._head = f"Host: 127.0.0.1:{port}\r\nAccept: text/html\r\nCookie: larrey_session={key}\r\n\r\n"
        self._streams: tuple[asyncio.StreamReader, asyncio.StreamWriter] | None = None
        self.asked = 0.0  # when the page was asked for that is not there yet; 0: none

    async def work(self) -> None:
        await asyncio.sleep(self._random.uniform(0, self._ramp))
        try:
            while time.monotonic() < self._end:
                page = self._random.choices(list(MIX), list(MIX.values()))[0]
                self.asked = start = time.monotonic()
                error = await self._page(self._targets.address(page, self._random))
                self.asked = 0.0
                if start >= self._begin:
                    if error:
                        self._held.errors[error] += 1
                    else:
                        self._held.times.setdefault(page, []).append((time.monotonic() - start) * 1000)
                await asyncio.sleep(self._random.uniform(*THINK))
        finally:
            if self._streams is not None:
                self._streams[1].close()

    async def _page(self, address: str) -> str:
        """Ask for a page; what went wrong, in words. A connection that the server closed while idle is opened again."""
        for attempt in (1, 2):
            try:
                kept = self._streams is not None
                if self._streams is None:
                    self._streams = await asyncio.open_connection("127.0.0.1", self._port)
                return await self._ask(*self._streams, address)
            except _CLOSED as error:
                self._streams = None
                if not kept or attempt == 2:
                    return type(error).__name__
                self._held.reconnected += 1
            except OSError as error:
                return str(error)
        return ""

    async def _ask(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, address: str) -> str:
        writer.write(f"GET {address} HTTP/1.1\r\n{self._head}".encode())
        head = (await reader.readuntil(b"\r\n\r\n")).lower()
        if b"transfer-encoding: chunked" in head:
            while size := int((await reader.readuntil(b"\r\n")).split(b";")[0], 16):
                await reader.readexactly(size + 2)
            await reader.readexactly(2)
        else:
            length = head.find(b"content-length:")
            await reader.readexactly(int(head[length + 15 :].split(b"\r\n", 1)[0]) if length >= 0 else 0)
        return "" if head[9:12] == b"200" else f"HTTP {head[9:12].decode()}"

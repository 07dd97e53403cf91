"""Runs the jobs of a load in worker processes, and tries again what waited for something else."""

from __future__ import annotations

import logging
import multiprocessing
import os
import signal
import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass
from pathlib import Path

import psycopg

from larrey.cli.loading import sources, units
from larrey.cli.loading.report import Report
from larrey.cli.loading.sources import Source
from larrey.cli.loading.units import Lines, Place
from larrey.cli.loading.worker import Job, Outcome, Waiting, Worker
from larrey.kit.errors import LarreyError, Unavailable
from larrey.store.caller import Caller
from larrey.store.loading import Target, uncollected
from larrey.store.rules import Rules

log = logging.getLogger(__name__)

GROUP_BYTES = 256 << 10
"""Small files are committed together up to this size on disk (or this many of them)."""
GROUP_FILES = 100

Watch = Callable[[int, int], None]
"""Called after each job with the bytes of the input it covered and the resources it wrote."""


@dataclass(frozen=True, slots=True)
class Plan:
    """How to load: ``url`` of the database, who signs, the rules, how many worker processes."""

    url: str
    caller: Caller
    rules: Rules
    workers: int


def load(plan: Plan, paths: Sequence[Path], started: Callable[[int], None], watch: Watch) -> Report:
    """Load everything under ``paths``; ``started`` is told the bytes on disk before the work begins.

    What cannot be loaded is in the report's ``refused``. Units that refer to what is not there yet are put aside and
    tried again as long as that brings anything in; then those that wait only for one another are loaded together.
    When the database stops taking what it is given, the report says why it ``stopped``; what was committed by then is
    not loaded twice later.
    """
    report = Report()
    todo, unusable = sources.find(paths)
    report.refused.update({Place(str(path)): reason for path, reason in unusable})
    report.files = len(todo)
    started(sum(source.size for source in todo))
    expected: frozenset[Target] = frozenset()
    waiting: dict[Place, Waiting] = {}
    first = True
    while todo:
        before = report.resources
        try:
            waiting = _once(plan, todo, expected, report, watch, first=first)
        except Unavailable as error:
            report.stopped = error.message
        first = False
        if not waiting or report.stopped:
            break
        left = {place.path for place in waiting}
        todo = [source for source in todo if str(source.path) in left]
        if report.resources > before:
            expected = frozenset()
        elif expected or not (expected := closed(waiting)):
            break
    report.refused.update({place: unit.reason for place, unit in waiting.items()})
    return report


def closed(waiting: dict[Place, Waiting]) -> frozenset[Target]:
    """What the largest set of units brings that lacks nothing but what the set itself brings."""
    inside = list(waiting.values())
    while True:
        brought = frozenset[Target]().union(*(unit.brings for unit in inside))
        kept = [unit for unit in inside if unit.lacks and unit.lacks <= brought]
        if len(kept) == len(inside):
            return brought
        inside = kept


def _once(
    plan: Plan, todo: list[Source], expected: frozenset[Target], report: Report, watch: Watch, *, first: bool
) -> dict[Place, Waiting]:
    """One pass over ``todo``; returns what waits. Counts what was known before in the first pass only."""
    waiting: dict[Place, Waiting] = {}
    for size, outcome in _run(plan, expected, _jobs(todo, report)):
        report.resources += outcome.resources
        report.known += outcome.known if first else 0
        report.refused.update(outcome.refused)
        waiting.update(outcome.waiting)
        if outcome.stopped:
            raise Unavailable(outcome.stopped)
        watch(size if first else 0, outcome.resources)
    return waiting


def _jobs(todo: list[Source], report: Report) -> Iterator[tuple[Job, int]]:
    """Jobs with the bytes on disk that each covers. A file of lines that breaks off is told in ``report``."""
    group: list[Source] = []
    for source in todo:
        if source.lines:
            try:
                yield from _chunks(source)
            except LarreyError as error:
                report.refused[Place(str(source.path))] = error.message
            continue
        if group and (sum(s.size for s in group) + source.size > GROUP_BYTES or len(group) >= GROUP_FILES):
            yield [s.path for s in group], sum(s.size for s in group)
            group = []
        group.append(source)
    if group:
        yield [s.path for s in group], sum(s.size for s in group)


def _chunks(source: Source) -> Iterator[tuple[Lines, int]]:
    covered = 0
    with sources.opened(source.path) as (stream, raw):
        for chunk in units.chunks(source.path, stream):
            position = raw.tell()
            yield chunk, position - covered
            covered = position


def _run(plan: Plan, expected: frozenset[Target], jobs: Iterator[tuple[Job, int]]) -> Iterator[tuple[int, Outcome]]:
    if plan.workers == 1:
        with psycopg.connect(plan.url, autocommit=True) as connection:
            worker = Worker(connection, plan.caller, plan.rules, expected)
            for job, size in jobs:
                with uncollected():
                    outcome = attempt(worker, job)
                yield size, outcome
        return
    # spawn: a forked child would share the parent's connections and locks.
    pool = ProcessPoolExecutor(plan.workers, multiprocessing.get_context("spawn"), _begin, (plan, expected))
    try:
        yield from _pooled(pool, plan.workers, jobs)
    except BrokenProcessPool:
        raise Unavailable(
            "A worker process ended unexpectedly (killed, or out of memory); run the same command again to go on."
        ) from None
    finally:
        pool.shutdown(wait=True, cancel_futures=True)


def _pooled(pool: ProcessPoolExecutor, workers: int, jobs: Iterator[tuple[Job, int]]) -> Iterator[tuple[int, Outcome]]:
    running: dict[Future[Outcome], int] = {}
    for job, size in jobs:
        running[pool.submit(_work, job)] = size
        if len(running) > 2 * workers:  # enough to keep them busy, little enough to keep memory flat
            for future in wait(running, return_when=FIRST_COMPLETED).done:
                yield running.pop(future), future.result()
    while running:
        for future in wait(running, return_when=FIRST_COMPLETED).done:
            yield running.pop(future), future.result()


_workers: list[Worker] = []  # of this process: one, once it has begun


def _begin(plan: Plan, expected: frozenset[Target]) -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is the parent's to handle
    threading.Thread(target=_end_with_parent, daemon=True).start()
    _workers.append(Worker(psycopg.connect(plan.url, autocommit=True), plan.caller, plan.rules, expected))


def _end_with_parent() -> None:
    """A worker whose parent was killed would wait for jobs for ever; what it was writing is rolled back."""
    parent = multiprocessing.parent_process()
    if parent is not None:
        parent.join()
        os._exit(1)


def _work(job: Job) -> Outcome:
    with uncollected():
        return attempt(_workers[-1], job)


def attempt(worker: Worker, job: Job) -> Outcome:
    """``worker.load(job)``; a failure becomes a refusal, and the reason to stop when the database cannot go on."""
    try:
        return worker.load(job)
    except Exception as error:
        if not isinstance(job, Lines) and len(job) > 1:
            return _one_by_one(worker, job)
        if isinstance(error, LarreyError):
            reason = error.message
        else:
            log.exception("loading failed")
            reason = "Loading it failed; the fault is ours and has been logged."
        place = Place(job.path, line=job.first) if isinstance(job, Lines) else Place(str(job[0]))
        return Outcome(refused={place: reason}, stopped=reason if isinstance(error, Unavailable) else "")


def _one_by_one(worker: Worker, job: Sequence[Path]) -> Outcome:
    whole = Outcome()
    for path in job:
        part = attempt(worker, [path])
        whole.resources += part.resources
        whole.loaded += part.loaded
        whole.known += part.known
        whole.refused |= part.refused
        whole.waiting |= part.waiting
        whole.stopped = part.stopped
        if whole.stopped:
            break
    return whole

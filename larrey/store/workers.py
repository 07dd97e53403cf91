"""Work in several processes: jobs are handed out as they are asked for, so that memory stays flat; nothing is left running."""

from __future__ import annotations

import multiprocessing
import os
import signal
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from typing import Any, TypeVar

from larrey.kit.errors import Unavailable

Job = TypeVar("Job")
Result = TypeVar("Result")


def run(
    count: int, begin: Callable[..., None], arguments: tuple[Any, ...], work: Callable[[Job], Result], jobs: Iterator[Job]
) -> Iterator[tuple[Job, Result]]:
    """Do ``work(job)`` for each of ``jobs`` in ``count`` processes, each of which has first called ``begin(*arguments)``.

    Gives each job with its result, in the order in which they are done. ``begin`` and ``work`` are functions of a module. When
    it is closed or raises, the processes have ended. Raises ``Unavailable`` when one of them died.
    """
    # spawn: a forked child would share the parent's connections and locks.
    pool = ProcessPoolExecutor(count, multiprocessing.get_context("spawn"), _begin, (begin, arguments))
    running: dict[Future[Result], Job] = {}
    try:
        for job in jobs:
            running[pool.submit(work, job)] = job
            if len(running) > 2 * count:  # enough to keep them busy, little enough to keep memory flat
                for future in wait(running, return_when=FIRST_COMPLETED).done:
                    yield running.pop(future), future.result()
        while running:
            for future in wait(running, return_when=FIRST_COMPLETED).done:
                yield running.pop(future), future.result()
    except BrokenProcessPool:
        raise Unavailable(
            "A worker process ended unexpectedly (killed, or out of memory); run the same command again to go on."
        ) from None
    finally:
        pool.shutdown(wait=True, cancel_futures=True)


def _begin(begin: Callable[..., None], arguments: tuple[Any, ...]) -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is the parent's to handle
    threading.Thread(target=_end_with_parent, daemon=True).start()
    begin(*arguments)


def _end_with_parent() -> None:
    """A worker whose parent was killed would wait for jobs for ever; what it was writing is rolled back."""
    parent = multiprocessing.parent_process()
    if parent is not None:
        parent.join()
        os._exit(1)

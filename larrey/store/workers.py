"""Work in several processes: jobs are handed out as they are asked for, so that memory stays flat; nothing is left running."""

from __future__ import annotations

import multiprocessing
import os
import signal
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager, suppress
from multiprocessing.connection import Connection
from typing import Any, TypeVar

from larrey.kit.errors import Unavailable

Job = TypeVar("Job")
Result = TypeVar("Result")


def run(
    count: int, begin: Callable[..., None], arguments: tuple[Any, ...], work: Callable[[Job], Result], jobs: Iterator[Job]
) -> Iterator[tuple[Job, Result]]:
    """Do ``work(job)`` for each of ``jobs`` in ``count`` processes, each of which has first called ``begin(*arguments)``.

    Gives each job with its result, in the order in which they are done. ``begin`` and ``work`` are functions of a module. When
    it is closed or raises (Ctrl-C too), the processes have ended, at once: a job that was under way is given up, and its
    transaction rolled back. Raises ``Unavailable`` when one of them died.
    """
    # spawn: a forked child would share the parent's connections and locks.
    context = multiprocessing.get_context("spawn")
    # Nothing is ever sent: its other end closes when this process says so, or when it ends, however it ends.
    stopped, stop = context.Pipe(duplex=False)
    pool = ProcessPoolExecutor(count, context, _begin, (stopped, begin, arguments))
    running: dict[Future[Result], Job] = {}
    try:
        for job in jobs:
            with _uninterrupted():
                running[pool.submit(work, job)] = job
            if len(running) > 2 * count:  # enough to keep them busy, little enough to keep memory flat
                for future in wait(running, return_when=FIRST_COMPLETED).done:
                    yield running.pop(future), future.result()
        while running:
            for future in wait(running, return_when=FIRST_COMPLETED).done:
                yield running.pop(future), future.result()
    except BaseException as error:
        stop.close()
        if isinstance(error, BrokenProcessPool):
            raise Unavailable(
                "A worker process ended unexpectedly (killed, or out of memory); run the same command again to go on."
            ) from None
        raise
    finally:
        pool.shutdown(wait=True, cancel_futures=True)
        stop.close()
        stopped.close()


@contextmanager
def _uninterrupted() -> Iterator[None]:
    """Ctrl-C waits meanwhile; a process that is started inherits that it does not hear it: it is the parent's to handle."""
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def _begin(stopped: Connection, begin: Callable[..., None], arguments: tuple[Any, ...]) -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    threading.Thread(target=_end_when, args=(stopped,), daemon=True).start()
    begin(*arguments)


def _end_when(stopped: Connection) -> None:
    """A worker whose parent is gone would wait for jobs for ever; what it was writing is rolled back."""
    with suppress(EOFError, OSError):
        stopped.recv_bytes()
    os._exit(1)

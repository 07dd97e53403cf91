"""Running work on the record in a transaction: retries, and database errors told as ours."""

from __future__ import annotations

import logging
import random
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, TypeVar

import psycopg
from psycopg import Connection, Cursor, errors

from larrey.kit.errors import Conflict, Fault, LarreyError, TooCostly, Unavailable

log = logging.getLogger(__name__)

T = TypeVar("T")
ATTEMPTS = 6
_RETRY = (errors.DeadlockDetected, errors.SerializationFailure)


@contextmanager
def translated() -> Iterator[None]:
    """Turn any psycopg error raised inside into one of ``kit.errors``; nothing of the database's words gets out."""
    try:
        yield
    except LarreyError:
        raise
    except psycopg.Error as error:
        raise translate(error) from error


def translate(error: psycopg.Error) -> LarreyError:
    """The error of ours that stands for ``error``."""
    if isinstance(error, errors.QueryCanceled):
        return TooCostly("The request took longer than this server allows; narrow it.")
    if isinstance(error, errors.LockNotAvailable | errors.DeadlockDetected | errors.SerializationFailure):
        return Unavailable("Others are writing the same resources; try again.")
    if isinstance(error, errors.UniqueViolation):
        return Conflict("Another writer changed the same resource first; read it again and retry.")
    if isinstance(error, errors.DiskFull):
        return Unavailable("The record cannot be written now: its disk is full. Nothing was changed.")
    if isinstance(error, errors.ReadOnlySqlTransaction):
        return Unavailable("The record is read-only now. Nothing was changed.")
    if isinstance(error, errors.UntranslatableCharacter | errors.CharacterNotInRepertoire):
        return Conflict("The content holds a character that the record cannot keep (U+0000).")
    if isinstance(error, psycopg.OperationalError):
        return Unavailable("The record does not answer now; try again in a moment.")
    log.error("unexpected database error", exc_info=error)
    return Fault("The record refused the operation; the fault is ours and has been logged.")


def retry(connection: Connection[Any], work: Callable[[Cursor[Any]], T], *, attempts: int = ATTEMPTS) -> T:
    """Run ``work(cursor)`` in one transaction and return what it returns.

    Deadlocks and serialization failures are tried again, at most ``attempts`` times in all with a growing random
    pause; ``work`` must therefore have no effect outside the database. Every other database error is translated.
    Must not be called inside an open transaction.
    """
    with translated():
        for attempt in range(1, attempts + 1):
            try:
                with connection.transaction(), connection.cursor(binary=True) as cursor:
                    return work(cursor)
            except _RETRY:
                if attempt == attempts:
                    raise
                time.sleep(random.uniform(0, 0.01 * 2**attempt))  # noqa: S311 - spreads writers, protects nothing
    raise AssertionError("unreachable")

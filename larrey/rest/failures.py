"""Any exception as an error of ours: nothing of the cause reaches the client, the log keeps it."""

from __future__ import annotations

import logging
import os

import psycopg

from larrey.kit.errors import Fault, LarreyError, TooLarge, Unavailable
from larrey.store.transactions import translate

log = logging.getLogger("larrey.rest")


def told(error: Exception) -> LarreyError:
    """The error to show for ``error``. What is a defect of ours gets an id that finds it in the log."""
    if isinstance(error, LarreyError) and not isinstance(error, Fault):
        return error
    if isinstance(error, psycopg.InterfaceError):
        return Unavailable("The record does not answer now; try again in a moment.")
    if isinstance(error, psycopg.Error):
        translated = translate(error)
        if not isinstance(translated, Fault):
            return translated
    if isinstance(error, RecursionError):
        return TooLarge("The content is nested too deeply.")
    number = os.urandom(6).hex()
    log.error("fault %s", number, exc_info=error)
    return Fault(f"Something went wrong in the server; the log knows it by the number {number}.")

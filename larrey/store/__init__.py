"""Record storey: the record in PostgreSQL. Takes a psycopg cursor; knows no HTTP, no Django views.

Every function takes the cursor and the ``Caller``. Writing functions run inside a transaction that the one who calls
them has opened, most simply with ``retry``.
"""

from larrey.store.caller import Caller, system
from larrey.store.history import Change, HistoryPage, history
from larrey.store.migrations import migrate, pending
from larrey.store.read import find, read, vread
from larrey.store.rules import STRICT, Rules
from larrey.store.search import Limits, Page, matching, search
from larrey.store.stored import Stored, Written
from larrey.store.transactions import retry, translated
from larrey.store.write import (
    create,
    delete,
    delete_where,
    patch,
    patch_where,
    process,
    update,
    update_where,
)

__all__ = [
    "STRICT",
    "Caller",
    "Change",
    "HistoryPage",
    "Limits",
    "Page",
    "Rules",
    "Stored",
    "Written",
    "create",
    "delete",
    "delete_where",
    "find",
    "history",
    "matching",
    "migrate",
    "patch",
    "patch_where",
    "pending",
    "process",
    "read",
    "retry",
    "search",
    "system",
    "translated",
    "update",
    "update_where",
    "vread",
]

"""The door of every page: who asks, may she, why, and the trace of what she opens, in the transaction that reads."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from typing import Any

from django.http import HttpRequest
from django.utils.translation import gettext as _
from psycopg import Cursor

from larrey.access import callers, grounds, record, trail
from larrey.access.marks import opening
from larrey.access.models import Account
from larrey.access.trail import Action
from larrey.apps.chart.queries import banner
from larrey.apps.chart.views import refusal
from larrey.kit.errors import Forbidden, NotFound, Unauthenticated
from larrey.store import care
from larrey.store.caller import Caller
from larrey.store.chart import Section
from larrey.store.stored import Stored
from larrey.ui.words import labels


@dataclass(slots=True)
class Opened:
    """An open record: through it the page reads. ``found`` are the sections that it asked for with the banner.

    ``action`` is what the trace will say was done; a page that gives a file away sets ``Action.EXPORT``.
    """

    cursor: Cursor[Any]
    caller: Caller
    header: banner.Header
    found: Mapping[str, list[Stored]]
    action: Action = field(default=Action.OPEN)


@contextmanager
def opened(
    request: HttpRequest,
    patient_id: str,
    what: str,
    type_: str = "Patient",
    also: Mapping[str, Section] | None = None,
    *,
    action: Action = Action.OPEN,
) -> Iterator[Opened]:
    """Open a patient's record to read ``what``, of ``type_``, and write the trace of it with the ground that allows it.

    ``also``: sections of the page that are read in the banner's statement; those that the caller may not search are absent.
    Raises ``Unauthenticated`` for a stranger whatever the patient, ``Forbidden`` for a role that may not read
    ``type_`` and for a patient who is not hers, then ``NotFound``. A refused attempt is traced in a transaction of its own.
    """
    account, caller = signed_in(request)
    address = address_of(request)
    refused = "role"
    try:
        may_read(caller, account, type_)
        with record.cursor() as cursor:
            refused = "not-hers"
            ground, marks = opening(cursor, caller, patient_id, account.patient)
            if ground is None:
                raise _unseen(cursor, caller, patient_id)
            refused = ""
            header, found = banner.header(cursor, caller, patient_id, also, marks=marks)
            header = replace(header, referent=grounds.referent(caller, ground))
            reading = Opened(cursor, caller, header, found, action)
            yield reading
            why = banner.why(cursor, caller, ground, found)
            trail.trace(cursor, caller, reading.action, what, patient_id=patient_id, why=why, address=address)
    except (Forbidden, NotFound) as error:
        if refused or isinstance(error, Forbidden):
            refuse(caller, patient_id, what, refused or "role", address)
        if refused == "not-hers" and isinstance(error, Forbidden):
            raise refusal.page(request, account, caller, patient_id) from error
        raise


def _unseen(cursor: Cursor[Any], caller: Caller, patient_id: str) -> NotFound:
    """What to raise when there is no ground: a professional is told that the patient is not hers, by ``demand_patient``."""
    care.demand_patient(cursor, caller, patient_id)
    return NotFound(f"Patient/{patient_id} is not known.")


def refuse(caller: Caller, patient_id: str, what: str, why: str, address: str | None) -> None:
    """Trace a refused attempt, for good, whatever becomes of the transaction that it was made in."""
    with record.cursor() as cursor:
        trail.trace(cursor, caller, Action.REFUSED, what, patient_id=patient_id, why=why, address=address)


def signed_in(request: HttpRequest) -> tuple[Account, Caller]:
    """Who is asking, or ``Unauthenticated``."""
    if not isinstance(request.user, Account):
        raise Unauthenticated("Sign in first.")
    return request.user, callers.for_user(request.user)


def address_of(request: HttpRequest) -> str | None:
    """The client's address, as the server saw it."""
    return request.META.get("REMOTE_ADDR")


def may_read(caller: Caller, account: Account, type_: str) -> None:
    """Raise ``Forbidden``, with the reason in the reader's language, unless the role reads ``type_``."""
    if caller.may("r", type_) and caller.may("s", type_):
        return
    if caller.may("r", "Patient"):
        reason = _("The role “%(role)s” does not read “%(kind)s”.")
    else:
        reason = _("The role “%(role)s” opens no patient’s record.")
    raise Forbidden(
        f"The role {account.role} may not read {type_}.",
        reason=reason % {"role": account.role_name, "kind": labels.kind(type_)},
    )

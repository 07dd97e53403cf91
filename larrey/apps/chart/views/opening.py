"""The door of every page: who asks, may she, and the trace of what she opens, in the transaction that reads."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from django.http import HttpRequest
from django.utils.translation import gettext as _
from psycopg import Cursor

from larrey.access import callers, record, trail
from larrey.access.models import Account
from larrey.apps.chart.queries import banner
from larrey.kit.errors import Forbidden, Unauthenticated
from larrey.store.caller import Caller
from larrey.store.chart import Section
from larrey.store.stored import Stored
from larrey.ui.words import labels


@dataclass(frozen=True, slots=True)
class Opened:
    """An open record: through it the page reads. ``found`` are the sections that it asked for with the banner."""

    cursor: Cursor[Any]
    caller: Caller
    header: banner.Header
    found: Mapping[str, list[Stored]]


@contextmanager
def opened(
    request: HttpRequest, patient_id: str, what: str, type_: str = "Patient", also: Mapping[str, Section] | None = None
) -> Iterator[Opened]:
    """Open a patient's record to read ``what``, of ``type_``, and write the trace of it.

    ``also``: sections of the page that are read in the banner's statement; those that the caller may not search are absent.
    Raises ``Unauthenticated`` for a stranger whatever the patient, ``Forbidden`` for a role that may not read
    ``type_``, then ``NotFound``.
    """
    account, caller = signed_in(request)
    may_read(caller, account, type_)
    with record.cursor() as cursor:
        header, found = banner.header(cursor, caller, patient_id, also)
        yield Opened(cursor, caller, header, found)
        address = request.META.get("REMOTE_ADDR")
        trail.trace(cursor, caller, trail.Action.OPEN, what, patient_id=patient_id, address=address)


def signed_in(request: HttpRequest) -> tuple[Account, Caller]:
    """Who is asking, or ``Unauthenticated``."""
    if not isinstance(request.user, Account):
        raise Unauthenticated("Sign in first.")
    return request.user, callers.for_user(request.user)


def may_read(caller: Caller, account: Account, type_: str) -> None:
    """Raise ``Forbidden``, with the reason in the reader's language, unless the role reads ``type_``."""
    if caller.may("r", type_) and caller.may("s", type_):
        return
    if caller.may("r", "Patient"):
        reason = _("The role “%(role)s” reads patients’ identities only, not “%(kind)s”.")
    else:
        reason = _("The role “%(role)s” manages accounts and opens no patient’s record.")
    raise Forbidden(
        f"The role {account.role} may not read {type_}.",
        reason=reason % {"role": account.role_name, "kind": labels.kind(type_)},
    )

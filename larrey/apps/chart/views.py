"""The pages of the room: check, call, render. Every opening of a patient is traced in the transaction that reads."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe
from psycopg import Cursor

from larrey.access import callers, record, trail
from larrey.access.models import Account
from larrey.apps.chart import queries
from larrey.kit.errors import Forbidden, Invalid, Unauthenticated
from larrey.store.caller import Caller
from larrey.ui.words import labels


@dataclass(frozen=True, slots=True)
class Opened:
    """An open record: through it the page reads."""

    cursor: Cursor[Any]
    caller: Caller
    header: queries.Header


@contextmanager
def opened(request: HttpRequest, patient_id: str, what: str, type_: str = "Patient") -> Iterator[Opened]:
    """Open a patient's record to read ``what``, of ``type_``, and write the trace of it.

    Raises ``Unauthenticated`` for a stranger whatever the patient, ``Forbidden`` for a role that may not read
    ``type_``, then ``NotFound``.
    """
    account, caller = signed_in(request)
    may_read(caller, account, type_)
    with record.cursor() as cursor:
        header = queries.header(cursor, caller, patient_id)
        yield Opened(cursor, caller, header)
        trail.opened(account, patient_id, what, address=request.META.get("REMOTE_ADDR"))


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


@require_safe
def find(request: HttpRequest) -> HttpResponse:
    """Find a patient; as one types, htmx asks for the results alone."""
    account, caller = signed_in(request)
    typed = request.GET.get("q", "").replace("\x00", "").strip()
    if not caller.may("s", "Patient"):
        if typed:
            may_read(caller, account, "Patient")
        return render(request, "chart/none.html")
    with record.cursor() as cursor:
        found = queries.find(cursor, caller, typed, request.GET.get("after") or None)
    partial = "HX-Request" in request.headers and "HX-History-Restore-Request" not in request.headers
    response = render(request, "chart/results.html" if partial else "chart/find.html", {"found": found, "typed": typed})
    response.headers["Vary"] = "HX-Request"
    return response


@require_safe
def open_record(request: HttpRequest, patient_id: str, type_: str = "") -> HttpResponse:
    """A patient's record: what there is of each kind, and one kind, newest first."""
    with opened(request, patient_id, f"Patient/{patient_id} {type_}".strip(), type_ or "Patient") as reading:
        kinds = queries.kinds(reading.cursor, reading.caller, patient_id)
        shown = type_ or kinds[0].type
        listing = queries.listing(reading.cursor, reading.caller, patient_id, shown, request.GET.get("after") or None)
    context = {"header": reading.header, "kinds": kinds, "type": shown, "label": labels.kind(shown), "listing": listing}
    context["count"] = next((kind.count for kind in kinds if kind.type == shown), 0)
    return render(request, "chart/record.html", context)


@require_safe
def open_fact(request: HttpRequest, patient_id: str, type_: str, id_: str, version: int | None = None) -> HttpResponse:
    """One resource in words, with its history."""
    before = request.GET.get("before")
    if before is not None and not (before.isascii() and before.isdigit() and len(before) < 19):
        raise Invalid("This is not a place in the history.")
    what = f"{type_}/{id_}/_history/{version}" if version is not None else f"{type_}/{id_}"
    with opened(request, patient_id, what, type_) as reading:
        queries.require(reading.cursor, reading.caller, patient_id, type_, id_)
        fact = queries.fact(reading.cursor, reading.caller, patient_id, type_, id_, version)
        steps, older = queries.versions(reading.cursor, reading.caller, type_, id_, int(before) if before else None)
    context = {"header": reading.header, "fact": fact, "label": labels.kind(type_), "steps": steps, "older": older}
    context |= {"version": version, "type": type_}
    return render(request, "chart/fact.html", context)


@require_safe
def open_raw(request: HttpRequest, patient_id: str, type_: str, id_: str, version: int | None = None) -> HttpResponse:
    """The JSON of a resource as it is kept."""
    what = f"{type_}/{id_}/_history/{version} raw" if version is not None else f"{type_}/{id_} raw"
    with opened(request, patient_id, what, type_) as reading:
        queries.require(reading.cursor, reading.caller, patient_id, type_, id_)
        raw = queries.raw(reading.cursor, reading.caller, type_, id_, version)
    context = {"header": reading.header, "raw": raw, "label": labels.kind(type_), "type": type_, "id": id_, "version": version}
    return render(request, "chart/raw.html", context)

"""Who opened my record: the patient's own list."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_POST, require_safe

from larrey.access import record
from larrey.access.trail import Action, trace
from larrey.apps.trace import actions
from larrey.apps.trace.queries import own as queries
from larrey.apps.trace.views.readers import address_of, more, patient, place


@require_safe
def own(request: HttpRequest) -> HttpResponse:
    """The list, newest first; broken glasses above it."""
    account, caller = patient(request)
    before = place(request)
    with record.cursor() as cursor:
        page = queries.own(cursor, account.pk, account.patient, before)
        what = f"Patient/{account.patient} trace"
        trace(cursor, caller, Action.OPEN, what, patient_id=account.patient, why="own", address=address_of(request))
    context = {"page": page, "more": more(request, "before", page.next), "first": before is None}
    return render(request, "trace/own.html", context)


@require_POST
def read_notice(request: HttpRequest, glass_id: int) -> HttpResponse:
    """The patient has read about a broken glass."""
    account, _caller = patient(request)
    actions.read_notice(account, glass_id)
    return redirect("own-trace")

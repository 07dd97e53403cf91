"""Who opened this record: for the doctors of the patient's care team, and for the security officer."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe
from psycopg import Cursor

from larrey.access import grounds, record
from larrey.access.marks import opening
from larrey.access.roles import Role
from larrey.access.trail import Action, trace
from larrey.apps.chart import api as chart
from larrey.apps.trace.forms import OpenedFilters
from larrey.apps.trace.queries import entries, people
from larrey.apps.trace.views.readers import address_of, more, place, signed_in
from larrey.kit.errors import Forbidden, NotFound
from larrey.kit.ids import is_resource_id
from larrey.store import care
from larrey.store.caller import Caller


@require_safe
def who_opened(request: HttpRequest, patient_id: str) -> HttpResponse:
    """Who opened the record, newest first: by a person, in a period."""
    account, caller = signed_in(request)
    form = OpenedFilters(request.GET)
    before, what, address = place(request), f"Patient/{patient_id} trace", address_of(request)
    if not is_resource_id(patient_id):
        raise NotFound("There is no such patient.")
    try:
        with record.cursor() as cursor:
            header, why = _door(cursor, caller, patient_id, account.patient)
            page = entries.of_patient(cursor, patient_id, form.filters(), before, patients=header is None)
            identity = header.identity if header else people.patients(cursor, caller, [patient_id]).get(patient_id)
            if identity is None and not page.entries:  # of a deleted record the trace remains
                raise NotFound(f"Patient/{patient_id} is not known.")
            trace(cursor, caller, Action.OPEN, what, patient_id=patient_id, why=why, address=address)
    except Forbidden:
        with record.cursor() as cursor:
            trace(cursor, caller, Action.REFUSED, what, patient_id=patient_id, why="role", address=address)
        raise
    context: dict[str, Any] = {"header": header, "identity": identity, "page": page, "form": form, "patient_id": patient_id}
    context["more"] = more(request, "before", page.next)
    context["filtered"] = any(request.GET.get(name) for name in form.fields)
    return render(request, "trace/opened.html" if header else "trace/opened_alone.html", context)


def _door(cursor: Cursor, caller: Caller, patient_id: str, own: str) -> tuple[chart.Header | None, str]:
    """The banner of the record for a doctor of the care team, none for the security officer; and why she may know."""
    if caller.role == Role.SECURITY_OFFICER:
        return None, "security"
    ground, marks = opening(cursor, caller, patient_id, own)
    if ground is None:
        care.demand_patient(cursor, caller, patient_id)
    if ground is None or not grounds.referent(caller, ground):
        raise Forbidden(
            "Who opened a record is told to the doctors of the patient and to the security officer.",
            reason=_("Who opened a record is told to the doctors of the patient and to the security officer."),
        )
    header, found = chart.header(cursor, caller, patient_id, marks=marks)
    return replace(header, referent=True), chart.why(cursor, caller, ground, found)

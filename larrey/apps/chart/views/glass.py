"""Breaking the glass, and closing it before its time."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from larrey.access import glass, record
from larrey.apps.chart.forms import GlassForm
from larrey.apps.chart.views import refusal
from larrey.apps.chart.views.opening import address_of, may_read, refuse, signed_in
from larrey.kit.errors import Conflict, Forbidden


@require_http_methods(["GET", "HEAD", "POST"])
def break_glass(request: HttpRequest, patient_id: str) -> HttpResponse:
    """Open the record of a patient who is not hers, for a limited time. Without a form it leads to the record, or its refusal."""
    account, caller = signed_in(request)
    may_read(caller, account, "Patient")
    chart = reverse("record", args=[patient_id])
    if request.method != "POST":
        return redirect(chart)
    form = GlassForm(request.POST)
    if not form.is_valid():
        glass.demand_glass(caller)
        raise refusal.page(request, account, caller, patient_id, form)
    sent, address = form.cleaned_data, address_of(request)
    try:
        with record.cursor() as cursor:
            glass.break_glass(cursor, caller, patient_id, sent["reason"], sent["text"], address=address)
    except Forbidden:
        refuse(caller, patient_id, f"Patient/{patient_id} break-glass", "role", address)
        raise
    except Conflict:
        messages.info(request, _("You see this patient already: no glass was broken."))
    within = sent["next"] == chart or sent["next"].startswith((f"{chart}/", f"{chart}?"))
    return redirect(sent["next"] if within else chart)


@require_POST
def end_glass(request: HttpRequest, patient_id: str) -> HttpResponse:
    """Close what ``break_glass`` opened."""
    _account, caller = signed_in(request)
    with record.cursor() as cursor:
        glass.end_glass(cursor, caller, patient_id, address=address_of(request))
    messages.success(request, _("The emergency access is closed."))
    return redirect("find")

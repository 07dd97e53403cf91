"""Prescriptions."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from larrey.apps.chart.queries import prescriptions as queries
from larrey.apps.chart.views.opening import opened


@require_safe
def open_prescriptions(request: HttpRequest, patient_id: str) -> HttpResponse:
    """What the patient takes now, then what she took."""
    after = request.GET.get("after") or None
    what = f"Patient/{patient_id} prescriptions"
    with opened(request, patient_id, what, "MedicationRequest", queries.WANTED) as reading:
        shown = queries.prescriptions(reading.cursor, reading.caller, patient_id, reading.found, after)
    context = {"header": reading.header, "prescriptions": shown, "continued": after is not None}
    return render(request, "chart/prescriptions.html", context)

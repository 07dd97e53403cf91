"""The patient's prescriptions."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from larrey.apps.chart.queries import kinds as queries
from larrey.apps.chart.views.opening import opened


@require_safe
def open_prescriptions(request: HttpRequest, patient_id: str) -> HttpResponse:
    """The patient's prescriptions."""
    with opened(request, patient_id, f"Patient/{patient_id} prescriptions", "MedicationRequest") as reading:
        after = request.GET.get("after") or None
        listing = queries.listing(reading.cursor, reading.caller, patient_id, "MedicationRequest", after)
    return render(request, "chart/prescriptions.html", {"header": reading.header, "listing": listing})

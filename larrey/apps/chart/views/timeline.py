"""What happened to the patient, newest first."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from larrey.apps.chart.queries import kinds as queries
from larrey.apps.chart.views.opening import opened


@require_safe
def open_timeline(request: HttpRequest, patient_id: str) -> HttpResponse:
    """What happened to the patient, newest first."""
    with opened(request, patient_id, f"Patient/{patient_id} timeline", "Encounter") as reading:
        listing = queries.listing(reading.cursor, reading.caller, patient_id, "Encounter", request.GET.get("after") or None)
    return render(request, "chart/timeline.html", {"header": reading.header, "listing": listing})

"""The summary: the first page of a record."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from larrey.apps.chart.queries import summary as queries
from larrey.apps.chart.views.opening import opened


@require_safe
def open_summary(request: HttpRequest, patient_id: str) -> HttpResponse:
    """What a clinician wants to know first."""
    with opened(request, patient_id, f"Patient/{patient_id}", also=queries.wanted()) as reading:
        summary = queries.summary(reading.cursor, reading.caller, patient_id, reading.found)
    return render(request, "chart/summary.html", {"header": reading.header, "summary": summary})

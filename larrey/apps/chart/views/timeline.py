"""The timeline of a record."""

from __future__ import annotations

from urllib.parse import urlencode

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_safe

from larrey.apps.chart.queries import timeline as queries
from larrey.apps.chart.views.opening import opened


@require_safe
def open_timeline(request: HttpRequest, patient_id: str) -> HttpResponse:
    """What happened to the patient, newest first; of the kinds, hospital and period that were asked."""
    filters = queries.read_filters(dict(request.GET.lists()))
    with opened(request, patient_id, f"Patient/{patient_id} timeline", "Encounter") as reading:
        timeline = queries.timeline(reading.cursor, reading.caller, patient_id, filters, request.GET.get("after") or None)
    here = reverse("timeline", args=[patient_id])
    more = f"{here}?{urlencode([*filters.query(), ('after', timeline.next)])}" if timeline.next else ""
    context = {"header": reading.header, "timeline": timeline, "filters": filters, "more": more}
    context["shown"] = sum(len(month.events) for month in timeline.months)
    return render(request, "chart/timeline.html", context)

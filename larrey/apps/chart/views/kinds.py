"""What the record holds, kind by kind."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from larrey.apps.chart.queries import kinds as queries
from larrey.apps.chart.views.opening import opened
from larrey.ui.words import labels


@require_safe
def open_kinds(request: HttpRequest, patient_id: str, type_: str = "") -> HttpResponse:
    """A patient's record: what there is of each kind, and one kind, newest first."""
    with opened(request, patient_id, f"Patient/{patient_id} {type_ or 'kinds'}", type_ or "Patient") as reading:
        kinds = queries.kinds(reading.cursor, reading.caller, patient_id)
        shown = type_ or kinds[0].type
        listing = queries.listing(reading.cursor, reading.caller, patient_id, shown, request.GET.get("after") or None)
    context = {"header": reading.header, "kinds": kinds, "type": shown, "label": labels.kind(shown), "listing": listing}
    context["count"] = next((kind.count for kind in kinds if kind.type == shown), 0)
    return render(request, "chart/kinds.html", context)

"""Stays and visits."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from larrey.apps.chart.queries import stays as queries
from larrey.apps.chart.views.opening import opened


@require_safe
def open_stays(request: HttpRequest, patient_id: str) -> HttpResponse:
    """The patient's stays and visits, newest first."""
    with opened(request, patient_id, f"Patient/{patient_id} stays", "Encounter") as reading:
        stays = queries.stays(reading.cursor, reading.caller, patient_id, request.GET.get("after") or None)
    return render(request, "chart/stays.html", {"header": reading.header, "stays": stays})


@require_safe
def open_stay(request: HttpRequest, patient_id: str, id_: str) -> HttpResponse:
    """One stay: its movements, and what was found and done."""
    with opened(request, patient_id, f"Encounter/{id_} stay", "Encounter") as reading:
        one = queries.one_stay(reading.cursor, reading.caller, patient_id, id_)
    return render(request, "chart/stay.html", {"header": reading.header, "one": one})

"""One resource: in words, with its history, and as it is kept."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from larrey.apps.chart.queries import facts as queries
from larrey.apps.chart.views.opening import opened
from larrey.kit.errors import Invalid
from larrey.ui.words import labels


@require_safe
def open_fact(request: HttpRequest, patient_id: str, type_: str, id_: str, version: int | None = None) -> HttpResponse:
    """One resource in words, with its history."""
    before = request.GET.get("before")
    if before is not None and not (before.isascii() and before.isdigit() and len(before) < 19):
        raise Invalid("This is not a place in the history.")
    what = f"{type_}/{id_}/_history/{version}" if version is not None else f"{type_}/{id_}"
    with opened(request, patient_id, what, type_) as reading:
        queries.require(reading.cursor, reading.caller, patient_id, type_, id_)
        fact = queries.fact(reading.cursor, reading.caller, patient_id, type_, id_, version)
        steps, older = queries.versions(reading.cursor, reading.caller, type_, id_, int(before) if before else None)
    context = {"header": reading.header, "fact": fact, "label": labels.kind(type_), "steps": steps, "older": older}
    context |= {"version": version, "type": type_}
    return render(request, "chart/fact.html", context)


@require_safe
def open_raw(request: HttpRequest, patient_id: str, type_: str, id_: str, version: int | None = None) -> HttpResponse:
    """The JSON of a resource as it is kept."""
    what = f"{type_}/{id_}/_history/{version} raw" if version is not None else f"{type_}/{id_} raw"
    with opened(request, patient_id, what, type_) as reading:
        queries.require(reading.cursor, reading.caller, patient_id, type_, id_)
        raw = queries.raw(reading.cursor, reading.caller, type_, id_, version)
    context = {"header": reading.header, "raw": raw, "label": labels.kind(type_), "type": type_, "id": id_, "version": version}
    return render(request, "chart/raw.html", context)

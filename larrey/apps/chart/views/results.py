"""The patient's results: the cumulative table, and the curve of an analyte."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.safestring import mark_safe
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from larrey.apps.chart.queries import curves
from larrey.apps.chart.queries import results as queries
from larrey.apps.chart.views.opening import opened
from larrey.kit.errors import Invalid


@require_safe
def open_results(request: HttpRequest, patient_id: str) -> HttpResponse:
    """Results as a cumulative table. The name of one analyte, sent with Enter, opens its curve."""
    asked = queries.Asked(
        kind=_one_of(request, "kind", queries.KINDS),
        name=request.GET.get("q", "").replace("\x00", "").strip()[:60],
        abnormal=request.GET.get("abnormal") == "1",
        period=_one_of(request, "period", queries.PERIODS),
        until=_until(request),
    )
    with opened(request, patient_id, f"Patient/{patient_id} results", "Observation") as reading:
        table = queries.results(reading.cursor, reading.caller, patient_id, asked)
    if asked.name and table.only and "HX-Request" not in request.headers:
        return redirect("curve", patient_id, table.only)
    context = {"header": reading.header, "table": table, "asked": replace(asked, kind=table.kind)}
    context |= {"kinds": {key: _(name) for key, (name, _shelves) in queries.KINDS.items()}}
    context |= {"periods": {key: _(name) for key, (name, _length) in queries.PERIODS.items()}}
    response = render(request, "chart/results.html", context)
    response.headers["Vary"] = "HX-Request"
    return response


@require_safe
def open_curve(request: HttpRequest, patient_id: str, token: str) -> HttpResponse:
    """The curve of an analyte, others beside it, and the same numbers as a table."""
    others = list(dict.fromkeys(other for other in request.GET.getlist("with") if other and other != token))[: curves.COMPARED]
    with opened(request, patient_id, f"Patient/{patient_id} results {token}", "Observation") as reading:
        curve = curves.curve(
            reading.cursor, reading.caller, patient_id, [token, *others], request.GET.get("period", ""), _until(request)
        )
    here = reverse("record", args=[patient_id])
    addresses = [f"{here}/Observation/{measure.id}" for _plot, _line, measure in curve.rows]
    # Nothing in it can end the element it stands in: see ``drawing``.
    data = mark_safe(curves.drawing(curve, addresses))  # noqa: S308  escaped for a script element, read as JSON and never run
    context = {"header": reading.header, "curve": curve, "token": token, "others": others, "data": data}
    context |= {
        "label": curves.label(token, curve.plots),
        "labels": {other: curves.label(other, curve.plots) for other in others},
    }
    return render(request, "chart/results_curve.html", context)


def _one_of(request: HttpRequest, name: str, choices: object) -> str:
    value = request.GET.get(name, "")
    return value if isinstance(choices, dict) and value in choices else ""


def _until(request: HttpRequest) -> datetime | None:
    """``until`` as an instant. Raises ``Invalid``."""
    text = request.GET.get("until")
    if not text:
        return None
    try:
        until = datetime.fromisoformat(text.replace(" ", "+"))
        until.utctimetuple()
    except (ValueError, OverflowError):
        raise Invalid("This is not a place in the results.") from None
    if until.tzinfo is None:
        raise Invalid("This is not a place in the results.")
    return until

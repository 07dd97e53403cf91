"""Finding a patient."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from larrey.access import record
from larrey.apps.chart.queries import find as queries
from larrey.apps.chart.views.opening import may_read, signed_in


@require_safe
def find(request: HttpRequest) -> HttpResponse:
    """Find a patient; as one types, htmx asks for the results alone. Before, the patients that one opened last."""
    account, caller = signed_in(request)
    typed = request.GET.get("q", "").replace("\x00", "").strip()
    if not caller.may("s", "Patient"):
        if typed:
            may_read(caller, account, "Patient")
        return render(request, "chart/none.html")
    with record.cursor() as cursor:
        found = queries.find(cursor, caller, typed, request.GET.get("after") or None)
        last = [] if typed else queries.last_opened(cursor, caller, account)
    partial = "HX-Request" in request.headers and "HX-History-Restore-Request" not in request.headers
    response = render(
        request, "chart/found.html" if partial else "chart/find.html", {"found": found, "typed": typed, "last": last}
    )
    response.headers["Vary"] = "HX-Request"
    return response

"""Finding a patient."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_safe

from larrey.access import record, trail
from larrey.access.roles import Role
from larrey.access.trail import Action
from larrey.apps.chart.queries import find as queries
from larrey.apps.chart.views.opening import address_of, may_read, signed_in
from larrey.apps.chart.views.refusal import proof

_HOMES: dict[str, str] = {Role.SECURITY_OFFICER: "worklist", Role.PATIENT: "own-trace"}
"""Where those begin who look for no patient."""


@require_safe
def find(request: HttpRequest) -> HttpResponse:
    """Find a patient; as one types, htmx asks for the results alone. Before, the patients that one opened last."""
    account, caller = signed_in(request)
    typed = request.GET.get("q", "").replace("\x00", "").strip()
    home = _HOMES.get(account.role)
    if home and not typed:
        return redirect(home)
    if not caller.may("s", "Patient"):
        if typed:
            may_read(caller, account, "Patient")
        return render(request, "chart/none.html")
    with record.cursor() as cursor:
        found = queries.find(cursor, caller, typed, request.GET.get("after") or None)
        last = [] if typed else queries.last_opened(cursor, caller, account.pk)
        present = [] if typed else queries.present(cursor, caller)
        if found.enough:
            trail.trace(cursor, caller, Action.SEARCH, f"Patient {typed}", patients=found.shown, address=address_of(request))
    partial = "HX-Request" in request.headers and "HX-History-Restore-Request" not in request.headers
    context = {"found": found, "typed": typed, "last": last, "present": present}
    context["proofs"] = {person.identity.id: proof(account, person.identity.id) for person in found.elsewhere or ()}
    response = render(request, "chart/found.html" if partial else "chart/find.html", context)
    response.headers["Vary"] = "HX-Request"
    return response

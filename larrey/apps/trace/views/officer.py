"""The security officer's pages: what to look at, what was decided, and the search of the trace."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from larrey.access import record
from larrey.access.trail import Action, trace
from larrey.apps.trace import actions
from larrey.apps.trace.forms import DecisionForm, SearchFilters
from larrey.apps.trace.models import Verdict
from larrey.apps.trace.queries import cases, decisions, entries
from larrey.apps.trace.views.readers import address_of, more, officer, place

_PERIODS = {"7": 7, "30": 30, "90": 90}


@require_safe
def worklist(request: HttpRequest) -> HttpResponse:
    """Broken glasses and unusual accesses that wait for a decision."""
    return _worklist(request, None, 200)


def _worklist(request: HttpRequest, sent: DecisionForm | None, status: int) -> HttpResponse:
    _account, caller = officer(request)
    kind = request.GET.get("kind", "")
    kind = kind if kind in cases.KINDS else ""
    period = request.GET.get("days", "")
    days = _PERIODS.get(period, cases.DAYS)
    with record.cursor() as cursor:
        found = cases.worklist(cursor, caller, kind, days, request.GET.get("after") or None)
        trace(cursor, caller, Action.SEARCH, f"worklist {kind}".strip(), why="security", address=address_of(request))
    context = {"found": found, "kind": kind, "days": str(days), "periods": list(_PERIODS), "sent": sent}
    context["kinds"] = {key: str(name) for key, (name, _sentence) in cases.KINDS.items()}
    context["verdicts"] = Verdict.choices
    context["more"] = more(request, "after", found.next)
    return render(request, "trace/worklist.html", context, status=status)


@require_POST
def decide(request: HttpRequest) -> HttpResponse:
    """Keep a decision on a case; without its reason the list comes back and says so."""
    _account, caller = officer(request)
    form = DecisionForm(request.POST)
    if not form.is_valid():
        return _worklist(request, form, 400)
    sent = form.cleaned_data
    with record.cursor() as cursor:
        actions.decide(
            cursor,
            caller,
            kind=sent["kind"],
            account=sent["account"],
            patient_id=sent["patient"],
            subject=sent["subject"],
            verdict=sent["verdict"],
            text=sent["text"],
            address=address_of(request),
        )
    messages.success(request, _("The decision is kept."))
    return redirect("worklist")


@require_safe
def decided(request: HttpRequest) -> HttpResponse:
    """What was decided, newest first."""
    _account, caller = officer(request)
    with record.cursor() as cursor:
        found = decisions.decided(cursor, caller, place(request))
        trace(cursor, caller, Action.SEARCH, "decisions", why="security", address=address_of(request))
    return render(request, "trace/decided.html", {"found": found, "more": more(request, "before", found.next)})


@require_safe
def search(request: HttpRequest) -> HttpResponse:
    """The trace: by person, patient, action, period, address."""
    _account, caller = officer(request)
    form = SearchFilters(request.GET)
    with record.cursor() as cursor:
        page = entries.found(cursor, caller, form.filters(), place(request))
        names = entries.names(cursor, caller, page)
        asked = "&".join(f"{name}={request.GET[name]}" for name in form.fields if request.GET.get(name))
        trace(cursor, caller, Action.SEARCH, f"trace {asked}".strip(), why="security", address=address_of(request))
    context = {"page": page, "names": names, "form": form, "more": more(request, "before", page.next)}
    return render(request, "trace/search.html", context)

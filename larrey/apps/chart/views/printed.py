"""Telling the trace that a page was printed."""

from __future__ import annotations

from urllib.parse import urlsplit

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import Resolver404, resolve
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from larrey.access.trail import Action
from larrey.apps.chart.views.opening import opened
from larrey.kit.errors import Invalid


@require_POST
def printed(request: HttpRequest, patient_id: str) -> HttpResponse:
    """A page of the record goes to the printer. Sent by the page as the browser prints, or by its button without scripts."""
    page = request.POST.get("page", "")[:2000]
    with opened(request, patient_id, _what(page, patient_id), action=Action.PRINT):
        pass
    if "beacon" in request.POST:
        return HttpResponse(status=204)
    messages.success(request, _("The printing is noted. Use the Print command of the browser now."))
    return redirect(urlsplit(page).path)


def _what(page: str, patient_id: str) -> str:
    """The page as the trace names it. Raises ``Invalid`` for what is not a page of this record."""
    try:
        found = resolve(urlsplit(page).path)
    except (Resolver404, ValueError):
        raise Invalid("This is not a page of the record.") from None
    if found.kwargs.get("patient_id") != patient_id:
        raise Invalid("This is not a page of the record.")
    rest = {key: value for key, value in found.kwargs.items() if key not in {"patient_id", "type_", "id_"}}
    if "id_" in found.kwargs:
        type_ = found.kwargs.get("type_") or {"stay": "Encounter"}.get(found.url_name or "", "DocumentReference")
        what = f"{type_}/{found.kwargs['id_']}"
    else:
        what = f"Patient/{patient_id} {found.kwargs.get('type_', '')}".strip()
    return " ".join([what, found.url_name or "", *map(str, rest.values())])

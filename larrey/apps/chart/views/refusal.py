"""A patient who is not of her units: the page that says so, and where she may break the glass."""

from __future__ import annotations

from django.conf import settings
from django.core import signing
from django.http import HttpRequest
from django.utils.translation import gettext as _

from larrey.access import callers, record
from larrey.access.models import Account
from larrey.apps.chart.forms import GlassForm
from larrey.apps.chart.queries import find
from larrey.kit.errors import Forbidden
from larrey.store.caller import Caller
from larrey.ui import words
from larrey.ui.errors import Refused

FOUND = "found"
"""The parameter by which a result of the search proves that the patient's identity was shown there."""
_SALT = "chart.found"
_SECONDS = 3600


def proof(account: Account, patient_id: str) -> str:
    """That ``account`` has just found the patient by her identity; it holds for an hour."""
    return signing.dumps([account.pk, patient_id], salt=_SALT)


def page(request: HttpRequest, account: Account, caller: Caller, patient_id: str, form: GlassForm | None = None) -> Refused:
    """The refusal of a patient who is not hers. It names the patient only to who found her by name, or has opened her before."""
    given = request.POST.get(FOUND, "") if request.method == "POST" else request.GET.get(FOUND, "")
    if form is None:
        here = request.get_full_path() if request.method == "GET" and FOUND not in request.GET else ""
        form = GlassForm(initial={"next": here, FOUND: given})
    glass = bool(caller.sight.glass) and caller.sight.only is None
    return Refused(
        f"Patient/{patient_id} is not a patient of your units.",
        template="chart/refused.html",
        context={
            "patient_id": patient_id,
            "identity": _identity(account, caller, patient_id, given),
            "form": form if glass else None,
            "minutes": settings.LARREY.glass_minutes,
        },
        status=400 if form.is_bound else 403,
        reason=_("This patient is not of your units."),
    )


def _identity(account: Account, caller: Caller, patient_id: str, given: str) -> words.Identity | None:
    with record.cursor() as cursor:
        if not _proven(given, account, patient_id) and not find.opened_before(cursor, account.pk, patient_id):
            return None
        try:
            return find.bare_identity(cursor, callers.finding(caller), patient_id)
        except Forbidden:
            return None


def _proven(given: str, account: Account, patient_id: str) -> bool:
    try:
        return bool(signing.loads(given, salt=_SALT, max_age=_SECONDS) == [account.pk, patient_id])
    except signing.BadSignature:
        return False

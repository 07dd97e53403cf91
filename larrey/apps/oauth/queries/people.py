"""Who a person is to an app, and whose chart she may hand to it."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.http import HttpRequest

from larrey.access.models import Account


def resource(account: Account) -> str:
    """``fhirUser``: her Practitioner, or the Patient that she is. Empty for a parent, and for who is in no record."""
    if account.practitioner:
        return f"Practitioner/{account.practitioner}"
    if account.patient and not account.representative:
        return f"Patient/{account.patient}"
    return ""


def signed_in(request: HttpRequest) -> datetime | None:
    """When the person of this request signed in."""
    session: Any = request.session
    return getattr(session, "started", None) or (request.user.last_login if isinstance(request.user, Account) else None)

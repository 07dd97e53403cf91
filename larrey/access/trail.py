"""The trace of who opened whose record. Written with the reading, in its transaction."""

from __future__ import annotations

import ipaddress
from datetime import datetime

from django.db.models import Max

from larrey.access.models import Account, AuditEntry

RECALLED = 400
"""Entries of the trace that are looked through for the last patients: a long day's work."""


def opened(account: Account, patient_id: str, what: str, *, address: str | None) -> None:
    """Record that ``account`` opens ``what`` of the patient ``patient_id``.

    ``what`` is a relative reference or a page: ``Patient/1``, ``Observation/2/_history``, ``Patient/1 Condition``.
    ``address`` is the client's IP address as the server saw it; anything else is kept as unknown.
    """
    AuditEntry.objects.create(account=account, role=account.role, patient=patient_id, what=what[:200], address=_address(address))


def last_patients(account: Account, count: int) -> list[tuple[str, datetime]]:
    """The ids of the patients that ``account`` opened last, each with when, newest first. One statement."""
    recent = AuditEntry.objects.filter(account=account).order_by("-id").values("id")[:RECALLED]
    found = AuditEntry.objects.filter(id__in=recent).values("patient").annotate(last=Max("id"), at=Max("when")).order_by("-last")
    return [(row["patient"], row["at"]) for row in found[:count]]


def _address(text: str | None) -> str | None:
    try:
        return str(ipaddress.ip_address(text)) if text else None
    except ValueError:
        return None

"""The trace of who opened whose record. Written with the reading, in its transaction."""

from __future__ import annotations

import ipaddress

from larrey.access.models import Account, AuditEntry


def opened(account: Account, patient_id: str, what: str, *, address: str | None) -> None:
    """Record that ``account`` opens ``what`` of the patient ``patient_id``.

    ``what`` is a relative reference or a page: ``Patient/1``, ``Observation/2/_history``, ``Patient/1 Condition``.
    ``address`` is the client's IP address as the server saw it; anything else is kept as unknown.
    """
    AuditEntry.objects.create(account=account, role=account.role, patient=patient_id, what=what[:200], address=_address(address))


def _address(text: str | None) -> str | None:
    try:
        return str(ipaddress.ip_address(text)) if text else None
    except ValueError:
        return None

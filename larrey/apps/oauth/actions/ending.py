"""The end of a consent."""

from __future__ import annotations

from larrey.access import record, tokens
from larrey.apps.oauth.models import Consent, Refresh
from larrey.kit import clock


def revoke(consent: Consent) -> None:
    """End a consent and every token that came from it."""
    now = clock.now()
    Consent.objects.filter(pk=consent.pk, revoked=None).update(revoked=now)
    Refresh.objects.filter(consent=consent, used=None).update(used=now)
    with record.cursor() as cursor:
        tokens.end_all(cursor, consent=consent.pk)

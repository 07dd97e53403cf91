"""A chart opens an app on its patient (EHR launch)."""

from __future__ import annotations

from datetime import timedelta

from larrey.access.models import Account
from larrey.apps.oauth.models import Launch
from larrey.apps.oauth.queries import secret
from larrey.kit import clock

_LIFE = timedelta(minutes=5)


def launch(account: Account, patient_id: str) -> str:
    """The ``launch`` parameter for an app that ``account`` opens on the patient ``patient_id``, within five minutes.

    The chart is open: who calls has checked that she may see it. It is checked again when the app asks for its token.
    """
    token = secret.new("larreyln_")
    now = clock.now()
    Launch.objects.filter(expires__lt=now).delete()
    Launch.objects.create(digest=secret.digest(token), account=account, patient=patient_id, expires=now + _LIFE)
    return token


def taken(account: Account, token: str) -> str | None:
    """The patient of a launch of this person; none when it is not hers, or too old. It stays until its time is over."""
    found = Launch.objects.filter(digest=secret.digest(token), account=account, expires__gt=clock.now()).first()
    return found.patient if found else None

"""Programs that are registered, and what people let them do."""

from __future__ import annotations

from larrey.access.models import Account
from larrey.apps.oauth.models import Client, Consent


def everything() -> list[Client]:
    """All programs, by name."""
    return list(Client.objects.order_by("name"))


def launchable() -> list[Client]:
    """The apps that a chart can open on its patient, by name. One statement."""
    return list(Client.objects.filter(disabled=None).exclude(launch_uri="").order_by("name"))


def consents(account: Account) -> list[Consent]:
    """What the person lets apps do, newest first; one for each app and patient is enough to end them all. One statement."""
    return list(
        Consent.objects.filter(account=account, revoked=None, client__disabled=None)
        .select_related("client")
        .order_by("-id")[:200]
    )

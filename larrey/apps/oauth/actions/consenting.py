"""A person lets an app act for her."""

from __future__ import annotations

from typing import Any

from authlib.oauth2.rfc6749 import AccessDeniedError
from django.http import HttpResponse

from larrey.access import record
from larrey.access.models import Account
from larrey.access.scopes import Scopes
from larrey.access.trail import Action, trace
from larrey.apps.oauth.actions.ending import revoke
from larrey.apps.oauth.actions.server import Server
from larrey.apps.oauth.models import Consent, Launch
from larrey.apps.oauth.queries import secret
from larrey.kit.errors import NotFound
from larrey.store.caller import Caller


def allow(server: Server, grant: Any, caller: Caller, account: Account, scopes: Scopes, patient: str) -> HttpResponse:
    """Write down the consent and go back to the app with a code. ``scopes``: what is granted; ``patient``: an id or empty."""
    request = grant.request
    with record.cursor() as cursor:
        request.consent = Consent.objects.create(client=grant.client, account=account, scope=str(scopes), patient=patient)
        Launch.objects.filter(digest=secret.digest(request.payload.data.get("launch", ""))).delete()
        trace(
            cursor,
            caller,
            Action.GRANT,
            f"client {grant.client.name}: {scopes}",
            patient_id=patient or None,
            address=request.request.META.get("REMOTE_ADDR"),
        )
        response: HttpResponse = server.create_authorization_response(request, grant_user=account, grant=grant)
    return response


def refuse(server: Server, grant: Any) -> HttpResponse:
    """Go back to the app without a code."""
    error = AccessDeniedError(redirect_uri=grant.redirect_uri)
    error.state = grant.request.payload.state
    response: HttpResponse = server.handle_error_response(grant.request, error)
    return response


def withdraw(caller: Caller, account: Account, consent_id: int) -> None:
    """End a consent of the person's own. Raises ``NotFound``."""
    with record.cursor() as cursor:
        found = Consent.objects.select_related("client").filter(pk=consent_id, account=account).first()
        if found is None:
            raise NotFound("There is no such consent.")
        revoke(found)
        trace(cursor, caller, Action.GRANT, f"client {found.client.name}: withdrawn", patient_id=found.patient or None)

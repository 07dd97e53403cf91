"""The server itself: who asks, and what is kept of what is given."""

from __future__ import annotations

from datetime import timedelta
from functools import lru_cache
from typing import Any

from authlib.integrations.django_oauth2 import AuthorizationServer
from django.conf import settings
from django.http import HttpRequest

from larrey.access import record, scopes, tokens
from larrey.access.models import Account
from larrey.apps.oauth.actions.server.asking import Introspection, Revocation
from larrey.apps.oauth.actions.server.assertions import PRIVATE_KEY, SignedAssertion
from larrey.apps.oauth.actions.server.grants import Challenge, CodeGrant, LaunchRules, MachineGrant, RenewalGrant
from larrey.apps.oauth.actions.server.identity import IdentityToken
from larrey.apps.oauth.actions.server.incoming import Incoming
from larrey.apps.oauth.models import Client, Consent, Refresh
from larrey.apps.oauth.queries import addresses, secret
from larrey.kit import clock


class Server(AuthorizationServer):  # type: ignore[misc]  # Authlib carries no types
    """One per public address of the installation: audiences and issuer are made of it."""

    def __init__(self, site: str) -> None:
        super().__init__(Client, None)
        self.site = site
        self.register_client_auth_method(PRIVATE_KEY, SignedAssertion(site))
        self.register_grant(MachineGrant)
        self.register_grant(CodeGrant, [Challenge(), LaunchRules(addresses.fhir(site)), IdentityToken(site)])
        self.register_grant(RenewalGrant)
        self.register_endpoint(Revocation)
        self.register_endpoint(Introspection)

    def create_oauth2_request(self, request: HttpRequest | Incoming) -> Incoming:
        return request if isinstance(request, Incoming) else Incoming(request, self.site)

    def query_client(self, client_id: str) -> Client | None:
        if "\x00" in client_id:
            return None
        return Client.objects.filter(client_id=client_id, disabled=None).first()

    def generate_token(
        self,
        grant_type: str,  # noqa: ARG002  Authlib's signature
        client: Client,  # noqa: ARG002  Authlib's signature
        user: Account | None = None,
        scope: str | None = None,
        expires_in: int | None = None,  # noqa: ARG002  Authlib's signature
        include_refresh_token: bool = True,  # noqa: ARG002, FBT001, FBT002  Authlib's signature
    ) -> dict[str, Any]:
        """Times only: the secrets are made where they are kept, by ``save_token``."""
        seconds = settings.LARREY.machine_token_seconds if user is None else settings.LARREY.app_token_minutes * 60
        return {"token_type": "bearer", "expires_in": seconds, "scope": scope or ""}

    def save_token(self, token: dict[str, Any], request: Incoming) -> None:
        """Make and keep the secrets of ``token``, and add to it what SMART tells beside them."""
        came_from = request.authorization_code or request.refresh_token
        consent: Consent | None = came_from.consent if came_from else None
        with record.cursor() as cursor:
            token["access_token"] = tokens.issue(
                cursor,
                request.client.name,
                token["scope"],
                seconds=token["expires_in"],
                account=request.user.pk if request.user else None,
                consent=consent.pk if consent else None,
                patient=consent.patient if consent else "",
            )
        if consent is None:
            return
        special = scopes.parse(consent.scope).special
        life = _renewable(special)
        if life:
            token["refresh_token"] = _refresh(consent, life, request.refresh_token)
        if consent.patient:
            token["patient"] = consent.patient
            token["need_patient_banner"] = True


@lru_cache(maxsize=8)  # an installation has one public address, in development a few
def server(site: str) -> Server:
    """The server at the public address ``site``."""
    return Server(site)


def _renewable(special: frozenset[str]) -> timedelta | None:
    """For how long a token may be renewed: beyond the session, within one, or not."""
    if "offline_access" in special:
        return timedelta(days=settings.LARREY.refresh_days)
    if "online_access" in special:
        return timedelta(hours=settings.LARREY.session_hours)
    return None


def _refresh(consent: Consent, life: timedelta, previous: Refresh | None) -> str:
    """The next refresh token. One of a session does not live longer by being renewed."""
    now = clock.now()
    offline = "offline_access" in scopes.parse(consent.scope).special
    expires = now + life if offline or previous is None else previous.expires
    Refresh.objects.filter(expires__lt=now - timedelta(days=1)).delete()
    made = secret.new("larreyrt_")
    Refresh.objects.create(digest=secret.digest(made), consent=consent, expires=expires)
    return made

"""Identity tokens (OpenID Connect)."""

from __future__ import annotations

from typing import Any

from authlib.oidc.core.grants import OpenIDCode

from larrey.access.models import Account
from larrey.apps.oauth.actions import signing
from larrey.apps.oauth.actions.server.incoming import Incoming
from larrey.apps.oauth.models import Client, Code
from larrey.apps.oauth.queries import addresses, people
from larrey.apps.oauth.queries.signing import ALGORITHM

_SECONDS = 300


class IdentityToken(OpenIDCode):  # type: ignore[misc]  # Authlib carries no types
    """Who signed in, as a signed token, for apps that ask for ``openid``."""

    DEFAULT_EXPIRES_IN = _SECONDS

    def __init__(self, site: str) -> None:
        super().__init__()
        self._site = site

    def exists_nonce(self, nonce: str, request: Incoming) -> bool:
        return Code.objects.filter(nonce=nonce[:255], consent__client__client_id=request.payload.client_id).exists()

    def resolve_client_private_key(self, client: Client) -> Any:  # noqa: ARG002  Authlib's signature
        return signing.key()

    def get_encode_header(self, client: Client) -> dict[str, Any]:  # noqa: ARG002  Authlib's signature
        return {"alg": ALGORITHM, "kid": signing.key().kid}

    def get_client_claims(self, client: Client) -> dict[str, Any]:
        return {"iss": self._site, "aud": client.client_id}

    def generate_user_info(self, user: Account, scope: str) -> dict[str, Any]:
        who = people.resource(user)
        about = {"sub": str(user.pk)}
        if "fhirUser" in scope.split() and who:
            about["fhirUser"] = f"{addresses.fhir(self._site)}/{who}"
        return about

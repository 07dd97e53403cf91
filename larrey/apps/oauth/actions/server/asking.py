"""What is asked about tokens given before: introspection, and their end."""

from __future__ import annotations

from typing import Any

from authlib.oauth2.rfc6749 import InvalidRequestError
from authlib.oauth2.rfc7009 import RevocationEndpoint
from authlib.oauth2.rfc7662 import IntrospectionEndpoint

from larrey.access import record, tokens
from larrey.apps.oauth.actions.ending import revoke
from larrey.apps.oauth.actions.server.assertions import PRIVATE_KEY
from larrey.apps.oauth.actions.server.incoming import Incoming
from larrey.apps.oauth.models import Client
from larrey.apps.oauth.queries import addresses
from larrey.apps.oauth.queries.given import Given, given


class Revocation(RevocationEndpoint):  # type: ignore[misc]  # Authlib carries no types
    """RFC 7009. A refresh token's end is its consent's."""

    CLIENT_AUTH_METHODS = (PRIVATE_KEY, "none")

    def check_params(self, request: Incoming, client: Client) -> None:  # noqa: ARG002  Authlib's signature
        _one_token(request)

    def query_token(self, token_string: str, token_type_hint: str | None) -> Given | None:
        return given(token_string, token_type_hint)

    def revoke_token(self, token: Given, request: Incoming) -> None:  # noqa: ARG002  Authlib's signature
        if token.refresh is not None:
            revoke(token.refresh.consent)
        else:
            with record.cursor() as cursor:
                tokens.end(cursor, token.secret)


class Introspection(IntrospectionEndpoint):  # type: ignore[misc]  # Authlib carries no types
    """RFC 7662, for clients registered for it, and for any client about its own tokens."""

    CLIENT_AUTH_METHODS = (PRIVATE_KEY,)

    def check_params(self, request: Incoming, client: Client) -> None:  # noqa: ARG002  Authlib's signature
        _one_token(request)

    def query_token(self, token_string: str, token_type_hint: str | None) -> Given | None:
        return given(token_string, token_type_hint)

    def check_permission(self, token: Given, client: Client, request: Incoming) -> bool:  # noqa: ARG002  Authlib's signature
        return client.introspects or token.check_client(client)

    def introspect_token(self, token: Given) -> dict[str, Any]:
        told = token.told()
        if "fhirUser" in told:
            told["fhirUser"] = f"{addresses.fhir(self.server.site)}/{told['fhirUser']}"
        return {"active": True, **told, "iss": self.server.site}


def _one_token(request: Incoming) -> None:
    if not request.form.get("token"):
        raise InvalidRequestError("A token is needed.")

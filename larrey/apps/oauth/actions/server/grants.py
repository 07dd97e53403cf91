"""The ways to a token: a machine's own, a person's code, a refresh token."""

from __future__ import annotations

from datetime import timedelta

from authlib.oauth2.rfc6749 import InvalidRequestError, InvalidScopeError
from authlib.oauth2.rfc6749.grants import AuthorizationCodeGrant, ClientCredentialsGrant, RefreshTokenGrant
from authlib.oauth2.rfc7636 import CodeChallenge

from larrey.access import scopes
from larrey.access.models import Account
from larrey.apps.oauth.actions.ending import revoke
from larrey.apps.oauth.actions.server.assertions import PRIVATE_KEY
from larrey.apps.oauth.actions.server.incoming import Incoming, plain
from larrey.apps.oauth.models import Client, Code, Consent, Refresh
from larrey.apps.oauth.queries import people, secret
from larrey.kit import clock
from larrey.kit.errors import LarreyError

CODE_SECONDS = 60
"""An app fetches its token at once; what waits longer was stolen or forgotten."""


class MachineGrant(ClientCredentialsGrant):  # type: ignore[misc]  # Authlib carries no types
    """SMART backend services."""

    TOKEN_ENDPOINT_AUTH_METHODS = (PRIVATE_KEY,)

    def validate_requested_scope(self) -> None:
        asked = _within(self.request.payload.scope, self.client)
        try:
            scopes.for_machine(str(asked))
        except LarreyError as error:
            raise InvalidScopeError(description=plain(error.message)) from None
        self.request.payload.data["scope"] = str(asked)


class CodeGrant(AuthorizationCodeGrant):  # type: ignore[misc]  # Authlib carries no types
    """SMART app launch. The page asks the person, sets ``request.consent``, and lets the code be made."""

    TOKEN_ENDPOINT_AUTH_METHODS = (PRIVATE_KEY, "none")

    def validate_requested_scope(self) -> None:
        _within(self.request.payload.scope, self.client)

    def save_authorization_code(self, code: str, request: Incoming) -> None:
        now = clock.now()
        assert request.consent is not None, "a code is made once the person has agreed"
        Code.objects.filter(expires__lt=now - timedelta(days=1)).delete()
        Code.objects.create(
            digest=secret.digest(code),
            consent=request.consent,
            redirect_uri=request.payload.redirect_uri,
            code_challenge=request.payload.data["code_challenge"],
            nonce=request.payload.data.get("nonce", "")[:255],
            signed_in=people.signed_in(request.request),
            expires=now + timedelta(seconds=CODE_SECONDS),
        )

    def query_authorization_code(self, code: str, client: Client) -> Code | None:
        """The code, if it is the client's and unused. Used twice, someone else has it: all that came from it ends."""
        found = Code.objects.select_for_update(of=("self",)).select_related("consent").filter(digest=secret.digest(code)).first()
        if found is None or found.consent.client_id != client.pk:
            return None
        if found.used is not None:
            revoke(found.consent)
            return None
        return found if found.expires > clock.now() and found.consent.revoked is None else None

    def delete_authorization_code(self, authorization_code: Code) -> None:
        """Kept, to know it again."""
        authorization_code.used = clock.now()
        authorization_code.save(update_fields=["used"])

    def authenticate_user(self, authorization_code: Code) -> Account | None:
        return _active(authorization_code.consent)


class RenewalGrant(RefreshTokenGrant):  # type: ignore[misc]  # Authlib carries no types
    """Refresh tokens that change with each use."""

    TOKEN_ENDPOINT_AUTH_METHODS = (PRIVATE_KEY, "none")
    INCLUDE_NEW_REFRESH_TOKEN = True

    def authenticate_refresh_token(self, refresh_token: str) -> Refresh | None:
        """The token, if it is alive and unused. Used twice, someone else has it: the consent ends."""
        found = (
            Refresh.objects.select_for_update(of=("self",))
            .select_related("consent")
            .filter(digest=secret.digest(refresh_token))
            .first()
        )
        if found is None or found.consent.client_id != self.request.client.pk:
            return None
        if found.used is not None:
            revoke(found.consent)
            return None
        return found if found.expires > clock.now() and found.consent.revoked is None else None

    def authenticate_user(self, refresh_token: Refresh) -> Account | None:
        return _active(refresh_token.consent)

    def revoke_old_credential(self, refresh_token: Refresh) -> None:
        """Kept, to know it again."""
        refresh_token.used = clock.now()
        refresh_token.save(update_fields=["used"])


class Challenge(CodeChallenge):  # type: ignore[misc]  # Authlib carries no types
    """PKCE, for every app, with S256 only."""

    SUPPORTED_CODE_CHALLENGE_METHOD = ("S256",)

    def validate_code_challenge(self, grant: CodeGrant, redirect_uri: str) -> None:
        data = grant.request.payload.data
        if not data.get("code_challenge") or data.get("code_challenge_method") != "S256":
            raise InvalidRequestError("A code_challenge with code_challenge_method=S256 is needed.")
        super().validate_code_challenge(grant, redirect_uri)


class LaunchRules:
    """What SMART asks of an authorization request beside OAuth 2."""

    def __init__(self, fhir: str) -> None:
        self._fhir = fhir

    def __call__(self, grant: CodeGrant) -> None:
        grant.register_hook("after_validate_authorization_request_payload", self.check)

    def check(self, grant: CodeGrant, redirect_uri: str) -> None:  # noqa: ARG002  Authlib's signature
        """Raise when ``aud`` is not our FHIR base, or ``state`` is missing."""
        payload = grant.request.payload
        if (payload.data.get("aud") or "").rstrip("/") != self._fhir:
            raise InvalidRequestError(f"aud must be {self._fhir}.")
        if not payload.state:
            raise InvalidRequestError("A state is needed.")
        if payload.data.get("prompt") == "none":
            raise InvalidRequestError("prompt=none is not offered: the person is always asked.")


def _within(text: str | None, client: Client) -> scopes.Scopes:
    """The scopes asked for. Raises ``InvalidScopeError`` for what is no scope, and beyond the client's own."""
    try:
        asked = scopes.parse(text or "")
        beyond = scopes.beyond(asked, scopes.parse(client.scope))
    except LarreyError as error:
        raise InvalidScopeError(description=plain(error.message)) from None
    if beyond:
        raise InvalidScopeError(description=plain(f"The client is not registered for {' '.join(beyond)}."))
    if not asked.resources and not asked.special:
        raise InvalidScopeError(description="A scope is needed.")
    return asked


def _active(consent: Consent) -> Account | None:
    return Account.objects.filter(pk=consent.account_id, is_active=True).first()

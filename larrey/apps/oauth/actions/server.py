"""The OAuth 2 server: Authlib's flows, on our tables. What is not said here is as Authlib does it.

Sources: RFC 6749, 7636 (PKCE), 7523 (private_key_jwt), 7009 (revocation), 7662 (introspection), OpenID Connect Core 1.0, and
http://hl7.org/fhir/smart-app-launch/STU2.2/. Each endpoint runs in one transaction, which commits also when the answer is an
error: a replayed assertion, code or refresh token leaves its mark.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from functools import lru_cache
from typing import Any

from authlib.integrations.django_oauth2 import AuthorizationServer
from authlib.integrations.django_oauth2.requests import DjangoOAuth2Payload
from authlib.oauth2.rfc6749 import (
    InvalidClientError,
    InvalidRequestError,
    InvalidScopeError,
    OAuth2Request,
)
from authlib.oauth2.rfc6749.grants import AuthorizationCodeGrant, ClientCredentialsGrant, RefreshTokenGrant
from authlib.oauth2.rfc7009 import RevocationEndpoint
from authlib.oauth2.rfc7523 import JWTBearerClientAssertion
from authlib.oauth2.rfc7636 import CodeChallenge
from authlib.oauth2.rfc7662 import IntrospectionEndpoint
from authlib.oidc.core.grants import OpenIDCode
from django.conf import settings
from django.http import HttpRequest
from joserfc import jwt
from joserfc.errors import JoseError

from larrey.access import record, scopes, tokens
from larrey.access.models import Account
from larrey.apps.oauth.actions import signing
from larrey.apps.oauth.models import PUBLIC, Assertion, Client, Code, Consent, Refresh
from larrey.apps.oauth.queries import addresses, keys, secret
from larrey.apps.oauth.queries import people as people_of
from larrey.apps.oauth.queries import signing as signing_keys
from larrey.apps.oauth.queries.given import Given, given
from larrey.kit import clock
from larrey.kit.errors import Invalid, LarreyError, Unavailable

PRIVATE_KEY = "private_key_jwt"
CODE_SECONDS = 60
"""An app fetches its token at once; what waits longer was stolen or forgotten."""
ASSERTION_SECONDS = 300
"""An assertion may not live longer (SMART: "no more than five minutes in the future")."""
_LEEWAY = 30
_ID_TOKEN_SECONDS = 300
_ALGORITHM = signing_keys.ALGORITHM


class Incoming(OAuth2Request):  # type: ignore[misc]  # Authlib carries no types
    """A request of Django as Authlib reads it."""

    consent: Consent | None = None
    """Set when the person has agreed, for the code that follows."""

    def __init__(self, request: HttpRequest, site: str) -> None:
        # Authlib refuses what is not https by the address that it is given. That is the public one: TLS ends at the proxy.
        super().__init__(request.method, f"{site}{request.path}" if settings.LARREY.production else "https://development")
        self.headers = request.headers
        self.payload = DjangoOAuth2Payload(request)
        self.request = request

    @property
    def args(self) -> Any:
        return self.request.GET

    @property
    def form(self) -> Any:
        return self.request.POST


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


class SignedAssertion(JWTBearerClientAssertion):  # type: ignore[misc]  # Authlib carries no types
    """A client proves who it is by a token that it signed (``private_key_jwt``)."""

    CLIENT_AUTH_METHOD = PRIVATE_KEY

    def __init__(self, site: str) -> None:
        super().__init__(leeway=_LEEWAY)
        self._site = site

    def get_audiences(self) -> list[str]:
        return [addresses.token(self._site)]

    def resolve_client_public_key(self, client: Client) -> Callable[[Any], Any]:
        """A function, so that the key is looked for by the name that the assertion gives."""
        if client.kind == PUBLIC:
            raise InvalidClientError(description="The client has no key.")
        return lambda signed: keys.of(client, signed.headers().get("kid"))

    def process_assertion_claims(self, assertion: str, resolve_key: Any) -> Any:
        try:
            token = jwt.decode(assertion, resolve_key, algorithms=list(keys.ALGORITHMS))
        except (Invalid, Unavailable) as error:
            raise InvalidClientError(description=_plain(error.message)) from None
        except (JoseError, ValueError, TypeError):
            raise InvalidClientError(
                description=f"The assertion is not signed by the client's key with {' or '.join(keys.ALGORITHMS)}."
            ) from None
        self.verify_claims(token.claims)
        return token.claims

    def verify_claims(self, claims: dict[str, Any]) -> None:
        latest = clock.now().timestamp() + ASSERTION_SECONDS + _LEEWAY
        if not isinstance(claims.get("exp"), int | float) or not 0 < claims["exp"] <= latest:
            raise InvalidClientError(description=f"The assertion must end within {ASSERTION_SECONDS} seconds (exp).")
        jti = claims.get("jti")
        if not isinstance(jti, str) or not jti or len(jti) > 255:
            raise InvalidClientError(description="The assertion needs a jti of 1 to 255 characters.")
        super().verify_claims(claims)

    def validate_jti(self, claims: dict[str, Any], jti: str) -> bool:
        """Whether it comes for the first time; it is kept for as long as the assertion could be used."""
        now = clock.now()
        Assertion.objects.filter(expires__lt=now).delete()
        _, fresh = Assertion.objects.get_or_create(
            digest=secret.digest(f"{claims['sub']} {jti}"),
            defaults={"expires": now + timedelta(seconds=ASSERTION_SECONDS + 2 * _LEEWAY)},
        )
        return fresh


class MachineGrant(ClientCredentialsGrant):  # type: ignore[misc]  # Authlib carries no types
    """SMART backend services."""

    TOKEN_ENDPOINT_AUTH_METHODS = (PRIVATE_KEY,)

    def validate_requested_scope(self) -> None:
        asked = _within(self.request.payload.scope, self.client)
        try:
            scopes.for_machine(str(asked))
        except LarreyError as error:
            raise InvalidScopeError(description=_plain(error.message)) from None
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
            signed_in=people_of.signed_in(request.request),
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


class IdentityToken(OpenIDCode):  # type: ignore[misc]  # Authlib carries no types
    """Who signed in, as a signed token, for apps that ask for ``openid``."""

    DEFAULT_EXPIRES_IN = _ID_TOKEN_SECONDS

    def __init__(self, site: str) -> None:
        super().__init__()
        self._site = site

    def exists_nonce(self, nonce: str, request: Incoming) -> bool:
        return Code.objects.filter(nonce=nonce[:255], consent__client__client_id=request.payload.client_id).exists()

    def resolve_client_private_key(self, client: Client) -> Any:  # noqa: ARG002  Authlib's signature
        return signing.key()

    def get_encode_header(self, client: Client) -> dict[str, Any]:  # noqa: ARG002  Authlib's signature
        return {"alg": _ALGORITHM, "kid": signing.key().kid}

    def get_client_claims(self, client: Client) -> dict[str, Any]:
        return {"iss": self._site, "aud": client.client_id}

    def generate_user_info(self, user: Account, scope: str) -> dict[str, Any]:
        who = people_of.resource(user)
        about = {"sub": str(user.pk)}
        if "fhirUser" in scope.split() and who:
            about["fhirUser"] = f"{addresses.fhir(self._site)}/{who}"
        return about


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


@lru_cache(maxsize=8)  # an installation has one public address, in development a few
def server(site: str) -> Server:
    """The server at the public address ``site``."""
    return Server(site)


def revoke(consent: Consent) -> None:
    """End a consent and every token that came from it."""
    now = clock.now()
    Consent.objects.filter(pk=consent.pk, revoked=None).update(revoked=now)
    Refresh.objects.filter(consent=consent, used=None).update(used=now)
    with record.cursor() as cursor:
        tokens.end_all(cursor, consent=consent.pk)


def _within(text: str | None, client: Client) -> scopes.Scopes:
    """The scopes asked for. Raises ``InvalidScopeError`` for what is no scope, and beyond the client's own."""
    try:
        asked = scopes.parse(text or "")
        beyond = scopes.beyond(asked, scopes.parse(client.scope))
    except LarreyError as error:
        raise InvalidScopeError(description=_plain(error.message)) from None
    if beyond:
        raise InvalidScopeError(description=_plain(f"The client is not registered for {' '.join(beyond)}."))
    if not asked.resources and not asked.special:
        raise InvalidScopeError(description="A scope is needed.")
    return asked


def _plain(text: str) -> str:
    """A description in the characters that RFC 6749, 5.2 allows."""
    return "".join(letter if " " <= letter <= "~" and letter not in '"\\' else "'" for letter in text)


def _one_token(request: Incoming) -> None:
    if not request.form.get("token"):
        raise InvalidRequestError("A token is needed.")


def _active(consent: Consent) -> Account | None:
    return Account.objects.filter(pk=consent.account_id, is_active=True).first()


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

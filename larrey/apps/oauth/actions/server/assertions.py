"""Programs prove who they are by what they signed."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

from authlib.oauth2.rfc6749 import InvalidClientError
from authlib.oauth2.rfc7523 import JWTBearerClientAssertion
from joserfc import jwt
from joserfc.errors import JoseError

from larrey.apps.oauth.actions.server.incoming import plain
from larrey.apps.oauth.models import PUBLIC, Assertion, Client
from larrey.apps.oauth.queries import addresses, keys, secret
from larrey.kit import clock
from larrey.kit.errors import Invalid, Unavailable

PRIVATE_KEY = "private_key_jwt"
ASSERTION_SECONDS = 300
"""An assertion may not live longer (SMART: "no more than five minutes in the future")."""
_LEEWAY = 30


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
            raise InvalidClientError(description=plain(error.message)) from None
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

"""State of the OAuth 2 server: programs, consents, codes, refresh tokens. Of what is secret, only SHA-256 is kept.

Access tokens themselves are ``larrey.access.issued``: the FHIR door verifies them without this room.
"""

from __future__ import annotations

from typing import ClassVar

from django.conf import settings
from django.db import models
from django.db.models.functions import Now

BACKEND, PUBLIC, CONFIDENTIAL = "backend", "public", "confidential"
KINDS = (BACKEND, PUBLIC, CONFIDENTIAL)
"""A program without a person before it; an app that can keep no secret; an app that signs with a key of its own."""
_GRANTS = {
    BACKEND: {"client_credentials"},
    PUBLIC: {"authorization_code", "refresh_token"},
    CONFIDENTIAL: {"authorization_code", "refresh_token"},
}


class Client(models.Model):
    """A program registered here. Never deleted, only disabled: the trace names it for ever.

    Its methods are what Authlib asks of a client (``authlib.oauth2.rfc6749.ClientMixin``).
    """

    client_id = models.CharField(max_length=64, unique=True)
    name = models.CharField(max_length=100, unique=True)
    kind = models.CharField(max_length=16)
    redirect_uris = models.JSONField(default=list)
    launch_uri = models.CharField(max_length=500, blank=True)
    jwks = models.JSONField(null=True)
    jwks_uri = models.CharField(max_length=500, blank=True)
    scope = models.TextField()
    introspects = models.BooleanField(default=False)
    registered_by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+")
    created = models.DateTimeField(db_default=Now())
    disabled = models.DateTimeField(null=True)

    class Meta:
        db_table = "oauth_client"

    def __str__(self) -> str:
        return self.name

    @property
    def authentication(self) -> str:
        """How it proves who it is (``token_endpoint_auth_method`` of RFC 7591)."""
        return "none" if self.kind == PUBLIC else "private_key_jwt"

    def get_client_id(self) -> str:
        return self.client_id

    def get_default_redirect_uri(self) -> None:
        """None: where to return is always said."""

    def get_allowed_scope(self, scope: str) -> str:
        """As asked: what goes beyond its own was refused before."""
        return scope

    def check_redirect_uri(self, redirect_uri: str) -> bool:
        """Letter by letter."""
        return redirect_uri in self.redirect_uris

    def check_client_secret(self, client_secret: str) -> bool:  # noqa: ARG002  Authlib's signature
        """There are no shared secrets."""
        return False

    def check_endpoint_auth_method(self, method: str, endpoint: str) -> bool:  # noqa: ARG002  Authlib's signature
        return method == self.authentication

    def check_response_type(self, response_type: str) -> bool:
        return response_type == "code" and self.kind != BACKEND

    def check_grant_type(self, grant_type: str) -> bool:
        return grant_type in _GRANTS[self.kind]


class Consent(models.Model):
    """A person let an app act for her: within ``scope``, for one ``patient`` or (empty) all of hers. Its end is its tokens'."""

    client = models.ForeignKey(Client, on_delete=models.PROTECT, related_name="consents")
    account = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    scope = models.TextField()
    patient = models.CharField(max_length=64, blank=True)
    created = models.DateTimeField(db_default=Now())
    revoked = models.DateTimeField(null=True)

    class Meta:
        db_table = "oauth_consent"

    def __str__(self) -> str:
        return f"{self.client_id} {self.account_id}"


class Code(models.Model):
    """An authorization code, for one use within a minute. Its methods are what Authlib asks of one."""

    digest = models.BinaryField(max_length=32, unique=True)
    consent = models.ForeignKey(Consent, on_delete=models.CASCADE, related_name="+")
    redirect_uri = models.CharField(max_length=500)
    code_challenge = models.CharField(max_length=128)
    nonce = models.CharField(max_length=255, blank=True)
    signed_in = models.DateTimeField(null=True)
    expires = models.DateTimeField()
    used = models.DateTimeField(null=True)

    class Meta:
        db_table = "oauth_code"
        indexes: ClassVar[list[models.Index]] = [
            models.Index(fields=["nonce"], condition=~models.Q(nonce=""), name="oauth_code_nonce")
        ]

    def __str__(self) -> str:
        return f"code of {self.consent_id}"

    code_challenge_method = "S256"

    def get_redirect_uri(self) -> str:
        return self.redirect_uri

    def get_scope(self) -> str:
        return self.consent.scope

    def get_nonce(self) -> str:
        return self.nonce

    def get_auth_time(self) -> int | None:
        """When the person signed in, in seconds since 1970."""
        return int(self.signed_in.timestamp()) if self.signed_in else None

    def get_acr(self) -> None:
        """Not told."""

    def get_amr(self) -> None:
        """Not told."""


class Refresh(models.Model):
    """A refresh token, for one use: each gives the next. One that comes twice was stolen, and its consent ends."""

    digest = models.BinaryField(max_length=32, unique=True)
    consent = models.ForeignKey(Consent, on_delete=models.CASCADE, related_name="+")
    created = models.DateTimeField(db_default=Now())
    expires = models.DateTimeField(db_index=True)
    used = models.DateTimeField(null=True)

    class Meta:
        db_table = "oauth_refresh"

    def __str__(self) -> str:
        return f"refresh of {self.consent_id}"

    def check_client(self, client: Client) -> bool:
        return self.consent.client_id == client.pk

    def get_scope(self) -> str:
        return self.consent.scope


class Assertion(models.Model):
    """A signed assertion (its ``iss`` and ``jti``) that was used, until it would be refused as expired anyway."""

    digest = models.BinaryField(max_length=32, unique=True)
    expires = models.DateTimeField(db_index=True)

    class Meta:
        db_table = "oauth_assertion"

    def __str__(self) -> str:
        return f"assertion until {self.expires}"


class Launch(models.Model):
    """A chart that opened an app: who, on which patient. For one use within minutes, by the same person."""

    digest = models.BinaryField(max_length=32, unique=True)
    account = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    patient = models.CharField(max_length=64)
    expires = models.DateTimeField(db_index=True)

    class Meta:
        db_table = "oauth_launch"

    def __str__(self) -> str:
        return f"launch of {self.account_id}"


class SigningKey(models.Model):
    """A key that signs identity tokens; the private part is encrypted under LARREY_SECRET_KEY. The newest signs."""

    kid = models.CharField(max_length=64, unique=True)
    sealed = models.TextField()
    created = models.DateTimeField(db_default=Now())

    class Meta:
        db_table = "oauth_signing_key"

    def __str__(self) -> str:
        return self.kid

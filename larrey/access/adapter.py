"""How django-allauth behaves in this house: accounts are given by the administrator, nobody signs up."""

from __future__ import annotations

from base64 import urlsafe_b64encode
from hashlib import sha256
from typing import Any

from allauth.account.adapter import DefaultAccountAdapter
from allauth.core.exceptions import ImmediateHttpResponse
from allauth.mfa.adapter import DefaultMFAAdapter
from allauth.mfa.models import Authenticator
from cryptography.fernet import Fernet, MultiFernet
from django.conf import settings
from django.contrib.auth.base_user import AbstractBaseUser
from django.core.exceptions import ValidationError
from django.http import HttpRequest
from django.shortcuts import render
from django.utils.encoding import force_str
from django.utils.translation import gettext as _

from larrey.access import limits
from larrey.kit import clock


class AccountAdapter(DefaultAccountAdapter):  # type: ignore[misc]  # allauth carries no types
    """Closed registration; sign-in limits that neither the Host header nor a forged address gets round."""

    def is_open_for_signup(self, request: HttpRequest) -> bool:  # noqa: ARG002  allauth's signature
        return False

    def get_client_ip(self, request: HttpRequest) -> str:
        """What the limits count by. Behind a proxy the server itself restores the address, never a header here."""
        return str(request.META.get("REMOTE_ADDR") or "unknown")

    def pre_authenticate(self, request: HttpRequest, **credentials: Any) -> None:
        """Past the limit even the right password waits; the page says until when, not whether the account exists."""
        try:
            super().pre_authenticate(request, **credentials)
        except ValidationError:
            until = limits.wait_ends(request, str(credentials.get("username", ""))) or clock.now()
            page = render(request, "account/wait.html", {"until": until}, status=429)
            raise ImmediateHttpResponse(page) from None

    def _get_login_attempts_cache_key(self, request: HttpRequest, **credentials: Any) -> str:  # noqa: ARG002  allauth's
        # allauth's key holds the Host header with its port, which the client chooses: each port would count anew.
        return limits.name_key(str(credentials.get("username", "")))


class MFAAdapter(DefaultMFAAdapter):  # type: ignore[misc]  # allauth carries no types
    """Secrets of the second factor are unreadable to who has only the database: their key comes from LARREY_SECRET_KEY."""

    def encrypt(self, text: str) -> str:
        return _cipher().encrypt(text.encode()).decode()

    def decrypt(self, encrypted_text: str) -> str:
        return _cipher().decrypt(encrypted_text.encode()).decode()

    def get_public_key_credential_rp_entity(self) -> dict[str, str]:
        """The name that browsers show for the house; allauth's would be its host name."""
        entity: dict[str, str] = super().get_public_key_credential_rp_entity()
        return {**entity, "name": "Larrey"}

    def generate_authenticator_name(self, user: AbstractBaseUser, type: str) -> str:  # allauth's parameter
        """A name that a person would give."""
        if type != Authenticator.Type.WEBAUTHN:
            return str(super().generate_authenticator_name(user, type))
        count = Authenticator.objects.filter(user_id=user.pk, type=type).count()
        return _("My passkey") if not count else _("My passkey %(number)s") % {"number": count + 1}


def _cipher() -> MultiFernet:
    keys = (settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS)
    return MultiFernet([Fernet(urlsafe_b64encode(sha256(f"second factor:{force_str(key)}".encode()).digest())) for key in keys])

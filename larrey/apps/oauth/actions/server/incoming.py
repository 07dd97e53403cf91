"""A request as Authlib reads it, and errors as it may tell them."""

from __future__ import annotations

from typing import Any

from authlib.integrations.django_oauth2.requests import DjangoOAuth2Payload
from authlib.oauth2.rfc6749 import InsecureTransportError, OAuth2Request
from django.conf import settings
from django.http import HttpRequest

from larrey.apps.oauth.models import Consent
from larrey.kit.errors import Misconfigured


class Incoming(OAuth2Request):  # type: ignore[misc]  # Authlib carries no types
    """A request of Django as Authlib reads it."""

    consent: Consent | None = None
    """Set when the person has agreed, for the code that follows."""

    def __init__(self, request: HttpRequest, site: str) -> None:
        # Authlib refuses what is not https by the address that it is given. That is the public one: TLS ends at the proxy.
        address = f"{site}{request.path}" if settings.LARREY.production else "https://development"
        try:
            super().__init__(request.method, address)
        except InsecureTransportError:
            raise Misconfigured(
                "Tokens are given over https only: set LARREY_PUBLIC_URL to the https address of this installation."
            ) from None
        self.headers = request.headers
        self.payload = DjangoOAuth2Payload(request)
        self.request = request

    @property
    def args(self) -> Any:
        return self.request.GET

    @property
    def form(self) -> Any:
        return self.request.POST


def plain(text: str) -> str:
    """A description in the characters that RFC 6749, 5.2 allows."""
    return "".join(letter if " " <= letter <= "~" and letter not in '"\\' else "'" for letter in text)

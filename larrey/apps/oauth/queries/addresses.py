"""The addresses of this installation as programs outside know them."""

from __future__ import annotations

from urllib.parse import urlsplit

from django.conf import settings
from django.http import HttpRequest


def site(request: HttpRequest) -> str:
    """The address before every path: LARREY_PUBLIC_URL, else the one that the request names (Django checks its host)."""
    public: str = settings.LARREY.public_url
    return public or f"{request.scheme}://{request.get_host()}"


def fhir(site: str) -> str:
    """The FHIR API's base: what an app calls ``iss`` and sends as ``aud``."""
    return f"{site}/fhir"


def token(site: str) -> str:
    """The token endpoint: what a program's assertion is for."""
    return f"{site}/oauth/token"


def origin(uri: str) -> str:
    """Where an app is, as a content security policy names it: ``https://app.example`` or ``org.example.app:``."""
    parts = urlsplit(uri)
    return f"{parts.scheme}://{parts.netloc}" if parts.netloc else f"{parts.scheme}:"

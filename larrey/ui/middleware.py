"""What every page goes through: the language, the content security policy, errors as pages."""

from __future__ import annotations

from collections.abc import Callable

from django.conf import settings
from django.http import HttpRequest, HttpResponseBase
from django.utils import translation
from django.utils.cache import patch_vary_headers

from larrey.kit.errors import LarreyError
from larrey.ui import errors

Handler = Callable[[HttpRequest], HttpResponseBase]

# data: images are Tabler's small marks and the QR code of the two-factor sign-in.
POLICY = (
    "default-src 'self'; img-src 'self' data:; object-src 'none'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
)
"""The policy of every page: nothing inline, nothing from elsewhere (https://www.w3.org/TR/CSP3/)."""


def language(get_response: Handler) -> Handler:
    """French unless the person chose otherwise; the browser's wish does not count in a house that works in French."""
    known = {code for code, _ in settings.LANGUAGES}

    def middleware(request: HttpRequest) -> HttpResponseBase:
        chosen = request.COOKIES.get(settings.LANGUAGE_COOKIE_NAME, "")
        with translation.override(chosen if chosen in known else settings.LANGUAGE_CODE):
            request.LANGUAGE_CODE = translation.get_language()
            response = get_response(request)
            response.headers.setdefault("Content-Language", translation.get_language() or settings.LANGUAGE_CODE)
        patch_vary_headers(response, ("Cookie",))
        return response

    return middleware


def content_security(get_response: Handler) -> Handler:
    """Set the policy, and keep pages with patients' data out of every cache."""

    def middleware(request: HttpRequest) -> HttpResponseBase:
        response = get_response(request)
        response.headers.setdefault("Content-Security-Policy", POLICY)
        response.headers.setdefault("Cache-Control", "no-store")
        return response

    return middleware


class ErrorPages:
    """Shows a ``LarreyError`` raised by a view as a page with its status; a stranger is sent to sign in."""

    def __init__(self, get_response: Handler) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        return self.get_response(request)

    def process_exception(self, request: HttpRequest, error: Exception) -> HttpResponseBase | None:
        """Django calls this when a view raises; ``None`` leaves the error to the page of faults and the log."""
        return errors.page(request, error) if isinstance(error, LarreyError) else None

"""A second factor for professionals, where the house asks for one (``LARREY_SECOND_FACTOR``).

A professional who signed in with her password alone, and has neither a passkey nor an authenticator application, gets no page
but those where she sets one up. Who has one is asked for it at each sign-in, by allauth; Pro Santé Connect is strong by itself.
"""

from __future__ import annotations

from collections.abc import Callable

from allauth.account.internal.flows.login import get_authentication_records
from allauth.mfa.utils import is_mfa_enabled
from django.conf import settings
from django.http import HttpRequest, HttpResponse, HttpResponseBase, HttpResponseRedirect
from django.urls import reverse

from larrey.access.models import Account
from larrey.access.roles import Role

Handler = Callable[[HttpRequest], HttpResponseBase]

_STRONG = frozenset({"mfa", "psc"})


def required(get_response: Handler) -> Handler:
    """Middleware: leads a professional without a second factor to where she sets one up."""

    def middleware(request: HttpRequest) -> HttpResponseBase:
        if not lacking(request) or request.path.startswith(reverse("account_login").rpartition("/")[0] + "/"):
            return get_response(request)
        if request.path in {reverse("language"), reverse("shortcuts")}:
            return get_response(request)
        if "HX-Request" in request.headers:
            return HttpResponse(status=403, headers={"HX-Redirect": reverse("mfa_index")})
        return HttpResponseRedirect(reverse("mfa_index"))

    return middleware


def lacking(request: HttpRequest) -> bool:
    """Whether ``request`` comes from someone who must have a second factor and has none."""
    if not settings.LARREY_SECOND_FACTOR or settings.SESSION_COOKIE_NAME not in request.COOKIES:
        return False
    user = request.user
    if not isinstance(user, Account) or user.role == Role.PATIENT:
        return False
    if any(record.get("method") in _STRONG for record in get_authentication_records(request, user)):
        return False
    return not is_mfa_enabled(user)

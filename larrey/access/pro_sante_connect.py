"""Signing in with Pro Santé Connect, the OpenID Connect service of the French health professionals' card (CPS, e-CPS).

Authlib speaks the protocol: discovery, ``state`` and ``nonce`` of this browser's session, PKCE, and ID tokens whose signature,
issuer, audience, dates and nonce are verified. Here: the level of the authentication is demanded and checked, the professional
is found by her RPPS number, and nobody is made an account.
https://industriels.esante.gouv.fr/produits-et-services/pro-sante-connect/documentation-technique
"""

from __future__ import annotations

import logging
import re
from functools import lru_cache
from typing import Any
from urllib.parse import urlsplit

import requests
from allauth.account.adapter import get_adapter
from allauth.account.internal.flows.login import record_authentication
from authlib.common.errors import AuthlibBaseError
from authlib.integrations.django_client import DjangoOAuth2App, OAuth
from authlib.integrations.requests_client import OAuth2Session
from django.conf import settings
from django.contrib.auth import logout
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.http import require_safe
from joserfc.errors import JoseError
from requests.adapters import BaseAdapter

from larrey.access import signals
from larrey.access.models import Account

log = logging.getLogger(__name__)

LEVELS = frozenset({"eidas1", "eidas2", "eidas3"})
"""Levels that are enough: the one that is asked for, and those above it."""
ALGORITHMS = ["RS256", "PS256", "ES256"]
"""Signatures that are taken, whatever else the provider offers; none with a shared secret."""
LEEWAY = 30
"""Seconds by which the provider's clock may differ."""
TIMEOUT = 10
"""Seconds after which the provider is said not to answer."""
NEAR: dict[str, BaseAdapter] = {}
"""Addresses (their beginning) that are not reached over the network: the demo's stand-in, which this very process answers. A
server that asked itself by HTTP would wait for one of its own threads, and with all of them waiting, for ever."""
_SUBJECT = re.compile(r"8(\d{11})\Z", re.ASCII)
"""``SubjectNameID`` of a professional with a RPPS number: 8 and the eleven digits (annexe "identité" of the PGSSI-S)."""
_TOKEN, _NEXT = "psc_id_token", "psc_next"


class _Session(OAuth2Session):  # type: ignore[misc]  # Authlib carries no types
    """Authlib's HTTP, which knows what is near."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for beginning, adapter in NEAR.items():
            self.mount(beginning, adapter)


class _App(DjangoOAuth2App):  # type: ignore[misc]  # Authlib carries no types
    client_cls = _Session


class _Clients(OAuth):  # type: ignore[misc]  # Authlib carries no types
    oauth2_client_cls = _App


class Refused(Exception):
    """The answer of the provider is not taken. The message is for the log, never for the page."""


def offered() -> bool:
    """Whether the sign-in page shows Pro Santé Connect."""
    return bool(settings.PRO_SANTE_CONNECT["issuer"])


def simulated() -> bool:
    """Whether what is offered is the demo's stand-in, as its button must say."""
    return bool(settings.PRO_SANTE_CONNECT["simulated"])


@require_safe
def start(request: HttpRequest) -> HttpResponse:
    """To the provider. ``next`` is kept in the session."""
    if not offered():
        raise Http404
    back = request.GET.get("next", "")
    request.session[_NEXT] = back if url_has_allowed_host_and_scheme(back, allowed_hosts=None) else "/"
    try:
        client = _checked_client()
        response: HttpResponse = client.authorize_redirect(request, _address(request, "psc_return"), acr_values="eidas1")
    except (AuthlibBaseError, requests.RequestException, Refused, ValueError):
        log.exception("Pro Santé Connect cannot be reached")
        return _page(request, "unreachable", 503)
    if simulated():  # the browser may know this server by another name than the server itself
        response["Location"] = urlsplit(response["Location"])._replace(scheme="", netloc="").geturl()
    return response


@require_safe
def finish(request: HttpRequest) -> HttpResponse:
    """Back from the provider: sign in whom it vouches for, or say why not without naming anyone."""
    if not offered():
        raise Http404
    back = request.session.pop(_NEXT, "/")
    if request.GET.get("error") == "access_denied":
        return HttpResponseRedirect(reverse("account_login"))
    try:
        token, claims = _verified(request)
        rpps = _rpps(claims)
    except requests.RequestException:
        log.exception("Pro Santé Connect does not answer")
        return _page(request, "unreachable", 503)
    except (AuthlibBaseError, JoseError, Refused, ValueError, KeyError, TypeError) as error:
        log.warning("Sign-in by Pro Santé Connect refused: %s: %s", type(error).__name__, error)
        signals.failed(request, "", "psc", type(error).__name__)
        return _page(request, "refused", 403)
    account = Account.objects.filter(rpps=rpps).first()
    if account is None or not account.is_active:
        signals.failed(request, account.username if account else "", "psc", "disabled" if account else "unknown RPPS")
        return _page(request, "disabled" if account else "unknown", 403, end=_end_address(request, token["id_token"]))
    if request.user.is_authenticated and request.user.pk != account.pk:
        logout(request)  # another person sits down: the first one's session ends, and her pages are not the next one's
        back = "/"
    record_authentication(request, account, "psc")
    get_adapter(request).login(request, account)
    request.session[_TOKEN] = token["id_token"]
    return HttpResponseRedirect(back)


def end_address(request: HttpRequest) -> str:
    """Where the browser must go to end the session at the provider too; empty when she did not come from there."""
    token = request.session.get(_TOKEN, "")
    return _end_address(request, token) if token and offered() else ""


def _verified(request: HttpRequest) -> tuple[dict[str, Any], dict[str, Any]]:
    """The tokens, and the claims about the professional: those of the ID token, completed by those of the same ``sub``."""
    if not request.GET.get("code") or not request.GET.get("state"):
        raise Refused("no code or no state")
    client = _checked_client()
    options = {
        "iss": {"essential": True, "value": settings.PRO_SANTE_CONNECT["issuer"]},
        "aud": {"essential": True, "value": client.client_id},
    }
    token: dict[str, Any] = client.authorize_access_token(request, claims_options=options, leeway=LEEWAY)
    claims = token.get("userinfo")  # Authlib's name for the verified claims of the ID token
    if not claims or not isinstance(token.get("id_token"), str):
        raise Refused("no ID token")
    if claims.get("acr") not in LEVELS:
        raise Refused(f"level {claims.get('acr')!r}")
    if "SubjectNameID" in claims:
        return token, dict(claims)
    more = client.userinfo(token=token)
    if more.get("sub") != claims["sub"]:
        raise Refused("the user information is another person's")
    return token, {**more, **claims}


def _rpps(claims: dict[str, Any]) -> str:
    found = _SUBJECT.match(str(claims.get("SubjectNameID", "")))
    if not found:
        raise Refused("SubjectNameID is no RPPS number")
    return found[1]


def _checked_client() -> DjangoOAuth2App:
    """The client, with the provider's metadata read; what they say is narrowed to what is taken here."""
    configured = settings.PRO_SANTE_CONNECT
    client = _client(configured["issuer"], configured["client_id"], configured["client_secret"])
    metadata = client.load_server_metadata()
    if metadata.get("issuer") != configured["issuer"]:
        client.server_metadata.pop("_loaded_at", None)  # read anew the next time
        raise Refused("the discovery document is another issuer's")
    metadata["id_token_signing_alg_values_supported"] = ALGORITHMS
    return client


@lru_cache(maxsize=8)
def _client(issuer: str, client_id: str, client_secret: str) -> DjangoOAuth2App:
    return _Clients().register(
        "psc",
        client_id=client_id,
        client_secret=client_secret,
        server_metadata_url=f"{issuer}/.well-known/openid-configuration",
        client_kwargs={"scope": "openid scope_all", "code_challenge_method": "S256", "default_timeout": TIMEOUT},
    )


def _end_address(request: HttpRequest, id_token: str) -> str:
    try:
        made = _checked_client().create_logout_url(_address(request, "account_login"), id_token)["url"]
    except (AuthlibBaseError, requests.RequestException, Refused, RuntimeError, ValueError):
        log.exception("Pro Santé Connect names no address to sign out")
        return ""
    return urlsplit(made)._replace(scheme="", netloc="").geturl() if simulated() else str(made)


def _address(request: HttpRequest, name: str) -> str:
    own = str(settings.PRO_SANTE_CONNECT["own"])
    return (own or f"{request.scheme}://{request.get_host()}") + reverse(name)


def _page(request: HttpRequest, outcome: str, status: int, end: str = "") -> HttpResponse:
    return render(request, "account/psc.html", {"outcome": outcome, "end": end}, status=status)

"""What programs call: tokens, introspection, revocation, discovery. Their errors are those of OAuth 2, as JSON."""

from __future__ import annotations

import logging
from collections.abc import Callable
from contextlib import suppress

from django.core.cache import cache
from django.db import transaction
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST, require_safe

from larrey.access import discovery
from larrey.apps.oauth.actions import signing
from larrey.apps.oauth.actions.server import Introspection, Revocation, Server, server
from larrey.apps.oauth.queries import addresses
from larrey.apps.oauth.queries.parameters import odd
from larrey.apps.oauth.queries.signing import public
from larrey.kit.errors import Misconfigured

log = logging.getLogger(__name__)

FAILURES = 60
"""Refused calls from one address within ``WINDOW`` seconds before it must wait."""
WINDOW = 300


@csrf_exempt
@require_POST
def token(request: HttpRequest) -> HttpResponse:
    """A token for an assertion, a code or a refresh token."""
    return _answered(request, lambda found: found.create_token_response(request))


@csrf_exempt
@require_POST
def introspect(request: HttpRequest) -> HttpResponse:
    """What a token is (RFC 7662)."""
    return _answered(request, lambda found: found.create_endpoint_response(Introspection.ENDPOINT_NAME, request))


@csrf_exempt
@require_POST
def revoke(request: HttpRequest) -> HttpResponse:
    """The end of a token (RFC 7009)."""
    return _answered(request, lambda found: found.create_endpoint_response(Revocation.ENDPOINT_NAME, request))


@require_safe
def jwks(request: HttpRequest) -> HttpResponse:  # noqa: ARG001  Django's signature
    """The public keys of identity tokens."""
    signing.key()
    return _open(JsonResponse(public()), seconds=300)


@require_safe
def openid_configuration(request: HttpRequest) -> HttpResponse:
    """OpenID Connect Discovery 1.0."""
    return _open(JsonResponse(discovery.openid(addresses.site(request))), seconds=300)


def _answered(request: HttpRequest, answer: Callable[[Server], HttpResponse]) -> HttpResponse:
    """The answer, in one transaction that keeps what it wrote also when it refuses; too many refusals are made to wait."""
    counter = f"oauth:refused:{request.META.get('REMOTE_ADDR') or 'unknown'}"
    if cache.get(counter, 0) >= FAILURES:
        refused = _error("slow_down", "Too many refused calls from this address; wait a few minutes.", 429)
        refused.headers["Retry-After"] = str(WINDOW)
        return refused
    bad = odd(request)
    if bad is not None:
        return _error("invalid_request", f"The parameter {bad} is too long or holds characters that it may not have.", 400)
    try:
        with transaction.atomic():
            response = answer(server(addresses.site(request)))
    except Misconfigured as error:
        log.exception("the OAuth 2 server cannot answer")
        return _error("server_error", error.message.replace('"', "'"), 500)
    if response.status_code >= 400:
        cache.add(counter, 0, WINDOW)
        with suppress(ValueError):  # it ran out in between
            cache.incr(counter)
    response.headers["Access-Control-Allow-Origin"] = "*"  # no cookie counts here: who calls proves it in the form
    return response


def _error(code: str, description: str, status: int) -> HttpResponse:
    return JsonResponse({"error": code, "error_description": description}, status=status, headers={"Cache-Control": "no-store"})


def _open(response: HttpResponse, *, seconds: int) -> HttpResponse:
    response.headers["Access-Control-Allow-Origin"] = "*"
    response.headers["Cache-Control"] = f"public, max-age={seconds}"
    return response

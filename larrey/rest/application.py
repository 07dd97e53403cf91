"""The WSGI application: one request in, one answer out, every failure an OperationOutcome."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from time import perf_counter
from typing import Any, Protocol

from larrey.access import tokens
from larrey.kit import json
from larrey.kit.errors import MethodNotAllowed
from larrey.rest import failures, outcome, tracing
from larrey.rest.authentication import Tokens, Verify
from larrey.rest.connections import Connect, Connections
from larrey.rest.interactions.capabilities import smart_configuration, statement
from larrey.rest.request import Request, request_id
from larrey.rest.response import STATUS_LINES, Response, http_date
from larrey.rest.routing import route
from larrey.rest.session import Session
from larrey.rest.settings import RestSettings

Observe = Callable[[str, int, float], None]
"""``observe(interaction, status, seconds)``, called after each request; for metrics."""


class StartResponse(Protocol):
    """The ``start_response`` of PEP 3333."""

    def __call__(self, status: str, headers: list[tuple[str, str]], /) -> Any: ...


# Health data: no shared cache may keep it, and a private one must ask again (which ETags make cheap).
_ALWAYS = [
    ("Cache-Control", "private, no-cache"),
    ("Vary", "Accept, Authorization, Origin"),
    ("X-Content-Type-Options", "nosniff"),
]


_SHOWN = ("Access-Control-Expose-Headers", "Content-Location, ETag, Last-Modified, Location, X-Request-Id")
_PREFLIGHT = [
    ("Access-Control-Allow-Methods", "GET, HEAD, POST, PUT, PATCH, DELETE"),
    (
        "Access-Control-Allow-Headers",
        "Accept, Authorization, Content-Type, If-Match, If-Modified-Since, If-None-Exist, If-None-Match, Prefer, X-Request-Id",
    ),
    ("Access-Control-Max-Age", "3600"),
]
"""What a browser asks before it lets an app call (https://fetch.spec.whatwg.org/#cors-preflight-request)."""


def _unobserved(interaction: str, status: int, seconds: float) -> None:
    """Metrics are not wanted."""


class Application:
    """The FHIR API as a WSGI callable; safe for any number of threads."""

    def __init__(self, settings: RestSettings, connect: Connect, verify: Verify, observe: Observe) -> None:
        self.settings = settings
        self.connections = Connections(connect, settings.seconds)
        self._tokens = Tokens(verify, settings.token_seconds)
        self._observe = observe

    def __call__(self, environ: dict[str, Any], start_response: StartResponse) -> Iterable[bytes]:
        began = perf_counter()
        request = Request(environ, self.settings)
        response = self._first(request)
        body, headers = response.body, response.headers
        if response.updated is not None:
            headers.append(("Last-Modified", http_date(response.updated)))
        headers += _ALWAYS
        headers.append(("X-Request-Id", request_id(environ.get("HTTP_X_REQUEST_ID"))))
        if self._is_app(environ):  # no cookie counts here: the app needs its token all the same
            headers += [("Access-Control-Allow-Origin", environ["HTTP_ORIGIN"]), _SHOWN]
        pieces: Iterable[bytes]
        if isinstance(body, bytes):
            if request.pretty and body and "json" in (response.header("Content-Type") or ""):
                body = json.pretty(body)
            if response.status not in (204, 304):
                headers.append(("Content-Length", str(len(body))))
            pieces = () if request.method == "HEAD" else (body,)
        else:
            pieces = body
        start_response(STATUS_LINES[response.status], headers)
        self._observe(request.interaction, response.status, perf_counter() - began)
        return pieces

    def _is_app(self, environ: dict[str, Any]) -> bool:
        return environ.get("HTTP_ORIGIN") in self.settings.origins

    def _first(self, request: Request) -> Response:
        """Answer a request from outside: who is it, where does it go."""
        try:
            if "HTTP_ACCESS_CONTROL_REQUEST_METHOD" in request.environ and self._is_app(request.environ):
                request.interaction = "preflight"
                return Response(204, list(_PREFLIGHT))
            path = request.environ.get("PATH_INFO", "").strip("/")
            if path == "metadata":
                return self._open(request)
            if path == ".well-known/smart-configuration":
                return self._discovery(request)
            lane = self.connections.lane()
            request.caller = self._tokens.caller(request.environ.get("HTTP_AUTHORIZATION"), lane.cursor)
            return self._routed(request, Session(lane, self.connections, self.settings, self._routed))
        except Exception as error:  # noqa: BLE001 - the outermost door: whatever it is, the client gets an outcome
            response = outcome.render(failures.told(error))
            self.connections.release()
            return response

    def _open(self, request: Request) -> Response:
        """What the API can do: it needs neither a token nor the database."""
        request.read_address()
        request.interaction = route(request).name
        if request.method == "OPTIONS":
            return Response(204, [("Allow", "GET, HEAD, OPTIONS")])
        request.negotiate()
        return statement(request)

    def _discovery(self, request: Request) -> Response:
        """The other open address: where programs get their tokens. It is no FHIR resource, so no format is negotiated."""
        request.interaction = "smart-configuration"
        if request.method == "OPTIONS":
            return Response(204, [("Allow", "GET, HEAD, OPTIONS")])
        if request.method not in {"GET", "HEAD"}:
            raise MethodNotAllowed("The discovery document is only read.")
        return smart_configuration(request)

    def _routed(self, request: Request, session: Session) -> Response:
        request.read_address()
        chosen = route(request)
        request.interaction = chosen.name
        if request.segments[0] != "Binary":
            request.negotiate()
        return tracing.answered(request, session, chosen)


def application(
    settings: RestSettings,
    connect: Connect,
    *,
    verify: Verify = tokens.verify,
    observe: Observe = _unobserved,
) -> Application:
    """The FHIR API. ``connect`` opens a connection to the migrated database, one per worker thread and a few more."""
    return Application(settings, connect, verify, observe)

"""The one WSGI application: health, metrics and the FHIR API beside Django, which has everything else."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable
from time import perf_counter
from typing import Any

import psycopg

from larrey import __version__
from larrey.kit import json
from larrey.rest.application import application as fhir_api
from larrey.rest.settings import MEBIBYTE, RestSettings
from larrey.site import health, metrics, psc
from larrey.site.schema import connected, start_django
from larrey.site.settings import Settings
from larrey.store.rules import Rules
from larrey.store.search.limits import Limits

Environ = dict[str, Any]
StartResponse = Callable[..., Any]
Application = Callable[[Environ, StartResponse], Iterable[bytes]]

log = logging.getLogger(__name__)


def rest_settings(settings: Settings) -> RestSettings:
    """What the FHIR API allows here."""
    return RestSettings(
        base_url=f"{settings.public_url}/fhir" if settings.public_url else "",
        body=settings.max_body_mb * MEBIBYTE,
        binary=settings.max_blob_mb * MEBIBYTE,
        seconds=settings.max_statement_seconds,
        token_seconds=settings.token_seconds,
        trace_waits=settings.trace_waits,
        origins=frozenset(settings.app_origins),
        parameters=settings.max_parameters,
        search=Limits(
            page=settings.page_size,
            page_max=settings.max_page_size,
            includes=settings.max_includes,
            include_depth=settings.max_include_depth,
            or_values=settings.max_or_values,
            chain_depth=settings.max_chain_depth,
            expansion=settings.max_expansion,
            seconds=settings.max_search_seconds,
        ),
        rules=Rules(references=settings.references, entries=settings.max_entries),
        version=__version__,
    )


class Door:
    """Sends each request to whom it concerns. One object per process, for any number of threads."""

    def __init__(self, settings: Settings, url: str) -> None:
        self._url = url

        def connect() -> psycopg.Connection:
            return psycopg.connect(url, autocommit=True, connect_timeout=5, application_name="larrey")

        def observe(interaction: str, status: int, seconds: float) -> None:
            metrics.observe("fhir", interaction, status, seconds)

        self._fhir: Application = fhir_api(rest_settings(settings), connect, observe=observe)
        start_django(url)
        from django.core.handlers.wsgi import WSGIHandler  # noqa: PLC0415  after Django's settings are ready

        self._pages: Application = WSGIHandler()
        self._psc: Application | None = None
        if settings.psc_simulated:
            from larrey.site.psc.serving import application as stand_in  # noqa: PLC0415  only a demo needs it
            from larrey.site.psc.serving import bring_near  # noqa: PLC0415  only a demo needs it

            self._psc = bring_near(stand_in(settings))

    def __call__(self, environ: Environ, start_response: StartResponse) -> Iterable[bytes]:
        """Answer one request (PEP 3333)."""
        path: str = environ["PATH_INFO"]
        if path.startswith("/fhir/") or path == "/fhir":
            environ["SCRIPT_NAME"] = environ.get("SCRIPT_NAME", "") + "/fhir"
            environ["PATH_INFO"] = path[5:] or "/"
            return self._fhir(environ, start_response)
        if path in {"/healthz", "/readyz", "/metrics"}:
            return self._operation(path, start_response)
        if self._psc is not None and path.startswith(f"{psc.PATH}/"):
            return self._psc({**environ, "PATH_INFO": path.removeprefix(psc.PATH)}, start_response)
        return self._page(environ, start_response)

    def _page(self, environ: Environ, start_response: StartResponse) -> Iterable[bytes]:
        began = perf_counter()
        status = 500

        def start(line: str, headers: list[tuple[str, str]], *error: Any) -> Any:
            nonlocal status
            status = int(line[:3])
            return start_response(line, headers, *error)

        try:
            return self._pages(environ, start)
        finally:
            metrics.observe("pages", environ["REQUEST_METHOD"].lower()[:8], status, perf_counter() - began)

    def _operation(self, path: str, start_response: StartResponse) -> Iterable[bytes]:
        status, media, body = "200 OK", "application/json", b'{"status":"alive"}'
        if path == "/metrics":
            media, body = metrics.CONTENT_TYPE, metrics.page(lambda: connected(self._url))
        elif path == "/readyz":
            reasons = health.reasons(self._url)
            body = json.dumps({"status": "unready", "reasons": reasons} if reasons else {"status": "ready"})
            status = "503 Service Unavailable" if reasons else status
        start_response(status, [("Content-Type", media), ("Content-Length", str(len(body))), ("Cache-Control", "no-store")])
        return [body]


def build(settings: Settings, url: str) -> Application:
    """The application on the database at ``url``, behind the trusted proxies if there are any."""
    application: Application = Door(settings, url)
    if settings.trusted_proxies:
        from granian.utils.proxies import wrap_wsgi_with_proxy_headers  # noqa: PLC0415  only who serves needs it

        application = wrap_wsgi_with_proxy_headers(application, trusted_hosts=list(settings.trusted_proxies))
    return application

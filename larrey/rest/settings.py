"""The limits of the FHIR API. The site fills them from its settings; passing one is a clear 4xx."""

from __future__ import annotations

from dataclasses import dataclass, field

from larrey.store.rules import Rules
from larrey.store.search.limits import Limits

MEBIBYTE = 1024 * 1024


@dataclass(frozen=True, slots=True)
class RestSettings:
    """What one mounted FHIR API allows.

    ``base_url``: the public address of the API without a trailing slash, e.g. ``https://chu.example/fhir``;
    empty: taken from each request's Host header. ``body``: most bytes of a JSON request, compressed or not.
    ``binary``: most bytes of one Binary's content. ``seconds``: longest single statement in the database.
    ``trace_waits``: a read's row of the trace is on the disk before the answer leaves (docs/why/trace.md).
    ``token_seconds``: how long a verified token is remembered, that is how long a revoked one may live on.
    ``origins``: the origins (``https://app.example``) of apps in browsers that may call; nobody else's pages read an answer.
    ``parameters``: most name-value pairs in one query. ``search`` and ``rules``: the limits of the store.
    """

    base_url: str = ""
    body: int = 64 * MEBIBYTE
    binary: int = 50 * MEBIBYTE
    seconds: float = 30.0
    token_seconds: float = 30.0
    trace_waits: bool = False
    origins: frozenset[str] = frozenset()
    parameters: int = 500
    search: Limits = field(default_factory=Limits)
    rules: Rules = field(default_factory=Rules)
    version: str = ""

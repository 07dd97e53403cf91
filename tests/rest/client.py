"""A client that calls the WSGI application in this process: no socket, no server, one call per request."""

from __future__ import annotations

import io
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import unquote_to_bytes

from larrey.kit import json

JSON = "application/fhir+json"


@dataclass(frozen=True)
class Answer:
    status: int
    headers: Mapping[str, str]
    body: bytes

    def json(self) -> Any:
        return json.loads(self.body)

    @property
    def issue(self) -> Any:
        """The first issue of the OperationOutcome that this answer must be."""
        resource = self.json()
        assert resource["resourceType"] == "OperationOutcome", resource
        return resource["issue"][0]

    @property
    def resources(self) -> list[Any]:
        """The resources of the Bundle that this answer must be."""
        bundle = self.json()
        assert bundle["resourceType"] == "Bundle", bundle
        return [entry.get("resource") for entry in bundle.get("entry", [])]

    def link(self, relation: str) -> str | None:
        return next((link["url"] for link in self.json().get("link", []) if link["relation"] == relation), None)


class Client:
    """``app``: a WSGI callable. Paths are below its root, with a query; absolute links of its own are understood."""

    def __init__(self, app: Any, token: str | None = "all", base: str = "http://test/fhir") -> None:
        self.app, self.token, self.base = app, token, base

    def request(self, method: str, path: str, body: Any = None, headers: Mapping[str, str] | None = None) -> Answer:
        """``body``: bytes are sent as they are, all else as FHIR JSON."""
        raw_path, _, query = path.removeprefix(self.base).partition("?")
        data = b"" if body is None else body if isinstance(body, bytes) else json.dumps(body)
        environ: dict[str, Any] = {
            "REQUEST_METHOD": method,
            "SCRIPT_NAME": "/fhir",
            "PATH_INFO": unquote_to_bytes(raw_path).decode("latin-1"),
            "QUERY_STRING": query.encode("utf-8", "surrogateescape").decode("latin-1"),
            "HTTP_HOST": "test",
            "SERVER_NAME": "test",
            "SERVER_PORT": "80",
            "wsgi.url_scheme": "http",
            "wsgi.input": io.BytesIO(data),
        }
        if body is not None:
            environ["CONTENT_LENGTH"] = str(len(data))
            environ["CONTENT_TYPE"] = JSON
        if self.token is not None:
            environ["HTTP_AUTHORIZATION"] = f"Bearer {self.token}"
        for name, value in (headers or {}).items():
            key = name.upper().replace("-", "_")
            environ[key if key in ("CONTENT_TYPE", "CONTENT_LENGTH") else f"HTTP_{key}"] = value
        return self.call(environ)

    def call(self, environ: dict[str, Any]) -> Answer:
        begun: list[tuple[str, list[tuple[str, str]]]] = []
        pieces = self.app(environ, lambda status, sent: begun.append((status, sent)))
        try:
            content = b"".join(pieces)
        finally:
            if hasattr(pieces, "close"):
                pieces.close()
        [(status, sent)] = begun
        names = [name for name, _ in sent]
        assert len(names) == len(set(names)), f"a header is sent twice: {names}"
        return Answer(int(status[:3]), dict(sent), content)

    def get(self, path: str, **headers: str) -> Answer:
        return self.request("GET", path, headers=_dashed(headers))

    def post(self, path: str, body: Any = None, **headers: str) -> Answer:
        return self.request("POST", path, body, headers=_dashed(headers))

    def put(self, path: str, body: Any = None, **headers: str) -> Answer:
        return self.request("PUT", path, body, headers=_dashed(headers))

    def patch(self, path: str, body: Any = None, **headers: str) -> Answer:
        return self.request("PATCH", path, body, headers=_dashed(headers))

    def delete(self, path: str, **headers: str) -> Answer:
        return self.request("DELETE", path, headers=_dashed(headers))


def _dashed(headers: Mapping[str, str]) -> dict[str, str]:
    return {name.replace("_", "-"): value for name, value in headers.items()}

"""HTTP without a network, between the two sides of a demo's server: requests on one, WSGI on the other."""

from __future__ import annotations

import io
from collections.abc import Callable
from typing import Any
from urllib.parse import unquote, urlsplit

import requests
from requests.adapters import BaseAdapter
from requests.structures import CaseInsensitiveDict


class Near(BaseAdapter):
    """Answers for the addresses that begin with ``issuer``, by calling its WSGI ``application`` in this thread."""

    def __init__(self, issuer: str, application: Callable[..., list[bytes]]) -> None:
        super().__init__()
        self._path, self._application = urlsplit(issuer).path, application

    def send(self, request: requests.PreparedRequest, *_: Any, **__: Any) -> requests.Response:
        parts = urlsplit(request.url or "")
        sent = request.body or b""
        body = sent.encode() if isinstance(sent, str) else sent
        assert isinstance(body, bytes)  # forms alone are sent, never streams
        environ: dict[str, Any] = {
            "REQUEST_METHOD": request.method,
            "PATH_INFO": unquote(parts.path).removeprefix(self._path),
            "QUERY_STRING": parts.query,
            "CONTENT_LENGTH": str(len(body)),
            "wsgi.input": io.BytesIO(body),
        }
        environ |= {f"HTTP_{name.upper().replace('-', '_')}": value for name, value in request.headers.items()}
        answer = requests.Response()

        def start(status: str, headers: list[tuple[str, str]]) -> None:
            answer.status_code, answer.headers = int(status[:3]), CaseInsensitiveDict(headers)

        answer.raw = io.BytesIO(b"".join(self._application(environ, start)))
        answer.url, answer.request, answer.encoding = request.url or "", request, "utf-8"
        return answer

    def close(self) -> None:
        """Nothing is open."""

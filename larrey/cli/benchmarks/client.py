"""A small HTTP/1.1 client over one kept-alive loopback connection: cheap, so that it measures the server and not itself."""

from __future__ import annotations

import socket
import time
from dataclasses import dataclass

from larrey.kit.errors import Unavailable

_END = b"\r\n\r\n"
TIMEOUT = 120.0


@dataclass(frozen=True, slots=True)
class Answer:
    """``seconds``: from the first byte sent to the last byte received."""

    status: int
    head: bytes
    body: bytes
    seconds: float

    def header(self, name: str) -> str:
        """The value of a header, empty where it is absent."""
        for line in self.head.split(b"\r\n")[1:]:
            found, _, value = line.partition(b":")
            if found.lower() == name.lower().encode():
                return value.strip().decode("latin-1")
        return ""


class Client:
    """One connection to 127.0.0.1:``port``; not for several threads."""

    __slots__ = ("_head", "_socket", "port")

    def __init__(self, port: int, token: str = "", *, session: str = "") -> None:
        """``token`` opens the FHIR API; ``session`` is the key of a signed-in person's session, for the pages."""
        self.port = port
        self._head = f"Host: 127.0.0.1:{port}\r\nAccept: {'text/html' if session else 'application/fhir+json'}\r\n"
        if token:
            self._head += f"Authorization: Bearer {token}\r\n"
        if session:
            self._head += f"Cookie: larrey_session={session}\r\n"
        self._socket = self._connected()

    def _connected(self) -> socket.socket:
        opened = socket.create_connection(("127.0.0.1", self.port), TIMEOUT)
        opened.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        return opened

    def close(self) -> None:
        self._socket.close()

    def get(self, path: str) -> Answer:
        return self.send("GET", path)

    def send(self, method: str, path: str, body: bytes = b"", headers: str = "") -> Answer:
        """Send a request and read the whole answer. Raises ``Unavailable`` when the server hangs up."""
        head = f"{method} {path} HTTP/1.1\r\n{self._head}{headers}"
        if body or method in {"POST", "PUT"}:
            head += f"Content-Type: application/fhir+json\r\nContent-Length: {len(body)}\r\n"
        start = time.perf_counter()
        self._socket.sendall(head.encode() + b"\r\n" + body)
        data = bytearray()
        while (end := data.find(_END)) < 0:
            self._more(data)
        answered = bytes(data[:end])
        del data[: end + len(_END)]
        status = int(answered[9:12])
        lowered = answered.lower()
        if b"transfer-encoding: chunked" in lowered:
            data = self._chunked(data)
        elif method != "HEAD" and status not in {204, 304}:
            at = lowered.find(b"content-length:")
            length = int(lowered[at + 15 :].split(b"\r\n", 1)[0]) if at >= 0 else 0
            while len(data) < length:
                self._more(data)
        return Answer(status, answered, bytes(data), time.perf_counter() - start)

    def _more(self, data: bytearray) -> None:
        piece = self._socket.recv(1 << 18)
        if not piece:
            raise Unavailable("The server closed the connection in the middle of an answer.")
        data += piece

    def _chunked(self, data: bytearray) -> bytearray:
        """The body of a chunked answer (RFC 9112, section 7.1), without trailers."""
        body = bytearray()
        while True:
            while (end := data.find(b"\r\n")) < 0:
                self._more(data)
            size = int(data[:end].split(b";")[0], 16)
            del data[: end + 2]
            while len(data) < size + 2:
                self._more(data)
            body += data[:size]
            del data[: size + 2]
            if size == 0:
                return body

"""One request: what the client sent, read and checked only as far as an interaction asks for it."""

from __future__ import annotations

import os
import zlib
from collections.abc import Iterator
from functools import lru_cache
from typing import IO, Any
from urllib.parse import parse_qsl, urlencode

from larrey.kit import json
from larrey.kit.errors import Invalid, TooCostly, TooLarge, UnsupportedMediaType
from larrey.rest import negotiation
from larrey.rest.negotiation import Preference
from larrey.rest.response import FHIR_JSON
from larrey.rest.settings import RestSettings
from larrey.store.caller import Caller

Pairs = list[tuple[str, str]]

CHUNK = 65536
_NOBODY = Caller("nobody")
_CONTROLS = frozenset({"_format", "_pretty"})


class Request:
    """A WSGI environ with FHIR's reading of it.

    ``segments``: the path below the API's root, split at slashes, without a trailing slash. ``pairs``: the query
    without ``_format`` and ``_pretty``. ``media``: the Content-Type of the answer. ``content``: the decoded body where
    it is not to be read from the environ (entries of a batch).
    """

    __slots__ = ("caller", "content", "environ", "interaction", "media", "method", "pairs", "pretty", "segments", "settings")

    def __init__(self, environ: dict[str, Any], settings: RestSettings, content: Any = None) -> None:
        self.environ = environ
        self.settings = settings
        self.content = content
        self.caller = _NOBODY
        self.interaction = "none"
        self.method: str = environ["REQUEST_METHOD"]
        self.media = FHIR_JSON
        self.pretty = False
        self.segments: list[str] = []
        self.pairs: Pairs = []

    def read_address(self) -> None:
        """Fill ``segments`` and ``pairs``. Raises ``Invalid`` for what is not UTF-8 or holds control characters."""
        path: str = self.environ.get("PATH_INFO", "")
        if not path.isascii() or not path.isprintable():
            raise Invalid("The address is malformed: its path holds characters that no FHIR address has.")
        self.segments = path.strip("/").split("/")
        query: str = self.environ.get("QUERY_STRING", "")
        if query:
            self.pairs = self._without_controls(self._form(query, "query"))

    def negotiate(self) -> None:
        """Choose ``media`` from Accept, unless ``_format`` has chosen it. Raises ``NotAcceptable``."""
        accept = self.environ.get("HTTP_ACCEPT")
        if accept is not None and not self.environ.get("larrey.format"):
            self.media = negotiation.answer_type(accept)

    @property
    def prefer(self) -> Preference:
        """The client's Prefer header."""
        return negotiation.preference(self.environ.get("HTTP_PREFER", ""))

    def base(self) -> str:
        """The public address of the API, without a trailing slash; checked, so that it can be put into a link."""
        if self.settings.base_url:
            return self.settings.base_url
        environ = self.environ
        host = environ.get("HTTP_HOST") or f"{environ['SERVER_NAME']}:{environ['SERVER_PORT']}"
        return _base(environ.get("wsgi.url_scheme", "http"), host, environ.get("SCRIPT_NAME", ""))

    def value(self, name: str) -> str | None:
        """The one value of the parameter ``name``, if sent. Raises ``Invalid`` when it is repeated."""
        values = [value for key, value in self.pairs if key == name]
        if len(values) > 1:
            raise Invalid(f"The parameter {name} may be given once only.", expression=f"http.{name}")
        return values[0] if values else None

    def only(self, *names: str) -> None:
        """Raise ``Invalid`` for a parameter that is not of ``names``, unless the client prefers lenient handling."""
        if not self.pairs:
            return
        for name, _ in self.pairs:
            if name not in names and not self.prefer.lenient:
                raise Invalid(f"The parameter {name[:60]!r} is not supported here.", expression=f"http.{name[:60]}")

    def count(self, default: int, maximum: int) -> int:
        """The page size asked for by ``_count``. Raises ``TooCostly`` beyond ``maximum``."""
        text = self.value("_count")
        if text is None:
            return default
        if not text.isascii() or not text.isdigit() or len(text) > 9:
            raise Invalid(f"_count must be a whole number, not {text[:40]!r}.", expression="http._count")
        if int(text) > maximum:
            raise TooCostly(f"A page has at most {maximum} entries (setting LARREY_MAX_PAGE_SIZE).", expression="http._count")
        return int(text)

    # --- the body

    def body(self, limit: int) -> bytes:
        """The whole body, decompressed. Raises ``TooLarge`` before reading more than ``limit`` bytes."""
        return b"".join(self.chunks(limit, "LARREY_MAX_BODY_MB"))

    def chunks(self, limit: int, setting: str) -> Iterator[bytes]:
        """The body in pieces, decompressed; ``TooLarge`` as soon as it passes ``limit`` bytes."""
        length = self._length()
        if length is not None and length > limit:
            raise _too_large(limit, setting)
        stream: IO[bytes] = self.environ["wsgi.input"]
        pieces = _raw(stream, length, limit, setting)
        encoding = self.environ.get("HTTP_CONTENT_ENCODING", "identity").strip().lower()
        if encoding in ("gzip", "x-gzip"):
            pieces = _inflated(pieces, limit, setting)
        elif encoding not in ("", "identity"):
            raise UnsupportedMediaType(
                f"The content encoding {encoding[:40]!r} is not supported; use gzip or none.",
                expression="http.Content-Encoding",
            )
        return pieces

    def _length(self) -> int | None:
        text = self.environ.get("CONTENT_LENGTH") or ""
        if not text:
            environ = self.environ  # HTTP/2 frames need no length and have no chunks
            untold = "HTTP_TRANSFER_ENCODING" in environ or environ.get("SERVER_PROTOCOL", "").startswith("HTTP/2")
            return None if untold or environ.get("wsgi.input_terminated") else 0
        if not text.isascii() or not text.isdigit():
            raise Invalid("Content-Length must be a whole number.", expression="http.Content-Length")
        return int(text)

    def body_type(self) -> str:
        """The media type of the body. Raises ``UnsupportedMediaType`` when there is none or its charset is not UTF-8."""
        sent = self.environ.get("CONTENT_TYPE") or ""
        if not sent:
            raise UnsupportedMediaType("Content-Type is missing; send application/fhir+json.", expression="http.Content-Type")
        return negotiation.body_type(sent)

    def has_body(self) -> bool:
        """Whether anything was sent, without reading it; where its length was not told, its type tells."""
        length = self._length()
        return self.content is not None or bool(self.environ.get("CONTENT_TYPE") if length is None else length)

    def json(self, types: frozenset[str] = negotiation.JSON_TYPES, limit: int = 0) -> Any:
        """The body as JSON. Raises ``UnsupportedMediaType``, ``TooLarge`` or ``Invalid``."""
        if self.content is not None:
            return self.content
        sent = self.body_type()
        if sent not in types:
            raise UnsupportedMediaType(
                f"The content type {sent[:80]!r} is not understood here; send {' or '.join(sorted(types))}.",
                expression="http.Content-Type",
            )
        data = self.body(limit or self.settings.body)
        if not data.strip():
            raise Invalid("The body is empty; a resource in JSON is expected.")
        return json.loads(data)

    def resource(self, type_: str | None = None, limit: int = 0) -> dict[str, Any]:
        """The body as a resource, of ``type_`` if given. Raises ``Invalid``."""
        content = self.json(limit=limit)
        if not isinstance(content, dict):
            raise Invalid("A resource must be a JSON object.")
        found = content.get("resourceType")
        if not isinstance(found, str):
            raise Invalid("The resource does not say its type: resourceType is missing.", expression="resourceType")
        if type_ is not None and found != type_:
            raise Invalid(f"The resource is of type {found[:60]!r}, but the address wants {type_}.", expression="resourceType")
        return content

    def form(self) -> Pairs:
        """The parameters of the address and of a form body, without ``_format`` and ``_pretty``."""
        if not self.has_body():
            return self.pairs
        sent = self.body_type()
        if sent != negotiation.FORM:
            raise UnsupportedMediaType(
                f"A search must be posted as {negotiation.FORM}, not as {sent[:80]!r}.", expression="http.Content-Type"
            )
        text = self.body(min(self.settings.body, 1 << 20)).decode("latin-1")
        return self.pairs + self._without_controls(self._form(text, "form"))

    def criteria(self) -> str:
        """``pairs`` as a query string, written in one way so that equal criteria are equal text."""
        return urlencode(self.pairs, safe=":/|,$*")

    def rewritten(self, query: str, place: str) -> str:
        """A query string of another place (a header, a bundle) as ``criteria`` would write it. Raises ``Invalid``."""
        return urlencode(self._form(query, place), safe=":/|,$*")

    def _form(self, text: str, place: str) -> Pairs:
        try:
            pairs = parse_qsl(
                text.encode("latin-1").decode("utf-8"),
                keep_blank_values=True,
                errors="strict",
                max_num_fields=self.settings.parameters,
            )
        except UnicodeError:
            raise Invalid(f"The {place} is not valid UTF-8.") from None
        except ValueError:
            raise TooLarge(f"The {place} holds more than {self.settings.parameters} parameters.") from None
        for name, value in pairs:
            if "\x00" in name or "\x00" in value:
                raise Invalid(f"The {place} holds the character U+0000.")
        return pairs

    def _without_controls(self, pairs: Pairs) -> Pairs:
        """Apply ``_format`` and ``_pretty`` and return the rest."""
        if not any(name in _CONTROLS for name, _ in pairs):
            return pairs
        for name, value in pairs:
            if name == "_format":
                self.media = negotiation.format_type(value)
                self.environ["larrey.format"] = value
            elif name == "_pretty":
                if value not in ("true", "false"):
                    raise Invalid(f"_pretty must be true or false, not {value[:40]!r}.", expression="http._pretty")
                self.pretty = value == "true"
        return [pair for pair in pairs if pair[0] not in _CONTROLS]


def request_id(sent: str | None) -> str:
    """The id to echo in X-Request-Id: the client's when it is a plain token, else a new random one."""
    if sent and len(sent) <= 128 and sent.isascii() and sent.isprintable():
        return sent
    return os.urandom(8).hex()


@lru_cache(maxsize=256)
def _base(scheme: str, host: str, script: str) -> str:
    if not host.isascii() or not all(c.isalnum() or c in ".-:[]_" for c in host):
        raise Invalid("The Host header is malformed.", expression="http.Host")
    return f"{scheme}://{host}{script}".rstrip("/")


def _too_large(limit: int, setting: str) -> TooLarge:
    return TooLarge(f"The content is larger than this server takes: {limit} bytes (setting {setting}).")


def _raw(stream: IO[bytes], length: int | None, limit: int, setting: str) -> Iterator[bytes]:
    """What was sent: ``length`` bytes, or all up to the end where the length was not told (chunked)."""
    left = limit + 1 if length is None else length
    while left > 0:
        piece = stream.read(min(left, CHUNK))
        if not piece:
            if length is not None:
                raise Invalid(f"The body ended early: {left} bytes of the {length} announced are missing.")
            return
        left -= len(piece)
        yield piece
    if length is None:
        raise _too_large(limit, setting)


def _inflated(pieces: Iterator[bytes], limit: int, setting: str) -> Iterator[bytes]:
    """The gzip stream ``pieces`` decompressed, never more than ``limit`` bytes of it."""
    inflate = zlib.decompressobj(31)
    left = limit
    try:
        for piece in pieces:
            waiting = piece
            while waiting:
                if inflate.eof:
                    raise Invalid("The compressed body goes on after its end.")
                out = inflate.decompress(waiting, CHUNK)
                waiting = inflate.unconsumed_tail or inflate.unused_data
                left -= len(out)
                if left < 0:
                    raise _too_large(limit, setting)
                yield out
    except zlib.error:
        raise Invalid("The body is not valid gzip.", expression="http.Content-Encoding") from None
    if not inflate.eof:
        raise Invalid("The compressed body ended early.", expression="http.Content-Encoding")

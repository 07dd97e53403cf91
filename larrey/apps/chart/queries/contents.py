"""What a document is made of: its files, wherever they are, and how each may be shown.

Nothing is fetched from outside. Content of a kind that a browser would run (HTML, SVG…) is only ever downloaded.
"""

from __future__ import annotations

import codecs
from base64 import b64decode
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Literal

from psycopg import Cursor

from larrey.fhir.references import relative
from larrey.kit import json
from larrey.kit.errors import NotFound, TooLarge
from larrey.store import binary, blobs, chart
from larrey.store.caller import Caller
from larrey.store.stored import Stored

Json = Mapping[str, Any]
Form = Literal["pdf", "image", "text", "xml", "file"]

TYPES = frozenset({"DocumentReference", "Composition", "DiagnosticReport", "Media"})
"""The resources that are documents or carry some."""
_PLACES = {"DocumentReference": "content", "DiagnosticReport": "presentedForm", "Media": "content"}
_IMAGES = {"image/png": (b"\x89PNG\r\n\x1a\n",), "image/jpeg": (b"\xff\xd8\xff",)}
_XML = frozenset({"text/xml", "application/xml"})
_RUN = frozenset({"text/html", "application/xhtml+xml", "image/svg+xml", "text/javascript", "text/css"})
"""Kinds that a browser would run or apply."""
_OPAQUE_TEXT = frozenset({"text/rtf", "text/richtext"})
EXTENSIONS = {
    "application/pdf": "pdf",
    "image/jpeg": "jpg",
    "image/png": "png",
    "text/plain": "txt",
    "text/xml": "xml",
    "application/xml": "xml",
    "text/html": "html",
    "text/rtf": "rtf",
    "application/rtf": "rtf",
    "application/dicom": "dcm",
    "application/msword": "doc",
    "application/vnd.openxmlformats-officedocument.wordprocessingml.document": "docx",
}


@dataclass(frozen=True, slots=True)
class File:
    """One file of a document. ``data``: base64 in the resource; ``binary``: id of a Binary; ``outside``: an address elsewhere.

    ``media_type`` is lower case without its parameters, "" when not told; ``charset`` what the type declares, or "".
    """

    number: int
    title: str
    media_type: str
    charset: str
    size: int | None
    data: str | None
    binary: str
    outside: str

    @property
    def form(self) -> Form:
        """How it may be shown."""
        return form_of(self.media_type)


def form_of(media_type: str) -> Form:
    """How content of ``media_type`` may be shown; what is not known to be harmless is a file to download."""
    if media_type == "application/pdf":
        return "pdf"
    if media_type in _IMAGES:
        return "image"
    if media_type in _RUN or media_type in _OPAQUE_TEXT:
        return "file"
    if media_type in _XML or media_type.endswith("+xml"):
        return "xml"
    return "text" if media_type.startswith("text/") else "file"


def is_image(media_type: str, content: bytes) -> bool:
    """Whether ``content`` is the image that its type says."""
    return content.startswith(_IMAGES.get(media_type, ()))


def files(resource: Json) -> list[File]:
    """The files of a document, in its order; odd attachments are left out."""
    place = _PLACES.get(str(resource.get("resourceType")), "")
    found: list[File] = []
    for entry in _list(resource.get(place)) if place else ():
        attachment = entry.get("attachment", entry) if isinstance(entry, Mapping) else None
        if isinstance(attachment, Mapping):
            found.append(_file(len(found), attachment))
    return found


def _file(number: int, attachment: Json) -> File:
    media_type, charset = parsed_type(attachment.get("contentType"))
    url, data, size, title = (attachment.get(key) for key in ("url", "data", "size", "title"))
    target = relative(url) if isinstance(url, str) else None
    in_record = target[1] if target and target[0] == "Binary" else ""
    if not isinstance(size, int) or isinstance(size, bool):
        size = len(data) * 3 // 4 - data[-2:].count("=") if isinstance(data, str) else None
    return File(
        number,
        title if isinstance(title, str) else "",
        media_type,
        charset,
        size,
        data if isinstance(data, str) else None,
        in_record,
        url if isinstance(url, str) and not in_record else "",
    )


def parsed_type(text: Any) -> tuple[str, str]:
    """A Content-Type: (type in lower case, charset or "")."""
    if not isinstance(text, str):
        return "", ""
    type_, *parameters = text.split(";")
    charset = next((p.partition("=")[2] for p in parameters if p.strip().lower().startswith("charset=")), "")
    return type_.strip().lower(), charset.strip().strip("\"'").lower()


@dataclass(frozen=True, slots=True)
class Content:
    """The bytes of a file: ``pieces`` when they are at hand, else they are streamed from the blob ``hash``."""

    media_type: str
    size: int
    data: bytes | None
    hash: bytes | None

    def pieces(self, cursor: Cursor[Any]) -> Iterator[bytes]:
        """The bytes, piece by piece."""
        if self.data is not None:
            yield self.data
        elif self.hash is not None:
            yield from blobs.stream(cursor, self.hash)


def binaries(cursor: Cursor[Any], caller: Caller, patient_id: str, found: list[File]) -> dict[str, Stored]:
    """The Binary of each file that has one that this patient's document may show, by id: one statement.

    A Binary says by its ``securityContext`` whose it is; one of another patient is as absent, whatever a document says.
    """
    wanted = {f"Binary/{file.binary}": file.binary for file in found if file.binary}
    stored = chart.several(cursor, caller, wanted)
    return {
        wanted[reference]: each for reference, each in stored.items() if _shown(cursor, caller, patient_id, json.loads(each.body))
    }


def _shown(cursor: Cursor[Any], caller: Caller, patient_id: str, resource: Json) -> bool:
    context = resource.get("securityContext")
    reference = context.get("reference") if isinstance(context, Mapping) else None
    target = relative(reference) if isinstance(reference, str) else None
    if target is None or target[0] not in {"Patient", *TYPES}:
        return True  # nothing says that it is someone else's: it follows the document
    if target[0] == "Patient":
        return target[1] == patient_id
    return caller.may("r", target[0]) and chart.belongs(cursor, caller, patient_id, *target)


def content(cursor: Cursor[Any], caller: Caller, patient_id: str, file: File) -> Content:
    """The bytes of a file. Raises ``NotFound`` for one that is not in the record, or not for this patient or caller."""
    if file.data is not None:
        try:
            data = b64decode("".join(file.data.split()), validate=True)
        except ValueError:
            raise NotFound("The content of this document cannot be read.") from None
        return Content(file.media_type, len(data), data, None)
    stored = binaries(cursor, caller, patient_id, [file]).get(file.binary) if file.binary else None
    blob = binary.find(cursor, stored.key, stored.version) if stored else None
    if stored is None or blob is None:
        raise NotFound("The content of this document is not in the record.")
    media_type = file.media_type or parsed_type(json.loads(stored.body).get("contentType"))[0]
    return Content(media_type, blob.size, None, blob.hash)


def whole(cursor: Cursor[Any], found: Content, limit: int) -> bytes:
    """All the bytes. Raises ``TooLarge`` beyond ``limit``."""
    if found.size > limit:
        raise TooLarge("The content is too large to be shown in a page.")
    return b"".join(found.pieces(cursor))


def decoded(data: bytes, charset: str = "") -> str:
    """Text in the declared encoding if it holds, else UTF-8, else as Windows writes it in France; never an error."""
    for encoding in (charset, "utf-8-sig"):
        try:
            if encoding and codecs.lookup(encoding).name not in {"punycode", "idna", "undefined", "unicode_escape"}:
                return _plain(data.decode(encoding))
        except (LookupError, UnicodeError, TypeError, ValueError):
            continue
    return _plain(data.decode("windows-1252", "replace"))


def _plain(text: str) -> str:
    """Without what a page cannot show: control characters, and those that turn the direction of what follows."""
    return "".join(c for c in text if c in "\n\t" or (ord(c) >= 32 and not 0x7F <= ord(c) < 0xA0 and c not in _TURNING))


_TURNING = frozenset("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069\ufeff")


def _list(value: Any) -> list[Any]:
    if value is None:
        return []
    return value if isinstance(value, list) else [value]

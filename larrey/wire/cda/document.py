"""What a CDA document says, as plain values. Dates are FHIR texts (``2019-12-03T13:30:00+01:00``), "" when not told."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from larrey.wire.cda.narrative import Block

LARGEST = 10_000_000
"""Bytes of a document; also the largest text that libxml2 reads. Beyond it a document is downloaded, not shown."""


@dataclass(frozen=True, slots=True)
class Code:
    """A coded value; ``label`` is the display name, else the original text, else ""."""

    code: str = ""
    system: str = ""
    label: str = ""


@dataclass(frozen=True, slots=True)
class Patient:
    """Whom the document is about. ``identifiers``: (root OID, extension). ``sex``: HL7's F, M, UN or ""."""

    name: str
    birth_name: str
    given: str
    sex: str
    birth_date: str
    identifiers: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class Author:
    """A person or device that wrote or signed: ``name`` in words, ``function`` (profession), ``organization``, ``time``."""

    name: str
    function: str
    organization: str
    time: str


@dataclass(frozen=True, slots=True)
class ServiceEvent:
    """The act that is documented, with its period."""

    code: Code
    start: str
    end: str


@dataclass(frozen=True, slots=True)
class Related:
    """A link to another document: ``kind`` is RPLC (replaces), APND (adds to) or XFRM (is made from); ``id`` root^extension."""

    kind: str
    id: str
    version: str


@dataclass(frozen=True, slots=True)
class Part:
    """A file inside the document (the body of level 1, or an ``observationMedia``), already decoded.

    ``media_type`` is as declared, in lower case. ``id`` is the XML ID by which the narrative names it, "" for the body.
    """

    id: str
    media_type: str
    content: bytes


@dataclass(frozen=True, slots=True)
class Section:
    """A section; ``blocks`` is its narrative."""

    title: str
    code: Code
    blocks: tuple[Block, ...]
    sections: tuple[Section, ...] = ()


@dataclass(frozen=True, slots=True)
class Document:
    """One CDA document. ``level`` 1 has its body in ``parts[0]``; else ``sections`` hold it.

    ``id`` and ``set_id`` are ``root`` or ``root^extension``.
    """

    id: str
    set_id: str
    version: str
    title: str
    type: Code
    date: str
    confidentiality: Code
    language: str
    patient: Patient
    authors: tuple[Author, ...]
    signer: Author | None
    custodian: str
    events: tuple[ServiceEvent, ...]
    related: tuple[Related, ...]
    level: Literal[0, 1, 2]
    sections: tuple[Section, ...]
    parts: tuple[Part, ...]

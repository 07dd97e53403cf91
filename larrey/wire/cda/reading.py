"""From bytes to a ``Document``."""

from __future__ import annotations

import re
from base64 import b64decode
from collections.abc import Iterator
from datetime import datetime
from typing import Literal

from lxml import etree

from larrey.kit.clock import PARIS
from larrey.kit.errors import Invalid, TooLarge, Unsupported
from larrey.wire.cda.document import LARGEST, Author, Code, Document, Part, Patient, Related, Section, ServiceEvent
from larrey.wire.cda.narrative import NAMESPACE, blocks, local

PARTS = 50
"""Files inside one document that are kept."""
SECTIONS = 20
"""Sections inside one another."""
_NAMES = {"h": NAMESPACE.strip("{}")}
_ROOT = re.compile(rb"<(?:[\w.-]+:)?ClinicalDocument[\s>]")
_TIME = re.compile(r"(\d{4})(\d\d)?(\d\d)?(\d\d)?(\d\d)?(\d\d)?(?:\.\d+)?([+-]\d{4})?\Z")
_PATH = dict[str, etree.XPath]()


def is_cda(content: bytes) -> bool:
    """Whether ``content`` looks like a CDA document: its beginning names ``ClinicalDocument`` (in UTF-16 too)."""
    return _ROOT.search(content[:20_000].replace(b"\x00", b"")) is not None


def read(content: bytes) -> Document:
    """Read a CDA document.

    Raises ``Invalid`` for what is not XML, ``Unsupported`` for XML that is no CDA document or has a DTD (none is
    allowed, so that no entity exists), ``TooLarge`` beyond ``LARGEST`` bytes.
    """
    root = _root(content)
    sections = tuple(_section(each, 0) for each in _all(root, "h:component/h:structuredBody/h:component/h:section"))
    body = _first(root, "h:component/h:nonXMLBody/h:text")
    parts = ([_part(body, "")] if body is not None else []) + list(_media(root))
    level: Literal[0, 1, 2] = 1 if body is not None else 2 if sections else 0
    signer = _first(root, "h:legalAuthenticator")
    return Document(
        id=_id(_first(root, "h:id")),
        set_id=_id(_first(root, "h:setId")),
        version=_attribute(root, "h:versionNumber", "value"),
        title=_text(_first(root, "h:title")),
        type=_code(_first(root, "h:code")),
        date=_time(_first(root, "h:effectiveTime")),
        confidentiality=_code(_first(root, "h:confidentialityCode")),
        language=_attribute(root, "h:languageCode", "code"),
        patient=_patient(root),
        authors=tuple(_author(each, "assignedAuthor") for each in _all(root, "h:author")),
        signer=_author(signer, "assignedEntity") if signer is not None else None,
        custodian=_text(_first(root, "h:custodian/h:assignedCustodian/h:representedCustodianOrganization/h:name")),
        events=tuple(_event(each) for each in _all(root, "h:documentationOf/h:serviceEvent")),
        related=tuple(_related(each) for each in _all(root, "h:relatedDocument")),
        level=level,
        sections=sections,
        parts=tuple(parts[:PARTS]),
    )


def _root(content: bytes) -> etree._Element:
    if len(content) > LARGEST:
        raise TooLarge(f"The document is larger than {LARGEST // 1_000_000} MB.")
    parser = etree.XMLParser(
        resolve_entities=False,
        no_network=True,
        load_dtd=False,
        dtd_validation=False,
        huge_tree=False,
        remove_comments=True,
        remove_pis=True,
    )
    try:
        root = etree.fromstring(content, parser)
    except (etree.XMLSyntaxError, ValueError, LookupError) as error:
        raise Invalid(f"This is not well-formed XML: {str(error)[:200]}") from None
    if root.getroottree().docinfo.internalDTD is not None:
        raise Unsupported("A document with a DTD is not read.")
    if root.tag != f"{NAMESPACE}ClinicalDocument":
        raise Unsupported("This XML is not a CDA document.")
    return root


def _all(element: etree._Element, path: str) -> list[etree._Element]:
    compiled = _PATH.get(path)
    if compiled is None:
        compiled = _PATH[path] = etree.XPath(path, namespaces=_NAMES)
    found = compiled(element)
    return [each for each in found if etree.iselement(each)] if isinstance(found, list) else []


def _first(element: etree._Element | None, path: str) -> etree._Element | None:
    return None if element is None else next(iter(_all(element, path)), None)


def _attribute(element: etree._Element, path: str, name: str) -> str:
    found = _first(element, path)
    return "" if found is None else (found.get(name) or "")


def _text(element: etree._Element | None) -> str:
    """The text of an element on one line."""
    return "" if element is None else " ".join("".join(map(str, element.itertext())).split())


def _id(element: etree._Element | None) -> str:
    if element is None:
        return ""
    return "^".join(filter(None, (element.get("root"), element.get("extension"))))


def _code(element: etree._Element | None) -> Code:
    if element is None:
        return Code()
    label = element.get("displayName") or _text(_first(element, "h:originalText"))
    if not element.get("code") and not label:
        # A code that is not of the expected system stands in a translation.
        other = _first(element, "h:translation")
        return _code(other)
    return Code(element.get("code") or "", element.get("codeSystem") or "", label)


def _time(element: etree._Element | None) -> str:
    """An HL7 timestamp as a FHIR date; a time without a zone is read in Paris. "" for what is none."""
    found = _TIME.match((element.get("value") or "").strip()) if element is not None else None
    if found is None:
        return ""
    year, month, day, hour, minute, second, zone = found.groups()
    if not hour or not day:
        return "-".join(filter(None, (year, month, day)))
    try:
        naive = datetime(int(year), int(month), int(day), int(hour), int(minute or 0), int(second or 0))  # noqa: DTZ001  the zone follows
        if not zone:
            return naive.replace(tzinfo=PARIS).isoformat()
        return datetime.fromisoformat(f"{naive.isoformat()}{zone[:3]}:{zone[3:]}").isoformat()
    except (ValueError, OverflowError):
        return ""


def _patient(root: etree._Element) -> Patient:
    role = _first(root, "h:recordTarget/h:patientRole")
    person = _first(role, "h:patient")
    families = _all(person, "h:name/h:family") if person is not None else []
    givens = _all(person, "h:name/h:given") if person is not None else []

    def qualified(elements: list[etree._Element], *wanted: str) -> str:
        return next((_text(each) for want in wanted for each in elements if (each.get("qualifier") or "") == want), "")

    birth = qualified(families, "BR")
    used = qualified(families, "CL", "SP", "")
    name = used or birth or next((_text(each) for each in families), "")
    given = qualified(givens, "CL", "", "BR")
    sex = "" if person is None else _attribute(person, "h:administrativeGenderCode", "code")
    identifiers = tuple(
        (each.get("root") or "", each.get("extension") or "")
        for each in (_all(role, "h:id") if role is not None else [])
        if each.get("extension")
    )
    return Patient(name, birth if birth != name else "", given, sex, _time(_first(person, "h:birthTime")), identifiers)


def _author(element: etree._Element, assigned: str) -> Author:
    entity = _first(element, f"h:{assigned}")
    person = _first(entity, "h:assignedPerson/h:name")
    device = _first(entity, "h:assignedAuthoringDevice")
    name = _person(person) if person is not None else ""
    if not name and device is not None:
        name = _text(_first(device, "h:softwareName")) or _text(_first(device, "h:manufacturerModelName"))
    function = "" if entity is None else _code(_first(entity, "h:code")).label
    organization = _text(_first(entity, "h:representedOrganization/h:name"))
    return Author(name, function, organization, _time(_first(element, "h:time")))


def _person(name: etree._Element) -> str:
    """A name as in France: title, family name in capitals, first name; the name as written when it has no parts."""
    parts = {key: " ".join(filter(None, map(_text, _all(name, f"h:{key}")))) for key in ("prefix", "suffix", "family", "given")}
    if not parts["family"]:
        return _text(name)
    title = parts["suffix"] or parts["prefix"]  # in the French volets the suffix is the exercise title (DR, PR)
    return " ".join(filter(None, (_TITLES.get(title, title), parts["family"].upper(), parts["given"])))


_TITLES = {"DR": "Dr", "PR": "Pr", "M": "M.", "MME": "Mme"}


def _event(element: etree._Element) -> ServiceEvent:
    start = _time(_first(element, "h:effectiveTime/h:low")) or _time(_first(element, "h:effectiveTime"))
    return ServiceEvent(_code(_first(element, "h:code")), start, _time(_first(element, "h:effectiveTime/h:high")))


def _related(element: etree._Element) -> Related:
    parent = _first(element, "h:parentDocument")
    version = "" if parent is None else _attribute(parent, "h:versionNumber", "value")
    return Related(element.get("typeCode") or "", _id(_first(parent, "h:id")), version)


def _section(element: etree._Element, depth: int) -> Section:
    below = _all(element, "h:component/h:section") if depth < SECTIONS else []
    return Section(
        _text(_first(element, "h:title")),
        _code(_first(element, "h:code")),
        blocks(_first(element, "h:text")),
        tuple(_section(each, depth + 1) for each in below),
    )


def _media(root: etree._Element) -> Iterator[Part]:
    for element in root.iter(f"{NAMESPACE}observationMedia"):
        value = _first(element, "h:value")
        if value is not None and local(value) == "value":
            yield _part(value, element.get("ID") or "")


def _part(element: etree._Element, id_: str) -> Part:
    """An encapsulated value. Base64 that is broken gives an empty content, which a page tells as unreadable."""
    media_type = (element.get("mediaType") or "text/plain").split(";")[0].strip().lower()
    text = "".join(map(str, element.itertext()))
    if (element.get("representation") or "TXT").upper() != "B64":
        return Part(id_, media_type, text.encode())
    try:
        content = b64decode("".join(text.split()), validate=True)
    except ValueError:
        content = b""
    return Part(id_, media_type, content)

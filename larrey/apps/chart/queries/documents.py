"""The patient's documents: the list, and one document with what it is made of."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop
from psycopg import Cursor

from larrey.apps.chart.queries import contents
from larrey.apps.chart.queries.contents import File, Form, Json
from larrey.apps.chart.queries.facts import require
from larrey.fhir import reading
from larrey.fhir.references import relative
from larrey.kit import json
from larrey.kit.errors import Invalid, LarreyError, NotFound, TooLarge
from larrey.store import chart
from larrey.store.caller import Caller
from larrey.store.hospitals import Hospital, Hospitals, hospitals
from larrey.store.read import read
from larrey.store.search import Limits, search
from larrey.store.stored import Stored
from larrey.ui import formats, words
from larrey.ui.words import datatypes
from larrey.wire import cda

ROWS = 50
"""Documents on a page."""
LOOKED_AT = 200
"""Documents read for a page of one kind."""
TEXT = 200_000
"""Characters of a text that a page shows; the rest is in the file."""
SHOWN_BYTES = 2_000_000
"""Bytes of a text file beyond which it is only downloaded."""
SECONDS = 2.0
KINDS: Mapping[str, str] = {
    "letters": gettext_noop("Letters and summaries"),
    "consultations": gettext_noop("Consultations and follow-up"),
    "imaging": gettext_noop("Imaging"),
    "laboratory": gettext_noop("Laboratory and pathology"),
    "acts": gettext_noop("Operations and procedures"),
    "prescriptions": gettext_noop("Prescriptions"),
    "others": gettext_noop("Other documents"),
}
"""Kind of document → its English name."""
_CODES = """
letters 11490-0 18842-5 34112-3 18761-7 34133-9 60591-5 96349-6 83981-1 88348-8 15507-7 78341-5 60280-5 68599-0 67851-6
letters 57055-6 57057-2 57075-4 89235-6 78489-2 SYNTH 34105-7 28655-9 8648-8 57133-1
consultations 11488-4 11506-3 34749-2 34794-8 34120-6 85208-7 78513-9 89233-1 59283-2 93024-8 47420-5 34117-2 51847-2
consultations 34108-1 34875-5 83901-9 28636-9
imaging 18748-4 IMG-KOS 18726-0 52040-3 55115-0
laboratory 11502-2 60568-3 11526-1 51969-4 26436-6
acts 34874-8 11504-8 11505-5 70004-7 28570-0 77436-4 75482-0 75492-9 15508-5 80565-5 101881-1
prescriptions 57833-6 57832-8 57828-6 60593-1 80820-4 56445-0 77604-7 18776-5 PRESC-BIO PRESC-INF PRESC-KINE PRESC-AAT
prescriptions PRESC-ORTHOPHO PRESC-PEDI PRESC-ORTHOPTIE
"""
"""The type codes (LOINC, and ANS's in JDV_J07-XdsTypeCode-CISIS) that each kind gathers."""
_KIND_OF = {code: kind for kind, *codes in map(str.split, _CODES.strip().splitlines()) for code in codes}
FORMS: Mapping[Form, str] = {
    "pdf": gettext_noop("PDF"),
    "image": gettext_noop("Image"),
    "text": gettext_noop("Text"),
    "xml": gettext_noop("Structured document"),
    "file": gettext_noop("File"),
}
_STATES: Mapping[str, str] = {
    "superseded": gettext_noop("replaced"),
    "entered-in-error": gettext_noop("entered in error"),
    "preliminary": gettext_noop("provisional"),
    "amended": gettext_noop("amended"),
}
_VERSIONS: Mapping[str, str] = {
    "replaces": gettext_noop("Replaces"),
    "transforms": gettext_noop("Made from"),
    "signs": gettext_noop("Signs"),
    "appends": gettext_noop("Adds to"),
}


@dataclass(frozen=True, slots=True)
class Listed:
    """A document as a line. ``date`` is FHIR text; ``forms`` in words."""

    type: str
    id: str
    title: str
    kind: str
    category: str
    author: str
    hospital: str
    service: str
    date: str
    forms: tuple[str, ...]
    state: str


@dataclass(frozen=True, slots=True)
class Page:
    """A page of documents. ``hospitals`` may be chosen from; ``looked_at`` when only a part was looked through for a kind."""

    items: tuple[Listed, ...]
    next: str | None
    hospitals: tuple[Hospital, ...]


@dataclass(frozen=True, slots=True)
class Shown:
    """A file and how it is shown: ``text``, or a CDA ``document``; ``problem`` says why it is neither."""

    file: File
    form: str
    text: str = ""
    more: bool = False
    document: cda.Document | None = None
    problem: str = ""
    other_patient: bool = False


@dataclass(frozen=True, slots=True)
class Document:
    """A document's page. ``versions``: (how it relates, address's id, title) to other documents of the patient."""

    line: Listed
    authors: tuple[str, ...]
    shown: tuple[Shown, ...]
    sections: tuple[tuple[str, str], ...]
    versions: tuple[tuple[str, str, str], ...]


def documents(
    cursor: Cursor[Any], caller: Caller, patient_id: str, *, kind: str = "", hospital: str = "", after: str | None = None
) -> Page:
    """A page of documents, newest first. Of one kind, those among the next ``LOOKED_AT``."""
    count = LOOKED_AT if kind else ROWS
    tree = hospitals(cursor, caller)
    visited = chart.visited(cursor, caller, patient_id)
    chosen = hospital if any(each.id == hospital for each in visited) else None
    found = chart.events(
        cursor, caller, patient_id, ["DocumentReference", "Composition"], count=count, after=after, hospital=chosen
    )
    resources = [json.loads(stored.body) for stored in found.resources]
    names = _names(cursor, caller, resources)
    items = [_listed(resource, tree, names) for resource in resources]
    return Page(tuple(item for item in items if kind in {"", item.category}), found.next, tuple(visited))


def document(cursor: Cursor[Any], caller: Caller, patient_id: str, type_: str, id_: str, born: str = "") -> Document:
    """One document. ``born``: the patient's birth date as it is shown, which a CDA document must bear too.

    Raises ``NotFound`` for what is no document of this patient, ``Gone``.
    """
    resource = _resource(cursor, caller, patient_id, type_, id_)
    files = contents.files(resource)
    names = _names(cursor, caller, [resource])
    there = contents.binaries(cursor, caller, patient_id, files)
    return Document(
        line=_listed(resource, hospitals(cursor, caller), names),
        authors=tuple(_authors(resource, names)),
        shown=tuple(_shown(cursor, caller, patient_id, file, there, born) for file in files),
        sections=tuple(_sections(resource)),
        versions=tuple(_versions(cursor, caller, patient_id, resource)),
    )


def file(
    cursor: Cursor[Any], caller: Caller, patient_id: str, type_: str, id_: str, number: int
) -> tuple[File, contents.Content]:
    """A file of a document of this patient, and its bytes. Raises ``NotFound``."""
    found = contents.files(_resource(cursor, caller, patient_id, type_, id_))
    if number >= len(found):
        raise NotFound("This document has no such file.")
    return found[number], contents.content(cursor, caller, patient_id, found[number])


def part(cursor: Cursor[Any], caller: Caller, patient_id: str, type_: str, id_: str, number: int, place: int) -> cda.Part:
    """A file inside a CDA document. Raises ``NotFound``, and what reading CDA raises."""
    _file, content = file(cursor, caller, patient_id, type_, id_, number)
    parts = cda.read(contents.whole(cursor, content, cda.LARGEST)).parts
    if place >= len(parts) or not parts[place].content:
        raise NotFound("This document has no such part.")
    return parts[place]


def _resource(cursor: Cursor[Any], caller: Caller, patient_id: str, type_: str, id_: str) -> dict[str, Any]:
    if type_ not in contents.TYPES:
        raise NotFound(f"{type_} is no document.")
    require(cursor, caller, patient_id, type_, id_)
    resource: dict[str, Any] = json.loads(read(cursor, caller, type_, id_).body)
    return resource


def _listed(resource: Json, tree: Hospitals, names: Mapping[str, str]) -> Listed:
    type_ = str(resource.get("resourceType", ""))
    concept = next((c for key in ("type", "code") if isinstance(c := resource.get(key), Mapping)), {})
    kind = datatypes.text(concept, "CodeableConcept") or words.labels.kind(type_)
    unit = _organization(resource)
    hospital = tree.of(unit) if unit else None
    own = tree.name(unit) if unit and hospital and unit != hospital.id else None
    status = resource.get("status")
    state = _STATES.get(status, "") if isinstance(status, str) else ""
    forms = dict.fromkeys(_(FORMS[file.form]) for file in contents.files(resource))
    return Listed(
        type=type_,
        id=str(resource.get("id", "")),
        title=_title(resource) or kind,
        kind=kind,
        category=category(concept),
        author=next(iter(_authors(resource, names)), ""),
        hospital=hospital.short if hospital else _display(resource.get("custodian")),
        service=own or "",
        date=_date(resource),
        forms=tuple(forms),
        state=_(state) if state else "",
    )


def _title(resource: Json) -> str:
    """What the document calls itself: its own words before the name of its file."""
    for key in ("description", "title"):
        if isinstance(text := resource.get(key), str) and text:
            return datatypes.cut(text)
    return next((file.title for file in contents.files(resource) if file.title), "")


def _date(resource: Json) -> str:
    context = resource.get("context")
    period = context.get("period") if isinstance(context, Mapping) else None
    dates = (
        resource.get("date"),
        resource.get("effectiveDateTime"),
        resource.get("createdDateTime"),
        resource.get("issued"),
        period.get("start") if isinstance(period, Mapping) else None,
    )
    return next((date for date in dates if isinstance(date, str)), "")


def category(concept: Json) -> str:
    """The kind (a key of ``KINDS``) of a document's type."""
    codings = concept.get("coding")
    codes = [coding.get("code") for coding in codings if isinstance(coding, Mapping)] if isinstance(codings, list) else []
    return next((_KIND_OF[code] for code in codes if isinstance(code, str) and code in _KIND_OF), "others")


def _organization(resource: Json) -> str:
    """The id of the organization that keeps or wrote the document, "" when none is told."""
    references = [resource.get("custodian"), *_items(resource.get("author")), *_items(resource.get("performer"))]
    for reference in references:
        target = _target(reference)
        if target and target[0] == "Organization":
            return target[1]
    return ""


def _authors(resource: Json, names: Mapping[str, str]) -> Iterable[str]:
    for author in [
        *_items(resource.get("author")),
        *_items(resource.get("resultsInterpreter")),
        *_items(resource.get("performer")),
    ]:
        target = _target(author)
        if target and target[0] in {"Organization", "Patient"}:
            continue
        name = _display(author) or (names.get("/".join(target), "") if target else "")
        if name:
            yield name


def _names(cursor: Cursor[Any], caller: Caller, resources: Sequence[Json]) -> dict[str, str]:
    """The names of authors that the documents name by reference alone; no statement when there is none."""
    wanted = {
        "/".join(target)
        for resource in resources
        for key in ("author", "performer", "resultsInterpreter")
        for author in _items(resource.get(key))
        if not _display(author) and (target := _target(author)) and target[0] in {"Practitioner", "PractitionerRole", "Device"}
    }
    return {reference: _name(stored) for reference, stored in chart.several(cursor, caller, sorted(wanted)).items()}


def _name(stored: Stored) -> str:
    resource = json.loads(stored.body)
    return words.identify(resource).name if stored.type == "Practitioner" else words.describe(resource).title


def _shown(cursor: Cursor[Any], caller: Caller, patient_id: str, file_: File, there: Mapping[str, Stored], born: str) -> Shown:
    """What a page shows of a file. What is wrong with one file leaves the others readable."""
    if file_.outside:
        return Shown(file_, "outside", file_.outside)
    if file_.data is None and file_.binary not in there:
        return Shown(file_, "missing")
    form = file_.form
    if not file_.media_type and file_.binary:
        form = contents.form_of(contents.parsed_type(json.loads(there[file_.binary].body).get("contentType"))[0])
    if form not in {"text", "xml"}:
        return Shown(file_, form)
    try:
        content = contents.content(cursor, caller, patient_id, file_)
        data = contents.whole(cursor, content, cda.LARGEST if form == "xml" else SHOWN_BYTES)
    except TooLarge:
        return Shown(file_, "file")
    except NotFound:
        return Shown(file_, "missing")
    if form == "xml" and cda.is_cda(data):
        return _structured(file_, data, born)
    text = contents.decoded(data, file_.charset)
    return Shown(file_, "text", text[:TEXT], more=len(text) > TEXT)


def _structured(file_: File, data: bytes, born: str) -> Shown:
    try:
        found = cda.read(data)
    except LarreyError as error:
        return Shown(file_, "broken", problem=error.message)
    theirs = found.patient.birth_date
    whole = len("1958-03-14")  # partial dates are not compared
    other = len(theirs) == whole <= len(born) and formats.fhir_date(theirs) != born
    plain = found.level == 1 and found.parts[0].media_type == "text/plain"
    text = contents.decoded(found.parts[0].content)[:TEXT] if plain else ""
    return Shown(file_, "cda", text, document=found, other_patient=other)


def _sections(resource: Json) -> Iterable[tuple[str, str]]:
    """The sections of a Composition: title and text. Its narrative is HTML from elsewhere, so only its words are shown."""
    if resource.get("resourceType") == "DiagnosticReport" and isinstance(resource.get("conclusion"), str):
        yield _("Conclusion"), datatypes.cut(resource["conclusion"])
    if resource.get("resourceType") != "Composition":
        return
    stack = [section for section in reversed(_items(resource.get("section"))) if isinstance(section, Mapping)]
    while stack:
        section = stack.pop()
        text = section.get("text")
        div = text.get("div") if isinstance(text, Mapping) else None
        yield str(section.get("title") or ""), datatypes.cut(cda.words_of(div)) if isinstance(div, str) else ""
        stack += [inner for inner in reversed(_items(section.get("section"))) if isinstance(inner, Mapping)]


def _versions(cursor: Cursor[Any], caller: Caller, patient_id: str, resource: Json) -> Iterable[tuple[str, str, str]]:
    """Documents that this one replaces or adds to, and, where it was replaced, the one that did."""
    related: dict[str, str] = {}
    for link in _items(resource.get("relatesTo")):
        target = _target(link.get("target")) if isinstance(link, Mapping) else None
        if target and target[0] == "DocumentReference":
            related["/".join(target)] = _(_VERSIONS.get(str(link.get("code")), _VERSIONS["appends"]))
    found = [(related[reference], stored) for reference, stored in chart.several(cursor, caller, sorted(related)).items()]
    if resource.get("status") == "superseded" and caller.may("s", "DocumentReference"):
        pairs = [("relatesto", f"DocumentReference/{resource.get('id')}"), ("_count", "5")]
        try:
            newer = search(cursor, caller, "DocumentReference", pairs, limits=Limits(seconds=SECONDS)).matches
        except Invalid:
            newer = []
        found += [(_("Replaced by"), stored) for stored in newer]
    for relation, stored in found:
        other = json.loads(stored.body)
        if reading.patient_id(other) == patient_id:
            yield relation, stored.id, _title(other) or datatypes.text(other.get("type"), "CodeableConcept")


def _target(reference: Any) -> tuple[str, str] | None:
    literal = reference.get("reference") if isinstance(reference, Mapping) else None
    return relative(literal) if isinstance(literal, str) else None


def _display(reference: Any) -> str:
    text = reference.get("display") if isinstance(reference, Mapping) else None
    return text if isinstance(text, str) else ""


def _items(value: Any) -> list[Any]:
    if value is None:
        return []
    return value if isinstance(value, list) else [value]

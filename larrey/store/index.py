"""From a resource to what is indexed of it: keys for equality, rows for order. The inverse of ``store.search``."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass, field
from datetime import datetime
from functools import lru_cache
from itertools import product
from typing import Any, cast
from uuid import UUID

from larrey.fhir import care, references, ucum
from larrey.fhir.dates import BEGINNING, END
from larrey.fhir.definitions import CLINICAL_DATE, PATIENT_PARAMETER, SearchParameter, compartment
from larrey.fhir.extraction import extract
from larrey.fhir.secrecy import secrecy
from larrey.fhir.shelves import analyte, shelf
from larrey.fhir.values import Amount, Reference, Span, Token, TypedIdentifier, Value
from larrey.kit.ids import patient_uuid
from larrey.kit.text import fold
from larrey.store.keys import (
    ANY_REFERENCE,
    ATTACHED,
    exact_key,
    key,
    label_key,
    parameter_key,
    present_key,
    reference_key,
    resource_key,
    token_key,
    unit_key,
)

UCUM = "http://unitsofmeasure.org"
TEXT_LIMIT = 200
"""Characters of a string that are compared by order; ``:exact`` compares the whole."""


NOBODY = UUID(int=0)
"""Stands in ``record.care`` for the patients beyond the last of too many: nobody is tied to it, hence nobody sees them all."""


@dataclass(slots=True)
class Indexed:
    """What is indexed of one resource; the shapes are those of the columns in ``migrations/0001_record.sql``.

    ``care``: (patient, who, low, high, ground) of the rows of ``record.care``; ends that are None are open.
    ``encounter``: the key of the encounter that it refers to, an encounter's own; None when it refers to none.
    """

    tokens: set[int] = field(default_factory=set)
    refs: set[int] = field(default_factory=set)
    strings: list[tuple[int, str]] = field(default_factory=list)
    dates: list[tuple[int, datetime, datetime]] = field(default_factory=list)
    numbers: list[tuple[int, int, float, float, float]] = field(default_factory=list)
    labels: list[tuple[int, str, int]] = field(default_factory=list)
    patient: UUID | None = None
    low: datetime | None = None
    high: datetime | None = None
    shelf: str | None = None
    analyte: str | None = None
    secrecy: int = 0
    encounter: int | None = None
    attached: frozenset[str] = frozenset()
    care: list[tuple[UUID, int, datetime | None, datetime | None, str]] = field(default_factory=list)


def index(
    resource: dict[str, Any],
    type_: str,
    id_: str,
    literals: Collection[tuple[str, str]] | None = None,
    attached: Iterable[str] | None = None,
) -> Indexed:
    """Everything the search finds ``resource`` by, and what decides who sees it.

    ``literals`` and ``attached`` are its literal local references and the ids of the Binary resources that it holds, when
    the caller knows them already (``references.literal``, ``references.attached``).
    """
    out = Indexed(shelf=shelf(resource), analyte=analyte(resource), secrecy=secrecy(resource))
    clinical = CLINICAL_DATE.get(type_)
    owner = PATIENT_PARAMETER.get(type_)
    owners: dict[str, str] = {}
    for parameter, values in extract(resource):
        code = parameter.code
        p = parameter_key(type_, code)
        out.tokens.add(present_key(p))
        if parameter.type == "reference":
            for value in values:
                target = _reference(out, p, type_, code, value)
                if target is not None and code not in owners and target.startswith("Patient/"):
                    owners[code] = target[8:]
        elif code == clinical:
            span = cast(Span, values[0])
            out.low, out.high = span.low, span.high
        else:
            _ADD[parameter.type](out, p, parameter, values)
    if literals is None:
        literals = references.literal(resource)
    encounters = []
    for target_type, target_id in literals:
        target_key = resource_key(target_type, target_id)
        out.refs.add(target_key)
        out.tokens.add(ANY_REFERENCE ^ target_key)
        if target_type == "Encounter":
            encounters.append(target_id)
    out.attached = frozenset(references.attached(resource) if attached is None else attached)
    for binary in out.attached:
        out.tokens.add(reference_key(ATTACHED, resource_key("Binary", binary)))
    if type_ == "Patient":
        out.patient = patient_uuid(id_)
    elif owner is not None:
        if owner in owners:
            out.patient = patient_uuid(owners[owner])
    elif owners:
        for code in compartment("Patient").get(type_, ()):
            if code in owners:
                out.patient = patient_uuid(owners[code])
                break
    elif type_ == "Binary":
        out.patient = _security_context(resource)
    if type_ == "Encounter":
        out.encounter = resource_key(type_, id_)
    elif encounters:
        out.encounter = resource_key("Encounter", _encounter(resource, encounters) if len(encounters) > 1 else encounters[0])
    for tie in care.ties(resource):
        low, high = None if tie.low == BEGINNING else tie.low, None if tie.high == END else tie.high
        who = 0 if tie.who is None else resource_key(*tie.who)
        out.care.append((patient_uuid(tie.patient_id), who, low, high, tie.ground.value))
    if type_ != "Patient" and (out.patient is None or owner is None):
        _subjects(out, literals)
    return out


def _security_context(resource: dict[str, Any]) -> UUID | None:
    """The patient with whose rights a Binary is to be read (http://hl7.org/fhir/R4/binary.html#security)."""
    context = resource.get("securityContext")
    text = context.get("reference") if isinstance(context, dict) else None
    target = references.relative(text) if isinstance(text, str) else None
    return patient_uuid(target[1]) if target is not None and target[0] == "Patient" else None


def _encounter(resource: dict[str, Any], ids: list[str]) -> str:
    """Of several encounters, that of the element which says of which it is; else the first by id."""
    for name in ("encounter", "context"):
        chosen = references.literal({"": resource.get(name)})
        first = min((target_id for target_type, target_id in chosen if target_type == "Encounter"), default=None)
        if first is not None:
            return first
    return min(ids)


def _subjects(out: Indexed, literals: Iterable[tuple[str, str]]) -> None:
    """Name in ``care`` the patients of what has none of its own, or has several."""
    named = care.subjects(literals)
    if len(named) > 1:
        out.patient = None  # it is no more the first one's than the others'
    if named and out.patient is None:
        out.care += [(patient_uuid(patient), 0, None, None, care.Ground.SUBJECT.value) for patient in named[: care.MOST_SUBJECTS]]
        if len(named) > care.MOST_SUBJECTS:
            out.care.append((NOBODY, 0, None, None, care.Ground.SUBJECT.value))


@lru_cache(maxsize=65536)
def _token_keys(p: int, system: str | None, code: str | None) -> tuple[int, ...]:
    forms: list[int] = []
    if code is not None:
        forms.append(token_key(p, None, code))
    if system:
        forms.append(token_key(p, system, None))
        if code is not None:
            forms.append(token_key(p, system, code))
    elif code is not None:
        forms.append(token_key(p, "", code))
    return tuple(forms)


@lru_cache(maxsize=65536)
def _label(p: int, text: str) -> tuple[int, str, int] | None:
    folded = fold(text)[:TEXT_LIMIT]
    return (p, folded, label_key(p, folded)) if folded else None


def _token(out: Indexed, p: int, _: SearchParameter, values: list[Value]) -> None:
    for value in values:
        if isinstance(value, Token):
            out.tokens.update(_token_keys(p, value.system, value.code))
            if value.text is not None:
                label = _label(p, value.text)
                if label is not None:
                    out.tokens.add(label[2])
                    out.labels.append(label)
        elif isinstance(value, TypedIdentifier):
            out.tokens.add(key(str(p), "of-type", value.type_system or "", value.type_code, value.value))


def _reference(out: Indexed, p: int, type_: str, code: str, value: Value) -> str | None:
    """Index one reference; return its target when it is local."""
    if isinstance(value, str):  # uri or canonical
        out.tokens.add(exact_key(p, value))
        out.tokens.add(exact_key(p, value.partition("|")[0]))
        return None
    reference = cast(Reference, value)
    if reference.identifier is not None:
        identified = parameter_key(type_, code, "identifier")
        out.tokens.update(_token_keys(identified, reference.identifier.system, reference.identifier.code))
    target = reference.target
    if target is None:
        return None
    if ":" in target or "/" not in target:
        out.tokens.add(exact_key(p, target))
        out.tokens.add(exact_key(p, target.partition("|")[0]))
        return None
    out.tokens.add(reference_key(p, resource_key(*target.split("/", 1))))
    return target


def _string(out: Indexed, p: int, _: SearchParameter, values: list[Value]) -> None:
    for value in dict.fromkeys(cast(list[str], values)):
        out.tokens.add(exact_key(p, value))
        out.strings.append((p, fold(value)[:TEXT_LIMIT]))


def _uri(out: Indexed, p: int, parameter: SearchParameter, values: list[Value]) -> None:
    written = parameter_key(parameter.base, parameter.code, "uri")
    for value in dict.fromkeys(cast(list[str], values)):
        out.tokens.add(exact_key(p, value))
        out.strings.append((written, value.replace("\x00", "")[:TEXT_LIMIT]))


def _date(out: Indexed, p: int, _: SearchParameter, values: list[Value]) -> None:
    out.dates.extend((p, span.low, span.high) for span in cast(list[Span], values))


def _number(out: Indexed, p: int, _: SearchParameter, values: list[Value]) -> None:
    out.numbers.extend((p, 0, float(a.low), float(a.high), float(a.value)) for a in cast(list[Amount], values))


def _quantity(out: Indexed, p: int, _: SearchParameter, values: list[Value]) -> None:
    for amount in cast(list[Amount], values):
        out.numbers.append((p, *_amount(amount)))


def _amount(amount: Amount) -> tuple[int, float, float, float]:
    if amount.system == UCUM and amount.code:
        low = ucum.canonical(amount.low, amount.code)
        if low is not None:
            high = low if amount.high == amount.low else ucum.canonical(amount.high, amount.code)
            assert high is not None  # the unit is known: low has just been converted
            return unit_key(low[1]), float(low[0]), float(high[0]), float(amount.value)
    unit = unit_key(f"{amount.system or ''}|{amount.code or amount.unit or ''}")
    return unit, float(amount.low), float(amount.high), float(amount.value)


def _composite(out: Indexed, p: int, _: SearchParameter, values: list[Value]) -> None:
    for parts in cast(list[tuple[Value, ...]], values):
        last = parts[-1]
        for forms in product(*map(_forms, parts[:-1])):
            if isinstance(last, Span):
                out.dates.append((key(str(p), "composite", *forms), last.low, last.high))
            elif isinstance(last, Amount):
                out.numbers.append((key(str(p), "composite", *forms), *_amount(last)))
            elif isinstance(last, str):
                out.strings.append((key(str(p), "composite", *forms), fold(last)[:TEXT_LIMIT]))
            else:
                out.tokens.update(key(str(p), "composite", *forms, form) for form in _forms(last))


def _forms(value: Value) -> tuple[str, ...]:
    """The texts by which a composite's component is found: with its system and without."""
    if isinstance(value, Token):
        return (f"{value.system or ''}|{value.code}", value.code or "")
    if isinstance(value, Reference):
        return (value.target or "",)
    return (str(value),)


_ADD = {
    "token": _token,
    "string": _string,
    "uri": _uri,
    "date": _date,
    "number": _number,
    "quantity": _quantity,
    "composite": _composite,
    "special": lambda *_: None,
}

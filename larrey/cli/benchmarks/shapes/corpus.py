"""Bundles → staged rows with their search keys, in a form from which distinct copies are made by SQL alone.

The extraction here is deliberately naive (it walks the JSON instead of evaluating FHIRPath) and independent of the
record's own: the bake-off compares physical shapes fed with the same keys, and must run whatever the record becomes.
It yields about as many keys a resource as the R4 search parameters do.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import psycopg

from larrey.kit.ids import patient_uuid
from larrey.kit.json import dumps, loads
from larrey.kit.text import fold
from larrey.store import keys

DATES = (
    "effectiveDateTime",
    "performedPeriod",
    "onsetDateTime",
    "period",
    "authoredOn",
    "occurrenceDateTime",
    "billablePeriod",
    "birthDate",
    "started",
)
CODES = ("code", "type", "vaccineCode", "medicationCodeableConcept")
LOADED = datetime(2026, 1, 1, tzinfo=UTC)

STAGE = """
create schema stage;
create unlogged table stage.original (
    rid bigint primary key, key bigint not null, type text collate "C" not null, id text collate "C" not null, patient uuid,
    date_low timestamptz not null, date_high timestamptz not null, updated timestamptz not null,
    shared bigint[] not null,   -- keys that copies have in common (codes, states, systems, presence)
    own bigint[] not null,      -- keys that are each copy's own (references, identifiers)
    ordered bigint[] not null,  -- the keys of the main code, for the shape that orders them by date
    parameters bigint[] not null, targets bigint[] not null,  -- references: parameter key and target key, aligned
    strings text[] not null, string_keys bigint[] not null,
    number double precision, number_key bigint,
    body bytea not null);
alter table stage.original alter column body set storage external;
create unlogged table stage.copy (like stage.original including storage);
create index on stage.copy (rid);
"""


COLUMNS = {
    "rid": "int8",
    "key": "int8",
    "type": "text",
    "id": "text",
    "patient": "uuid",
    "date_low": "timestamptz",
    "date_high": "timestamptz",
    "updated": "timestamptz",
    "shared": "int8[]",
    "own": "int8[]",
    "ordered": "int8[]",
    "parameters": "int8[]",
    "targets": "int8[]",
    "strings": "text[]",
    "string_keys": "int8[]",
    "number": "float8",
    "number_key": "int8",
    "body": "bytea",
}


@dataclass(slots=True)
class Row:
    """One resource with the keys that the shapes store."""

    shared: set[int] = field(default_factory=set)
    own: set[int] = field(default_factory=set)
    ordered: set[int] = field(default_factory=set)
    links: set[tuple[int, int]] = field(default_factory=set)
    strings: set[tuple[int, str]] = field(default_factory=set)
    number: tuple[int, float] | None = None
    patient: UUID | None = None
    date: datetime | None = None


@dataclass(slots=True)
class Catalogue:
    """What the searches draw their random values from: how often each code occurs, by type and parameter."""

    codes: dict[tuple[str, str], Counter[tuple[str | None, str]]] = field(default_factory=dict)

    def saw(self, type_: str, name: str, system: str | None, code: str) -> None:
        self.codes.setdefault((type_, name), Counter())[system, code] += 1


def resources(folder: Path) -> Iterator[dict[str, Any]]:
    """Every distinct resource of the bundles of ``folder``, references made ``Type/id`` where they were ``urn:uuid``."""
    seen: set[tuple[str, str]] = set()
    for path in sorted(folder.glob("*.json")):
        bundle = loads(path.read_bytes())
        types = {
            entry.get("fullUrl", ""): f"{entry['resource']['resourceType']}/{entry['resource']['id']}"
            for entry in bundle["entry"]
        }
        for entry in bundle["entry"]:
            identity = entry["resource"]["resourceType"], entry["resource"]["id"]
            if identity not in seen:
                seen.add(identity)
                _rewrite(entry["resource"], types)
                yield entry["resource"]


def _rewrite(value: Any, types: dict[str, str]) -> None:
    if isinstance(value, dict):
        reference = value.get("reference")
        if isinstance(reference, str) and reference in types:
            value["reference"] = types[reference]
        for part in value.values():
            _rewrite(part, types)
    elif isinstance(value, list):
        for part in value:
            _rewrite(part, types)


def stage(connection: psycopg.Connection, folder: Path) -> tuple[int, Catalogue]:
    """Fill ``stage.original`` from the bundles of ``folder``; returns the number of resources and their codes."""
    catalogue = Catalogue()
    connection.execute(STAGE)
    columns, types = ", ".join(COLUMNS), list(COLUMNS.values())
    rid = 0
    with connection.cursor() as cursor, cursor.copy(f"copy stage.original ({columns}) from stdin (format binary)") as copy:
        copy.set_types(types)
        for rid, resource in enumerate(resources(folder), 1):
            row = extract(resource, catalogue)
            low = row.date or datetime.min.replace(tzinfo=UTC)
            type_, id_ = resource["resourceType"], resource["id"]
            number_key, number = row.number or (None, None)
            when = (low, low + timedelta(seconds=1), LOADED + timedelta(seconds=rid / 1000))
            tokens = (list(row.shared), list(row.own), list(row.ordered))
            links = ([p for p, _ in sorted(row.links)], [t for _, t in sorted(row.links)])
            strings = ([s for _, s in sorted(row.strings)], [k for k, _ in sorted(row.strings)])
            head = (rid, keys.resource_key(type_, id_), type_, id_, row.patient)
            copy.write_row((*head, *when, *tokens, *links, *strings, number, number_key, dumps(resource)))
    connection.execute("analyze stage.original")
    return rid, catalogue


def extract(resource: dict[str, Any], catalogue: Catalogue) -> Row:
    """The keys of one resource: each coding, code, identifier, reference and string of its elements."""
    row, type_ = Row(), resource["resourceType"]
    for name, value in resource.items():
        if name in ("text", "contained", "extension", "id", "resourceType", "item", "total"):
            continue
        for part in value if isinstance(value, list) else [value]:
            _element(row, catalogue, type_, name, part, 0)
    for name in DATES:
        found = resource.get(name)
        if isinstance(found, dict):
            found = found.get("start")
        if found and row.date is None:
            row.date = datetime.fromisoformat(found if len(found) > 10 else found + "T00:00:00+00:00").astimezone(UTC)
    subject = resource.get("subject") or resource.get("patient") or {}
    if type_ == "Patient":
        row.patient = patient_uuid(resource["id"])
    elif str(subject.get("reference", "")).startswith("Patient/"):
        row.patient = patient_uuid(subject["reference"][8:])
    return row


def _element(row: Row, catalogue: Catalogue, type_: str, name: str, value: Any, depth: int) -> None:
    parameter = keys.parameter_key(type_, name)
    if isinstance(value, dict):
        if isinstance(value.get("reference"), str) and value["reference"].count("/") == 1:
            target = keys.resource_key(*value["reference"].split("/"))
            row.links.add((parameter, target))
            row.own |= {keys.reference_key(parameter, target), keys.reference_key(keys.ANY_REFERENCE, target)}
            row.shared.add(keys.present_key(parameter))
        elif "coding" in value or ("system" in value and "code" in value and "value" not in value):
            for coding in value.get("coding", [value]):
                _token(row, catalogue, type_, name, coding.get("system"), coding.get("code", ""))
                row.shared.add(keys.label_key(parameter, fold(coding.get("display") or value.get("text") or "")))
        elif "system" in value and isinstance(value.get("value"), str):
            system, code = value["system"], value["value"]
            row.own |= {keys.token_key(parameter, None, code), keys.token_key(parameter, system, code)}
            row.shared |= {keys.token_key(parameter, system, None), keys.present_key(parameter)}
        elif name == "valueQuantity":
            row.number = (parameter, float(value["value"]))
            row.shared.add(keys.present_key(parameter))
        elif depth < 2:
            for inner, part in value.items():
                for single in part if isinstance(part, list) else [part]:
                    _element(row, catalogue, type_, f"{name}-{inner}", single, depth + 1)
    elif isinstance(value, str) and name in ("status", "intent", "gender", "use", "outcome", "priority"):
        _token(row, catalogue, type_, name, "http://hl7.org/fhir/" + name, value)
    elif isinstance(value, str) and name.partition("-")[0] in ("name", "address") and not value.startswith("http"):
        row.strings.add((parameter, fold(value)[:200]))
        row.shared |= {keys.exact_key(parameter, value), keys.present_key(parameter)}


def _token(row: Row, catalogue: Catalogue, type_: str, name: str, system: str | None, code: str) -> None:
    parameter = keys.parameter_key(type_, name)
    catalogue.saw(type_, name, system, code)
    forms = {keys.token_key(parameter, None, code), keys.token_key(parameter, system or "", code)}
    if system:
        forms.add(keys.token_key(parameter, system, None))
    row.shared |= forms | {keys.present_key(parameter)}
    if name in CODES:
        row.ordered |= forms

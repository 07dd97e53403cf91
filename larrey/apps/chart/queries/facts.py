"""One resource in words, with its history."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

from django.utils.translation import gettext as _
from psycopg import Cursor

from larrey.access import accounts
from larrey.apps.chart.queries.kinds import line
from larrey.fhir.definitions import compartment
from larrey.kit import json
from larrey.kit.errors import Gone, NotFound
from larrey.store import chart
from larrey.store.caller import Caller
from larrey.store.history import Change, history
from larrey.store.read import read, vread
from larrey.store.stored import Stored
from larrey.ui import words

_PROFESSIONAL = "Practitioner/"
VERSIONS = 10
"""Versions on a page of a resource's history."""


@dataclass(frozen=True, slots=True)
class Fact:
    """One version of one resource in words. ``stored`` is ``None`` when the latest version is a deletion."""

    type: str
    id: str
    line: words.Line
    rows: tuple[words.Row, ...]
    stored: Stored | None


@dataclass(frozen=True, slots=True)
class Version:
    """One step of a resource's history: who did what when, and what changed from the step before."""

    change: Change
    who: str
    edits: list[words.Edit]


def require(cursor: Cursor[Any], caller: Caller, patient_id: str, type_: str, id_: str) -> None:
    """Raise ``NotFound`` unless the resource is one of the patient's, so that no record shows another's content."""
    if not chart.belongs(cursor, caller, patient_id, type_, id_):
        raise NotFound(f"{type_}/{id_} is not in this patient's record.")


def fact(cursor: Cursor[Any], caller: Caller, patient_id: str, type_: str, id_: str, version: int | None = None) -> Fact:
    """One resource in words: the version asked for, else the current one, else the last before its deletion.

    What its references point to is named in one statement. Raises ``NotFound``, ``Gone`` for the version of a deletion.
    """
    try:
        shown = vread(cursor, caller, type_, id_, version) if version is not None else read(cursor, caller, type_, id_)
    except Gone as gone:
        deletion = int(gone.details["version"])
        if version is not None or deletion < 2:
            raise
        last = json.loads(vread(cursor, caller, type_, id_, deletion - 1).body)
        return Fact(type_, id_, line(last), words.details(last), None)
    resource = json.loads(shown.body)
    rows = words.details(resource)
    targets = chart.several(cursor, caller, _links(rows))
    names = {reference: words.title(json.loads(stored.body)) for reference, stored in targets.items()}
    return Fact(type_, id_, line(resource), tuple(_resolved(rows, names, patient_id)), shown)


def _links(rows: Iterable[words.Row]) -> Iterator[str]:
    for row in rows:
        if row.link:
            yield row.link
        yield from _links(row.rows)


def _resolved(rows: Iterable[words.Row], names: Mapping[str, str], patient_id: str) -> Iterator[words.Row]:
    """The rows with references named, and linked where they lead to a page of this record."""
    own = compartment("Patient")
    for row in rows:
        if row.link:
            type_, _slash, id_ = row.link.partition("/")
            mine = row.link in names and (row.link == f"Patient/{patient_id}" or (type_ in own and type_ != "Patient"))
            told = names.get(row.link, "")
            unnamed = row.text == words.unnamed_reference(row.link)
            yield replace(row, text=told if told and unnamed else row.text, link=f"{type_}/{id_}" if mine else "")
        elif row.rows:
            yield replace(row, rows=tuple(_resolved(row.rows, names, patient_id)))
        else:
            yield row


def versions(
    cursor: Cursor[Any], caller: Caller, type_: str, id_: str, before: int | None = None
) -> tuple[list[Version], int | None]:
    """A page of the resource's history, newest first, and the ``before`` of the next page."""
    # One more than is shown: the oldest shown is compared with the one before it.
    page = history(cursor, caller, type_, id_, count=VERSIONS + 1, before=before)
    shown = page.entries[:VERSIONS]
    bodies = [json.loads(entry.body) if entry.body else None for entry in page.entries]
    names = accounts.names(entry.actor.removeprefix("account:") for entry in shown if entry.actor.startswith("account:"))
    signed = chart.several(cursor, caller, {entry.actor for entry in shown if entry.actor.startswith(_PROFESSIONAL)})
    names |= {actor: words.title(json.loads(stored.body)) for actor, stored in signed.items()}
    steps = []
    for index, entry in enumerate(shown):
        new, old = bodies[index], bodies[index + 1] if index + 1 < len(bodies) else None
        steps.append(Version(entry, who(entry.actor, names), words.edits(old, new) if old and new else []))
    more = len(page.entries) > VERSIONS
    return steps, shown[-1].seq if more else None


def who(actor: str, names: Mapping[str, str]) -> str:
    """The author of a change, for people; ``names`` by user name of an account and by reference of a professional."""
    if actor.startswith(_PROFESSIONAL):
        return names.get(actor) or _("A professional who is no longer in the record")
    kind, _colon, name = actor.partition(":")
    if kind == "account":
        return names.get(name, name)
    if kind in {"token", "client"}:
        return _("Machine “%(name)s”") % {"name": name}
    if kind == "system":
        return _("Larrey (%(name)s)") % {"name": name}
    return actor


def raw(cursor: Cursor[Any], caller: Caller, type_: str, id_: str, version: int | None = None) -> str:
    """The JSON of a version, indented."""
    shown = vread(cursor, caller, type_, id_, version) if version is not None else read(cursor, caller, type_, id_)
    return json.pretty(shown.body).decode()

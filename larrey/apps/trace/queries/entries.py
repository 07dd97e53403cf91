"""Rows of the trace: of one patient's record, or those that a security officer looks for."""

from __future__ import annotations

import ipaddress
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any
from uuid import UUID

from psycopg import Cursor

from larrey.access import grounds
from larrey.access.trail import Action
from larrey.apps.trace.queries import people, what
from larrey.kit.clock import PARIS
from larrey.kit.errors import Invalid
from larrey.kit.ids import patient_uuid
from larrey.store.caller import Caller
from larrey.store.search import Limits, search
from larrey.store.transactions import translated
from larrey.ui import words

ROWS = 50
"""Rows on a page."""
_SECONDS = 5.0

_COLUMNS = """
e.id, e.at, e.action, e.what, e.why, e.role, e.place, e.actor, e.account_id, a.name, e.patient_id, host(e.address), e.door
"""
_FROM = "from access_audit e left join access_account a on a.id = e.account_id"
# A row of a page names the one patient whose record it is; one of the machine door those whom the answer showed. To have
# been one of those found by a search on a page is no opening.
_OF_PATIENT = """
select * from (
    (select {columns} {source} where e.patient = %(patient)s and (e.action <> 'search' or e.door <> 'page')
        and {filters} order by e.id desc limit %(limit)s)
    union all
    (select {columns} {source} where e.patients @> array[%(patient)s] and e.patient is distinct from %(patient)s
        and e.door <> 'page' and {filters} order by e.id desc limit %(limit)s)
) found order by 1 desc limit %(limit)s
"""
_ALL = "select {columns} {source} where {filters} order by e.id desc limit %(limit)s"
_NAMED = "e.account_id in (select n.id from access_account n where n.name ilike %(person)s or n.username = %(username)s)"


@dataclass(frozen=True, slots=True)
class Filters:
    """What is asked of the trace; what is empty is not asked. ``since`` and ``until`` are days in France, both included.

    ``address`` is an IP address, or a network in CIDR notation.
    """

    person: str = ""
    since: date | None = None
    until: date | None = None
    action: str = ""
    patient: str = ""
    address: str = ""


@dataclass(frozen=True, slots=True)
class Entry:
    """A row of the trace in words. ``ground`` is why it was allowed, or refused; ``detail`` what is added to it.

    ``patient`` is the id of a Patient, empty where the row is of none or of several.
    """

    id: int
    at: datetime
    who: people.Person
    action: str
    action_words: str
    what: str
    ground: str
    detail: str
    patient: str
    address: str
    door: str


@dataclass(frozen=True, slots=True)
class Page:
    """Rows, newest first. ``next`` continues below them."""

    entries: list[Entry]
    next: int | None


def of_patient(
    cursor: Cursor[Any], patient_id: str, filters: Filters, before: int | None = None, *, patients: bool = True
) -> Page:
    """Who opened the record of ``patient_id``, or tried; ``patients``: herself too. One statement.

    Who may know is the caller's affair.
    """
    conditions, values = _conditions(filters, before)
    if not patients:
        conditions += " and e.role <> 'patient'"
    text = _OF_PATIENT.format(columns=_COLUMNS, source=_FROM, filters=conditions)
    return _page(cursor, text, values | {"patient": patient_uuid(patient_id)})


def found(cursor: Cursor[Any], caller: Caller, filters: Filters, before: int | None = None) -> Page:
    """The rows that a security officer looks for. A patient is asked for by any of her numbers, or the id of her record."""
    conditions, values = _conditions(filters, before)
    if filters.patient:
        conditions += " and (e.patient = any(%(patients)s) or e.patients && %(patients)s)"
        values["patients"] = _patients(cursor, caller, filters.patient)
    return _page(cursor, _ALL.format(columns=_COLUMNS, source=_FROM, filters=conditions), values)


def _conditions(filters: Filters, before: int | None) -> tuple[str, dict[str, Any]]:
    conditions, values = ["true"], dict[str, Any]()
    if before is not None:
        conditions.append("e.id < %(before)s")
        values["before"] = before
    if filters.person:
        conditions.append(_NAMED)
        escaped = filters.person.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")
        values |= {"person": f"%{escaped}%", "username": filters.person.lower()}
    if filters.since:
        conditions.append("e.at >= %(since)s")
        values["since"] = _midnight(filters.since)
    if filters.until:
        conditions.append("e.at < %(until)s")
        values["until"] = _midnight(filters.until + timedelta(days=1))
    if filters.action:
        conditions.append("e.action = %(action)s")
        values["action"] = str(Action(filters.action))
    if filters.address:
        conditions.append("e.address <<= %(address)s::text::inet")
        values["address"] = network(filters.address)
    return " and ".join(conditions), values


def network(text: str) -> str:
    """An IP address or network as PostgreSQL reads it. Raises ``Invalid``."""
    try:
        return str(ipaddress.ip_network(text.strip(), strict=False))
    except ValueError:
        raise Invalid("This is neither an IP address nor a network.") from None


def _midnight(day: date) -> datetime:
    return datetime.combine(day, time(), PARIS)


def _patients(cursor: Cursor[Any], caller: Caller, typed: str) -> list[UUID]:
    """The access keys of the patients who have this number, or whose record has this id."""
    number = "".join(typed.split()).replace("\\", "\\\\").replace("|", "\\|").replace(",", "\\,").replace("$", "\\$")
    naming = people.naming(caller)
    page = search(cursor, naming, "Patient", [("identifier", number), ("_count", "20")], limits=Limits(seconds=_SECONDS))
    return [patient_uuid(stored.id) for stored in page.matches] or [patient_uuid(typed.strip()[:64])]


def _page(cursor: Cursor[Any], text: str, values: dict[str, Any]) -> Page:
    with translated():
        rows = cursor.execute(text.encode(), values | {"limit": ROWS + 1}).fetchall()
    tree = people.units(cursor)
    entries = [_entry(tree, row) for row in rows[:ROWS]]
    return Page(entries, entries[-1].id if len(rows) > ROWS else None)


def _entry(tree: Any, row: Sequence[Any]) -> Entry:
    id_, at, action, text, why, role, place, actor, account, name, patient_id, address, door = row
    ground, detail = grounds.words(why)
    return Entry(
        id=id_,
        at=at,
        who=people.person(tree, account, name, actor, role, place),
        action=action,
        action_words=what.action(action),
        what=what.said(text) if action != Action.GLASS or text.endswith(" end") else "",
        ground=ground,
        detail=detail,
        patient=patient_id or "",
        address=address or "",
        door=door,
    )


def names(cursor: Cursor[Any], caller: Caller, page: Page) -> dict[str, words.Identity]:
    """The names of the patients of a page, by id."""
    return people.patients(cursor, caller, [entry.patient for entry in page.entries if entry.patient])

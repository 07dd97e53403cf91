"""Unusual accesses: what a security officer should look at. Found in the database, over a period; see ``cases.sql``.

None of them is a fault by itself. A case stays until it is decided, and comes back when the same is done again.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from importlib.resources import files
from typing import Any

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from psycopg import Cursor

from larrey.access.glass import Reason
from larrey.apps.trace.queries import people
from larrey.fhir.dates import interval
from larrey.fhir.secrecy import VIP
from larrey.kit import clock, json
from larrey.kit.errors import Invalid
from larrey.kit.text import fold
from larrey.store.caller import Caller
from larrey.store.keys import parameter_key, resource_key
from larrey.store.transactions import translated
from larrey.ui import words

CASES = 20
"""Cases on a page."""
DAYS = 30
"""The period that is looked at when none is asked, and the one by which the usual volume is known."""
VOLUME_TIMES, VOLUME_FLOOR, VOLUME_DAYS = 3, 20, 5
"""A day is unusual beyond so many times the median of one's days, from so many patients on, once so many days are known."""
REFUSED_FLOOR = 5
"""Refused attempts of a day that are a series."""

KINDS: Mapping[str, tuple[str | Promise, str | Promise]] = {
    "glass": (_("Broken glass"), _("Opened in an emergency the record of a patient who is not of her units.")),
    "own": (_("Own record"), _("Opened her own record.")),
    "colleague": (_("Colleague"), _("Opened the record of a patient who works in the group.")),
    "name": (_("Same family name"), _("Bears the same family name as the patient.")),
    "neighbour": (_("Neighbour"), _("Lives in the same street as the patient.")),
    "discreet": (_("Discreet patient"), _("Opened the record of a patient who is known to the public.")),
    "volume": (_("Volume"), _("Opened in one day many more records than she usually does.")),
    "refused": (_("Refused attempts"), _("Was refused several times in one day.")),
}
"""Kind of case → its name, and what it says."""

_CASES = (files(__package__) / "cases.sql").read_text("utf-8")
_STAFF = """
select a.id, r.body from access_account a join unnest(%s::bigint[], %s::bigint[]) k (account, key) on k.account = a.id
join record.resource r on r.type = 'Practitioner' and r.key = k.key
"""
_ACCOUNTS = """
select id, practitioner, patient from access_account where (practitioner <> '' or patient <> '') and role <> 'patient'
"""
_NUMBER = re.compile(r"\d+ (?:(?:bis|ter|quater|[a-d]) )?")
_SHORTEST_STREET = 6
_PLACE = re.compile(r"([01])~(\d+)~([a-z]+)~(\d+)~([A-Za-z0-9.-]{0,64})~([0-9-]{0,20})\Z")


@dataclass(frozen=True, slots=True)
class Broken:
    """What was said when a glass was broken."""

    reason: str
    text: str
    until: datetime


@dataclass(frozen=True, slots=True)
class Case:
    """An access to look at. ``kind`` to ``subject`` name it (``models.Decision``). ``count``: pages, patients or attempts."""

    kind: str
    account: int
    patient: str
    subject: str
    first: datetime
    last: datetime
    count: int
    who: people.Person
    glass: Broken | None

    @property
    def title(self) -> str:
        """The kind in the language of the page."""
        return str(KINDS[self.kind][0])

    @property
    def sentence(self) -> str:
        """What the kind says."""
        return str(KINDS[self.kind][1])


@dataclass(frozen=True, slots=True)
class Worklist:
    """Cases to decide, broken glasses first, then newest first. ``names``: the patients by id. ``next`` continues."""

    cases: list[Case]
    names: Mapping[str, words.Identity]
    next: str | None


def worklist(cursor: Cursor[Any], caller: Caller, kind: str = "", days: int = DAYS, after: str | None = None) -> Worklist:
    """Accesses of the last ``days`` days that nobody has decided on. Four statements. Raises ``Invalid`` for a bad ``after``."""
    now = clock.now()
    since_day = now.astimezone(clock.PARIS).date() - timedelta(days=days)
    since = datetime.combine(since_day, time(), clock.PARIS)
    values = {
        "since": since,
        "since_day": since_day,
        "until": now + timedelta(minutes=1),
        "history": min(since, now - timedelta(days=DAYS)),
        "kind": kind,
        "vip": VIP,
        "limit": CASES + 1,
        "volume_times": VOLUME_TIMES,
        "volume_floor": VOLUME_FLOOR,
        "volume_days": VOLUME_DAYS,
        "refused_floor": REFUSED_FLOOR,
        "family": parameter_key("Patient", "family"),
        "given": parameter_key("Patient", "given"),
        "postal": parameter_key("Patient", "address-postalcode"),
        "address": parameter_key("Patient", "address"),
        **_place(after),
    }
    with translated():
        values |= _professionals(cursor)
        rows = cursor.execute(_CASES.encode(), values).fetchall()
    tree = people.units(cursor)
    cases = [_case(tree, row) for row in rows[:CASES]]
    names = people.patients(cursor, caller, [case.patient for case in cases if case.patient])
    return Worklist(cases, names, _mark(cases[-1]) if len(rows) > CASES else None)


def _case(tree: Any, row: Sequence[Any]) -> Case:
    kind, account, patient, subject, first, last, count, name, role, reason, text, place, until = row
    glass = None
    if kind == "glass":
        glass = Broken(str(dict(Reason.choices).get(reason, reason)), text, until)
    who = people.person(tree, account, name, "", role, place or "")
    return Case(kind, account, patient, subject, first, last, count, who, glass)


def _mark(case: Case) -> str:
    micros = round(case.last.timestamp() * 1_000_000)
    return f"{int(case.kind == 'glass')}~{micros}~{case.kind}~{case.account}~{case.patient}~{case.subject}"


def _place(after: str | None) -> dict[str, Any]:
    names = ("rank", "last", "kind", "account", "patient", "subject")
    if after is None:
        return {f"after_{name}": None for name in names}
    found = _PLACE.match(after)
    if found is None:
        raise Invalid("This is not a place in the list.")
    try:
        last = datetime(1970, 1, 1, tzinfo=UTC) + timedelta(microseconds=int(found[2]))
    except OverflowError:
        raise Invalid("This is not a place in the list.") from None
    values = (int(found[1]), last, found[3], int(found[4][:18]), found[5], found[6])
    return {f"after_{name}": value for name, value in zip(names, values, strict=True)}


def _professionals(cursor: Cursor[Any]) -> dict[str, list[Any]]:
    """Names, births and streets of those who have accounts, as arrays for ``cases.sql``. Two statements."""
    accounts = cursor.execute(_ACCOUNTS).fetchall()
    own = [(account, resource_key("Patient", patient)) for account, _practitioner, patient in accounts if patient]
    staff = [(account, resource_key("Practitioner", id_)) for account, id_, _patient in accounts if id_]
    found = cursor.execute(_STAFF, ([account for account, _key in staff], [key for _account, key in staff])).fetchall()
    columns: dict[str, list[Any]] = {
        name: []
        for name in (
            *("staff_account", "staff_family", "born_account", "born_family", "born_given", "born_low"),
            *("street_account", "street_postal", "street_name"),
        )
    }
    columns |= {"own_account": [account for account, _key in own], "own_key": [key for _account, key in own]}
    for account, body in found:
        person = json.loads(body)
        names = list(_names(person))
        for family in dict.fromkeys(family for family, _givens in names):
            columns["staff_account"].append(account)
            columns["staff_family"].append(family)
        born = _born(person.get("birthDate"))
        for family, givens in names if born else ():
            for given in givens:
                columns["born_account"].append(account)
                columns["born_family"].append(family)
                columns["born_given"].append(given)
                columns["born_low"].append(born)
        for postal, street in _streets(person):
            columns["street_account"].append(account)
            columns["street_postal"].append(postal)
            columns["street_name"].append(street)
    return columns


def _names(person: Mapping[str, Any]) -> Iterator[tuple[str, list[str]]]:
    """(family name, first names) as the record's index has them."""
    for name in _objects(person.get("name")):
        family = name.get("family")
        if isinstance(family, str) and fold(family):
            yield fold(family)[:200], [fold(given)[:200] for given in _texts(name.get("given")) if fold(given)]


def _streets(person: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """(postal code, street without its number) of the addresses of a professional."""
    for address in _objects(person.get("address")):
        postal = address.get("postalCode")
        for line in _texts(address.get("line")) if isinstance(postal, str) and fold(postal) else ():
            street = _NUMBER.sub("", fold(line), count=1)
            if len(street) >= _SHORTEST_STREET:
                yield fold(str(postal))[:200], street[:200]


def _born(text: Any) -> datetime | None:
    """When the day of birth begins, as the record's index has it; ``None`` for less than a day."""
    if not isinstance(text, str) or len(text) != len("1984-02-03"):
        return None
    try:
        return interval(text).low
    except Invalid:
        return None


def _objects(value: Any) -> Iterator[Mapping[str, Any]]:
    yield from (each for each in (value if isinstance(value, list) else []) if isinstance(each, Mapping))


def _texts(value: Any) -> Iterator[str]:
    yield from (each for each in (value if isinstance(value, list) else []) if isinstance(each, str))

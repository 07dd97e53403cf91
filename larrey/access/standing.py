"""Where a person stands: from her account to a ``Caller`` with a ``Sight``. Plain SQL, no Django: both doors use it.

Read from the record as it is now: her Practitioner, her PractitionerRoles in force, the units they name and what lies below,
the delegations in force. Which patients are of these units is no affair of this file: each statement asks ``record.care``.
A process keeps what it found for ``SECONDS``; with the seconds for which a door remembers a token, an ended role closes
within a minute.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any, TypeVar

from psycopg import Cursor

from larrey.access import territory
from larrey.access.roles import NOTHING, RULES, Rule
from larrey.fhir.dates import interval
from larrey.kit import clock, json
from larrey.kit.clock import PARIS
from larrey.kit.errors import Forbidden, Invalid, Unauthenticated
from larrey.kit.ids import hash64, is_resource_id, patient_uuid
from larrey.store.caller import NOBODY, Caller, Sight, system
from larrey.store.hospitals import hospitals
from larrey.store.keys import parameter_key, reference_key, resource_key
from larrey.store.search.driving import FEW_TIES

SECONDS = 25.0
"""How long what was found of a person is kept, by process."""
_MOST = 4096
"""Things kept at most; beyond, all are asked again."""

T = TypeVar("T")

_ACCOUNT = """
select username, role, is_active, practitioner, patient, representative, array(
    select organization from access_delegation d
    where d.account_id = a.id and d.revoked is null and d.starts <= %(now)s and d.ends > %(now)s order by d.starts, d.id)
from access_account a where id = %(id)s
"""
_PERSON = """
select type, key, body from (
    select type, key, body, rid from record.resource where type = 'Practitioner' and key = %(person)s
    union all
    select type, key, body, rid from record.resource where type = 'PractitionerRole' and tokens @> array[%(mark)s]
) found order by type, rid
"""
_TIES = """
select count(*) from (
    select from record.care where who = any(%(keys)s::bigint[]) and high > %(since)s limit %(most)s::bigint) found
"""
_WORKS = parameter_key("PractitionerRole", "practitioner")


@dataclass(frozen=True, slots=True)
class _Account:
    username: str
    role: str
    active: bool
    practitioner: str
    patient: str
    representative: bool
    delegated: tuple[str, ...]


@dataclass(slots=True)
class _Duties:
    """What a person's roles in force say: their keys, the ids of the units and of the places where she works."""

    keys: list[int] = field(default_factory=list)
    units: list[str] = field(default_factory=list)
    places: list[str] = field(default_factory=list)


def caller_of(cursor: Cursor[Any], account_id: int) -> Caller:
    """The person of an account, with what her role may do and whose rows she sees now.

    What was written within the last ``SECONDS`` may be missing. Raises ``Unauthenticated`` for an unknown account and
    ``Forbidden`` for a disabled one.
    """
    database = _database(cursor)
    return _kept((database, "account", account_id), lambda: _caller(cursor, account_id, database))


def forget(account_id: int | None = None) -> None:
    """Let this process ask anew about one person, or (without) about everyone and every unit."""
    with _lock:
        for key in list(_known):
            if account_id is None or key[1:] == ("account", account_id):
                del _known[key]


def finding(caller: Caller) -> Caller:
    """The same person as she looks for someone: patients' identities alone, but of the whole group, discreet ones apart.

    Raises ``Forbidden`` for a role that looks for nobody.
    """
    letters = "".join(letter for letter in ("r", "s") if caller.may(letter, "Patient"))
    if not RULES.get(caller.role, NOTHING).finds or not letters:
        raise Forbidden("This role looks for no patient.")
    return replace(
        caller,
        rights={"Patient": letters},
        sight=replace(caller.sight, identities=frozenset({"Patient"}), finding=True),
        filters={},
    )


def _caller(cursor: Cursor[Any], account_id: int, database: str) -> Caller:
    now = clock.now()
    row = cursor.execute(_ACCOUNT, {"id": account_id, "now": now}).fetchone()
    if row is None:
        raise Unauthenticated("There is no such account.")
    username, role, active, practitioner, patient, representative, delegated = row
    account = _Account(username, role, active, practitioner, patient, representative, tuple(delegated))
    if not account.active:
        raise Forbidden("This account is disabled.")
    rule = RULES.get(account.role, NOTHING)
    sight, place = _SIGHTS[rule.reach](_Question(cursor, database, now, account, rule))
    return Caller(
        actor=f"account:{account.username}",
        rights=rule.rights,
        sight=sight,
        role=account.role,
        place=place,
        account=account_id,
    )


@dataclass(frozen=True, slots=True)
class _Question:
    cursor: Cursor[Any]
    database: str
    now: datetime
    account: _Account
    rule: Rule


def _nobody(question: _Question) -> tuple[Sight, str]:
    return replace(NOBODY, told=question.rule.told), ""


def _own(question: _Question) -> tuple[Sight, str]:
    account = question.account
    if not account.patient:
        return _nobody(question)
    return Sight(own=frozenset({patient_uuid(account.patient)}), representative=account.representative), ""


def _of_the_group(question: _Question) -> tuple[Sight, str]:
    sight, place = _nobody(question)
    return replace(sight, identities=question.rule.identities), place


def _of_units(question: _Question) -> tuple[Sight, str]:
    account, rule = question.account, question.rule
    person = resource_key("Practitioner", account.practitioner) if account.practitioner else 0
    duties = _duties(question, person)
    units = list(dict.fromkeys([*duties.units, *account.delegated]))
    if not units and not duties.keys:
        return _nobody(question)
    hers = territory.below(
        question.cursor,
        [resource_key("Organization", unit) for unit in units],
        [resource_key("Location", place) for place in duties.places],
    )
    glass = hash64(f"glass:{account.username}") if rule.glass else 0
    sensitive = _without(_sensitive(question), hers)
    # Who works for the whole hospital does not work in its sensitive units by that: she has a role there, or none.
    seen = hers.union(_around(question, duties.units)).difference(sensitive) if rule.reach == "hospital" else hers
    known = [key for key in (person, glass, *duties.keys) if key]
    keys = tuple(sorted(seen.union(known)))
    since = question.now - timedelta(days=rule.after)
    ties = question.cursor.execute(_TIES, {"keys": list(keys), "since": since, "most": FEW_TIES + 1}).fetchone()
    assert ties is not None  # an aggregate always answers
    sight = Sight(
        keys=keys,
        person=person,
        glass=glass,
        sensitive=sensitive,
        hospital=_with(_around(question, units), hers),
        ahead=rule.ahead,
        after=rule.after,
        identities=rule.identities,
        few=ties[0] <= FEW_TIES,
        told=rule.told,
    )
    return sight, units[0] if units else ""


_SIGHTS: Mapping[str, Callable[[_Question], tuple[Sight, str]]] = {
    "nobody": _nobody,
    "own": _own,
    "group": _of_the_group,
    "unit": _of_units,
    "hospital": _of_units,
}


def _duties(question: _Question, person: int) -> _Duties:
    """The roles in force of a professional; none when she has left (``Practitioner.active``) or is not in the record."""
    duties = _Duties()
    if not person:
        return duties
    found = question.cursor.execute(_PERSON, {"person": person, "mark": reference_key(_WORKS, person)}).fetchall()
    here = False
    for type_, key, body in found:  # the Practitioner comes first
        resource = json.loads(body)
        if resource.get("active") is False:
            continue
        if type_ == "Practitioner":
            here = True
        elif here and in_force(resource.get("period"), question.now):
            duties.keys.append(key)
            duties.units += _targets("Organization", [resource.get("organization")])
            duties.places += _targets("Location", resource.get("location"))
    return duties


def in_force(period: Any, now: datetime) -> bool:
    """Whether a Period holds ``now``; a day is a day in France. One that cannot be read does not hold; none at all holds."""
    if period is None:
        return True
    if not isinstance(period, Mapping):
        return False
    start, end = period.get("start"), period.get("end")
    try:
        return (start is None or _edge(start, after=False) <= now) and (end is None or now < _edge(end, after=True))
    except (Invalid, TypeError, ValueError, OverflowError):
        return False


def _edge(text: Any, *, after: bool) -> datetime:
    if not isinstance(text, str):
        raise Invalid("A date is a string.")
    span = interval(text)
    edge = span.high if after else span.low
    return edge if "T" in text else edge.replace(tzinfo=PARIS)


def _targets(type_: str, references: Any) -> Iterator[str]:
    """The ids of what references of ``type_`` name, versions and odd shapes left out."""
    if not isinstance(references, Iterable):
        return
    for reference in references:
        text = reference.get("reference") if isinstance(reference, Mapping) else None
        if isinstance(text, str) and text.startswith(f"{type_}/"):
            id_ = text.removeprefix(f"{type_}/").partition("/")[0]
            if is_resource_id(id_):
                yield id_


def _around(question: _Question, units: Iterable[str]) -> tuple[int, ...]:
    """The keys of all units and places of the hospitals to which ``units`` belong, sorted; shared by all who work there."""
    tree = hospitals(question.cursor, system("standing"))
    found = sorted({hospital.id if (hospital := tree.of(unit)) else unit for unit in units})
    roots = [resource_key("Organization", id_) for id_ in found]
    return _built(question, ("hospitals", " ".join(found)), lambda: territory.below(question.cursor, roots))


def _sensitive(question: _Question) -> tuple[int, ...]:
    return _built(question, ("sensitive", ""), lambda: territory.sensitive(question.cursor))


def _built(question: _Question, what: tuple[str, str], ask: Callable[[], frozenset[int]]) -> tuple[int, ...]:
    """Keys that follow from the organizations and places alone, sorted: asked anew only when one of these was written."""
    key = (question.database, *what)

    def renewed() -> tuple[tuple[int, int], tuple[int, ...]]:
        mark = territory.mark(question.cursor)
        before = _known.get(key)
        if before is not None and before[1][0] == mark:
            kept: tuple[tuple[int, int], tuple[int, ...]] = before[1]
            return kept
        return mark, tuple(sorted(ask()))

    return _kept(key, renewed)[1]


def _with(keys: tuple[int, ...], more: frozenset[int]) -> tuple[int, ...]:
    """Both, sorted; ``keys`` itself where it has them all, so that a thousand people share one."""
    return keys if more.issubset(keys) else tuple(sorted(more.union(keys)))


def _without(keys: tuple[int, ...], less: frozenset[int]) -> tuple[int, ...]:
    return keys if less.isdisjoint(keys) else tuple(key for key in keys if key not in less)


# What is kept, by database and kind: (until when, what).

_lock = threading.Lock()
_known: dict[tuple[str, str, int | str], tuple[float, Any]] = {}


def _kept(key: tuple[str, str, int | str], ask: Callable[[], T]) -> T:
    known = _known.get(key)
    if known is not None and time.monotonic() < known[0]:
        kept: T = known[1]
        return kept
    asked = time.monotonic()
    found = ask()
    with _lock:
        if len(_known) >= _MOST:
            _known.clear()
        _known[key] = (asked + SECONDS, found)
    return found


def _database(cursor: Cursor[Any]) -> str:
    info = cursor.connection.info
    return f"{info.host}:{info.port}/{info.dbname}"

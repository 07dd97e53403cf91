"""The trace: who did what with whose record, in what role, where, why it was allowed, when, from which address.

A row of ``access_audit`` is written in the transaction of what it tells, so that both are there or neither is. Plain SQL
on a psycopg cursor, no Django, so that the machine door uses it too. Rows are never changed (docs/how-to/audit.md).
"""

from __future__ import annotations

import ipaddress
from collections.abc import Iterable, Mapping
from datetime import datetime
from enum import StrEnum
from functools import lru_cache
from typing import Any
from uuid import UUID

from psycopg import Cursor

from larrey.kit.ids import patient_uuid
from larrey.store.caller import Caller
from larrey.store.care import GROUND
from larrey.store.search.sight import values

RECALLED = 400
"""Openings that are looked through for the last patients: a long day's work."""
SHOWN = 1000
"""Patients whom one row may name; a search that shows more is several rows."""
_LONGEST = {"actor": 200, "role": 64, "place": 64, "why": 500, "patient_id": 64, "what": 500, "door": 32}

_INSERT = """
insert into access_audit (actor, account_id, role, place, why, action, patient, patient_id, patients, what, address, door)
values (%(actor)s, %(account)s, %(role)s, %(place)s, %(why)s, %(action)s, %(patient)s, %(patient_id)s, %(patients)s, %(what)s,
    %(address)s::text::inet, %(door)s)
"""
# Whom it concerns is asked in the same statement. Of one patient the id is told too; of many a row holds ``shown``.
_INSERT_FOUND = """
insert into access_audit (actor, account_id, role, place, why, action, patient, patient_id, patients, what, address, door)
select %(actor)s, %(account)s::bigint, %(role)s, %(place)s, {why}, %(action)s, coalesce(%(patient)s::uuid, one.key),
    coalesce(%(patient_id)s::text, one.id),
    case when one.id is null and cardinality(found.keys) > 0
            and found.keys is distinct from array[%(patient)s::uuid]
        then found.keys[n + 1 : n + %(shown)s::integer] end,
    %(what)s, %(address)s::text::inet, %(door)s
from (select coalesce(array_agg(distinct patient) filter (where patient is not null), array[]::uuid[]) from (
    {patients}) t (patient)) found (keys)
left join lateral (select r.patient, r.id from record.resource r
    where cardinality(found.keys) = 1 and r.type = 'Patient' and r.patient = found.keys[1]
        and found.keys[1] = coalesce(%(patient)s::uuid, found.keys[1])) one (key, id) on true
cross join generate_series(0, greatest(cardinality(found.keys) - 1, 0), %(shown)s::integer) n
"""
_WHY = "%(why)s"
# The best tie to the one patient; of several each has her own.
_BEST = GROUND.replace("%(p_patient)s::uuid", "coalesce(%(patient)s::uuid, one.key)")
_ASK_WHY = f"coalesce((select ground from ({_BEST}) g), case when cardinality(found.keys) > 0 then 'units' else '' end)"  # noqa: S608  ours
# For this transaction only, and without a statement of its own.
_QUICK = "where set_config('synchronous_commit', 'off', true) = 'off'"
_LAST = """
select patient_id, max(at) from (
    select id, patient_id, at from access_audit where account_id = %s and action = 'open' and patient_id is not null
    order by id desc limit %s) recent
group by patient_id order by max(id) desc limit %s
"""


class Action(StrEnum):
    """What was done."""

    OPEN = "open"
    SEARCH = "search"
    PRINT = "print"
    EXPORT = "export"
    WRITE = "write"
    REFUSED = "refused"
    GLASS = "break-glass"
    SIGN_IN = "sign-in"
    SIGN_OUT = "sign-out"
    GRANT = "grant"
    """Rights changed: an account, a role, a token."""
    DECISION = "decision"
    """What a security officer decided on an unusual access."""


def trace(
    cursor: Cursor[Any],
    caller: Caller,
    action: Action,
    what: str,
    *,
    patient_id: str | None = None,
    patients: Iterable[UUID] = (),
    why: str = "",
    address: str | None = None,
    door: str = "page",
) -> None:
    """Write that ``caller`` did ``action`` on ``what``, in the cursor's transaction. One statement.

    ``what`` is a relative reference or a page: ``Patient/1``, ``Observation/2/_history``, ``Patient/1 Condition``; of a search,
    what was asked. ``patient_id`` is the Patient id whose record it is; ``patients`` the access keys
    (``kit.ids.patient_uuid``) of those whom a search showed. ``why`` is the ground on which it was allowed, or refused.
    ``address`` is the client's IP address as the server saw it; anything else is kept as unknown. ``door``: ``page``, ``fhir``,
    ``command``. Texts may come from outside: they are cut at their column's length, and what cannot be stored is replaced.
    """
    shown = list(dict.fromkeys(patients))
    row = _row(caller, action, what, patient_id, why, address, door)
    for start in range(0, max(len(shown), 1), SHOWN):
        cursor.execute(_INSERT, {**row, "patients": shown[start : start + SHOWN] or None}, prepare=True)


def trace_found(
    cursor: Cursor[Any],
    caller: Caller,
    action: Action,
    what: str,
    patients: tuple[str, Mapping[str, Any]],
    *,
    patient_id: str | None = None,
    why: str = "",
    address: str | None = None,
    door: str = "page",
    quick: bool = False,
) -> None:
    """As ``trace``, with the patients that a ``select`` of their access keys finds (``store.whose``). One statement.

    Where it finds one patient, and no ``patient_id`` is given, the row is about her. Without ``why`` the ground is that of the
    caller, or for someone of a care team her best tie to the patient. ``quick``: the transaction, which must have
    written nothing else, does not wait for the disk (docs/why/trace.md).
    """
    text, named = patients
    ground = why or _ground(caller)
    row = _row(caller, action, what, patient_id, ground or "", address, door)
    if ground is None:
        row |= values(caller)
    statement = _found(text, _QUICK if quick else "", _WHY if ground is not None else _ASK_WHY)
    cursor.execute(statement, {**row, **named, "shown": SHOWN}, prepare=True)


def _ground(caller: Caller) -> str | None:
    """Why ``caller`` sees whom she sees, whoever it is; None where it depends on the patient."""
    sight = caller.sight
    if sight.everyone:
        return "everyone"
    if sight.own:
        return "representative" if sight.representative else "own"
    return None if sight.keys else "identity" if sight.identities else ""


@lru_cache(maxsize=512)
def _found(patients: str, ending: str, why: str) -> bytes:
    return (_INSERT_FOUND.format(patients=patients, why=why) + ending).encode()


def _row(
    caller: Caller, action: Action, what: str, patient_id: str | None, why: str, address: str | None, door: str
) -> dict[str, Any]:
    named = None if patient_id is None else _text("patient_id", patient_id)
    return {
        "actor": _text("actor", caller.actor),
        "account": caller.account,
        "role": _text("role", caller.role),
        "place": _text("place", caller.place),
        "why": _text("why", why),
        "action": str(action),
        "patient": None if named is None else patient_uuid(named),
        "patient_id": named,
        "patients": None,
        "what": _text("what", what),
        "address": _address(address),
        "door": _text("door", door),
    }


def last_patients(cursor: Cursor[Any], account: int, count: int) -> list[tuple[str, datetime]]:
    """The ids of the patients whom the account with key ``account`` opened last, each with when, newest first. One statement."""
    return [(id_, at) for id_, at in cursor.execute(_LAST, (account, RECALLED, count), prepare=True)]


def _text(column: str, text: str) -> str:
    text = text[: _LONGEST[column]]
    if text.isascii() and "\x00" not in text:
        return text
    text = text.replace("\x00", "\N{REPLACEMENT CHARACTER}")
    return text.encode("utf-8", "replace").decode()  # a lone surrogate is no text to PostgreSQL


@lru_cache(maxsize=4096)
def _address(text: str | None) -> str | None:
    try:
        return str(ipaddress.ip_address(text.partition("%")[0])) if text else None  # without the zone of a link-local address
    except ValueError:
        return None

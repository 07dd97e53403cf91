"""Who opened my record: the trace as its patient reads it, a line for each person and day."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.utils.translation import gettext as _
from psycopg import Cursor

from larrey.access import grounds
from larrey.access.glass import Reason
from larrey.access.trail import Action
from larrey.apps.trace.queries import people, what
from larrey.kit.ids import patient_uuid
from larrey.store.transactions import translated

LINES = 40
"""Lines on a page."""
NOTICES = 20
"""Broken glasses that are told on the first page."""

# What the patient herself did is not news to her; that another patient mistyped an address would tell who that is.
_LINES = """
with found as (
    select e.* from access_audit e where e.patient = %(patient)s and (e.action <> 'search' or e.door <> 'page')
    union all
    select e.* from access_audit e
    where e.patients @> array[%(patient)s] and e.patient is distinct from %(patient)s and e.door <> 'page'
)
select max(f.id), min(f.at), max(f.at), f.account_id, a.name, f.actor, f.role, f.place,
    array_agg(distinct f.action), array_agg(distinct f.what) filter (where f.action <> 'break-glass'), array_agg(distinct f.why)
from found f left join access_account a on a.id = f.account_id
where f.account_id is distinct from %(account)s and not (f.role = 'patient' and f.action = 'refused')
group by (f.at at time zone 'Europe/Paris')::date, f.account_id, a.name, f.actor, f.role, f.place
having %(before)s::bigint is null or max(f.id) < %(before)s
order by max(f.id) desc limit %(limit)s
"""
_GLASSES = """
select g.id, g.at, coalesce(g.ended, g.until), g.account_id, a.name, g.role, g.place, g.reason, n.id is null
from access_glass g join access_account a on a.id = g.account_id
left join trace_notice n on n.glass_id = g.id and n.account_id = %(account)s
where g.patient = %(patient)s order by g.id desc limit %(limit)s
"""


@dataclass(frozen=True, slots=True)
class Line:
    """What someone did on one day. ``sentence`` says it; ``pages`` are what she read; ``ground`` is why she could."""

    id: int
    first: datetime
    last: datetime
    who: people.Person
    sentence: str
    pages: str
    ground: str
    glass: bool
    refused: bool


@dataclass(frozen=True, slots=True)
class Told:
    """A broken glass as it is told to the patient; ``new`` until she says that she has read it."""

    id: int
    at: datetime
    until: datetime
    who: people.Person
    reason: str
    new: bool


@dataclass(frozen=True, slots=True)
class Own:
    """A page of the list. ``glasses`` are on the first page only. ``next`` continues."""

    lines: list[Line]
    glasses: list[Told]
    next: int | None


def own(cursor: Cursor[Any], account: int, patient_id: str, before: int | None = None) -> Own:
    """Who opened the record of ``patient_id``, for the ``account`` of this patient. Two statements; one for further pages."""
    asked = {"patient": patient_uuid(patient_id), "account": account}
    tree = people.units(cursor)
    with translated():
        rows = cursor.execute(_LINES, asked | {"before": before, "limit": LINES + 1}).fetchall()
        glasses = cursor.execute(_GLASSES, asked | {"limit": NOTICES}).fetchall() if before is None else []
    lines = [_line(tree, row) for row in rows[:LINES]]
    told = [
        Told(id_, at, until, people.person(tree, by, name, "", role, place), str(dict(Reason.choices).get(reason, reason)), new)
        for id_, at, until, by, name, role, place, reason, new in glasses
    ]
    return Own(lines, told, lines[-1].id if len(rows) > LINES else None)


def _line(tree: Any, row: Sequence[Any]) -> Line:
    id_, first, last, account, name, actor, role, place, actions, texts, whys = row
    done = set(actions)
    refused = done <= {Action.REFUSED}
    reasons = list(dict.fromkeys(grounds.words(why)[0] for why in whys if why and not why.startswith(("not-hers", "role"))))
    return Line(
        id=id_,
        first=first,
        last=last,
        who=people.person(tree, account, name, actor, role, place),
        sentence=_sentence(done),
        pages="" if refused else what.all_said(texts or ()),
        ground="" if refused else ", ".join(reasons),
        glass=any(why.startswith("glass") for why in whys),
        refused=refused,
    )


def _sentence(done: set[str]) -> str:
    if done <= {Action.REFUSED}:
        return _("tried to open your record; access was refused")
    parts = []
    if done & {Action.OPEN, Action.SEARCH}:
        parts.append(_("read your record"))
    if Action.WRITE in done:
        parts.append(_("wrote in your record"))
    if Action.PRINT in done:
        parts.append(_("printed pages of it"))
    if Action.EXPORT in done:
        parts.append(_("downloaded documents of it"))
    if not parts and Action.GLASS in done:
        parts.append(_("opened your record in an emergency"))
    return ", ".join(parts) or _("had access to your record")

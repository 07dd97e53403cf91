"""Computing anew what resources are found by, after a version of Larrey that finds them by more.

Bodies, versions and history stay as they are: nothing changed in the record, and the feed tells nothing.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

from psycopg import Connection, Cursor

from larrey.kit import json
from larrey.store.caller import Caller
from larrey.store.index import index
from larrey.store.transactions import retry
from larrey.store.write.restriction import Row, restrict

BATCH = 500
"""Resources of one transaction: few enough not to hold up those who write."""

_LAST = "select coalesce(max(rid), 0) from record.resource"
_NEXT = """
select rid, type, id, body, key, version from record.resource where rid > %s and rid <= %s order by rid limit %s for no key update
"""
_FORGET = (
    "delete from record.string_value where rid = any(%s)",
    "delete from record.date_value where rid = any(%s)",
    "delete from record.number_value where rid = any(%s)",
    "delete from record.care where rid = any(%s)",
)
_RESOURCE = """
update record.resource set patient = %s, date_low = coalesce(%s::timestamptz, '-infinity'),
    date_high = coalesce(%s::timestamptz, '-infinity'), tokens = %s::bigint[], refs = %s::bigint[], shelf = %s, analyte = %s,
    secrecy = %s
where type = %s and rid = %s
"""
# What decides who sees the current version; bodies and the order of changes stay, and past versions keep theirs.
_CHANGE = """
update record.change set patient = %(patient)s, secrecy = %(secrecy)s, encounter = %(encounter)s
where key = %(key)s and version = %(version)s
    and (patient, secrecy, encounter) is distinct from (%(patient)s::uuid, %(secrecy)s::smallint, %(encounter)s::bigint)
"""
_CARE = """
insert into record.care (patient, who, low, high, ground, key, rid)
values (%s, %s, coalesce(%s::timestamptz, '-infinity'), coalesce(%s::timestamptz, 'infinity'), %s, %s, %s)
"""
_STRINGS = "insert into record.string_value (key, value, rid, patient) values (%s, %s, %s, %s)"
_DATES = "insert into record.date_value (key, low, high, rid, patient) values (%s, %s, %s, %s, %s)"
_NUMBERS = "insert into record.number_value (key, unit, low, high, value, rid, patient) values (%s, %s, %s, %s, %s, %s, %s)"
_LABELS = "insert into record.label (key, value, token) values (%s, %s, %s) on conflict do nothing"


def reindex(connection: Connection[Any], caller: Caller, progress: Callable[[int], None]) -> int:
    """Index every resource anew, some at a time, while others read and write; return how many.

    ``progress`` is told the size of each batch once it is committed. May be interrupted and run again.
    """
    caller.demand("u", "*")
    last = int(retry(connection, lambda cursor: cursor.execute(_LAST).fetchall())[0][0])
    done, after = 0, 0
    while True:
        count, after = retry(connection, partial(_batch, after=after, last=last))
        if not count:
            return done
        done += count
        progress(count)


def _batch(cursor: Cursor[Any], after: int, last: int) -> tuple[int, int]:
    rows = cursor.execute(_NEXT, (after, last, BATCH)).fetchall()
    written, resources, changes, care, strings, dates, numbers, labels = [], [], [], [], [], [], [], set()
    for rid, type_, id_, body, key, version in rows:
        found = index(json.loads(body), type_, id_)
        span = (found.patient, found.low, found.high)
        keys = list(found.tokens), list(found.refs)
        written.append(Row(type_, rid, found.patient))
        resources.append((*span, *keys, found.shelf, found.analyte, found.secrecy, type_, rid))
        rule = {"patient": found.patient, "secrecy": found.secrecy, "encounter": found.encounter}
        changes.append({"key": key, "version": version, **rule})
        care += [(*value, key, rid) for value in found.care]
        strings += [(*value, rid, found.patient) for value in found.strings]
        dates += [(*value, rid, found.patient) for value in found.dates]
        numbers += [(*value, rid, found.patient) for value in found.numbers]
        labels.update(found.labels)
    for statement in _FORGET:
        cursor.execute(statement, ([row[0] for row in rows],))
    # One order of labels for all writers: no deadlock.
    for statement, values in (
        (_RESOURCE, resources),
        (_CHANGE, changes),
        (_CARE, care),
        (_STRINGS, strings),
        (_DATES, dates),
        (_NUMBERS, numbers),
        (_LABELS, sorted(labels)),
    ):
        if values:
            cursor.executemany(statement, values)
    restrict(cursor, written)
    return len(rows), rows[-1][0] if rows else after

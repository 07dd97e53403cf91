"""The organizations and places of the record as keys: what lies below a unit, what is sensitive. Plain SQL, no Django.

Everything is found through the record's own index of references, level by level, so that it is as the record is now.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from psycopg import Cursor

from larrey.fhir import secrecy
from larrey.kit import json
from larrey.store.keys import parameter_key, present_key

_PART = parameter_key("Organization", "partof")
_MANAGED = parameter_key("Location", "organization")
_INSIDE = parameter_key("Location", "partof")
_LABELLED = present_key(parameter_key("Organization", "_security"))

_BELOW = """
with recursive unit(key) as (
    select unnest(%(roots)s::bigint[])
    union
    select r.key from unit join record.resource r on r.type = 'Organization' and r.tokens @> array[unit.key # %(part)s]
), place(key) as (
    select unnest(%(places)s::bigint[])
    union
    select r.key from unit join record.resource r on r.type = 'Location' and r.tokens @> array[unit.key # %(managed)s]
    union
    select r.key from place join record.resource r on r.type = 'Location' and r.tokens @> array[place.key # %(inside)s]
        and not r.tokens @> array[%(kept)s]
)
select key from unit union select key from place
"""
# The count, too: numbers are given out before they are committed, so that a smaller one may come after the greatest.
_MARK = "select coalesce(max(seq), 0), count(*) from record.change where type in ('Organization', 'Location')"
_LABELS = "select key, body from record.resource where type = 'Organization' and tokens @> array[%s]"


def mark(cursor: Cursor[Any]) -> tuple[int, int]:
    """Changes whenever an organization or a place was written. One cheap statement."""
    row = cursor.execute(_MARK).fetchone()
    assert row is not None  # an aggregate always answers
    return row[0], row[1]


def below(cursor: Cursor[Any], organizations: Iterable[int], places: Iterable[int] = ()) -> frozenset[int]:
    """The keys of these organizations and places and of all that is part of them: units, wards, rooms, beds.

    A place inside one of theirs that another organization manages is that other's, and not among them.
    """
    roots, inside = list(organizations), list(places)
    if not roots and not inside:
        return frozenset()
    found = cursor.execute(
        _BELOW,
        {
            "roots": roots,
            "places": inside,
            "part": _PART,
            "managed": _MANAGED,
            "inside": _INSIDE,
            "kept": present_key(_MANAGED),
        },
    )
    return frozenset(row[0] for row in found.fetchall())


def sensitive(cursor: Cursor[Any]) -> frozenset[int]:
    """The keys of the sensitive units of the whole record and of all that lies below them."""
    labelled = cursor.execute(_LABELS, (_LABELLED,)).fetchall()
    return below(cursor, [key for key, body in labelled if secrecy.sensitive(json.loads(body))])

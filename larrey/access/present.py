"""Who is in one's units now, as ``record.care`` has it: by the units, without a search through all stays of the group."""

from __future__ import annotations

from typing import Any

from psycopg import Cursor

from larrey.kit import clock
from larrey.store.caller import Caller

_PRESENT = """
select r.id from (
    select distinct c.key from record.care c
    where c.who = any(%(units)s::bigint[]) and c.ground = 'E' and c.high > %(now)s and c.low <= %(now)s limit %(count)s
) here join record.resource r on r.type = 'Encounter' and r.key = here.key
order by r.date_low desc, r.rid desc
"""


def stays(cursor: Cursor[Any], caller: Caller, count: int) -> list[str]:
    """References of the stays that are now in the units and places of ``caller``, at most ``count``. One statement.

    That she works there opens them to her; what of a stay she reads is for the record to say.
    """
    units = [key for key in caller.sight.keys if key not in {caller.sight.person, caller.sight.glass}]
    if not units:
        return []
    rows = cursor.execute(_PRESENT, {"units": units, "now": clock.now(), "count": count}, prepare=True).fetchall()
    return [f"Encounter/{id_}" for (id_,) in rows]

"""References keep meaning something: no write may point at nothing, no deletion may leave others pointing at nothing."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Any

from psycopg import Cursor

from larrey.kit.errors import Conflict, Issue, Unprocessable
from larrey.store.keys import ANY_REFERENCE, resource_key
from larrey.store.write.prepare import Prepared

NAMED_REFERRERS = 5


def check_targets(cursor: Cursor[Any], versions: Sequence[Prepared], places: Sequence[str] = ()) -> None:
    """Every literal local reference of ``versions`` must name a current resource, in the record or among them.

    Targets are held (KEY SHARE) until the end of the transaction, so that nobody deletes them meanwhile. Raises
    ``Unprocessable`` naming each missing one; ``places`` says where each version stands in a larger input.
    """
    ours = {(p.type, p.id) for p in versions}
    wanted = {target for p in versions for target in p.literals if target not in ours}
    if not wanted:
        return
    keys = {resource_key(*target): target for target in wanted}
    rows = cursor.execute(
        "select type, id from record.resource where type = any(%s) and key = any(%s::bigint[]) order by key for key share",
        (sorted({type_ for type_, _ in wanted}), list(keys)),
    )
    missing = wanted - {(row[0], row[1]) for row in rows}
    if not missing:
        return
    issues = tuple(
        Issue("not-found", f"It refers to {type_}/{id_}, which is not in the record.", places[n] if places else p.type)
        for n, p in enumerate(versions)
        for type_, id_ in sorted(p.literals & missing)
    )
    raise Unprocessable(issues[0].diagnostics, issues=issues)


def check_referrers(cursor: Cursor[Any], deleted: Collection[tuple[str, str]]) -> None:
    """No current resource may refer to one of ``deleted``. Call it after the deletions of the transaction are done.

    Raises ``Conflict`` that names up to five referrers.
    """
    for type_, id_ in deleted:
        rows = cursor.execute(
            "select type, id from record.resource where tokens @> array[%s::bigint] limit %s",
            (ANY_REFERENCE ^ resource_key(type_, id_), NAMED_REFERRERS + 1),
        ).fetchall()
        if rows:
            names = ", ".join(f"{row[0]}/{row[1]}" for row in rows[:NAMED_REFERRERS])
            more = " and others" if len(rows) > NAMED_REFERRERS else ""
            raise Conflict(f"{type_}/{id_} cannot be deleted: {names}{more} refer to it.", type=type_, id=id_)

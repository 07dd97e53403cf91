"""References keep meaning something: no write may point at nothing, no deletion may leave others pointing at nothing."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Any

from psycopg import Cursor

from larrey.kit.errors import Conflict, Issue, Unprocessable
from larrey.store.caller import Caller
from larrey.store.keys import ANY_REFERENCE, resource_key
from larrey.store.search.policy import visible
from larrey.store.search.sql import sql
from larrey.store.write.prepare import Prepared

NAMED_REFERRERS = 5


def check_targets(cursor: Cursor[Any], caller: Caller, versions: Sequence[Prepared], places: Sequence[str] = ()) -> None:
    """Every literal local reference of ``versions`` must name a current resource that ``caller`` sees, or one among them.

    So must a Binary that they attach; what she does not see is told like what is not there.

    Targets are held (KEY SHARE) until the end of the transaction, so that nobody deletes them meanwhile. Raises
    ``Unprocessable`` naming each missing one; ``places`` says where each version stands in a larger input.
    """
    ours = {(p.type, p.id) for p in versions}
    named = {p.key: set(p.literals) for p in versions}
    if not caller.sight.everyone:
        for p in versions:
            named[p.key].update(("Binary", id_) for id_ in p.indexed.attached)
    wanted = {target for targets in named.values() for target in targets if target not in ours}
    if not wanted:
        return
    keys = {resource_key(*target): target for target in wanted}
    types = sorted({type_ for type_, _ in wanted})
    statement = sql(
        "select r.type, r.id from record.resource r where r.type = any(%s) and r.key = any(%s::bigint[]) and %s"
        " order by r.key for key share of r",
        types,
        list(keys),
        visible("r", caller, types),
    )
    rows = cursor.execute(statement.text.encode(), statement.values)
    missing = wanted - {(row[0], row[1]) for row in rows}
    if not missing:
        return
    issues = tuple(
        Issue("not-found", f"It refers to {type_}/{id_}, which is not in the record.", places[n] if places else p.type)
        for n, p in enumerate(versions)
        for type_, id_ in sorted(named[p.key] & missing)
    )
    raise Unprocessable(issues[0].diagnostics, issues=issues)


def check_referrers(cursor: Cursor[Any], caller: Caller, deleted: Collection[tuple[str, str]]) -> None:
    """No current resource may refer to one of ``deleted``. Call it after the deletions of the transaction are done.

    Raises ``Conflict`` that names up to five referrers, of those that the caller sees.
    """
    for type_, id_ in deleted:
        mark = ANY_REFERENCE ^ resource_key(type_, id_)
        if cursor.execute("select from record.resource where tokens @> array[%s::bigint] limit 1", (mark,)).fetchone() is None:
            continue
        statement = sql(
            "select r.type, r.id from record.resource r where r.tokens @> array[%s::bigint] and %s limit %s::bigint",
            mark,
            visible("r", caller, None),
            NAMED_REFERRERS + 1,
        )
        rows = cursor.execute(statement.text.encode(), statement.values).fetchall()
        names = ", ".join(f"{row[0]}/{row[1]}" for row in rows[:NAMED_REFERRERS]) or "others"
        more = " and others" if len(rows) > NAMED_REFERRERS else ""
        raise Conflict(f"{type_}/{id_} cannot be deleted: {names}{more} refer to it.", type=type_, id=id_)

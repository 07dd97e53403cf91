"""Writing one resource: create, update, patch, delete, and their conditional forms.

Sources: http://hl7.org/fhir/R4/http.html#create, #update, #cond-update, #patch, #delete.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from psycopg import Cursor

from larrey.kit import json
from larrey.kit.errors import Conflict, Gone, Invalid, MultipleMatches, NotFound, PreconditionFailed, Unsupported
from larrey.kit.ids import new_id
from larrey.store.caller import Caller
from larrey.store.keys import resource_key
from larrey.store.rules import STRICT, Rules
from larrey.store.search import matching
from larrey.store.stored import Stored, Written
from larrey.store.write import batch, locks
from larrey.store.write.integrity import check_referrers, check_targets
from larrey.store.write.permission import check_current, check_written
from larrey.store.write.prepare import Prepared, checked_id, checked_type, moment, prepare

MOST_DELETED = 100
"""Most resources that one conditional delete may remove."""


def create(
    cursor: Cursor[Any],
    caller: Caller,
    resource: dict[str, Any],
    *,
    id: str | None = None,
    if_none_exist: str | None = None,
    rules: Rules = STRICT,
) -> Written:
    """Write a new resource under a server-made id (``id`` is for rooms that must know it before).

    With ``if_none_exist`` (search criteria) nothing is written when one resource matches already: the outcome is
    ``found``. Raises ``MultipleMatches`` when several match, ``Conflict`` when ``id`` is taken.
    """
    type_ = checked_type(resource)
    caller.demand("c", type_)
    if if_none_exist is not None:
        locks.advisory(cursor, [locks.criteria_key(type_, if_none_exist)])
        found = one_match(cursor, caller, type_, if_none_exist)
        if found is not None:
            return Written(type_, found.id, found.version, found.updated, "found", found)
    if id is None:
        return _put(cursor, caller, resource, new_id(), locks.NEVER, rules)
    here = locks.current(cursor, type_, checked_id(id, type_))
    if here.rid is not None:
        raise Conflict(f"A {type_} of this id exists already.")
    return _put(cursor, caller, resource, id, here, rules)


def update(
    cursor: Cursor[Any],
    caller: Caller,
    resource: dict[str, Any],
    *,
    if_match: int | None = None,
    rules: Rules = STRICT,
) -> Written:
    """Write the next version of the resource that ``resource["id"]`` names; create it (or undelete it) when absent.

    ``if_match`` is the version the client saw; another current one raises ``PreconditionFailed``.
    """
    type_ = checked_type(resource)
    id_ = checked_id(resource.get("id"), type_)
    here = locks.current(cursor, type_, id_)
    # Who does not see everybody does not learn from the right that is missing whether something is there.
    caller.demand("c" if here.rid is None and caller.sight.everyone else "u", type_)
    check_current(cursor, caller, "u", {(type_, id_): here})
    check_version(type_, id_, here, if_match)
    return _put(cursor, caller, resource, id_, here, rules)


def update_where(
    cursor: Cursor[Any],
    caller: Caller,
    resource: dict[str, Any],
    criteria: str,
    *,
    if_match: int | None = None,
    rules: Rules = STRICT,
) -> Written:
    """Conditional update: update the one match, or create when nothing matches.

    Raises ``MultipleMatches`` when several match, ``Invalid`` when the resource carries another id than the match,
    ``Conflict`` when nothing matches and the id it carries is taken.
    """
    type_ = checked_type(resource)
    caller.demand("u", type_)
    locks.advisory(cursor, [locks.criteria_key(type_, criteria)])
    found = one_match(cursor, caller, type_, criteria)
    given = resource.get("id")
    if found is None and given is not None and not caller.sight.everyone:
        raise NotFound(f"No {type_} matches the criteria.")
    if found is None:
        return create(cursor, caller, resource, id=given, rules=rules)
    if given is not None and given != found.id:
        raise Invalid(f"The criteria match {type_}/{found.id}, but the resource has id {given}.", expression=f"{type_}.id")
    return update(cursor, caller, {**resource, "id": found.id}, if_match=if_match, rules=rules)


def patch(
    cursor: Cursor[Any],
    caller: Caller,
    type_: str,
    id_: str,
    change: Callable[[dict[str, Any]], dict[str, Any]],
    *,
    if_match: int | None = None,
    rules: Rules = STRICT,
) -> Written:
    """Write what ``change`` (a function of ``fhir.patch`` with its operations bound) makes of the current version."""
    caller.demand("u", type_)
    refuse_binary(type_)
    here = locks.current(cursor, type_, id_)
    check_current(cursor, caller, "u", {(type_, id_): here})
    if here.body is None:
        raise (NotFound if here.version == 0 else Gone)(f"{type_}/{id_} is not in the record.")
    check_version(type_, id_, here, if_match)
    changed = change(json.loads(here.body))
    if changed.get("resourceType") != type_ or changed.get("id") != id_:
        raise Invalid("A patch may not change the resource type or the id.", expression=type_)
    return _put(cursor, caller, changed, id_, here, rules)


def patch_where(
    cursor: Cursor[Any],
    caller: Caller,
    type_: str,
    criteria: str,
    change: Callable[[dict[str, Any]], dict[str, Any]],
    *,
    if_match: int | None = None,
    rules: Rules = STRICT,
) -> Written:
    """Conditional patch of the one match. Raises ``NotFound`` when nothing matches, ``MultipleMatches`` for several."""
    caller.demand("u", type_)
    locks.advisory(cursor, [locks.criteria_key(type_, criteria)])
    found = one_match(cursor, caller, type_, criteria)
    if found is None:
        raise NotFound(f"No {type_} matches the criteria.")
    return patch(cursor, caller, type_, found.id, change, if_match=if_match, rules=rules)


def refuse_binary(type_: str) -> None:
    """Raise ``Unsupported`` for a Binary: its content is not in its JSON, where a patch could reach it."""
    if type_ == "Binary":
        raise Unsupported("A Binary cannot be patched; send it whole.")


def delete(
    cursor: Cursor[Any], caller: Caller, type_: str, id_: str, *, if_match: int | None = None, check: bool = True
) -> Written:
    """Delete a resource; its history stays. Deleting what is deleted already changes nothing.

    Raises ``NotFound`` when it never was, ``Conflict`` naming the referrers when others refer to it. A transaction
    passes ``check=False`` and checks the referrers when all its deletions are done.
    """
    caller.demand("d", type_)
    here = locks.current(cursor, type_, id_, deleting=True)
    check_current(cursor, caller, "d", {(type_, id_): here})
    if here.version == 0:
        raise NotFound(f"{type_}/{id_} is not known.")
    check_version(type_, id_, here, if_match)
    if here.rid is None:
        assert here.updated is not None  # it has a version, hence a date
        return Written(type_, id_, here.version, here.updated, "deleted", None)
    updated = moment(here.updated)
    version = here.version + 1
    batch.remove(
        cursor,
        caller.actor,
        type_=type_,
        id_=id_,
        key=resource_key(type_, id_),
        rid=here.rid,
        version=version,
        updated=updated,
    )
    if check:
        check_referrers(cursor, caller, [(type_, id_)])
    return Written(type_, id_, version, updated, "deleted", None)


def delete_where(
    cursor: Cursor[Any], caller: Caller, type_: str, criteria: str, *, most: int = 1, check: bool = True
) -> list[Written]:
    """Conditional delete of every match, at most ``most`` (``MultipleMatches`` beyond, and nothing is deleted)."""
    caller.demand("d", type_)
    locks.advisory(cursor, [locks.criteria_key(type_, criteria)])
    found = matching(cursor, caller, type_, criteria, limit=most + 1)
    if len(found) > most:
        raise MultipleMatches(f"The criteria match more than {most} {type_}; nothing was deleted.")
    written = [delete(cursor, caller, type_, stored.id, check=False) for stored in found]
    if check:
        check_referrers(cursor, caller, [(type_, stored.id) for stored in found])
    return written


def one_match(cursor: Cursor[Any], caller: Caller, type_: str, criteria: str) -> Stored | None:
    """The one resource that matches, None when none does; raises ``MultipleMatches`` for several."""
    if not criteria.strip():
        raise Invalid("A conditional operation needs search criteria.")
    found = matching(cursor, caller, type_, criteria, limit=2)
    if len(found) > 1:
        raise MultipleMatches(f"The criteria match several {type_}: {criteria}")
    return found[0] if found else None


def check_version(type_: str, id_: str, here: locks.Current, if_match: int | None) -> None:
    """Raise ``PreconditionFailed`` unless ``if_match`` is None or the current version."""
    if if_match is None:
        return
    if here.rid is None:
        raise PreconditionFailed(f"{type_}/{id_} has no current version to match.")
    if if_match != here.version:
        raise PreconditionFailed(f"{type_}/{id_} is now at version {here.version}, not {if_match}.", version=here.version)


def _put(cursor: Cursor[Any], caller: Caller, resource: dict[str, Any], id_: str, here: locks.Current, rules: Rules) -> Written:
    updated = moment(here.updated)
    prepared = prepare(resource, id_, here.version + 1, updated, rules)
    prepared.rid = here.rid
    if rules.references == "refuse":
        check_targets(cursor, caller, [prepared])
    check_written(cursor, caller, [prepared])
    prepared.actor = caller.actor
    batch.write(cursor, [prepared])
    return outcome(prepared, "created" if here.rid is None else "updated")


def outcome(prepared: Prepared, kind: Any) -> Written:
    """The ``Written`` for a version that has been written."""
    p = prepared
    assert p.rid is not None  # batch.write has set it
    stored = Stored(p.type, p.id, p.version, p.updated, p.body, p.key, p.rid)
    return Written(p.type, p.id, p.version, p.updated, kind, stored)

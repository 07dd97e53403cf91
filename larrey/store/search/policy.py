"""The caller's rights as SQL. The single place where a search learns which rows she may see."""

from __future__ import annotations

from collections.abc import Collection

from larrey.fhir.definitions import resource_types
from larrey.kit.errors import Forbidden
from larrey.store.caller import LETTERS, Caller, Letter
from larrey.store.search.sql import FALSE, Sql, sql


def policy(alias: str, caller: Caller, letter: Letter, types: Collection[str] | None) -> Sql:
    """The predicate that keeps the rows ``alias`` of ``record.resource`` to ``types`` (None: any) that ``caller`` may see.

    One type that she may not see is ``Forbidden``; of several, only those that she may see remain, and ``Forbidden``
    is raised when there is none.
    """
    granted = caller.types(letter)
    if types is None:
        if granted is None:
            return sql("true")
        types = granted
    elif granted is not None:
        wanted, types = types, [type_ for type_ in types if type_ in granted]
        if wanted and not types:
            raise Forbidden(f"You may not {LETTERS[letter]} resources of type {' or '.join(sorted(wanted))}.")
    return of_types(alias, types)


def of_types(alias: str, types: Collection[str]) -> Sql:
    """The row is of one of ``types``. Written as constants, so that the planner sees at once which partitions matter."""
    known = sorted(set(types) & resource_types())
    if not known:
        return FALSE
    if len(known) == 1:
        return Sql(f"{alias}.type = '{known[0]}'")
    listed = "', '".join(known)
    return Sql(f"{alias}.type in ('{listed}')")

"""``_include`` and ``_revinclude``: what the matches refer to, and what refers to them.

Followed from the page that was found, a few statements by key; each included resource once, never one that is a
match already, and only of types that the caller may search.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from psycopg import Cursor

from larrey.fhir.definitions import search_parameters
from larrey.fhir.query.nodes import Include
from larrey.fhir.references import literal
from larrey.kit import json
from larrey.kit.errors import TooCostly
from larrey.store.caller import Caller
from larrey.store.keys import ANY_REFERENCE, parameter_key, resource_key
from larrey.store.search.limits import Limits
from larrey.store.search.policy import policy
from larrey.store.search.sql import FALSE, Sql, sql
from larrey.store.stored import Stored

COLUMNS = "r.type, r.id, r.version, r.updated, r.body, r.key, r.rid"
Target = tuple[str, str]
"""Type and id."""


def included(
    cursor: Cursor[Any], caller: Caller, matches: Sequence[Stored], includes: Sequence[Include], limits: Limits
) -> list[Stored]:
    """Everything that ``includes`` add to ``matches``. Raises ``TooCostly`` beyond ``limits``."""
    if not includes or not matches:
        return []
    walk = _Walk(cursor, caller, limits, {stored.key for stored in matches})
    fresh: Sequence[Stored] = matches
    for round_ in range(limits.include_depth + 1):
        active = [include for include in includes if include.iterate or round_ == 0]
        if not active or not fresh:
            return walk.found
        if round_ == limits.include_depth:
            break
        fresh = walk.step(fresh, active)
    if not walk.step(fresh, active):
        return walk.found
    raise TooCostly(
        f"Following ':iterate' goes on after {limits.include_depth} rounds (setting LARREY_MAX_INCLUDE_DEPTH).",
        expression="_include:iterate",
    )


class _Walk:
    def __init__(self, cursor: Cursor[Any], caller: Caller, limits: Limits, seen: set[int]) -> None:
        self.cursor, self.caller, self.limits, self.seen = cursor, caller, limits, seen
        self.found: list[Stored] = []

    def step(self, sources: Sequence[Stored], includes: Iterable[Include]) -> list[Stored]:
        """What ``includes`` find from ``sources`` and was not known before."""
        start = len(self.found)
        wanted: set[Target] = set()
        forward = [include for include in includes if not include.reverse]
        if forward:
            tokens = self._tokens(sources) if any(include.code != "*" for include in forward) else {}
            for stored in sources:
                wanted |= _targets(stored, forward, tokens.get(stored.rid, frozenset()))
        for type_ in sorted({target[0] for target in wanted}):
            keys = [key for target in wanted if target[0] == type_ and (key := resource_key(*target)) not in self.seen]
            if keys and self._allowed(type_) != FALSE:
                self._add(sql("%s and r.key = any(%s::bigint[])", self._allowed(type_), keys))
        for include in includes:
            if include.reverse:
                self._referrers(sources, include)
        return self.found[start:]

    def _tokens(self, sources: Sequence[Stored]) -> dict[int, frozenset[int]]:
        """Row → its keys, by which one tells which parameter a reference belongs to."""
        found: dict[int, frozenset[int]] = {}
        for type_ in {stored.type for stored in sources}:
            rids = [stored.rid for stored in sources if stored.type == type_]
            rows = self.cursor.execute(
                f"select rid, tokens from record.resource where type = '{type_}' and rid = any(%s::bigint[])".encode(), (rids,)
            )
            found.update((rid, frozenset(tokens)) for rid, tokens in rows)
        return found

    def _allowed(self, type_: str) -> Sql:
        return policy("r", self.caller, "s", [type_]) if self.caller.may("s", type_) else FALSE

    def _referrers(self, sources: Sequence[Stored], include: Include) -> None:
        targets = [stored.key for stored in sources if include.target in (None, stored.type)]
        if not targets:
            return
        if include.source == "*":
            allowed = policy("r", self.caller, "s", None)
        else:
            self.caller.demand("s", include.source)
            allowed = policy("r", self.caller, "s", [include.source])
        mark = ANY_REFERENCE if include.code == "*" else parameter_key(include.source, include.code)
        self._add(sql("%s and r.tokens && %s::bigint[]", allowed, [key ^ mark for key in targets]))

    def _add(self, where: Sql) -> None:
        room = self.limits.includes - len(self.found)
        chosen = f"select {COLUMNS} from record.resource r where %s order by r.rid limit %s::bigint"
        statement = sql(chosen, where, room + len(self.seen) + 1)
        for row in self.cursor.execute(statement.text.encode(), statement.values):
            stored = Stored(*row)
            if stored.key not in self.seen:
                self.seen.add(stored.key)
                self.found.append(stored)
        if len(self.found) > self.limits.includes:
            raise TooCostly(
                f"More than {self.limits.includes} resources would be included (setting LARREY_MAX_INCLUDES); "
                "ask for a smaller _count.",
                expression="_include",
            )


def _targets(stored: Stored, includes: Sequence[Include], tokens: frozenset[int]) -> set[Target]:
    """What ``stored`` refers to by the parameters of ``includes``."""
    mine = [include for include in includes if include.source in ("*", stored.type)]
    if not mine:
        return set()
    found: set[Target] = set()
    for target in literal(json.loads(stored.body)):
        key = resource_key(*target)
        for include in mine:
            if include.target in (None, target[0]) and (
                include.code == "*" or key ^ parameter_key(stored.type, include.code) in tokens
            ):
                found.add(target)
                break
    return found


def offers_includes(type_: str) -> list[str]:
    """The codes of ``type_`` that ``_include`` can follow, for a capability statement."""
    return sorted(code for code, parameter in search_parameters(type_).items() if parameter.type == "reference")

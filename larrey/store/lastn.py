"""$lastn: the newest observations of each code (http://hl7.org/fhir/R4/observation-operation-lastn.html)."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from typing import Any

from psycopg import Cursor

from larrey.fhir.query import parse
from larrey.kit import json
from larrey.kit.errors import Invalid, TooCostly, Unsupported
from larrey.store.caller import Caller
from larrey.store.search import Limits, Page
from larrey.store.search.compiling import Compiler, the_patient
from larrey.store.search.policy import policy
from larrey.store.search.sql import every, sql
from larrey.store.search.terminology import Terminology
from larrey.store.stored import Stored
from larrey.store.transactions import translated

# Ties count: rank() gives equal times one rank. What has no date comes last (-infinity).
_NEWEST = """
select code, rid, extract(epoch from date_low)::float8 from (
    select rid, date_low, code, rank() over (partition by code order by date_low desc) as place from (
        select r.rid, r.date_low, (convert_from(r.body, 'UTF8')::json -> 'code')::text as code
        from record.resource r where %s
    ) as matching
) as ranked where place <= %s::bigint
"""
_BODIES = """
select type, id, version, updated, body, key, rid from record.resource where type = 'Observation' and rid = any(%s::bigint[])
"""


def lastn(
    cursor: Cursor[Any],
    caller: Caller,
    pairs: Sequence[tuple[str, str]],
    *,
    most: int = 1,
    limits: Limits,
    lenient: bool = False,
) -> Page:
    """The newest ``most`` observations of each group of codes, and those as old as the last of them; newest first.

    ``pairs`` are search parameters of Observation with a patient (or subject) and a category or code. Two codes are in
    one group when they share a coding, directly or through others; codes without a coding group by their text.
    Raises what a search raises, ``Invalid`` without the required parameters, ``TooCostly`` beyond ``limits.page_max``.
    """
    caller.demand("s", "Observation")
    names = {name.partition(":")[0].partition(".")[0] for name, _ in pairs}
    if not names & {"patient", "subject"}:
        raise Invalid("$lastn needs a patient or a subject.", expression="http.patient")
    if not any(name == "category" or "code" in name for name in names):
        raise Invalid("$lastn needs a category or a code.", expression="http.category")
    query = parse(
        "Observation",
        pairs,
        lenient=lenient,
        page_max=limits.page_max,
        chain_depth=limits.chain_depth,
        or_values=limits.or_values,
    )
    if query.sort or query.includes or query.cursor is not None or query.count is not None:
        raise Unsupported("$lastn gives all it finds, newest first: no _sort, _count, _include or _revinclude.")
    compiler = Compiler(caller, Terminology(cursor, caller, limits.expansion).expand)
    where = every(
        [policy("r", caller, "s", query.types, patient=the_patient(query.criteria)), compiler.conjunction("r", query.criteria)]
    )
    statement = sql(_NEWEST, where, most)
    with translated():
        rows = cursor.execute(statement.text.encode(), statement.values).fetchall()
        chosen = _newest(rows, most)
        if len(chosen) > limits.page_max:
            raise TooCostly(f"$lastn finds {len(chosen)} observations, more than {limits.page_max}; narrow it.")
        found = {row[6]: Stored(*row) for row in cursor.execute(_BODIES, (chosen,))}
    matches = [found[rid] for rid in chosen if rid in found]
    return Page(matches, [], len(matches), None, None, query, list(query.warnings))


def _newest(rows: Sequence[tuple[str | None, int, float]], most: int) -> list[int]:
    """The rids to give, newest first, out of rows (code as JSON, rid, time)."""
    group_of = _groups({code for code, _, _ in rows})
    groups: dict[int, list[tuple[float, int]]] = defaultdict(list)
    for code, rid, time in rows:
        groups[group_of[code]].append((time, rid))
    chosen: list[tuple[float, int]] = []
    for members in groups.values():
        members.sort(reverse=True)
        last = members[min(most, len(members)) - 1][0]
        chosen += [member for member in members if member[0] >= last]
    return [rid for _, rid in sorted(chosen, reverse=True)]


def _groups(codes: set[str | None]) -> dict[str | None, int]:
    """Each code's group: codes that share a coding are equal, and equality is transitive."""
    parent: dict[object, object] = {}

    def root(name: object) -> object:
        while parent.setdefault(name, name) != name:
            name = parent[name]
        return name

    names = {code: _names(code) for code in codes}
    for first, *others in names.values():
        for other in others:
            parent[root(other)] = root(first)
    numbers: dict[object, int] = {}
    return {code: numbers.setdefault(root(own[0]), len(numbers)) for code, own in names.items()}


def _names(code: str | None) -> list[tuple[object, ...]]:
    """What a CodeableConcept is called: its codings, else its text."""
    concept = json.loads(code) if code else {}
    codings: list[tuple[object, ...]] = [
        ("coding", coding.get("system"), coding["code"]) for coding in concept.get("coding", ()) if coding.get("code")
    ]
    return codings or [("text", concept.get("text"))]

"""The search itself: parse, compile, one statement for the page, then what was asked for beside it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qsl

from psycopg import Cursor as DatabaseCursor
from psycopg import errors

from larrey.fhir.definitions import compartment as compartment_types
from larrey.fhir.definitions import resource_types
from larrey.fhir.query import Query, parse
from larrey.kit.errors import Invalid, Issue
from larrey.store.caller import Caller
from larrey.store.keys import parameter_key, reference_key, resource_key
from larrey.store.search.compiling import Compiler, owned, the_patient
from larrey.store.search.cursors import Cursor, decode, encode, fingerprint, refusal
from larrey.store.search.deadline import deadline
from larrey.store.search.driving import Driver, drivers, of_her_patients, page
from larrey.store.search.including import COLUMNS, included
from larrey.store.search.limits import Limits
from larrey.store.search.meeting import meet
from larrey.store.search.policy import policy, together
from larrey.store.search.sorting import Order, ordering
from larrey.store.search.sql import FALSE, Sql, every, some, sql
from larrey.store.search.terminology import Terminology
from larrey.store.stored import Stored
from larrey.store.transactions import translated

DEFAULT = Limits()
COMPARTMENTS = ("Device", "Encounter", "Patient", "Practitioner", "RelatedPerson")


@dataclass(frozen=True, slots=True)
class Page:
    """One page of a search.

    ``total``: the number of matches on all pages, when it was asked for or came for free. ``next`` and ``previous``: cursors
    to send back as the parameter ``_cursor`` with the same other parameters, None at the ends.
    """

    matches: list[Stored]
    included: list[Stored]
    total: int | None
    next: str | None
    previous: str | None
    query: Query
    warnings: list[Issue] = field(default_factory=list)


def search(
    cursor: DatabaseCursor[Any],
    caller: Caller,
    type_: str | None,
    pairs: Sequence[tuple[str, str]],
    *,
    limits: Limits = DEFAULT,
    lenient: bool = False,
    compartment: tuple[str, str] | None = None,
) -> Page:
    """Search ``type_`` (None: all types, or those of ``_type``), within ``compartment`` (name, id) when given.

    ``pairs``: the decoded parameters. Raises ``Invalid``, ``Unsupported``, ``Forbidden`` and ``TooCostly`` as the query
    deserves; with ``lenient``, what is unsupported is ignored and told in ``warnings``.
    """
    query = parse(
        type_,
        pairs,
        lenient=lenient,
        page_max=limits.page_max,
        chain_depth=limits.chain_depth,
        or_values=limits.or_values,
    )
    with translated(), deadline(cursor.connection, limits.seconds):
        return _Search(cursor, caller, query, limits, compartment).page()


def matching(
    cursor: DatabaseCursor[Any], caller: Caller, type_: str, criteria: str, *, limit: int = 2, limits: Limits = DEFAULT
) -> list[Stored]:
    """At most ``limit`` current resources of ``type_`` that meet ``criteria`` (the query part of a URL), newest first.

    For conditional operations: raises ``Invalid`` when ``criteria`` chooses nothing or holds a parameter that does not
    choose resources (``_sort``, ``_include``, …).
    """
    pairs = parse_qsl(criteria.lstrip("?"), keep_blank_values=True)
    query = parse(type_, pairs, chain_depth=limits.chain_depth, or_values=limits.or_values)
    if len(query.criteria) != len(pairs) or not pairs:
        raise Invalid("The criteria must be search parameters that choose resources.", expression=criteria[:200])
    with translated(), deadline(cursor.connection, limits.seconds):
        return _Search(cursor, caller, query, limits, None).first(limit)


class _Search:
    """One search by one caller."""

    def __init__(
        self,
        cursor: DatabaseCursor[Any],
        caller: Caller,
        query: Query,
        limits: Limits,
        compartment: tuple[str, str] | None,
    ) -> None:
        self.cursor, self.caller, self.query, self.limits = cursor, caller, query, limits
        self.compartment = compartment
        for type_ in query.types or ():
            caller.demand("s", type_)
        compiler = Compiler(caller, Terminology(cursor, caller, limits.expansion).expand)
        parts = [policy("r", caller, "s", query.types, patient=the_patient(query.criteria))]
        if compartment is not None:
            parts.append(within(compartment, query.types))
        chosen = compiler.conjunction("r", query.criteria)
        self.where = every([*parts, chosen])
        # Only walks of one patient's rows keep their plan; for all others it depends on the values searched.
        asked = every([*parts[1:], chosen]).text
        self.lasting = "r.patient = " in asked and "select" not in asked and "tokens" not in asked
        self.drivers: list[Driver] = []
        self.met = self.where
        # Who is herself the patient, or bound to one, asks for few rows whatever her criteria.
        self.narrow = owned(query.criteria) or bool(caller.sight.own) or caller.sight.only is not None
        if not self.narrow:
            self.drivers, others = drivers(compiler, query.criteria, query.types)
            hers = of_her_patients(compiler, others, query.types)
            self.drivers = [*([hers] if hers else []), *self.drivers]
            self.met = every([*parts, compiler.conjunction("r", others)])
        # A driver that chooses too many rows leaves it to one key to choose fewer.
        self.meet = meet(caller, query.types, query.criteria, least=1 if self.drivers else 2)

    def page(self) -> Page:
        """The page that the query's cursor points to, or the first."""
        query = self.query
        size = self.limits.page if query.count is None else query.count
        if size == 0 or query.summary == "count":
            return Page([], [], self._count(), None, None, query, list(query.warnings))
        about = fingerprint(query, self.compartment)
        order = ordering(query.sort, backwards=False)
        start = None if query.cursor is None else decode(query.cursor, about, len(order.keys))
        if start is not None and start.backwards:
            order = ordering(query.sort, backwards=True)
        try:
            rows = self._rows(order, None if start is None else start.values, size + 1)
        except errors.DataError:
            if start is None:
                raise
            raise refusal() from None
        more, rows = len(rows) > size, rows[:size]
        if order.backwards:
            rows.reverse()
        matches = [Stored(*row[:7]) for row in rows]

        def link(row: tuple[Any, ...], *, backwards: bool) -> str:
            return encode(Cursor(backwards, (*row[7:], str(row[6]))), about)

        following = more or order.backwards
        preceding = more if order.backwards else start is not None
        return Page(
            matches=matches,
            included=included(self.cursor, self.caller, matches, query.includes, self.limits),
            total=self._total(None if start is not None or more else len(matches)),
            next=link(rows[-1], backwards=False) if following and rows else None,
            previous=link(rows[0], backwards=True) if preceding and rows else None,
            query=query,
            warnings=list(query.warnings),
        )

    def first(self, limit: int) -> list[Stored]:
        """The newest ``limit`` matches."""
        self.meet = None  # criteria of conditional operations name something rare: no walk before it is looked up
        return [Stored(*row[:7]) for row in self._rows(ordering((), backwards=False), None, limit)]

    def _rows(self, order: Order, after: Sequence[str | None] | None, limit: int) -> list[tuple[Any, ...]]:
        """At most ``limit`` rows: the columns of ``Stored``, then the order's keys but the last, as text."""
        if self.where == FALSE:
            return []
        return self._execute(page(self.drivers, COLUMNS, self.met, order, limit, after=after, narrow=self.narrow, meet=self.meet))

    def _total(self, known: int | None) -> int | None:
        if known is not None:
            return known if self.query.total != "none" else None
        if self.query.total == "accurate":
            return self._count()
        if self.query.total == "estimate":
            return self._estimate()
        return None

    def _count(self) -> int:
        if self.where == FALSE:
            return 0
        return int(self._execute(together(sql("select count(*) from record.resource r where %s", self.where)))[0][0])

    def _estimate(self) -> int:
        """What the planner expects; counted for who does not see every row, since it expects by all of them."""
        if not self.caller.sight.everyone:
            return self._count()
        plan = self._execute(sql("explain (format json) select from record.resource r where %s", self.where))[0][0]
        return int(plan[0]["Plan"]["Plan Rows"])

    def _execute(self, statement: Sql) -> list[tuple[Any, ...]]:
        return self.cursor.execute(statement.text.encode(), statement.values, prepare=self.lasting).fetchall()


def within(compartment: tuple[str, str], types: Sequence[str] | None) -> Sql:
    """The rows ``r`` in a compartment (http://hl7.org/fhir/R4/compartmentdefinition.html); the resource itself is in its own."""
    name, id_ = compartment
    if name not in COMPARTMENTS:
        raise Invalid(f"{name[:64]!r} is not a compartment.")
    owner = resource_key(name, id_)
    listed = compartment_types(name)
    keys = [
        reference_key(parameter_key(type_, code), owner)
        for type_ in (resource_types() if types is None else types)
        for code in listed.get(type_, ())
        if code != "{def}"
    ]
    parts = [sql("r.tokens && %s::bigint[]", sorted(keys))] if keys else []
    if types is None or name in types:
        parts.append(sql(f"r.type = '{name}' and r.key = %s::bigint", owner))
    if not parts:
        raise Invalid(f"{' and '.join(types or ())} cannot be in the compartment of a {name}.")
    return some(parts)

"""From the tree of a parsed search to one SQL predicate on a row of ``record.resource``.

Equality is looked up in the row's array of keys (GIN), order in the side tables, the clinical date and the patient
in the row itself. See docs/why/search.md for the plans that this leads to.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from itertools import count
from typing import cast
from uuid import UUID

from larrey.fhir.definitions import CLINICAL_DATE, PATIENT_PARAMETER, SearchParameter, search_parameter
from larrey.fhir.query.nodes import (
    All,
    AnyOf,
    Chain,
    DateOperand,
    Has,
    HierarchyOperand,
    LabelOperand,
    Listed,
    Match,
    Node,
    Not,
    OfType,
    Operand,
    Present,
    ReferenceOperand,
    TokenOperand,
    ValueSetOperand,
)
from larrey.kit.errors import Unsupported
from larrey.kit.ids import patient_uuid
from larrey.store.caller import Caller
from larrey.store.keys import parameter_key, present_key, resource_key, token_key
from larrey.store.search.equality import equality_keys
from larrey.store.search.ordering import date_condition, instant_condition, text_condition, value_rows
from larrey.store.search.policy import policy
from larrey.store.search.sight import of_types
from larrey.store.search.sql import FALSE, TRUE, Sql, every, negation, some, sql

Expand = Callable[[SearchParameter, Operand], Collection[TokenOperand]]
"""The codes that a ``ValueSetOperand`` or ``HierarchyOperand`` stands for."""


def without_terminology(parameter: SearchParameter, operand: Operand) -> Collection[TokenOperand]:  # noqa: ARG001  an ``Expand``
    """For criteria that must not read the record: a value set or a hierarchy is ``Unsupported``."""
    raise Unsupported(f"The value of {parameter.code!r} needs terminology, which is not read here.", expression=parameter.code)


class Compiler:
    """Compiles for one caller. ``expand`` reads terminology from the record."""

    def __init__(self, caller: Caller, expand: Expand) -> None:
        self.caller = caller
        self.expand = expand
        self._numbers = count(1)

    def alias(self, letter: str) -> str:
        """A name that no other part of the statement has."""
        return f"{letter}{next(self._numbers)}"

    def conjunction(self, alias: str, nodes: Sequence[Node]) -> Sql:
        """All of ``nodes`` hold; those that are one key each become one lookup in the array.

        Beside given patients the array is not to be looked up in its index, which may hold a million rows for a
        frequent code: ``is true`` makes it a check of each of the patients' rows.
        """
        parts = [self.predicate(alias, node) for node in nodes if _single_key(node) is None]
        keys = single_keys(nodes)
        if keys:
            looked_up = sql(f"{alias}.tokens @> %s::bigint[]", keys)
            parts.append(sql("(%s) is true", looked_up) if owned(nodes) else looked_up)
        return every(parts)

    def predicate(self, alias: str, node: Node) -> Sql:
        """``node`` holds for the row ``alias``."""
        match node:
            case Match():
                found = self._match(alias, node)
                return _lacking(found) if node.negated else found
            case Present():
                return self._present(alias, node)
            case Chain():
                return self._chain(alias, node)
            case Has():
                return self._has(alias, node)
            case Listed():
                return self._listed(alias, node.id)
            case OfType():
                return every([of_types(alias, node.types), self.predicate(alias, node.inner)])
            case All():
                return self.conjunction(alias, node.nodes)
            case AnyOf():
                return some(self.predicate(alias, each) for each in node.nodes)
            case Not():
                return negation(self.predicate(alias, node.node))

    def _match(self, alias: str, node: Match) -> Sql:
        code = node.parameters[0].code
        if code == "_id":
            return _ids(alias, node)
        if code == "_lastUpdated":
            return some(instant_condition(f"{alias}.updated", o) for o in node.operands if isinstance(o, DateOperand))
        owner = _owner(alias, node)
        if owner is not None:
            return owner
        keys: set[int] = set()
        rows: dict[str, list[Sql]] = {}
        parts: list[Sql] = []
        for parameter in node.parameters:
            for operand in node.operands:
                found = equality_keys(parameter, operand)
                if found is not None:
                    keys.update(found)
                elif isinstance(operand, ValueSetOperand | HierarchyOperand):
                    p = parameter_key(parameter.base, code)
                    keys.update(token_key(p, *form) for form in self.expand(parameter, operand))
                elif isinstance(operand, LabelOperand):
                    parts.append(sql(f"{alias}.tokens && (%s)", labels(parameter, operand)))
                elif isinstance(operand, DateOperand) and clinical(parameter):
                    compared = date_condition(f"{alias}.date_low", f"{alias}.date_high", operand)
                    dated = sql(f"{alias}.date_high > '-infinity' and (%s)", compared)
                    parts.append(every([of_types(alias, [parameter.base]), dated]) if len(node.parameters) > 1 else dated)
                else:
                    table, condition = value_rows(parameter, operand)
                    rows.setdefault(table, []).append(condition)
        if keys:
            parts.append(_tokens(alias, keys))
        parts += [
            sql(f"{alias}.rid in (select v.rid from record.{table} v where %s)", some(conditions))
            for table, conditions in rows.items()
        ]
        return some(parts)

    def _present(self, alias: str, node: Present) -> Sql:
        if node.parameters[0].code in ("_id", "_lastUpdated"):
            return FALSE if node.negated else TRUE
        marks = {present_key(parameter_key(parameter.base, parameter.code)) for parameter in node.parameters}
        found = _tokens(alias, marks)
        return sql("not (%s)", found) if node.negated else found

    def target(self, alias: str, node: Chain) -> Sql:
        """The row ``alias`` is what the chain must lead to."""
        vouched = leads_to_the_patient(node)
        return every([policy(alias, self.caller, "s", node.targets, vouched=vouched), self.predicate(alias, node.inner)])

    def source(self, alias: str, node: Has) -> Sql:
        """The row ``alias`` is what must refer here."""
        vouched = names_the_patient(node.parameter)
        return every([policy(alias, self.caller, "s", [node.source], vouched=vouched), self.predicate(alias, node.inner)])

    def _chain(self, alias: str, node: Chain) -> Sql:
        t = self.alias("t")
        inner = self.target(t, node)
        if leads_to_the_patient(node):
            return sql(f"{alias}.patient in (select {t}.patient from record.resource {t} where %s)", inner)
        marks = [parameter_key(parameter.base, parameter.code) for parameter in node.parameters]
        keys = sql(
            f"select coalesce(array_agg({t}.key # p.mark), '{{}}') from record.resource {t},"
            " unnest(%s::bigint[]) p(mark) where %s",
            marks,
            inner,
        )
        return sql(f"{alias}.tokens && (%s)", keys)

    def _has(self, alias: str, node: Has) -> Sql:
        s = self.alias("s")
        inner = self.source(s, node)
        if names_the_patient(node.parameter):
            found = sql(f"{alias}.patient in (select {s}.patient from record.resource {s} where %s)", inner)
            return sql(f"{alias}.type = 'Patient' and %s", found)
        mark = parameter_key(node.source, node.parameter.code)
        return sql(
            f"{alias}.key in (select u.key from record.resource {s}, unnest({s}.refs) u(key)"
            f" where %s and {s}.tokens @> array[u.key # %s::bigint])",
            inner,
            mark,
        )

    def _listed(self, alias: str, list_id: str) -> Sql:
        s = self.alias("s")
        return sql(
            f"{alias}.key in (select u.key from record.resource {s}, unnest({s}.refs) u(key)"
            f" where %s and {s}.key = %s::bigint and {s}.tokens @> array[u.key # %s::bigint])",
            policy(s, self.caller, "s", ["List"]),
            resource_key("List", list_id),
            parameter_key("List", "item"),
        )


def names_the_patient(parameter: SearchParameter) -> bool:
    """Whether a row's ``patient`` is exactly the Patient to which ``parameter`` refers.

    True of the type's patient parameter and of one that differs from it only by allowing other types too.
    """
    code = PATIENT_PARAMETER.get(parameter.base)
    if code is None:
        return False
    own = search_parameter(parameter.base, code)
    return own is not None and own.expression in (
        parameter.expression,
        f"{parameter.expression}.where(resolve() is Patient)",
    )


def _lacking(found: Sql) -> Sql:
    """No value is ``found``. The keys of a row are never unknown, which lets the planner use its statistics."""
    known = "tokens" in found.text and "select" not in found.text and "patient" not in found.text
    return sql("not (%s)", found) if known else negation(found)


def leads_to_the_patient(node: Chain) -> bool:
    """Whether ``node`` leads to the Patient whose rows are searched."""
    return node.targets == ("Patient",) and all(map(names_the_patient, node.parameters))


def clinical(parameter: SearchParameter) -> bool:
    """Whether the values of ``parameter`` are in the row itself."""
    return CLINICAL_DATE.get(parameter.base) == parameter.code


def owned(nodes: Sequence[Node]) -> bool:
    """Whether ``nodes``, which hold together, name the patients whose rows are searched."""
    return any(isinstance(node, Match) and not node.negated and _owner("r", node) is not None for node in nodes)


def the_patient(nodes: Sequence[Node]) -> UUID | None:
    """The one patient whose rows ``nodes``, which hold together, ask for."""
    for node in nodes:
        if isinstance(node, Match) and not node.negated and len(node.operands) == 1:
            found = _owner("r", node)
            if found is not None:
                return cast(UUID, found.values[0])
    return None


def _owner(alias: str, node: Match) -> Sql | None:
    """The condition on the row's patient, when ``node`` asks for given patients by the parameter that names them."""
    patients = []
    for operand in node.operands:
        if not isinstance(operand, ReferenceOperand) or operand.types != ("Patient",):
            return None
        patients.append(patient_uuid(operand.id))
    if not all(map(names_the_patient, node.parameters)):
        return None
    if len(patients) == 1:
        return sql(f"{alias}.patient = %s::uuid", patients[0])
    return sql(f"{alias}.patient = any(%s::uuid[])", patients)


def _tokens(alias: str, keys: Collection[int]) -> Sql:
    operator = "@>" if len(keys) == 1 else "&&"
    return sql(f"{alias}.tokens {operator} %s::bigint[]", sorted(keys))


def _single_key(node: Node) -> int | None:
    """The one key that a row must have for ``node`` to hold, if it is as simple as that."""
    if isinstance(node, Match) and not node.negated and len(node.parameters) == len(node.operands) == 1:
        if node.parameters[0].code != "_id" and _owner("r", node) is None:
            keys = equality_keys(node.parameters[0], node.operands[0])
            return keys[0] if keys is not None and len(keys) == 1 else None
    elif isinstance(node, Present) and not node.negated and len(node.parameters) == 1:
        parameter = node.parameters[0]
        if parameter.code not in ("_id", "_lastUpdated"):
            return present_key(parameter_key(parameter.base, parameter.code))
    return None


def single_keys(nodes: Sequence[Node]) -> list[int]:
    """The keys that a row must all have for ``nodes`` to hold together, of those that are as simple as that."""
    return sorted({single for node in nodes if (single := _single_key(node)) is not None})


def _ids(alias: str, node: Match) -> Sql:
    ids = sorted({operand.code or "" for operand in node.operands if isinstance(operand, TokenOperand) and not operand.system})
    keys = [resource_key(parameter.base, id_) for parameter in node.parameters for id_ in ids]
    if len(keys) == 1:
        return sql(f"{alias}.key = %s::bigint and {alias}.id = %s::text", keys[0], ids[0])
    return sql(f"{alias}.key = any(%s::bigint[]) and {alias}.id = any(%s::text[])", keys, ids)


def labels(parameter: SearchParameter, operand: LabelOperand) -> Sql:
    """A query for the keys of the display texts that ``operand`` means, as one array."""
    p = parameter_key(parameter.base, parameter.code)
    return sql(
        "select coalesce(array_agg(v.token), '{}') from record.label v where v.key = %s::bigint and %s",
        p,
        text_condition("starts", operand.text),
    )

"""Whose rows a caller sees and what she may do with them, as SQL. The single place where a statement learns it.

Three things meet in a predicate: the types that her rights name, the rows that her ``Sight`` reaches, and the finer scopes
of her token. The rule of sight, for someone who works in the group (docs/why/access.md):

- a patient is hers while ``record.care`` ties the patient to her, her units or their places (movements, appointments, requests,
  prescriptions, tasks, teams, a broken glass); the ties are read anew in each statement, so that a transfer opens and closes;
- of her patients she sees all but what a patient keeps for herself, what a patient hid from professionals (unless she wrote it or
  broke the glass), what belongs to a stay in a sensitive unit that is not hers, and, where the patient opposes sharing, what
  belongs to a stay in another hospital;
- a resource of several patients is seen by who sees all of them; a Binary by who sees something it is attached to;
- what is nobody's (organizations, professionals, terminology) is seen by whoever has the right.

The texts are in ``sight``.
"""

from __future__ import annotations

from collections.abc import Collection
from urllib.parse import parse_qsl
from uuid import UUID

from larrey.kit.errors import Forbidden
from larrey.store.caller import LETTERS, Caller, Letter
from larrey.store.search.sight import (
    CHANGE,
    NAMED,
    OF_ONE_PATIENT,
    RESOURCE,
    ROW_BY_ROW,
    kind_of,
    of_types,
    owner_text,
    positional,
    row_text,
    tied_text,
    values,
    visible_text,
)
from larrey.store.search.sql import TRUE, Sql, every, some, sql


def policy(
    alias: str,
    caller: Caller,
    letter: Letter,
    types: Collection[str] | None,
    *,
    patient: UUID | None = None,
    vouched: bool = False,
) -> Sql:
    """The predicate that keeps the rows ``alias`` of ``record.resource`` to ``types`` (None: any) that ``caller`` may see.

    One type that she has no right on is ``Forbidden``; of several, only those on which she has one remain, and ``Forbidden``
    is raised when there is none. ``patient``: the statement asks for rows of this patient only, which spares work; so does
    ``vouched``: the statement asks the policy of another row of the same patient.
    """
    seen = visible(alias, caller, types, patient=patient, vouched=vouched)
    return every([granted(alias, caller, letter, types), seen, *_filters(alias, caller, letter, types)])


def granted(alias: str, caller: Caller, letter: Letter, types: Collection[str] | None) -> Sql:
    """The part of ``policy`` that is about types."""
    allowed = caller.types(letter)
    if types is None:
        return TRUE if allowed is None else of_types(alias, allowed)
    if allowed is not None:
        wanted, types = types, [type_ for type_ in types if type_ in allowed]
        if wanted and not types:
            raise Forbidden(f"You may not {LETTERS[letter]} resources of type {' or '.join(sorted(wanted))}.")
    return of_types(alias, types)


def visible(
    alias: str, caller: Caller, types: Collection[str] | None, *, patient: UUID | None = None, vouched: bool = False
) -> Sql:
    """The part of ``policy`` that is about whose rows."""
    kind, classed = kind_of(caller), _classed(types)
    # Who sees identities of everybody does not see the rest of them by it.
    if vouched and not kind.everyone and not kind.identities and classed and classed <= OF_ONE_PATIENT:
        return positional(row_text(kind, alias, f"{alias}.patient", RESOURCE), values(caller))
    text = visible_text(kind, alias, classed, RESOURCE, given=patient is not None)
    return positional(text, values(caller, patient))


def together(statement: Sql) -> Sql:
    """For a statement that judges many rows: PostgreSQL may read all ties of the caller once instead of each row's."""
    text = statement.text.replace(ROW_BY_ROW, "")
    return Sql(text.replace(f"({NAMED}) is true", NAMED), statement.values)


def visible_change(alias: str, caller: Caller, letter: Letter, types: Collection[str] | None) -> Sql:
    """The same for the rows ``alias`` of ``record.change``; what is of no single patient is judged by what it is now."""
    kind = kind_of(caller)
    text = visible_text(kind, alias, _classed(types), CHANGE, given=False)
    filters = _filters("present", caller, letter, types)
    if not filters:
        return positional(text, values(caller))
    current = sql(
        f"exists (select from record.resource present where present.type = {alias}.type and present.key = {alias}.key and %s)",
        every(filters),
    )
    return every([positional(text, values(caller)), current])


def owner_seen(expression: str, caller: Caller) -> Sql:
    """Whether the patient whose uuid is ``expression`` is one whom ``caller`` sees, whatever of her."""
    return positional(owner_text(kind_of(caller), expression), values(caller))


def her_ties(caller: Caller, types: Collection[str] | None) -> Sql | None:
    """A query for the patients, column ``x``, of whom ``caller`` may see rows of ``types``, some several times.

    None when her ties are many, or do not say it: who sees everybody, or also rows that are of no one patient.
    """
    kind = kind_of(caller)
    if kind.everyone or kind.own or not caller.sight.few or not types or not OF_ONE_PATIENT.issuperset(types):
        return None
    if kind.identities.intersection(types):
        return None
    return positional(f"select tie.patient as x from record.care tie where {tied_text(together=True)}", values(caller))


def _classed(types: Collection[str] | None) -> frozenset[str] | None:
    """``types`` as far as the rule tells them apart, so that few texts serve all."""
    return None if types is None else frozenset(types)


def refuse_filters(caller: Caller) -> None:
    """Raise ``Forbidden`` for a token of finer scopes, where an operation gives whole types together."""
    if caller.filters:
        raise Forbidden("A token whose scopes narrow by search parameters takes searches and reads only, not this operation.")


def _filters(alias: str, caller: Caller, letter: Letter, types: Collection[str] | None) -> list[Sql]:
    """The finer scopes of a token: of a type that they narrow, the rows that meet one of their criteria."""
    narrowed = [type_ for type_ in caller.filters if types is None or type_ in types]
    out = []
    for type_ in sorted(narrowed):
        criteria = [text for letters, text in caller.filters[type_] if letter in letters]
        allowed = [_criteria(alias, caller, type_, text) for text in criteria]
        if types is not None and set(types) == {type_}:
            out.append(some(allowed))
        else:
            out.append(some([Sql(f"{alias}.type <> '{type_}'"), *allowed]))
    return out


def _criteria(alias: str, caller: Caller, type_: str, text: str) -> Sql:
    from larrey.fhir.query import parse  # noqa: PLC0415  the grammar and the compiler ask this module in turn
    from larrey.store.search.compiling import Compiler, without_terminology  # noqa: PLC0415  likewise

    query = parse(type_, parse_qsl(text, keep_blank_values=True))
    return Compiler(caller, without_terminology).conjunction(alias, query.criteria)

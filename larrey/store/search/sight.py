"""The rule of sight as the text of a predicate, with markers for who asks. ``policy`` tells the rule in words.

The text depends only on what kind of caller asks, so that PostgreSQL may keep its plan. The aliases inside are words that no
other statement uses, since a letter of theirs would silently mean their row.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import timedelta
from functools import lru_cache
from typing import Any, NamedTuple
from uuid import UUID

from larrey.fhir.definitions import PATIENT_PARAMETER, resource_types
from larrey.fhir.secrecy import HIDDEN, INVISIBLE_PATIENT, INVISIBLE_REPRESENTATIVES, PATIENT_ONLY, RESTRICTED, VIP
from larrey.kit import clock
from larrey.store.caller import Caller
from larrey.store.keys import ATTACHED
from larrey.store.search.sql import FALSE, Sql

NOBODYS = frozenset(
    [
        "ActivityDefinition",
        "CapabilityStatement",
        "ChargeItemDefinition",
        "CodeSystem",
        "CompartmentDefinition",
        "ConceptMap",
        "DeviceDefinition",
        "EffectEvidenceSynthesis",
        "Endpoint",
        "EventDefinition",
        "Evidence",
        "EvidenceVariable",
        "ExampleScenario",
        "GraphDefinition",
        "HealthcareService",
        "ImplementationGuide",
        "InsurancePlan",
        "Library",
        "Location",
        "Measure",
        "Medication",
        "MedicationKnowledge",
        "MessageDefinition",
        "NamingSystem",
        "OperationDefinition",
        "Organization",
        "OrganizationAffiliation",
        "PlanDefinition",
        "Practitioner",
        "PractitionerRole",
        "Questionnaire",
        "ResearchDefinition",
        "ResearchElementDefinition",
        "ResearchStudy",
        "RiskEvidenceSynthesis",
        "Schedule",
        "SearchParameter",
        "Slot",
        "SpecimenDefinition",
        "StructureDefinition",
        "StructureMap",
        "Substance",
        "TerminologyCapabilities",
        "TestScript",
        "ValueSet",
        "VerificationResult",
    ]
)
"""Types that tell nothing of a patient. Of all others, a row without a patient is seen by machines only."""


@dataclass(frozen=True, slots=True)
class Kind:
    """What of a ``Sight`` shapes the text of a predicate."""

    everyone: bool
    own: bool
    representative: bool
    keys: bool
    identities: frozenset[str]
    finding: bool
    only: bool


class Columns(NamedTuple):
    """Where a table keeps what the rule asks, with ``{}`` for the alias; ``refs`` are keys that the row refers to."""

    refs: str
    date: str
    secrecy: str


RESOURCE = Columns("{}.refs", "{}.date_low", "{}.secrecy")
CHANGE = Columns(
    "array[{}.encounter]",
    "null::timestamptz",
    "({0}.secrecy | coalesce((select latest.secrecy from record.resource latest"
    " where latest.type = {0}.type and latest.key = {0}.key), 0::int2))",
)
"""A past version is as secret as it was then and as the resource is now."""

OF_ONE_PATIENT = frozenset(PATIENT_PARAMETER) | {"Patient"}
NAMED = "tie.who = any(%s::bigint[])"
ROW_BY_ROW = " /* row by row */ offset 0"
"""Keeps PostgreSQL from reading all ties of a caller, who may have a hospital's, to judge the fifty rows of a page."""
_MARKER = re.compile(r"%\((\w+)\)s")


def of_types(alias: str, types: Collection[str]) -> Sql:
    """The row is of one of ``types``. Written as constants, so that the planner sees at once which partitions matter."""
    known = sorted(set(types) & resource_types())
    if not known:
        return FALSE
    if len(known) == 1:
        return Sql(f"{alias}.type = '{known[0]}'")
    listed = "', '".join(known)
    return Sql(f"{alias}.type in ('{listed}')")


def kind_of(caller: Caller) -> Kind:
    """What shapes the text for this caller."""
    s = caller.sight
    return Kind(s.everyone, bool(s.own), s.representative, bool(s.keys), s.identities, s.finding, s.only is not None)


def values(caller: Caller, patient: UUID | None = None) -> dict[str, Any]:
    """The values of the markers in the texts."""
    s, now = caller.sight, clock.now()
    return {
        "p_actor": caller.actor,
        "p_own": list(s.own),
        "p_keys": _array(s.keys),
        "p_person": s.person,
        "p_glass": s.glass,
        "p_sensitive": _array(s.sensitive),
        "p_hospital": _array(s.hospital),
        "p_only": s.only,
        "p_now": now,
        "p_soon": now + timedelta(days=s.ahead),
        "p_since": now - timedelta(days=s.after),
        "p_patient": patient,
    }


@lru_cache(maxsize=4096)
def _array(keys: tuple[int, ...]) -> str:
    """An array as PostgreSQL writes it: made once for a person, where a list would be made anew for each place in a statement."""
    return "{" + ",".join(map(str, keys)) + "}"


def positional(text: str, named: Mapping[str, Any]) -> Sql:
    """A text with named markers as a ``Sql``."""
    pieces, names = _split(text)
    return Sql(pieces, tuple(named[name] for name in names))


@lru_cache(maxsize=4096)
def _split(text: str) -> tuple[str, tuple[str, ...]]:
    return _MARKER.sub("%s", text), tuple(_MARKER.findall(text))


@lru_cache(maxsize=4096)
def visible_text(
    kind: Kind, alias: str, types: frozenset[str] | None, columns: Columns, *, given: bool, guarded: bool = False
) -> str:
    """The rule for rows ``alias`` of ``types``, with markers for ``values``; ``true`` where there is nothing to check.

    ``given``: the statement is about the patient ``p_patient`` alone; ``guarded``: it begins with ``guard``, which has asked
    whether she is one of the caller's, so that a statement of many parts asks once.
    """
    a = alias
    secrecy = columns.secrecy.format(a)
    if kind.everyone and not kind.only:
        kept = f"({secrecy} & {PATIENT_ONLY}) <> {PATIENT_ONLY}"
        if types is not None and "Binary" not in types:
            return kept
        attached = f"not exists (select from record.resource holder where holder.tokens @> array[{a}.key # {ATTACHED}::bigint]"
        attached += f" and (holder.secrecy & {PATIENT_ONLY}) = {PATIENT_ONLY})"
        return f"{kept} and ({a}.type <> 'Binary' or {attached})"
    owner = "%(p_patient)s::uuid" if given else f"{a}.patient"
    rule = row_text(kind, a, owner, columns)
    choices = []
    whose = "(select guard.seen from guard)" if guarded else owner_text(kind, owner)
    if types is None or types - NOBODYS:
        choices.append(_all(whose, rule, _as_its_holders(a, types)))
    open_ = NOBODYS if types is None else types & NOBODYS
    if open_ and types is not None and not types - NOBODYS:
        choices.append(f"{a}.patient is null")
    elif open_:
        choices.append(f"{a}.patient is null and {of_types(a, open_).text}")
    identities = kind.identities if types is None else kind.identities & types
    if identities:
        shown = of_types(a, identities).text if types is None or types - identities else "true"
        discreet = f"({secrecy} & {VIP}) <> {VIP}" if kind.finding else "true"
        choices.append(_all(shown, f"({secrecy} & {PATIENT_ONLY | HIDDEN}) not in (1, 2, 3)", discreet))
    if not given:
        choices += _without_patient(kind, a, types, columns)
    return _any(*choices)


@lru_cache(maxsize=64)
def guard(kind: Kind) -> str:
    """The beginning of a statement about the patient ``p_patient``."""
    return f"with guard as materialized (select {owner_text(kind, '%(p_patient)s::uuid')} as seen) "


def _as_its_holders(a: str, types: frozenset[str] | None) -> str:
    """A Binary that says whose it is is no less secret than a document that holds it."""
    if types is not None and "Binary" not in types:
        return "true"
    return (
        f"({a}.type <> 'Binary' or not exists (select from record.resource holder"
        f" where holder.tokens @> array[{a}.key # {ATTACHED}::bigint]"
        f" and (holder.secrecy & {PATIENT_ONLY | HIDDEN}) in (1, 2, 3)))"
    )


def _without_patient(kind: Kind, a: str, types: frozenset[str] | None, columns: Columns) -> list[str]:
    """Rows of no single patient: a Binary by what holds it, until then its writer's; the rest by all the patients it tells of."""
    listed = resource_types() - NOBODYS - PATIENT_PARAMETER.keys() - {"Patient"}
    several = (listed if types is None else types & listed) - {"Binary"}
    binary = types is None or "Binary" in types
    if columns is CHANGE:
        wanted = several | ({"Binary"} if binary else set())
        if not wanted:
            return []
        now = visible_text(kind, "present", frozenset(wanted), RESOURCE, given=False)
        same = f"present.type = {a}.type and present.key = {a}.key"
        return [f"{a}.patient is null and exists (select from record.resource present where {same} and ({now}))"]
    choices = []
    if binary:
        holder = _all(owner_text(kind, "holder.patient"), row_text(kind, "holder", "holder.patient", RESOURCE))
        choices.append(
            f"{a}.patient is null and {a}.type = 'Binary' and exists (select from record.resource holder"
            f" where holder.tokens @> array[{a}.key # {ATTACHED}::bigint] and {holder})"
        )
        choices.append(
            f"{a}.patient is null and {a}.type = 'Binary' and exists (select from record.change written"
            f" where written.key = {a}.key and written.version = {a}.version and written.actor = %(p_actor)s)"
            f" and not exists (select from record.resource holder where holder.tokens @> array[{a}.key # {ATTACHED}::bigint])"
        )
    if several:
        others = owner_text(kind, "told.patient")
        among = "" if types is not None and not types - several else f"{of_types(a, several).text} and "
        choices.append(
            f"{among}{a}.patient is null and ({a}.secrecy & {PATIENT_ONLY | HIDDEN}) not in (1, 2, 3)"
            f" and exists (select from record.care told where told.rid = {a}.rid and told.ground = 'S')"
            f" and not exists (select from record.care told where told.rid = {a}.rid and told.ground = 'S' and not ({others}))"
        )
    return choices


def owner_text(kind: Kind, owner: str) -> str:
    """Whether the patient ``owner`` is one of hers."""
    choices = []
    if kind.everyone:
        choices.append(f"{owner} is not null")
    if kind.own:
        choices.append(f"{owner} = any(%(p_own)s::uuid[])")
    if kind.keys:
        # The first "is true" keeps PostgreSQL from joining, the second from one descent of the index for each of many keys.
        tied = tied_text(together=False)
        choices.append(f"(exists (select from record.care tie where tie.patient = {owner} and {tied}{ROW_BY_ROW})) is true")
    seen = _any(*choices)
    return _all(f"{owner} = %(p_only)s::uuid", seen) if kind.only else seen


def tied_text(*, together: bool) -> str:
    named = "tie.who = any(%(p_keys)s::bigint[])" if together else "(tie.who = any(%(p_keys)s::bigint[])) is true"
    return (
        f"{named} and tie.low <= %(p_soon)s::timestamptz"
        " and tie.high > case when tie.ground = 'G' then %(p_now)s::timestamptz else %(p_since)s::timestamptz end"
    )


def row_text(kind: Kind, a: str, owner: str, columns: Columns) -> str:
    """What of a patient of hers she sees."""
    secrecy, refs, date = columns.secrecy.format(a), columns.refs.format(a), columns.date.format(a)
    if kind.everyone:
        return f"({secrecy} & {PATIENT_ONLY}) <> {PATIENT_ONLY}"
    if kind.own:
        unseen = INVISIBLE_PATIENT | (INVISIBLE_REPRESENTATIVES if kind.representative else 0)
        return " and ".join(f"({secrecy} & {bit}) <> {bit}" for bit in (4, 8) if unseen & bit)
    # Few rows have one of these bits. The range tells the planner so; an equality would make it expect no row at all.
    kept = f"({secrecy} & {PATIENT_ONLY | HIDDEN | RESTRICTED}) between 1 and {PATIENT_ONLY | HIDDEN | RESTRICTED}"
    asked = f"{owner}, {a}.key, {refs}, {secrecy}, {date}, {a}.type"
    who = (
        "%(p_keys)s::bigint[], %(p_person)s::bigint, %(p_glass)s::bigint, %(p_sensitive)s::bigint[],"
        " %(p_hospital)s::bigint[], %(p_now)s::timestamptz"
    )
    return f"not ({kept} and not record.row_seen({asked}, {who}))"


def _all(*parts: str) -> str:
    listed = [part for part in parts if part not in ("", "true")]
    if "false" in listed:
        return "false"
    return " and ".join(part if len(listed) == 1 else f"({part})" for part in listed) or "true"


def _any(*parts: str) -> str:
    listed = [part for part in parts if part != "false"]
    if "true" in listed:
        return "true"
    return " or ".join(part if len(listed) == 1 else f"({part})" for part in listed) or "false"

"""Who asks, and whose rows she sees.

Every read, search and write of the record takes a ``Caller``; there is no function without one.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal
from uuid import UUID

from larrey.kit.errors import Forbidden

Letter = Literal["c", "r", "u", "d", "s"]
LETTERS: Mapping[str, str] = {"c": "create", "r": "read", "u": "update", "d": "delete", "s": "search"}


@dataclass(frozen=True, slots=True)
class Sight:
    """Whose rows a caller sees. ``store.search.policy`` turns it into SQL; the default sees no patient at all.

    ``everyone``: every patient (machines, the platform itself), but never what a patient keeps for herself.
    ``own``: the patients that she is or stands for; ``representative`` when she only stands for them (a parent).
    ``keys``: the resource keys under which ``record.care`` may name her: her Practitioner, her PractitionerRoles, her units,
    their places, her broken glass. A row counts from ``ahead`` days before it begins to ``after`` days after its end.
    ``person``: the key of her Practitioner (0: none), for what she wrote herself. ``glass``: the key of ``keys`` that stands for
    the glass she broke (0: none). ``sensitive``: keys of the sensitive units (and their places) that are not hers.
    ``hospital``: keys of all units and places of the hospitals where she works, for patients who oppose sharing.
    ``identities``: types that she sees of every patient of the group; ``finding``: as far as they are not discreet (VIP).
    ``few``: her ties are few enough for a search to start from them; a hint, which changes no answer.
    ``only``: the one patient to whom a token is bound. ``told``: refusals tell her why; others are told "not found".
    """

    everyone: bool = False
    own: frozenset[UUID] = frozenset()
    representative: bool = False
    keys: tuple[int, ...] = ()
    person: int = 0
    glass: int = 0
    sensitive: tuple[int, ...] = ()
    hospital: tuple[int, ...] = ()
    ahead: int = 0
    after: int = 0
    identities: frozenset[str] = frozenset()
    finding: bool = False
    few: bool = False
    only: UUID | None = None
    told: bool = False


NOBODY = Sight()
EVERYONE = Sight(everyone=True)


@dataclass(frozen=True, slots=True)
class Caller:
    """Someone (or some machine) acting on the record, with what she may do.

    ``actor`` names her in history and audit (``Practitioner/…``, ``account:jane``, ``token:import``).
    ``rights`` maps a resource type, or ``"*"`` for every type, to a string of SMART v2 letters out of
    ``cruds`` (http://hl7.org/fhir/smart-app-launch/scopes-and-launch-context.html). What is not granted is denied.
    ``sight`` says whose rows. ``role`` and ``place`` (the id of the Organization where she works) are told to the trace, with
    ``account``, the key of her account. ``filters`` narrows a type to rows that meet one of some search criteria: type →
    (letters, criteria), as SMART's finer scopes (``patient/Observation.rs?category=laboratory``).
    """

    actor: str
    rights: Mapping[str, str] = field(default_factory=dict)
    sight: Sight = NOBODY
    role: str = ""
    place: str = ""
    account: int | None = None
    filters: Mapping[str, tuple[tuple[str, str], ...]] = field(default_factory=dict)

    def may(self, letter: Letter, type_: str) -> bool:
        """Whether this caller may do ``letter`` on resources of ``type_``."""
        return letter in self.rights.get("*", "") or letter in self.rights.get(type_, "")

    def demand(self, letter: Letter, type_: str) -> None:
        """Raise ``Forbidden`` unless ``may``."""
        if not self.may(letter, type_):
            raise Forbidden(f"You may not {LETTERS[letter]} resources of type {type_}.", type=type_)

    def types(self, letter: Letter) -> frozenset[str] | None:
        """The types on which ``letter`` is allowed; ``None`` means all of them. For a SQL predicate on type."""
        if letter in self.rights.get("*", ""):
            return None
        return frozenset(type_ for type_, letters in self.rights.items() if letter in letters)


def system(actor: str) -> Caller:
    """The platform itself at work (a command run by an administrator): everything is allowed, all is signed."""
    return Caller(actor=f"system:{actor}", rights={"*": "cruds"}, sight=EVERYONE, role="system")

"""Who asks. Every read, search and write of the record takes a ``Caller``; there is no function without one."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from larrey.kit.errors import Forbidden

Letter = Literal["c", "r", "u", "d", "s"]
LETTERS: Mapping[str, str] = {"c": "create", "r": "read", "u": "update", "d": "delete", "s": "search"}


@dataclass(frozen=True, slots=True)
class Caller:
    """Someone (or some machine) acting on the record, with what she may do.

    ``actor`` names her in history and audit (``Practitioner/…``, ``account:jane``, ``token:import``).
    ``rights`` maps a resource type, or ``"*"`` for every type, to a string of SMART v2 letters out of
    ``cruds`` (http://hl7.org/fhir/smart-app-launch/scopes-and-launch-context.html). What is not granted is denied.
    """

    actor: str
    rights: Mapping[str, str] = field(default_factory=dict)

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
    return Caller(actor=f"system:{actor}", rights={"*": "cruds"})

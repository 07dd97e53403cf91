"""SMART on FHIR scopes, read and weighed: what a token may do on which rows. Pure.

Grammar: http://hl7.org/fhir/smart-app-launch/STU2.2/scopes-and-launch-context.html. A scope on resources is a context
(``system``, ``user``, ``patient``), a type or ``*``, letters out of ``cruds`` in that order, and, for one type, search
criteria that narrow its reading (``patient/Observation.rs?category=laboratory``). SMART v1 (``.read``, ``.write``,
``.*``) is understood.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from urllib.parse import parse_qsl

from larrey.fhir.definitions import resource_types, search_parameters
from larrey.fhir.query import parse as parse_query
from larrey.kit.errors import Invalid, LarreyError, Unsupported

CONTEXTS = ("system", "user", "patient")
SPECIAL = frozenset({"openid", "fhirUser", "launch", "launch/patient", "offline_access", "online_access"})
"""Scopes that give no right on resources: who signs in, which patient, for how long."""
LONGEST = 4000
"""Characters of a list of scopes; what is longer is not read."""

Rights = Mapping[str, str]
Filters = Mapping[str, tuple[tuple[str, str], ...]]

_SCOPE = re.compile(
    r"(?P<context>system|user|patient)/(?P<type>\*|[A-Za-z]+)\.(?P<letters>c?r?u?d?s?|read|write|\*)(?:\?(?P<criteria>\S+))?\Z"
)
_VERSION_1 = {"read": "rs", "write": "cud", "*": "cruds"}
_ORDER = "cruds"
_MOST_CRITERIA = 10


@dataclass(frozen=True, slots=True)
class Scope:
    """One scope on resources. ``letters``: out of ``cruds``, in that order; ``criteria``: a search's query string or empty."""

    context: str
    type: str
    letters: str
    criteria: str = ""

    def __str__(self) -> str:
        return f"{self.context}/{self.type}.{self.letters}" + (f"?{self.criteria}" if self.criteria else "")


@dataclass(frozen=True, slots=True)
class Scopes:
    """A list of scopes: those on resources, in the order given and each once, and the special ones."""

    resources: tuple[Scope, ...]
    special: frozenset[str] = frozenset()

    def __str__(self) -> str:
        return " ".join([*sorted(self.special), *map(str, self.resources)])

    @property
    def contexts(self) -> frozenset[str]:
        """``system``, ``user`` and ``patient``, as far as they occur."""
        return frozenset(scope.context for scope in self.resources)


def parse(text: str) -> Scopes:
    """Read a space-separated list of scopes.

    Raises ``Invalid`` for what is not a scope, names no R4 type or narrows by what is no search parameter of its type, and
    ``Unsupported`` for criteria that a scope may not have (on ``*``, on letters that write). No text is an empty ``Scopes``.
    """
    if len(text) > LONGEST:
        raise Invalid(f"A list of scopes has at most {LONGEST} characters.")
    resources: dict[Scope, None] = {}
    special = set()
    for word in text.split():
        if word in SPECIAL:
            special.add(word)
        else:
            resources[_read(word)] = None
    return Scopes(tuple(resources), frozenset(special))


def rights(scope: str) -> dict[str, str]:
    """The rights given by a machine's list of scopes: resource type or ``*`` → letters out of ``cruds``.

    ``rights("system/*.rs system/Observation.c")`` is ``{"*": "rs", "Observation": "c"}``. Raises as ``parse``, ``Invalid`` when
    there is none, and ``Unsupported`` for the contexts of people.
    """
    return weigh(for_machine(scope).resources)[0]


def for_machine(scope: str) -> Scopes:
    """The scopes of a machine. Raises as ``rights``."""
    found = parse(scope)
    for one in found.resources:
        if one.context != "system":
            raise Unsupported(f"The scope {one} is for people; tokens of machines take system/… scopes.")
    if found.special:
        raise Invalid(
            f"The scope {min(found.special)} is for people; write for instance system/*.rs or system/Observation.cruds."
        )
    if not found.resources:
        raise Invalid("At least one scope is needed, such as system/*.rs.")
    return found


def weigh(scopes: Iterable[Scope]) -> tuple[dict[str, str], dict[str, tuple[tuple[str, str], ...]]]:
    """What scopes give together, as ``Caller.rights`` and ``Caller.filters``.

    A scope without criteria makes void those with criteria on the same type and letter: what is given whole is whole.
    """
    listed = list(scopes)
    granted: dict[str, set[str]] = {}
    whole: dict[str, set[str]] = {}
    for scope in listed:
        granted.setdefault(scope.type, set()).update(scope.letters)
        if not scope.criteria:
            whole.setdefault(scope.type, set()).update(scope.letters)
    filters: dict[str, list[tuple[str, str]]] = {}
    for scope in listed:
        narrowed = _in_order(set(scope.letters) - whole.get(scope.type, set()) - whole.get("*", set()))
        pair = (narrowed, scope.criteria)
        if scope.criteria and narrowed and pair not in filters.setdefault(scope.type, []):
            filters[scope.type].append(pair)
    return (
        {type_: _in_order(letters) for type_, letters in granted.items()},
        {type_: tuple(pairs) for type_, pairs in filters.items() if pairs},
    )


def common(left: Rights, right: Rights) -> dict[str, str]:
    """What both allow: a right of a type is what each gives it by name or by ``*``."""
    found = {}
    for type_ in {*left, *right}:
        letters = letters_on(left, type_) & letters_on(right, type_)
        if letters:
            found[type_] = _in_order(letters)
    return found


def both(left: Filters, right: Filters) -> dict[str, tuple[tuple[str, str], ...]]:
    """Filters that hold together: where both narrow a letter of a type, a row must meet one criterion of each."""
    found: dict[str, tuple[tuple[str, str], ...]] = {}
    for type_ in {*left, *right}:
        pairs: list[tuple[str, str]] = []
        for letter in _ORDER:
            ours = [criteria for letters, criteria in left.get(type_, ()) if letter in letters]
            theirs = [criteria for letters, criteria in right.get(type_, ()) if letter in letters]
            if ours and theirs:
                pairs += [(letter, f"{one}&{other}") for one in ours for other in theirs]
            else:
                pairs += [(letter, criteria) for criteria in ours or theirs]
        found[type_] = _gathered(pairs)
    return found


def letters_on(rights: Rights, type_: str) -> set[str]:
    """The letters that ``rights`` give on a type (``*``: on every type)."""
    return {*rights.get("*", ""), *(rights.get(type_, "") if type_ != "*" else "")}


def limited(scopes: Scopes, rights: Rights) -> Scopes:
    """The scopes as far as ``rights`` (a role's) go: what a person may not do herself she cannot give away.

    ``*`` stays, with the letters that the role has on some type: it means every type that is hers.
    """
    some = {letter for letters in rights.values() for letter in letters}
    kept: dict[Scope, None] = {}
    for scope in scopes.resources:
        letters = _in_order(set(scope.letters) & (some if scope.type == "*" else letters_on(rights, scope.type)))
        if letters:
            kept[replace(scope, letters=letters)] = None
    return Scopes(tuple(kept), scopes.special)


def beyond(asked: Scopes, allowed: Scopes) -> list[str]:
    """The scopes asked for that ``allowed`` (a client's) does not cover, as written; a context covers itself only."""
    found = sorted(asked.special - allowed.special)
    for scope in asked.resources:
        covered: set[str] = set()
        for given in allowed.resources:
            same = given.context == scope.context and given.type in {"*", scope.type}
            if same and given.criteria in {"", scope.criteria}:
                covered |= set(given.letters)
        if not set(scope.letters) <= covered:
            found.append(str(scope))
    return found


def _read(text: str) -> Scope:
    found = _SCOPE.match(text)
    if found is None:
        raise Invalid(f"{text[:100]} is not a scope; write for instance system/*.rs or system/Observation.cruds.")
    type_, letters, criteria = found["type"], found["letters"], found["criteria"] or ""
    if not letters:
        raise Invalid(f"The scope {text[:100]} gives no right: write one or more of the letters {_ORDER}.")
    if type_ != "*" and type_ not in resource_types():
        raise Invalid(f"The scope {text[:100]} names {type_[:64]}, which is not a FHIR R4 resource type.")
    if criteria:
        if type_ == "*" or letters in _VERSION_1:
            raise Unsupported(f"The scope {text[:100]} narrows by search parameters: name one type, and letters out of rs.")
        if set(letters) - set("rs"):
            raise Unsupported(
                f"The scope {text[:100]} narrows writing; search parameters narrow reading and searching only (rs)."
            )
        _check(type_, criteria, text)
    return Scope(found["context"], type_, _VERSION_1.get(letters, letters), criteria)


def _check(type_: str, criteria: str, text: str) -> None:
    """Criteria are plain parameters of the type; a chain would open other resources to who may not see them."""
    try:
        pairs = parse_qsl(criteria, keep_blank_values=True, strict_parsing=True, max_num_fields=_MOST_CRITERIA, errors="strict")
    except ValueError:
        raise Invalid(f"What follows ? in the scope {text[:200]} is not a list of search parameters.") from None
    known = search_parameters(type_)
    for name, value in pairs:
        if name.partition(":")[0] not in known or "\x00" in value:
            raise Invalid(f"The scope {text[:200]} narrows by {name[:64]}, which is not a search parameter of {type_}.")
    try:
        parse_query(type_, pairs, chain_depth=0)
    except LarreyError as error:
        raise Invalid(f"The scope {text[:200]} narrows by what cannot be searched: {error.message}") from None


def _in_order(letters: set[str]) -> str:
    return "".join(letter for letter in _ORDER if letter in letters)


def _gathered(pairs: Iterable[tuple[str, str]]) -> tuple[tuple[str, str], ...]:
    """The same criteria once, with all their letters."""
    by_criteria: dict[str, set[str]] = {}
    for letter, criteria in pairs:
        by_criteria.setdefault(criteria, set()).add(letter)
    return tuple((_in_order(letters), criteria) for criteria, letters in by_criteria.items())

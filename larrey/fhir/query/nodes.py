"""The parsed search: a tree of criteria over resources, and how the answer is to be presented. Pure data.

A criterion holds for a resource of one of the types that its parameters are of. Modifiers and prefixes are
resolved into operands and nodes while parsing, so whoever evaluates the tree meets each meaning once.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Literal, NamedTuple, Union

from larrey.fhir.definitions import SearchParameter
from larrey.kit.errors import Issue

Prefix = Literal["eq", "ne", "gt", "lt", "ge", "le", "sa", "eb", "ap", "po"]
"""Comparators of http://hl7.org/fhir/R4/search.html#prefix, and ``po`` (overlap) of ``_filter``."""


class TokenOperand(NamedTuple):
    """A code. ``system`` None: any system; ``""``: none. ``code`` None: any code of the system."""

    system: str | None
    code: str | None


class LabelOperand(NamedTuple):
    """Display text of a code begins with ``text``, ignoring case and accents (``:text``)."""

    text: str


class TypedIdentifierOperand(NamedTuple):
    """An identifier of a type (``:of-type``)."""

    type_system: str
    type_code: str
    value: str


class ValueSetOperand(NamedTuple):
    """Any code of a value set (``:in``), by its canonical URL or as ``ValueSet/id``."""

    url: str


class HierarchyOperand(NamedTuple):
    """A code and what is under it (``up`` False, ``:below``) or above it (``up`` True) in its code system."""

    system: str
    code: str
    up: bool


class IdentifierOperand(NamedTuple):
    """A logical reference by its identifier (``:identifier``)."""

    token: TokenOperand


class ReferenceOperand(NamedTuple):
    """A reference: to ``types`` with ``id`` (several types when only the id was given), or else to ``url``."""

    types: tuple[str, ...]
    id: str
    url: str


class TextOperand(NamedTuple):
    """A string; all but ``exact`` ignore case and accents."""

    text: str
    how: Literal["starts", "equals", "contains", "ends", "exact"]


class UriOperand(NamedTuple):
    """A URI. ``below``: begins with ``text``; ``above``: is a beginning of ``text``."""

    text: str
    how: Literal["exact", "below", "above", "contains", "ends"]


class DateOperand(NamedTuple):
    """A date of some precision as the half-open interval it covers, in UTC."""

    prefix: Prefix
    low: datetime
    high: datetime


class NumberOperand(NamedTuple):
    """A number: ``value`` as written, and the half-open interval [low, high) of its implicit precision."""

    prefix: Prefix
    value: Decimal
    low: Decimal
    high: Decimal


class QuantityOperand(NamedTuple):
    """A number with a unit. ``code`` None: any unit; ``system`` None: any system."""

    number: NumberOperand
    system: str | None
    code: str | None


class CompositeOperand(NamedTuple):
    """One operand per component, all true of the same item."""

    parts: tuple[Operand, ...]


Operand = Union[  # noqa: UP007  # refers to itself
    TokenOperand,
    LabelOperand,
    TypedIdentifierOperand,
    ValueSetOperand,
    HierarchyOperand,
    IdentifierOperand,
    ReferenceOperand,
    TextOperand,
    UriOperand,
    DateOperand,
    NumberOperand,
    QuantityOperand,
    CompositeOperand,
]


@dataclass(frozen=True, slots=True)
class Match:
    """Some value of the parameter satisfies one of ``operands``; ``negated``: no value does, or there is none.

    ``parameters``: the same code and the same kind of parameter of each type in question.
    """

    parameters: tuple[SearchParameter, ...]
    operands: tuple[Operand, ...]
    negated: bool = False


@dataclass(frozen=True, slots=True)
class Present:
    """There is some value of the parameter; ``negated``: there is none."""

    parameters: tuple[SearchParameter, ...]
    negated: bool = False


@dataclass(frozen=True, slots=True)
class Chain:
    """The reference parameter refers to a resource of one of ``targets`` for which ``inner`` holds."""

    parameters: tuple[SearchParameter, ...]
    targets: tuple[str, ...]
    inner: Node


@dataclass(frozen=True, slots=True)
class Has:
    """A resource of type ``source`` for which ``inner`` holds refers here by its reference ``parameter`` (``_has``)."""

    source: str
    parameter: SearchParameter
    inner: Node


@dataclass(frozen=True, slots=True)
class Listed:
    """The resource is an entry of ``List/id`` (``_list``)."""

    id: str


@dataclass(frozen=True, slots=True)
class OfType:
    """The resource is of one of ``types`` and ``inner`` holds."""

    types: tuple[str, ...]
    inner: Node


@dataclass(frozen=True, slots=True)
class All:
    """Every node holds."""

    nodes: tuple[Node, ...]


@dataclass(frozen=True, slots=True)
class AnyOf:
    """At least one node holds."""

    nodes: tuple[Node, ...]


@dataclass(frozen=True, slots=True)
class Not:
    """The node does not hold."""

    node: Node


Node = Union[  # noqa: UP007  # refers to itself
    Match, Present, Chain, Has, Listed, OfType, All, AnyOf, Not
]


@dataclass(frozen=True, slots=True)
class Include:
    """``_include`` or (``reverse``) ``_revinclude``.

    ``source``: the type that holds the reference, ``"*"`` any; ``code``: its reference parameter, ``"*"`` any
    reference; ``target``: only to that type. ``iterate``: also from resources that were themselves included.
    """

    source: str
    code: str
    target: str | None
    iterate: bool
    reverse: bool


@dataclass(frozen=True, slots=True)
class Sort:
    """One key of ``_sort``; the parameter of the type searched, or one common to all types."""

    parameter: SearchParameter
    descending: bool


@dataclass(frozen=True, slots=True)
class Query:
    """A parsed search.

    ``types``: the types searched, None when all. ``applied``: the pairs that had an effect, for the self link;
    ``warnings``: what was ignored because the caller asked for lenience.
    """

    type: str | None
    types: tuple[str, ...] | None
    criteria: tuple[Node, ...]
    sort: tuple[Sort, ...]
    includes: tuple[Include, ...]
    count: int | None
    total: Literal["none", "estimate", "accurate"] | None
    summary: str | None
    elements: tuple[str, ...]
    cursor: str | None
    applied: tuple[tuple[str, str], ...]
    warnings: tuple[Issue, ...]

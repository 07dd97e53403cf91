"""What search parameters extract from resources: the six kinds of search value of FHIR R4.

http://hl7.org/fhir/R4/search.html#ptypes. Strings and URIs are plain ``str``; composites are tuples of values.
"""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from typing import NamedTuple, TypeAlias


class Token(NamedTuple):
    """A code with its system. ``system`` None: the element carries none. ``text``: display or concept text, for ``:text``.

    A CodeableConcept without coding gives one token with only ``text``.
    """

    system: str | None
    code: str | None
    text: str | None


class TypedIdentifier(NamedTuple):
    """One coding of an identifier's type with the identifier's value, for ``:of-type``; stands beside its ``Token``."""

    type_system: str | None
    type_code: str
    value: str


class Reference(NamedTuple):
    """A reference. ``target``: ``"Patient/1"`` when relative (without ``_history``), else an absolute URL or a URN.

    ``identifier``: the token of a logical reference's identifier.
    """

    target: str | None
    identifier: Token | None


class Span(NamedTuple):
    """A time interval, half-open: ``low <= t < high``, aware, in UTC. Open ends are ``datetime.min`` / ``max`` in UTC."""

    low: datetime
    high: datetime


class Amount(NamedTuple):
    """A number, quantity, money or range. ``low`` and ``high`` are equal but for ranges and comparators (``<5``).

    An open end is ``Decimal("-Infinity")`` or ``Decimal("Infinity")``. ``value`` is the number as written (of a range the
    end that it has, low first). Numbers have no system, code or unit.
    """

    low: Decimal
    high: Decimal
    value: Decimal
    system: str | None
    code: str | None
    unit: str | None


Value: TypeAlias = "Token | TypedIdentifier | Reference | Span | Amount | str | tuple[Value, ...]"

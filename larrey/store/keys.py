"""How search values become 64-bit keys. The only place that knows; writing and searching must agree on it.

A resource's tokens, references, URIs, exact strings and presence marks are one array of 64-bit keys in its row,
searched through one GIN index. A reference key is ``resource_key XOR parameter_key``, so that SQL can compute it
from a row it has found (chains, ``_has``, ``_revinclude``) without knowing the hash function.
Equal keys of different values are possible once in about 10^9 queries on 10^10 values.
"""

from __future__ import annotations

from functools import lru_cache

from larrey.kit.ids import hash64

_SEPARATOR = "\x1f"


@lru_cache(maxsize=262144)
def key(*parts: str) -> int:
    """The key of ``parts``; ``key("a", "b")`` differs from ``key("ab")``."""
    return hash64(_SEPARATOR.join(parts))


@lru_cache(maxsize=65536)
def resource_key(type_: str, id_: str) -> int:
    """The key of one resource, stored in its row and unique in its partition."""
    return hash64(f"{type_}/{id_}")


@lru_cache(maxsize=8192)
def parameter_key(type_: str, code: str, modifier: str = "") -> int:
    """The key of a search parameter of a type, e.g. ``("Observation", "code")``; also ``("Patient", "name", "exact")``."""
    return hash64(f"{type_}.{code}:{modifier}")


def reference_key(parameter: int, target: int) -> int:
    """A reference to the resource with key ``target`` by the parameter with key ``parameter``."""
    return parameter ^ target


ANY_REFERENCE = hash64("*reference*")
"""Parameter key under which every literal local reference of a resource is indexed, wherever it stands: referrers."""

ATTACHED = hash64("*attached*")
"""Parameter key under which a Binary is indexed whose address an attachment gives: the documents that hold it."""


def token_key(parameter: int, system: str | None, code: str | None) -> int:
    """One searchable form of a token.

    Forms, as in http://hl7.org/fhir/R4/search.html#token: ``(None, code)`` any system, ``("", code)`` no system
    (``|code``), ``(system, code)``, ``(system, None)`` any code of that system (``system|``).
    """
    return key(str(parameter), "?" if system is None else "=" + system, "?" if code is None else "=" + code)


def present_key(parameter: int) -> int:
    """The mark that a resource has a value for a parameter, for ``:missing``."""
    return key(str(parameter), "present")


def exact_key(parameter: int, text: str) -> int:
    """A string as written, for ``:exact``; also URIs."""
    return key(str(parameter), "exact", text)


def label_key(parameter: int, folded: str) -> int:
    """A folded display text of a token, for ``:text``; the texts themselves are in ``record.label``."""
    return key(str(parameter), "label", folded)


def unit_key(unit: str) -> int:
    """A canonical UCUM unit, or ``system|code`` of another unit system; ``""`` for no unit."""
    return key("unit", unit)

"""RPPS: the national number of French health professionals, in which an account and a Practitioner must agree. Pure."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

SYSTEMS = frozenset({"urn:oid:1.2.250.1.71.4.2.1", "https://rpps.esante.gouv.fr"})
"""Systems under which a record writes it: the OID of the ANS, and the address of FR Core."""
_DIGITS = re.compile(r"[0-9]{11}\Z")


def is_valid(text: str) -> bool:
    """Whether ``text`` is eleven digits of which the last is their Luhn key (ISO/IEC 7812-1, annex B)."""
    if not _DIGITS.match(text):
        return False
    total = 0
    for place, digit in enumerate(reversed(text)):
        value = int(digit) * (1 + place % 2)
        total += value - 9 if value > 9 else value
    return total % 10 == 0


def of(practitioner: Mapping[str, Any]) -> str:
    """The RPPS number among the identifiers of a Practitioner, valid or not; empty without one."""
    identifiers = practitioner.get("identifier")
    for identifier in identifiers if isinstance(identifiers, list) else ():
        if isinstance(identifier, Mapping) and identifier.get("system") in SYSTEMS:
            value = identifier.get("value")
            if isinstance(value, str) and value.strip():
                return value.strip()
    return ""

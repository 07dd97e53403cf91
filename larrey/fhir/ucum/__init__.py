"""UCUM units (http://unitsofmeasure.org): quantities of one kind made comparable, whatever unit they were written in.

The knowledge is that of the library ``ucumvert``. Because it takes a second to start, the conversions of the units
in use are kept in ``table.json`` (made by ``scripts/make_ucum_table.py``); the library is only started for others.
"""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Context, Decimal, InvalidOperation, Overflow
from functools import cache, lru_cache
from importlib.resources import files
from typing import NamedTuple

from larrey.kit import json

SYSTEM = "http://unitsofmeasure.org"
_LONGEST = 100
_TWELVE_DIGITS = Context(prec=12, traps=[InvalidOperation, Overflow])
_MICRO = str.maketrans({"\u00b5": "u", "\u03bc": "u"})


class Conversion(NamedTuple):
    """``value × factor + offset`` is in the base unit named by ``unit`` (``"1"`` for numbers without dimension)."""

    factor: Decimal
    offset: Decimal
    unit: str


def canonical(value: Decimal, code: str) -> tuple[Decimal, str] | None:
    """``value`` of the unit ``code`` in base units, rounded to 12 significant digits, with the base unit's text.

    ``canonical(Decimal(5), "mg/dL")`` and ``canonical(Decimal("0.05"), "g/L")`` are equal. Open ends of ranges
    (infinities) stay open. None when ``code`` is not UCUM, or is a logarithmic unit (``dB``, ``[pH]``), which no factor
    converts.
    """
    found = conversion(code)
    if found is None:
        return None
    try:
        return _TWELVE_DIGITS.add(_TWELVE_DIGITS.multiply(value, found.factor), found.offset).normalize(), found.unit
    except (InvalidOperation, Overflow):
        return None


@lru_cache(maxsize=4096)
def conversion(code: str) -> Conversion | None:
    """How ``code`` converts to base units; None as in ``canonical``. ``µ`` is read as UCUM's ``u``."""
    code = code.strip().translate(_MICRO)
    if not code or len(code) > _LONGEST:
        return None
    if code in _table():
        return _table()[code]
    from larrey.fhir.ucum.converter import look_up  # noqa: PLC0415 - starting it takes a second

    return look_up(code)


@cache
def _table() -> Mapping[str, Conversion | None]:
    rows = json.loads(files(__name__).joinpath("table.json").read_bytes())
    return {code: row and Conversion(Decimal(row[0]), Decimal(row[1]), row[2]) for code, row in rows.items()}

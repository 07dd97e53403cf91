"""The one place that knows the libraries ``ucumvert`` and ``pint``."""

from __future__ import annotations

import logging
import math
import threading
from decimal import Decimal
from functools import cache
from typing import Any
from xml.etree import ElementTree as ET

from larrey.fhir.ucum import Conversion

_ESSENCE = "vendor/ucum-essence.xml"
_lock = threading.Lock()


@cache
def _registry() -> Any:
    """A registry in which every arbitrary unit is a dimension of its own.

    UCUM (section 24) forbids converting arbitrary units such as ``[iU]``; the library treats them as the number 1, so
    that ``[iU]/L`` would compare with ``/L``.
    """
    logging.getLogger("pint").setLevel(logging.ERROR)  # redefining is what is meant
    from importlib.resources import files  # noqa: PLC0415  rarely needed

    from ucumvert import PintUcumRegistry  # noqa: PLC0415 - a second of start-up

    registry = PintUcumRegistry()
    root = ET.fromstring(files("ucumvert").joinpath(_ESSENCE).read_bytes())  # noqa: S314 - part of the library
    for unit in root.iter("{http://unitsofmeasure.org/ucum-essence}unit"):
        if unit.get("isArbitrary") == "yes":
            quantity = _quantity(registry, unit.get("Code") or "")
            if quantity is not None and quantity.dimensionless:
                for name in quantity.units._units:  # noqa: SLF001 - pint has no public way to a unit's only name
                    registry.define(f"{name} = [{name}]")
    registry._build_cache()  # noqa: SLF001 - definitions after the first use need it
    return registry


def _quantity(registry: Any, code: str) -> Any:
    """The library's quantity of one ``code``, or None. It raises whatever its parsers do."""
    try:
        return registry.Quantity(1, registry.from_ucum(code).units) if code else None
    except Exception:  # noqa: BLE001 - lark, pint and ucumvert share no base class
        return None


def look_up(code: str) -> Conversion | None:
    """The conversion of ``code`` according to the library; None for no unit, or one without a linear conversion."""
    if _only_annotations(code):
        return Conversion(Decimal(1), Decimal(0), "1")
    with _lock:
        try:
            registry = _registry()
            unit = registry.from_ucum(code)
            points = [registry.Quantity(unit.magnitude * x, unit.units).to_base_units() for x in (0.0, 1.0, 2.0)]
        except Exception:  # noqa: BLE001 - lark, pint and ucumvert share no base class
            return None
    zero, one, two = (float(point.magnitude) for point in points)
    factor = one - zero
    if not all(map(math.isfinite, (zero, one, two))) or factor == 0:
        return None
    if not math.isclose(two - one, factor, rel_tol=1e-9):
        return None
    return Conversion(_exact(factor), _exact(zero), _name(points[1].units))


def _only_annotations(code: str) -> bool:
    """``{score}``: an annotation alone means the unit 1 (UCUM, section 6)."""
    return code.startswith("{") and code.endswith("}") and "{" not in code[1:] and "}" not in code[:-1]


def _exact(number: float) -> Decimal:
    """A factor as written before binary arithmetic blurred its last digits: 13 significant ones."""
    return Decimal(f"{number:.12e}").normalize()


def _name(units: Any) -> str:
    parts = sorted(units._units.items())  # noqa: SLF001 - the pairs (name, exponent) that pint keeps
    return ".".join(name if power == 1 else f"{name}{power:g}" for name, power in parts) or "1"

"""Numbers, quantities and ranges in words."""

from __future__ import annotations

import re
from collections.abc import Mapping
from decimal import Decimal
from functools import lru_cache
from typing import Any

from larrey.fhir.reading.codes import concept_text
from larrey.fhir.reading.elements import Element, choice, items
from larrey.fhir.reading.times import date_text, period_text

NBSP = "\u00a0"
NARROW = "\u202f"
_COMPARATORS = {"<": "<", "<=": "≤", ">=": "≥", ">": ">"}
_POWERS = str.maketrans("0123456789-", "⁰¹²³⁴⁵⁶⁷⁸⁹⁻")
_UNITS: Mapping[str, str] = {
    "Cel": "°C",
    "[degF]": "°F",
    "[in_i]": "in",
    "[lb_av]": "lb",
    "[pH]": "",
    "1": "",
}
_YES = {"fr": ("oui", "non"), "en": ("yes", "no")}
_TIME_UNITS = {
    "fr": {"a": "ans", "mo": "mois", "wk": "semaines", "d": "j", "h": "h", "min": "min", "s": "s"},
    "en": {"a": "years", "mo": "months", "wk": "weeks", "d": "d", "h": "h", "min": "min", "s": "s"},
}
_LONGEST_PLAIN = 18


def decimal_text(value: Decimal | float, lang: str = "fr") -> str:
    """A number with all the digits it was written with: ``1,10`` in French. Integer parts from 10 000 are grouped."""
    exact = value if isinstance(value, Decimal) else Decimal(str(value))
    if not exact.is_finite() or abs(exact.adjusted()) > _LONGEST_PLAIN:
        return str(exact).replace(".", "," if lang == "fr" else ".")
    text = format(exact, "f")
    sign, text = ("−", text[1:]) if text.startswith("-") else ("", text)
    whole, point, fraction = text.partition(".")
    if len(whole) > 4:
        whole = f"{int(whole):,}".replace(",", NARROW if lang == "fr" else ",")
    return f"{sign}{whole}{(',' if lang == 'fr' else '.') if point else ''}{fraction}"


def unit_text(quantity: Element | None, lang: str = "fr") -> str:
    """The unit of a Quantity for reading: its ``unit`` as written, or its UCUM code made readable.

    ``mm[Hg]`` is shown ``mmHg``, ``10*9/L`` ``10⁹/L``, ``umol/L`` ``µmol/L``, ``{score}`` nothing.
    """
    quantity = quantity or {}
    code, unit = quantity.get("code"), quantity.get("unit")
    text = str(unit or code or "")
    return text if unit and unit != code else _readable(text, lang)


@lru_cache(maxsize=4096)
def _readable(text: str, lang: str) -> str:
    """A UCUM code made readable; units are few and repeat on every line."""
    if text in _TIME_UNITS.get(lang, {}):
        return _TIME_UNITS[lang][text]
    if text in _UNITS:
        return _UNITS[text]
    text = re.sub(r"10[*^](-?\d+)", lambda m: "10" + m[1].translate(_POWERS), text)
    text = re.sub(r"/\{1\.73_m2\}", "/1,73" + NBSP + "m²" if lang == "fr" else "/1.73" + NBSP + "m²", text)
    text = re.sub(r"\{[^}]*\}", "", text)
    text = re.sub(r"\[[iI]U\]", "UI" if lang == "fr" else "IU", text)
    text = re.sub(r"\bu(?=[A-Za-z])", "µ", text)
    text = re.sub(r"(?<=[a-z])([23])\b", lambda m: m[1].translate(_POWERS), text)
    return text.replace("[", "").replace("]", "").replace("Cel", "°C")


def quantity_text(quantity: Element | None, lang: str = "fr") -> str:
    """A Quantity (also Age, Duration, Count, Money): ``< 5,0 mg/L``, with no-break spaces; empty without a value."""
    if not quantity or quantity.get("value") is None:
        return ""
    number = decimal_text(quantity["value"], lang)
    comparator = _COMPARATORS.get(quantity.get("comparator", ""))
    if comparator:
        number = f"{comparator}{NBSP}{number}"
    unit = quantity["currency"] if "currency" in quantity else unit_text(quantity, lang)
    if not unit:
        return number
    return number + ("" if unit == "%" and lang != "fr" else NBSP) + unit


def range_text(range_: Element | None, lang: str = "fr") -> str:
    """A Range: ``3,5 – 5,0 mmol/L``, ``≥ 3,5 mmol/L``, ``≤ 5,0 mmol/L``; the unit once when both ends share it."""
    low, high = (range_ or {}).get("low") or {}, (range_ or {}).get("high") or {}
    first, second = quantity_text(low, lang), quantity_text(high, lang)
    if first and second:
        if unit_text(low, lang) in {"", unit_text(high, lang)}:
            first = decimal_text(low["value"], lang)
        return f"{first}{NBSP}–{NBSP}{second}"
    return f"≥{NBSP}{first}" if first else f"≤{NBSP}{second}" if second else ""


def ratio_text(ratio: Element | None, lang: str = "fr") -> str:
    """A Ratio: ``1 / 128``."""
    ends = [quantity_text((ratio or {}).get(end), lang) for end in ("numerator", "denominator")]
    return f"{NBSP}/{NBSP}".join(end for end in ends if end)


def reference_range_text(observation: Element, lang: str = "fr") -> str:
    """The reference ranges of an Observation or component, with what they apply to when there are several; ``;`` between."""
    ranges = items(observation, "referenceRange")
    found = []
    for range_ in ranges:
        text = range_text(range_, lang) or str(range_.get("text", ""))
        applies = [concept_text(concept) for concept in [*items(range_, "appliesTo"), *items(range_, "type")]]
        label = ", ".join(filter(None, applies)) if len(ranges) > 1 else ""
        found.append(f"{label}{NBSP}: {text}" if label and text else text)
    return "; ".join(filter(None, found))


def value_text(element: Element, lang: str = "fr", *, name: str = "value", type_: str | None = None) -> str:
    """The value of a choice element in words: of an Observation or component (``value[x]``), of an extension…

    Without a value, the reason for its absence (``dataAbsentReason``); else empty.
    """
    found = choice(element, name, type_)
    return typed_text(*found, lang) if found else concept_text(element.get("dataAbsentReason"))


def typed_text(type_: str, value: Any, lang: str = "fr") -> str:
    """A value of a FHIR data type in words; empty for types that have no short form."""
    match type_:
        case "Quantity" | "Age" | "Duration" | "Count" | "Distance" | "Money":
            return quantity_text(value, lang)
        case "CodeableConcept":
            return concept_text(value)
        case "Range":
            return range_text(value, lang)
        case "Ratio":
            return ratio_text(value, lang)
        case "Period":
            return period_text(value, lang)
        case "boolean":
            return _YES.get(lang, _YES["en"])[0 if value else 1]
        case "date" | "dateTime" | "instant":
            return date_text(value, lang)
        case "integer" | "decimal" | "positiveInt" | "unsignedInt":
            return decimal_text(value, lang)
    return value if isinstance(value, str) else ""

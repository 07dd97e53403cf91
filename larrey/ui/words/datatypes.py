"""Values of FHIR data types as one line of text. Wrong shapes come out as text too: nothing here raises."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from decimal import Decimal
from typing import Any

from django.utils.translation import gettext as _

from larrey.fhir import reading
from larrey.fhir.definitions import is_type, type_definition
from larrey.kit import json
from larrey.ui import formats
from larrey.ui.words import labels

Value = Mapping[str, Any]

_COMPARATORS = {"<": "<", "<=": "≤", ">": ">", ">=": "≥"}
_HL7 = ("http://terminology.hl7.org/", "http://hl7.org/fhir/")
_DATES = frozenset({"date", "dateTime", "instant"})
_MEASURED = 4
"""Decimals that are shown as they were written."""
_LONGEST = 2000
"""Characters of a value that a page shows; the raw view has the rest."""


def text(value: Any, type_: str = "") -> str:
    """``value`` of the FHIR type ``type_`` in words; the empty string when there is nothing to say."""
    if value is None:
        return ""
    if isinstance(value, list):
        return "\n".join(filter(None, (text(item, type_) for item in value)))
    if isinstance(value, bool):
        return _("Yes") if value else _("No")
    if isinstance(value, Mapping):
        writer = WRITERS.get(type_) or _guess(value)
        return cut(writer(value) if writer else "")
    if isinstance(value, (int, float, Decimal)):
        return formats.number(value)
    if type_ == "code":
        return cut(labels.code(value))
    if type_ in _DATES:
        return formats.fhir_date(value)
    return cut(str(value))


def cut(words: str) -> str:
    """``words``, shortened if they would fill the page."""
    return words if len(words) <= _LONGEST else words[:_LONGEST] + "…"


def compact(value: Any) -> str:
    """The JSON of a value that no rule puts in words."""
    return cut(value if isinstance(value, str) else json.dumps(value).decode())


def has_words(type_: str) -> bool:
    """Whether values of this type fit in one line; others are shown element by element."""
    return type_ in WRITERS or (is_type(type_) and type_definition(type_).kind == "primitive")


def coding(value: Value) -> str:
    """A Coding: its display, else its code, in words when it is one of HL7's own."""
    code = str(value.get("code") or "")
    if not value.get("display") and code in labels.table()["codes"] and str(value.get("system", "")).startswith(_HL7):
        return labels.code(code)
    return str(value.get("display") or value.get("code") or value.get("system") or "")


def concept(value: Value) -> str:
    """A CodeableConcept: its text, else the first coding with a display, else the first code."""
    if value.get("text"):
        return str(value["text"])
    codings = [item for item in _list(value.get("coding")) if isinstance(item, Mapping)]
    shown = next((item for item in codings if item.get("display")), codings[0] if codings else None)
    return coding(shown) if shown else ""


def quantity(value: Value) -> str:
    """A Quantity with its unit and comparator: "≥ 1,10 mmol/L"."""
    if value.get("value") is None:
        return str(value.get("unit") or value.get("code") or "")
    comparator = _COMPARATORS.get(str(value.get("comparator", "")), "")
    unit = reading.unit_text(value, formats.language())
    return " ".join(filter(None, (comparator, formats.number(rounded(value["value"])), unit)))


def rounded(value: Any) -> Any:
    """A number with more decimals than anyone measures, to two decimals or three digits; the raw view keeps them all."""
    exponent = value.as_tuple().exponent if isinstance(value, Decimal) else 0
    if not isinstance(exponent, int) or -exponent <= _MEASURED:
        return value
    return round(value, max(2, 2 - value.adjusted()))


def money(value: Value) -> str:
    """Money: "12,50 EUR"."""
    return " ".join(filter(None, (formats.number(value.get("value", "")), str(value.get("currency", "")))))


def period(value: Value) -> str:
    """A Period: from – to, to the precision that was given; one day shows its date once."""
    start, end = formats.fhir_date(value.get("start", "")), formats.fhir_date(value.get("end", ""))
    if start and end:
        if start == end:
            return start
        first, _space, time = end.rpartition(" ")
        return f"{start} – {time if first and start.startswith(first) and ':' in time else end}"
    if start:
        return _("since %(date)s") % {"date": start}
    return _("until %(date)s") % {"date": end} if end else ""


def human_name(value: Value) -> str:
    """A HumanName as in France: title, family name in capitals, first names."""
    return reading.human_name(value, prefix=True)


def address(value: Value) -> str:
    """An Address on one line."""
    return reading.address_line(value)


def contact_point(value: Value) -> str:
    """A ContactPoint: the number or address, and where it reaches."""
    use = labels.code(value["use"]) if value.get("use") else ""
    return f"{value.get('value', '')} ({use})" if use else str(value.get("value", ""))


def identifier(value: Value) -> str:
    """An Identifier: what kind of number, and the number."""
    name = concept(value["type"]) if isinstance(value.get("type"), Mapping) else ""
    return f"{name} {value.get('value', '')}".strip()


def reference(value: Value) -> str:
    """A Reference: the display, else the identifier, else the kind of thing it points to."""
    if value.get("display"):
        return str(value["display"])
    if isinstance(value.get("identifier"), Mapping):
        return identifier(value["identifier"])
    return unnamed_reference(str(value.get("reference") or ""))


def unnamed_reference(target: str) -> str:
    """What to show of a reference without a wording of its own: the kind of thing, and its id."""
    type_, slash, id_ = target.partition("/")
    return f"{labels.kind(type_)} ({id_})" if slash and is_type(type_) else target


def annotation(value: Value) -> str:
    """An Annotation: the text, then who and when."""
    who = value.get("authorString") or text(value.get("authorReference"), "Reference")
    signed = ", ".join(filter(None, (str(who or ""), formats.fhir_date(value.get("time", "")))))
    return f"{value.get('text', '')} ({signed})" if signed else str(value.get("text", ""))


def attachment(value: Value) -> str:
    """An Attachment: its title, format and date; never its content."""
    parts = [str(value.get("title") or ""), str(value.get("contentType") or ""), formats.fhir_date(value.get("creation", ""))]
    return ", ".join(filter(None, parts)) or str(value.get("url") or "")


def range_(value: Value) -> str:
    """A Range: low – high, the unit once when it is the same."""
    low, high = text(value.get("low"), "Quantity"), text(value.get("high"), "Quantity")
    if low and high:
        first, _space, unit = low.partition(" ")
        return f"{first if unit and high.endswith(f' {unit}') else low} – {high}"
    return f"≥ {low}" if low else f"≤ {high}" if high else ""


def ratio(value: Value) -> str:
    """A Ratio: numerator / denominator."""
    return " / ".join(filter(None, (text(value.get(key), "Quantity") for key in ("numerator", "denominator"))))


def timing(value: Value) -> str:
    """A Timing: its code, else how often, else the dates."""
    if isinstance(value.get("code"), Mapping) and concept(value["code"]):
        return concept(value["code"])
    repeat = value.get("repeat")
    if isinstance(repeat, Mapping):
        unit = labels.code(repeat["periodUnit"]) if repeat.get("periodUnit") else ""
        words = _("%(frequency)s × every %(period)s %(unit)s") % {
            "frequency": formats.number(repeat.get("frequency", 1)),
            "period": formats.number(repeat.get("period", 1)),
            "unit": unit,
        }
        bounds = text(repeat.get("boundsPeriod"), "Period") or text(repeat.get("boundsDuration"), "Quantity")
        return ", ".join(filter(None, (words.strip() if repeat.get("period") or repeat.get("frequency") else "", bounds)))
    return text(value.get("event"), "dateTime")


def dosage(value: Value) -> str:
    """A Dosage: the text as written, else dose, route, timing."""
    if value.get("text"):
        return str(value["text"])
    doses = [item for item in _list(value.get("doseAndRate")) if isinstance(item, Mapping)]
    dose = text(doses[0].get("doseQuantity"), "Quantity") or text(doses[0].get("doseRange"), "Range") if doses else ""
    needed = value.get("asNeededBoolean") is True or value.get("asNeededCodeableConcept")
    parts = [dose, text(value.get("route"), "CodeableConcept"), text(value.get("timing"), "Timing")]
    return ", ".join(filter(None, [*parts, _("as needed") if needed else ""]))


def sampled(value: Value) -> str:
    """SampledData: how many points; the curve is not text."""
    return _("%(count)s points") % {"count": len(str(value.get("data", "")).split())}


def signature(value: Value) -> str:
    """A Signature: who and when; never its content."""
    return ", ".join(filter(None, (text(value.get("who"), "Reference"), formats.fhir_date(value.get("when", "")))))


WRITERS: Mapping[str, Callable[[Value], str]] = {
    "Coding": coding,
    "CodeableConcept": concept,
    **dict.fromkeys(("Quantity", "SimpleQuantity", "MoneyQuantity", "Age", "Duration", "Count", "Distance"), quantity),
    "Money": money,
    "Period": period,
    "HumanName": human_name,
    "Address": address,
    "ContactPoint": contact_point,
    "Identifier": identifier,
    "Reference": reference,
    "Annotation": annotation,
    "Attachment": attachment,
    "Range": range_,
    "Ratio": ratio,
    "Timing": timing,
    "Dosage": dosage,
    "SampledData": sampled,
    "Signature": signature,
}


def _guess(value: Value) -> Callable[[Value], str] | None:
    """The writer for a value whose type is not known, from the elements it has."""
    for key, writer in (("coding", concept), ("reference", reference), ("value", quantity), ("start", period)):
        if key in value:
            return writer
    return concept if "text" in value else None


def _list(value: Any) -> list[Any]:
    if value is None:
        return []
    return value if isinstance(value, list) else [value]

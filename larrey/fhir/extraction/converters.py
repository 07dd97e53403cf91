"""FHIR data types → search values, one function for each pair (parameter type, data type) that R4 allows.

The tables of http://hl7.org/fhir/R4/search.html say which elements of a data type each kind of parameter searches.
A converter gets one JSON value and appends what it gives to ``found``.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from decimal import Decimal
from functools import lru_cache
from typing import Any

from larrey.fhir.dates import interval, period
from larrey.fhir.references import relative
from larrey.fhir.values import Amount, Reference, Span, Token, TypedIdentifier, Value

Converter = Callable[[Any, list[Value]], None]

INFINITY = Decimal("Infinity")
CURRENCIES = "urn:iso:std:iso:4217"
_HISTORY = re.compile(r"/_history/[A-Za-z0-9\-.]{1,64}\Z", re.ASCII)
_SEPARATORS = re.compile(r"[\s\-\u2010\u2011'\u2019]+")

_token = lru_cache(maxsize=131072)(Token)  # the same codes come again and again: sharing is faster than making
_typed = lru_cache(maxsize=8192)(TypedIdentifier)


# Tokens: http://hl7.org/fhir/R4/search.html#token -------------------------------------------------------------------


def code(value: Any, found: list[Value]) -> None:
    """A code, id, uri or string: its system is not in the resource, so it has none."""
    found.append(_token(None, value, None))


def boolean(value: Any, found: list[Value]) -> None:
    found.append(_token(None, "true" if value else "false", None))


def coding(value: Any, found: list[Value]) -> None:
    code_, display = value.get("code"), value.get("display")
    if code_ is not None or display is not None:
        found.append(_token(value.get("system"), code_, display))


def concept(value: Any, found: list[Value]) -> None:
    """Every coding; and the text alone when no coding displays it."""
    text = value.get("text")
    for item in value.get("coding", ()):
        code_, display = item.get("code"), item.get("display")
        if code_ is not None or display is not None:
            found.append(_token(item.get("system"), code_, display))
            if display == text:
                text = None
    if text is not None:
        found.append(_token(None, None, text))


def identifier(value: Any, found: list[Value]) -> None:
    """System and value; beside it one ``TypedIdentifier`` for each coding of its type."""
    number, kind = value.get("value"), value.get("type")
    if number is None:
        return
    if kind is None:
        found.append(Token(value.get("system"), number, None))
        return
    found.append(Token(value.get("system"), number, kind.get("text")))
    codings = (item for item in kind.get("coding", ()) if "code" in item)
    found.extend(_typed(item.get("system"), item["code"], number) for item in codings)


def contact_point(value: Any, found: list[Value]) -> None:
    if (number := value.get("value")) is not None:
        found.append(Token(None, number, None))


# Strings: http://hl7.org/fhir/R4/search.html#string -----------------------------------------------------------------


def string(value: Any, found: list[Value]) -> None:
    found.append(value)


def human_name(value: Any, found: list[Value]) -> None:
    found.extend(_name_parts(value))


def _name_parts(value: Any) -> Iterable[str]:
    for part in ("text", "family"):
        if part in value:
            yield value[part]
    for part in ("given", "prefix", "suffix"):
        for text in value.get(part, ()):
            if text is not None:
                yield text


def words(value: Any, found: list[Value]) -> None:
    """Larrey's own: each different word of a name, split at spaces, hyphens and apostrophes."""
    found.extend(dict.fromkeys(word for part in _name_parts(value) for word in _SEPARATORS.split(part) if word))


def address(value: Any, found: list[Value]) -> None:
    found.extend(line for line in value.get("line", ()) if line is not None)
    found.extend(value[p] for p in ("text", "city", "district", "state", "postalCode", "country") if p in value)


# Dates: http://hl7.org/fhir/R4/search.html#date ---------------------------------------------------------------------


def date(value: Any, found: list[Value]) -> None:
    found.append(interval(value))


def date_period(value: Any, found: list[Value]) -> None:
    if (span := period(value.get("start"), value.get("end"))) is not None:
        found.append(span)


def timing(value: Any, found: list[Value]) -> None:
    """The outer limits: of the events and of the repetition's bounds."""
    spans: list[Span] = [interval(event) for event in value.get("event", ()) if event is not None]
    bounds = value.get("repeat", {}).get("boundsPeriod", {})
    if (span := period(bounds.get("start"), bounds.get("end"))) is not None:
        spans.append(span)
    if spans:
        found.append(Span(min(s.low for s in spans), max(s.high for s in spans)))


# Numbers and quantities: http://hl7.org/fhir/R4/search.html#quantity --------------------------------------------------


def _decimal(value: Any) -> Decimal:
    return value if isinstance(value, Decimal) else Decimal(str(value))


def number(value: Any, found: list[Value]) -> None:
    exact = _decimal(value)
    found.append(Amount(exact, exact, exact, None, None, None))


def quantity(value: Any, found: list[Value]) -> None:
    """``<`` and ``<=`` open the lower end, ``>`` and ``>=`` the upper."""
    if (raw := value.get("value")) is None:
        return
    low = high = exact = _decimal(raw)
    if (comparator := value.get("comparator")) is not None:
        if comparator[0] == "<":
            low = -INFINITY
        else:
            high = INFINITY
    found.append(Amount(low, high, exact, value.get("system"), value.get("code"), value.get("unit")))


def money(value: Any, found: list[Value]) -> None:
    if (raw := value.get("value")) is not None:
        exact, currency = _decimal(raw), value.get("currency")
        found.append(Amount(exact, exact, exact, CURRENCIES if currency else None, currency, currency))


def quantity_range(value: Any, found: list[Value]) -> None:
    ends = [value.get("low") or {}, value.get("high") or {}]
    low, high = (end.get("value") for end in ends)
    if low is None and high is None:
        return
    unit = ends[0] if low is not None else ends[1]
    found.append(
        Amount(
            -INFINITY if low is None else _decimal(low),
            INFINITY if high is None else _decimal(high),
            _decimal(high if low is None else low),
            unit.get("system"),
            unit.get("code"),
            unit.get("unit"),
        )
    )


_SAMPLE = re.compile(r"[+-]?[0-9]+(?:\.[0-9]+)?(?:[eE][+-]?[0-9]{1,3})?", re.ASCII)


def sampled_data(value: Any, found: list[Value]) -> None:
    """From the smallest to the largest sample, scaled (http://hl7.org/fhir/R4/datatypes.html#SampledData).

    ``E`` (error) counts for nothing, as does what is no number; ``L`` and ``U`` count for the limits of detection where
    they are given.
    """
    origin = value.get("origin") or {}
    zero, factor = _decimal(origin.get("value", 0)), _decimal(value.get("factor", 1))
    limits = {"L": value.get("lowerLimit"), "U": value.get("upperLimit"), "E": None}
    numbers = []
    for text in set(value.get("data", "").split()):
        raw = limits.get(text, text)
        if raw is not None and _SAMPLE.fullmatch(str(raw)):
            numbers.append(_decimal(raw) * factor + zero)
    if numbers:
        low, high = min(numbers), max(numbers)
        found.append(Amount(low, high, low, origin.get("system"), origin.get("code"), origin.get("unit")))


# References: http://hl7.org/fhir/R4/search.html#reference -------------------------------------------------------------


@lru_cache(maxsize=131072)
def _reference(literal: str) -> Reference | None:
    if literal.startswith("#"):
        return None
    local = relative(literal)
    return Reference(f"{local[0]}/{local[1]}" if local else _HISTORY.sub("", literal), None)


def reference(value: Any, found: list[Value]) -> None:
    literal, logical = value.get("reference"), value.get("identifier")
    target = _reference(literal) if literal else None
    if logical is not None and (number := logical.get("value")) is not None:
        token = Token(logical.get("system"), number, (logical.get("type") or {}).get("text"))
        found.append(Reference(target.target if target else None, token))
    elif target is not None:
        found.append(target)


def canonical(value: Any, found: list[Value]) -> None:
    """A canonical URL with a version is found with it and without it."""
    url, bar, _ = value.partition("|")
    if not url or url.startswith("#"):
        return
    if bar:
        found.append(Reference(value, None))
    found.append(Reference(url, None))


def whole_resource(value: Any, found: list[Value]) -> None:
    """The first resource of a document or message: its own address."""
    if value.get("id"):
        found.append(Reference(f"{value['resourceType']}/{value['id']}", None))


def position(value: Any, found: list[Value]) -> None:
    """``Location.near``: (latitude, longitude) in degrees, WGS84."""
    ends: list[Value] = []
    for end in ("latitude", "longitude"):
        number(value[end], ends)
    found.append(tuple(ends))


CONVERTERS: Mapping[tuple[str, str], Converter] = {
    **{("token", type_): code for type_ in ("code", "id", "string", "uri")},
    ("token", "boolean"): boolean,
    ("token", "Coding"): coding,
    ("token", "CodeableConcept"): concept,
    ("token", "Identifier"): identifier,
    ("token", "ContactPoint"): contact_point,
    ("string", "string"): string,
    ("string", "markdown"): string,
    ("string", "HumanName"): human_name,
    ("string", "Address"): address,
    **{("date", type_): date for type_ in ("date", "dateTime", "instant")},
    ("date", "Period"): date_period,
    ("date", "Timing"): timing,
    ("number", "integer"): number,
    ("number", "decimal"): number,
    ("number", "Range"): quantity_range,
    **{("quantity", type_): quantity for type_ in ("Quantity", "Age", "Duration")},
    ("quantity", "Money"): money,
    ("quantity", "Range"): quantity_range,
    ("quantity", "SampledData"): sampled_data,
    ("reference", "Reference"): reference,
    ("reference", "canonical"): canonical,
    ("reference", "uri"): canonical,
    ("reference", "Resource"): whole_resource,
    **{("uri", type_): string for type_ in ("uri", "url", "canonical")},
    ("special", "Location.position"): position,
}

WITHOUT_VALUE: Mapping[tuple[str, str], str] = {
    ("date", "string"): "a date in words is on no calendar",
    ("date", "Age"): "an age is on no calendar",
    ("date", "Range"): "an age is on no calendar",
    ("reference", "Attachment"): "an attachment is not a reference",
    ("token", "Quantity"): "the composite's component is a token",
    ("token", "Range"): "the composite's component is a token",
    ("token", "Reference"): "the composite's component is a token",
}
"""Pairs that some R4 expression selects beside others and that give no value, with the reason."""

"""Checks of the primitive types of FHIR R4 (http://hl7.org/fhir/R4/datatypes.html#primitive).

The regular expressions are those of the definitions; on top come the rules that they cannot tell: days that the
calendar has, sizes of integers, no control character, no empty string (http://hl7.org/fhir/R4/json.html#primitive).
"""

from __future__ import annotations

import re
from collections.abc import Callable
from decimal import Decimal
from typing import Any

from larrey.fhir.dates import is_date
from larrey.fhir.validation.faults import Check, Fault, Run, kind, quoted

MAX_STRING = 1024 * 1024
"""http://hl7.org/fhir/R4/datatypes.html#string: "strings SHALL NOT exceed 1MB (1024*1024 characters) in size"."""

MAX_DIGITS = 64
MAX_EXPONENT = 300
"""A decimal beyond these (characters as written; R4 asks for 18 digits) would not survive as a double in the
indexes, and none is a measurement."""

LONGEST_DATE = 40
"""Characters: a dateTime with a dozen decimals of a second. R4 sets no limit to them."""

_YEAR = r"(?:[0-9](?:[0-9](?:[0-9][1-9]|[1-9]0)|[1-9]00)|[1-9]000)"
_DAY = r"-(?:0[1-9]|1[0-2])-(?:0[1-9]|[12][0-9]|3[01])"
_TIME = r"(?:[01][0-9]|2[0-3]):[0-5][0-9]:(?:[0-5][0-9]|60)(?:\.[0-9]+)?"
_ZONE = r"(?:Z|[+-](?:(?:0[0-9]|1[0-3]):[0-5][0-9]|14:00))"
_DATE = re.compile(rf"{_YEAR}(?:-(?:0[1-9]|1[0-2])(?:-(?:0[1-9]|[12][0-9]|3[01]))?)?")
_DATE_TIME = re.compile(rf"{_YEAR}(?:-(?:0[1-9]|1[0-2])(?:-(?:0[1-9]|[12][0-9]|3[01])(?:T{_TIME}{_ZONE})?)?)?")
_INSTANT = re.compile(rf"{_YEAR}{_DAY}T{_TIME}{_ZONE}")
_CLOCK = re.compile(_TIME)
_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff]")  # lone surrogates cannot be written in UTF-8
_SPACE = re.compile(r"\s", re.ASCII)
_ID = re.compile(r"[A-Za-z0-9\-.]{1,64}")
_CODE = re.compile(r"[^\s]+(?:\s[^\s]+)*", re.ASCII)
_OID = re.compile(r"urn:oid:[0-2](?:\.(?:0|[1-9][0-9]*))+")
_UUID = re.compile(r"urn:uuid:[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}")
_BASE64 = re.compile(r"[0-9a-zA-Z+/]*={0,2}")
_WHITE = str.maketrans("", "", " \t\r\n")


def _wrong_kind(value: Any, type_: str, wanted: str) -> list[Fault]:
    if value is None:
        return [("", "structure", "null is not a value; leave the element out.")]
    return [("", "structure", f"{type_} must be {wanted}, not {kind(value)}.")]


def _text_fault(value: Any, type_: str) -> list[Fault] | None:
    """What every textual primitive must be: a string, not empty, without control characters, not beyond 1 MB."""
    if type(value) is not str:
        return _wrong_kind(value, type_, "a string")
    if not value:
        return [("", "value", f"{type_} must not be empty; leave the element out.")]
    control = _CONTROL.search(value)
    if control is not None:
        return [("", "value", f"{type_} must not hold the control character U+{ord(control.group()):04X}.")]
    if len(value) > MAX_STRING:
        return [("", "too-long", f"{type_} must not be longer than {MAX_STRING} characters.")]
    return None


def _string(value: Any, _run: Run) -> list[Fault] | None:
    # isprintable() runs at C speed and is false as soon as anything needs a closer look.
    if type(value) is str and value and value.isprintable() and len(value) <= MAX_STRING:
        return None
    return _text_fault(value, "string")


def _markdown(value: Any, _run: Run) -> list[Fault] | None:
    return _text_fault(value, "markdown")


def _patterned(type_: str, good: Callable[[str], bool], wanted: str) -> Check:
    """A textual primitive that ``good`` accepts."""

    def check(value: Any, _run: Run) -> list[Fault] | None:
        if type(value) is str and good(value):
            return None
        return _text_fault(value, type_) or [("", "value", f"{quoted(value)} is not {wanted}.")]

    return check


def _dated(pattern: re.Pattern[str]) -> Callable[[str], bool]:
    # is_date knows the calendar (the patterns let 2026-02-30 through) and the ends of time.
    return lambda text: len(text) <= LONGEST_DATE and pattern.fullmatch(text) is not None and is_date(text)


def _matches(pattern: re.Pattern[str]) -> Callable[[str], bool]:
    return lambda text: pattern.fullmatch(text) is not None


def _uri(text: str) -> bool:
    return text != "" and len(text) <= MAX_STRING and _SPACE.search(text) is None and _CONTROL.search(text) is None


def _code(text: str) -> bool:
    return len(text) <= MAX_STRING and _CODE.fullmatch(text) is not None and _CONTROL.search(text) is None


def _base64(value: Any, _run: Run) -> list[Fault] | None:
    if type(value) is not str:
        return _wrong_kind(value, "base64Binary", "a string")
    if not value:
        return _text_fault(value, "base64Binary")
    # White space is allowed between the groups of four (http://hl7.org/fhir/R4/datatypes.html#base64Binary).
    bare = value if value.isalnum() else value.translate(_WHITE)
    if len(bare) % 4 or not bare or _BASE64.fullmatch(bare) is None:
        return [("", "value", "The content is not base64.")]
    return None


def _boolean(value: Any, _run: Run) -> list[Fault] | None:
    return None if value is True or value is False else _wrong_kind(value, "boolean", "true or false")


def _decimal(value: Any, _run: Run) -> list[Fault] | None:
    # float is accepted for callers whose numbers do not come from the codec (a resource built in Python).
    if type(value) is Decimal:
        if value.is_finite() and len(str(value)) <= MAX_DIGITS and -MAX_EXPONENT <= value.adjusted() <= MAX_EXPONENT:
            return None
    elif type(value) is int:
        if abs(value) < 10**MAX_DIGITS:
            return None
    elif type(value) is float:
        if abs(value) <= 10.0**MAX_EXPONENT:
            return None
    else:
        return _wrong_kind(value, "decimal", "a number")
    return [("", "value", f"decimal must have at most {MAX_DIGITS} characters and an exponent within ±{MAX_EXPONENT}.")]


def _ranged(type_: str, low: int) -> Check:
    """A whole number of 32 bits, not less than ``low``, written without fraction or exponent."""
    high = 2**31 - 1

    def check(value: Any, _run: Run) -> list[Fault] | None:
        if type(value) is int:
            if low <= value <= high:
                return None
            return [("", "value", f"{type_} must be between {low} and {high}.")]
        if isinstance(value, Decimal | float):
            return [("", "value", f"{type_} must be a whole number without fraction or exponent.")]
        return _wrong_kind(value, type_, "a whole number")

    return check


CHECKS: dict[str, Check] = {
    "base64Binary": _base64,
    "boolean": _boolean,
    "canonical": _patterned("canonical", _uri, "a canonical URL: it must not hold white space"),
    "code": _patterned("code", _code, "a code: white space at the ends or doubled"),
    "date": _patterned("date", _dated(_DATE), "a date (YYYY, YYYY-MM or YYYY-MM-DD)"),
    "dateTime": _patterned(
        "dateTime", _dated(_DATE_TIME), "a date (YYYY, YYYY-MM, YYYY-MM-DD) or a date with time, seconds and zone"
    ),
    "decimal": _decimal,
    "id": _patterned("id", _matches(_ID), "an id: 1 to 64 letters, digits, dots and hyphens"),
    "instant": _patterned("instant", _dated(_INSTANT), "an instant (YYYY-MM-DDThh:mm:ss and a zone)"),
    "integer": _ranged("integer", -(2**31)),
    "markdown": _markdown,
    "oid": _patterned("oid", _matches(_OID), "an OID (urn:oid:…)"),
    "positiveInt": _ranged("positiveInt", 1),
    "string": _string,
    "time": _patterned("time", _matches(_CLOCK), "a time (hh:mm:ss)"),
    "unsignedInt": _ranged("unsignedInt", 0),
    "uri": _patterned("uri", _uri, "a URI: it must not hold white space"),
    "url": _patterned("url", _uri, "a URL: it must not hold white space"),
    "uuid": _patterned("uuid", _matches(_UUID), "a UUID (urn:uuid:…, lower case)"),
}
"""The check of each primitive type. ``xhtml`` is in ``narrative``."""

SHORT = 200
"""The longest string that ``QUICK`` is asked about, so that long input never meets a pattern twice."""

_SEEN_DAY = r"-(?:(?:0[1-9]|1[0-2])-(?:0[1-9]|1[0-9]|2[0-8])|(?:0[13-9]|1[0-2])-(?:29|30)|(?:0[13578]|1[02])-31)"
_SEEN_TIME = r"(?:[01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9](?:\.[0-9]{1,9})?"
_SEEN_YEAR = r"(?:1[5-9]|2[01])[0-9][0-9]"
_QUICK_DATE = rf"{_SEEN_YEAR}(?:-(?:0[1-9]|1[0-2])|{_SEEN_DAY})?"
_QUICK_INSTANT = rf"{_SEEN_YEAR}{_SEEN_DAY}T{_SEEN_TIME}{_ZONE}"
_quick_code = re.compile(r"[!-~]+(?: [!-~]+)*").fullmatch
_quick_uri = re.compile(r"[!-~]+").fullmatch

QUICK: dict[str, Callable[[str], object]] = {
    "canonical": _quick_uri,
    "code": _quick_code,
    "date": re.compile(_QUICK_DATE).fullmatch,
    "dateTime": re.compile(rf"{_QUICK_INSTANT}|{_QUICK_DATE}").fullmatch,
    "id": _ID.fullmatch,
    "instant": re.compile(_QUICK_INSTANT).fullmatch,
    "markdown": str.isprintable,
    "string": str.isprintable,
    "time": _CLOCK.fullmatch,
    "uri": _quick_uri,
    "url": _quick_uri,
}
"""Tests at C speed of strings of 1 to ``SHORT`` characters: true means right, false that ``CHECKS`` must look."""

"""An Observation as measures: the value in words and as a number, what is abnormal about it, its unit and range.

Content from elsewhere is odd: whatever is missing or of the wrong type is left out, nothing here raises.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from functools import lru_cache
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from larrey.apps.chart.queries import analytes
from larrey.fhir import reading, shelves
from larrey.fhir.dates import interval
from larrey.kit.errors import Invalid
from larrey.ui import formats
from larrey.ui.words import datatypes

Json = Mapping[str, Any]

SHORT = 11
"""Characters of a value that fit a cell; the rest shows on hovering and on the value's page."""
_MARKS: Mapping[str, str] = (
    dict.fromkeys(("H", "HU", ">", "U"), "high")
    | dict.fromkeys(("HH",), "very-high")
    | dict.fromkeys(("L", "LU", "<", "D"), "low")
    | dict.fromkeys(("LL",), "very-low")
    | dict.fromkeys(("A", "POS", "DET", "R", "RR", "ND>"), "odd")
    | dict.fromkeys(("AA",), "very-odd")
    | dict.fromkeys(("N", "NEG", "S", "ND", "I", "IE", "IND"), "normal")
)
"""Codes of http://terminology.hl7.org/CodeSystem/v3-ObservationInterpretation."""
SIGNS: Mapping[str, tuple[str, str]] = {
    "high": ("↑", gettext_noop("high")),
    "very-high": ("↑↑", gettext_noop("very high")),
    "low": ("↓", gettext_noop("low")),
    "very-low": ("↓↓", gettext_noop("very low")),
    "odd": ("!", gettext_noop("abnormal")),
    "very-odd": ("!!", gettext_noop("very abnormal")),
}
"""Mark → its sign and its English word."""
_STATES: Mapping[str, tuple[str, str]] = {
    "registered": (gettext_noop("awaited"), "a"),
    "preliminary": (gettext_noop("provisional"), "p"),
    "amended": (gettext_noop("amended"), "c"),
    "corrected": (gettext_noop("corrected"), "c"),
    "cancelled": (gettext_noop("cancelled"), "x"),
    "entered-in-error": (gettext_noop("entered in error"), "x"),
}
"""Status → its English word and the letter of it, the same in both languages."""
_COMPARATORS = {"<": "<", "<=": "≤", ">": ">", ">=": "≥"}
_VOID = frozenset({"cancelled", "entered-in-error"})


@dataclass(frozen=True, slots=True)
class Measure:
    """One measured value.

    ``analyte`` is ``system|code`` of what is measured, ``parent`` that of the Observation it is a component of (else the same).
    ``low``, ``high``: numbers of the reference range in the value's unit. ``mark`` is a key of ``SIGNS`` or "". ``state``:
    the status in words where it is not final. ``void``: cancelled or wrong, to be struck through.
    """

    id: str
    analyte: str
    parent: str
    label: str
    when: datetime | None
    value: str
    number: float | None
    unit: str
    low: float | None
    high: float | None
    range: str
    mark: str
    state: str
    state_letter: str
    void: bool
    note: str
    encounter: str

    @property
    def short(self) -> str:
        """The value as it fits a cell."""
        return self.value if len(self.value) <= SHORT else f"{self.value[: SHORT - 1]}…"

    @property
    def sign(self) -> str:
        """↑, ↓… or ""."""
        return SIGNS[self.mark][0] if self.mark else ""

    @property
    def sign_words(self) -> str:
        """The mark in the reader's language."""
        return _(SIGNS[self.mark][1]) if self.mark else ""


def measures(observation: Json) -> Iterator[Measure]:
    """The measures of an Observation: its own value, and one for each component."""
    own = shelves.analyte(observation) or "|"
    components = [part for part in _list(observation.get("component")) if isinstance(part, Mapping)]
    shared = _shared(observation)
    if not components or _has_value(observation):
        yield _measure(observation, observation, own, own, shared)
    for part in components:
        name = shelves.analyte({"resourceType": "Observation", "code": part.get("code")})
        if name:
            yield _measure(part, observation, name, own, shared)


def moment(observation: Json) -> datetime | None:
    """When it was measured: the beginning of the effective time, else the time of issue."""
    for value in (
        observation.get("effectiveDateTime"),
        observation.get("effectiveInstant"),
        (_map(observation.get("effectivePeriod")).get("start") or _map(observation.get("effectivePeriod")).get("end")),
    ):
        if isinstance(value, str):
            try:
                return interval(value).low
            except Invalid:
                continue
    return None


def name(concept: Any, analyte: str, language: str = "") -> str:
    """What to call an analyte: the house's name, else the words of its own code."""
    known = analytes.known(analyte)
    if known is not None:
        return known.fr if (language or formats.language()) == "fr" else known.en
    written = datatypes.text(concept, "CodeableConcept") if isinstance(concept, Mapping) else ""
    return written or analyte.rpartition("|")[2] or _("Unnamed measurement")


@dataclass(frozen=True, slots=True)
class _Shared:
    """What the components of an Observation have in common."""

    when: datetime | None
    state: str
    letter: str
    void: bool
    note: str
    encounter: str
    language: str


def _shared(observation: Json) -> _Shared:
    status = observation.get("status")
    status = status if isinstance(status, str) else ""
    state, letter = _STATES.get(status, ("", ""))
    notes = [note.get("text") for note in _list(observation.get("note")) if isinstance(note, Mapping)]
    note = " · ".join(note for note in notes if isinstance(note, str))
    encounter = _map(observation.get("encounter")).get("reference")
    return _Shared(
        moment(observation),
        _(state) if state else "",
        letter,
        status in _VOID,
        datatypes.cut(note),
        encounter if isinstance(encounter, str) else "",
        formats.language(),
    )


def _measure(element: Json, observation: Json, analyte: str, parent: str, shared: _Shared) -> Measure:
    value, number, unit = _value(element, shared.language)
    low, high, range_ = _range(element, unit, shared.language)
    return Measure(
        id=str(observation.get("id", "")),
        analyte=analyte,
        parent=parent,
        label=name(element.get("code"), analyte, shared.language),
        when=shared.when,
        value=value,
        number=number,
        unit=unit,
        low=low,
        high=high,
        range=range_,
        mark="" if shared.void else _mark(element, number, low, high),
        state=shared.state,
        state_letter=shared.letter,
        void=shared.void,
        note=shared.note,
        encounter=shared.encounter,
    )


def _has_value(element: Json) -> bool:
    return any(key.startswith("value") for key in element) or "dataAbsentReason" in element


def _value(element: Json, language: str) -> tuple[str, float | None, str]:
    """(words, number, unit)."""
    key = next((key for key in element if key.startswith("value") and element[key] is not None), None)
    if key is None:
        return datatypes.text(element.get("dataAbsentReason"), "CodeableConcept") or "–", None, ""
    value, type_ = element[key], key.removeprefix("value")
    if type_ == "Quantity" and isinstance(value, Mapping):
        number = value.get("value")
        if isinstance(number, (int, float, Decimal)) and not isinstance(number, bool):
            comparator = value.get("comparator")
            sign = _COMPARATORS.get(comparator, "") if isinstance(comparator, str) else ""
            words = _words(str(datatypes.rounded(number)), language)
            return f"{sign} {words}" if sign else words, None if comparator else _float(number), _unit(value, language)
    if type_ == "Integer" and isinstance(value, int) and not isinstance(value, bool):
        return formats.number(value), float(value), ""
    if isinstance(value, str) and type_ in {"DateTime", "String", "Time"}:
        words = formats.fhir_date(value) if type_ == "DateTime" else datatypes.cut(value)
        return words or "–", None, ""
    return datatypes.text(value, type_) or "–", None, ""


# A page has the same units, numbers and bounds a hundred times over.
@lru_cache(maxsize=8192)
def _words(number: str, _language: str) -> str:
    return formats.number(number)


@lru_cache(maxsize=2048)
def _unit_words(unit: str | None, code: str | None, language: str) -> str:
    return reading.unit_text({"unit": unit, "code": code}, language)


def _unit(quantity: Json, language: str) -> str:
    unit, code = quantity.get("unit"), quantity.get("code")
    text, named = (each if isinstance(each, str) else None for each in (unit, code))
    return _unit_words(text, named, language) if text or named else ""


def _range(element: Json, unit: str, language: str) -> tuple[float | None, float | None, str]:
    """The numbers and the words of the reference range; of several, the first that is the normal one, in numbers of ``unit``."""
    ranges = [range_ for range_ in _list(element.get("referenceRange")) if isinstance(range_, Mapping)]
    usual = next((r for r in ranges if _code(r.get("type")) in {"", "normal"}), None)
    if usual is None:
        return None, None, ""
    low, high = (_map(usual.get(end)) for end in ("low", "high"))
    units = [_unit(end, language) for end in (low, high)]
    found = [_float(end.get("value")) for end in (low, high)]
    numbers = [number if own in {"", unit} else None for number, own in zip(found, units, strict=True)]
    words = [
        _words(str(datatypes.rounded(end["value"])), language) if number is not None else ""
        for end, number in zip((low, high), found, strict=True)
    ]
    foreign = next((own for own in units if own not in {"", unit}), "")
    text = f"{words[0]} – {words[1]}" if all(words) else f"≥ {words[0]}" if words[0] else f"≤ {words[1]}" if words[1] else ""
    if not text and isinstance(usual.get("text"), str):
        text = datatypes.cut(usual["text"])
    return numbers[0], numbers[1], f"{text} {foreign}".strip()


def _mark(element: Json, number: float | None, low: float | None, high: float | None) -> str:
    """What the laboratory said; where it said nothing, the number against the range."""
    for concept in _list(element.get("interpretation")):
        for coding in _list(_map(concept).get("coding")):
            code = _map(coding).get("code")
            mark = _MARKS.get(code) if isinstance(code, str) else None
            if mark is not None:
                return "" if mark == "normal" else mark
    if number is not None and low is not None and number < low:
        return "low"
    return "high" if number is not None and high is not None and number > high else ""


def _code(concept: Any) -> str:
    first = next(iter(_list(_map(concept).get("coding"))), None)
    code = _map(first).get("code")
    return code if isinstance(code, str) else ""


def _float(value: Any) -> float | None:
    if isinstance(value, bool) or not isinstance(value, (int, float, Decimal)):
        return None
    try:
        number = float(value)
    except OverflowError:
        return None
    return number if abs(number) < 1e15 else None


def _map(value: Any) -> Json:
    return value if isinstance(value, Mapping) else {}


def _list(value: Any) -> list[Any]:
    if value is None:
        return []
    return value if isinstance(value, list) else [value]

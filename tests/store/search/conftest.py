"""A small group of resources with awkward values, a naive evaluator of searches over them, and a maker of random ones.

The evaluator goes over every resource in Python. It shares the extraction of values with the platform, and nothing
else: no parser, no keys, no SQL.
"""

from __future__ import annotations

import random
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from types import SimpleNamespace
from typing import Any

import pytest

from larrey.fhir.dates import interval
from larrey.fhir.definitions import search_parameter
from larrey.fhir.extraction import extract
from larrey.fhir.values import Amount, Reference, Span, Token, TypedIdentifier
from larrey.kit.text import fold
from larrey.store.rules import Rules

LOINC, LOCAL, UCUM = "http://loinc.org", "urn:oid:1.2.250.1", "http://unitsofmeasure.org"
CODES = [(LOINC, "8302-2"), (LOINC, "29463-7"), (LOCAL, "8302-2"), (None, "a,b|c$d\\e"), (LOCAL, "é"), (LOINC, "A"), (LOINC, "a")]
TEXTS = ["Taille", "taille debout", "Tâille (cm)", "Poids", "100 % sûr", "_under_score"]
NAMES = [
    "Dupont",
    "DUPONT-Durand",
    "d'Été",
    "Le Goff",
    "Œuvrard",
    "Dup%nt",
    "Éloïse",
    "N'Guyen, Marie",
    "O\\Neil",
    "李",
    "Z" * 230,
]
DATES = [
    "2019",
    "2019-05",
    "2019-05-04",
    "2019-05-04T10:00:00Z",
    "2019-05-04T23:30:00-02:00",
    "2020-02-29",
    "1900-01",
    "2019-05-05",
]
UNITS = [
    (UCUM, "mg"),
    (UCUM, "g"),
    (UCUM, "kg"),
    (UCUM, "cm"),
    (UCUM, "m"),
    (None, None),
    ("urn:units", "mg"),
    (UCUM, "nonsense"),
]
FACTORS = {
    "mg": (Decimal("0.001"), "g"),
    "g": (Decimal(1), "g"),
    "kg": (Decimal(1000), "g"),
    "cm": (Decimal("0.01"), "m"),
    "m": (Decimal(1), "m"),
}
NUMBERS = ["5.4", "5.40", "5", "540", "0.0054", "-3", "100", "99.5", "1e2", "0.45", "450"]
URLS = [
    "http://acme.org/fhir/ValueSet/1",
    "http://acme.org/fhir",
    "http://acme.org/fhir/ValueSet/12",
    "urn:oid:1.2.3",
    "http://é.org/a,b",
]


class Maker:
    """Random resources and random searches, the same for the same seed."""

    def __init__(self, seed: int) -> None:
        self.random = random.Random(seed)

    def maybe(self, make: Callable[[], Any], chance: float = 0.7) -> Any:
        return make() if self.random.random() < chance else None

    def some(self, make: Callable[[], Any], most: int = 2) -> list[Any] | None:
        return [make() for _ in range(self.random.randint(0, most))] or None

    def pick(self, values: list[Any]) -> Any:
        return self.random.choice(values)

    def concept(self) -> dict[str, Any]:
        codings = [
            clean(system=s, code=c, display=self.maybe(lambda: self.pick(TEXTS), 0.4))
            for s, c in self.random.sample(CODES, self.random.randint(0, 2))
        ]
        return clean(coding=codings or None, text=self.maybe(lambda: self.pick(TEXTS), 0.5)) or {"text": "?"}

    def quantity(self) -> dict[str, Any]:
        system, code = self.pick(UNITS)
        return clean(
            value=Decimal(self.pick(NUMBERS)),
            system=system,
            code=code,
            unit=self.maybe(lambda: "mg", 0.3),
            comparator=self.maybe(lambda: self.pick(["<", ">="]), 0.1),
        )

    def period(self) -> dict[str, Any] | None:
        start, end = sorted(self.random.sample(["2018", "2019-05-04", "2019-05-04T12:00:00Z", "2019-06", "2021-01-01"], 2))
        return clean(start=self.maybe(lambda: start), end=self.maybe(lambda: end)) or None

    def identifier(self) -> dict[str, Any]:
        kind = {"coding": [clean(system=self.maybe(lambda: "urn:types"), code=self.pick(["MR", "PI"]))]}
        return clean(
            system=self.maybe(lambda: self.pick(["urn:a", "urn:b|c"])),
            value=self.pick(["1", "2,3", "x|y", "A", "a"]),
            type=self.maybe(lambda: kind),
        )

    def reference(self, *targets: str) -> dict[str, Any]:
        kind = self.random.random()
        if kind < 0.1:
            return {"identifier": self.identifier()}
        if kind < 0.2:
            return {"reference": "http://elsewhere.org/fhir/Patient/0"}
        if kind < 0.25:
            return {"reference": "#inside"}
        type_ = self.pick(list(targets))
        return {"reference": f"{type_}/{self.random.randint(0, SIZES[type_])}" + ("/_history/1" if kind > 0.95 else "")}

    def resources(self) -> list[dict[str, Any]]:
        return [self.resource(type_, str(number)) for type_, size in SIZES.items() for number in range(size)]

    def resource(self, type_: str, id_: str) -> dict[str, Any]:
        m = self
        fields: dict[str, Any] = {"resourceType": type_, "id": id_}
        fields["meta"] = clean(
            tag=m.some(lambda: dict(zip(("system", "code"), (LOINC, m.pick(["t1", "t2"])), strict=True))),
            profile=m.some(lambda: m.pick(URLS) + m.pick(["", "|1.0"])),
            source=m.maybe(lambda: m.pick(URLS)),
        )
        if type_ in ("Patient", "Practitioner"):
            fields |= {
                "name": m.some(lambda: clean(family=m.maybe(lambda: m.pick(NAMES)), given=m.some(lambda: m.pick(NAMES)))),
                "gender": m.maybe(lambda: m.pick(["male", "female"])),
                "birthDate": m.maybe(lambda: m.pick(["1950", "1950-05", "1950-05-04", "2019-05-04"])),
                "active": m.maybe(lambda: m.pick([True, False])),
                "identifier": m.some(m.identifier),
            }
        if type_ == "Patient":
            fields |= {
                "generalPractitioner": m.some(lambda: m.reference("Practitioner", "Organization")),
                "managingOrganization": m.maybe(lambda: m.reference("Organization")),
                "link": m.some(lambda: {"type": "seealso", "other": m.reference("Patient")}, 1),
            }
        if type_ == "Organization":
            fields |= {
                "name": m.maybe(lambda: m.pick(NAMES)),
                "partOf": m.maybe(lambda: m.reference("Organization")),
                "identifier": m.some(m.identifier),
            }
        if type_ == "Observation":
            when = m.random.random()
            fields |= {
                "status": m.pick(["final", "preliminary"]),
                "code": m.concept(),
                "category": m.some(m.concept),
                "subject": m.maybe(lambda: m.reference("Patient", "Patient", "Patient", "Group"), 0.9),
                "performer": m.some(lambda: m.reference("Practitioner", "Organization", "Patient")),
                "hasMember": m.some(lambda: m.reference("Observation"), 1),
                "effectiveDateTime": m.pick(DATES) if when < 0.6 else None,
                "effectivePeriod": m.period() if when > 0.8 else None,
                "valueQuantity": m.quantity() if when < 0.7 else None,
                "valueString": m.pick(NAMES) if when > 0.9 else None,
                "component": m.some(
                    lambda: clean(code=m.concept(), valueQuantity=m.maybe(m.quantity), valueCodeableConcept=None)
                ),
            }
        if type_ == "RiskAssessment":
            fields |= {
                "status": "final",
                "subject": m.reference("Patient"),
                "prediction": m.some(lambda: clean(probabilityDecimal=m.maybe(lambda: Decimal(m.pick(NUMBERS))))),
            }
        if type_ == "Condition":
            fields |= {
                "subject": m.reference("Patient"),
                "code": m.maybe(m.concept),
                "recordedDate": m.maybe(lambda: m.pick(DATES)),
                "evidence": m.some(lambda: {"detail": [m.reference("Observation")]}, 1),
            }
        if type_ == "Group":
            fields |= {"type": "person", "actual": True, "identifier": m.some(m.identifier), "code": m.maybe(m.concept)}
        if type_ == "ValueSet":
            fields |= {"status": "active", "url": m.maybe(lambda: m.pick(URLS)), "title": m.maybe(lambda: m.pick(NAMES))}
        return clean(**fields)


SIZES = {
    "Patient": 14,
    "Group": 2,
    "Practitioner": 5,
    "Organization": 6,
    "Observation": 60,
    "RiskAssessment": 10,
    "Condition": 15,
    "ValueSet": 8,
}


def clean(**fields: Any) -> dict[str, Any]:
    return {name: value for name, value in fields.items() if value is not None}


def escaped(text: str) -> str:
    return "".join("\\" + c if c in "\\,|$" else c for c in text)


def parts(text: str, separator: str, *, last: bool = True) -> list[str]:
    """Split at unescaped separators; unescape when nothing else is to be split."""
    out, position = [""], 0
    while position < len(text):
        if text[position] == "\\" and position + 1 < len(text):
            out[-1] += text[position + 1] if last and text[position + 1] in "\\,|$" else text[position : position + 2]
            position += 2
        elif text[position] == separator:
            out.append("")
            position += 1
        else:
            out[-1] += text[position]
            position += 1
    return out


class Naive:
    """Evaluates criteria by looking at everything."""

    def __init__(self, resources: list[dict[str, Any]]) -> None:
        self.all = {(r["resourceType"], r["id"]): r for r in resources}
        self.found = {key: {p.code: values for p, values in extract(r)} for key, r in self.all.items()}

    def search(self, type_: str, criteria: list[tuple[str, str]]) -> set[str]:
        return {id_ for kind, id_ in self.all if kind == type_ and all(self.holds(kind, id_, *c) for c in criteria)}

    def holds(self, type_: str, id_: str, name: str, value: str) -> bool:
        if name.startswith("_has:"):
            _, source, code, rest = name.split(":", 3)
            return any(
                self.holds(*key, rest, value)
                for key in self.all
                if key[0] == source and f"{type_}/{id_}" in self.targets(key, code)
            )
        head, dot, rest = name.partition(".")
        code, _, modifier = head.partition(":")
        if dot:
            allowed = (modifier,) if modifier else None
            return any(
                self.holds(*target, rest, value)
                for target in ((*t.split("/", 1),) for t in self.targets((type_, id_), code))
                if target in self.all
                and (allowed is None or target[0] in allowed)
                and (rest.startswith("_") or search_parameter(target[0], rest.partition(".")[0].partition(":")[0]) is not None)
            )
        values = self.found[type_, id_].get(code, [])
        if modifier == "missing":
            return (not values) == (value == "true")
        if code == "_id":
            return (id_ in value.split(",")) != (modifier == "not")
        kind = search_parameter(type_, code)
        assert kind is not None
        hit = any(self.one(kind.type, modifier, v, raw, kind) for v in values for raw in parts(value, ",", last=False))
        return not hit if modifier == "not" else hit

    def targets(self, key: tuple[str, str], code: str) -> list[str]:
        return [v.target for v in self.found[key].get(code, []) if isinstance(v, Reference) and v.target and ":" not in v.target]

    def one(self, kind: str, modifier: str, value: Any, raw: str, parameter: Any) -> bool:
        if kind == "token":
            return self.token(modifier, value, raw)
        if kind == "string":
            wanted = parts(raw, "\0")[0]
            if modifier == "exact":
                return bool(value == wanted)
            there, here = fold(value)[:200], fold(wanted)
            return here in there if modifier == "contains" else there.startswith(here)
        if kind == "uri":
            wanted = parts(raw, "\0")[0]
            return {"": value == wanted, "below": value.startswith(wanted), "above": wanted.startswith(value)}[modifier]
        if kind == "reference":
            return self.reference(modifier, value, raw)
        if kind == "date":
            return compare_span(value, *prefixed(raw))
        if kind == "number":
            return compare_amount(value.low, value.high, *prefixed(raw), Decimal(1))
        if kind == "quantity":
            return compare_quantity(value, raw)
        pieces = parts(raw, "$", last=False)
        kinds = [search_parameter(parameter.base, code).type for code, _ in parameter.components]
        return all(self.one(k, "", v, r, parameter) for k, v, r in zip(kinds, value, pieces, strict=True))

    def token(self, modifier: str, value: Any, raw: str) -> bool:
        if isinstance(value, TypedIdentifier):
            return modifier == "of-type" and [value.type_system or "", value.type_code, value.value] == parts(raw, "|")
        assert isinstance(value, Token)
        if modifier == "text":
            return value.text is not None and fold(value.text).startswith(fold(parts(raw, "\0")[0]))
        if modifier == "of-type":
            return False
        pieces = parts(raw, "|")
        if len(pieces) == 1:
            return value.code == pieces[0]
        return (value.system or "") == pieces[0] and (not pieces[1] or value.code == pieces[1])

    def reference(self, modifier: str, value: Any, raw: str) -> bool:
        if isinstance(value, str):
            return parts(raw, "\0")[0] in (value, value.partition("|")[0])
        if modifier == "identifier":
            return value.identifier is not None and self.token("", value.identifier, raw)
        if value.target is None:
            return False
        if "/" in raw or ":" in raw:
            return bool(value.target == raw)
        type_, _, id_ = value.target.partition("/")
        return id_ == raw and (not modifier or type_ == modifier)


def prefixed(raw: str) -> tuple[str, str]:
    return (raw[:2], raw[2:]) if raw[:2].isalpha() else ("eq", raw)


def compare_span(value: Span, prefix: str, text: str) -> bool:
    asked = interval(text)
    inside = asked.low <= value.low and value.high <= asked.high
    gap = abs(datetime.now(UTC) - asked.low) / 10
    return {
        "eq": inside,
        "ne": not inside,
        "gt": value.high > asked.high,
        "lt": value.low < asked.low,
        "ge": value.high > asked.high or inside,
        "le": value.low < asked.low or inside,
        "sa": value.low >= asked.high,
        "eb": value.high <= asked.low,
        "ap": value.low < asked.high + min(gap, timedelta(days=30000)) and value.high > asked.low - gap,
    }[prefix]


def compare_amount(low: Decimal, high: Decimal, prefix: str, text: str, factor: Decimal) -> bool:
    asked = Decimal(text)
    digits = len(text.partition(".")[2]) if "e" not in text else -1
    half = Decimal(5).scaleb(-digits - 1) * factor
    asked *= factor
    inside = asked - half <= low < asked + half and high < asked + half
    near = abs(asked) / 10
    return {
        "eq": inside,
        "ne": not inside,
        "gt": high > asked,
        "lt": low < asked,
        "ge": high >= asked,
        "le": low <= asked,
        "sa": low > asked,
        "eb": high < asked,
        "ap": low <= asked + near and high >= asked - near,
    }[prefix]


def compare_quantity(value: Amount, raw: str) -> bool:
    pieces = parts(raw, "|")
    if len(pieces) == 1:
        return compare_amount(value.value, value.value, *prefixed(raw), Decimal(1))
    number, system, code = pieces
    if value.system == UCUM and value.code in FACTORS:
        if system not in ("", UCUM) or code not in FACTORS or FACTORS[code][1] != FACTORS[value.code][1]:
            return False
        factor = FACTORS[value.code][0]
        return compare_amount(value.low * factor, value.high * factor, *prefixed(number), FACTORS[code][0])
    if (value.system or "", value.code or value.unit or "") != (system, code):
        return False
    return compare_amount(value.low, value.high, *prefixed(number), Decimal(1))


@pytest.fixture(scope="session")
def naive() -> type[Naive]:
    return Naive


@pytest.fixture(scope="session")
def maker() -> type[Maker]:
    return Maker


@pytest.fixture(scope="session")
def pools() -> Any:
    """The constants above, for tests to draw from."""
    return SimpleNamespace(**{name: value for name, value in globals().items() if name.isupper() or name == "escaped"})


@pytest.fixture(scope="session")
def tolerant() -> Rules:
    return Rules(references="tolerate", validate=False)

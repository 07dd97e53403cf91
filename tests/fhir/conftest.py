"""Random resources made from the definitions, so that properties are tried on every type of R4."""

from __future__ import annotations

import string
from collections.abc import Callable
from decimal import Decimal
from random import Random
from typing import Any

import pytest

from larrey.fhir.definitions import Element, required_codes, resource_types, type_definition

_DATES = ("2024", "2023-11", "2022-02-28", "1999-12-31")
_TIMES = ("2024-02-29T10:20:30Z", "2019-07-14T23:59:59.123+02:00", "2001-01-01T00:00:00-11:00")
_WORDS = ("Jeanne", "d'Été", "Le Goff", "10 mg", "x", "ŒUVRARD", "a,b$c|d")
_NOT_GENERATED = {"contained", "extension", "modifierExtension", "id", "implicitRules", "language"}


def _primitive(type_: str, element: Element, random: Random) -> Any:
    if type_ == "boolean":
        return random.random() < 0.5
    if type_ in {"integer", "positiveInt", "unsignedInt"}:
        return random.randint(1, 500)
    if type_ == "decimal":
        return Decimal(random.randint(0, 99999)).scaleb(-random.randint(0, 3))
    if type_ == "date":
        return random.choice(_DATES)
    if type_ == "dateTime":
        return random.choice(_DATES + _TIMES)
    if type_ == "instant":
        return random.choice(_TIMES)
    if type_ == "time":
        return "10:20:30"
    if type_ == "xhtml":
        return '<div xmlns="http://www.w3.org/1999/xhtml">text</div>'
    if type_ == "base64Binary":
        return "TGFycmV5"
    if type_ == "oid":
        return f"urn:oid:1.2.{random.randint(0, 99)}"
    if type_ == "uuid":
        return f"urn:uuid:{random.getrandbits(32):08x}-0000-4000-8000-000000000000"
    if type_ in {"uri", "url", "canonical"}:
        return f"http://example.org/{''.join(random.choices(string.ascii_lowercase, k=4))}"
    codes = required_codes(element.binding) if element.binding else None
    if codes:
        return random.choice(sorted(codes))
    if type_ in {"code", "id"}:
        return "".join(random.choices(string.ascii_lowercase, k=3))
    return random.choice(_WORDS)


def _value(type_: str, element: Element, random: Random, depth: int) -> Any:
    if type_ == "Resource":
        return {"resourceType": "Basic", "id": "b1", "code": {"text": "basic"}}
    if type_ == "Reference":
        targets = element.targets or ("Patient", "Group", "Organization")
        return {"reference": f"{random.choice(targets)}/{random.randint(1, 9)}"}
    definition = type_definition(type_)
    if definition.kind == "primitive":
        return _primitive(type_, element, random)
    return _object(type_, random, depth + 1)


def _object(type_: str, random: Random, depth: int) -> dict[str, Any]:
    made: dict[str, Any] = {}
    share = (0.8, 0.6, 0.35, 0.1)[min(depth, 3)]
    for element in type_definition(type_).elements.values():
        if element.name in _NOT_GENERATED or (element.min == 0 and (depth > 5 or random.random() > share)):
            continue
        chosen = random.choice(element.types)
        suffix = chosen[0].upper() + chosen[1:] if element.choice else ""
        if element.max == 1:
            made[element.name + suffix] = _value(chosen, element, random, depth)
        else:
            made[element.name + suffix] = [_value(chosen, element, random, depth) for _ in range(random.randint(1, 2))]
    return made


@pytest.fixture(scope="session")
def make_resource() -> Callable[[str, int], dict[str, Any]]:
    """``make_resource(type, seed)``: a resource with most of its elements, structurally valid, without invariants."""

    def make(type_: str, seed: int) -> dict[str, Any]:
        assert type_ in resource_types()
        random = Random(seed)
        return {"resourceType": type_, "id": f"r{random.randint(1, 999)}", **_object(type_, random, 0)}

    return make

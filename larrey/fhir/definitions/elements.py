"""FHIR R4 types and their elements, out of ``tables/types.json``.

An element is written there as ``min..max[s] types [=value set] [@content reference]``: ``s`` marks summary elements,
types are joined by ``|``, reference targets stand in parentheses, ``=`` names a required value set
(http://hl7.org/fhir/R4/elementdefinition.html).
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from typing import Any

from larrey.fhir.definitions.tables import load

_VALUE_SETS = "http://hl7.org/fhir/ValueSet/"
_TYPE = re.compile(r"([\w.]+)(?:\(([\w,]+)\))?")


@dataclass(frozen=True, slots=True)
class Element:
    """One element of a type. ``name`` is without ``[x]``; ``choice`` says that JSON appends the type to it.

    ``types``: FHIR type names; an element with children of its own has the one type ``Parent.name``, which
    ``type_definition`` knows too, and an element with a content reference the type it points to.
    ``targets``: types that a Reference (or canonical) may point to, empty for any.
    ``binding``: canonical URL of the value set, only where the binding is *required*. ``max`` None is ``*``.
    """

    name: str
    types: tuple[str, ...]
    min: int
    max: int | None
    choice: bool
    targets: tuple[str, ...]
    binding: str | None
    summary: bool
    content_reference: str | None


@dataclass(frozen=True, slots=True)
class TypeDefinition:
    """A resource, data type or backbone type with all its elements, inherited ones first.

    ``kind``: ``resource``, ``abstract`` (Resource, DomainResource), ``complex``, ``primitive`` or ``backbone``.
    ``properties`` maps every JSON property (``valueQuantity``) to its element and the type it has there.
    """

    name: str
    kind: str
    base: str
    elements: Mapping[str, Element]
    properties: Mapping[str, tuple[Element, str]] = field(repr=False)


def _element(name: str, text: str) -> Element:
    cardinality, types, *rest = text.split(" ")
    low, _, high = cardinality.removesuffix("s").partition("..")
    parsed = _TYPE.findall(types)
    binding = next((part[1:] for part in rest if part[0] == "="), None)
    return Element(
        name=name.removesuffix("[x]"),
        types=tuple(type_ for type_, _ in parsed),
        min=int(low),
        max=None if high == "*" else int(high),
        choice=name.endswith("[x]"),
        targets=tuple(dict.fromkeys(target for _, targets in parsed if targets for target in targets.split(","))),
        binding=binding if binding is None or ":" in binding else _VALUE_SETS + binding,
        summary=cardinality.endswith("s"),
        content_reference=next((part[1:] for part in rest if part[0] == "@"), None),
    )


@cache
def _table() -> Mapping[str, Any]:
    return load("types")


@cache
def type_definition(name: str) -> TypeDefinition:
    """The type called ``name`` (``Patient``, ``HumanName``, ``string``, ``Observation.component``); KeyError if none."""
    kind, base, own = _table()[name]
    elements = dict(type_definition(base).elements) if base else {}
    for text_name, text in own.items():
        element = _element(text_name, text)
        elements[element.name] = element
    properties = {}
    for element in elements.values():
        for type_ in element.types:
            suffix = type_[0].upper() + type_[1:] if element.choice else ""
            properties[element.name + suffix] = (element, type_)
    return TypeDefinition(name, kind, base, elements, properties)


@cache
def is_type(name: str) -> bool:
    """Whether R4 has a type of this name."""
    return name in _table()


@cache
def resource_types() -> frozenset[str]:
    """The 146 concrete resource types of R4."""
    return frozenset(name for name, (kind, *_) in _table().items() if kind == "resource")


@cache
def ancestors(name: str) -> tuple[str, ...]:
    """``name`` and the types it specialises, nearest first: ``("Age", "Quantity", "Element")``."""
    found = [name]
    while base := type_definition(found[-1]).base:
        found.append(base)
    return tuple(found)


@cache
def required_codes(value_set_url: str) -> frozenset[str] | None:
    """The codes of a value set that some element binds as required; ``None`` when R4 does not enumerate them.

    Four are not enumerable: mimetypes, currencies, ucum-units and a LOINC answer list.
    """
    listed = load("codes").get(value_set_url.partition("|")[0].removeprefix(_VALUE_SETS))
    if listed is None:
        return None
    return frozenset(listed.split(" ") if isinstance(listed, str) else listed)

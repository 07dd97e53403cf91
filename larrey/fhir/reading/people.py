"""Names, addresses and telecoms of people and organisations."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from larrey.fhir.reading.elements import Element, items

_NAME_ORDER = ("usual", "official", "nickname", "temp", "anonymous", "maiden", "old")
_OFFICIAL_ORDER = ("official", "usual", "temp", "nickname", "anonymous", "maiden", "old")
_ADDRESS_ORDER = ("home", "temp", "work", "billing", "old")


def _best(candidates: list[Any], order: tuple[str, ...]) -> Element | None:
    """The candidate whose ``use`` comes first in ``order``; without a use it stands after the first two."""
    ranks = {use: rank * 2 for rank, use in enumerate(order)}
    return min(candidates, key=lambda c: ranks.get(c.get("use"), 3), default=None)


def official_name(resource: Element) -> Element | None:
    """The HumanName to identify a person by: ``official``, else the next best. For Patient, Practitioner, RelatedPerson…"""
    return _best([name for name in items(resource, "name") if isinstance(name, Mapping)], _OFFICIAL_ORDER)


def given_names(name: Element | None) -> str:
    """The given names, joined by spaces."""
    return " ".join(items(name, "given"))


def human_name(name: Element | None, *, prefix: bool = False) -> str:
    """A HumanName for reading: ``DUPONT Jeanne Marie``, the family name first and in capitals as French hospitals do.

    With ``prefix`` also ``Dr`` and the like, before. ``text`` is used only when there are no parts.
    """
    if not name:
        return ""
    family = str(name.get("family", "")).upper()
    parts = [family, given_names(name)]
    if not any(parts):
        return str(name.get("text", ""))
    if prefix:
        parts = [*items(name, "prefix"), *parts, *items(name, "suffix")]
    return " ".join(part for part in parts if part)


def name_of(resource: Element, *, prefix: bool = False) -> str:
    """The name of a person (HumanName) or of a thing (Organization, Location: a string); empty when it has none."""
    name = resource.get("name")
    if isinstance(name, str):
        return name
    if isinstance(name, Mapping):
        return human_name(name, prefix=prefix)
    return human_name(_best(items(resource, "name"), _NAME_ORDER), prefix=prefix)


def official_address(resource: Element) -> Element | None:
    """The address to write to: ``home`` first, never an ``old`` one if there is another."""
    return _best(items(resource, "address"), _ADDRESS_ORDER)


def address_lines(address: Element | None) -> list[str]:
    """An address as on an envelope: lines, then ``75013 Paris``, then the country."""
    if not address:
        return []
    town = " ".join(str(address[part]) for part in ("postalCode", "city") if address.get(part))
    lines = [*items(address, "line"), town, address.get("country", "")]
    found = [str(line) for line in lines if line]
    return found or str(address.get("text", "")).splitlines()


def address_line(address: Element | None) -> str:
    """An address on one line, parts separated by commas."""
    return ", ".join(address_lines(address))


def telecom(resource: Element, system: str, *uses: str) -> str | None:
    """The value of the best ContactPoint of ``system`` (``phone``, ``email``…): of ``uses`` in their order, else by rank."""
    order = {use: position for position, use in enumerate(uses)}
    found = [t for t in items(resource, "telecom") if t.get("system") == system and t.get("value") and t.get("use") != "old"]
    found.sort(key=lambda t: (order.get(t.get("use"), len(order)), t.get("rank", 99)))
    return str(found[0]["value"]) if found else None

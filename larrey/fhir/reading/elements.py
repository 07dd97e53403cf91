"""Elements that any resource may have: choices, extensions, identifiers, references."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from larrey.fhir.definitions import PATIENT_PARAMETER, search_parameter, type_definition
from larrey.fhir.paths import compile_path
from larrey.fhir.references import relative

Element = Mapping[str, Any]


def items(element: Element | None, property_: str) -> list[Any]:
    """The values of ``property_`` as a list, without nulls: empty when absent, one when it does not repeat."""
    value = (element or {}).get(property_)
    if isinstance(value, list):
        return [item for item in value if item is not None]
    return [] if value is None else [value]


def choice(element: Element, name: str, type_: str | None = None) -> tuple[str, Any] | None:
    """(FHIR type, value) of the choice element ``name[x]``, e.g. ``("Quantity", {…})`` for ``value``; None when absent.

    ``type_`` is the FHIR type of ``element``, by default its ``resourceType``; without either, by the property's name.
    """
    type_ = type_ or element.get("resourceType")
    if type_:
        for property_, (definition, found) in type_definition(type_).properties.items():
            if definition.name == name and property_ in element:
                return found, element[property_]
        return None
    for property_, value in element.items():
        suffix = property_.removeprefix(name) if property_.startswith(name) else ""
        if suffix[:1].isupper():
            primitive = not isinstance(value, (dict, list))
            return (suffix[0].lower() + suffix[1:] if primitive else suffix), value
    return None


def extension(element: Element | None, url: str) -> Element | None:
    """The first extension of ``element`` with this URL."""
    found: Element
    for found in items(element, "extension"):
        if found.get("url") == url:
            return found
    return None


def extension_value(element: Element | None, *urls: str) -> Any:
    """The value of an extension; several URLs go down into nested extensions. None when absent."""
    for url in urls:
        element = extension(element, url)
    found = choice(element, "value", "Extension") if element and urls else None
    return found[1] if found else None


def identifier_value(resource: Element, system: str) -> str | None:
    """The value of the resource's identifier in ``system``; one that is not ``old`` is preferred."""
    found = [i for i in items(resource, "identifier") if i.get("system") == system and i.get("value")]
    found.sort(key=lambda i: i.get("use") == "old")
    return str(found[0]["value"]) if found else None


def identifier_of_type(resource: Element, code: str, system: str | None = None) -> str | None:
    """The value of the first identifier whose type has ``code`` (such as ``PI``, ``NI``), in ``system`` if given."""
    for identifier in items(resource, "identifier"):
        for coding in items(identifier.get("type"), "coding"):
            if coding.get("code") == code and system in {None, coding.get("system")} and identifier.get("value"):
                return str(identifier["value"])
    return None


def reference_id(reference: Element | None, *types: str) -> str | None:
    """The id that a relative Reference points to, if to one of ``types`` (none given: any); else None."""
    target = relative(reference["reference"]) if reference and "reference" in reference else None
    return target[1] if target and (not types or target[0] in types) else None


def reference_text(reference: Element | None) -> str:
    """What can be shown of a Reference without reading its target: display, else identifier, else the address."""
    if not reference:
        return ""
    identifier = reference.get("identifier", {}).get("value")
    return str(reference.get("display") or identifier or reference.get("reference") or "")


def contained(resource: Element, reference: Element | None) -> Element | None:
    """The contained resource that a ``#…`` Reference of ``resource`` points to."""
    literal = (reference or {}).get("reference", "")
    found: Element
    for found in items(resource, "contained") if literal.startswith("#") else ():
        if found.get("id") == literal[1:]:
            return found
    return None


def patient_id(resource: Element) -> str | None:
    """The id of the one patient that the resource belongs to (a Patient: its own), by ``PATIENT_PARAMETER``."""
    type_ = resource["resourceType"]
    if type_ == "Patient":
        return resource.get("id")
    parameter = search_parameter(type_, PATIENT_PARAMETER.get(type_, ""))
    found: Iterable[Element] = compile_path(parameter.expression, type_)(resource) if parameter else ()
    return next((id_ for reference in found if (id_ := reference_id(reference, "Patient"))), None)

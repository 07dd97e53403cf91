"""References inside resources: finding them, and rewriting them when ids are given (transactions).

http://hl7.org/fhir/R4/references.html and http://hl7.org/fhir/R4/http.html#trules.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache, lru_cache
from typing import Any

from larrey.fhir.definitions import resource_types, type_definition
from larrey.fhir.definitions.elements import TypeDefinition, is_type
from larrey.kit.errors import TooLarge
from larrey.kit.ids import is_resource_id

_URIS = frozenset({"uri", "url", "oid", "uuid", "canonical"})
_LINK = re.compile(r"""(\s(?:href|src)\s*=\s*)(?:"([^"]*)"|'([^']*)')""")


@lru_cache(maxsize=65536)
def relative(reference: str) -> tuple[str, str] | None:
    """(type, id) of a relative literal reference such as ``Patient/1`` or ``Patient/1/_history/2``, else None."""
    parts = reference.split("/")
    if len(parts) == 4 and parts[2] == "_history" and is_resource_id(parts[3]):
        del parts[2:]
    if len(parts) == 2 and parts[0] in resource_types() and is_resource_id(parts[1]):
        return parts[0], parts[1]
    return None


def references(resource: Any) -> Iterator[tuple[str, dict[str, Any]]]:
    """Every Reference in ``resource``: (FHIRPath expression with indices, the Reference itself).

    Reads the shape: an object with a string ``reference`` is a Reference, but for a resource (``DetectedIssue``
    has a URI of that name). Those inside contained resources and
    extensions are found too, and ``#fragments``. The definitions only name the places (``value``, not
    ``valueReference``); where they do not know one, its JSON name stands.
    """
    type_ = resource.get("resourceType", "Resource")
    stack: list[tuple[str, Any, str]] = [(type_, resource, type_)]
    while stack:
        place, node, type_ = stack.pop()
        if isinstance(node, list):
            items = [(f"{place}[{index}]", item, type_) for index, item in enumerate(node)]
            stack.extend((inner, item, t) for inner, item, t in reversed(items) if isinstance(item, (dict, list)))
            continue
        if isinstance(node.get("reference"), str) and "resourceType" not in node:
            yield place, node
        if type_ == "Resource":
            type_ = node.get("resourceType", type_)
        for property_, value in reversed(node.items()):
            if isinstance(value, (dict, list)):
                name, inner = _named(type_, property_)
                stack.append((f"{place}.{name}", value, inner))


@lru_cache(maxsize=8192)
def _named(type_: str, property_: str) -> tuple[str, str]:
    """The element name and the type of a JSON property of ``type_``; ``_birthDate`` holds an Element."""
    bare = property_.removeprefix("_")
    found = type_definition(type_).properties.get(bare) if is_type(type_) else None
    if found is None:
        return bare, ""
    return found[0].name, "Element" if property_.startswith("_") else found[1]


def literal(resource: Any) -> set[tuple[str, str]]:
    """(type, id) of every relative literal reference in ``resource``, wherever it stands; fast."""
    return settle(resource, {}).literals


@dataclass(slots=True)
class Settled:
    """What ``settle`` has seen. ``literals``: (type, id) of relative references after the replacements.

    ``undecided``: some Reference still has a ``urn:`` or a conditional reference. ``elsewhere``: a name stands, or
    may stand, in another element than ``Reference.reference``, so that ``rewrite`` is needed.
    """

    literals: set[tuple[str, str]]
    undecided: bool = False
    elsewhere: bool = False


def settle(resource: dict[str, Any], names: Mapping[str, str]) -> Settled:
    """Replace in place each ``Reference.reference`` that is in ``names``, and look at all the others; one fast walk.

    Nearly every resource of a transaction needs no more than this.
    """
    settled = Settled(set())
    stack: list[Any] = [resource]
    pop, push = stack.pop, stack.append
    while stack:
        node = pop()
        if type(node) is dict:
            for property_, value in node.items():
                kind = type(value)
                if kind is dict or kind is list:
                    push(value)
                elif kind is str:
                    if property_ == "reference" and "resourceType" not in node:
                        text = _mapped(value, names.get)
                        if text is not value:
                            node[property_] = text
                        if (target := relative(text)) is not None:
                            settled.literals.add(target)
                        elif "?" in text or text.startswith("urn:"):
                            settled.undecided = True
                    elif (
                        value in names or (property_ == "div" and names) or ("#" in value and _mapped(value, names.get) != value)
                    ):
                        settled.elsewhere = True
        else:
            for value in node:
                kind = type(value)
                if kind is dict or kind is list:
                    push(value)
                elif kind is str and _mapped(value, names.get) != value:
                    settled.elsewhere = True
    return settled


def attached(resource: Mapping[str, Any]) -> set[str]:
    """Ids of the Binary resources whose address, relative as ``Binary/1``, an attachment in ``resource`` gives as its url."""
    found: set[str] = set()
    stack: list[tuple[Any, bool]] = [(resource, False)]
    while stack:
        node, extension = stack.pop()
        if isinstance(node, list):
            stack.extend((item, extension) for item in node if isinstance(item, (dict, list)))
            continue
        # The url of an extension is its name, that of a resource where it is published.
        url = None if extension or "resourceType" in node else node.get("url")
        target = relative(url) if isinstance(url, str) else None
        if target is not None and target[0] == "Binary":
            found.add(target[1])
        for property_, value in node.items():
            if isinstance(value, (dict, list)):
                stack.append((value, property_ in ("extension", "modifierExtension")))
    return found


def rewrite(resource: dict[str, Any], mapping: Callable[[str], str | None]) -> None:
    """Replace in place what a transaction must (http://hl7.org/fhir/R4/http.html#trules).

    ``mapping`` is asked for every ``Reference.reference``, every element of type uri, url, oid, uuid or canonical, and
    every ``href`` and ``src`` in narratives; None leaves the value. ``identifier.system`` and code systems are uris
    too: ``mapping`` should answer only for the full URLs of the transaction. Raises ``TooLarge`` for a resource
    nested deeper than the interpreter follows.
    """
    type_ = resource.get("resourceType")
    if isinstance(type_, str) and is_type(type_):
        try:
            _rewrite(resource, type_definition(type_), mapping)
        except RecursionError:
            raise TooLarge("The resource is nested too deeply.") from None


@cache
def _plan(name: str) -> dict[str, tuple[str, str]]:
    """JSON property → (what to do, type name) for properties that may hold something to rewrite."""
    plan = {}
    for property_, (_, type_) in type_definition(name).properties.items():
        if type_ in _URIS:
            plan[property_] = ("uri", type_)
        elif type_ == "Resource":
            plan[property_] = ("resource", type_)
        elif type_ == "xhtml":
            plan[property_] = ("xhtml", type_)
        elif type_definition(type_).kind != "primitive":
            plan[property_] = ("descend", type_)
    if name == "Reference":
        plan["reference"] = ("uri", "string")
    return plan


def _rewrite(node: dict[str, Any], definition: TypeDefinition, mapping: Callable[[str], str | None]) -> None:
    plan = _plan(definition.name)
    for property_, value in node.items():
        if property_.startswith("_"):
            for sibling in value if isinstance(value, list) else [value]:
                if isinstance(sibling, dict):
                    _rewrite(sibling, type_definition("Element"), mapping)
            continue
        action, type_ = plan.get(property_, ("", ""))
        if not action:
            continue
        if isinstance(value, list):
            value[:] = [_replaced(item, action, type_, mapping) for item in value]
        else:
            node[property_] = _replaced(value, action, type_, mapping)


def _replaced(value: Any, action: str, type_: str, mapping: Callable[[str], str | None]) -> Any:
    if isinstance(value, dict):
        if action == "descend":
            _rewrite(value, type_definition(type_), mapping)
        elif action == "resource":
            rewrite(value, mapping)
    elif isinstance(value, str):
        if action == "uri":
            return _mapped(value, mapping)
        if action == "xhtml":
            return _LINK.sub(lambda match: _link(match, mapping), value)
    return value


def _mapped(value: str, mapping: Callable[[str], str | None]) -> str:
    """The new value of ``value``; a fragment (``urn:uuid:…#part``) is kept."""
    new = mapping(value)
    if new is None and "#" in value:
        start, _, fragment = value.partition("#")
        new = mapping(start) if start else None
        if new is not None:
            new = f"{new}#{fragment}"
    return value if new is None else new


def _link(match: re.Match[str], mapping: Callable[[str], str | None]) -> str:
    quote = '"' if match[2] is not None else "'"
    value = match[2] if match[2] is not None else match[3]
    return f"{match[1]}{quote}{_mapped(value, mapping)}{quote}"

"""Where in a resource a path points: the places that FHIRPath Patch changes (http://hl7.org/fhir/R4/fhirpatch.html)."""

from __future__ import annotations

from typing import Any, NamedTuple

from larrey.fhir.definitions import ancestors, is_type, type_definition
from larrey.fhir.paths import parser as syntax
from larrey.fhir.paths.compiler import ANY, compile_node, is_resource_of, merged, type_name
from larrey.fhir.paths.functions import truth
from larrey.kit.errors import Invalid, Unsupported


class Place(NamedTuple):
    """One selected item: ``container[key]``. ``type`` is its FHIR type."""

    container: Any
    key: str | int
    type: str

    @property
    def value(self) -> Any:
        return self.container[self.key]


def locate(expression: str, resource: dict[str, Any]) -> list[tuple[Any, str | int]]:
    """(container, key) of every item that a simple path selects, such that ``container[key]`` is the item.

    A container is a dict with a property name, or a list with an index. Simple paths are made of element names, indices,
    ``where(…)``, ``first()``, ``last()``, ``extension('url')``, ``as``/``ofType``. The resource itself has no place: its
    path gives ``[]``. Raises ``Invalid`` and ``Unsupported`` as ``compile_path`` does.
    """
    return [(place.container, place.key) for place in places(syntax.parse(expression), resource) if place.value is not resource]


def places(node: syntax.Node, resource: dict[str, Any]) -> list[Place]:
    """The ``Place`` of every item that a parsed path selects, with its type; the resource's own stands in a dict of one."""
    type_ = resource.get("resourceType")
    if not isinstance(type_, str) or not is_type(type_):
        raise Invalid("The resource has no known resourceType.")
    return _places(node, Place({"": resource}, "", type_), type_)


def _places(node: syntax.Node, root: Place, resource: str) -> list[Place]:
    match node:
        case syntax.This() | syntax.Resource():
            return [root]
        case syntax.Name(name):
            return [root] if name in ancestors(resource) else _members([root], name)
        case syntax.Member(of, name):
            return _members(_places(of, root, resource), name)
        case syntax.Index(of, position):
            return _places(of, root, resource)[position : position + 1]
        case syntax.TypeTest("as", of, type_):
            wanted = type_name(type_)
            return [p for p in _places(of, root, resource) if wanted in ancestors(p.type) or is_resource_of(p.value, wanted)]
        case syntax.Call(of, "where", (criterion,)):
            return [p for p in _places(of, root, resource) if _holds(criterion, p, root)]
        case syntax.Call(of, "first", ()):
            return _places(of, root, resource)[:1]
        case syntax.Call(of, "last", ()):
            return _places(of, root, resource)[-1:]
        case syntax.Call(of, "extension", (syntax.Literal(urls),)):
            extensions = _members(_places(of, root, resource), "extension")
            return [p for p in extensions if isinstance(p.value, dict) and p.value.get("url") in urls]
    raise Unsupported("FHIRPath: only simple paths can be changed (names, indices, where, first, last, extension, as).")


def _holds(criterion: syntax.Node, place: Place, root: Place) -> bool:
    return truth(merged(compile_node(criterion, place.type, root.type))(place.value, root.value)) is True


def _members(places: list[Place], name: str) -> list[Place]:
    found: list[Place] = []
    known = not places
    for place in places:
        container, type_ = place.value, place.type
        if type_ == ANY and isinstance(container, dict) and is_type(str(container.get("resourceType"))):
            type_ = container["resourceType"]
        definition = type_definition(type_)
        element = definition.elements.get(name)
        if element is None:
            continue
        known = True
        if definition.kind == "primitive":
            container = _sibling(place)
        if not isinstance(container, dict):
            continue
        for property_, (candidate, item_type) in definition.properties.items():
            if candidate is element and property_ in container:
                value = container[property_]
                if isinstance(value, list):
                    found += [Place(value, index, item_type) for index in range(len(value)) if value[index] is not None]
                elif value is not None:
                    found.append(Place(container, property_, item_type))
    if not known:
        raise Invalid(f"FHIRPath: {places[0].type} has no element {name[:64]!r}.")
    return found


def _sibling(place: Place) -> Any:
    """The ``_name`` object of a primitive that does not repeat; None when there is none."""
    if isinstance(place.container, dict):
        return place.container.get(f"_{place.key}")
    return None

"""The operations of a FHIRPath Patch, read from its Parameters (http://hl7.org/fhir/R4/fhirpatch.html)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from larrey.fhir.definitions import TypeDefinition, is_type, type_definition
from larrey.fhir.patch.limits import text
from larrey.kit.errors import Invalid, Unprocessable

NEEDS = {
    "add": ("path", "name", "value"),
    "insert": ("path", "index", "value"),
    "delete": ("path",),
    "replace": ("path", "value"),
    "move": ("path", "source", "destination"),
}
_WHOLE = ("index", "source", "destination")


@dataclass(frozen=True, slots=True)
class Content:
    """A value to put in: ``value`` with its ``type`` (``HumanName``, ``code``, a resource type), and what stands in the
    ``_`` sibling of a primitive; or the ``parts`` of an element whose type has no name (``Patient.contact``).
    """

    type: str
    value: Any
    sibling: Any
    parts: list[Any] | None
    expression: str


@dataclass(frozen=True, slots=True)
class Operation:
    """One operation; ``expression`` is where it stands in the Parameters. What its type does not need is empty."""

    type: str
    path: str
    name: str
    index: int
    source: int
    destination: int
    value: Content | None
    expression: str


def read(parameters: Any) -> list[Operation]:
    """The operations of a Parameters resource, in order. Raises ``Invalid``."""
    if not isinstance(parameters, dict) or parameters.get("resourceType") != "Parameters":
        raise Invalid("A FHIRPath Patch must be a Parameters resource.", expression="resourceType")
    listed = parameters.get("parameter", [])
    if not isinstance(listed, list):
        raise Invalid("'parameter' must be an array.", expression="Parameters.parameter")
    return [_operation(item, f"Parameters.parameter[{index}]") for index, item in enumerate(listed)]


def _operation(item: Any, expression: str) -> Operation:
    if not isinstance(item, dict) or item.get("name") != "operation":
        raise Invalid("Each parameter of a FHIRPath Patch must have the name 'operation'.", expression=f"{expression}.name")
    parts: dict[str, tuple[dict[str, Any], str]] = {}
    for index, part in enumerate(_list(item.get("part"), f"{expression}.part")):
        place = f"{expression}.part[{index}]"
        name = part.get("name") if isinstance(part, dict) else None
        if name not in ("type", "path", "name", "value", *_WHOLE):
            raise Invalid("The parts of an operation are type, path, name, value, index, source, destination.", expression=place)
        if name in parts:
            raise Invalid(f"The operation has two parts {name!r}.", expression=place)
        parts[name] = (part, place)
    type_ = _text(parts, "type", expression)
    if type_ not in NEEDS:
        raise Invalid(f"The type of an operation is one of {', '.join(NEEDS)}.", expression=parts["type"][1])
    for name in NEEDS[type_]:
        if name not in parts:
            raise Invalid(f"The operation {type_!r} needs a part {name!r}.", expression=expression)
    for name in parts:
        if name != "type" and name not in NEEDS[type_]:
            raise Invalid(f"The operation {type_!r} has no part {name!r}.", expression=parts[name][1])
    return Operation(
        type=type_,
        path=_text(parts, "path", expression),
        name=_text(parts, "name", expression) if "name" in parts else "",
        index=_whole(parts, "index"),
        source=_whole(parts, "source"),
        destination=_whole(parts, "destination"),
        value=content(*parts["value"]) if "value" in parts else None,
        expression=expression,
    )


def _list(value: Any, expression: str) -> list[Any]:
    if not isinstance(value, list):
        raise Invalid("'part' must be an array.", expression=expression)
    return value


def _text(parts: dict[str, tuple[dict[str, Any], str]], name: str, expression: str) -> str:
    """The code or string of a part; both are taken for either, as clients mix them."""
    if name not in parts:
        raise Invalid(f"The operation needs a part {name!r}.", expression=expression)
    part, place = parts[name]
    return text(part.get("valueString", part.get("valueCode")), name, place)


def _whole(parts: dict[str, tuple[dict[str, Any], str]], name: str) -> int:
    if name not in parts:
        return -1
    part, place = parts[name]
    value = part.get("valueInteger", part.get("valueUnsignedInt", part.get("valuePositiveInt")))
    if type(value) is not int or value < 0:
        raise Invalid(f"{name!r} must be a valueInteger, not negative.", expression=place)
    return value


def content(part: dict[str, Any], expression: str) -> Content:
    """What a part carries: ``value[x]``, ``resource`` or ``part``. Raises ``Invalid`` unless it is exactly one."""
    names = {name.removeprefix("_") for name in part} - {"name", "id", "extension", "modifierExtension"}
    if len(names) != 1:
        raise Invalid("A value is carried by exactly one of value[x], resource and part.", expression=expression)
    name = names.pop()
    if name == "part":
        return Content("", None, None, _list(part.get("part"), expression), expression)
    if name == "resource":
        resource = part.get("resource")
        type_ = resource.get("resourceType") if isinstance(resource, dict) else None
        return Content(text(type_, "resourceType", expression), resource, None, None, expression)
    properties = type_definition("Parameters.parameter").properties
    if name not in properties or not name.startswith("value"):
        raise Invalid(f"A value cannot be carried by {name[:60]!r}.", expression=expression)
    if part.get(name) is None and part.get("_" + name) is None:
        raise Invalid("The value is null.", expression=expression)
    return Content(properties[name][1], part.get(name), part.get("_" + name), None, expression)


# From content to the JSON of an element -----------------------------------------------------------------------------

_TEXTS = frozenset(
    {"base64Binary", "canonical", "code", "date", "dateTime", "id", "instant", "markdown"}
    | {"oid", "string", "time", "uri", "url", "uuid", "xhtml"}
)
_NUMBERS = frozenset(("decimal", "integer", "positiveInt", "unsignedInt"))


def fits(given: str, wanted: str) -> bool:
    """Whether a value carried as ``given`` may stand where ``wanted`` is. The textual primitives stand for each other,
    as do the numbers: not every one of them can be carried (xhtml), and validation looks at the outcome.
    """
    if given == wanted or (given in _TEXTS and wanted in _TEXTS) or (given in _NUMBERS and wanted in _NUMBERS):
        return True
    if wanted == "Resource":
        return is_type(given) and type_definition(given).kind == "resource"
    return given == "Quantity" and is_type(wanted) and type_definition(wanted).base == "Quantity"


def property_for(definition: TypeDefinition, name: str, given: Content) -> tuple[str, str]:
    """The JSON property, and its type, under which ``given`` stands as the element ``name`` of a type.

    Raises ``Unprocessable`` if the type has no such element or it takes no such value.
    """
    element = definition.elements.get(name)
    if element is None:
        raise Unprocessable(f"{definition.name} has no element {name[:60]!r}.", expression=given.expression)
    options = [(key, type_) for key, (owner, type_) in definition.properties.items() if owner is element]
    if given.parts is not None:
        nested = [option for option in options if type_definition(option[1]).kind in ("backbone", "complex")]
        if len(nested) == 1:
            return nested[0]
    else:
        exact = [option for option in options if option[1] == given.type]
        if exact:
            return exact[0]
        loose = [option for option in options if fits(given.type, option[1])]
        if len(options) == 1 and loose:
            return loose[0]
    wanted = ", ".join(type_ for _, type_ in options)
    raise Unprocessable(
        f"{definition.name}.{name} takes {wanted}, not {given.type or 'an element made of parts'}.", expression=given.expression
    )


def build(type_: str, given: Content) -> tuple[Any, Any]:
    """The JSON value and ``_`` sibling of ``given`` as an element of ``type_`` (which it fits)."""
    if given.parts is None:
        return given.value, given.sibling
    definition = type_definition(type_)
    built: dict[str, Any] = {}
    for index, part in enumerate(given.parts):
        place = f"{given.expression}.part[{index}]"
        if not isinstance(part, dict):
            raise Invalid("A part must be an object.", expression=place)
        inner = content(part, place)
        name = text(part.get("name"), "name", place)
        property_, inner_type = property_for(definition, name, inner)
        put(built, property_, definition, *build(inner_type, inner), place)
    return built, None


def put(owner: dict[str, Any], property_: str, definition: TypeDefinition, value: Any, sibling: Any, expression: str) -> None:
    """Append to a repeating element, or set one that is not there yet. Raises ``Unprocessable`` if it is."""
    element = definition.properties[property_][0]
    if element.max == 1:
        there = [
            key for key, (other, _) in definition.properties.items() if other is element and (key in owner or "_" + key in owner)
        ]
        if there:
            raise Unprocessable(f"{there[0]!r} is already there and does not repeat; replace it.", expression=expression)
        _set(owner, property_, value, sibling)
        return
    present = owner.get(property_)
    insert(owner, property_, len(present) if isinstance(present, list) else 0, value, sibling)


def _set(owner: dict[str, Any], property_: str, value: Any, sibling: Any) -> None:
    if value is not None:
        owner[property_] = value
    if sibling is not None:
        owner["_" + property_] = sibling


def insert(owner: dict[str, Any], property_: str, index: int, value: Any, sibling: Any) -> None:
    """Insert into the list of a repeating element and keep its ``_`` siblings, if any, aligned."""
    values = owner.setdefault(property_, [])
    siblings = owner.get("_" + property_)
    if sibling is not None and not isinstance(siblings, list):
        siblings = owner["_" + property_] = [None] * len(values)
    values.insert(index, value)
    if isinstance(siblings, list):
        siblings.insert(index, sibling)

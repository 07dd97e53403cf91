"""From an address and a method to an interaction, by splitting the path: no table of patterns is searched.

http://hl7.org/fhir/R4/http.html#summary
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from larrey.access.trail import Action
from larrey.fhir.definitions import resource_types
from larrey.kit.errors import Invalid, MethodNotAllowed, NotFound, Unsupported
from larrey.kit.ids import is_resource_id
from larrey.rest.interactions.binary import create_binary, read_binary, update_binary, vread_binary
from larrey.rest.interactions.bundle import process
from larrey.rest.interactions.capabilities import capabilities
from larrey.rest.interactions.create import create
from larrey.rest.interactions.delete import conditional_delete, delete
from larrey.rest.interactions.everything import everything
from larrey.rest.interactions.history import history
from larrey.rest.interactions.lastn import lastn
from larrey.rest.interactions.patch import conditional_patch, patch
from larrey.rest.interactions.read import read, vread
from larrey.rest.interactions.search import (
    search_compartment,
    search_compartment_posted,
    search_system,
    search_system_posted,
    search_type,
    search_type_posted,
)
from larrey.rest.interactions.update import conditional_update, update
from larrey.rest.interactions.validate import validate_instance, validate_type
from larrey.rest.request import Request
from larrey.rest.response import Response
from larrey.rest.session import Answer, Session


class Interaction(NamedTuple):
    """``name`` for metrics, logs and the trace: one of FHIR's, or an operation's. ``action``: what it is to the trace.

    ``reads``: it reads on the session's cursor, and its answer says what it ``shown``; all others trace what they do themselves
    (``Session.write``), or are about nobody's record.
    """

    name: str
    answer: Answer
    action: Action = Action.WRITE
    reads: bool = False


def _opens(name: str, answer: Answer) -> Interaction:
    return Interaction(name, answer, Action.OPEN, reads=True)


def _searches(name: str, answer: Answer) -> Interaction:
    return Interaction(name, answer, Action.SEARCH, reads=True)


Methods = Mapping[str, Interaction]

_HISTORY_TYPE: Methods = {"GET": _opens("history-type", history)}
_SEARCH_POSTED = _searches("search-type", search_type_posted)

SYSTEM: Mapping[str, Methods] = {
    "": {"GET": _searches("search-system", search_system), "POST": Interaction("batch", process)},
    "metadata": {"GET": Interaction("capabilities", capabilities)},
    "_history": {"GET": _opens("history-system", history)},
    "_search": {"POST": _searches("search-system", search_system_posted)},
}
TYPE: Methods = {
    "GET": _searches("search-type", search_type),
    "POST": Interaction("create", create),
    "PUT": Interaction("update", conditional_update),
    "PATCH": Interaction("patch", conditional_patch),
    "DELETE": Interaction("delete", conditional_delete),
}
TYPE_BELOW: Mapping[str, Methods] = {
    "_history": _HISTORY_TYPE,
    "_search": {"POST": _SEARCH_POSTED},
    "$validate": {"POST": Interaction("$validate", validate_type)},
}
TYPE_OPERATIONS: Mapping[tuple[str, str], Methods] = {
    ("Observation", "$lastn"): {"GET": _searches("$lastn", lastn), "POST": _searches("$lastn", lastn)},
}
INSTANCE: Methods = {
    "GET": _opens("read", read),
    "PUT": Interaction("update", update),
    "PATCH": Interaction("patch", patch),
    "DELETE": Interaction("delete", delete),
}
INSTANCE_BELOW: Mapping[str, Methods] = {
    "_history": {"GET": _opens("history-instance", history)},
    "$validate": {
        "POST": Interaction("$validate", validate_instance),
        "GET": Interaction("$validate", validate_instance),
    },
}
_EVERYTHING: Methods = {
    "GET": _opens("$everything", everything),
    "POST": _opens("$everything", everything),
}
INSTANCE_OPERATIONS: Mapping[tuple[str, str], Methods] = {
    ("Patient", "$everything"): _EVERYTHING,
    ("Encounter", "$everything"): _EVERYTHING,
}
COMPARTMENT: Methods = {"GET": _searches("search-compartment", search_compartment)}
COMPARTMENT_SEARCH: Methods = {"POST": _searches("search-compartment", search_compartment_posted)}
VERSION: Methods = {"GET": _opens("vread", vread)}

BINARY_TYPE: Methods = {**TYPE, "POST": Interaction("create", create_binary)}
BINARY_INSTANCE: Methods = {
    **INSTANCE,
    "GET": _opens("read", read_binary),
    "PUT": Interaction("update", update_binary),
}
BINARY_VERSION: Methods = {"GET": _opens("vread", vread_binary)}

_TYPES = resource_types()


def route(request: Request) -> Interaction:
    """The interaction that ``request`` asks for.

    Raises ``NotFound`` for an address that is none, ``Invalid`` for an impossible id, ``Unsupported`` for an operation
    that is not offered and ``MethodNotAllowed`` for a method that the address does not take.
    """
    segments = request.segments
    methods = _methods(segments)
    method = request.method
    chosen = methods.get("GET" if method == "HEAD" else method)
    if chosen is not None:
        return chosen
    offered = ", ".join(_offered(methods))
    if method == "OPTIONS":
        return Interaction("options", _options)
    raise MethodNotAllowed(f"{method} is not possible on this address; possible are {offered}.", allow=offered)


def _offered(methods: Methods) -> list[str]:
    return [*methods, *(["HEAD"] if "GET" in methods else []), "OPTIONS"]


def _options(request: Request, session: Session) -> Response:
    return Response(204, [("Allow", ", ".join(_offered(_methods(request.segments))))])


def _methods(segments: list[str]) -> Methods:
    """What can be done at an address: method → interaction."""
    depth, first = len(segments), segments[0]
    if first not in _TYPES:
        return _system(segments)
    if depth == 1:
        return BINARY_TYPE if first == "Binary" else TYPE
    second = segments[1]
    if depth == 2:
        if second[:1] not in ("_", "$", ""):
            _check_id(second)
            return BINARY_INSTANCE if first == "Binary" else INSTANCE
        return _operation(second, TYPE_BELOW.get(second) or TYPE_OPERATIONS.get((first, second)), first)
    _check_id(second)
    third = segments[2]
    if depth == 3:
        if third == "*" or third in _TYPES:
            return COMPARTMENT
        return _operation(third, INSTANCE_BELOW.get(third) or INSTANCE_OPERATIONS.get((first, third)), first)
    if depth == 4 and third == "_history":
        return BINARY_VERSION if first == "Binary" else VERSION
    if depth == 4 and segments[3] == "_search" and (third == "*" or third in _TYPES):
        return COMPARTMENT_SEARCH
    raise NotFound("There is nothing at this address.")


def _system(segments: list[str]) -> Methods:
    first = segments[0]
    if len(segments) == 1 and first in SYSTEM:
        return SYSTEM[first]
    if first.startswith("$"):
        raise Unsupported(f"The operation {first[:60]} is not offered.")
    if first[:1].isupper():
        raise NotFound(f"{first[:60]!r} is not a resource type of FHIR R4.")
    raise NotFound("There is nothing at this address.")


def _operation(name: str, methods: Methods | None, type_: str) -> Methods:
    if methods is not None:
        return methods
    if name.startswith("$"):
        raise Unsupported(f"The operation {name[:60]} is not offered on {type_}.")
    raise NotFound("There is nothing at this address.")


def _check_id(text: str) -> None:
    if not is_resource_id(text):
        raise Invalid(f"{text[:80]!r} is not a logical id: 1 to 64 characters out of A-Z, a-z, 0-9, '-' and '.'.")

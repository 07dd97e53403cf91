"""SMART on FHIR scopes of machines, as rights on the record. Pure.

Grammar: http://hl7.org/fhir/smart-app-launch/STU2.2/scopes-and-launch-context.html, the ``system/`` context of
backend services. SMART v1 (``.read``, ``.write``, ``.*``) is understood; the finer ``?param=value`` is refused.
"""

from __future__ import annotations

import re

from larrey.fhir.definitions import resource_types
from larrey.kit.errors import Invalid, Unsupported

_SCOPE = re.compile(r"system/(?P<type>\*|[A-Za-z]+)\.(?P<letters>c?r?u?d?s?|read|write|\*)\Z")
_VERSION_1 = {"read": "rs", "write": "cud", "*": "cruds"}
_ORDER = "cruds"


def rights(scope: str) -> dict[str, str]:
    """The rights given by a space-separated list of scopes: resource type or ``*`` → letters out of ``cruds``.

    ``rights("system/*.rs system/Observation.c")`` is ``{"*": "rs", "Observation": "c"}``. Raises ``Invalid`` for
    what is not a scope or names no R4 type, ``Unsupported`` for other contexts and finer-grained scopes.
    """
    granted: dict[str, set[str]] = {}
    for text in scope.split():
        found = _SCOPE.match(text)
        if found is None:
            raise _refusal(text)
        type_, letters = found["type"], found["letters"]
        if not letters:
            raise Invalid(f"The scope {text} gives no right: write one or more of the letters {_ORDER}.")
        if type_ != "*" and type_ not in resource_types():
            raise Invalid(f"The scope {text} names {type_}, which is not a FHIR R4 resource type.")
        granted.setdefault(type_, set()).update(_VERSION_1.get(letters, letters))
    if not granted:
        raise Invalid("At least one scope is needed, such as system/*.rs.")
    return {type_: "".join(letter for letter in _ORDER if letter in letters) for type_, letters in granted.items()}


def _refusal(text: str) -> Invalid | Unsupported:
    if text.startswith(("user/", "patient/")):
        return Unsupported(f"The scope {text} is for people; tokens of machines take system/… scopes.")
    if "?" in text:
        return Unsupported(f"The scope {text} narrows by search parameters, which is not supported.")
    return Invalid(f"{text} is not a scope; write for instance system/*.rs or system/Observation.cruds.")

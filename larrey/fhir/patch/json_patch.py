"""JSON Patch, http://hl7.org/fhir/R4/http.html#patch: RFC 6902 by the jsonpatch library, with our errors and limits."""

from __future__ import annotations

from typing import Any

from jsonpatch import InvalidJsonPatch, JsonPatch, JsonPatchException, JsonPatchTestFailed
from jsonpointer import JsonPointer, JsonPointerException

from larrey.fhir.patch.limits import Json, applied, text
from larrey.kit import json
from larrey.kit.errors import Invalid, TooLarge, Unprocessable

MOST_COPIED = 1024 * 1024
"""Bytes that the copy operations of one patch may add together: copies of copies double each time.

The library copies slowly: a mebibyte of small objects takes two seconds."""

_OPERATIONS = frozenset(("add", "copy", "move", "remove", "replace", "test"))


def json_patch(resource: Json, operations: Any) -> Json:
    """``resource`` after the operations of a JSON Patch (a list of objects).

    ``expression`` of the errors is the operation: ``[2]``, or its member, ``[2].path``. Raises ``Invalid`` for an
    operation that is not one, ``Unprocessable`` for one that does not apply here or a test that fails, ``TooLarge``
    beyond the limits.
    """
    if not isinstance(operations, list):
        raise Invalid("A JSON Patch must be an array of operations (RFC 6902).")
    return applied(resource, len(operations), lambda copied: _all(copied, operations))


def _all(document: Any, operations: list[Any]) -> Any:
    budget = MOST_COPIED
    for index, operation in enumerate(operations):
        place = f"[{index}]"
        _check(operation, place)
        if operation["op"] == "copy":
            budget -= _size(document, operation["from"])
            if budget < 0:
                raise TooLarge(f"The copies of a patch may hold at most {MOST_COPIED} bytes together.", expression=place)
        try:
            document = JsonPatch([operation]).apply(document, in_place=True)
        except JsonPatchTestFailed:
            # The library's message quotes the value that is there: a test must not be a way to read it.
            raise Unprocessable(f"The test of {operation['path'][:200]!r} fails.", expression=place) from None
        except InvalidJsonPatch as error:
            raise Invalid(f"The operation is not valid: {_words(error)}", expression=place) from None
        except (JsonPatchException, JsonPointerException) as error:
            raise Unprocessable(f"The operation does not apply: {_words(error)}", expression=place) from None
    return document


def _check(operation: Any, place: str) -> None:
    """The shape that RFC 6902 gives an operation, so that the library meets nothing else."""
    if not isinstance(operation, dict):
        raise Invalid("An operation must be an object.", expression=place)
    name = operation.get("op")
    if not isinstance(name, str) or name not in _OPERATIONS:
        raise Invalid(f"'op' must be one of {', '.join(sorted(_OPERATIONS))}.", expression=f"{place}.op")
    pointers = ["path", "from"] if name in ("copy", "move") else ["path"]
    for pointer in pointers:
        if pointer not in operation:
            raise Invalid(f"The operation {name!r} needs {pointer!r}.", expression=f"{place}.{pointer}")
        try:
            JsonPointer(text(operation[pointer], pointer, f"{place}.{pointer}"))
        except JsonPointerException as error:
            raise Invalid(f"{pointer!r} is not a JSON Pointer: {_words(error)}", expression=f"{place}.{pointer}") from None
    if name in ("add", "replace", "test") and "value" not in operation:
        raise Invalid(f"The operation {name!r} needs 'value'.", expression=f"{place}.value")


def _size(document: Any, pointer: str) -> int:
    """Bytes of what a copy would copy; 0 where there is nothing (the copy itself will complain)."""
    try:
        return len(json.dumps(JsonPointer(pointer).resolve(document)))
    except (JsonPointerException, TypeError):  # TypeError: the place after the end of an array is no value
        return 0


def _words(error: Exception) -> str:
    return str(error)[:200].rstrip(".") + "."

"""What changed between two versions of a resource, element by element, in words."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from larrey.fhir.definitions import is_type, type_definition
from larrey.ui.words import labels
from larrey.ui.words.datatypes import Value, compact, has_words, text
from larrey.ui.words.details import DEEPEST

_BOOKKEEPING = frozenset({"versionId", "lastUpdated"})


@dataclass(frozen=True, slots=True)
class Edit:
    """One difference: where (labels from the outside in), and the words before and after; empty means absent."""

    label: str
    before: str
    after: str


def edits(before: Value, after: Value) -> list[Edit]:
    """The differences from ``before`` to ``after``, in the order of the definition; version and date of ``meta`` apart."""
    return list(_compare(before, after, str(after.get("resourceType", "")), "", 0))


def _compare(before: Value, after: Value, type_: str, path: str, depth: int) -> Iterator[Edit]:
    properties: Mapping[str, Any] = type_definition(type_).properties if is_type(type_) else {}
    names = [name for name in properties if name in before or name in after]
    names += [name for name in {**before, **after} if name not in properties]
    for name in names:
        old, new = before.get(name), after.get(name)
        if old == new or (type_ == "Meta" and name in _BOOKKEEPING):
            continue
        element, own_type = (properties[name][0].name, properties[name][1]) if name in properties else (name.strip("_"), "")
        label = f"{path}{labels.element(element)}"
        yield from _element(old, new, own_type, label, depth)


def _element(old: Any, new: Any, type_: str, label: str, depth: int) -> Iterator[Edit]:
    if isinstance(old, list) or isinstance(new, list):
        yield from _lists(_items(old), _items(new), type_, label, depth)
    elif _has_parts(type_) and isinstance(old or {}, Mapping) and isinstance(new or {}, Mapping) and depth < DEEPEST:
        yield from _compare(old or {}, new or {}, type_, f"{label} › ", depth + 1)
    else:
        yield _edit(label, old, new, type_)


def _lists(old: list[Any], new: list[Any], type_: str, label: str, depth: int) -> Iterator[Edit]:
    gone = [(number, item) for number, item in enumerate(old, 1) if item not in new]
    come = [(number, item) for number, item in enumerate(new, 1) if item not in old]
    if not gone and not come:  # the same items in another order, or repeated
        yield Edit(label, _words(old, type_), _words(new, type_))
        return
    for index in range(max(len(gone), len(come))):
        number = (come[index] if index < len(come) else gone[index])[0]
        first = gone[index][1] if index < len(gone) else None
        second = come[index][1] if index < len(come) else None
        named = f"{label} {number}" if max(len(old), len(new)) > 1 else label
        yield from _element(first, second, type_, named, depth)


def _edit(label: str, old: Any, new: Any, type_: str) -> Edit:
    before, after = _words(old, type_), _words(new, type_)
    if before == after:  # the difference is in what words leave out: a system, an extension
        before, after = "" if old is None else compact(old), "" if new is None else compact(new)
    return Edit(label, before, after)


def _words(value: Any, type_: str) -> str:
    if value is None:
        return ""
    if type_ == "Narrative" and isinstance(value, Mapping):
        return compact(value.get("div", ""))  # as text: never rendered
    return (text(value, type_) if has_words(type_) else "") or compact(value)


def _has_parts(type_: str) -> bool:
    return bool(type_) and is_type(type_) and not has_words(type_) and type_ not in {"Narrative", "Resource", "Extension"}


def _items(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [] if value is None else [value]

"""The whole of one resource as rows of label and text, in the order of the R4 definition. Any type."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext as _

from larrey.fhir.definitions import is_type, type_definition
from larrey.ui.words import labels
from larrey.ui.words.datatypes import Value, compact, has_words, text

DEEPEST = 8
"""Levels shown in words; what lies deeper (a questionnaire gone mad) is shown as JSON."""

LONGEST = 200
"""Items of one list that are shown; a value set of ten thousand codes is for the raw view."""

_SKIPPED = frozenset({"resourceType", "id", "meta", "implicitRules", "text"})


@dataclass(frozen=True, slots=True)
class Row:
    """One element: a ``label`` and either ``text`` or ``rows`` of its own. ``link`` is a relative reference to follow."""

    label: str
    text: str = ""
    rows: tuple[Row, ...] = ()
    link: str = ""


def details(resource: Value) -> tuple[Row, ...]:
    """The rows of ``resource``; elements that the definition does not know come last, as JSON."""
    return tuple(_rows(resource, str(resource.get("resourceType", "")), 0))


def members(value: Value, type_: str) -> Iterator[tuple[str, str, str, Any]]:
    """The JSON members of ``value``: (property, element name, type of its values or "", value), in definition order."""
    properties: Mapping[str, Any] = type_definition(type_).properties if is_type(type_) else {}
    for name, (element, own_type) in properties.items():
        if name in value:
            yield name, element.name, own_type, value[name]
    for name, item in value.items():
        if name not in properties:
            yield name, name, "", item


def _rows(value: Value, type_: str, depth: int) -> Iterator[Row]:
    # What changes the meaning comes first, what only adds to it last.
    yield from _extensions(value.get("modifierExtension"), depth)
    for name, element, own_type, item in members(value, type_):
        if depth == 0 and name in _SKIPPED:
            continue
        if name == "id" or name.startswith("_"):
            continue
        if element in {"extension", "modifierExtension"}:
            continue
        if element == "contained":
            for inner in _items(item):
                if isinstance(inner, Mapping):
                    inner_type = str(inner.get("resourceType", ""))
                    yield _nested(labels.kind(inner_type), inner, inner_type, depth)
        else:
            yield from _element(element, own_type, item, depth)
    yield from _extensions(value.get("extension"), depth)


def _element(element: str, type_: str, item: Any, depth: int) -> Iterator[Row]:
    label = labels.element(element)
    if type_ == "Reference":
        for reference in _items(item):
            link = reference.get("reference", "") if isinstance(reference, Mapping) else ""
            yield Row(label, text(reference, "Reference"), link=str(link))
    elif has_words(type_):
        words = text(item, type_)
        if words:
            yield Row(label, words)
    elif not type_:
        yield Row(label, compact(item))
    else:
        several = isinstance(item, list) and len(item) > 1
        for number, inner in enumerate(_items(item)[:LONGEST], 1):
            named = f"{label} {number}" if several else label
            if isinstance(inner, Mapping):
                yield _nested(named, inner, str(inner.get("resourceType", type_)) if type_ == "Resource" else type_, depth)
            else:
                yield Row(named, compact(inner))
        if len(_items(item)) > LONGEST:
            yield Row(label, _("%(count)s more, in the raw view") % {"count": len(_items(item)) - LONGEST})


def _nested(label: str, value: Value, type_: str, depth: int) -> Row:
    if depth + 1 >= DEEPEST:
        return Row(label, compact(dict(value)))
    return Row(label, rows=tuple(_rows(value, type_, depth + 1))) if value else Row(label)


def _extensions(item: Any, depth: int) -> Iterator[Row]:
    for extension in _items(item):
        if not isinstance(extension, Mapping):
            continue
        label = labels.humanise(str(extension.get("url", "")).rstrip("/").rpartition("/")[2].removeprefix("us-core-"))
        name, value = next(((key, value) for key, value in extension.items() if key.startswith("value")), ("", None))
        if name:
            type_ = name.removeprefix("value")
            type_ = type_ if has_words(type_) else type_[:1].lower() + type_[1:]
            yield Row(label, text(value, type_) or compact(value))
        elif depth + 1 < DEEPEST:
            inner = tuple(_extensions(extension.get("extension"), depth + 1))
            said = [row for row in inner if row.label == "Text"]  # the us-core pattern: codes, then the same as text
            yield Row(label, said[0].text) if said else Row(label, rows=inner)


def _items(item: Any) -> list[Any]:
    return item if isinstance(item, list) else [] if item is None else [item]

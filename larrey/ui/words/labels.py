"""Names of resource types, elements and codes in the reader's language, out of ``labels.json``.

What is not in the table is read from its FHIR name: ``plannedActivityDetail`` is "Planned activity detail".
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import cache
from importlib.resources import files
from typing import Any, cast

from django.utils.translation import pgettext

from larrey.kit import json

_WORD = re.compile(r"[a-z]{4,}(-[a-z]{2,})*\Z")
_HUMP = re.compile(r"(?<=[a-z0-9])(?=[A-Z])")


@cache
def table() -> Mapping[str, Mapping[str, str]]:
    """``{"types" | "elements" | "codes": {FHIR name: English}}``."""
    return cast("Mapping[str, Mapping[str, str]]", json.loads((files(__package__) / "labels.json").read_bytes()))


def kind(type_: str) -> str:
    """A resource type in the plural, as the heading of a list: "Prescriptions"."""
    return _label("types", "kind", type_)


def element(name: str) -> str:
    """An element by its FHIR name, without the type of a choice: "Birth date"."""
    return _label("elements", "element", name)


def code(value: Any) -> str:
    """A code of FHIR's own value sets: "In progress". A code that is no word (``fr-FR``, ``text/plain``) stays as it is."""
    text = str(value)
    return _label("codes", "code", text) if text in table()["codes"] or _WORD.match(text) else text


def _label(kind_: str, context: str, name: str) -> str:
    known = table()[kind_].get(name)
    if known is not None:
        return pgettext(context, known)
    return humanise(name)


def humanise(name: str) -> str:
    """``plannedActivityDetail`` or ``planned-activity`` as words, for names that no table knows."""
    spaced = _HUMP.sub(" ", name).replace("-", " ").replace("_", " ").strip()
    words = " ".join(word if word.isupper() else word.lower() for word in spaced.split())
    return words[:1].upper() + words[1:] if words else name

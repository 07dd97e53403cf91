"""Scopes in words: what an app asks, as the person who is asked would say it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from urllib.parse import parse_qsl

from django.utils.translation import gettext as _
from django.utils.translation import pgettext

from larrey.access.scopes import Scope, Scopes, weigh
from larrey.ui.words import labels


@dataclass(frozen=True, slots=True)
class Line:
    """One kind of thing: its name, what is done to it where that is not all, and the narrower part that is meant."""

    what: str
    how: str = ""
    only: str = ""


@dataclass(frozen=True, slots=True)
class Wording:
    """What an app may read, what it may write, and the rest in sentences."""

    reads: tuple[Line, ...]
    writes: tuple[Line, ...]
    sentences: tuple[str, ...]


def wording(scopes: Scopes, *, days: int, hours: int) -> Wording:
    """``days``: for how long ``offline_access`` renews; ``hours``: for how long ``online_access`` does."""
    sentences = []
    if scopes.special & {"openid", "fhirUser"}:
        sentences.append(_("know who you are"))
    if "offline_access" in scopes.special:
        sentences.append(_("go on without asking you again, as long as it is used at least every %(days)s days") % {"days": days})
    elif "online_access" in scopes.special:
        sentences.append(_("go on for %(hours)s hours without asking you again") % {"hours": hours})
    return Wording(
        reads=tuple(_lines(scopes.resources, "rs")),
        writes=tuple(_lines(scopes.resources, "cud")),
        sentences=tuple(sentences),
    )


def _lines(scopes: Iterable[Scope], letters: str) -> list[Line]:
    """By name; the whole record first."""
    rights, filters = weigh(scopes)
    every = set(rights.get("*", "")) & set(letters)
    lines = [
        Line(
            _("All that you may see in the record") if "r" in letters else _("All that you may write in the record"), _how(every)
        )
    ]
    lines = lines if every else []
    kinds = []
    for type_, given in rights.items():
        more = (set(given) & set(letters)) - (every if "r" not in letters else (set(letters) if every else set()))
        if type_ == "*" or not more:
            continue
        narrow = [criteria for narrowed, criteria in filters.get(type_, ()) if set(narrowed) & more]
        kinds.append(Line(labels.kind(type_), _how(more), _(" or ").join(_criteria(each) for each in narrow)))
    return lines + sorted(kinds, key=lambda line: line.what)


def _how(letters: set[str]) -> str:
    """Which of adding, changing and deleting; empty for reading, and when it is adding and changing."""
    named = {"c": _("add"), "u": _("change"), "d": _("delete")}
    chosen = [named[letter] for letter in "cud" if letter in letters]
    return "" if not chosen or letters == {"c", "u"} else ", ".join(chosen)


def _criteria(criteria: str) -> str:
    return ", ".join(
        f"{labels.element(_camel(name)).lower()} {' / '.join(_value(one) for one in value.split(','))}"
        for name, value in parse_qsl(criteria, keep_blank_values=True)
    )


def _camel(name: str) -> str:
    head, *rest = name.partition(":")[0].lstrip("_").split("-")
    return head + "".join(part.capitalize() for part in rest)


def _value(value: str) -> str:
    code = value.rpartition("|")[2] or value
    category = _categories().get(code)
    if category:
        return category
    return labels.code(code) if code in labels.table()["codes"] else f"« {code} »"


def _categories() -> dict[str, str]:
    """The categories of observations (http://terminology.hl7.org/CodeSystem/observation-category)."""
    return {
        "social-history": pgettext("category", "social history"),
        "vital-signs": pgettext("category", "vital signs"),
        "imaging": pgettext("category", "imaging"),
        "laboratory": pgettext("category", "laboratory"),
        "procedure": pgettext("category", "procedures"),
        "survey": pgettext("category", "questionnaires and scores"),
        "exam": pgettext("category", "examination"),
        "therapy": pgettext("category", "therapy"),
        "activity": pgettext("category", "physical activity"),
    }

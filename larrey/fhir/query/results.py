"""Search result parameters: how the answer is ordered, completed and presented (http://hl7.org/fhir/R4/search.html#return)."""

from __future__ import annotations

from collections.abc import Sequence

from larrey.fhir.definitions import resource_types, search_parameter
from larrey.fhir.query.nodes import Include, Sort
from larrey.kit.errors import Invalid, TooCostly, Unsupported

SORTABLE = frozenset({"date", "string", "number", "quantity", "uri", "token", "reference"})
SORT_KEYS = 8
SUMMARIES = frozenset({"true", "text", "data", "count", "false"})
TOTALS = frozenset({"none", "estimate", "accurate"})


def parse_sort(types: Sequence[str] | None, value: str) -> tuple[Sort, ...]:
    """The keys of ``_sort=-date,name``. Over several types only what is common to all types can order them."""
    keys: list[Sort] = []
    for part in value.split(","):
        descending, code = part.startswith("-"), part.removeprefix("-")
        type_ = types[0] if types is not None and len(types) == 1 else "Resource"
        parameter = search_parameter(type_, code)
        if parameter is None:
            raise Unsupported(f"_sort: {type_} has no search parameter {code!r}.", expression="_sort")
        if parameter.type not in SORTABLE or code in ("_text", "_content", "_query"):
            raise Unsupported(f"_sort by {code!r} is not supported.", expression="_sort")
        if type_ == "Resource" and code not in ("_id", "_lastUpdated"):
            raise Unsupported(f"_sort by {code!r} over several types is not supported.", expression="_sort")
        if all(parameter is not key.parameter for key in keys):
            keys.append(Sort(parameter, descending))
    if len(keys) > SORT_KEYS:
        raise TooCostly(f"_sort has {len(keys)} keys; at most {SORT_KEYS} are allowed.", expression="_sort")
    return tuple(keys)


def parse_include(name: str, value: str) -> Include:
    """``_include[:iterate]=Type:parameter[:target]``, ``Type:*`` or ``*``; the same for ``_revinclude``."""
    base, _, modifier = name.partition(":")
    if modifier not in ("", "iterate"):
        raise Unsupported(f"The modifier {modifier!r} is not supported for {base!r}.", expression=name)
    reverse, iterate = base == "_revinclude", modifier == "iterate"
    parts = value.split(":")
    if parts == ["*"]:
        return Include("*", "*", None, iterate, reverse)
    if not 2 <= len(parts) <= 3 or parts[0] not in resource_types():
        raise Invalid(f"The value of {name!r} must be Type:parameter, Type:parameter:Target or *.", expression=name)
    source, code = parts[0], parts[1]
    target = parts[2] if len(parts) == 3 else None
    if target is not None and target not in resource_types():
        raise Invalid(f"{name!r}: {target!r} is not a resource type.", expression=name)
    if code != "*":
        parameter = search_parameter(source, code)
        if parameter is None:
            raise Unsupported(f"{name!r}: {source} has no search parameter {code!r}.", expression=name)
        if parameter.type != "reference":
            raise Unsupported(f"{name!r}: {code!r} of {source} is not a reference.", expression=name)
        if target is not None and parameter.target and target not in parameter.target:
            raise Unsupported(f"{name!r}: {code!r} of {source} does not refer to {target}.", expression=name)
    return Include(source, code, target, iterate, reverse)


def parse_types(value: str) -> tuple[str, ...]:
    """The types of ``_type=Patient,Encounter``."""
    types = tuple(dict.fromkeys(value.split(",")))
    for type_ in types:
        if type_ not in resource_types():
            raise Invalid(f"_type: {type_[:64]!r} is not a resource type.", expression="_type")
    return types


def parse_count(value: str, maximum: int) -> int:
    """A page size; 0 asks for the number of matches only."""
    if not (value.isascii() and value.isdigit() and len(value) < 10):
        raise Invalid("The value of '_count' must be a whole number, 0 or more.", expression="_count")
    if int(value) > maximum:
        raise TooCostly(f"'_count' is more than {maximum} (setting LARREY_MAX_PAGE_SIZE).", expression="_count")
    return int(value)


def parse_choice(name: str, value: str, choices: frozenset[str]) -> str:
    """One of ``choices``."""
    if value not in choices:
        raise Invalid(f"The value of {name!r} must be one of {', '.join(sorted(choices))}.", expression=name)
    return value

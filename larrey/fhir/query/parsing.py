"""From the pairs of a URL's query (or a form) to a ``Query``."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from larrey.fhir.definitions import resource_types
from larrey.fhir.query.criteria import Bounds, criterion
from larrey.fhir.query.filters import parse_filter
from larrey.fhir.query.nodes import Include, Listed, Node, Query
from larrey.fhir.query.results import (
    SUMMARIES,
    TOTALS,
    parse_choice,
    parse_count,
    parse_include,
    parse_sort,
    parse_types,
)
from larrey.kit.errors import Invalid, Issue, Unsupported
from larrey.kit.ids import is_resource_id

CURSOR = "_cursor"
"""The parameter that carries an opaque paging cursor."""

_ONCE = frozenset({"_sort", "_count", "_total", "_summary", "_elements", "_type", CURSOR, "_contained"})


def parse(
    type_: str | None,
    pairs: Sequence[tuple[str, str]],
    *,
    lenient: bool = False,
    page_max: int = 1000,
    chain_depth: int = 4,
    or_values: int = 500,
) -> Query:
    """Parse a search on ``type_`` (None: on the whole system).

    ``pairs``: decoded names and values in order, without those of HTTP (``_format``, ``_pretty``). Raises ``Invalid`` for
    what is malformed, ``Unsupported`` for what is not offered (with ``lenient`` a warning instead) and
    ``TooCostly`` for what passes a limit; never anything else.
    """
    if type_ is not None and type_ not in resource_types():
        raise Invalid(f"{type_[:64]!r} is not a resource type.")
    reader = _Pairs(type_, Bounds(chain_depth, or_values), page_max)
    applied: list[tuple[str, str]] = []
    warnings: list[Issue] = []
    ordered = sorted(pairs, key=lambda pair: pair[0] != "_type")  # _type decides what the others mean
    for name, value in ordered:
        try:
            reader.read(name, value)
        except Unsupported as error:
            if not lenient:
                raise
            warnings += [Issue(i.code, f"Ignored: {i.diagnostics}", i.expression, "warning") for i in error.issues]
        except RecursionError:
            raise Invalid(f"The parameter {name[:64]!r} is nested too deeply.") from None
        else:
            if name != CURSOR:
                applied.append((name, value))
    return Query(
        type=type_,
        types=reader.types,
        criteria=tuple(reader.criteria),
        includes=tuple(dict.fromkeys(reader.includes)),
        applied=tuple(applied),
        warnings=tuple(warnings),
        **{"sort": (), "count": None, "total": None, "summary": None, "elements": (), "cursor": None, **reader.once},
    )


class _Pairs:
    """What has been read so far."""

    def __init__(self, type_: str | None, bounds: Bounds, page_max: int) -> None:
        self.bounds, self.page_max = bounds, page_max
        self.types: tuple[str, ...] | None = None if type_ is None else (type_,)
        self.typed = type_ is not None
        self.criteria: list[Node] = []
        self.includes: list[Include] = []
        self.once: dict[str, Any] = {}
        self.seen: set[str] = set()

    def read(self, name: str, value: str) -> None:
        if name in _ONCE:
            if name in self.seen:
                raise Invalid(f"The parameter {name!r} is given more than once.", expression=name)
            self.seen.add(name)
        base = name.partition(":")[0]
        if base in ("_include", "_revinclude"):
            self.includes.append(parse_include(name, value))
        elif name == "_filter":
            self.criteria.append(parse_filter(self.types, value, self.bounds))
        elif name == "_list":
            self.criteria.append(_listed(value))
        elif name == "_type":
            if self.typed:
                raise Unsupported("'_type' belongs to searches on the whole system.", expression="_type")
            self.types = parse_types(value)
        elif not self._presentation(name, value):
            self.criteria.append(criterion(self.types, name, value, self.bounds))

    def _presentation(self, name: str, value: str) -> bool:
        """Read a parameter that does not choose resources; False when it is none."""
        if name == "_sort":
            self.once["sort"] = parse_sort(self.types, value)
        elif name == "_count":
            self.once["count"] = parse_count(value, self.page_max)
        elif name == "_total":
            self.once["total"] = parse_choice(name, value, TOTALS)
        elif name == "_summary":
            self.once["summary"] = parse_choice(name, value, SUMMARIES)
        elif name == "_elements":
            self.once["elements"] = tuple(dict.fromkeys(part.strip() for part in value.split(",")))
        elif name == CURSOR:
            self.once["cursor"] = value
        elif name in ("_contained", "_containedType"):
            if name == "_containedType" or parse_choice(name, value, frozenset({"true", "false", "both"})) != "false":
                raise Unsupported(f"The parameter {name!r} is not supported.", expression=name)
        else:
            return False
        return True


def _listed(value: str) -> Node:
    if value.startswith("$"):
        raise Unsupported(f"The functional list {value[:64]!r} is not supported.", expression="_list")
    id_ = value.removeprefix("List/")
    if not is_resource_id(id_):
        raise Invalid("The value of '_list' must be the id of a List.", expression="_list")
    return Listed(id_)

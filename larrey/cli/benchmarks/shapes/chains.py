"""Chained and reverse-chained searches of the bake-off, each written in the ways a compiler might choose."""

from __future__ import annotations

from collections.abc import Callable

from larrey.cli.benchmarks.shapes.searches import PAGE, SEARCHES, Draw, Sql
from larrey.store.keys import parameter_key, token_key

New = Callable[[str], Sql]


def _chain(query: Sql, way: str, source: str, code: str, target: str, wanted: int, extra: int | None) -> str:
    """``source?code:target.<wanted>`` with, when given, the token ``extra`` on the source itself."""
    p, shape = parameter_key(source, code), query.shape
    if query.rows:
        more = f"join a.token x on x.key = {extra} and x.rid = r.rid" if extra is not None else ""
        return (
            f"select r.rid, r.body from a.resource r {more} where r.type = '{source}' and exists (select from a.link l "
            f"join a.resource p on p.type = '{target}' and p.key = l.target join a.token t on t.key = {wanted} and t.rid = p.rid "
            f"where l.rid = r.rid and l.parameter = {p}) order by r.rid desc limit {PAGE + 1}"
        )
    more = f" and r.tokens @> array[{extra}]::bigint[]" if extra is not None else ""
    head = f"select r.rid, r.body from {shape}.resource r"
    tail = f"order by r.rid desc limit {PAGE + 1}"
    match way:
        case "exists":  # walk the sources, follow their references
            return (
                f"{head} where r.type = '{source}'{more} and exists (select from {shape}.resource p where p.type = '{target}' "
                f"and p.key = any(r.refs) and r.tokens @> array[p.key # {p}] and p.tokens @> array[{wanted}]::bigint[]) {tail}"
            )
        case "join":  # either way round, by the planner
            return (
                f"{head} join {shape}.resource p on p.type = '{target}' and p.key = any(r.refs) "
                f"and r.tokens @> array[p.key # {p}] and p.tokens @> array[{wanted}]::bigint[] "
                f"where r.type = '{source}'{more} {tail}"
            )
        case _:  # the targets first, as one array
            return (
                f"{head} where r.type = '{source}'{more} and r.tokens && array(select p.key # {p} from {shape}.resource p "
                f"where p.type = '{target}' and p.tokens @> array[{wanted}]::bigint[]) {tail}"
            )


def _has(query: Sql, way: str, wanted: int) -> str:
    """``Patient?_has:Observation:subject:<wanted>``."""
    p, shape = parameter_key("Observation", "subject"), query.shape
    tail = f"order by r.rid desc limit {PAGE + 1}"
    head = f"select r.rid, r.body from {shape}.resource r where r.type = 'Patient' and"
    if query.rows:
        return (
            f"{head} exists (select from a.link l join a.token t on t.key = {wanted} and t.rid = l.rid "
            f"where l.parameter = {p} and l.target = r.key) {tail}"
        )
    if way == "forward":
        return (
            f"{head} exists (select from {shape}.resource o where o.type = 'Observation' "
            f"and o.tokens @> array[{wanted}]::bigint[] and o.tokens @> array[r.key # {p}]) {tail}"
        )
    return (
        f"{head} r.key in (select u from {shape}.resource o, unnest(o.refs) u where o.type = 'Observation' "
        f"and o.tokens @> array[{wanted}]::bigint[] and o.tokens @> array[u # {p}]) {tail}"
    )


def register() -> None:
    """Add these searches to the others."""
    female = token_key(parameter_key("Patient", "gender"), None, "female")
    for way in ("exists", "join", "array"):

        def by_identifier(d: Draw, new: New, way: str = way) -> str:
            q = new("Observation")
            return _chain(q, way, "Observation", "subject", "Patient", d.patient()[2], None)

        def by_gender(d: Draw, new: New, way: str = way) -> str:
            q = new("Observation")
            return _chain(q, way, "Observation", "subject", "Patient", female, d.code("Observation", "code", "medium"))

        def by_class(d: Draw, new: New, way: str = way) -> str:
            q = new("Condition")
            emergency = token_key(parameter_key("Encounter", "class"), None, "EMER")
            return _chain(q, way, "Condition", "encounter", "Encounter", emergency, None)

        SEARCHES[f"chain_identifier.{way}"] = by_identifier
        SEARCHES[f"chain_gender.{way}"] = by_gender
        SEARCHES[f"chain_class.{way}"] = by_class
    for way in ("forward", "backward"):
        for band in ("frequent", "medium", "rare"):

            def has(d: Draw, new: New, way: str = way, band: str = band) -> str:
                q = new("Patient")
                return _has(q, way, d.code("Observation", "code", band))

            SEARCHES[f"has_{band}.{way}"] = has

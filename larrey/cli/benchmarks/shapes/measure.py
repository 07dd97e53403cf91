"""Running every search on every shape in turn, and the figures of it."""

from __future__ import annotations

import math
import random
import time
from collections.abc import Callable
from typing import Any

import psycopg

from larrey.cli.benchmarks.report import quantile
from larrey.cli.benchmarks.shapes import chains, schema
from larrey.cli.benchmarks.shapes.corpus import Catalogue
from larrey.cli.benchmarks.shapes.searches import SEARCHES, Draw, Sql
from larrey.store.keys import parameter_key

REPEATS = 3
"""Each value is searched this often and the best counts: what is left is the search, not its neighbours."""
SLOW = 500.0
"""Milliseconds beyond which a search is not repeated."""
ENOUGH = 15_000.0
"""Milliseconds in all after which a search is not filled with more values."""
LIMIT = 10.0
"""Seconds after which a search counts as not answered."""


def draw(connection: psycopg.Connection, catalogue: Catalogue, seed: int) -> Draw:
    """Sample the values that the searches are filled with."""
    family = parameter_key("Patient", "name-family")

    def column(sql: str) -> list[Any]:
        return connection.execute(sql).fetchall()

    people = column("select patient, key, tokens from b.resource where type = 'Patient' order by random() limit 400")
    own = {row[0]: row[1] for row in column("select key, own[1] from stage.original where type = 'Patient'")}
    salts = [schema.salt(copy) for copy in range(64)]
    patients = [(patient, key, next(own[key ^ s] ^ s for s in salts if key ^ s in own)) for patient, key, _ in people]
    encounters = [key for (key,) in column("select key from b.resource where type = 'Encounter' order by random() limit 2000")]
    names = [name for (name,) in column(f"select distinct value from common.string_value where key = {family} limit 300")]
    first, last = column("select min(updated), max(updated) from b.resource")[0]
    return Draw(catalogue, random.Random(seed), patients, encounters, names, (first, last))


def latencies(
    connection: psycopg.Connection,
    values: Draw,
    shapes: tuple[str, ...],
    rounds: int,
    say: Callable[[str], None],
    only: tuple[str, ...] = (),
) -> dict[str, dict[str, list[float]]]:
    """Milliseconds (planning, execution and transfer) by search and shape; each value is tried on all shapes in turn."""
    chains.register()
    connection.execute(f"set statement_timeout = '{LIMIT}s'")
    result: dict[str, dict[str, list[float]]] = {}
    for name, write in SEARCHES.items():
        if only and not any(part in name for part in only):
            continue
        found: dict[str, list[float]] = {shape: [] for shape in shapes}
        for turn in range(-2, rounds):
            state = values.random.getstate()
            counts = set()
            best = dict.fromkeys(shapes, math.inf)
            for shape in shapes * REPEATS:
                if SLOW < best[shape] < math.inf:
                    continue  # its neighbours do not matter
                values.random.setstate(state)
                text = write(values, lambda type_, shape=shape: Sql(shape, type_))  # type: ignore[misc]  # mypy cannot infer a lambda with a default
                start = time.perf_counter()
                try:
                    counts.add(len(connection.execute(text.encode()).fetchall()))
                except psycopg.errors.QueryCanceled:
                    connection.rollback()
                best[shape] = min(best[shape], (time.perf_counter() - start) * 1000)
            if turn >= 0:
                for shape in shapes:
                    found[shape].append(best[shape])
            if len(counts) > 1:
                raise AssertionError(f"{name}: the shapes disagree: {counts}")
            if max(sum(times) for times in found.values()) > ENOUGH:
                break
        result[name] = found
        say(name + ": " + ", ".join(f"{shape} {quantile(times, 0.95):.1f} ms" for shape, times in found.items()))
    return result

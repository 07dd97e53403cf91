"""The bake-off from bundles to tables of figures."""

from __future__ import annotations

import pickle
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import click
import psycopg
from psycopg import sql

from larrey.cli.benchmarks.report import number, quantile, table
from larrey.cli.benchmarks.shapes import corpus, measure, schema

DATABASE = "larrey_shapes"
QUERIED = ("a", "b", "c", "d")


def run(server: str, bundles: Path, scale: int, rounds: int, *, keep: bool, say: Callable[[str], None]) -> dict[str, Any]:
    """Fill every shape with ``scale`` copies of ``bundles`` on the PostgreSQL at ``server``, then search it.

    Works in a database of its own, which is dropped at the end unless ``keep``; a kept one of the same scale is not
    filled again. Returns import rates, sizes and latencies.
    """
    with psycopg.connect(server, autocommit=True) as admin:
        found = admin.execute("select 1 from pg_database where datname = %s", [DATABASE]).fetchone()
        if found is None:
            admin.execute(sql.SQL("create database {}").format(sql.Identifier(DATABASE)))
        try:
            with psycopg.connect(urlsplit(server)._replace(path=f"/{DATABASE}").geturl(), autocommit=True) as connection:
                return _measured(connection, bundles, scale, rounds, say)
        finally:
            if not keep:
                admin.execute(sql.SQL("drop database {} with (force)").format(sql.Identifier(DATABASE)))


def _measured(
    connection: psycopg.Connection, bundles: Path, scale: int, rounds: int, say: Callable[[str], None]
) -> dict[str, Any]:
    connection.execute("set random_page_cost = 1.1")  # the indexes are in memory or on an SSD
    connection.execute("set jit = off")  # as the record's own server is set
    connection.execute("create table if not exists public.filled (copy integer primary key, seconds jsonb)")
    connection.execute("create table if not exists public.catalogue (size bigint, content bytea)")
    row = connection.execute("select size, content from public.catalogue").fetchone()
    if row is None:
        size, catalogue = corpus.stage(connection, bundles)
        connection.execute("insert into public.catalogue values (%s, %s)", [size, pickle.dumps(catalogue)])
        schema.create(connection)
    else:
        size, catalogue = row[0], pickle.loads(row[1])  # noqa: S301  written by ourselves, in our own database
    say(f"{size} distinct resources, {scale} times")
    done = {row[0] for row in connection.execute("select copy from public.filled")}
    for copy in range(scale):
        if copy not in done:
            seconds = schema.fill(connection, copy, size)
            connection.execute("insert into public.filled values (%s, to_jsonb(%s::json))", [copy, _json(seconds)])
            say(f"copy {copy + 1}: " + ", ".join(f"{shape} {size / spent:,.0f}/s" for shape, spent in seconds.items()))
    connection.execute("vacuum analyze")
    rates = {
        shape: [
            size / float(row[0]) for row in connection.execute("select seconds ->> %s from public.filled order by copy", [shape])
        ]
        for shape in schema.SHAPES
    }
    found = measure.latencies(connection, measure.draw(connection, catalogue, 7), QUERIED, rounds, say)
    milliseconds = {
        name: {shape: {"p50": quantile(times, 0.5), "p95": quantile(times, 0.95)} for shape, times in by_shape.items()}
        for name, by_shape in found.items()
    }
    return {
        "resources": size * scale,
        "copies": scale,
        "per_second": rates,
        "bytes": schema.sizes(connection),
        "milliseconds": milliseconds,
    }


def _json(seconds: dict[str, float]) -> str:
    return "{" + ",".join(f'"{shape}":{spent:.6f}' for shape, spent in seconds.items()) + "}"


def show(result: dict[str, Any]) -> None:
    """Print the tables of the ADR."""
    resources = result["resources"]
    rows = []
    for shape in schema.SHAPES:
        rates, size = result["per_second"][shape], result["bytes"][shape]
        per = [number(size[part] / resources) for part in ("indexes", "gin", "side_heap", "heap")]
        rows.append((shape, number(rates[0]), number(rates[-1]), *per))
    click.echo(f"{resources:,} resources\n")
    click.echo(table(("shape", "first copy/s", "last copy/s", "index B", "of it GIN B", "side rows B", "all heaps B"), rows))
    click.echo()
    searches = [
        (name, *(f"{by_shape[shape]['p50']:.1f} / {by_shape[shape]['p95']:.1f}" for shape in QUERIED))
        for name, by_shape in result["milliseconds"].items()
    ]
    click.echo(table(("search, ms p50 / p95", *QUERIED), searches))

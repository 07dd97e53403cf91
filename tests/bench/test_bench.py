"""Every benchmark runs to its end on a handful of patients and tells figures that can be checked."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from larrey.cli.benchmarks import chart, demonstration, disk, load, newest, read, searches, sessions, trace, writes
from larrey.cli.benchmarks.ground import Base, Ground, ground, replica
from larrey.cli.benchmarks.report import Figure, number, quantile, table
from larrey.cli.benchmarks.shapes import run as shapes

PATIENTS = 4


@pytest.fixture(scope="module")
def bundles(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return demonstration.write(tmp_path_factory.mktemp("bundles"), PATIENTS)


@pytest.fixture(scope="module")
def field(server_url: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Ground]:
    with ground(tmp_path_factory.mktemp("data"), server_url, lambda _: None) as ready:
        yield ready
        for name in ("base_1x", "base_2x", "chart", "load", "writes"):
            ready.drop(name)


@pytest.fixture(scope="module")
def base(field: Ground, bundles: Path) -> Base:
    return field.filled(bundles, 1)


def counted(base: Base) -> dict[str, int]:
    with base.connect() as connection:
        return dict(connection.execute("select type, count(*) from record.resource group by type").fetchall())


def in_files(folder: Path) -> dict[str, set[str]]:
    found: dict[str, set[str]] = {}
    for path in folder.glob("*.json"):
        for entry in json.loads(path.read_bytes())["entry"]:
            found.setdefault(entry["resource"]["resourceType"], set()).add(entry["resource"]["id"])
    return found


def test_a_replica_shares_no_id_with_the_original_and_keeps_its_references(bundles: Path, tmp_path: Path) -> None:
    copy = replica(bundles, 1, tmp_path)
    first, second = in_files(bundles), in_files(copy)
    assert {type_: len(ids) for type_, ids in first.items()} == {type_: len(ids) for type_, ids in second.items()}
    assert all(first[type_].isdisjoint(second[type_]) for type_ in first)
    known = {f"{type_}/{id_}" for type_, ids in second.items() for id_ in ids}
    referred = {
        found for path in copy.glob("*.json") for found in re.findall(r'"reference":"([A-Z]\w+/[0-9a-f-]{36})"', path.read_text())
    }
    assert referred
    assert referred <= known


def test_a_base_of_two_copies_holds_twice_the_resources(field: Ground, base: Base, bundles: Path) -> None:
    twice = field.filled(bundles, 2)
    assert counted(twice) == {type_: 2 * count for type_, count in counted(base).items()}
    assert field.filled(bundles, 2).url == twice.url


def test_load(field: Ground, bundles: Path) -> None:
    figures = load.measure(field, bundles)
    assert len({figure.floor_name for figure in figures}) == 2
    for figure in figures:
        assert figure.details["resources"] == sum(len(ids) for ids in in_files(bundles).values())
        assert figure.ratio == pytest.approx(figure.value / (figure.floor or 0))


def test_read(base: Base) -> None:
    (figure,) = read.measure(base, requests=80, rounds=1)
    assert 0 < figure.value < 1000
    assert figure.ratio is not None
    assert figure.reached is (figure.ratio <= read.TARGET)


def test_newest(field: Ground, base: Base, bundles: Path) -> None:
    figures = newest.measure(base, 2, field.filled(bundles, 2), requests=5)
    assert [figure.unit for figure in figures] == ["ms"] * 3
    assert figures[2].value == figures[1].value
    assert figures[2].floor == figures[0].value


@pytest.mark.usefixtures("base")
def test_chart(field: Ground, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(chart, "SIZES", {"light": 20, "usual": 60, "heavy": 120})
    copy = field.copy("base_1x", "chart")
    figures = {figure.name: figure for figure in chart.measure(copy, 1, None, people=12, requests=3)}
    assert len(figures) == 6
    assert 3 <= figures["chart, 1,200 observations: SQL statements"].value <= chart.STATEMENTS
    assert figures["find a patient among 12, p95"].details["searches"] > 0
    with copy.connect() as connection:
        for size, count in chart.SIZES.items():
            rows = "select count(*) from record.resource where patient = %s"
            assert connection.execute(rows, [chart.patient_id(size)]).fetchone() == (count,)


def test_sessions(base: Base, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sessions, "THINK", (0.05, 0.1))
    told: list[str] = []
    held, p95, cpu, machines = sessions.measure(base, told.append, sessions=[3], seconds=3, ramp=0.5)
    assert held.value == 3, held.details
    assert set(held.details["p95_by_page"]) <= set(sessions.MIX)
    assert held.details["pages_per_second"] > 1
    assert p95.value > 0
    assert cpu.value > 0
    assert machines.value == sessions.WANTED / 3
    assert sum(sessions.MIX.values()) == 100
    assert told[-1].startswith("3 sessions")


def test_searches(base: Base) -> None:
    figures = searches.measure(base, 1, None, requests=2)
    assert len(searches.SEARCHES) == 30
    assert len(figures) >= 25
    assert all(figure.details["example"].startswith("/fhir/") for figure in figures)


def test_writes(field: Ground, base: Base) -> None:
    before = counted(base)
    figures = writes.measure(field.copy("base_1x", "writes"), seconds=1)
    assert [figure.name.split()[0] for figure in figures] == ["create", "update", "delete"]
    assert all(figure.value > 0 and (figure.floor or 0) > 0 for figure in figures)
    assert counted(base) == before


def test_trace(field: Ground) -> None:
    figures = trace.measure(field.empty("trace"), requests=20, rows=1000)
    field.drop("trace")
    assert len(figures) == 2
    assert all(figure.value > 0 for figure in figures)


def test_the_floor_of_writes_says_what_the_store_says(base: Base) -> None:
    with base.connect() as connection:
        row = connection.execute("select id from record.resource where type = 'Patient'").fetchone()
    assert row is not None
    for kind, words in {
        "create": "insert into record.resource",
        "update": "update record.resource",
        "delete": "delete from",
    }.items():
        said = writes.statements(base, kind, row[0])
        assert any(words in text for text in said)
        assert any(":key" in text for text in said)
        assert any(":rid" in text for text in said) is (kind != "create")


def test_disk(base: Base) -> None:
    whole, *parts = disk.measure(base, "1×")
    assert sum(part.value for part in parts) == pytest.approx(whole.value)
    with base.connect() as connection:
        row = connection.execute(
            "select sum(pg_total_relation_size(c.oid)) from pg_class c join pg_namespace n on n.oid = relnamespace"
            " where nspname = 'record' and relkind = 'r' and relname not in ('blob', 'blob_chunk', 'consumer', 'loaded')"
        ).fetchone()
    assert row is not None
    assert whole.value * sum(counted(base).values()) == pytest.approx(float(row[0]), rel=0.01)


def test_the_shapes_agree_on_every_search(server_url: str, bundles: Path) -> None:
    found = shapes.run(server_url, bundles, 2, 2, keep=False, say=lambda _: None)  # raises when two shapes differ
    assert found["copies"] == 2
    assert len(found["milliseconds"]) >= 30
    size: dict[str, Any] = found["bytes"]
    assert size["a"]["side_heap"] > 0 == size["b"]["side_heap"]
    assert size["b"]["gin"] > 0 == size["a"]["gin"]


def test_the_report_is_a_markdown_table() -> None:
    text = table(("what", "n"), [("a", "1"), ("bcd", "20")])
    assert text.splitlines() == ["| what |  n |", "|------|---:|", "| a    |  1 |", "| bcd  | 20 |"]
    assert number(1234.6) == "1,235"
    assert number(0.01234) == "0.0123"
    assert quantile([3, 1, 2], 0.5) == 2
    assert Figure("x", 1.0, "ms").json()["ratio"] is None

"""``larrey export``: everything comes out, and going back in gives the same record."""

from __future__ import annotations

import gzip
import io
import json
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import psycopg
import pytest
import zstandard

from larrey import store
from larrey.apps.demo import api as demo
from larrey.cli import exporting
from larrey.cli.exporting import Selection
from larrey.cli.loading import schedule
from larrey.kit.errors import Invalid, Unavailable
from larrey.store.caller import system
from larrey.store.rules import Rules

EXPORT = system("export")


@pytest.fixture(scope="module")
def filled(module_database_url: str, module_connection: psycopg.Connection) -> Iterator[str]:
    demo.load(module_connection, system("demo"), patients=6)
    return module_database_url


def export(url: str, target: Path, what: Selection = Selection(), compress: str | None = None) -> exporting.Written:  # noqa: B008
    return exporting.export(url, EXPORT, what, target, compress, lambda *_: None)


def resources(files: list[Path]) -> dict[str, Any]:
    """Type/id → the resource without what a server stamps."""
    found = {}
    for file in files:
        for line in file.read_bytes().splitlines():
            resource = json.loads(line)
            resource["meta"] = {k: v for k, v in resource["meta"].items() if k not in {"versionId", "lastUpdated"}}
            found[f"{resource['resourceType']}/{resource['id']}"] = resource
    return found


def test_what_is_exported_and_loaded_again_is_the_same(filled: str, new_database: Callable[[], str], tmp_path: Path) -> None:
    out = export(filled, tmp_path / "out")
    assert {file.name for file in out.files} >= {"Patient.ndjson", "Observation.ndjson", "Organization.ndjson"}
    second = new_database()
    report = schedule.load(schedule.Plan(second, system("load"), Rules(), 1), [tmp_path / "out"], lambda _: None, lambda *_: None)
    assert (report.refused, report.resources) == ({}, sum(out.counts.values()))
    again = export(second, tmp_path / "again")
    assert again.counts == out.counts
    assert resources(again.files) == resources(out.files)


@pytest.mark.parametrize(("ending", "opened"), [("gz", gzip.open), ("zst", lambda file: zstandard.open(file, "rb"))])
def test_compressed_files_hold_the_same(filled: str, tmp_path: Path, ending: str, opened: Callable[[Path], Any]) -> None:
    plain = export(filled, tmp_path / "plain", Selection(types=("Patient",)))
    folder = export(filled, tmp_path / "folder", Selection(types=("Patient",)), ending)
    single = export(filled, tmp_path / f"all.ndjson.{ending}", Selection(types=("Patient",)))
    for file in (*folder.files, *single.files):
        with opened(file) as stream:
            assert stream.read() == plain.files[0].read_bytes()
    assert [file.name for file in folder.files] == [f"Patient.ndjson.{ending}"]


def test_filters(filled: str, module_connection: psycopg.Connection, tmp_path: Path) -> None:
    everything = export(filled, tmp_path / "all.ndjson")
    patients = [json.loads(line) for line in everything.files[0].read_bytes().splitlines() if b'"Patient",' in line[:30]]
    one = patients[2]["id"]
    mine = resources(export(filled, tmp_path / "one.ndjson", Selection(patients=(one,))).files)
    assert f"Patient/{one}" in mine
    owned = {name for name, resource in resources(everything.files).items() if f"Patient/{one}" in json.dumps(resource)}
    assert set(mine) == owned | {f"Patient/{one}"}
    later = datetime.now(UTC) + timedelta(seconds=1)
    assert export(filled, tmp_path / "late", Selection(since=later)).counts == {}
    change = {"resourceType": "Basic", "id": "new", "code": {"text": "x"}, "modified": "2026"}
    moment = datetime.now(UTC) - timedelta(milliseconds=2)
    store.retry(
        module_connection,
        lambda cursor: store.update(cursor, system("test"), {k: change[k] for k in ("resourceType", "id", "code")}),
    )
    assert export(filled, tmp_path / "since", Selection(since=moment)).counts == {"Basic": 1}
    store.retry(module_connection, lambda cursor: store.delete(cursor, system("test"), "Basic", "new"))


def test_standard_output(filled: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    raw = io.BytesIO()
    monkeypatch.setattr("sys.stdout", io.TextIOWrapper(raw))
    out = exporting.export(filled, EXPORT, Selection(types=("Organization", "Patient")), Path("-"), None, lambda *_: None)
    assert len(raw.getvalue().splitlines()) == sum(out.counts.values())
    assert out.files == []


def test_a_failed_export_leaves_nothing_half_written(filled: str, tmp_path: Path) -> None:
    class Stop(Exception):
        pass

    def stop(_: int, written: int) -> None:
        raise Stop

    with pytest.raises(Stop):
        exporting.export(filled, EXPORT, Selection(), tmp_path / "out", None, stop)
    assert list((tmp_path / "out").iterdir()) == []
    (tmp_path / "file").write_text("")
    with pytest.raises(Unavailable, match="cannot be written"):
        export(filled, tmp_path / "file" / "below")


def test_wrong_wishes_are_refused(filled: str, tmp_path: Path) -> None:
    with pytest.raises(Invalid, match="'Patients'"):
        Selection(types=("Patients",))
    with pytest.raises(Invalid, match="for folders"):
        export(filled, tmp_path / "a.ndjson", compress="gz")


def test_what_leaves_and_what_comes_is_traced(filled: str, new_database: Callable[[], str], tmp_path: Path) -> None:
    rows = (
        "select actor, action, what, patient_id, coalesce(cardinality(patients), 0), door"
        " from access_audit where id > %s order by id"
    )
    with psycopg.connect(filled, autocommit=True) as connection:
        patient = connection.execute("select id from record.resource where type = 'Patient' order by rid limit 1").fetchone()
        last = connection.execute("select coalesce(max(id), 0) from access_audit").fetchone()
        assert patient is not None
        assert last is not None
        export(filled, tmp_path / "all.ndjson")
        export(filled, tmp_path / "one.ndjson", Selection(types=("Patient", "Encounter"), patients=(patient[0],)))
        assert connection.execute(rows, last).fetchall() == [
            ("system:export", "export", f"* export to {tmp_path / 'all.ndjson'}", None, 0, "command"),
            ("system:export", "export", f"Patient,Encounter export to {tmp_path / 'one.ndjson'}", patient[0], 0, "command"),
        ]
    second = new_database()
    report = schedule.load(
        schedule.Plan(second, system("load"), Rules(), 1), [tmp_path / "all.ndjson"], lambda _: None, lambda *_: None
    )
    with psycopg.connect(second, autocommit=True) as connection:
        loaded = connection.execute(rows, (0,)).fetchall()
    assert {row[:2] + row[5:] for row in loaded} == {("system:load", "write", "command")}
    assert all(row[2].startswith(str(tmp_path / "all.ndjson")) for row in loaded)
    assert max(row[4] for row in loaded) > 1, "whose records were written"
    assert sum(int(row[2].rpartition("(")[2].partition(" ")[0]) for row in loaded) == report.resources

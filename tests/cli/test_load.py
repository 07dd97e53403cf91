"""``larrey load``: what it writes, refuses, puts aside and remembers."""

from __future__ import annotations

import gzip
import json
import os
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import psycopg
import pytest

from larrey import store
from larrey.cli.loading import schedule
from larrey.cli.loading.report import Report
from larrey.store.caller import system
from larrey.store.rules import Rules

Load = Callable[..., Report]
XHTML = 'xmlns="http://www.w3.org/1999/xhtml"'
NPI = "http://hl7.org/fhir/sid/us-npi"


@pytest.fixture
def load(database_url: str) -> Load:
    """Loads paths into this test's record, in this process."""

    def run(*paths: Path, workers: int = 1, rules: Rules | None = None) -> Report:
        plan = schedule.Plan(database_url, system("load"), rules or Rules(), workers)
        return schedule.load(plan, paths, lambda _: None, lambda *_: None)

    return run


@pytest.fixture
def count(connection: psycopg.Connection) -> Callable[..., int]:
    """The number of current resources of a type, or of all."""

    def run(type_: str | None = None) -> int:
        row = connection.execute(
            "select count(*) from record.resource where %s::text is null or type = %s", [type_, type_]
        ).fetchone()
        assert row is not None
        return int(row[0])

    return run


def write(path: Path, content: Any) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    if isinstance(content, list):
        path.write_text("".join(json.dumps(line) + "\n" for line in content))
    else:
        path.write_text(json.dumps(content))
    return path


def patient(id_: str, **more: Any) -> dict[str, Any]:
    return {"resourceType": "Patient", "id": id_, **more}


def observation(id_: str, subject: str, **more: Any) -> dict[str, Any]:
    return {
        "resourceType": "Observation",
        "id": id_,
        "status": "final",
        "code": {"text": "x"},
        "subject": {"reference": subject},
        **more,
    }


def post(resource: dict[str, Any], name: str = "", **request: str) -> dict[str, Any]:
    entry = {"resource": resource, "request": {"method": "POST", "url": resource["resourceType"], **request}}
    return entry | ({"fullUrl": f"urn:uuid:{name}"} if name else {})


def bundle(*entries: dict[str, Any], kind: str = "transaction") -> dict[str, Any]:
    return {"resourceType": "Bundle", "type": kind, "entry": list(entries)}


def person(name: str, **more: Any) -> dict[str, Any]:
    """A transaction bundle of a patient and an observation of hers."""
    subject = {"resourceType": "Patient", "name": [{"family": name}], **more}
    seen = observation("", f"urn:uuid:{name}")
    del seen["id"]
    return bundle(post(subject, name), post(seen))


def test_transactions_collections_resources_and_lines(load: Load, count: Callable[..., int], tmp_path: Path) -> None:
    write(tmp_path / "a.json", person("Un"))
    write(
        tmp_path / "b.json", bundle({"resource": patient("p2")}, {"resource": observation("o2", "Patient/p2")}, kind="collection")
    )
    write(tmp_path / "c.json", patient("p3"))
    write(tmp_path / "d.ndjson", [patient(f"l{n}") for n in range(1000)])
    report = load(tmp_path)
    assert (report.files, report.resources, report.refused) == (4, 1005, {})
    assert (count("Patient"), count("Observation")) == (1003, 2)


def test_the_same_bytes_are_loaded_once(load: Load, count: Callable[..., int], tmp_path: Path) -> None:
    write(tmp_path / "a.json", person("Un"))
    (tmp_path / "copy.json").write_bytes((tmp_path / "a.json").read_bytes())
    (tmp_path / "copy.json.gz").write_bytes(gzip.compress((tmp_path / "a.json").read_bytes()))
    write(tmp_path / "l.ndjson", [patient("l"), patient("l")])
    first = load(tmp_path)
    assert (first.resources, first.known, first.refused) == (3, 3, {})
    again = load(tmp_path)
    assert (again.resources, again.known, again.refused) == (0, 5, {})
    assert count() == 3


def test_refused_ones_are_told_and_do_not_take_the_others_down(load: Load, count: Callable[..., int], tmp_path: Path) -> None:
    write(tmp_path / "a.json", person("Un"))
    write(tmp_path / "b.json", person("Deux", gender="blue"))
    write(tmp_path / "c.json", patient("p", birthDate="2001-02-31"))
    write(tmp_path / "d.json", patient("q"))
    write(
        tmp_path / "e.ndjson",
        [patient("l1"), patient("l2", active="yes"), observation("o", "Patient/l1"), {"a": 1}, patient("l5")],
    )
    (tmp_path / "f.json.gz").write_bytes(b"\x1f\x8b broken")
    report = load(tmp_path)
    told = {str(place).removeprefix(f"{tmp_path}/"): reason for place, reason in report.refused.items()}
    assert set(told) == {"b.json", "c.json", "e.ndjson, line 2", "e.ndjson, line 4", "f.json.gz"}
    assert "gender" in told["b.json"]
    assert "Patient.birthDate" in told["c.json"]
    assert "Patient.active" in told["e.ndjson, line 2"]
    assert (report.resources, count()) == (6, 6)
    write(tmp_path / "e.ndjson", [patient("l1"), patient("l2", active=True), observation("o", "Patient/l1"), patient("l5")])
    again = load(tmp_path / "e.ndjson")
    assert (again.resources, again.known, again.refused) == (1, 3, {})


def test_batch_entries_stand_alone(load: Load, count: Callable[..., int], tmp_path: Path) -> None:
    entries = [post({"resourceType": "Patient"}), post({"resourceType": "Patient", "active": 3}), post({"resourceType": "Basic"})]
    entries[2]["resource"]["code"] = {"text": "x"}
    write(tmp_path / "a.json", bundle(*entries, kind="batch"))
    report = load(tmp_path)
    assert [place.entry for place in report.refused] == [2]
    assert count() == 2
    assert load(tmp_path).resources == 0


def test_what_is_referred_to_may_come_later(load: Load, count: Callable[..., int], tmp_path: Path) -> None:
    doctor = {"resourceType": "Practitioner", "identifier": [{"system": NPI, "value": "9"}]}
    referring = person("Un", generalPractitioner=[{"reference": f"Practitioner?identifier={NPI}|9"}])
    write(tmp_path / "1.json", referring)
    write(
        tmp_path / "2.ndjson",
        [observation("o", "Patient/p"), observation("o2", "Patient/p", hasMember=[{"reference": "Observation/o"}])],
    )
    write(tmp_path / "3.json", bundle(post(doctor, "d", ifNoneExist=f"identifier={NPI}|9")))
    write(tmp_path / "4.json", bundle(post(doctor, "d", ifNoneExist=f"identifier={NPI}|9"), post({"resourceType": "Patient"})))
    write(tmp_path / "5.json", patient("p"))
    report = load(tmp_path)
    assert report.refused == {}
    assert (count("Practitioner"), count("Patient"), count("Observation")) == (1, 3, 3)


def test_what_never_comes_is_refused_or_tolerated(load: Load, count: Callable[..., int], tmp_path: Path) -> None:
    after = observation("o2", "Patient/p", hasMember=[{"reference": "Observation/o1"}])
    write(tmp_path / "a.json", observation("o", "Patient/nobody"))
    write(tmp_path / "b.ndjson", [observation("o1", "Patient/nobody"), after, patient("p")])
    report = load(tmp_path)
    assert {str(place).rpartition("/")[2] for place in report.refused} == {"a.json", "b.ndjson, line 1", "b.ndjson, line 2"}
    assert all("which is not in the record" in reason for reason in report.refused.values())
    assert count() == 1
    assert load(tmp_path, rules=Rules(references="tolerate")).resources == 3


def test_files_that_refer_to_each_other_are_loaded_together(load: Load, count: Callable[..., int], tmp_path: Path) -> None:
    stay = {"resourceType": "Encounter", "id": "e", "status": "finished", "class": {"code": "IMP"}}
    stay |= {"subject": {"reference": "Patient/p"}, "diagnosis": [{"condition": {"reference": "Condition/c"}}]}
    condition = {
        "resourceType": "Condition",
        "id": "c",
        "subject": {"reference": "Patient/p"},
        "encounter": {"reference": "Encounter/e"},
    }
    lost = {**condition, "id": "lost", "encounter": {"reference": "Encounter/none"}}
    write(tmp_path / "Condition.ndjson", [condition, lost])
    write(tmp_path / "Encounter.ndjson", [stay])
    write(tmp_path / "Patient.json", patient("p"))
    report = load(tmp_path)
    assert [place.line for place in report.refused] == [2]
    assert count() == 3


def test_two_workers_write_what_one_would(load: Load, count: Callable[..., int], tmp_path: Path) -> None:
    doctor = {"resourceType": "Practitioner", "identifier": [{"system": NPI, "value": "9"}]}
    for n in range(40):
        both = person(f"Nom{n}")
        both["entry"].insert(0, post(doctor, "d", ifNoneExist=f"identifier={NPI}|9"))
        write(tmp_path / f"{n}.json", both)
        write(tmp_path / f"again{n}.json", both)
    report = load(tmp_path, workers=2)
    assert report.refused == {}
    assert (count("Practitioner"), count("Patient")) == (1, 40)
    assert load(tmp_path, workers=2).resources == 0


def test_a_full_disk_stops_the_load_with_its_reason(
    load: Load, count: Callable[..., int], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for n in range(3):
        write(
            tmp_path / f"{n}.json", person(f"Nom{n}", text={"status": "generated", "div": f"<div {XHTML}>{'x' * 300_000}</div>"})
        )
    process = store.process

    def full(cursor: Any, caller: Any, bundle: dict[str, Any], **more: Any) -> Any:
        if bundle["entry"][0]["resource"]["name"] == [{"family": "Nom1"}]:
            raise psycopg.errors.DiskFull
        return process(cursor, caller, bundle, **more)

    monkeypatch.setattr(store, "process", full)
    report = load(tmp_path)
    assert "disk is full" in report.stopped
    assert {Path(place.path).name: reason for place, reason in report.refused.items()} == {"1.json": report.stopped}
    assert count("Patient") == 1
    monkeypatch.undo()
    assert load(tmp_path).resources == 4


def larrey(*arguments: str, url: str, folder: Path) -> subprocess.Popen[str]:
    environment = {name: value for name, value in os.environ.items() if not name.startswith("LARREY_")}
    environment |= {"LARREY_DATABASE_URL": url, "LARREY_DATA": str(folder)}
    command = [sys.executable, "-c", "from larrey.cli.main import main; main()", *arguments]
    return subprocess.Popen(
        command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, start_new_session=True
    )


def test_the_command_tells_people_and_machines(database_url: str, tmp_path: Path) -> None:
    write(tmp_path / "in" / "a.json", person("Un"))
    write(tmp_path / "in" / "b.ndjson", [patient("x"), {"resourceType": "Nonsense"}])
    process = larrey("load", "--json", "-j", "1", str(tmp_path / "in"), url=database_url, folder=tmp_path)
    output, told = process.communicate(timeout=60)
    assert process.returncode == 2
    last = json.loads(output.splitlines()[-1])
    assert (last["files"], last["resources"]) == (2, 3)
    [refused] = last["refused"]
    assert (refused["file"], refused["line"]) == (str(tmp_path / "in" / "b.ndjson"), 2)
    assert refused["reason"] in told


def test_a_load_that_was_killed_is_completed_by_the_same_command(
    database_url: str, connection: psycopg.Connection, count: Callable[..., int], tmp_path: Path
) -> None:
    folder = tmp_path / "in"
    for n in range(90):
        many = person(f"Nom{n}")
        many["entry"] += [post({"resourceType": "Basic", "code": {"text": f"{n}"}})] * 20
        write(folder / f"{n}.json", many)
    write(folder / "lines.ndjson", [{"resourceType": "Patient", "name": [{"text": f"line {n}"}]} for n in range(900)])
    process = larrey("load", "-j", "2", str(folder), url=database_url, folder=tmp_path)
    deadline = time.monotonic() + 60
    while count() < 400 and process.poll() is None and time.monotonic() < deadline:
        time.sleep(0.02)
    process.kill()
    process.communicate()
    others = "select count(*) from pg_stat_activity where datname = current_database() and pid <> pg_backend_pid()"
    while connection.execute(others).fetchone() != (0,):  # the workers have ended with it
        assert time.monotonic() < deadline
        time.sleep(0.02)
    assert 400 <= count() < 2880
    process = larrey("load", "--json", "-j", "2", str(folder), url=database_url, folder=tmp_path)
    output, told = process.communicate(timeout=120)
    assert process.returncode == 0, told
    assert (count("Patient"), count("Observation"), count("Basic")) == (990, 90, 1800)
    doubles = connection.execute(
        "select body->>'name', count(*) from (select convert_from(body, 'utf8')::jsonb as body"
        " from record.resource where type = 'Patient') p group by 1 having count(*) > 1"
    ).fetchall()
    assert doubles == []
    # What was committed when the first count was taken was not written again.
    assert json.loads(output.splitlines()[-1])["resources"] <= 2880 - 400

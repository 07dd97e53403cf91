"""The embedded server: whole or absent, one per folder, dead when its starter is."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import psycopg
import pytest

from larrey.kit.errors import LarreyError, Misconfigured, Unavailable
from larrey.site import postgres

STARTER = """
import sys
import tempfile
from pathlib import Path
from larrey.site import postgres
server = postgres.start(Path(sys.argv[1]), durable=False)
print(server.pid, server.url, flush=True)
sys.stdin.read()
"""


def start(data: Path, *, durable: bool = False) -> postgres.Server:
    return postgres.start(data, durable=durable, options={"shared_buffers": "16MB"})


def gone(pid: int) -> bool:
    for _ in range(500):
        if not Path(f"/proc/{pid}").exists():
            return True
        time.sleep(0.02)
    return False


def test_a_second_start_finds_the_data_of_the_first(tmp_path: Path) -> None:
    with start(tmp_path / "data") as server, psycopg.connect(server.url, autocommit=True) as connection:
        connection.execute("create table kept as select 42 as answer")
        assert postgres.attach(tmp_path / "data") == server.url
    assert postgres.attach(tmp_path / "data") is None
    with start(tmp_path / "data") as server, psycopg.connect(server.url) as connection:
        assert connection.execute("select answer from kept").fetchone() == (42,)


def test_no_network_and_a_private_socket(tmp_path: Path) -> None:
    with start(tmp_path / "data") as server, psycopg.connect(server.url) as connection:
        assert connection.execute("show listen_addresses").fetchone() == ("",)
        assert server.folder.stat().st_mode & 0o077 == 0


def test_one_server_per_folder(tmp_path: Path) -> None:
    with start(tmp_path / "data"), pytest.raises(Unavailable, match=rf"in use by another larrey \(process {os.getpid()}\)"):
        start(tmp_path / "data")


@pytest.mark.parametrize("deep", [False, True], ids=["short temporary folder", "deep temporary folder"])
def test_a_path_too_long_for_a_socket(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, deep: bool) -> None:  # noqa: FBT001
    if deep:
        (tmp_path / ("t" * 100)).mkdir()
        monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / ("t" * 100)))
    with start(tmp_path / ("a" * 100)) as server, psycopg.connect(server.url) as connection:
        assert connection.execute("select 1").fetchone() == (1,)
        socket = Path(server.url.partition("host=")[2].partition("&")[0].replace("%2F", "/"))
        assert socket.is_dir()
    assert not socket.exists()


def test_it_dies_with_a_starter_that_is_killed_and_keeps_what_was_committed(tmp_path: Path) -> None:
    for round_ in range(2):
        command = [sys.executable, "-c", STARTER, str(tmp_path / "data")]
        starter = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        assert starter.stdout is not None
        pid, url = starter.stdout.readline().split()
        with psycopg.connect(url, autocommit=True) as connection:
            connection.execute("create table if not exists kept (round integer)")
            connection.execute("insert into kept values (%s)", [round_])
        starter.kill()
        starter.communicate()
        if round_ == 0:
            assert gone(int(pid))
    with start(tmp_path / "data") as server, psycopg.connect(server.url) as connection:  # while the old one is stopping
        assert connection.execute("select count(*) from kept").fetchone() == (2,)


def test_it_recovers_from_its_own_sudden_death(tmp_path: Path) -> None:
    server = start(tmp_path / "data", durable=True)
    with psycopg.connect(server.url, autocommit=True) as connection:
        connection.execute("create table kept as select 1")
    os.kill(server.pid, signal.SIGKILL)
    server.stop()
    with start(tmp_path / "data") as server, psycopg.connect(server.url) as connection:
        assert connection.execute("select count(*) from kept").fetchone() == (1,)


@pytest.mark.parametrize("content", ["PG_VERSION", "notes.txt"])
def test_a_foreign_or_damaged_folder_is_refused_untouched(tmp_path: Path, content: str) -> None:
    cluster = tmp_path / "data" / "postgres"
    cluster.mkdir(parents=True)
    (cluster / content).write_text("18\n")
    with pytest.raises(Misconfigured, match="not a whole PostgreSQL data folder"):
        start(tmp_path / "data")
    assert [path.name for path in cluster.iterdir()] == [content]


def test_a_cluster_of_another_version_is_refused(tmp_path: Path) -> None:
    cluster = tmp_path / "data" / "postgres"
    (cluster / "global").mkdir(parents=True)
    (cluster / "global" / "pg_control").touch()
    (cluster / "PG_VERSION").write_text("12\n")
    with pytest.raises(Misconfigured, match="made by PostgreSQL 12 and this is PostgreSQL"):
        start(tmp_path / "data")


def test_what_an_interrupted_start_left_is_cleared(tmp_path: Path) -> None:
    left = tmp_path / "data" / "postgres.making-left"
    left.mkdir(parents=True)
    (left / "PG_VERSION").write_text("18\n")
    start(tmp_path / "data").stop()
    assert not left.exists()


def test_a_data_folder_that_cannot_be_made_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    for place in (tmp_path / "file", tmp_path / "file" / "data", Path("/proc/larrey")):  # /proc refuses root too
        with pytest.raises(LarreyError, match=f"{place} cannot be written.*LARREY_DATA"):
            start(place)


def test_binaries_that_are_not_there(tmp_path: Path) -> None:
    with pytest.raises(Misconfigured, match="LARREY_POSTGRES_BIN"):
        postgres.binaries(str(tmp_path))


def test_binaries_too_old(tmp_path: Path) -> None:
    program = tmp_path / "postgres"
    program.write_text("#!/bin/sh\necho 'postgres (PostgreSQL) 15.9'\n")
    program.chmod(0o755)
    with pytest.raises(Misconfigured, match="needs PostgreSQL 16 or newer"):
        postgres.binaries(str(tmp_path))


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give a server to another account")
def test_as_root_it_runs_as_another_account_in_a_folder_that_account_cannot_reach(tmp_path: Path) -> None:
    tmp_path.chmod(0o700)
    with start(tmp_path / "data") as server:
        assert Path(f"/proc/{server.pid}").stat().st_uid != 0
    assert tmp_path.stat().st_mode & 0o777 == 0o700


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give a server to another account")
def test_as_root_programs_out_of_the_accounts_reach_are_copied_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    installed = postgres.binaries().folder.parents[1]
    shutil.copytree(installed, tmp_path / "closed" / installed.name, symlinks=True)
    if (libraries := installed.with_name(f"{installed.name}.libs")).is_dir():
        shutil.copytree(libraries, tmp_path / "closed" / libraries.name)
    (tmp_path / "closed").chmod(0o700)
    closed = postgres.binaries(str(tmp_path / "closed" / installed.name / "pginstall" / "bin"))
    with tempfile.TemporaryDirectory() as cache:
        Path(cache).chmod(0o755)
        monkeypatch.setattr("larrey.site.postgres.programs._CACHE", Path(cache))
        for _ in range(2):
            with postgres.start(tmp_path / "data", programs=closed, durable=False) as server:
                assert Path(f"/proc/{server.pid}/exe").readlink().is_relative_to(cache)
        assert len(list(Path(cache).iterdir())) == 1
    assert (tmp_path / "closed").stat().st_mode & 0o777 == 0o700

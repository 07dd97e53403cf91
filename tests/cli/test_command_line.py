"""The command line itself: its table of contents, its speed, its errors."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import click
import pytest

from larrey.cli.main import CONTENTS, larrey

COMMANDS = [name for section in CONTENTS.values() for name in section]


def run(*arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "larrey", *arguments]
    return subprocess.run(command, capture_output=True, text=True, check=False, env={**os.environ, **environment}, timeout=60)


def test_help_is_a_table_of_contents() -> None:
    said = run("--help").stdout
    places = [said.index(f"\n{title}:") for title in CONTENTS]
    assert places == sorted(places)
    assert all(f"  {name} " in said for name in COMMANDS)


def test_help_needs_neither_the_database_nor_django() -> None:
    code = (
        "import sys; from larrey.cli.main import main\n"
        "try: main(['--help'])\n"
        "except SystemExit: print(sorted({'django', 'psycopg', 'granian', 'msgspec', 'pint'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.splitlines()[-1] == "[]"


@pytest.mark.parametrize("name", COMMANDS)
def test_each_command_is_there_and_tells_what_it_does(name: str) -> None:
    command = larrey.get_command(click.Context(larrey), name)
    assert command is not None
    assert command.help


def test_a_mistyped_command_is_named() -> None:
    done = run("sreve")
    assert done.returncode == 2
    assert "sreve" in done.stderr
    assert "Traceback" not in done.stderr


def test_a_wrong_setting_is_one_sentence_and_an_exit_code(tmp_path: Path) -> None:
    done = run("migrate", "--json", LARREY_PORT="eight", LARREY_DATA=str(tmp_path))
    assert done.returncode == 3
    assert done.stderr == "larrey: LARREY_PORT must be a whole number from 1 to 65535, not “eight”.\n"
    assert json.loads(done.stdout.splitlines()[-1])["category"] == "misconfigured"


def test_demo_is_refused_in_production(tmp_path: Path) -> None:
    done = run(
        "demo",
        LARREY_ENV="production",
        LARREY_DATABASE_URL="postgresql://larrey@127.0.0.1:1/larrey",
        LARREY_SECRET_KEY="k" * 40,
        LARREY_ALLOWED_HOSTS="chu.example",
        LARREY_DATA=str(tmp_path),
    )
    assert done.returncode == 3
    assert "refused when LARREY_ENV=production" in done.stderr


def test_migrate_and_check_on_an_empty_folder(tmp_path: Path) -> None:
    data = str(tmp_path / "data")
    before = json.loads(run("check", "--json", LARREY_DATA=data).stdout.splitlines()[-1])
    assert before["sound"]
    assert "none yet" in next(each["text"] for each in before["findings"] if each["subject"] == "database")
    applied = json.loads(run("migrate", "--json", LARREY_DATA=data).stdout.splitlines()[-1])["applied"]
    assert applied[0] == "0001_record.sql"
    done = run("check", LARREY_DATA=data)
    assert done.returncode == 0, done.stdout
    assert "This installation is sound." in done.stdout


def test_check_names_a_database_that_does_not_answer(tmp_path: Path) -> None:
    done = run("check", "--json", LARREY_DATABASE_URL="postgresql://larrey@127.0.0.1:1/larrey", LARREY_DATA=str(tmp_path))
    assert done.returncode == 1
    finding = next(each for each in json.loads(done.stdout.splitlines()[-1])["findings"] if each["subject"] == "database")
    assert finding["state"] == "broken"
    assert "does not answer" in finding["text"]

"""The contracts of the house refuse what they say they refuse: each violation is planted in a copy and must be found."""

from __future__ import annotations

import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
ROOM = "larrey/apps/pharmacy"
OTHER = "larrey/apps/kitchen"


@dataclass(frozen=True)
class Violation:
    """``text`` is appended to ``file``; ``contract`` must break, saying ``words``."""

    file: str
    text: str
    contract: str
    words: str


STOREYS = "Storeys: imports only go down"
PURE = "Pure: no database, no framework, no network"
DOORS = "Rooms meet only through their api"
ANATOMY = "The anatomy of a room"

VIOLATIONS = {
    "kit imports fhir": Violation("larrey/kit/clock.py", "import larrey.fhir", STOREYS, "larrey.kit.clock"),
    "fhir imports the store": Violation("larrey/fhir/values.py", "import larrey.store", STOREYS, "larrey.fhir.values"),
    "fhir imports matching": Violation("larrey/fhir/values.py", "import larrey.matching", STOREYS, "larrey.fhir.values"),
    "store imports access": Violation("larrey/store/read.py", "import larrey.access", STOREYS, "larrey.store.read"),
    "access imports ui": Violation("larrey/access/roles.py", "import larrey.ui", STOREYS, "larrey.access.roles"),
    "ui imports rest": Violation("larrey/ui/formats.py", "import larrey.rest", STOREYS, "larrey.ui.formats"),
    "rest imports a room": Violation(
        "larrey/rest/routing.py", f"import {ROOM.replace('/', '.')}", STOREYS, "larrey.rest.routing"
    ),
    "a room imports the site": Violation(f"{ROOM}/views.py", "import larrey.site.settings", STOREYS, "larrey.apps.pharmacy"),
    "the site imports the command line": Violation("larrey/site/urls.py", "import larrey.cli.main", STOREYS, "larrey.site.urls"),
    "fhir opens a socket": Violation("larrey/fhir/values.py", "import socket", PURE, "socket"),
    "matching imports Django": Violation("larrey/matching/__init__.py", "import django", PURE, "django"),
    "wire imports psycopg": Violation("larrey/wire/__init__.py", "import psycopg", PURE, "psycopg"),
    "store imports Django": Violation(
        "larrey/store/read.py", "import django.db", "The record knows no HTTP and no Django", "larrey.store.read"
    ),
    "rest imports Django": Violation(
        "larrey/rest/routing.py", "import django", "The machine door stands without Django", "larrey.rest.routing"
    ),
    "a room looks into another": Violation(f"{ROOM}/queries.py", "import larrey.apps.kitchen.models", DOORS, "kitchen.api"),
    "a query acts": Violation(f"{ROOM}/queries.py", "import larrey.apps.pharmacy.actions", ANATOMY, "imports go down"),
    "an unknown module in a room": Violation(f"{ROOM}/stuff.py", "", ANATOMY, "holds stuff.py"),
    "a long README": Violation(f"{ROOM}/README.md", "line\n" * 20, ANATOMY, "longer than"),
    "a drawer": Violation("larrey/kit/utils.py", "", "No drawers", "larrey.kit.utils"),
}


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of the code with two small rooms that keep every rule."""
    copy = tmp_path_factory.mktemp("house")
    shutil.copy(ROOT / "pyproject.toml", copy)
    without = shutil.ignore_patterns("__pycache__", "static", "tables", "*.po")
    shutil.copytree(ROOT / "larrey", copy / "larrey", ignore=without)
    (copy / "scripts").mkdir()
    shutil.copy(ROOT / "scripts" / "house_rules.py", copy / "scripts")
    for room in (ROOM, OTHER):
        (copy / room).mkdir(parents=True)
        package = room.replace("/", ".")
        for name, text in {
            "__init__.py": "",
            "apps.py": "",
            "README.md": "A room.\n",
            "models.py": "",
            "queries.py": f"import {package}.models",
            "actions.py": f"import {package}.queries",
            "api.py": f"import {package}.actions",
            "views.py": f"import {package}.actions\nimport larrey.ui\nimport larrey.store",
            "urls.py": f"import {package}.views",
        }.items():
            (copy / room / name).write_text(text)
    (copy / ROOM / "views.py").write_text("import larrey.apps.kitchen.api\n")
    return copy


def lint(house: Path) -> tuple[int, str]:
    command = [sys.executable, "-c", "from importlinter.cli import lint_imports_command; lint_imports_command()", "--no-cache"]
    done = subprocess.run(
        command, check=False, cwd=house, capture_output=True, text=True, env={"COLUMNS": "400", "PYTHONPATH": str(house)}
    )
    return done.returncode, done.stdout + done.stderr


def test_the_house_keeps_its_rules(house: Path) -> None:
    code, said = lint(house)
    assert code == 0, said


@pytest.mark.parametrize("name", VIOLATIONS)
def test_a_planted_violation_is_found(house: Path, name: str) -> None:
    violation = VIOLATIONS[name]
    file = house / violation.file
    before = file.read_bytes() if file.exists() else None
    file.write_bytes((before or b"") + b"\n" + violation.text.encode() + b"\n")
    try:
        code, said = lint(house)
    finally:
        file.unlink() if before is None else file.write_bytes(before)
    assert code == 1, said
    assert f"{violation.contract} BROKEN" in said
    assert violation.words in said.partition("Broken contracts")[2]

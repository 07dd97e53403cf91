"""House rules about files that no linter knows."""

from __future__ import annotations

import ast
import re
from dataclasses import fields
from importlib.metadata import packages_distributions
from pathlib import Path

import pytest

from larrey.site.settings import TEST_PREFIX, Settings, variable

ROOT = Path(__file__).resolve().parents[2]
SOURCES = sorted(path for folder in ("larrey", "scripts", "tests") for path in (ROOT / folder).rglob("*.py"))
DISTRIBUTIONS = packages_distributions()
OPTIONAL = {"fhirkit-rs"}
"""Compared with by scripts/compare_validators.py where they are installed."""

LONGEST = {"larrey": 420, "scripts": 420, "tests": 520}
"""About 400 lines; longer files become a package of the same name. Tables of cases make tests a little longer."""


def test_files_stay_short() -> None:
    lengths = {path.relative_to(ROOT): len(path.read_text("utf-8").splitlines()) for path in SOURCES}
    long = {str(path): length for path, length in lengths.items() if length > LONGEST[path.parts[0]]}
    assert not long


def test_every_file_of_the_product_says_what_it_is_for() -> None:
    silent = [
        str(path.relative_to(ROOT))
        for path in SOURCES
        if path.is_relative_to(ROOT / "larrey") and "migrations" not in path.parts and "tests" not in path.parts
        if not path.read_text("utf-8").lstrip().startswith(('"""', 'r"""'))
    ]
    assert not silent


def test_settings_named_in_the_code_exist() -> None:
    known = {variable(each.name) for each in fields(Settings)}
    named = {
        (str(path.relative_to(ROOT)), name)
        for path in SOURCES
        if path.is_relative_to(ROOT / "larrey")
        for name in re.findall(r"\bLARREY_[A-Z_]*[A-Z]\b", path.read_text("utf-8"))
    }
    unknown = {(path, name) for path, name in named if name not in known and not name.startswith(TEST_PREFIX)}
    assert not unknown


@pytest.mark.parametrize("word", ["TODO", "FIXME", "XXX"])
def test_nothing_is_left_for_later(word: str) -> None:
    here = Path(__file__)
    left = [
        str(path.relative_to(ROOT)) for path in SOURCES if path != here and re.search(rf"\b{word}\b", path.read_text("utf-8"))
    ]
    assert not left


def imported(sources: list[Path]) -> set[str]:
    """Distributions that ``sources`` import directly."""
    names = set()
    for path in sources:
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.Import):
                names |= {alias.name.partition(".")[0] for alias in node.names}
            elif isinstance(node, ast.ImportFrom) and node.level == 0 and node.module:
                names.add(node.module.partition(".")[0])
    return {name.lower().replace("_", "-") for top in names for name in DISTRIBUTIONS.get(top, [])} - {"larrey"}


def asked_for(name: str) -> set[str]:
    lines = (ROOT / "requirements" / name).read_text("utf-8").splitlines()
    return {re.split(r"[\[<>=~ ]", line)[0].lower() for line in lines if re.match(r"[a-z]", line)}


def test_what_the_product_imports_is_asked_for_by_name() -> None:
    product = [path for path in SOURCES if path.is_relative_to(ROOT / "larrey") and "tests" not in path.parts]
    assert imported(product) <= asked_for("runtime.in")


def test_what_tests_and_scripts_import_is_asked_for_by_name() -> None:
    assert imported(SOURCES) <= asked_for("runtime.in") | asked_for("dev.in") | OPTIONAL


@pytest.mark.parametrize("name", ["runtime", "dev"])
def test_requirements_are_locked_by_hash_from_nowhere_in_particular(name: str) -> None:
    text = (ROOT / "requirements" / f"{name}.txt").read_text("utf-8")
    pinned = re.findall(r"^([a-z0-9-]+)==\S+( \\)?$", text, re.MULTILINE)
    assert asked_for(f"{name}.in") <= {package for package, _ in pinned}
    assert all(continued for _, continued in pinned)
    assert "://" not in text


def test_every_dependency_has_its_reason() -> None:
    page = (ROOT / "docs" / "dependencies.md").read_text("utf-8")
    told = {word.strip() for line in re.findall(r"^\| ([a-z][\w\[\], -]*)", page, re.MULTILINE) for word in line.split(",")}
    told = {re.split(r"[\[ ]", word)[0] for word in told}
    assert asked_for("runtime.in") | asked_for("dev.in") <= told

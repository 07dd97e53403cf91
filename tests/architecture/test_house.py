"""House rules about files that no linter knows."""

from __future__ import annotations

import re
from dataclasses import fields
from pathlib import Path

import pytest

from larrey.site.settings import TEST_PREFIX, Settings, variable

ROOT = Path(__file__).resolve().parents[2]
SOURCES = sorted(path for folder in ("larrey", "scripts", "tests") for path in (ROOT / folder).rglob("*.py"))
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

"""Both languages are whole, and the check that says so can fail."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from django.utils import translation
from django.utils.translation import gettext, pgettext

ROOT = Path(__file__).resolve().parents[2]


def check(root: Path) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, str(root / "scripts/check_translations.py")]
    return subprocess.run(command, capture_output=True, text=True, check=False, timeout=120)


def test_the_catalogues_are_complete() -> None:
    done = check(ROOT)
    assert done.returncode == 0, done.stdout


@pytest.mark.parametrize(
    ("file", "before", "after", "complaint"),
    [
        ("larrey/apps/chart/locale/fr.po", 'msgstr "Historique"', 'msgstr ""', "leaves 'History' untranslated"),
        ("larrey/apps/chart/templates/chart/none.html", "</h1>", '</h1>{{ _("New words") }}', "lacks 'New words'"),
        ("larrey/ui/errors.py", 'gettext_noop("Not found")', 'gettext_noop("Missing")', "holds 'Not found', which nothing uses"),
    ],
)
def test_a_missing_translation_is_caught(tmp_path: Path, file: str, before: str, after: str, complaint: str) -> None:
    for folder in ("access", "ui", "apps/chart"):
        shutil.copytree(ROOT / "larrey" / folder, tmp_path / "larrey" / folder, ignore=shutil.ignore_patterns("static", "tests"))
    (tmp_path / "scripts").mkdir()
    shutil.copy(ROOT / "scripts/check_translations.py", tmp_path / "scripts")
    changed = tmp_path / file
    text = changed.read_text("utf-8")
    assert before in text
    changed.write_text(text.replace(before, after, 1), "utf-8")
    done = check(tmp_path)
    assert done.returncode == 1
    assert complaint in done.stdout


def test_words_come_from_the_catalogues_without_compiling() -> None:
    with translation.override("fr"):
        assert gettext("Find a patient") == "Trouver un patient"
        assert pgettext("kind", "Prescriptions") == "Prescriptions"
        assert pgettext("kind", "Reports") == "Comptes rendus d’examen"
    with translation.override("en"):
        assert gettext("Find a patient") == "Find a patient"
    assert not list((ROOT / "larrey").rglob("*.mo"))

"""Are the screens whole in every language? English is what the code says; French is in ``<application>/locale/fr.po``.

    python scripts/check_translations.py [--update]

Every text marked for translation in an application's Python and templates must stand in its catalogue, translated, with
the same placeholders, and the catalogue must hold nothing else. Exits 1 and names each fault. ``--update`` first adds
what is missing (untranslated, so that the check then names it) and removes what is gone.
"""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Iterator
from pathlib import Path

from babel.messages.catalog import Catalog, Message
from babel.messages.extract import extract_from_dir
from babel.messages.pofile import read_po, write_po

LANGUAGES = ("fr",)
HOUSE = Path(__file__).resolve().parents[1] / "larrey"
METHODS = [("**/tests/**", "ignore"), ("**/templates/**.html", "jinja2"), ("**/templates/**.txt", "jinja2"), ("**.py", "python")]
_JINJA = {"trimmed": "true", "silent": "false", "extensions": "jinja2.ext.do"}  # as larrey.ui.jinja.environment
OPTIONS = {"**/templates/**.html": _JINJA, "**/templates/**.txt": _JINJA}
KEYWORDS: dict[str, tuple[int | tuple[int, str], ...] | None] = {
    "_": None,
    "gettext": None,
    "gettext_lazy": None,
    "gettext_noop": None,
    "ngettext": (1, 2),
    "ngettext_lazy": (1, 2),
    "pgettext": ((1, "c"), 2),
    "pgettext_lazy": ((1, "c"), 2),
    "npgettext": ((1, "c"), 2, 3),
}
LABELS = {"types": "kind", "elements": "element", "codes": "code"}
"""Section of larrey/ui/words/labels.json → the context in which larrey.ui.words.labels asks for its texts."""

_PLACEHOLDER = re.compile(r"%\(\w+\)[sd]|\{\w*\}|(?<!%)%[sd]")


def main(arguments: list[str]) -> int:
    """Check every application; return the exit code."""
    faults: list[str] = []
    for application in applications():
        wanted = extract(application)
        for language in LANGUAGES:
            path = application / "locale" / f"{language}.po"
            if "--update" in arguments and (len(wanted) or path.exists()):
                update(path, wanted, language)
            faults += examine(path, wanted, language)
    for fault in faults:
        print(fault)
    return 1 if faults else 0


def applications() -> Iterator[Path]:
    """Folders of the Django applications of the house."""
    yield from sorted(path.parent for path in HOUSE.rglob("apps.py"))


def extract(application: Path) -> Catalog:
    """The texts that ``application`` marks for translation."""
    catalog = Catalog(project="Larrey", charset="utf-8")
    found = extract_from_dir(
        str(application), METHODS, OPTIONS, keywords=KEYWORDS, comment_tags=("Translators:",), strip_comment_tags=True
    )
    for name, line, text, comments, context in found:
        catalog.add(
            text,
            None,
            [(f"{application.relative_to(HOUSE.parent).as_posix()}/{name}", line)],
            auto_comments=comments,
            context=context,
        )
    labels = application / "words" / "labels.json"
    if labels.is_file():
        for section, texts in json.loads(labels.read_bytes()).items():
            for text in texts.values():
                catalog.add(text, None, [(labels.relative_to(HOUSE.parent).as_posix(), 1)], context=LABELS[section])
    return catalog


def update(path: Path, wanted: Catalog, language: str) -> None:
    """Bring the catalogue at ``path`` to the texts of ``wanted``, keeping the translations that still apply."""
    catalog = load(path, language) if path.exists() else Catalog(locale=language, project="Larrey", charset="utf-8")
    catalog.update(wanted, no_fuzzy_matching=True)
    catalog.obsolete.clear()
    path.parent.mkdir(exist_ok=True)
    with path.open("wb") as target:
        write_po(target, catalog, width=120, sort_output=True, omit_header=False, include_lineno=False)


def load(path: Path, language: str) -> Catalog:
    """The catalogue at ``path``."""
    with path.open("rb") as source:
        return read_po(source, locale=language, abort_invalid=True)


def examine(path: Path, wanted: Catalog, language: str) -> Iterator[str]:
    """What is wrong with the catalogue at ``path``."""
    shown = path.relative_to(HOUSE.parent)
    if not path.exists():
        if len(wanted):
            yield f"{shown} is missing; the application has {len(wanted)} texts (--update makes it)."
        return
    catalog = load(path, language)
    for message in wanted:
        translated = catalog.get(message.id, message.context) if message.id else None
        if not message.id:
            continue
        if translated is None:
            yield f"{shown} lacks {message.id!r} ({message.locations[0][0]})."
        elif translated.fuzzy or not all(_strings(translated)):
            yield f"{shown} leaves {message.id!r} untranslated."
        elif any(_placeholders(string) != _placeholders(_ids(message)[-1]) for string in _strings(translated)[-1:]):
            yield f"{shown} changes the placeholders of {message.id!r}."
    for message in catalog:
        if message.id and wanted.get(message.id, message.context) is None:
            yield f"{shown} holds {message.id!r}, which nothing uses."


def _strings(message: Message) -> tuple[str, ...]:
    several = message.string if isinstance(message.string, (list, tuple)) else (message.string,)
    return tuple(str(string or "") for string in several)


def _ids(message: Message) -> tuple[str, ...]:
    return tuple(message.id) if isinstance(message.id, (list, tuple)) else (message.id,)


def _placeholders(text: str) -> list[str]:
    return sorted(set(_PLACEHOLDER.findall(text)))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

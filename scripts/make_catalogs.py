"""Bring the translation catalogues in line with the code: ``larrey/<application>/locale/fr.po``.

    python scripts/make_catalogs.py           add what is new (untranslated), drop what is gone
    python scripts/make_catalogs.py --check   change nothing; exit 1 if anything is missing, fuzzy, or left over

Messages come from Python and Jinja templates; the face's also from ``words/labels.json`` (kinds, elements, codes).
English is what the code says, so it has no catalogue. Needs neither Django nor a database.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from io import BytesIO
from pathlib import Path

from babel.messages.catalog import Catalog
from babel.messages.extract import DEFAULT_KEYWORDS, extract_from_dir
from babel.messages.pofile import read_po, write_po

ROOT = Path(__file__).resolve().parent.parent
LANGUAGE = "fr"
METHODS = [("**/tests/**", "ignore"), ("**.py", "python"), ("**/templates/**", "jinja2")]
OPTIONS = {"**/templates/**": {"extensions": "jinja2.ext.do", "silent": "false"}}
KEYWORDS = {**DEFAULT_KEYWORDS, "gettext_lazy": None, "gettext_noop": None}
NOISE = ('"Project-Id', '"Report', '"POT-', '"PO-Rev', '"Last-Tr', '"Language-Team', '"Generated')
"""Lines of the header that would change for nothing."""
CONTEXTS = {"types": "kind", "elements": "element", "codes": "code"}


def applications() -> Iterator[Path]:
    """The folders that own a catalogue: access, the face, each room."""
    yield ROOT / "larrey/access"
    yield ROOT / "larrey/ui"
    yield from sorted(path.parent for path in (ROOT / "larrey/apps").glob("*/apps.py"))


def messages(application: Path) -> Catalog:
    """Every message of an application, in a stable order, without line numbers, which would change for nothing."""
    catalog = Catalog(locale=LANGUAGE)
    found = extract_from_dir(application, METHODS, OPTIONS, keywords=KEYWORDS)
    for name, _line, text, _comments, context in found:
        catalog.add(text, locations=[(f"{application.relative_to(ROOT)}/{name}", 0)], context=context)
    labels = application / "words/labels.json"
    if labels.exists():
        for table, context in CONTEXTS.items():
            for text in json.loads(labels.read_text(encoding="utf-8"))[table].values():
                catalog.add(text, context=context)
    return catalog


def current(application: Path) -> Catalog:
    """The committed catalogue, or an empty one."""
    path = application / "locale" / f"{LANGUAGE}.po"
    if not path.exists():
        return Catalog(locale=LANGUAGE)
    with path.open("rb") as source:
        return read_po(source, locale=LANGUAGE, abort_invalid=True)


def merged(application: Path) -> tuple[Catalog, list[str]]:
    """The catalogue as it should be, and what is wrong with the committed one."""
    wanted, have = messages(application), current(application)
    out = Catalog(locale=LANGUAGE, project="Larrey", header_comment="# French catalogue of Larrey. Apache-2.0.", fuzzy=False)
    wrong = []
    for message in sorted((m for m in wanted if m.id), key=lambda m: (m.context or "", str(m.id))):
        known = have.get(message.id, message.context)
        string = known.string if known is not None else None
        done = all(string) if isinstance(string, (tuple, list)) else bool(string)
        if known is None or not done or known.fuzzy:
            wrong.append(f"not translated: {message.id}")
        out.add(message.id, string, locations=message.locations, context=message.context)
    wrong += [f"no longer used: {m.id}" for m in have if m.id and wanted.get(m.id, m.context) is None]
    return out, wrong


def main(arguments: list[str]) -> int:
    """Update or check; the exit code."""
    failures = 0
    for application in applications():
        catalog, wrong = merged(application)
        path = application / "locale" / f"{LANGUAGE}.po"
        for sentence in wrong:
            print(f"{path.relative_to(ROOT)}: {sentence}")
        failures += len(wrong)
        if "--check" not in arguments and len(catalog):
            text = BytesIO()
            write_po(text, catalog, width=120, include_lineno=False, omit_header=False)
            kept = [line for line in text.getvalue().decode().splitlines() if not line.startswith(NOISE)]
            path.parent.mkdir(exist_ok=True)
            path.write_text("\n".join(kept) + "\n", encoding="utf-8")
    return 1 if failures and "--check" in arguments else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

"""Translations straight from the committed ``.po`` files: nothing compiled is kept, nothing needs compiling.

Every application of the house has ``locale/fr.po``; English is what the code says, so it needs no catalogue.
"""

from __future__ import annotations

import gettext
import io
from collections.abc import Iterator
from pathlib import Path

from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po
from django.apps import apps
from django.utils.translation import trans_real

LANGUAGES = ("fr", "en")
SOURCE = "en"
"""The language of the message ids."""


def files(language: str) -> Iterator[Path]:
    """The house's catalogues of ``language``, one for each application that has words of its own."""
    for config in apps.get_app_configs():
        if config.name.startswith("larrey."):
            path = Path(config.path) / "locale" / f"{language}.po"
            if path.exists():
                yield path


def load(path: Path, language: str) -> gettext.GNUTranslations:
    """One catalogue, compiled in memory. Fuzzy entries are left out."""
    with path.open("rb") as source:
        catalog = read_po(source, locale=language, abort_invalid=True)
    compiled = io.BytesIO()
    write_mo(compiled, catalog)
    compiled.seek(0)
    return gettext.GNUTranslations(compiled)


def install() -> None:
    """Add the house's words to Django's translations; ours win over Django's and allauth's."""
    for language in LANGUAGES:
        if language != SOURCE:
            for path in files(language):
                trans_real.translation(language).merge(load(path, language))

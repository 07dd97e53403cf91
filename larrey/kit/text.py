"""Text normalisation for search: what a French clinician types must find what was written."""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache

_LIGATURES = str.maketrans({"œ": "oe", "æ": "ae", "ß": "ss", "ø": "o", "ł": "l", "đ": "d", "ı": "i", "’": "'"})
_NOT_WORD = re.compile(r"[\W_]+")


@lru_cache(maxsize=65536)
def fold(text: str) -> str:
    """Lower case, without accents, ligatures opened, punctuation and runs of space made one space.

    ``fold("  Le Goff-ŒUVRARD, d'Été ")`` is ``"le goff oeuvrard d ete"``. FHIR R4 string search compares
    "insensitive to case and accents" (http://hl7.org/fhir/R4/search.html#string); punctuation is ours.
    """
    # Compatibility forms open to letters of either case ("№" is "No"), so they are opened before the case goes.
    lowered = unicodedata.normalize("NFKD", text).casefold().translate(_LIGATURES)
    bare = "".join(c for c in unicodedata.normalize("NFKD", lowered) if not unicodedata.combining(c))
    return _NOT_WORD.sub(" ", bare).strip()

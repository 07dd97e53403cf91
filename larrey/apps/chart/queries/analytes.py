"""Names, symbols and order of the analytes that clinicians know, by LOINC code (https://loinc.org)."""

from __future__ import annotations

import csv
import re
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from types import MappingProxyType

from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from larrey.kit.errors import NotFound
from larrey.kit.text import fold
from larrey.ui import formats

LOINC = "http://loinc.org"
OTHERS = "others"
GROUPS: Mapping[str, str] = {
    "electrolytes": gettext_noop("Electrolytes"),
    "renal": gettext_noop("Kidney function"),
    "inflammation": gettext_noop("Inflammation"),
    "blood-count": gettext_noop("Blood count"),
    "coagulation": gettext_noop("Coagulation"),
    "glycaemia": gettext_noop("Blood glucose"),
    "liver": gettext_noop("Liver and pancreas"),
    "cardiac": gettext_noop("Heart and muscle"),
    "gas": gettext_noop("Blood gases"),
    "lipids": gettext_noop("Lipids"),
    "hormones": gettext_noop("Hormones"),
    "iron": gettext_noop("Iron, vitamins, nutrition"),
    "markers": gettext_noop("Tumour markers"),
    "drugs": gettext_noop("Drug levels"),
    "urine": gettext_noop("Urine"),
    "vitals": gettext_noop("Vital signs"),
    "body": gettext_noop("Body measurements"),
    OTHERS: gettext_noop("Others"),
}
"""The groups of analytes in the order of the page, in English."""
_CODE = re.compile(r"\d{1,7}-\d\Z")


@dataclass(frozen=True, slots=True)
class Known:
    """An analyte of the table. ``symbol`` is what one types or says ("K"); ``rank`` orders the page."""

    group: str
    symbol: str
    fr: str
    en: str
    rank: int

    @property
    def label(self) -> str:
        """The name in the reader's language."""
        return self.fr if formats.language() == "fr" else self.en


@cache
def table() -> Mapping[str, Known]:
    """LOINC code → what the house calls it."""
    text = (files(__package__) / "analytes.csv").read_text(encoding="utf-8")
    rows = csv.DictReader(text.splitlines(), delimiter=";")
    return MappingProxyType(
        {row["code"]: Known(row["group"], row["symbol"], row["fr"], row["en"], rank) for rank, row in enumerate(rows)}
    )


def known(analyte: str) -> Known | None:
    """The table's line for an analyte (``system|code``), if it has one."""
    system, _bar, code = analyte.rpartition("|")
    return table().get(code) if system == LOINC else None


def group_label(group: str) -> str:
    """A group's name in the reader's language."""
    return _(GROUPS[group])


def matches(asked: str, label: str, symbol: str) -> bool:
    """Whether what was typed (folded) is the beginning of a word of the label, or of the symbol."""
    words = f" {fold(label)} {fold(symbol)}"
    return all(f" {word}" in words for word in asked.split())


def token(analyte: str) -> str:
    """The analyte as one piece of an address: its LOINC code, else ``~`` and the base64 of its name."""
    system, _bar, code = analyte.rpartition("|")
    if system == LOINC and _CODE.match(code):
        return code
    return "~" + urlsafe_b64encode(analyte.encode()).decode().rstrip("=")


def analyte(token_: str) -> str:
    """The analyte that ``token`` wrote. Raises ``NotFound`` for a piece of address that is none."""
    if _CODE.match(token_):
        return f"{LOINC}|{token_}"
    if token_.startswith("~"):
        try:
            return urlsafe_b64decode(token_[1:] + "=" * (-(len(token_) - 1) % 4)).decode()
        except ValueError:
            pass
    raise NotFound("This is not the name of an analyte.")

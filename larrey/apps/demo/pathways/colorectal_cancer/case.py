"""The tumour and what becomes of it."""

from __future__ import annotations

from typing import NamedTuple


class Tumour(NamedTuple):
    """``where`` and ``operation``: in a sentence."""

    code: str
    where: str
    distance: str
    act: str
    operation: str


TUMOURS = (
    Tumour("C18.7", "côlon sigmoïde", "à 25 cm de la marge anale", "HHFA002", "colectomie gauche"),
    Tumour("C18.7", "côlon sigmoïde", "à 32 cm de la marge anale", "HHFA002", "colectomie gauche"),
    Tumour("C18.2", "côlon ascendant", "en aval du cæcum", "HHFA008", "colectomie droite"),
    Tumour("C18.0", "cæcum", "en regard de la valvule iléocæcale", "HHFA008", "colectomie droite"),
)


class Case(NamedTuple):
    """``nodes``: invaded ones out of ``sampled``; ``stage``: pTNM."""

    tumour: Tumour
    screening: bool
    nodes: int
    sampled: int
    size: int
    ace: float
    haemoglobin: float

    @property
    def chemotherapy(self) -> bool:
        """Whether there is to be one (stage III)."""
        return self.nodes > 0

    @property
    def stage(self) -> str:
        """As pathologists write it (pTNM)."""
        return f"pT3 N{'0' if not self.nodes else '1' if self.nodes < 4 else '2'} M0"

"""CDA R2 (clinical documents in XML): bytes to values. Pure; nothing is fetched, no entity is expanded.

``read`` gives a ``Document``: its header and its body, a tree of sections whose narrative is made of our own nodes
(``larrey.wire.cda.narrative``), never of markup. HL7 Clinical Document Architecture, Release 2.0, and the French volets
of the CI-SIS (https://esante.gouv.fr/volet-structuration-minimale-de-documents-de-sante).
"""

from larrey.wire.cda.document import (
    LARGEST,
    Author,
    Code,
    Document,
    Part,
    Patient,
    Related,
    Section,
    ServiceEvent,
)
from larrey.wire.cda.narrative import words_of
from larrey.wire.cda.reading import is_cda, read

__all__ = [
    "LARGEST",
    "Author",
    "Code",
    "Document",
    "Part",
    "Patient",
    "Related",
    "Section",
    "ServiceEvent",
    "is_cda",
    "read",
    "words_of",
]

"""FHIR resources in a person's words: what a clinician reads instead of JSON. For every room.

``describe`` gives the line of a list, ``title`` how to name a resource elsewhere, ``details`` the whole of one, ``edits``
what changed between two versions, ``identify`` who a patient is, ``treatment`` a prescription, ``movements`` the places
of a stay, ``happened`` the date to sort by. All take plain dicts, never raise on odd content, and return text: it is the
template that escapes. The narrative (``text.div``) is never shown: it is HTML from elsewhere.
"""

from larrey.ui.words.changes import Edit, edits
from larrey.ui.words.datatypes import unnamed_reference
from larrey.ui.words.dates import happened
from larrey.ui.words.details import Row, details
from larrey.ui.words.lines import Line, describe, title
from larrey.ui.words.person import Identity, Number, identify
from larrey.ui.words.places import Movement, movements
from larrey.ui.words.treatments import Treatment, treatment

__all__ = [
    "Edit",
    "Identity",
    "Line",
    "Movement",
    "Number",
    "Row",
    "Treatment",
    "describe",
    "details",
    "edits",
    "happened",
    "identify",
    "movements",
    "title",
    "treatment",
    "unnamed_reference",
]

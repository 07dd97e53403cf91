"""FHIR resources in a person's words: what a clinician reads instead of JSON. For every room.

``describe`` gives the line of a list, ``details`` the whole of one resource, ``edits`` what changed between two
versions, ``identify`` who a patient is. All take plain dicts, never raise on odd content, and return text: it is
the template that escapes. The narrative (``text.div``) is never shown: it is HTML from elsewhere.
"""

from larrey.ui.words.changes import Edit, edits
from larrey.ui.words.datatypes import unnamed_reference
from larrey.ui.words.details import Row, details
from larrey.ui.words.lines import Line, describe
from larrey.ui.words.person import Identity, identify

__all__ = ["Edit", "Identity", "Line", "Row", "describe", "details", "edits", "identify", "unnamed_reference"]

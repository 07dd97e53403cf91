"""What was read or done, as the trace keeps it, in a person's words."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping

from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from larrey.access.trail import Action
from larrey.fhir.definitions import resource_types
from larrey.ui.words import labels

PAGES: Mapping[str, str | Promise] = {
    "": gettext_lazy("Summary"),
    "record": gettext_lazy("Summary"),
    "timeline": gettext_lazy("Timeline"),
    "results": gettext_lazy("Results"),
    "curve": gettext_lazy("Results"),
    "documents": gettext_lazy("List of documents"),
    "stays": gettext_lazy("Stays"),
    "prescriptions": gettext_lazy("Prescriptions"),
    "kinds": gettext_lazy("Whole record"),
    "trace": gettext_lazy("List of who opened the record"),
    "break-glass": gettext_lazy("Emergency access"),
    "end": gettext_lazy("Emergency access closed"),
}
"""Second word of what a page traces of a patient → the page."""

READINGS: Mapping[str, str | Promise] = {
    "worklist": gettext_lazy("Accesses to look at"),
    "decisions": gettext_lazy("Decisions on accesses"),
    "trace": gettext_lazy("Search of the trace"),
}
"""First word of what the security officer's pages trace → the page."""

ACTIONS: Mapping[str, str | Promise] = {
    Action.OPEN: gettext_lazy("Opened"),
    Action.SEARCH: gettext_lazy("Searched"),
    Action.PRINT: gettext_lazy("Printed"),
    Action.EXPORT: gettext_lazy("Downloaded"),
    Action.WRITE: gettext_lazy("Written"),
    Action.REFUSED: gettext_lazy("Refused"),
    Action.GLASS: gettext_lazy("Broke the glass"),
    Action.SIGN_IN: gettext_lazy("Signed in"),
    Action.SIGN_OUT: gettext_lazy("Signed out"),
    Action.GRANT: gettext_lazy("Rights changed"),
    Action.DECISION: gettext_lazy("Decision"),
}

_METHOD = re.compile(r"(?:GET|HEAD|POST|PUT|PATCH|DELETE) /?")
_WHAT = re.compile(r"([A-Z][A-Za-z]+)(?:/([A-Za-z0-9.-]{1,64}))?(?=[ /?]|\Z)(.*)\Z", re.DOTALL)
_VERSION = re.compile(r"/_history/(\d+)")


def action(code: str) -> str:
    """The action in words; a code of no table as it is."""
    return str(ACTIONS.get(code, code))


def said(what: str) -> str:
    """``Patient/1 timeline`` is "Timeline", ``DocumentReference/a content 0`` "Document"; no id, no content of the record."""
    found = _WHAT.match(_METHOD.sub("", what, count=1))
    if found is None or found[1] not in resource_types():
        return str(READINGS.get(what.partition(" ")[0], ""))
    type_, id_, rest = found[1], found[2], found[3].strip()
    words = rest.split()
    if type_ == "Patient" and not rest.startswith(("/", "?")):
        page = words[0] if words else ""
        if not id_:
            return _("Search of a patient: %(typed)s") % {"typed": rest} if rest else _("Search of a patient")
        if page in resource_types():
            return labels.kind(page)
        return str(PAGES.get(page, PAGES[""]))
    kind = _("Document") if words[:1] in (["document"], ["content"]) else labels.kind(type_)
    version = _VERSION.search(rest)
    if version:
        kind = _("%(what)s, version %(number)s") % {"what": kind, "number": version[1]}
    return kind


def all_said(texts: Iterable[str], most: int = 6) -> str:
    """Several, each once, in order; beyond ``most``, how many more."""
    names = list(dict.fromkeys(filter(None, map(said, texts))))
    more = len(names) - most
    shown = ", ".join(names[:most])
    return f"{shown} (+ {more})" if more > 0 else shown

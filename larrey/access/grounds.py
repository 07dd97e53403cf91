"""Why someone sees a patient, as the trace keeps it and as people read it.

The trace keeps a short text of its own: a code, and where there is something to add a colon and words
(``stay: Saint-Julien · Cardiologie``, ``glass: emergency``). It can be read as it is; this file tells it in
the reader's language.
"""

from __future__ import annotations

from collections.abc import Mapping

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from larrey.access.glass import Reason
from larrey.access.roles import Role
from larrey.store.caller import Caller
from larrey.store.care import Ground

CODES: Mapping[str, str] = {
    "E": "stay",
    "A": "appointment",
    "R": "opinion",
    "P": "prescription",
    "T": "task",
    "C": "team",
    "G": "glass",
}
"""Letter of ``record.care`` → the code of the trace."""

_REFERENTS = frozenset({Role.DOCTOR, Role.MIDWIFE})
_CARE = frozenset(CODES) - {"G"}

LABELS: Mapping[str, str | Promise] = {
    "stay": _("Stay or visit in her units"),
    "appointment": _("Appointment"),
    "opinion": _("Opinion asked"),
    "prescription": _("Prescription to validate"),
    "task": _("Task given to her"),
    "team": _("Care team of the patient"),
    "units": _("Patients of her units"),
    "glass": _("Broken glass"),
    "own": _("Her own record"),
    "representative": _("Representative of the patient"),
    "identity": _("Identity only"),
    "everyone": _("Right over all records"),
    "security": _("Control of accesses"),
    "decision": _("Decision"),
    "not-hers": _("Not a patient of her units"),
    "role": _("Not within her role"),
}
_END = _("closed early")


def told(caller: Caller, ground: Ground, detail: str = "") -> str:
    """The text for the trace of why ``caller`` sees a patient."""
    code = CODES.get(ground.why, ground.why)
    if code == "own" and caller.sight.representative:
        code = "representative"
    return f"{code}: {detail}" if detail else code


def referent(caller: Caller, ground: Ground | None) -> bool:
    """Whether ``caller`` answers for the patient's care, and so may see who opened the record: the doctors of her care team."""
    return ground is not None and caller.role in _REFERENTS and ground.why in _CARE


def words(why: str) -> tuple[str, str]:
    """(the ground, what is added to it), in the language of the page; what no table knows is told as it is kept."""
    code, _colon, detail = why.partition(": ")
    code = CODES.get(code, code)
    if code == "glass":
        detail = str(_END) if detail == "end" else str(dict(Reason.choices).get(detail, detail))
    return str(LABELS.get(code, code)), detail

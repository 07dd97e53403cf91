"""What each role of the house may do in the record. Default: nothing.

The care team, computed from the patient's movements, will narrow this to the patients of a professional; today a
role opens every patient.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from django.db.models import TextChoices
from django.utils.translation import gettext_lazy as _


class Role(TextChoices):
    """The trade of an account's holder; the value is what the command line and the trace write."""

    DOCTOR = "doctor", _("Doctor")
    NURSE = "nurse", _("Nurse")
    IDENTITY_OFFICER = "identity-officer", _("Identity officer")
    ADMINISTRATOR = "administrator", _("Administrator")


RIGHTS: Mapping[str, Mapping[str, str]] = MappingProxyType(
    {
        Role.DOCTOR: {"*": "rs"},
        Role.NURSE: {"*": "rs"},
        Role.IDENTITY_OFFICER: {"Patient": "rs"},
        Role.ADMINISTRATOR: {},
    }
)
"""Role → (resource type or ``*`` → SMART v2 letters), as in ``larrey.store.caller.Caller.rights``."""

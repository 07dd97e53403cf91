"""Roles in the words of the page. Apart from ``roles``, which stands without Django."""

from __future__ import annotations

from collections.abc import Mapping

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from larrey.access.roles import Role

TITLES: Mapping[str, str | Promise] = {
    Role.DOCTOR: _("Doctor"),
    Role.NURSE: _("Nurse"),
    Role.MIDWIFE: _("Midwife"),
    Role.PHARMACIST: _("Pharmacist"),
    Role.ADMISSION_DESK: _("Admission desk"),
    Role.IDENTITY_OFFICER: _("Identity officer"),
    Role.MEDICAL_SECRETARY: _("Medical secretary"),
    Role.CODER: _("Coder (medical information department)"),
    Role.RESEARCHER: _("Researcher"),
    Role.SUPPORT_AGENT: _("Support agent"),
    Role.ADMINISTRATOR: _("Administrator"),
    Role.SECURITY_OFFICER: _("Security officer"),
    Role.PATIENT: _("Patient"),
}


def title(role: str) -> str:
    """The role in the language of the page; the value itself for one that is not in the table."""
    return str(TITLES.get(role, role))

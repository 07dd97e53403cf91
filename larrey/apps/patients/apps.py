"""The Django application of the room."""

from __future__ import annotations

from django.apps import AppConfig


class PatientsConfig(AppConfig):
    """``larrey.apps.patients``: label ``patients``."""

    name = "larrey.apps.patients"
    label = "patients"

"""The Django application of the room."""

from __future__ import annotations

from django.apps import AppConfig


class TraceConfig(AppConfig):
    """``larrey.apps.trace``: label ``trace``."""

    name = "larrey.apps.trace"
    label = "trace"
    default_auto_field = "django.db.models.BigAutoField"

"""The Django application of accounts, tokens and the trace."""

from __future__ import annotations

from django.apps import AppConfig


class AccessConfig(AppConfig):
    """``larrey.access``: label ``access``."""

    name = "larrey.access"
    label = "access"
    default_auto_field = "django.db.models.BigAutoField"

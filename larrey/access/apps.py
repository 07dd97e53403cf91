"""The Django application of accounts, tokens and the trace."""

from __future__ import annotations

from importlib import import_module

from django.apps import AppConfig


class AccessConfig(AppConfig):
    """``larrey.access``: label ``access``."""

    name = "larrey.access"
    label = "access"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        """Sessions tell the trace of themselves."""
        import_module("larrey.access.signals")

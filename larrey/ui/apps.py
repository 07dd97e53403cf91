"""The Django application of the face; loads the catalogues of every application of the house."""

from __future__ import annotations

from django.apps import AppConfig

from larrey.ui import catalogs


class UiConfig(AppConfig):
    """``larrey.ui``: label ``ui``."""

    name = "larrey.ui"
    label = "ui"

    def ready(self) -> None:
        catalogs.install()

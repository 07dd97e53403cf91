"""The Django application of the room."""

from __future__ import annotations

from django.apps import AppConfig


class ChartConfig(AppConfig):
    """``larrey.apps.chart``: label ``chart``."""

    name = "larrey.apps.chart"
    label = "chart"

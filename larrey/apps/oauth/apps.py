"""The Django application of the room."""

from __future__ import annotations

from django.apps import AppConfig


class OAuthConfig(AppConfig):
    """``larrey.apps.oauth``: label ``oauth``."""

    name = "larrey.apps.oauth"
    label = "oauth"

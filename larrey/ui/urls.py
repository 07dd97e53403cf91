"""Addresses of the face itself: the switch of language."""

from __future__ import annotations

from django.urls import URLPattern, path
from django.views.i18n import set_language

urlpatterns: list[URLPattern] = [path("language", set_language, name="language")]

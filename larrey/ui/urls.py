"""Addresses of the face itself: the switch of language, the keyboard shortcuts."""

from __future__ import annotations

from django.urls import URLPattern, path
from django.views.i18n import set_language

from larrey.ui.shortcuts import shortcuts

urlpatterns: list[URLPattern] = [
    path("language", set_language, name="language"),
    path("shortcuts", shortcuts, name="shortcuts"),
]

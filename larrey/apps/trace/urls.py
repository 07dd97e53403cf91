"""Addresses of the room."""

from __future__ import annotations

from django.urls import URLPattern, path

from larrey.apps.trace.views import officer, opened, own

urlpatterns: list[URLPattern] = [
    path("trace", officer.worklist, name="worklist"),
    path("trace/decide", officer.decide, name="decide"),
    path("trace/decided", officer.decided, name="decided"),
    path("trace/search", officer.search, name="trace-search"),
    path("trace/patients/<str:patient_id>", opened.who_opened, name="who-opened"),
    path("trace/mine", own.own, name="own-trace"),
    path("trace/mine/<int:glass_id>/read", own.read_notice, name="read-notice"),
]

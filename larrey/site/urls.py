"""Every address of the pages. The FHIR API, health and metrics are mounted before Django, in larrey.site.wsgi."""

from __future__ import annotations

from pathlib import Path

from django.urls import URLPattern, URLResolver, include, path

_ROOMS = Path(__file__).parents[1] / "apps"

urlpatterns: list[URLPattern | URLResolver] = [
    path("account/", include("larrey.access.urls")),
    path("", include("larrey.ui.urls")),
    *(path("", include(f"larrey.apps.{room.parent.name}.urls")) for room in sorted(_ROOMS.glob("*/urls.py"))),
]

handler400 = "larrey.ui.errors.bad_request"
handler403 = "larrey.ui.errors.forbidden"
handler404 = "larrey.ui.errors.not_found"
handler429 = "larrey.ui.errors.too_many"
handler500 = "larrey.ui.errors.fault"

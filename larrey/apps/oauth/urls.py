"""Addresses of the room."""

from __future__ import annotations

from django.urls import URLPattern, path

from larrey.apps.oauth.views import endpoints, pages

urlpatterns: list[URLPattern] = [
    path("oauth/authorize", pages.authorize, name="oauth-authorize"),
    path("oauth/apps", pages.apps, name="oauth-apps"),
    path("oauth/apps/<int:consent_id>/withdraw", pages.withdraw, name="oauth-withdraw"),
    path("oauth/launch/<str:client_id>/<str:patient_id>", pages.launch, name="oauth-launch"),
    path("oauth/token", endpoints.token, name="oauth-token"),
    path("oauth/introspect", endpoints.introspect, name="oauth-introspect"),
    path("oauth/revoke", endpoints.revoke, name="oauth-revoke"),
    path("oauth/jwks", endpoints.jwks, name="oauth-jwks"),
    path(".well-known/openid-configuration", endpoints.openid_configuration, name="openid-configuration"),
]

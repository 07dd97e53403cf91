"""Sign-in, sign-out, password and two-factor pages: django-allauth's views under the house's addresses.

Only what the house offers is here: nobody signs up, and without a mail server no password is reset by mail.
"""

from __future__ import annotations

from allauth.account import views as account
from allauth.mfa.base import views as mfa
from allauth.mfa.recovery_codes import views as recovery
from allauth.mfa.totp import views as totp
from django.urls import URLPattern, path

urlpatterns: list[URLPattern] = [
    path("sign-in", account.login, name="account_login"),
    path("sign-in/code", mfa.authenticate, name="mfa_authenticate"),
    path("sign-out", account.logout, name="account_logout"),
    path("disabled", account.account_inactive, name="account_inactive"),
    path("confirm", account.reauthenticate, name="account_reauthenticate"),
    path("confirm/code", mfa.reauthenticate, name="mfa_reauthenticate"),
    path("password", account.password_change, name="account_change_password"),
    path("two-factor", mfa.index, name="mfa_index"),
    path("two-factor/on", totp.activate_totp, name="mfa_activate_totp"),
    path("two-factor/off", totp.deactivate_totp, name="mfa_deactivate_totp"),
    path("two-factor/recovery", recovery.view_recovery_codes, name="mfa_view_recovery_codes"),
    path("two-factor/recovery/new", recovery.generate_recovery_codes, name="mfa_generate_recovery_codes"),
    path("two-factor/recovery/download", recovery.download_recovery_codes, name="mfa_download_recovery_codes"),
]

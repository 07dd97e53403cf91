"""Sign-in, sign-out, lock, sessions, password and second factor: django-allauth's views and ours under the house's addresses.

Only what the house offers is here: nobody signs up, and without a mail server no password is reset by mail.
"""

from __future__ import annotations

from allauth.account import views as account
from allauth.mfa.base import views as mfa
from allauth.mfa.recovery_codes import views as recovery
from allauth.mfa.totp import views as totp
from allauth.mfa.webauthn import views as passkeys
from django.urls import URLPattern, path

from larrey.access import lock, my_sessions, pro_sante_connect

urlpatterns: list[URLPattern] = [
    path("sign-in", account.login, name="account_login"),
    path("sign-in/code", mfa.authenticate, name="mfa_authenticate"),
    path("sign-in/passkey", passkeys.login_webauthn, name="mfa_login_webauthn"),
    path("psc/start", pro_sante_connect.start, name="psc_start"),
    path("psc/return", pro_sante_connect.finish, name="psc_return"),
    path("sign-out", my_sessions.sign_out, name="account_logout"),
    path("lock", lock.lock, name="account_lock"),
    path("unlock", lock.unlock, name="account_unlock"),
    path("unlock/passkey", lock.passkey_options, name="account_unlock_passkey"),
    path("present", lock.present, name="account_present"),
    path("sessions", my_sessions.show, name="account_sessions"),
    path("sessions/end", my_sessions.end, name="account_sessions_end"),
    path("disabled", account.account_inactive, name="account_inactive"),
    path("confirm", account.reauthenticate, name="account_reauthenticate"),
    path("confirm/code", mfa.reauthenticate, name="mfa_reauthenticate"),
    path("confirm/passkey", passkeys.reauthenticate_webauthn, name="mfa_reauthenticate_webauthn"),
    path("password", my_sessions.change_password, name="account_change_password"),
    path("two-factor", mfa.index, name="mfa_index"),
    path("two-factor/on", totp.activate_totp, name="mfa_activate_totp"),
    path("two-factor/off", totp.deactivate_totp, name="mfa_deactivate_totp"),
    path("two-factor/passkeys", passkeys.list_webauthn, name="mfa_list_webauthn"),
    path("two-factor/passkeys/add", passkeys.add_webauthn, name="mfa_add_webauthn"),
    path("two-factor/passkeys/<int:pk>/name", passkeys.edit_webauthn, name="mfa_edit_webauthn"),
    path("two-factor/passkeys/<int:pk>/remove", passkeys.remove_webauthn, name="mfa_remove_webauthn"),
    path("two-factor/recovery", recovery.view_recovery_codes, name="mfa_view_recovery_codes"),
    path("two-factor/recovery/new", recovery.generate_recovery_codes, name="mfa_generate_recovery_codes"),
    path("two-factor/recovery/download", recovery.download_recovery_codes, name="mfa_download_recovery_codes"),
]

"""Sessions in the trace: signing in and out, refusals, locks. And what a session must know of its beginning."""

from __future__ import annotations

from typing import Any

from allauth.account.internal.flows.login import get_authentication_records
from allauth.account.signals import password_changed
from allauth.mfa.signals import authentication_failed
from django.contrib.auth.signals import user_logged_in, user_logged_out, user_login_failed
from django.dispatch import receiver
from django.http import HttpRequest

from larrey.access import record, sessions
from larrey.access.models import Account
from larrey.access.trail import Action, trace
from larrey.store.caller import Caller

STRANGER = Caller(actor="stranger")
_MEANS = {"totp": "code", "recovery_codes": "code", "webauthn": "passkey"}


@receiver(user_logged_in)
def signed_in(request: HttpRequest, user: Account, **_: Any) -> None:
    """The session is hers from now on; the trace says how she came in."""
    means = _means(request, user)
    sessions.store(request).begin(user, address(request), request.headers.get("User-Agent", ""), means)
    sessions.SessionStore.clear_expired()
    _trace(request, _caller(user), Action.SIGN_IN, f"sign-in {means}")


@receiver(password_changed)
def password_renewed(request: HttpRequest, user: Account, **_: Any) -> None:
    """Her other sessions ended with the old password; they are not to stand in her list."""
    sessions.end_all(user, but=request.session.session_key)


@receiver(user_logged_out)
def signed_out(request: HttpRequest, user: Account | None, **_: Any) -> None:
    """By the button, by another person's sign-in, by a new password."""
    if isinstance(user, Account):
        _trace(request, _caller(user), Action.SIGN_OUT, "sign-out")


@receiver(user_login_failed)
def refused(credentials: dict[str, Any], request: HttpRequest | None = None, **_: Any) -> None:
    """A wrong password, or a name that nobody has."""
    if request is not None:
        failed(request, str(credentials.get("username", "")), "password")


@receiver(authentication_failed)
def code_refused(request: HttpRequest, user: Account, **_: Any) -> None:
    """A wrong code of the authenticator application, or no recovery code of hers."""
    failed(request, user.username, "code")


def failed(request: HttpRequest, username: str, means: str, why: str = "") -> None:
    """Someone was refused. A name that nobody has is not kept: it may be a password, typed too early."""
    account = Account.objects.filter(username=username.strip().lower()[:64]).first() if username else None
    _trace(request, _caller(account) if account else STRANGER, Action.REFUSED, f"sign-in {means}", why)


def locked(request: HttpRequest, *, idle: bool) -> None:
    """The workstation was locked, by its user or for want of one."""
    if isinstance(request.user, Account):
        _trace(request, _caller(request.user), Action.SIGN_OUT, "lock", "idle" if idle else "")


def unlocked(request: HttpRequest) -> None:
    """The person came back to her locked workstation."""
    if isinstance(request.user, Account):
        _trace(request, _caller(request.user), Action.SIGN_IN, "unlock")


def address(request: HttpRequest) -> str:
    """The client's address as the server saw it."""
    return str(request.META.get("REMOTE_ADDR") or "")


def _means(request: HttpRequest, user: Account) -> str:
    records = get_authentication_records(request, user)
    last = records[-1] if records else {}
    if last.get("method") == "mfa":
        return _MEANS.get(last.get("type", ""), "code")
    return "psc" if last.get("method") == "psc" else "password"


def _caller(account: Account) -> Caller:
    return Caller(actor=f"account:{account.username}", role=account.role, account=account.pk)


def _trace(request: HttpRequest, caller: Caller, action: Action, what: str, why: str = "") -> None:
    with record.cursor() as cursor:
        trace(cursor, caller, action, what, why=why, address=address(request))

"""Locking a workstation: every page answers the lock screen until the person who locked it is back, or another signs in.

A session left alone locks itself first (``LARREY_IDLE_MINUTES``); it ends for good at its absolute limit. The lock is in the
session's row, so that no page, tab or script gets round it. The machine door knows no sessions.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from urllib.parse import urlsplit

from allauth.account.adapter import get_adapter
from allauth.mfa.models import Authenticator
from allauth.mfa.webauthn.internal import auth as passkeys
from django import forms
from django.conf import settings
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse, HttpResponseBase, HttpResponseRedirect, JsonResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_POST, require_safe

from larrey.access import pro_sante_connect, sessions, signals
from larrey.access.factors import KnownPasskeyForm
from larrey.access.models import Account

Handler = Callable[[HttpRequest], HttpResponseBase]

LOCKED = 423
"""RFC 4918: what is there cannot be had while it is locked."""
_OPEN = frozenset({"account_unlock", "account_unlock_passkey", "account_logout", "psc_start", "psc_return", "language"})
"""Views that a locked workstation still answers: the ways out of it."""


class PasswordForm(forms.Form):
    """The fast return."""

    password = forms.CharField(label=_("Password"), widget=forms.PasswordInput(attrs={"autocomplete": "current-password"}))


def locked_workstations(get_response: Handler) -> Handler:
    """Middleware: notes that a session is in use, locks one that was left alone, answers for one that is locked."""

    def middleware(request: HttpRequest) -> HttpResponseBase:
        if settings.SESSION_COOKIE_NAME not in request.COOKIES:
            return get_response(request)
        session = sessions.store(request)
        if session.state.get("account_id") is None:
            return get_response(request)
        if session.state["locked"] is None and session.idle() >= timedelta(minutes=settings.LARREY_IDLE_MINUTES):
            session.lock()
            signals.locked(request, idle=True)
        if session.state["locked"] is None:
            session.touch()
            return get_response(request)
        # A disabled account, or a password changed elsewhere: nobody is signed in any more, and the pages say so.
        return get_response(request) if not request.user.is_authenticated else _answer(request, get_response)

    return middleware


def _answer(request: HttpRequest, get_response: Handler) -> HttpResponseBase:
    if request.path in {reverse(name) for name in _OPEN}:
        return get_response(request)
    if "HX-Request" in request.headers:  # a part of a page: the whole page shall show the lock screen
        return HttpResponse(status=LOCKED, headers={"HX-Redirect": _own_path(request, request.headers.get("HX-Current-URL", ""))})
    back = (
        request.get_full_path() if request.method in {"GET", "HEAD"} else _own_path(request, request.headers.get("Referer", ""))
    )
    return screen(request, PasswordForm(), back)


def screen(request: HttpRequest, form: PasswordForm, back: str, error: str = "") -> HttpResponse:
    """The lock screen, which leads to ``back``. Whose session it is, and nothing of what was shown."""
    account = _person(request)
    context = {
        "form": form,
        "back": back,
        "error": error,
        "person": account,
        "passkey": any(
            key.wrap().is_passwordless is not False
            for key in Authenticator.objects.filter(user=account, type=Authenticator.Type.WEBAUTHN)
        ),
        "psc": pro_sante_connect.offered() and bool(account.rpps),
    }
    return render(request, "account/locked.html", context, status=LOCKED)


@require_POST
@login_required
def lock(request: HttpRequest) -> HttpResponse:
    """One click: the workstation is locked, the address stays that of the page one was on."""
    session = sessions.store(request)
    if session.state.get("locked") is None:
        session.lock()
        signals.locked(request, idle=False)
    return HttpResponseRedirect(_back(request))


@require_POST
@login_required
def unlock(request: HttpRequest) -> HttpResponse:
    """The fast return, with the password or a passkey; wrong ones count to the limits of sign-in."""
    back = _back(request)
    session = sessions.store(request)
    if session.state.get("locked") is None:
        return HttpResponseRedirect(back)
    account = _person(request)
    form = PasswordForm(request.POST)
    if "credential" in request.POST:
        passkey = KnownPasskeyForm(user=account, data=request.POST)
        if not passkey.is_valid():
            return screen(request, PasswordForm(), back, error=" ".join(passkey.errors.get("credential", [])))
        passkey.save()
    elif not form.is_valid():
        return screen(request, form, back)
    elif not get_adapter(request).reauthenticate(account, form.cleaned_data["password"]):
        form.add_error("password", _("This is not the password of this account."))
        return screen(request, form, back)
    session.unlock()
    signals.unlocked(request)
    return HttpResponseRedirect(back)


@require_safe
@login_required
def passkey_options(request: HttpRequest) -> JsonResponse:  # noqa: ARG001  allauth keeps the question in its session
    """What the browser needs to ask for a passkey: one that knows its owner and asks for her finger, face or PIN.

    A key that is only the second step after a password does not open a workstation, nor one that was left in its socket.
    """
    return JsonResponse({"request_options": passkeys.begin_authentication(None)})


@require_POST
@login_required
def present(request: HttpRequest) -> HttpResponse:  # noqa: ARG001  the middleware has noted it
    """Someone is at the workstation though she asks for nothing new: she reads. Sent by lock.js every few minutes."""
    return HttpResponse(status=204)


def _person(request: HttpRequest) -> Account:
    assert isinstance(request.user, Account)
    return request.user


def _back(request: HttpRequest) -> str:
    """Where the form says that it was sent from, if that is a page of ours; else the first page."""
    path = request.POST.get("next", "")
    return path if url_has_allowed_host_and_scheme(path, allowed_hosts=None) else "/"


def _own_path(request: HttpRequest, address: str) -> str:
    """The path of ``address`` (of a header) when it is on this host, else the first page."""
    try:
        parts = urlsplit(address)
    except ValueError:
        return "/"
    path = parts.path + (f"?{parts.query}" if parts.query else "")
    return path if parts.netloc == request.get_host() and url_has_allowed_host_and_scheme(path, allowed_hosts=None) else "/"

"""The page on which a person sees where she is signed in and ends what she does not know; and signing out."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from allauth.account import views as account_views
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse, HttpResponseBase, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop, ngettext
from django.views.decorators.http import require_POST, require_safe

from larrey.access import pro_sante_connect, sessions
from larrey.access.models import Account

_MEANS = {
    "password": gettext_noop("Password"),
    "code": gettext_noop("Password and code"),
    "passkey": gettext_noop("Passkey"),
    "psc": gettext_noop("Pro Santé Connect"),
}
_BROWSERS = [  # the first that is found: most pretend to be the others too
    ("Edge", r"Edg[A-Za-z]*/"),
    ("Opera", r"OPR/"),
    ("Firefox", r"Firefox/|FxiOS/"),
    ("Chrome", r"Chrome/|CriOS/|Chromium/"),
    ("Safari", r"Safari/"),
]
_SYSTEMS = [
    ("iPad", r"iPad"),
    ("iPhone", r"iPhone"),
    ("Android", r"Android"),
    ("Windows", r"Windows"),
    ("macOS", r"Mac OS X|Macintosh"),
    ("ChromeOS", r"CrOS"),
    ("Linux", r"Linux|X11"),
]


@dataclass(frozen=True, slots=True)
class Shown:
    """A session as its owner sees it."""

    handle: UUID
    device: str
    address: str
    means: str
    started: datetime | None
    seen: datetime | None
    locked: bool
    here: bool


@require_safe
@login_required
def show(request: HttpRequest) -> HttpResponse:
    """Where she is signed in, this browser first. Two statements beside those of every page."""
    key = request.session.session_key
    rows = [
        Shown(
            handle=row.handle,
            device=device(row.agent),
            address=row.address or "",
            means=_(_MEANS[row.means]) if row.means in _MEANS else "",
            started=row.started,
            seen=row.seen,
            locked=row.locked is not None,
            here=row.session_key == key,
        )
        for row in sessions.of(_person(request))
    ]
    return render(request, "account/sessions.html", {"rows": sorted(rows, key=lambda row: not row.here)})


@require_POST
@login_required
def end(request: HttpRequest) -> HttpResponse:
    """End one of her sessions (``handle``) or, without one, all others than this."""
    account, key = _person(request), request.session.session_key
    handle = request.POST.get("handle", "")
    if handle:
        ended = sessions.of(account).filter(handle=_uuid(handle)).exclude(session_key=key).delete()[0]
    else:
        ended = sessions.end_all(account, but=key)
    if ended:
        messages.success(request, ngettext("%(num)s session was ended.", "%(num)s sessions were ended.", ended) % {"num": ended})
    else:
        messages.info(request, _("No other session was open."))
    return HttpResponseRedirect(reverse("account_sessions"))


def sign_out(request: HttpRequest) -> HttpResponseBase:
    """allauth's, and then at Pro Santé Connect, where she would else stay signed in for the next person at this workstation.

    The browser is sent there by the page: a form may not lead to another site (the page's content policy).
    """
    end_address = pro_sante_connect.end_address(request) if request.method == "POST" else ""
    response: HttpResponseBase = account_views.logout(request)
    if not end_address:
        return response
    page = render(request, "account/signed_out.html", {"end": end_address})
    page.headers["Refresh"] = f"0; url={end_address}"
    return page


@login_required
def change_password(request: HttpRequest) -> HttpResponseBase:
    """Allauth's; who signs in by her card or a passkey alone may have no password, and makes none from a session left open."""
    if not _person(request).has_usable_password():
        return render(request, "account/no_password.html")
    response: HttpResponseBase = account_views.password_change(request)
    return response


def device(agent: str) -> str:
    """A browser and its system in words, from its ``User-Agent``; empty when it says neither."""
    browser = next((name for name, pattern in _BROWSERS if re.search(pattern, agent)), "")
    system = next((name for name, pattern in _SYSTEMS if re.search(pattern, agent)), "")
    if browser and system:
        return _("%(browser)s on %(system)s") % {"browser": browser, "system": system}
    return browser or system


def _person(request: HttpRequest) -> Account:
    assert isinstance(request.user, Account)
    return request.user


def _uuid(text: str) -> UUID:
    try:
        return UUID(text)
    except ValueError:
        return UUID(int=0)  # nobody's

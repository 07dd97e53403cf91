"""Who may read the trace, and the trace of that reading."""

from __future__ import annotations

from django.http import HttpRequest
from django.utils.translation import gettext as _

from larrey.access import callers
from larrey.access.models import Account
from larrey.access.roles import Role
from larrey.kit.errors import Forbidden, Invalid, Unauthenticated
from larrey.store.caller import Caller


def signed_in(request: HttpRequest) -> tuple[Account, Caller]:
    """Who is asking, or ``Unauthenticated``."""
    if not isinstance(request.user, Account):
        raise Unauthenticated("Sign in first.")
    return request.user, callers.for_user(request.user)


def officer(request: HttpRequest) -> tuple[Account, Caller]:
    """The security officer who is asking; ``Forbidden`` for everyone else."""
    account, caller = signed_in(request)
    if caller.role != Role.SECURITY_OFFICER:
        raise Forbidden("The trace is read by the security officer.", reason=_("The trace is read by the security officer."))
    return account, caller


def patient(request: HttpRequest) -> tuple[Account, Caller]:
    """The patient who is asking for her own list; ``Forbidden`` for everyone else, who stands for a patient included."""
    account, caller = signed_in(request)
    if caller.role != Role.PATIENT or not account.patient or account.representative:
        reason = _("This page is for patients, each for her own record.")
        raise Forbidden("This page is for patients, each for her own record.", reason=reason)
    return account, caller


def address_of(request: HttpRequest) -> str | None:
    """The client's address, as the server saw it."""
    return request.META.get("REMOTE_ADDR")


def place(request: HttpRequest, name: str = "before") -> int | None:
    """A place in a list, from the address. Raises ``Invalid``."""
    text = request.GET.get(name)
    if text is None:
        return None
    if not (text.isascii() and text.isdigit() and len(text) < 19):
        raise Invalid("This is not a place in the list.")
    return int(text)


def more(request: HttpRequest, name: str, value: object) -> str:
    """The address of the next page: this one's, with another place; empty when there is none."""
    if value is None:
        return ""
    query = request.GET.copy()
    query[name] = str(value)
    return f"{request.path}?{query.urlencode()}"

"""Errors as pages: what happened, why, what to do next. For people; machines have their OperationOutcome."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from django.contrib.auth.views import redirect_to_login
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from larrey.kit.errors import Forbidden, LarreyError, Unauthenticated

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Words:
    """The title of an error page and what one can do about it, before translation."""

    title: str
    advice: str


_NOT_FOUND = Words(
    gettext_noop("Not found"),
    gettext_noop("There is nothing at this address. It may have been mistyped, or the item was never recorded."),
)
_INVALID = Words(
    gettext_noop("This request was not understood"), gettext_noop("Check what was typed, or start again from search.")
)
_FAULT = Words(
    gettext_noop("Something went wrong"),
    gettext_noop("The fault is ours and has been logged. Nothing was changed. Try again in a moment."),
)
WORDS = {
    "not-found": _NOT_FOUND,
    "gone": Words(gettext_noop("Deleted"), gettext_noop("This item was deleted; its history is kept.")),
    "forbidden": Words(
        gettext_noop("You have no access to this"),
        gettext_noop("It exists, but your role does not open it. If your work needs it, ask the administrator."),
    ),
    "invalid": _INVALID,
    "unsupported": _INVALID,
    "unprocessable": _INVALID,
    "unavailable": Words(
        gettext_noop("The record does not answer"), gettext_noop("It is being looked at. Try again in a moment.")
    ),
    "too-costly": Words(gettext_noop("This search is too wide"), gettext_noop("Add a name, a first name or a date of birth.")),
}


class Refused(Forbidden):
    """A refusal with a page of its own: a template and its context, because there is something that one can do."""

    def __init__(self, message: str, *, template: str, context: dict[str, Any], status: int = 403, **details: Any) -> None:
        super().__init__(message, **details)
        self.template, self.context, self.status = template, context, status


def page(request: HttpRequest, error: LarreyError) -> HttpResponse:
    """The page for ``error``. The sentence of an error of ours is told; that of a fault only logged."""
    if isinstance(error, Unauthenticated):
        return _sign_in(request)
    if isinstance(error, Refused):
        return render(request, error.template, error.context, status=error.status)
    if error.http_status >= 500:
        log.error("fault on a page", exc_info=error)
    words = WORDS.get(error.category, _FAULT if error.http_status >= 500 else _INVALID)
    return _render(request, words, error.http_status, reason=str(error.details.get("reason", "")))


def _sign_in(request: HttpRequest) -> HttpResponse:
    """To sign in and back. A part of a page asked by htmx sends the whole page there."""
    if "HX-Request" not in request.headers:
        return redirect_to_login(request.get_full_path())
    current = urlsplit(request.headers.get("HX-Current-URL", "/"))
    page_path = current.path + (f"?{current.query}" if current.query else "")
    return HttpResponse(status=401, headers={"HX-Redirect": redirect_to_login(page_path).url})


def bad_request(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:  # noqa: ARG001  Django's signature
    """Django's 400."""
    return _render(request, _INVALID, 400)


def forbidden(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:  # noqa: ARG001  Django's signature
    """Django's 403."""
    return _render(request, WORDS["forbidden"], 403)


def not_found(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:  # noqa: ARG001  Django's signature
    """Django's 404."""
    return _render(request, _NOT_FOUND, 404)


def too_many(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:  # noqa: ARG001  Django's signature
    """The 429 of allauth: too many sign-ins from one address within a minute."""
    words = Words(gettext_noop("Too many attempts"), gettext_noop("Wait a minute, then try again."))
    return _render(request, words, 429)


def fault(request: HttpRequest) -> HttpResponse:
    """Django's 500."""
    return _render(request, _FAULT, 500)


def stale_form(request: HttpRequest, reason: str = "") -> HttpResponse:  # noqa: ARG001  Django's signature
    """A form without its proof of origin: a page kept open for too long, or cookies refused."""
    words = Words(_("This page had expired"), _("Go back, reload the page and send the form again."))
    return _render(request, words, 403)


def _render(request: HttpRequest, words: Words, status: int, reason: str = "") -> HttpResponse:
    context: dict[str, Any] = {"title": _(words.title), "advice": _(words.advice), "reason": reason, "status": status}
    return render(request, "ui/error.html", context, status=status)

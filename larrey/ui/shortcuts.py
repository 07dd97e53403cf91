"""The keyboard shortcuts as a page, for who has no JavaScript or wants to print them; elsewhere ``?`` shows the same list."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe


@require_safe
def shortcuts(request: HttpRequest) -> HttpResponse:
    """The list; it tells nothing about anyone, so that a stranger may read it."""
    return render(request, "ui/shortcuts.html")

"""What a parameter of OAuth 2 may hold at all (RFC 6749, appendix A), before anything else reads it."""

from __future__ import annotations

from django.http import HttpRequest

LONGEST = 16_000
_QUOTED = ("response_type", "grant_type", "redirect_uri", "client_id", "scope")
"""What comes back in the descriptions of errors, which hold neither quotes nor backslashes (5.2)."""


def odd(request: HttpRequest, *, own: tuple[str, ...] = ()) -> str | None:
    """The name of a parameter that is no printable ASCII or is too long; ``own`` are the page's. None when all are well."""
    for sent in (request.GET, request.POST):
        for name, values in sent.lists():
            if name in own:
                continue
            for value in values:
                plain = isinstance(value, str) and value.isascii() and value.isprintable() and len(value) <= LONGEST
                if not plain or (name in _QUOTED and ('"' in value or "\\" in value)):
                    return name if name.isascii() and name.isprintable() else "?"
    return None

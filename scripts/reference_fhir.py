"""The reference pages about the API: what is supported, and in which file each address is answered."""

from __future__ import annotations

import os
from collections.abc import Iterator
from typing import Any

from larrey.fhir.definitions import resource_types, search_parameters
from larrey.fhir.extraction import NOT_COMPILED
from larrey.rest import routing

OWN = "urn:larrey:"
_ADDRESSES = (
    ("[base]", routing.SYSTEM),
    ("[base]/[type]", {"": routing.TYPE}),
    ("[base]/[type]", routing.TYPE_BELOW),
    ("[base]/[type]/[id]", {"": routing.INSTANCE}),
    ("[base]/[type]/[id]", routing.INSTANCE_BELOW),
    ("[base]/[type]/[id]/_history/[version]", {"": routing.VERSION}),
    ("[base]/[compartment]/[id]/[type]", {"": routing.COMPARTMENT}),
    ("[base]/[compartment]/[id]/[type]", {"_search": routing.COMPARTMENT_SEARCH}),
    ("[base]/Binary", {"": routing.BINARY_TYPE}),
    ("[base]/Binary/[id]", {"": routing.BINARY_INSTANCE}),
)


def fhir_page() -> str:
    """docs/reference/fhir.md: search parameters by type, ours, and those that are not offered."""
    own = [p for type_ in resource_types() for p in search_parameters(type_).values() if p.url.startswith(OWN)]
    lines = [
        "# FHIR support",
        "",
        "FHIR R4 (4.0.1), JSON. What the server itself says is at `/fhir/metadata`; this page says the same for reading.",
        "",
        "## Parameters of every type",
        "",
        ", ".join(f"`{code}`" for code, p in sorted(search_parameters("Resource").items()) if p.url not in NOT_COMPILED),
        "",
        "## Parameters of our own",
        "",
        *(f"- `{p.base}?{p.code}`: {p.description}" for p in sorted(own, key=lambda p: (p.base, p.code))),
        "",
        "## Parameters that are not offered",
        "",
        "They are refused by name.",
        "",
        *(f"- `{url.rpartition('/')[2]}`: {reason}" for url, reason in sorted(NOT_COMPILED.items())),
        "",
        "## Parameters by type",
        "",
    ]
    common = set(search_parameters("Resource"))
    for type_ in sorted(resource_types()):
        offered = [c for c, p in sorted(search_parameters(type_).items()) if c not in common and p.url not in NOT_COMPILED]
        lines.append(f"- **{type_}**: {', '.join(offered) or 'only those of every type'}")
    return "\n".join(lines) + "\n"


def places_page() -> str:
    """docs/reference/places.md: address → function and file, of the API and of the pages."""
    lines = [
        "# Which file answers",
        "",
        "## FHIR API",
        "",
        "| address | method | interaction | function |",
        "| --- | --- | --- | --- |",
        *_api(),
        "",
        "## Pages",
        "",
        "| address | name | function |",
        "| --- | --- | --- |",
        *_pages(),
    ]
    return "\n".join(lines) + "\n"


def _api() -> Iterator[str]:
    operations: list[tuple[str, Any]] = [
        (f"[base]/{type_}/{name}", methods) for (type_, name), methods in sorted(routing.TYPE_OPERATIONS.items())
    ]
    operations += [
        (f"[base]/{type_}/[id]/{name}", methods) for (type_, name), methods in sorted(routing.INSTANCE_OPERATIONS.items())
    ]
    for base, below in _ADDRESSES:
        operations += [(f"{base}/{name}" if name else base, methods) for name, methods in below.items()]
    for address, methods in sorted(operations, key=lambda each: each[0]):
        for method, (name, function, *_) in methods.items():
            yield f"| `{address}` | {method} | {name} | {_where(function)} |"


def _pages() -> Iterator[str]:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "larrey.site.django_settings")
    os.environ.setdefault("LARREY_SECRET_KEY", "for-the-reference-pages-only-it-protects-nothing")
    import django  # noqa: PLC0415  needs the two variables above
    from django.urls import URLPattern, URLResolver, get_resolver  # noqa: PLC0415  needs Django loaded

    django.setup()

    def walk(patterns: list[Any], prefix: str) -> Iterator[str]:
        for pattern in patterns:
            address = prefix + str(pattern.pattern)
            if isinstance(pattern, URLResolver):
                yield from walk(pattern.url_patterns, address)
            elif isinstance(pattern, URLPattern) and (pattern.callback.__module__ or "").startswith("larrey."):
                yield f"| `{address}` | {pattern.name or ''} | {_where(pattern.callback)} |"

    yield from walk(get_resolver().url_patterns, "/")


def _where(function: Any) -> str:
    function = getattr(function, "__wrapped__", function)
    return f"`{function.__name__}` in `{function.__module__.replace('.', '/')}.py`"

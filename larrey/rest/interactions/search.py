"""search by type, over the system and in a compartment, by GET and by POST: http://hl7.org/fhir/R4/http.html#search."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace

from larrey.fhir.subsetting import subset
from larrey.kit import json
from larrey.kit.errors import LarreyError, NotFound
from larrey.rest import bundles
from larrey.rest.outcome import outcome
from larrey.rest.request import Pairs, Request
from larrey.rest.response import Response
from larrey.rest.session import Session
from larrey.store.search import Page
from larrey.store.search import search as store_search
from larrey.store.search.running import COMPARTMENTS
from larrey.store.stored import Stored


def search_type(request: Request, session: Session) -> Response:
    """GET [type]?…"""
    return _search(request, session, request.segments[0], request.pairs)


def search_type_posted(request: Request, session: Session) -> Response:
    """POST [type]/_search with a form; parameters of the address count too."""
    return _search(request, session, request.segments[0], _posted(request))


def search_system(request: Request, session: Session) -> Response:
    """GET [base]?_type=…"""
    return _search(request, session, None, request.pairs)


def search_system_posted(request: Request, session: Session) -> Response:
    """POST [base]/_search with a form."""
    return _search(request, session, None, _posted(request))


def search_compartment(request: Request, session: Session) -> Response:
    """GET [compartment]/[id]/[type], or ``*`` for every type of the compartment."""
    return _in_compartment(request, session, request.pairs)


def search_compartment_posted(request: Request, session: Session) -> Response:
    """POST [compartment]/[id]/[type]/_search with a form."""
    return _in_compartment(request, session, _posted(request))


def _posted(request: Request) -> Pairs:
    request.pairs = request.form()
    return request.pairs


def _in_compartment(request: Request, session: Session, pairs: Pairs) -> Response:
    name, id_, type_ = request.segments[:3]
    if name not in COMPARTMENTS:
        raise NotFound(f"There is no compartment of {name}; there is one of each {', '.join(COMPARTMENTS)}.")
    return _search(request, session, None if type_ == "*" else type_, pairs, (name, id_))


def _search(
    request: Request, session: Session, type_: str | None, pairs: Pairs, compartment: tuple[str, str] | None = None
) -> Response:
    with places():
        page = store_search(
            session.cursor,
            request.caller,
            type_,
            pairs,
            limits=session.settings.search,
            lenient=request.prefer.lenient,
            compartment=compartment,
        )
    path = "/".join(filter(None, (*(compartment or ()), type_ or ("*" if compartment else ""))))
    return searchset(request, page, path)


@contextmanager
def places() -> Iterator[None]:
    """Name the parameters in the errors of the search grammar as FHIR does: ``http.`` and the name."""
    try:
        yield
    except LarreyError as error:
        error.issues = tuple(
            replace(issue, expression=f"http.{issue.expression}") if issue.expression else issue for issue in error.issues
        )
        raise


def searchset(request: Request, page: Page, path: str, more: Pairs | None = None) -> Response:
    """The Bundle for a page of results; ``path`` is where it was asked, with ``more`` parameters, for the links."""
    applied = [*page.query.applied, *(more or ())]
    links = [("self", bundles.link(request, path, applied))]
    for relation, cursor in (("next", page.next), ("previous", page.previous)):
        if cursor is not None:
            pairs = [pair for pair in applied if pair[0] != "_cursor"]
            links.append((relation, bundles.link(request, path, [*pairs, ("_cursor", cursor)])))
    base = request.base().encode()
    entries = [bundles.found(base, stored, _shown(page, stored), b"match") for stored in page.matches]
    entries += [bundles.found(base, stored, _shown(page, stored), b"include") for stored in page.included]
    if page.warnings:
        entries.append(json.dumps({"resource": outcome(page.warnings), "search": {"mode": "outcome"}}))
    return bundles.bundle(request, "searchset", entries, links=links, shown=[*page.matches, *page.included], total=page.total)


def _shown(page: Page, stored: Stored) -> bytes:
    summary, elements = page.query.summary, page.query.elements
    if not elements and summary in (None, "false", "count"):
        return stored.body
    return json.dumps(subset(json.loads(stored.body), summary=summary, elements=elements))

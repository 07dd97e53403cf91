"""Transaction bundles: everything or nothing, in FHIR's processing order.

Source: http://hl7.org/fhir/R4/http.html#transaction and #trules.
"""

from __future__ import annotations

from base64 import b64decode
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from urllib.parse import parse_qsl

import msgspec
from psycopg import Cursor

from larrey.fhir.definitions import resource_types
from larrey.fhir.patch import fhirpath_patch, json_patch
from larrey.fhir.references import references, rewrite, settle
from larrey.kit import json
from larrey.kit.clock import instant
from larrey.kit.errors import Gone, Invalid, Issue, LarreyError, NotFound, TooLarge, Unprocessable, Unsupported
from larrey.kit.ids import new_id
from larrey.store.caller import Caller
from larrey.store.rules import STRICT, Rules
from larrey.store.search import matching
from larrey.store.stored import Written
from larrey.store.write import batch, locks, operations
from larrey.store.write.integrity import check_referrers, check_targets
from larrey.store.write.permission import check_current, check_written
from larrey.store.write.prepare import Prepared, checked_id, checked_type, moment, prepare

Fetch = Callable[[Cursor[Any], Caller, str], dict[str, Any]]
"""Answers a GET entry: ``fetch(cursor, caller, url)`` gives the response entry (``resource``, ``response``)."""

_ORDER = {"DELETE": 0, "POST": 1, "PUT": 2, "PATCH": 2, "GET": 3, "HEAD": 3}


@dataclass(slots=True)
class Entry:
    """One entry of the bundle on its way."""

    number: int
    method: str
    url: str
    type: str
    id: str | None = None
    criteria: str | None = None
    if_match: int | None = None
    full_url: str | None = None
    resource: dict[str, Any] | None = None
    literals: set[tuple[str, str]] | None = None  # of the resource, once its references are settled
    here: locks.Current = locks.NEVER
    result: Written | None = None
    answer: dict[str, Any] | None = None

    @property
    def place(self) -> str:
        """Where the entry's resource stands, as a FHIRPath."""
        return f"Bundle.entry[{self.number}].resource"


@dataclass(slots=True)
class _Work:
    cursor: Cursor[Any]
    caller: Caller
    rules: Rules
    entries: list[Entry]
    updated: datetime
    names: dict[str, str] = field(default_factory=dict)  # fullUrl → "Type/id"
    signers: Sequence[str] = ()


def process(
    cursor: Cursor[Any],
    caller: Caller,
    bundle: dict[str, Any],
    *,
    rules: Rules = STRICT,
    fetch: Fetch | None = None,
    representation: bool = False,
    consume: bool = False,
    signers: Sequence[str] = (),
) -> dict[str, Any]:
    """Carry out a transaction bundle inside the caller's database transaction; return the transaction-response.

    With ``representation`` the response entries carry the written resources (as ``msgspec.Raw``). ``fetch`` answers
    GET entries; without it they are refused. Any error is raised with its place in the bundle, and then the database
    transaction must be rolled back. References are rewritten in a copy, so that the same bundle can be tried again;
    ``consume`` allows to alter the bundle itself. ``signers``, one for each entry, are who wrote the resources, where
    what others wrote is brought in; only for a caller who may do everything.
    """
    if signers:
        caller.demand("u", "*")
    entries = parse(bundle if consume else json.loads(json.dumps(bundle)), rules)
    work = _Work(cursor, caller, rules, entries, moment(), signers=signers)
    locks.advisory(
        cursor, [locks.criteria_key(e.type, e.criteria) for e in entries if e.criteria is not None and e.method != "GET"]
    )
    _delete(work)
    _name(work)
    _refuse_repeats(entries)
    _resolve(work)
    _write(work)
    check_referrers(cursor, caller, [(e.type, e.id) for e in entries if e.method == "DELETE" and e.id is not None])
    for entry in entries:
        if entry.method in ("GET", "HEAD"):
            if fetch is None:
                raise Unsupported("GET entries are not offered here.", expression=f"Bundle.entry[{entry.number}].request")
            with _placed(entry):
                entry.answer = fetch(cursor, caller, entry.url)
    return {
        "resourceType": "Bundle",
        "type": "transaction-response",
        "entry": [entry.answer or response(entry.result, representation=representation) for entry in entries],
    }


def parse(bundle: dict[str, Any], rules: Rules) -> list[Entry]:
    """The entries of a transaction or batch bundle, each request checked. Raises ``Invalid`` naming the entry."""
    raw = bundle.get("entry", [])
    if not isinstance(raw, list):
        raise Invalid("Bundle.entry must be an array.", expression="Bundle.entry")
    if len(raw) > rules.entries:
        raise TooLarge(f"The bundle has {len(raw)} entries; this server takes {rules.entries}.", expression="Bundle.entry")
    return [parse_entry(number, entry) for number, entry in enumerate(raw)]


def parse_entry(number: int, raw: Any) -> Entry:
    """Entry ``number`` of a bundle. Raises ``Invalid`` naming what is wrong with its request."""
    at = f"Bundle.entry[{number}]"
    if not isinstance(raw, dict):
        raise Invalid("An entry must be a JSON object.", expression=at)
    request = raw.get("request")
    if not isinstance(request, dict):
        raise Invalid("Each entry needs a request.", expression=f"{at}.request")
    method, url = request.get("method"), request.get("url")
    if not isinstance(method, str) or method not in _ORDER:
        raise Invalid(f"{method!r} is not a method of a bundle entry.", expression=f"{at}.request.method")
    if not isinstance(url, str) or not url:
        raise Invalid("Each entry's request needs a url.", expression=f"{at}.request.url")
    full_url = raw.get("fullUrl")
    if full_url is not None and not isinstance(full_url, str):
        raise Invalid("fullUrl must be a string.", expression=f"{at}.fullUrl")
    if method in ("GET", "HEAD"):
        return Entry(number, method, url, "", full_url=full_url)
    path, _, query = url.lstrip("/").partition("?")
    type_, _, id_ = path.rstrip("/").partition("/")
    if type_ not in resource_types():
        raise Invalid(f"{url!r} does not begin with a resource type of FHIR R4.", expression=f"{at}.request.url")
    entry = Entry(number, method, url, type_, full_url=full_url)
    if id_:
        entry.id = checked_id(id_, type_)
    elif query:
        entry.criteria = query
    entry.if_match = _etag(request.get("ifMatch"), at)
    if method == "POST":
        if entry.id or entry.criteria:
            raise Invalid(f"A POST goes to the type, not to {url!r}.", expression=f"{at}.request.url")
        criteria = request.get("ifNoneExist")
        if criteria is not None:
            if not isinstance(criteria, str) or not criteria:
                raise Invalid("ifNoneExist must be search criteria.", expression=f"{at}.request.ifNoneExist")
            entry.criteria = criteria.lstrip("?")
    elif entry.id is None and entry.criteria is None:
        raise Invalid(f"A {method} needs an id or criteria, not {url!r}.", expression=f"{at}.request.url")
    if method != "DELETE":
        resource = raw.get("resource")
        if not isinstance(resource, dict):
            raise Invalid(f"A {method} entry needs a resource.", expression=f"{at}.resource")
        if method != "PATCH":
            try:
                actual = checked_type(resource)
            except Invalid as error:
                raise Invalid(error.message, expression=f"{at}.resource.resourceType") from None
            if actual != type_:
                raise Invalid(f"The url names {type_}, the resource is {actual}.", expression=f"{at}.resource.resourceType")
        if method == "PUT" and entry.id is not None and resource.get("id") != entry.id:
            raise Invalid(f"The url names id {entry.id}, the resource has another.", expression=f"{at}.resource.id")
        entry.resource = resource
    return entry


def _etag(text: Any, at: str) -> int | None:
    if text is None:
        return None
    number = text.removeprefix("W/").strip('"') if isinstance(text, str) else ""
    if not (number.isascii() and number.isdigit() and len(number) < 10):
        raise Invalid(f'{text!r} is not a version tag; write it as W/"3".', expression=f"{at}.request.ifMatch")
    return int(number)


@contextmanager
def _placed(entry: Entry) -> Iterator[None]:
    """Name the entry as the place of an error raised inside, unless it names a finer one."""
    try:
        yield
    except LarreyError as error:
        if not error.issues[0].expression.startswith("Bundle."):
            at = f"Bundle.entry[{entry.number}]"
            error.issues = tuple(Issue(i.code, i.diagnostics, at, i.severity) for i in error.issues)
        raise


def _delete(work: _Work) -> None:
    for entry in work.entries:
        if entry.method != "DELETE":
            continue
        with _placed(entry):
            if entry.id is not None:
                entry.result = operations.delete(
                    work.cursor, work.caller, entry.type, entry.id, if_match=entry.if_match, check=False
                )
            else:
                assert entry.criteria is not None  # parse_entry has required one of the two
                found = operations.delete_where(work.cursor, work.caller, entry.type, entry.criteria, check=False)
                if found:
                    entry.id, entry.result = found[0].id, found[0]


def _name(work: _Work) -> None:
    """Give every written entry its id, so that the references between entries can be rewritten."""
    targets: list[Entry] = []
    for entry in work.entries:
        if entry.method not in ("POST", "PUT", "PATCH"):
            continue
        with _placed(entry):
            if entry.method == "POST":
                work.caller.demand("c", entry.type)
            if entry.criteria is not None:
                found = operations.one_match(work.cursor, work.caller, entry.type, entry.criteria)
                if found is not None and entry.method == "POST":
                    entry.id = found.id
                    entry.result = Written(found.type, found.id, found.version, found.updated, "found", found)
                elif found is not None:
                    given = (entry.resource or {}).get("id") if entry.method == "PUT" else None
                    if given is not None and given != found.id:
                        raise Invalid(f"The criteria match {entry.type}/{found.id}, but the resource has id {given}.")
                    entry.id = found.id
                elif entry.method == "PATCH":
                    raise NotFound(f"No {entry.type} matches {entry.criteria}.")
                elif entry.method == "PUT" and entry.resource and entry.resource.get("id") is not None:
                    entry.id = checked_id(entry.resource["id"], entry.type)
            if entry.id is None:
                entry.id = new_id()
            elif entry.result is None:
                targets.append(entry)
            if entry.full_url:
                if entry.full_url in work.names and entry.method != "PATCH":
                    raise Invalid(f"Two entries have the fullUrl {entry.full_url}.")
                work.names[entry.full_url] = f"{entry.type}/{entry.id}"
    standing = locks.currents(work.cursor, [(entry.type, entry.id) for entry in targets if entry.id is not None])
    for entry in targets:
        with _placed(entry):
            assert entry.id is not None  # targets have one
            entry.here = standing[entry.type, entry.id]
            work.caller.demand("c" if entry.here.rid is None and work.caller.sight.everyone else "u", entry.type)
            check_current(work.cursor, work.caller, "u", {(entry.type, entry.id): entry.here})
            operations.check_version(entry.type, entry.id, entry.here, entry.if_match)


def _refuse_repeats(entries: list[Entry]) -> None:
    seen: dict[tuple[str, str], int] = {}
    for entry in entries:
        if entry.method in ("GET", "HEAD") or entry.id is None:
            continue
        if entry.result is not None and entry.result.outcome == "found":
            continue
        first = seen.setdefault((entry.type, entry.id), entry.number)
        if first != entry.number:
            raise Invalid(
                f"Entries {first} and {entry.number} both change {entry.type}/{entry.id}.",
                expression=f"Bundle.entry[{entry.number}]",
            )


def _resolve(work: _Work) -> None:
    """Replace ``urn:uuid:…`` and other fullUrls, and conditional references, by literal ones."""
    resolved: dict[str, str] = {}
    for entry in work.entries:
        if entry.resource is None or entry.method == "PATCH" or entry.result is not None:
            continue
        settled = settle(entry.resource, work.names)
        if settled.elsewhere:
            rewrite(entry.resource, work.names.get)
        if not settled.undecided:
            entry.literals = settled.literals
            continue
        for expression, reference in references(entry.resource):
            target = reference["reference"]
            at = f"{entry.place}.{expression.partition('.')[2]}.reference"
            if target.startswith(("urn:uuid:", "urn:oid:")):
                raise Unprocessable(f"No entry has the fullUrl {target}.", expression=at)
            type_, question, criteria = target.partition("?")
            if not question or "/" in type_ or ":" in type_:
                continue
            if target not in resolved:
                resolved[target] = _conditional_reference(work, type_, criteria, at)
            reference["reference"] = resolved[target]


def _conditional_reference(work: _Work, type_: str, criteria: str, at: str) -> str:
    if type_ not in resource_types():
        raise Invalid(f"{type_!r} is not a resource type of FHIR R4.", expression=at)
    inside = _identified_inside(work.entries, type_, criteria)
    found = {f"{type_}/{s.id}" for s in matching(work.cursor, work.caller, type_, criteria, limit=2)} | inside
    if len(found) != 1:
        problem = "Nothing matches" if not found else "Several resources match"
        raise Unprocessable(
            f"{problem} the conditional reference {type_}?{criteria}.",
            expression=at,
            issues=(Issue("not-found" if not found else "multiple-matches", f"{problem} {type_}?{criteria}.", at),),
        )
    return found.pop()


def _identified_inside(entries: list[Entry], type_: str, criteria: str) -> set[str]:
    """Resources of the bundle itself that carry the identifier asked for; other criteria look at the record only."""
    pairs = parse_qsl(criteria)
    if len(pairs) != 1 or pairs[0][0] != "identifier" or "," in pairs[0][1]:
        return set()
    value = pairs[0][1]
    system, bar, code = value.rpartition("|")
    return {
        f"{type_}/{entry.id}"
        for entry in entries
        if entry.type == type_ and entry.resource is not None and entry.method in ("POST", "PUT")
        for identifier in _identifiers(entry.resource)
        if identifier.get("value") == code and (not bar or identifier.get("system", "") == system)
    }


def _identifiers(resource: dict[str, Any]) -> Iterator[dict[str, Any]]:
    found = resource.get("identifier")
    for identifier in found if isinstance(found, list) else [found]:
        if isinstance(identifier, dict):
            yield identifier


def _write(work: _Work) -> None:
    versions: list[Prepared] = []
    places: list[str] = []
    writing: list[Entry] = []
    for entry in sorted(work.entries, key=lambda e: _ORDER[e.method]):
        if entry.result is not None or entry.resource is None or entry.id is None:
            continue
        resource = entry.resource
        if entry.method == "PATCH":
            with _placed(entry):
                operations.refuse_binary(entry.type)
                resource = _patched(entry)
        here = entry.here
        updated = max(work.updated, here.updated) if here.updated else work.updated
        prepared = prepare(resource, entry.id, here.version + 1, updated, work.rules, place=entry.place, literals=entry.literals)
        prepared.rid = here.rid
        prepared.actor = work.signers[entry.number] if work.signers else work.caller.actor
        versions.append(prepared)
        places.append(entry.place)
        writing.append(entry)
    if work.rules.references == "refuse":
        check_targets(work.cursor, work.caller, versions, places)
    check_written(work.cursor, work.caller, versions)
    kinds = ["created" if prepared.rid is None else "updated" for prepared in versions]
    batch.write(work.cursor, versions)
    for entry, prepared, kind in zip(writing, versions, kinds, strict=True):
        entry.result = operations.outcome(prepared, kind)


def _patched(entry: Entry) -> dict[str, Any]:
    if entry.here.body is None:
        raise (NotFound if entry.here.version == 0 else Gone)(f"{entry.type}/{entry.id} is not in the record.")
    current, change = json.loads(entry.here.body), entry.resource
    assert change is not None  # parse_entry has required it
    if change.get("resourceType") == "Parameters":
        return fhirpath_patch(current, change)
    if change.get("resourceType") == "Binary" and change.get("contentType") == "application/json-patch+json":
        try:
            decoded = b64decode(str(change.get("data")), validate=True)
        except ValueError:
            raise Invalid("Binary.data is not base64.") from None
        return json_patch(current, json.loads(decoded))
    raise Invalid("A PATCH entry carries Parameters, or a Binary with a JSON Patch.")


def response(result: Written | None, *, representation: bool) -> dict[str, Any]:
    """The response entry for a write; None is a conditional delete that matched nothing."""
    if result is None:
        return {"response": {"status": "204 No Content"}}
    status = {"created": "201 Created", "updated": "200 OK", "found": "200 OK", "deleted": "204 No Content"}[result.outcome]
    answer: dict[str, Any] = {"status": status}
    if result.outcome != "deleted":
        answer["location"] = f"{result.type}/{result.id}/_history/{result.version}"
    answer["etag"] = f'W/"{result.version}"'
    answer["lastModified"] = instant(result.updated)
    entry: dict[str, Any] = {"response": answer}
    if representation and result.stored is not None:
        entry = {"resource": msgspec.Raw(result.stored.body), **entry}
    return entry

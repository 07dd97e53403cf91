"""From what a client sent to what is written: id, version and time stamped, structure checked, index computed."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

from larrey.fhir.definitions import resource_types
from larrey.fhir.references import attached, literal
from larrey.fhir.validation import validate
from larrey.kit import json
from larrey.kit.clock import instant, now
from larrey.kit.errors import Invalid, Issue, TooLarge, Unprocessable
from larrey.kit.ids import is_resource_id
from larrey.store import binary
from larrey.store.index import Indexed, index
from larrey.store.keys import resource_key
from larrey.store.rules import Rules

Method = Literal["C", "U", "D"]


@dataclass(slots=True)
class Prepared:
    """One version ready to be written. ``rid`` is None until the batch gives one to a first version.

    ``content``: what the ``data`` of a Binary holds; it is kept as a blob and not in ``body``. ``actor``: who signs it.
    """

    type: str
    id: str
    key: int
    version: int
    method: Method
    updated: datetime
    body: bytes
    indexed: Indexed
    literals: set[tuple[str, str]]
    rid: int | None = None
    content: bytes | None = None
    actor: str = ""


def moment(after: datetime | None = None) -> datetime:
    """The instant to stamp: now to the millisecond, never before ``after`` (the previous version's)."""
    present = now()
    present = present.replace(microsecond=present.microsecond // 1000 * 1000)
    return present if after is None or present > after else after


def checked_type(resource: Any) -> str:
    """The resource's type. Raises ``Invalid`` when ``resource`` is not a JSON object of a known resource type."""
    if not isinstance(resource, dict):
        raise Invalid("A resource must be a JSON object.")
    type_ = resource.get("resourceType")
    if not isinstance(type_, str) or type_ not in resource_types():
        raise Invalid(f"{type_!r} is not a resource type of FHIR R4.", expression="resourceType")
    return type_


def checked_id(id_: Any, type_: str) -> str:
    """``id_`` when it may be a logical id; raises ``Invalid`` otherwise."""
    if not isinstance(id_, str) or not is_resource_id(id_):
        raise Invalid(
            "An id is 1 to 64 characters out of A-Z, a-z, 0-9, '-' and '.'.",
            expression=f"{type_}.id",
        )
    return id_


def stamp(resource: dict[str, Any], id_: str, version: int, updated: datetime) -> dict[str, Any]:
    """A shallow copy of ``resource`` with ``id``, ``meta.versionId`` and ``meta.lastUpdated`` set."""
    meta = resource.get("meta")
    if meta is not None and not isinstance(meta, dict):
        raise Invalid("meta must be a JSON object.", expression=f"{resource['resourceType']}.meta")
    stamped = {"resourceType": resource["resourceType"], "id": id_, "meta": None} | resource
    stamped["id"] = id_
    stamped["meta"] = {**(meta or {}), "versionId": str(version), "lastUpdated": instant(updated)}
    return stamped


def prepare(
    resource: dict[str, Any],
    id_: str,
    version: int,
    updated: datetime,
    rules: Rules,
    *,
    place: str = "",
    literals: set[tuple[str, str]] | None = None,
) -> Prepared:
    """Stamp, validate and index ``resource``.

    ``literals`` are its literal local references when the caller has walked it already (``references.literal``).
    ``place`` is where it stands in a larger input (``Bundle.entry[3].resource``), for the errors' expressions.
    Raises ``Unprocessable`` with every structural fault, ``TooLarge`` for one that would swamp the indexes.
    """
    type_ = checked_type(resource)
    stamped = stamp(resource, id_, version, updated)
    body = json.dumps(stamped)
    if rules.validate:
        issues = validate(stamped)
        if issues:
            raise refusal(type_, issues, place)
    content = None
    if type_ == "Binary" and "data" in stamped:
        content = binary.decoded(stamped.pop("data"), f"{place or type_}.data")
        body = json.dumps(stamped)
    if literals is None:
        literals = literal(stamped)
    # Few hold one, and looking for the letters costs less than walking.
    held = attached(stamped) if b"Binary/" in body else ()
    indexed = index(stamped, type_, id_, literals, held)
    size = sum(map(len, (indexed.tokens, indexed.strings, indexed.dates, indexed.numbers, indexed.care)))
    if size > rules.keys:
        raise TooLarge(f"The {type_} would be found by {size} values; this server takes {rules.keys}.", expression=place or type_)
    return Prepared(
        type_,
        id_,
        resource_key(type_, id_),
        version,
        "C" if version == 1 else "U",
        updated,
        body,
        indexed,
        literals,
        content=content,
    )


def refusal(type_: str, issues: Iterable[Issue], place: str) -> Unprocessable:
    """The error for a resource whose structure is wrong; expressions are moved to ``place``."""
    placed = tuple(
        Issue(i.code, i.diagnostics, place + i.expression.removeprefix(type_) if place else i.expression, i.severity)
        for i in issues
    )
    first = placed[0]
    more = f" (and {len(placed) - 1} more)" if len(placed) > 1 else ""
    return Unprocessable(f"{first.diagnostics} at {first.expression or type_}{more}", issues=placed)

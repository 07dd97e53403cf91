"""Who may see what of the world, and what is expected of every interaction of the FHIR API and of every page.

The tables are what is decided; they do not ask the code. An interaction or a page that is in none of them fails the tests: say
here what it is, and it is tried with everyone.
"""

from __future__ import annotations

import base64
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from larrey.access.roles import RULES, Role
from larrey.rest import routing
from larrey.rest.routing import Interaction
from tests.access.world import NAMES, WORD, Piece, World, observation
from tests.rest.client import Answer as Reply

# --- who

CARERS = ("doctor", "nurse", "midwife", "pharmacist", "medical-secretary")
"""They see the patients of their units."""
HOUSE = ("admission-desk", "coder")
"""They see the patients of their hospital."""
OUTSIDE = ("researcher", "support-agent", "administrator", "security-officer")
"""They see no patient."""
DOCTORS = ("surgeon", "psychiatrist", "rescuer", "launched")
"""Doctors of the other hospital and of a sensitive unit; one at home who broke the glass of the stranger; an app that one at home
has launched for her own patient."""
PERSONAS = (*CARERS, *HOUSE, "identity-officer", *OUTSIDE, "patient", "parent", *DOCTORS, "machine", "nobody")
"""The thirteen roles; ``parent`` stands for the minor; ``machine`` has a token that may do everything; ``nobody`` has none."""
UNTOLD = frozenset({"patient", "parent", "nobody"})
"""To them, what is not theirs does not exist."""

Answer = Literal["yes", "no", "may"]
"""``may``: the matrix does not decide it; it is no leak and need not be there."""

_OF_UNITS = {"plain": ("own", "opposed", "minor"), "not-yet-told": ("own",), "minors-secret": ("minor",)}
_OF_HOSPITAL = {**_OF_UNITS, "plain": ("own", "opposed", "minor", "colleague"), "with-colleague": ("own",)}
_SECRETS = ("hidden", "not-yet-told", "sensitive", "minors-secret", "elsewhere", "with-colleague", "with-stranger")

SIGHT: Mapping[str, Mapping[str, tuple[str, ...]]] = {
    **dict.fromkeys(CARERS, _OF_UNITS),
    **dict.fromkeys(HOUSE, _OF_HOSPITAL),
    **{persona: {} for persona in OUTSIDE},
    "identity-officer": {},
    "patient": {"plain": ("own",), "patient-only": ("own",), "hidden": ("own",), "sensitive": ("own",)},
    "parent": {"plain": ("minor",)},
    "surgeon": {"plain": ("stranger", "discreet", "opposed"), "not-yet-told": ("stranger",), "elsewhere": ("opposed",)},
    "psychiatrist": {"plain": ("mind",)},
    "rescuer": {
        **_OF_UNITS,
        "plain": (*_OF_UNITS["plain"], "stranger"),
        "not-yet-told": ("own", "stranger"),
        "hidden": ("stranger",),
        "sensitive": ("stranger",),
        "with-stranger": ("own",),
    },
    "launched": {"plain": ("own",), "not-yet-told": ("own",)},
    "machine": dict.fromkeys(("plain", *_SECRETS), NAMES),
    "nobody": {},
}
"""Persona → how secret → whose. What a patient keeps for herself is nobody's but hers."""
_OF_NO_STAY = frozenset({"Patient", "AllergyIntolerance", "Provenance"})
IDENTITIES = frozenset({"identity-officer", "admission-desk"})
"""They see every patient's identity, and no more by that."""


def seen(persona: str, piece: Piece, sort: str = "") -> Answer:
    """Whether ``persona`` sees ``piece`` (``sort``: of a past version), once her role may read its type at all."""
    sort = sort or piece.sort
    if not may(persona, "r", piece.type):
        return "no"
    if persona in IDENTITIES and piece.type == "Patient":
        return "yes"
    if (
        persona in HOUSE
        and piece.type == "Encounter"
        and (piece.owner == "mind" or sort == "sensitive")
        and piece.owner in ("own", "mind")
    ):
        return "may"  # who admits, and who codes, knows of the stay; not of what was done in it
    if persona in HOUSE and piece.owner == "mind" and piece.type in _OF_NO_STAY:
        return "may"  # nothing that tells of the sensitive stay
    if piece.owner not in SIGHT[persona].get(sort, ()):
        return "no"
    if persona == "surgeon" and piece.owner == "opposed" and sort == "plain" and piece.type not in _OF_NO_STAY:
        return "no"  # it belongs to a stay in the other hospital, and she opposes sharing
    return "may" if piece.deleted or (piece.type == "Provenance" and persona != "machine") else "yes"


def writes_for(persona: str, owner: str) -> Answer:
    """Whether ``persona`` may write something new of a patient, once her role may write it at all."""
    if owner == "mind" and persona in HOUSE:
        return "may"
    return "yes" if owner in SIGHT[persona].get("plain", ()) else "no"


def may(persona: str, letter: str, type_: str) -> bool:
    """Whether the role may do ``letter`` on resources of a type: tests/access/test_roles.py says what roles may."""
    if persona in ("machine", "nobody"):
        return persona == "machine"
    role = Role.PATIENT if persona == "parent" else Role.DOCTOR if persona in DOCTORS else Role(persona)
    return letter in RULES[role].rights.get(type_, "")


@dataclass(frozen=True)
class Secrets:
    """What a persona must never meet: words, and references of resources; each with what it tells of."""

    words: Mapping[str, str]
    names: Mapping[str, str]


def secrets(persona: str, world: World) -> Secrets:
    words, names = {}, {}
    for piece in world.pieces:
        if seen(persona, piece) == "no":
            words[piece.word] = f"the word of {piece.reference}"
            names[piece.reference.lower()] = f"the name of {piece.reference}"
        for text, sort in piece.past:
            if seen(persona, piece, sort) == "no":
                words[text] = f"the word of {piece.reference} as it was"
    return Secrets(words, names)


_WORDS = re.compile(rf"{WORD}[a-z0-9]+x")
_NAMES = re.compile(r"[a-z]+/[a-z0-9\-.]+")
_DATA = re.compile(r'"data":"([A-Za-z0-9+/=]+)"')


def leaks(unseen: Secrets, asked: str, told: bytes) -> list[str]:
    """What of ``told`` (headers and body) its reader must not know, unless she said it herself in ``asked``."""
    text = told.decode("utf-8", "replace")
    for data in _DATA.findall(text):
        text += base64.b64decode(data).decode("utf-8", "replace")
    text, mine = text.lower(), asked.lower()
    met = [unseen.words[found] for found in set(_WORDS.findall(text)) & unseen.words.keys() if found not in mine]
    return met + [unseen.names[found] for found in set(_NAMES.findall(text)) & unseen.names.keys() if found not in mine]


def told(answer: Reply) -> bytes:
    return b"\n".join([*(f"{name}: {value}".encode() for name, value in answer.headers.items()), answer.body])


# --- the FHIR API


@dataclass(frozen=True)
class Ask:
    """One request; ``complete``: what the caller sees of ``complete`` (a type) must all be in the answer."""

    method: str
    path: str
    body: Any = None
    headers: Mapping[str, str] = field(default_factory=dict)
    complete: str = ""

    @property
    def text(self) -> str:
        return f"{self.path} {self.body} {self.headers}"


Kind = Literal["public", "filtered", "piece", "write", "create"]
"""``public``: for everyone, and tells nothing of anyone. ``filtered``: shows what of it the caller sees. ``piece``: one resource,
shown or refused. ``write``: one resource, written or refused. ``create``: something new of a patient, written or refused."""


@dataclass(frozen=True)
class Address:
    kind: Kind
    asks: Callable[[Piece], Iterable[Ask]]
    types: frozenset[str] = frozenset()
    """Of which types the pieces are with which it is tried; none: of any but Binary, whose addresses have tables of their own."""
    letter: str = "r"


FORM = {"Content-Type": "application/x-www-form-urlencoded"}
PATCH = {"Content-Type": "application/json-patch+json"}
RAW = {"Content-Type": "text/plain"}
AS_JSON = {"Accept": "application/fhir+json"}
BINARY = frozenset({"Binary"})
MAIN = frozenset({"Patient", "Encounter", "Observation", "DocumentReference"})
"""Enough where all types go one way."""
LANGUAGE = [{"op": "add", "path": "/language", "value": "fr"}]


def _bundle(*entries: tuple[str, str]) -> dict[str, Any]:
    return {
        "resourceType": "Bundle",
        "type": "batch",
        "entry": [{"request": {"method": method, "url": url}} for method, url in entries],
    }


def _body(piece: Piece) -> dict[str, Any]:
    """What a writer would send for ``piece``; the tests put the present content in its place."""
    return {"resourceType": piece.type, "id": piece.id}


def _new(piece: Piece) -> dict[str, Any]:
    return {key: value for key, value in observation(piece.owner, "x").items() if key != "id"}


API: Mapping[str, Address] = {
    "SYSTEM metadata GET": Address("public", lambda _: [Ask("GET", "/metadata")]),
    "SYSTEM  GET": Address("filtered", lambda p: [Ask("GET", f"/?_type={p.type}&_count=200", complete=p.type)]),
    "SYSTEM _search POST": Address(
        "filtered", lambda p: [Ask("POST", "/_search", f"_type={p.type}&_count=200".encode(), FORM, p.type)]
    ),
    "SYSTEM _history GET": Address("filtered", lambda _: [Ask("GET", "/_history?_count=500")]),
    "SYSTEM  POST": Address(
        "filtered",
        lambda p: [
            Ask(
                "POST",
                "/",
                _bundle(
                    ("GET", p.reference),
                    ("GET", f"{p.type}?_id={p.id}"),
                    ("GET", f"{p.reference}/_history"),
                    *([("GET", f"{p.reference}/$everything")] if p.type == "Patient" else []),
                ),
            ),
            Ask("POST", "/", {**_bundle(("GET", f"{p.type}?_id={p.id}")), "type": "transaction"}),
            Ask("POST", "/", {**_bundle(("GET", p.reference)), "type": "transaction"}),
        ],
        MAIN,
    ),
    "TYPE GET": Address(
        "filtered",
        lambda p: [Ask("GET", f"/{p.type}?_count=200", complete=p.type), Ask("GET", f"/{p.type}?_id={p.id}&_total=accurate")],
    ),
    "TYPE POST": Address("create", lambda p: [Ask("POST", "/Observation", _new(p))], frozenset({"Patient"}), "c"),
    "TYPE PUT": Address("write", lambda p: [Ask("PUT", f"/{p.type}?_id={p.id}", _body(p))], MAIN, "u"),
    "TYPE PATCH": Address("write", lambda p: [Ask("PATCH", f"/{p.type}?_id={p.id}", LANGUAGE, PATCH)], MAIN, "u"),
    "TYPE DELETE": Address("write", lambda p: [Ask("DELETE", f"/{p.type}?_id={p.id}")], MAIN, "d"),
    "TYPE_BELOW _history GET": Address("filtered", lambda p: [Ask("GET", f"/{p.type}/_history?_count=500")]),
    "TYPE_BELOW _search POST": Address(
        "filtered", lambda p: [Ask("POST", f"/{p.type}/_search", b"_count=200", FORM, complete=p.type)]
    ),
    "TYPE_BELOW $validate POST": Address("filtered", lambda p: [Ask("POST", f"/{p.type}/$validate", _body(p))]),
    "TYPE_OPERATIONS Observation/$lastn GET": Address(
        "filtered", lambda p: [Ask("GET", f"/Observation/$lastn?patient={p.owner}&code=718-7&max=9")]
    ),
    "TYPE_OPERATIONS Observation/$lastn POST": Address(
        "filtered", lambda p: [Ask("POST", f"/Observation/$lastn?patient={p.owner}&code=718-7&max=9")]
    ),
    "INSTANCE GET": Address(
        "piece",
        lambda p: [Ask(method, f"/{p.reference}") for method in (("GET", "HEAD") if p.type == "Observation" else ("GET",))],
    ),
    "INSTANCE PUT": Address("write", lambda p: [Ask("PUT", f"/{p.reference}", _body(p))], MAIN, "u"),
    "INSTANCE PATCH": Address("write", lambda p: [Ask("PATCH", f"/{p.reference}", LANGUAGE, PATCH)], MAIN, "u"),
    "INSTANCE DELETE": Address("write", lambda p: [Ask("DELETE", f"/{p.reference}")], MAIN, "d"),
    "INSTANCE_BELOW _history GET": Address("piece", lambda p: [Ask("GET", f"/{p.reference}/_history")]),
    "INSTANCE_BELOW $validate POST": Address(
        "filtered",
        lambda p: [
            Ask("POST", f"/{p.reference}/$validate?mode=update", _body(p)),
            Ask("POST", f"/{p.reference}/$validate?mode=delete"),
        ],
        MAIN,
    ),
    "INSTANCE_BELOW $validate GET": Address("filtered", lambda p: [Ask("GET", f"/{p.reference}/$validate?mode=delete")]),
    "INSTANCE_OPERATIONS Patient/$everything GET": Address(
        "piece", lambda p: [Ask("GET", f"/{p.reference}/$everything")], frozenset({"Patient"})
    ),
    "INSTANCE_OPERATIONS Patient/$everything POST": Address(
        "piece", lambda p: [Ask("POST", f"/{p.reference}/$everything")], frozenset({"Patient"})
    ),
    "INSTANCE_OPERATIONS Encounter/$everything GET": Address(
        "piece", lambda p: [Ask("GET", f"/{p.reference}/$everything")], frozenset({"Encounter"})
    ),
    "INSTANCE_OPERATIONS Encounter/$everything POST": Address(
        "piece", lambda p: [Ask("POST", f"/{p.reference}/$everything")], frozenset({"Encounter"})
    ),
    "COMPARTMENT GET": Address(
        "filtered", lambda p: [Ask("GET", f"/Patient/{p.owner}/{p.type}?_total=accurate"), Ask("GET", f"/Patient/{p.owner}/*")]
    ),
    "COMPARTMENT_SEARCH POST": Address(
        "filtered", lambda p: [Ask("POST", f"/Patient/{p.owner}/{p.type}/_search", b"_total=accurate", FORM)]
    ),
    "VERSION GET": Address("piece", lambda p: [Ask("GET", f"/{p.reference}/_history/{len(p.past) + 1}")]),
    "BINARY_TYPE GET": Address("filtered", lambda _: [Ask("GET", "/Binary?_count=200", complete="Binary")], BINARY),
    "BINARY_TYPE POST": Address(
        "create", lambda p: [Ask("POST", "/Binary", b"x", {**RAW, "X-Security-Context": f"Patient/{p.owner}"})], BINARY, "c"
    ),
    "BINARY_TYPE PUT": Address("write", lambda p: [Ask("PUT", f"/Binary?_id={p.id}", _body(p))], BINARY, "u"),
    "BINARY_TYPE PATCH": Address("write", lambda p: [Ask("PATCH", f"/Binary?_id={p.id}", LANGUAGE, PATCH)], BINARY, "u"),
    "BINARY_TYPE DELETE": Address("write", lambda p: [Ask("DELETE", f"/Binary?_id={p.id}")], BINARY, "d"),
    "BINARY_INSTANCE GET": Address(
        "piece",
        lambda p: [Ask("GET", f"/{p.reference}"), Ask("HEAD", f"/{p.reference}"), Ask("GET", f"/{p.reference}", headers=AS_JSON)],
        BINARY,
    ),
    "BINARY_INSTANCE PUT": Address("write", lambda p: [Ask("PUT", f"/{p.reference}", p.word.encode(), RAW)], BINARY, "u"),
    "BINARY_INSTANCE PATCH": Address("write", lambda p: [Ask("PATCH", f"/{p.reference}", LANGUAGE, PATCH)], BINARY, "u"),
    "BINARY_INSTANCE DELETE": Address("write", lambda p: [Ask("DELETE", f"/{p.reference}")], BINARY, "d"),
    "BINARY_VERSION GET": Address(
        "piece",
        lambda p: [Ask("GET", f"/{p.reference}/_history/1"), Ask("GET", f"/{p.reference}/_history/1", headers=AS_JSON)],
        BINARY,
    ),
}
"""Table of ``larrey.rest.routing``, name below it, method → what is expected."""


def interactions() -> Iterator[tuple[str, Interaction]]:
    """Every interaction that ``larrey.rest.routing`` offers, under its key in ``API``."""
    for name, table in vars(routing).items():
        if not name.isupper() or name.startswith("_") or not isinstance(table, Mapping):
            continue
        if all(isinstance(entry, Interaction) for entry in table.values()):
            yield from ((f"{name} {method}", entry) for method, entry in table.items())
        else:
            for below, methods in table.items():
                inner = "/".join(below) if isinstance(below, tuple) else below
                yield from ((f"{name} {inner} {method}", entry) for method, entry in methods.items())

"""Every interaction of the FHIR API, with everyone, against everyone's resources."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest

from larrey.rest import routing
from tests.access.conftest import Doors
from tests.access.matrix import (
    API,
    PERSONAS,
    UNTOLD,
    Address,
    Ask,
    interactions,
    leaks,
    may,
    secrets,
    seen,
    told,
    writes_for,
)
from tests.access.world import Piece, World
from tests.rest.client import Answer


def test_a_new_interaction_is_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    new = {**routing.TYPE_BELOW, "$new": {"POST": routing.TYPE["GET"]}}
    monkeypatch.setattr(routing, "TYPE_BELOW", new)
    monkeypatch.setattr(routing, "SHELVES", {"GET": routing.TYPE["GET"]}, raising=False)
    assert {key for key, _ in interactions()} - API.keys() == {"TYPE_BELOW $new POST", "SHELVES GET"}


THOROUGH = frozenset({"doctor", "coder", "patient", "machine"})
"""With them every piece is tried; with the others, whose sight is made in the same way, these:"""
FEW = frozenset(
    (
        *(
            "own",
            "own-lab",
            "own-stay",
            "own-letter",
            "own-letter-content",
            "own-and-stranger",
            "minor-secret",
            "minor-secret-content",
        ),
        *("own-masked", "own-diary", "own-diary-content", "own-closed", "own-opened", "own-mood", "own-psychiatry"),
        *("stranger", "stranger-lab", "stranger-letter", "stranger-letter-content", "stranger-masked", "stranger-diary"),
        *("stranger-mood", "opposed", "opposed-lab", "opposed-far", "mind", "mind-lab", "discreet", "colleague", "gone-lab"),
    )
)


def pieces(world: World, address: Address, persona: str) -> Iterator[Piece]:
    """The pieces that an address is tried on with a persona."""
    for piece in world.pieces:
        if piece.deleted or (persona not in THOROUGH and piece.id not in FEW):
            continue
        if (piece.type in address.types) if address.types else piece.type != "Binary":
            yield piece


def test_every_interaction_is_in_the_table() -> None:
    known = {key for key, _ in interactions()}
    assert len(known) > 30, "the tables of larrey.rest.routing are not found where they were"
    missing = sorted(known - API.keys())
    assert not missing, (
        f"The API offers {', '.join(missing)}, which tests/access/matrix.py does not know: add each to API there, with what it is"
        " (public, filtered, piece, write or create) and the requests by which it is tried with everyone."
    )
    assert not sorted(API.keys() - known), "the matrix has interactions that the API does not offer any more"


@pytest.mark.parametrize("persona", PERSONAS)
def test_each_reading(doors: Doors, persona: str) -> None:
    """No answer tells what the persona may not know, and what is hers is shown."""
    asked: set[tuple[str, str, str]] = set()
    unseen = secrets(persona, doors.world)
    wrong: list[str] = []
    for key, address, piece, ask in asks(doors.world, persona, "public", "filtered", "piece"):
        once = (ask.method, ask.path, str(ask.body) + str(ask.headers))
        if once in asked:
            continue
        asked.add(once)
        answer = doors.ask(persona, ask)
        faults = [*leaks(unseen, ask.text, told(answer)), *read(doors.world, persona, address, piece, ask, answer)]
        wrong += [f"{persona}: {ask.method} {ask.path} ({key}): {fault}" for fault in faults]
    assert not wrong, complaint(wrong)


@pytest.mark.parametrize("persona", PERSONAS)
def test_each_writing(doors: Doors, persona: str) -> None:
    """What is not hers is not written, and the refusal tells nothing of it."""
    unseen = secrets(persona, doors.world)
    wrong: list[str] = []
    for key, address, piece, meant in asks(doors.world, persona, "write", "create"):
        ask, hers = meant, writes_for(persona, piece.owner)
        if address.kind == "write":
            hers = seen(persona, piece)
            if isinstance(ask.body, dict):
                ask = Ask(ask.method, ask.path, doors.content(piece), ask.headers)
        may_write = may(persona, address.letter, piece.type if address.kind == "write" else re.split(r"\W", ask.path)[1])
        if hers == "may" or (ask.method == "DELETE" and hers == "yes" and may_write):
            continue  # the world stays as it is
        before = doors.changes(piece)
        answer = doors.ask(persona, ask)
        faults = leaks(unseen, ask.text, told(answer))
        if persona == "nobody":
            faults += [] if answer.status == 401 else [f"{answer.status} without a token"]
        elif hers == "yes" and may_write:
            faults += written(ask, answer)
        else:
            faults += unwritten(ask, answer)
            if doors.changes(piece) != before:
                faults.append(f"something of {piece.owner} was written")
        wrong += [f"{persona}: {ask.method} {ask.path} ({key}): {fault}" for fault in faults]
    assert not wrong, complaint(wrong)


def complaint(wrong: list[str]) -> str:
    return f"{len(wrong)} faults:\n" + "\n".join(wrong[:400])


def asks(world: World, persona: str, *kinds: str) -> Iterator[tuple[str, Address, Piece, Ask]]:
    for key, address in API.items():
        if address.kind in kinds:
            for piece in pieces(world, address, persona):
                for ask in address.asks(piece):
                    yield key, address, piece, ask


def read(world: World, persona: str, address: Address, piece: Piece, ask: Ask, answer: Answer) -> Iterator[str]:
    """What is wrong with the answer to a reading, beside what leaks."""
    if answer.status >= 500:
        yield f"{answer.status} {answer.body[:200]!r}"
    elif address.kind == "public":
        if answer.status != 200:
            yield f"{answer.status}, though it is for everyone"
    elif persona == "nobody":
        if answer.status != 401:
            yield f"{answer.status} without a token"
    elif address.kind == "filtered":
        yield from complete(world, persona, ask, answer)
    elif seen(persona, piece) == "yes":
        if answer.status != 200:
            yield f"{answer.status}, though it is hers: {answer.body[:200]!r}"
    elif seen(persona, piece) == "no" and not piece.deleted:
        role_may = may(persona, "r", piece.type)
        if answer.status not in ((404,) if persona in UNTOLD and role_may else (403, 404)):
            yield f"{answer.status}, though {piece.reference} is not hers"


def written(ask: Ask, answer: Answer) -> list[str]:
    """What is wrong with the answer to a writing that is allowed. A Binary is not patched."""
    if answer.status in (200, 201) or (ask.path.startswith("/Binary") and ask.method == "PATCH" and answer.status == 400):
        return []
    return [f"{answer.status}, though she may write it: {answer.body[:300]!r}"]


def unwritten(ask: Ask, answer: Answer) -> list[str]:
    """What is wrong with the answer to a writing that is not."""
    if ask.method == "DELETE" and answer.status == 204:
        return []  # as for what never was
    if answer.status in (400, 403, 404, 422) or ("?" in ask.path and answer.status in (409, 412)):
        return []
    return [f"{answer.status}, though she may not write it: {answer.body[:200]!r}"]


def complete(world: World, persona: str, ask: Ask, answer: Answer) -> Iterator[str]:
    """What a search should have shown and has not."""
    if not ask.complete:
        return
    if not (may(persona, "s", ask.complete) and may(persona, "r", ask.complete)):
        if answer.status != 403:
            yield f"{answer.status}, though her role may not search {ask.complete}"
        return
    if answer.status != 200:
        yield f"{answer.status} {answer.body[:200]!r}"
        return
    got = {f"{resource['resourceType']}/{resource['id']}" for resource in answer.resources if resource}
    for piece in world.pieces:
        if piece.type == ask.complete and not piece.deleted and seen(persona, piece) == "yes" and piece.reference not in got:
            yield f"{piece.reference} is hers and is missing"

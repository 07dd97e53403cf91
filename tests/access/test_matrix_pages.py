"""Every page, with everyone, against everyone's records. A page that is not in the table fails: say there what it is."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any, Literal

import pytest
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver

from larrey.access.models import Account
from tests.access.conftest import Doors
from tests.access.matrix import DOCTORS, PERSONAS, UNTOLD, Secrets, leaks, may, secrets, seen
from tests.access.world import NAMES, Piece, World

Kind = Literal["public", "account", "chart", "find", "trace", "officer"]

PAGES: Mapping[str, Kind] = {
    **dict.fromkeys(
        (
            "account/sign-in",
            "account/sign-in/code",
            "account/sign-in/passkey",
            "account/psc/start",
            "account/psc/return",
            "account/sign-out",
            "account/unlock",
            "account/unlock/passkey",
            "account/disabled",
            "language",
            "shortcuts",
            "oauth/token",
            "oauth/introspect",
            "oauth/revoke",
            "oauth/jwks",
            ".well-known/openid-configuration",
        ),
        "public",
    ),
    **dict.fromkeys(
        (
            "account/lock",
            "account/present",
            "account/sessions",
            "account/sessions/end",
            "account/confirm",
            "account/confirm/code",
            "account/confirm/passkey",
            "account/password",
            "account/two-factor",
            "account/two-factor/on",
            "account/two-factor/off",
            "account/two-factor/passkeys",
            "account/two-factor/passkeys/add",
            "account/two-factor/passkeys/<int:pk>/name",
            "account/two-factor/passkeys/<int:pk>/remove",
            "account/two-factor/recovery",
            "account/two-factor/recovery/new",
            "account/two-factor/recovery/download",
            "oauth/authorize",
            "oauth/apps",
            "oauth/apps/<int:consent_id>/withdraw",
            "trace/mine",
            "trace/mine/<int:glass_id>/read",
        ),
        "account",
    ),
    "": "find",
    **dict.fromkeys(
        (
            "chart/<id:patient_id>",
            "chart/<id:patient_id>/glass",
            "chart/<id:patient_id>/glass/end",
            "chart/<id:patient_id>/printed",
            "chart/<id:patient_id>/timeline",
            "chart/<id:patient_id>/results",
            "chart/<id:patient_id>/results/<str:token>",
            "chart/<id:patient_id>/documents",
            "chart/<id:patient_id>/documents/<id:id_>",
            "chart/<id:patient_id>/documents/<id:id_>/content/<int:number>",
            "chart/<id:patient_id>/documents/<id:id_>/content/<int:number>/parts/<int:part>",
            "chart/<id:patient_id>/documents/<type:type_>/<id:id_>",
            "chart/<id:patient_id>/documents/<type:type_>/<id:id_>/content/<int:number>",
            "chart/<id:patient_id>/documents/<type:type_>/<id:id_>/content/<int:number>/parts/<int:part>",
            "chart/<id:patient_id>/stays",
            "chart/<id:patient_id>/stays/<id:id_>",
            "chart/<id:patient_id>/prescriptions",
            "chart/<id:patient_id>/kinds",
            "chart/<id:patient_id>/<type:type_>",
            "chart/<id:patient_id>/<type:type_>/<id:id_>",
            "chart/<id:patient_id>/<type:type_>/<id:id_>/raw",
            "chart/<id:patient_id>/<type:type_>/<id:id_>/versions/<int:version>",
            "chart/<id:patient_id>/<type:type_>/<id:id_>/versions/<int:version>/raw",
            "oauth/launch/<str:client_id>/<str:patient_id>",
        ),
        "chart",
    ),
    "trace/patients/<str:patient_id>": "trace",
    **dict.fromkeys(("trace", "trace/decide", "trace/decided", "trace/search"), "officer"),
}
"""Route → what it is.

``public``: also for who has not signed in, and tells nothing of anyone. ``account``: about whoever has signed in.
``chart``: of one patient, shown to who sees her. ``find``: finds patients. ``trace``: who opened one patient's record.
``officer``: for the security officer alone.
"""
CHART = "chart/<id:patient_id>"
FINDERS = frozenset(
    {
        "surgeon",
        "psychiatrist",
        "rescuer",
        "doctor",
        "nurse",
        "midwife",
        "pharmacist",
        "medical-secretary",
        "admission-desk",
        "identity-officer",
    }
)
"""They may look for a patient who is not theirs, and meet her identity, unless she is discreet; no more than that."""
READERS = ("doctor", "nurse", "midwife", "pharmacist", "coder", "patient")
"""They read the whole chart of who is theirs."""
OWNERS = ("own", "colleague", "mind", "stranger", "gone", "discreet", "opposed", "minor")
PIECES = frozenset(
    (
        *("own-stay", "own-lab", "own-letter", "own-letter-content", "own-and-stranger"),
        *("own-masked", "own-diary", "own-closed", "own-opened", "own-untold", "own-mood", "own-psychiatry"),
        *("mind-stay", "mind-lab", "stranger-lab", "stranger-letter", "stranger-stay", "opposed-far", "minor-secret"),
    )
)
THOROUGH = frozenset({"doctor", "coder", "patient"})
"""With them every owner and piece is tried; with the others, whose way is the same, these:"""
FEW_OWNERS = ("own", "stranger")
FEW_PIECES = frozenset({"own-lab", "own-masked", "own-letter", "own-stay", "opposed-far"})
_PARAMETER = re.compile(r"<(\w+):(\w+)>")
_MADE = {
    "number": "0",
    "part": "0",
    "version": "1",
    "pk": "1",
    "glass_id": "1",
    "consent_id": "1",
    "client_id": "app",
    "token": "718-7",
}


def routes(patterns: Any = None, before: str = "") -> Iterator[str]:
    """Every route of the site."""
    for entry in get_resolver().url_patterns if patterns is None else patterns:
        if isinstance(entry, URLResolver):
            yield from routes(entry.url_patterns, before + str(entry.pattern))
        elif isinstance(entry, URLPattern):
            yield before + str(entry.pattern)


@pytest.fixture(scope="module")
def clients(doors: Doors, module_site: str) -> dict[str, Client]:
    """A browser for each persona who signs in, and one of a stranger."""
    made = {"nobody": Client(raise_request_exception=False)}
    for persona, account in doors.accounts.items():
        made[persona] = Client(raise_request_exception=False)
        made[persona].force_login(Account.objects.get(pk=account), backend="allauth.account.auth_backends.AuthenticationBackend")
    return made


def addresses(route: str, world: World, *, thorough: bool) -> Iterator[tuple[str, str, Piece | None]]:
    """The addresses by which a route is tried: with the patient, and the piece where it is of one."""
    names = [name for _, name in _PARAMETER.findall(route)]
    unknown = {*names} - _MADE.keys() - {"patient_id", "type_", "id_"}
    assert not unknown, f"the page {route} has the parameters {unknown}, which _MADE in this file must learn to fill"
    if "patient_id" not in names:
        yield "/" + filled(route, {}), "", None
        return
    if "id_" in names:
        for piece in world.pieces:
            if piece.id not in (PIECES if thorough else FEW_PIECES) or not (
                "type_" in names or piece.type == ("Encounter" if "stays" in route else "DocumentReference")
            ):
                continue
            if piece.type not in ("DocumentReference", "Encounter", "Observation", "Appointment", "Binary") or piece.id.endswith(
                "lab2"
            ):
                continue
            for owner in {piece.owner, "own"} if thorough else (piece.owner,):  # also by a way through another's chart
                yield "/" + filled(route, {"patient_id": owner, "type_": piece.type, "id_": piece.id}), owner, piece
        return
    for owner in OWNERS if thorough else FEW_OWNERS:
        for type_ in ("Observation", "Appointment") if "type_" in names else ("",):
            yield "/" + filled(route, {"patient_id": owner, "type_": type_}), owner, None


def filled(route: str, values: dict[str, str]) -> str:
    return _PARAMETER.sub(lambda found: {**_MADE, **values}[found[2]], route)


def person(world: World, owner: str) -> Piece:
    return next(piece for piece in world.pieces if piece.reference == f"Patient/{owner}")


def without_identities(unseen: Secrets, world: World, *, all_: bool = False) -> Secrets:
    """What stays secret for who may look for patients: all but the identity of who is not discreet (``all_``: of anyone)."""
    known = [person(world, name) for name in NAMES if all_ or name != "discreet"]
    words, names = {piece.word for piece in known}, {piece.reference.lower() for piece in known}
    return Secrets(
        {word: what for word, what in unseen.words.items() if word not in words},
        {name: what for name, what in unseen.names.items() if name not in names},
    )


def told(response: Any) -> bytes:
    body = b"".join(response.streaming_content) if response.streaming else response.content
    return b"\n".join([*(f"{name}: {value}".encode() for name, value in response.headers.items()), body])


def test_every_page_is_in_the_table(module_site: str) -> None:
    known = set(routes())
    assert "chart/<id:patient_id>" in known
    missing = sorted(known - PAGES.keys())
    assert not missing, (
        f"The site has the pages {', '.join(missing)}, which this matrix does not know: add each to PAGES in {__file__},"
        " with what it is (public, account, chart, find, trace or officer), and it is tried with everyone."
    )


@pytest.mark.parametrize("persona", [persona for persona in PERSONAS if persona not in ("machine", "launched")])
def test_each_page(doors: Doors, clients: dict[str, Client], persona: str) -> None:
    client, world = clients[persona], doors.world
    unseen = secrets(persona, world)
    met = without_identities(unseen, world) if persona in FINDERS else unseen
    officer = without_identities(unseen, world, all_=True) if persona == "security-officer" else unseen
    hers = {piece.word for piece in world.pieces if piece.id in FEW_PIECES and seen(persona, piece) == "yes"}
    read: set[str] = set()
    wrong: list[str] = []
    for route in sorted(routes()):
        kind = PAGES.get(route)
        if kind is None or route.endswith(("sign-out", "/lock")):
            continue  # the one is told above; the other two would end the session
        for path, owner, piece in addresses(route, world, thorough=persona in THOROUGH):
            response = client.get(path)
            shown = told(response)
            read |= {text for text in hers if text.encode() in shown.lower()}
            hidden = officer if kind in ("officer", "trace") else met if piece is None else unseen
            faults = leaks(hidden, path, shown)
            faults += judged(persona, kind, route, world, owner, piece, response.status_code)
            wrong += [f"{persona}: GET {path} ({route}): {fault}" for fault in faults]
    if persona in READERS:
        assert read == hers, f"what is hers is on no page: {hers - read}"
    assert not wrong, f"{len(wrong)} faults:\n" + "\n".join(wrong[:300])


def judged(persona: str, kind: Kind, route: str, world: World, owner: str, piece: Piece | None, status: int) -> Iterator[str]:
    """What is wrong with the status of a page."""
    if status >= 500:
        yield f"{status}"
    elif persona == "nobody":
        if kind != "public" and status not in (302, 401, 403, 405):
            yield f"{status}, though nobody has signed in"
    elif kind == "officer":
        if persona != "security-officer" and status not in (403, 404, 405):
            yield f"{status}, though it is for the security officer"
    elif kind == "chart" and owner:
        whose = seen(persona, person(world, owner)) if may(persona, "r", "Patient") else "no"
        if route == "chart/<id:patient_id>/glass":
            return
        if whose == "no" and status not in ((404, 405) if persona in UNTOLD else (403, 404, 405)):
            yield f"{status}, though {owner} is not hers"
        elif piece is not None and piece.owner == owner and seen(persona, piece) == "no" and status not in (403, 404, 405):
            yield f"{status}, though {piece.reference} is not for her"
        elif piece is not None and piece.owner != owner and status not in (403, 404, 405):
            yield f"{status}, though {piece.reference} is not of {owner}"
        elif route == CHART and persona in READERS and whose == "yes" and status != 200:
            yield f"{status}, though {owner} is hers"


@pytest.mark.parametrize("persona", [persona for persona in PERSONAS if persona not in ("machine", "launched")])
def test_looking_for_a_patient(doors: Doors, clients: dict[str, Client], persona: str) -> None:
    client, world = clients[persona], doors.world
    unseen = secrets(persona, world)
    met = without_identities(unseen, world) if persona in FINDERS else unseen
    wrong: list[str] = []
    several = (person(world, "own").word[:8], "01/01/1950", "Prénom")
    for owner in NAMES:
        for typed in (person(world, owner).word, f"ipp{owner}", *(several if owner == "own" else ())):
            response = client.get("/", {"q": typed})
            body = told(response)
            wrong += [f"{persona}: {typed}: {leak}" for leak in leaks(met, typed, body)]
            if owner == "discreet" and met.names.get("patient/discreet") and b"chart/discreet" in body:
                wrong.append(f"{persona}: {typed}: finds the discreet patient")
            if response.status_code >= 500:
                wrong.append(f"{persona}: {typed}: {response.status_code}")
    assert not wrong, "\n".join(wrong[:100])


@pytest.mark.parametrize("persona", [persona for persona in PERSONAS if persona not in ("machine", "launched", "nobody")])
def test_who_has_no_glass_breaks_none(doors: Doors, clients: dict[str, Client], persona: str) -> None:
    """A professional of care may break it; the typed reason and the rest are tested in the rooms."""
    if persona in ("doctor", "nurse", "midwife", "pharmacist", *DOCTORS):
        pytest.skip("has a glass to break")
    count = "select count(*) from record.care where ground = 'G'"
    for owner in OWNERS:
        answer = clients[persona].post(f"/chart/{owner}/glass", {"reason": "emergency", "text": "Urgence vitale en salle"})
        assert answer.status_code in (302, 403, 404), (owner, answer.status_code)
        assert doors.world.connection.execute(count.encode()).fetchone() == (1,), owner  # the rescuer's

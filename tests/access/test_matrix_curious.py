"""What the curious would try at the FHIR API: to learn by counts, links, errors or order what they may not read."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest

from larrey.store import exporting, feed
from tests.access.conftest import Doors
from tests.access.matrix import FORM, PATCH, PERSONAS, UNTOLD, Ask, Secrets, leaks, may, secrets, seen, told
from tests.access.world import observation, ref
from tests.rest.client import Answer

INSIDERS = [
    "doctor",
    "launched",
    "medical-secretary",
    "admission-desk",
    "coder",
    "identity-officer",
    "researcher",
    "patient",
    "parent",
]
"""One of each kind of sight; test_matrix_api has all."""

# {w}: a patient of the other hospital, or one who does not exist. What is asked of the one must be answered as of the other.
OF_A_PATIENT = [
    "/Patient/{w}",
    "/Patient/{w}?_summary=true",
    "/Patient/{w}/_history",
    "/Patient/{w}/_history/1",
    "/Patient/{w}/_history/2",
    "/Patient/{w}/$everything",
    "/Patient/{w}/$everything?_type=Organization",
    "/Patient/{w}/Observation?_total=accurate",
    "/Patient/{w}/*",
    "/Encounter/{w}-stay/Observation",
    "/Encounter/{w}-stay/$everything",
    "/Observation/{w}-lab",
    "/Observation/{w}-lab/_history",
    "/Observation/{w}-lab/_history/1",
    "/Observation/{w}-deleted",
    "/Observation/{w}-deleted/_history/1",
    "/DocumentReference/{w}-letter",
    "/DocumentReference/{w}-diary",
    "/Binary/{w}-letter-content",
    "/Binary/{w}-letter-content/_history/1",
    "/Patient?_id={w}&_total=accurate",
    "/Patient?_id={w}&_summary=count",
    "/Patient?name=zqpatient{w}x&_total=accurate",
    "/Patient?identifier=ipp{w}&_summary=count",
    "/Patient?identifier=ipp{w}&_revinclude=*",
    "/Observation?patient={w}&_total=accurate",
    "/Observation?patient={w}&_total=estimate",
    "/Observation?patient={w}&_summary=count",
    "/Observation?subject=Patient/{w}",
    "/Observation?patient.name=zqpatient{w}x&_summary=count",
    "/Observation?patient.identifier=ipp{w}",
    "/Observation?encounter={w}-stay&_summary=count",
    "/Observation?_id={w}-lab,{w}-lab2&_summary=count",
    "/Observation?_list={w}-list&_summary=count",
    "/Observation?_filter=patient eq Patient/{w}&_summary=count",
    "/Observation?_has:DiagnosticReport:result:_id={w}-report&_summary=count",
    "/Observation/$lastn?patient={w}&code=718-7",
    "/Encounter?subject=Patient/{w}&_include=Encounter:location&_include=Encounter:service-provider",
    "/Location?_has:Encounter:location:patient={w}&_summary=count",
    "/Organization?_has:Encounter:service-provider:patient={w}&_summary=count",
    "/Location?_has:Encounter:location:_has:Observation:encounter:_id={w}-lab&_summary=count",
    "/Group?member=Patient/{w}&_summary=count",
    "/Appointment?actor=Patient/{w}&_summary=count",
    "/Appointment?patient.name=zqpatient{w}x&_summary=count",
    "/List?item=Observation/{w}-lab&_summary=count",
    "/?_type=Observation,Patient&_id={w},{w}-lab",
    "/?_type=Observation&_id={w}-lab&_summary=count",
]
# {o}: an Observation that a patient of hers has hidden, or one that does not exist; {d} and {b}: a document and its content.
OF_A_SECRET = [
    "/Observation/{o}",
    "/Observation/{o}?_elements=status",
    "/Observation/{o}/_history",
    "/Observation/{o}/_history/1",
    "/Observation/{o}/_history/2",
    "/Observation?_id={o}&_summary=count",
    "/Observation?_id={o}&_total=estimate",
    "/Patient/own/Observation?_id={o}&_total=accurate",
    "/Patient?_has:Observation:patient:_id={o}&_summary=count",
    "/DocumentReference/{d}",
    "/DocumentReference/{d}/_history",
    "/DocumentReference/{d}/_history/1",
    "/DocumentReference?_id={d}&_summary=count",
    "/DocumentReference?description:contains=zqdocumentreference{d}x&_summary=count",
    "/Patient?_has:DocumentReference:patient:_id={d}&_summary=count",
    "/Binary/{b}",
    "/Binary/{b}/_history/1",
    "/Binary?_id={b}&_summary=count",
]
SHOWN = [
    "/Patient?_revinclude=*&_revinclude:iterate=*&_count=50",
    "/Encounter?_include=*&_include:iterate=*",
    "/Organization?_id=surgery&_revinclude=Encounter:service-provider&_revinclude:iterate=Observation:encounter",
    "/Practitioner?_id=dr-neuro&_revinclude=DocumentReference:author",
    "/Location?_revinclude=Encounter:location",
    "/Observation?_include=Observation:subject&_include=Observation:encounter&_include:iterate=Encounter:location",
    "/Observation?patient:missing=false&_total=accurate",
    "/Observation?encounter:missing=true&_total=accurate",
    "/Observation?code:not=999-9&_total=accurate",
    "/Observation?_id:not=own-lab&_total=accurate",
    "/Observation?_sort=-_lastUpdated&_count=50",
    "/DocumentReference?_sort=description&_total=accurate",
    "/Patient?_sort=family&_total=accurate",
    "/Patient?_has:Observation:patient:code=718-7&_total=accurate",
    "/Patient?_has:DocumentReference:patient:description:contains=zq&_total=accurate",
    "/Patient?gender=female&birthdate=1950-01-01&_total=accurate",
    "/Appointment?patient=own&_include=Appointment:patient&_total=accurate",
    "/Group?_include=Group:member&_total=accurate",
    "/List?_include=List:item&_total=accurate",
    "/?_type=Patient,Observation,Encounter,DocumentReference&_count=200&_total=accurate",
    "/_history?_since=2000-01-01&_count=500",
    "/Observation/_history?_at=2026&_count=500",
    "/Binary/_history?_count=500",
    "/Patient/own/$everything?_count=500",
    "/Patient/own/*?_count=200",
    "/Practitioner/dr-neuro/DocumentReference",
    "/Patient/minor/$everything",
    "/Patient/opposed/$everything",
    "/Encounter/own-stay/$everything",
    "/Observation/$lastn?patient=own&code=718-7&max=99",
]
COUNTED = ["Observation", "Encounter", "DocumentReference", "Patient", "Condition", "Appointment", "Group", "Binary"]

GHOST = {"w": "nobodyhe"}
STRANGER = {"w": "stranger"}
HIDDEN = {"o": "own-closed", "d": "own-masked", "b": "own-masked-content"}
NOT_HIDDEN = {"o": "own-neverx", "d": "own-absent", "b": "own-absent-content"}
KEPT = {"d": "own-diary", "b": "own-diary-content"}
NOT_KEPT = {"d": "own-novel", "b": "own-novel-content"}


def filled(ask: Ask, names: dict[str, str]) -> Ask:
    """``ask`` with the names in its path and body."""

    def fill(value: object) -> object:
        if isinstance(value, str):
            for name, text in names.items():
                value = value.replace("{" + name + "}", text)
            return value
        if isinstance(value, bytes):
            return str(fill(value.decode())).encode()
        if isinstance(value, dict):
            return {key: fill(inner) for key, inner in value.items()}
        if isinstance(value, list):
            return [fill(inner) for inner in value]
        return value

    return Ask(ask.method, str(fill(ask.path)), fill(ask.body), {key: str(fill(text)) for key, text in ask.headers.items()})


_CHANGING = [
    (re.compile(r"\d{4}-\d\d-\d\dT[0-9:.]+(Z|[+-]\d\d:\d\d)"), "TIME"),
    (re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}"), "UUID"),
]
_PASSING = ("X-Request-Id", "Content-Length", "Last-Modified")


def plain(answer: Answer, names: dict[str, str], instead: dict[str, str]) -> str:
    """``answer`` without what differs between any two requests, with one set of names in the place of the other."""
    headers = "\n".join(f"{name}: {value}" for name, value in sorted(answer.headers.items()) if name not in _PASSING)
    text = f"{answer.status}\n{headers}\n{answer.body.decode('utf-8', 'replace')}"
    for name in sorted(names, key=lambda key: -len(names[key])):
        text = text.replace(names[name], instead[name])
    for pattern, word in _CHANGING:
        text = pattern.sub(word, text)
    return text


def differences(
    doors: Doors, persona: str, asks: Iterator[Ask], real: dict[str, str], ghost: dict[str, str], *, told_why: bool
) -> list[str]:
    """Where what exists is answered otherwise than what does not."""
    wrong = []
    for ask in asks:
        nothing, something = (doors.ask(persona, filled(ask, names)) for names in (ghost, real))
        one, other = plain(nothing, ghost, real), plain(something, real, real)
        if one == other:
            continue
        refused = something.status == 403 or "$validate" in ask.path  # which answers 200 with what is wrong
        why = refused and (ask.method == "HEAD" or b"not of your units" in something.body)
        if told_why and why and nothing.status in (200, 204, 404, 422):
            continue
        at = max(next((n for n, (a, b) in enumerate(zip(one, other, strict=False)) if a != b), 0) - 60, 0)
        what = f"{ask.method} {ask.path} {ask.headers or ''} {str(ask.body or '')[:120]}"
        wrong.append(
            f"{persona}: {what}: {nothing.status} of nothing, {something.status} of something;"
            f" …{one[at : at + 160]!r} is not …{other[at : at + 160]!r}"
        )
    return wrong


def complaint(wrong: list[str]) -> str:
    return f"{len(wrong)} faults:\n" + "\n".join(wrong[:200])


def gets(paths: list[str]) -> Iterator[Ask]:
    for path in paths:
        yield Ask("GET", path)
        if "?" not in path:
            yield Ask("HEAD", path)
            yield Ask("GET", path, headers={"If-None-Match": 'W/"1"'})
    yield Ask("POST", "/Observation/_search", b"patient={w}&_summary=count", FORM)
    entries = [{"request": {"method": "GET", "url": path.removeprefix("/")}} for path in paths if "%" not in path]
    yield Ask("POST", "/", {"resourceType": "Bundle", "type": "batch", "entry": entries})


@pytest.mark.parametrize("persona", INSIDERS)
def test_a_strangers_record_is_as_if_it_were_not(doors: Doors, persona: str) -> None:
    told_why = persona not in UNTOLD
    if persona in ("identity-officer", "admission-desk"):
        pytest.skip("sees every patient's identity")
    asks = (ask for ask in gets(OF_A_PATIENT) if not (told_why and ask.path == "/"))
    wrong = differences(doors, persona, asks, STRANGER, GHOST, told_why=told_why)
    assert not wrong, complaint(wrong)


@pytest.mark.parametrize("persona", [*INSIDERS, "machine"])
def test_what_is_hidden_is_as_if_it_were_not(doors: Doors, persona: str) -> None:
    """Also to those who are told why of a stranger: of their own patients' secrets they do not learn that they are there."""
    wrong: list[str] = []
    if persona not in ("patient", "machine"):
        wrong += differences(doors, persona, gets(OF_A_SECRET), HIDDEN, NOT_HIDDEN, told_why=persona in OTHERS)
    if persona != "patient":
        documents = [path for path in OF_A_SECRET if "{o}" not in path]
        wrong += differences(doors, persona, gets(documents), KEPT, NOT_KEPT, told_why=persona in OTHERS)
    assert not wrong, complaint(wrong)


OTHERS = ("identity-officer", "researcher", "support-agent", "administrator", "security-officer")
"""The patient is not theirs, of which they are told."""


def writes(patient: str, one: str) -> Iterator[Ask]:
    """Writings about ``one`` (an Observation) of ``patient``, with names to be filled in."""
    body = {**observation(patient, one, 2), "effectiveDateTime": "2026-01-01"}
    new = {key: value for key, value in observation("own", "x").items() if key != "id"} | {"effectiveDateTime": "2026-01-01"}
    about = {**new, "hasMember": [ref("Observation", one)]}
    yield Ask("PUT", f"/Observation/{one}", body)
    yield Ask("PUT", f"/Observation/{one}", body, {"If-Match": 'W/"1"'})
    yield Ask("PUT", f"/Observation/{one}", body, {"If-Match": 'W/"7"'})
    yield Ask("PUT", f"/Observation/{one}", body, {"If-None-Match": "*"})
    yield Ask("PUT", f"/Observation/{one}", {**body, "subject": ref("Patient", "own")})
    yield Ask("PUT", f"/Observation?_id={one}", body)
    yield Ask("PUT", f"/Observation?_id={one}", {**new, "id": one})
    yield Ask("PATCH", f"/Observation/{one}", [{"op": "add", "path": "/language", "value": "fr"}], PATCH)
    yield Ask("PATCH", f"/Observation?_id={one}", [{"op": "add", "path": "/language", "value": "fr"}], PATCH)
    yield Ask("PATCH", f"/Observation/{one}", [{"op": "test", "path": "/status", "value": "final"}], PATCH)
    yield Ask("DELETE", f"/Observation/{one}")
    yield Ask("DELETE", f"/Observation/{one}", None, {"If-Match": 'W/"1"'})
    yield Ask("DELETE", f"/Observation?_id={one}")
    yield Ask("POST", "/Observation", about)
    yield Ask("POST", "/Observation", {**new, "focus": [ref("Patient", patient)]})
    yield Ask("POST", "/Observation", {**new, "encounter": ref("Encounter", f"{patient}-stay")})
    yield Ask("POST", "/Observation/$validate?mode=create", about)
    yield Ask("POST", f"/Observation/{one}/$validate?mode=update", body)
    yield Ask("POST", f"/Observation/{one}/$validate?mode=delete")
    for method, url, resource in (
        ("PUT", f"Observation/{one}", body),
        ("PUT", f"Observation?_id={one}", body),
        ("DELETE", f"Observation/{one}", None),
        ("POST", "Observation", about),
        ("GET", f"Observation/{one}", None),
    ):
        entry = {"request": {"method": method, "url": url}} | ({"resource": resource} if resource else {})
        yield Ask("POST", "/", {"resourceType": "Bundle", "type": "transaction", "entry": [entry]})


@pytest.mark.parametrize("persona", INSIDERS)
def test_no_writing_tells_what_is_there(doors: Doors, persona: str) -> None:
    told_why = persona not in UNTOLD
    wrong = differences(doors, persona, writes("{w}", "{w}-lab"), STRANGER, GHOST, told_why=told_why)
    if persona != "patient":
        wrong += differences(doors, persona, writes("own", "{o}"), HIDDEN, NOT_HIDDEN, told_why=persona in OTHERS)
    assert not wrong, complaint(wrong)


@pytest.mark.parametrize("persona", INSIDERS)
def test_a_condition_of_writing_finds_only_what_is_seen(doors: Doors, persona: str) -> None:
    """A conditional create meets what is hers; what is not hers neither stops it nor is given back."""
    if not may(persona, "c", "Observation"):
        pytest.skip("writes no observation")
    new = {key: value for key, value in observation("own", "x").items() if key != "id"}
    unseen, wrong = secrets(persona, doors.world), []
    for criteria in ("_id=stranger-lab", "patient=stranger", "_id=own-closed", "patient.name=zqpatientstrangerx"):
        ask = Ask("POST", "/Observation", new, {"If-None-Exist": criteria})
        answer = doors.ask(persona, ask)
        wrong += [f"{criteria}: {leak}" for leak in leaks(unseen, ask.text, told(answer))]
        if answer.status != 201:
            wrong.append(f"{criteria}: {answer.status} {answer.body[:200]!r}")
    assert not wrong, complaint(wrong)


@pytest.mark.parametrize("persona", PERSONAS)
def test_what_leads_elsewhere_shows_only_what_is_seen(doors: Doors, persona: str) -> None:
    unseen, wrong = secrets(persona, doors.world), []
    for path in SHOWN:
        answer = doors.ask(persona, Ask("GET", path))
        if answer.status >= 500 or (persona == "machine" and answer.status != 200):
            wrong.append(f"{path}: {answer.status} {answer.body[:200]!r}")
        wrong += [f"{persona}: {path}: {leak}" for leak in leaks(unseen, path, told(answer))]
    assert not wrong, complaint(wrong)


@pytest.mark.parametrize("persona", [*INSIDERS, "surgeon", "psychiatrist", "rescuer", "machine"])
def test_counts_are_of_what_is_seen(doors: Doors, persona: str) -> None:
    """Every way of counting gives the number of what one can leaf through."""
    wrong = []
    for type_ in COUNTED:
        if not may(persona, "s", type_):
            continue
        mine = [piece for piece in doors.world.pieces if piece.type == type_ and not piece.deleted]
        least = sum(seen(persona, piece) == "yes" for piece in mine)
        counts = [
            doors.ask(persona, Ask("GET", f"/{type_}?{how}")).json()["total"]
            for how in ("_summary=count", "_total=accurate&_count=1")
        ]
        counts.append(doors.ask(persona, Ask("POST", f"/{type_}/_search", b"_summary=count", FORM)).json()["total"])
        leafed, path = 0, f"/{type_}?_count=7"
        while path:
            answer = doors.ask(persona, Ask("GET", path))
            leafed += len(answer.resources)
            path = answer.link("next") or ""
        if set(counts) != {leafed} or leafed < least:
            wrong.append(f"{persona}: {type_}: {counts} are told, {leafed} shown, at least {least} hers")
    assert not wrong, complaint(wrong)


@pytest.mark.parametrize("persona", INSIDERS)
def test_a_place_in_anothers_pages_opens_nothing(doors: Doors, persona: str) -> None:
    unseen, wrong = secrets(persona, doors.world), []
    for path in ("/Observation?_count=3", "/DocumentReference?_sort=description&_count=2", "/_history?_count=20"):
        link = doors.ask("machine", Ask("GET", path)).link("next")
        for _ in range(8):
            if link is None:
                break
            handed = doors.ask(persona, Ask("GET", link))
            wrong += [f"{link}: {leak}" for leak in leaks(unseen, link, told(handed))]
            link = doors.ask("machine", Ask("GET", link)).link("next")
    everything = doors.ask("machine", Ask("GET", "/Patient/own/$everything?_count=3")).link("next")
    assert everything is not None
    wrong += leaks(unseen, everything, told(doors.ask(persona, Ask("GET", everything))))
    assert not wrong, complaint(wrong)


@pytest.mark.parametrize("persona", [*INSIDERS, "surgeon", "psychiatrist", "rescuer", "machine"])
def test_the_feed_and_the_export_carry_only_what_is_seen(doors: Doors, persona: str) -> None:
    unseen, caller, connection = secrets(persona, doors.world), doors.caller(persona), doors.world.connection
    with connection.transaction(), connection.cursor(binary=True) as cursor:
        feed.subscribe(cursor, f"matrix-{persona}")
        carried = b""
        while changes := feed.read(cursor, caller, f"matrix-{persona}", 500):
            carried += b"\n".join(f"{c.type}/{c.id} ".encode() + (c.body or b"") for c in changes)
    wrong = [f"feed: {leak}" for leak in leaks(unseen, "", carried)]
    mine = [piece for piece in doors.world.pieces if seen(persona, piece) == "yes" and not piece.deleted]
    wrong += [
        f"feed: {piece.reference} is missing" for piece in mine if piece.type != "Binary" and piece.word.encode() not in carried
    ]
    with exporting.snapshot(connection):
        for type_ in {piece.type for piece in doors.world.pieces}:
            if may(persona, "r", type_) and may(persona, "s", type_):
                out = b"\n".join(exporting.bodies(connection, caller, type_))
                wrong += [f"export: {leak}" for leak in leaks(unseen, "", out)]
    assert not wrong, complaint(wrong)


def test_a_scope_that_narrows_a_type_narrows_every_way_to_it(doors: Doors) -> None:
    """An app that was given vital signs meets no laboratory result, by whatever address, though its doctor does."""
    words = {
        word: f"the word of {piece.reference}"
        for piece in doors.world.pieces
        if piece.type == "Observation"
        for word in (piece.word, *(text for text, _ in piece.past))
    }
    unseen, wrong = Secrets(words, {}), []
    instances = [f"/Observation/{one}{below}" for one in ("own-lab", "own-opened") for below in ("", "/_history", "/_history/1")]
    more = [
        "/Observation?_id=own-lab&_total=accurate",
        "/?_type=Observation&_total=accurate",
        "/Patient/own/*",
        "/Observation/_history",
        "/Patient?_id=own&_revinclude=Observation:patient",
        "/DiagnosticReport?_include=DiagnosticReport:result",
        "/_history?_count=500",
    ]
    counted = {}
    for path in [*SHOWN, *instances, *more]:
        for method in ("GET", "POST"):
            entry = {"request": {"method": "GET", "url": path.removeprefix("/")}}
            body = None if method == "GET" else {"resourceType": "Bundle", "type": "batch", "entry": [entry]}
            answer = doors.ask("narrowed", Ask(method, path if method == "GET" else "/", body))
            wrong += [f"{method} {path}: {leak}" for leak in leaks(unseen, "", told(answer))]
            if method == "GET" and path.startswith("/Observation?") and answer.status == 200:
                counted[path] = answer.json().get("total")
    wrong += [f"{path}: {total} are counted" for path, total in counted.items() if total not in (None, 0)]
    for path in (
        "/Patient?_has:Observation:patient:code=718-7&_summary=count",
        "/Encounter?_has:Observation:encounter:status=final&_summary=count",
    ):
        total = doors.ask("narrowed", Ask("GET", path)).json().get("total")
        if total:
            wrong.append(f"{path}: {total} are counted")
    caller = doors.caller("narrowed")
    with doors.world.connection.transaction(), doors.world.connection.cursor(binary=True) as cursor:
        feed.subscribe(cursor, "matrix-narrowed")
        while changes := feed.read(cursor, caller, "matrix-narrowed", 500):
            wrong += [f"feed: {leak}" for leak in leaks(unseen, "", b"".join(change.body or b"" for change in changes))]
    assert doors.ask("doctor", Ask("GET", "/Observation/own-lab")).status == 200
    assert not wrong, complaint(wrong)

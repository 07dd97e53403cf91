"""Transaction bundles: FHIR's processing order, references between entries, all or nothing."""

from __future__ import annotations

import copy
from base64 import b64encode
from typing import Any

import psycopg
import pytest

from larrey import store
from larrey.kit import json
from larrey.kit.errors import (
    Conflict,
    Forbidden,
    Invalid,
    LarreyError,
    MultipleMatches,
    PreconditionFailed,
    TooLarge,
    Unprocessable,
    Unsupported,
)
from larrey.store import Caller, Rules
from larrey.store.caller import EVERYONE

URN = "urn:uuid:61ebe359-bfdc-4613-8bf2-c5e300945f0a"


def entry(method: str, url: str, resource: dict[str, Any] | None = None, full_url: str = "", **request: Any) -> dict[str, Any]:
    made: dict[str, Any] = {"request": {"method": method, "url": url, **request}}
    if resource is not None:
        made["resource"] = resource
    if full_url:
        made["fullUrl"] = full_url
    return made


def patient(**more: Any) -> dict[str, Any]:
    return {"resourceType": "Patient", **more}


def condition(reference: str) -> dict[str, Any]:
    return {"resourceType": "Condition", "subject": {"reference": reference}}


@pytest.fixture
def process(connection: psycopg.Connection[Any], caller: Caller) -> Any:
    def run(*entries: dict[str, Any], **more: Any) -> list[dict[str, Any]]:
        bundle = {"resourceType": "Bundle", "type": "transaction", "entry": list(entries)}
        answer = store.retry(connection, lambda c: store.process(c, caller, bundle, **more))
        assert answer["type"] == "transaction-response"
        return answer["entry"]  # type: ignore[no-any-return]

    return run


def statuses(entries: list[dict[str, Any]]) -> list[str]:
    return [e["response"]["status"][:3] for e in entries]


def body_at(connection: Any, caller: Caller, location: str) -> Any:
    type_, id_, _, version = location.split("/")
    return json.loads(store.vread(connection.cursor(), caller, type_, id_, int(version)).body)


def count(connection: Any) -> int:
    return int(connection.execute("select count(*) from record.change").fetchone()[0])


def test_urn_uuid_references_become_literal_everywhere(connection: Any, caller: Caller, process: Any) -> None:
    document = {
        "resourceType": "DocumentReference",
        "status": "current",
        "subject": {"reference": URN},
        "content": [{"attachment": {"url": URN}}],
        "text": {"status": "generated", "div": f'<div xmlns="http://www.w3.org/1999/xhtml"><a href="{URN}">x</a></div>'},
        "extension": [{"url": "http://example.org/e", "valueReference": {"reference": URN}}],
    }
    answers = process(entry("POST", "DocumentReference", document), entry("POST", "Patient", patient(), URN))
    written = json.dumps(body_at(connection, caller, answers[0]["response"]["location"]))
    patient_at = answers[1]["response"]["location"].split("/_history")[0]
    assert statuses(answers) == ["201", "201"]
    assert b"urn:uuid" not in written
    assert written.count(patient_at.encode()) == 4


def test_a_bundle_may_be_tried_again(connection: Any, caller: Caller) -> None:
    bundle = {
        "resourceType": "Bundle",
        "type": "transaction",
        "entry": [entry("POST", "Condition", condition(URN)), entry("POST", "Patient", patient(), URN)],
    }
    before = copy.deepcopy(bundle)
    for _ in range(2):
        store.retry(connection, lambda c: store.process(c, caller, bundle))
    assert bundle == before
    assert count(connection) == 4


def test_order_is_delete_post_put_whatever_the_bundle_says(connection: Any, caller: Caller, process: Any) -> None:
    process(entry("PUT", "Patient/old", patient(id="old", identifier=[{"system": "urn:ipp", "value": "1"}])))
    answers = process(
        entry("PUT", "Patient/p", patient(id="p")),
        entry("POST", "Patient", patient(identifier=[{"system": "urn:ipp", "value": "1"}]), ifNoneExist="identifier=urn:ipp|1"),
        entry("DELETE", "Patient/old"),
    )
    assert statuses(answers) == ["201", "201", "204"]  # the deletion came first, so nothing existed


def test_conditional_references_and_creates(connection: Any, caller: Caller, process: Any) -> None:
    doctor = {"resourceType": "Practitioner", "identifier": [{"system": "urn:rpps", "value": "10001234567"}]}
    observation = {
        "resourceType": "Observation",
        "status": "final",
        "code": {"text": "x"},
        "performer": [{"reference": "Practitioner?identifier=urn:rpps|10001234567"}],
    }
    with pytest.raises(Unprocessable, match="Nothing matches the conditional reference") as refused:
        process(entry("POST", "Observation", observation))
    assert refused.value.issues[0].expression == "Bundle.entry[0].resource.performer[0].reference"
    together = process(
        entry("POST", "Observation", observation),
        entry("POST", "Practitioner", doctor, ifNoneExist="identifier=urn:rpps|10001234567"),
    )
    again = process(
        entry("POST", "Observation", observation),
        entry("POST", "Practitioner", doctor, ifNoneExist="identifier=urn:rpps|10001234567"),
    )
    assert statuses(again) == ["201", "200"]
    id_ = together[1]["response"]["location"].split("/")[1]
    for answer in (together, again):
        performer = body_at(connection, caller, answer[0]["response"]["location"])["performer"]
        assert performer == [{"reference": f"Practitioner/{id_}"}]
    process(entry("POST", "Practitioner", doctor))
    with pytest.raises(Unprocessable, match="Several"):
        process(entry("POST", "Observation", observation))
    with pytest.raises(MultipleMatches):
        process(entry("POST", "Practitioner", doctor, ifNoneExist="identifier=urn:rpps|10001234567"))


def test_conditional_put_and_delete(process: Any) -> None:
    one = patient(identifier=[{"system": "urn:ipp", "value": "1"}])
    assert statuses(process(entry("PUT", "Patient?identifier=urn:ipp|1", one))) == ["201"]
    assert statuses(process(entry("PUT", "Patient?identifier=urn:ipp|1", one))) == ["200"]
    assert statuses(process(entry("DELETE", "Patient?identifier=urn:ipp|1"))) == ["204"]
    assert statuses(process(entry("DELETE", "Patient?identifier=urn:ipp|1"))) == ["204"]


def test_patches_in_a_bundle(connection: Any, caller: Caller, process: Any) -> None:
    process(entry("PUT", "Patient/a", patient(id="a")))
    patch = b64encode(b'[{"op": "add", "path": "/active", "value": true}]').decode()
    binary = {"resourceType": "Binary", "contentType": "application/json-patch+json", "data": patch}
    parameters = {
        "resourceType": "Parameters",
        "parameter": [
            {
                "name": "operation",
                "part": [
                    {"name": "type", "valueCode": "add"},
                    {"name": "path", "valueString": "Patient"},
                    {"name": "name", "valueString": "birthDate"},
                    {"name": "value", "valueDate": "1930-01-01"},
                ],
            }
        ],
    }
    process(entry("PATCH", "Patient/a", binary))
    answers = process(entry("PATCH", "Patient/a", parameters, ifMatch='W/"2"'))
    body = body_at(connection, caller, answers[0]["response"]["location"])
    assert (body["active"], body["birthDate"], body["meta"]["versionId"]) == (True, "1930-01-01", "3")
    with pytest.raises(PreconditionFailed):
        process(entry("PATCH", "Patient/a", parameters, ifMatch='W/"2"'))


def test_circles_can_be_made_and_unmade(connection: Any, process: Any) -> None:
    def linked(id_: str, other: str) -> dict[str, Any]:
        return patient(id=id_, link=[{"type": "seealso", "other": {"reference": f"Patient/{other}"}}])

    process(entry("PUT", "Patient/a", linked("a", "b")), entry("PUT", "Patient/b", linked("b", "a")))
    with pytest.raises(Conflict, match="Patient/b"):
        process(entry("DELETE", "Patient/a"))
    process(entry("DELETE", "Patient/a"), entry("DELETE", "Patient/b"))
    assert connection.execute("select count(*) from record.resource").fetchone() == (0,)


@pytest.mark.parametrize(
    ("bad", "error", "message"),
    [
        (entry("POST", "Condition", condition("urn:uuid:nobody")), Unprocessable, "No entry has the fullUrl"),
        (entry("POST", "Condition", condition("Patient/nobody")), Unprocessable, "Patient/nobody"),
        (entry("POST", "Observation", {"resourceType": "Observation"}), Unprocessable, "status"),
        (entry("PUT", "Patient/x", patient(id="y")), Invalid, "names id x"),
        (entry("PUT", "Patient/new", patient(id="new")), Invalid, "both change"),
        (entry("POST", "Patient/x", patient()), Invalid, "goes to the type"),
        (entry("POST", "Nonsense", patient()), Invalid, "resource type"),
        (entry("POST", "Observation", patient()), Invalid, "the resource is Patient"),
        (entry("FETCH", "Patient"), Invalid, "not a method"),
        (entry("PUT", "Patient", patient()), Invalid, "needs an id"),
        (entry("PATCH", "Patient/nobody", patient()), LarreyError, "not in the record"),
        (entry("DELETE", "Patient/never"), LarreyError, "not known"),
        (entry("GET", "Patient"), Unsupported, "GET"),
        (entry("PUT", "Patient/z", patient(id="z"), ifMatch="three"), Invalid, "version tag"),
        ({"resource": patient()}, Invalid, "needs a request"),
        ("text", Invalid, "JSON object"),
    ],
)
def test_one_bad_entry_leaves_nothing_and_is_named(connection: Any, process: Any, bad: Any, error: Any, message: str) -> None:
    good = entry("PUT", "Patient/new", patient(id="new"))
    with pytest.raises(error, match=message) as refused:
        process(good, entry("POST", "Organization", {"resourceType": "Organization", "name": "CHU"}), bad)
    assert refused.value.issues[0].expression.startswith("Bundle.entry[2]")
    assert count(connection) == 0


def test_limits_and_rights(connection: Any, process: Any) -> None:
    with pytest.raises(TooLarge, match="takes 2"):
        process(*[entry("POST", "Patient", patient())] * 3, rules=Rules(entries=2))
    with pytest.raises(Invalid, match="array"):
        store.retry(connection, lambda c: store.process(c, store.system("t"), {"entry": {}}))
    reader = Caller("reader", {"Patient": "rs"}, EVERYONE)
    bundle = {"entry": [entry("POST", "Patient", patient())]}
    with pytest.raises(Forbidden):
        store.retry(connection, lambda c: store.process(c, reader, bundle))
    assert process() == []


def test_many_new_and_changed_resources_in_one_bundle(connection: Any, caller: Caller, process: Any) -> None:
    """More than COPY begins at: both ways of writing meet in one transaction, and both are found by search."""
    names = [f"n{n}" for n in range(40)]
    process(*[entry("PUT", f"Patient/{n}", patient(id=n, name=[{"family": "Avant"}])) for n in names[:20]])
    process(*[entry("PUT", f"Patient/{n}", patient(id=n, name=[{"family": "Après"}])) for n in names])
    page = store.search(connection.cursor(), caller, "Patient", [("family", "apres"), ("_count", "100")])
    assert {stored.id for stored in page.matches} == set(names)
    assert store.search(connection.cursor(), caller, "Patient", [("family", "avant")]).matches == []


def test_what_others_wrote_is_signed_by_them(connection: psycopg.Connection[Any], caller: Caller) -> None:
    bundle = {
        "resourceType": "Bundle",
        "type": "transaction",
        "entry": [
            {"resource": {"resourceType": "Patient", "id": f"s{n}"}, "request": {"method": "PUT", "url": f"Patient/s{n}"}}
            for n in range(12)
        ],
    }
    signers = [f"Practitioner/{n % 3}" for n in range(12)]
    store.retry(connection, lambda cursor: store.process(cursor, caller, bundle, signers=signers))
    rows = connection.execute("select id, actor from record.change where type = 'Patient'").fetchall()
    assert dict(rows) == {f"s{n}": signer for n, signer in enumerate(signers)}
    clerk = Caller("account:x", {"Patient": "cruds"}, EVERYONE)
    with pytest.raises(Forbidden):
        store.retry(connection, lambda cursor: store.process(cursor, clerk, bundle, signers=signers))

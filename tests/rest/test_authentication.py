"""Who may do what: tokens, how long they are remembered, what a stranger sees."""

from __future__ import annotations

import time
from typing import Any

import psycopg
import pytest

from larrey.access import standing, tokens
from larrey.kit.errors import Unauthenticated
from larrey.rest.application import application
from larrey.rest.authentication import Tokens
from larrey.rest.settings import RestSettings
from larrey.store.caller import EVERYONE, Caller
from tests.rest.client import Client
from tests.rest.conftest import Serve


@pytest.fixture(scope="module", autouse=True)
def patient(api: Client) -> None:
    api.put("/Patient/a", {"resourceType": "Patient", "id": "a"})


@pytest.mark.parametrize(
    "path", ["/Patient/a", "/Patient/b", "/Nonsense/1", "/", "/_history", "/Patient/$nothing", "/x/y/z/%ff", "/Patient?colour=1"]
)
def test_a_stranger_learns_nothing(api: Client, path: str) -> None:
    stranger = Client(api.app, token=None)
    for method in ("GET", "POST", "DELETE", "OPTIONS", "BREW"):
        answer = stranger.request(method, path)
        assert answer.status == 401
        assert answer.issue["code"] == "login"
        assert answer.headers["WWW-Authenticate"] == 'Bearer realm="larrey"'


@pytest.mark.parametrize("header", ["Bearer wrong", "Bearer ", "Basic YTpi", "all", "Bearer é", "Bearer a b\x00"])
def test_a_wrong_token(api: Client, header: str) -> None:
    answer = Client(api.app, token=None).get("/Patient/a", Authorization=header)
    assert answer.status == 401
    assert answer.headers["WWW-Authenticate"].startswith("Bearer ")


def test_the_scheme_is_read_in_any_case(api: Client) -> None:
    assert Client(api.app, token=None).get("/Patient/a", Authorization="bearer all").status == 200


def test_metadata_needs_no_token_and_no_database() -> None:
    def nowhere() -> psycopg.Connection[Any]:
        raise psycopg.OperationalError("nothing there")

    stranger = Client(application(RestSettings(), nowhere), token=None)
    assert stranger.get("/metadata").status == 200
    assert stranger.get("/metadata/").status == 200
    assert stranger.request("OPTIONS", "/metadata").status == 204
    assert stranger.post("/metadata", {}).status == 405


def test_scopes(serve: Serve) -> None:
    reader, some, nothing = (Client(serve(), token=token) for token in ("reader", "observations", "nothing"))
    patient = {"resourceType": "Patient", "id": "a"}
    assert reader.get("/Patient/a").status == 200
    for answer in (
        reader.put("/Patient/a", patient),
        reader.post("/Patient", patient),
        reader.delete("/Patient/a"),
        reader.patch("/Patient/a", [], Content_Type="application/json-patch+json"),
        some.get("/Patient?_id=a"),
        some.get("/Encounter/1"),
        nothing.get("/Patient/a"),
        nothing.get("/Patient/never"),
    ):
        assert answer.status == 403
        assert answer.issue["code"] == "forbidden"
        assert "insufficient_scope" in answer.headers["WWW-Authenticate"]
    assert some.get("/_history").status == 200
    assert all(r["resourceType"] in ("Patient", "Observation") for r in some.get("/_history").resources)


def test_a_revoked_token_dies_in_time_however_often_it_is_used(serve: Serve) -> None:
    valid, asked = {"secret"}, []

    def verify(_: psycopg.Cursor[Any], secret: str) -> Caller:
        asked.append(secret)
        if secret not in valid:
            raise Unauthenticated("revoked")
        return Caller("token:x", {"*": "r"}, EVERYONE)

    client = Client(serve(RestSettings(token_seconds=0.3), verify=verify), token="secret")
    assert [client.get("/Patient/a").status for _ in range(5)] == [200] * 5
    assert asked == ["secret"]
    valid.clear()
    deadline = time.monotonic() + 0.4
    while time.monotonic() < deadline:
        client.get("/Patient/a")
        time.sleep(0.02)
    assert client.get("/Patient/a").status == 401


def test_a_person_is_asked_about_again_within_a_minute(
    module_connection: psycopg.Connection[Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    moment, asked = 1000.0, []

    def check(cursor: Any, secret: str) -> Caller:
        asked.append(secret)
        return Caller(secret, sight=EVERYONE, account=1 if secret == "anne" else None)

    monkeypatch.setattr("larrey.rest.authentication.time.monotonic", lambda: moment)
    known = Tokens(check, 600)
    with module_connection.cursor() as cursor:
        for later in (0, 29, 1, 30):
            moment += later
            known.caller("Bearer anne", cursor)
            known.caller("Bearer machine", cursor)
    assert asked == ["anne", "machine", "anne", "anne"]
    assert 30 + standing.SECONDS <= 60


def test_secrets_are_not_kept(serve: Serve) -> None:
    app = serve()
    Client(app, token="reader").get("/Patient/a")
    assert "reader" not in repr(list(app._tokens._known))


def test_tokens_made_for_machines(module_database_url: str, module_connection: psycopg.Connection[Any]) -> None:
    with module_connection.cursor() as cursor:
        secret = tokens.create(cursor, "import", "system/Patient.rs")
        settings = RestSettings(token_seconds=0)
        client = Client(application(settings, lambda: psycopg.connect(module_database_url)), token=secret)
        assert client.get("/Patient/a").status == 200
        assert client.get("/Patient?_id=a").status == 200
        assert client.get("/Observation?_id=a").status == 403
        assert client.put("/Patient/a", {"resourceType": "Patient", "id": "a"}).status == 403
        tokens.revoke(cursor, "import")
        assert client.get("/Patient/a").status == 401

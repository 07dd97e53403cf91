"""When the database goes away, is slow, or something is wrong in the server itself."""

from __future__ import annotations

import io
import logging
import threading
import time
from typing import Any

import psycopg
import pytest

from larrey.rest.application import application
from larrey.rest.settings import RestSettings
from tests.rest.client import Client
from tests.rest.conftest import Serve, verify

PATIENT = {"resourceType": "Patient", "id": "f"}
OTHERS = """
select pg_terminate_backend(pid) from pg_stat_activity where datname = current_database() and pid <> pg_backend_pid()
"""


@pytest.fixture(scope="module", autouse=True)
def patient(api: Client) -> None:
    assert api.put("/Patient/f", PATIENT).status == 201


def test_no_database_is_503_and_transient() -> None:
    def nowhere() -> psycopg.Connection[Any]:
        return psycopg.connect("postgresql://127.0.0.1:1/nothing?connect_timeout=1")

    answer = Client(application(RestSettings(), nowhere, verify=verify)).get("/Patient/f")
    assert answer.status == 503
    assert answer.issue["code"] == "transient"
    assert answer.headers["Retry-After"]
    assert b"127.0.0.1" not in answer.body


def test_a_connection_that_broke_while_idle_is_replaced_unseen(api: Client, module_connection: psycopg.Connection[Any]) -> None:
    for request in (lambda: api.get("/Patient/f").status, lambda: api.put("/Patient/f", PATIENT).status):
        assert request() == 200
        module_connection.execute(OTHERS)
        time.sleep(0.1)
        assert request() == 200


def blocked(api: Client, connection: psycopg.Connection[Any], meanwhile: Any) -> Any:
    """The answer to an update that has to wait for another's lock while ``meanwhile`` happens."""
    answers: list[Any] = []
    with connection.transaction(force_rollback=True):
        connection.execute("select 1 from record.resource where type = 'Patient' and id = 'f' for update")
        thread = threading.Thread(target=lambda: answers.append(api.put("/Patient/f", PATIENT)))
        thread.start()
        time.sleep(0.15)
        meanwhile()
        thread.join(10)
    return answers[0]


def test_a_connection_that_breaks_at_work_is_503_and_the_next_request_works(
    api: Client, module_connection: psycopg.Connection[Any]
) -> None:
    answer = blocked(api, module_connection, lambda: module_connection.execute(OTHERS))
    assert answer.status == 503
    assert answer.issue["code"] == "transient"
    time.sleep(0.1)
    assert api.put("/Patient/f", PATIENT).status == 200


def test_what_takes_too_long_is_a_clear_4xx(serve: Serve, module_connection: psycopg.Connection[Any]) -> None:
    impatient = Client(serve(RestSettings(seconds=0.3)))
    answer = blocked(impatient, module_connection, lambda: None)
    assert 400 <= answer.status < 500
    assert answer.issue["code"] == "too-costly"
    assert impatient.put("/Patient/f", PATIENT).status == 200


def test_a_fault_of_ours_has_a_number_that_finds_it_in_the_log(serve: Serve, caplog: pytest.LogCaptureFixture) -> None:
    def broken(*_: Any) -> Any:
        raise RuntimeError("secret cause")

    with caplog.at_level(logging.ERROR):
        answer = Client(serve(verify=broken)).get("/Patient/f")
    assert answer.status == 500
    assert answer.issue["code"] == "exception"
    assert b"secret" not in answer.body
    number = answer.issue["diagnostics"].rstrip(".").split()[-1]
    assert number in caplog.text
    assert "secret cause" in caplog.text


def test_every_request_is_observed(serve: Serve) -> None:
    seen: list[tuple[str, int]] = []
    api = Client(serve(observe=lambda name, status, seconds: seen.append((name, status)) if seconds >= 0 else None))
    api.get("/Patient/f")
    api.get("/Patient/never")
    api.get("/Patient?_id=f")
    api.post("/", {"resourceType": "Bundle", "type": "transaction", "entry": []})
    api.get("/nowhere")
    api.get("/metadata")
    Client(api.app, token=None).get("/Patient/f")
    assert seen == [
        ("read", 200),
        ("read", 404),
        ("search-type", 200),
        ("transaction", 200),
        ("none", 404),
        ("capabilities", 200),
        ("none", 401),
    ]


def test_body_limits(serve: Serve) -> None:
    api = Client(serve(RestSettings(body=1000)))
    big = {"resourceType": "Basic", "code": {"text": "x" * 1000}}
    refused = api.post("/Basic", big)
    assert refused.status == 413
    assert "LARREY_MAX_BODY_MB" in refused.issue["diagnostics"]
    assert api.post("/Basic", big, Content_Length="nonsense").status == 400
    assert api.post("/Basic", b"{}", Content_Length="900").status == 400


def test_chunked_bodies_have_no_length(api: Client) -> None:
    environ = {"REQUEST_METHOD": "PUT", "PATH_INFO": "/Patient/f", "HTTP_HOST": "test", "HTTP_AUTHORIZATION": "Bearer all"}
    environ |= {"CONTENT_TYPE": "application/fhir+json", "HTTP_TRANSFER_ENCODING": "chunked"}
    body = b'{"resourceType":"Patient","id":"f","active":true}'
    assert api.call({**environ, "wsgi.input": io.BytesIO(body)}).status == 200
    assert api.get("/Patient/f").json()["active"] is True
    del environ["HTTP_TRANSFER_ENCODING"]
    assert api.call({**environ, "SERVER_PROTOCOL": "HTTP/2", "wsgi.input": io.BytesIO(body)}).status == 200
    assert api.call({**environ, "wsgi.input": io.BytesIO(body)}).status == 400


def test_too_many_parameters(serve: Serve) -> None:
    api = Client(serve(RestSettings(parameters=5)))
    assert api.get("/Patient?" + "&".join(["_id=1"] * 5)).status == 200
    assert api.get("/Patient?" + "&".join(["_id=1"] * 6)).status == 413

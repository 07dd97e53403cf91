"""Binary: raw content, FHIR JSON, streaming and its limit."""

from __future__ import annotations

import gzip
import io
from base64 import b64encode
from typing import Any

import psycopg

from larrey.rest.settings import RestSettings
from tests.rest.client import Client
from tests.rest.conftest import Serve

PDF = b"%PDF-1.7 \x00\xff" * 100_000


def test_raw_content_comes_back_as_it_was(api: Client) -> None:
    created = api.post("/Binary", PDF, Content_Type="application/pdf")
    assert created.status == 201
    assert created.json()["contentType"] == "application/pdf"
    assert "data" not in created.json()
    address = f"/Binary/{created.json()['id']}"
    for headers in ({}, {"Accept": "*/*"}, {"Accept": "application/pdf"}, {"Accept": "image/png"}):
        read = api.request("GET", address, headers=headers)
        assert read.status == 200
        assert read.body == PDF
        assert read.headers["Content-Type"] == "application/pdf"
        assert read.headers["Content-Length"] == str(len(PDF))
        assert read.headers["Content-Disposition"] == "attachment"
        assert read.headers["X-Content-Type-Options"] == "nosniff"
        assert read.headers["ETag"] == 'W/"1"'
    assert api.get(address, If_None_Match='W/"1"').status == 304
    head = api.request("HEAD", address)
    assert (head.body, head.headers["Content-Length"]) == (b"", str(len(PDF)))


def test_as_a_resource_it_carries_base64(api: Client) -> None:
    created = api.post("/Binary", b"hello", Content_Type="text/plain; charset=utf-8")
    address = f"/Binary/{created.json()['id']}"
    for read in (api.get(address, Accept="application/fhir+json"), api.get(address + "?_format=json")):
        assert read.headers["Content-Type"].startswith("application/fhir+json")
        assert read.json()["data"] == b64encode(b"hello").decode()
        assert read.json()["contentType"] == "text/plain; charset=utf-8"
    assert api.get(address).headers["Content-Type"] == "text/plain; charset=utf-8"


def test_a_resource_in_json_is_kept_as_content_too(api: Client, module_connection: psycopg.Connection[Any]) -> None:
    resource = {"resourceType": "Binary", "id": "j", "contentType": "image/png", "data": b64encode(b"png" * 1000).decode()}
    assert api.put("/Binary/j", resource).status == 201
    assert api.get("/Binary/j").body == b"png" * 1000
    assert api.get("/Binary/j", Accept="application/fhir+json").json()["data"] == resource["data"]
    body = module_connection.execute("select body from record.resource where type = 'Binary' and id = 'j'").fetchone()
    assert body is not None
    assert b"data" not in body[0]
    transaction = {"resourceType": "Bundle", "type": "transaction"}
    transaction["entry"] = [{"request": {"method": "PUT", "url": "Binary/k"}, "resource": {**resource, "id": "k"}}]
    assert api.post("/", transaction).status == 200
    assert api.get("/Binary/k").body == b"png" * 1000
    blobs = module_connection.execute("select count(*) from record.blob where size = 3000").fetchone()
    assert blobs == (1,)
    assert api.put("/Binary/j", {**resource, "data": "?"}).status in (400, 422)
    assert api.put("/Binary/j", {**resource, "data": 3}).status in (400, 422)


def test_versions_keep_their_content(api: Client) -> None:
    api.put("/Binary/v", b"one", Content_Type="text/plain")
    api.put("/Binary/v", b"two", Content_Type="text/plain")
    assert api.put("/Binary/v", b"three", Content_Type="text/plain", If_Match='W/"1"').status == 412
    assert api.get("/Binary/v").body == b"two"
    assert api.get("/Binary/v/_history/1").body == b"one"
    assert api.delete("/Binary/v").status == 204
    assert api.get("/Binary/v").status == 410
    assert api.get("/Binary/v/_history/2").body == b"two"


def test_security_context_travels_in_its_header(api: Client) -> None:
    api.put("/Patient/s", {"resourceType": "Patient", "id": "s"})
    api.request("PUT", "/Binary/s", b"x", {"Content-Type": "text/plain", "X-Security-Context": "Patient/s"})
    read = api.get("/Binary/s")
    assert read.headers["X-Security-Context"] == "Patient/s"
    assert api.get("/Binary/s?_format=json").json()["securityContext"] == {"reference": "Patient/s"}


def test_a_hostile_content_type_makes_no_header(api: Client) -> None:
    resource = {"resourceType": "Binary", "id": "h", "contentType": "text/html\r\nSet-Cookie: a=b", "data": "aGk="}
    if api.put("/Binary/h", resource).status == 201:
        assert "\r" not in api.get("/Binary/h").headers["Content-Type"]
    assert api.put("/Binary/h", b"x", Content_Type="text").status == 415
    assert api.put("/Binary/h", b"x", Content_Type="application/fhir+xml").status == 415


def test_the_limit_is_told_before_and_while_reading(serve: Serve) -> None:
    api = Client(serve(RestSettings(binary=1000)))
    assert api.put("/Binary/l", b"x" * 1000, Content_Type="text/plain").status == 201
    refused = api.put("/Binary/l", b"x" * 1001, Content_Type="text/plain")
    assert refused.status == 413
    assert "LARREY_MAX_BLOB_MB" in refused.issue["diagnostics"]
    unread = io.BytesIO(b"x" * 2000)
    environ = {"REQUEST_METHOD": "PUT", "PATH_INFO": "/Binary/l", "CONTENT_TYPE": "text/plain", "HTTP_HOST": "test"}
    environ |= {"HTTP_AUTHORIZATION": "Bearer all", "wsgi.input": unread}
    assert api.call({**environ, "CONTENT_LENGTH": "2000"}).status == 413
    assert unread.tell() == 0
    assert api.call({**environ, "HTTP_TRANSFER_ENCODING": "chunked"}).status == 413
    bomb = gzip.compress(b"\x00" * 10_000_000)
    sent = {"Content-Type": "text/plain", "Content-Encoding": "gzip"}
    assert Client(serve(RestSettings(binary=100_000))).request("PUT", "/Binary/l", bomb, sent).status == 413
    assert api.get("/Binary/l").headers["ETag"] == 'W/"1"'


def test_it_cannot_be_patched(api: Client) -> None:
    api.put("/Binary/p", b"x", Content_Type="text/plain")
    assert api.patch("/Binary/p", [], Content_Type="application/json-patch+json").status == 400
    assert api.get("/Binary/p").headers["ETag"] == 'W/"1"'


def test_a_binary_without_content(api: Client) -> None:
    api.put("/Binary/e", {"resourceType": "Binary", "id": "e", "contentType": "text/plain"})
    assert (api.get("/Binary/e").status, api.get("/Binary/e").body) == (200, b"")
    api.put("/Binary/e", b"", Content_Type="text/plain")
    assert api.get("/Binary/e").headers["Content-Length"] == "0"


def test_what_streams_uses_no_connection_of_the_thread(api: Client) -> None:
    """The answer's body is read after other requests of the same thread, as a server may do."""
    api.put("/Binary/st", PDF, Content_Type="application/pdf")
    environ = {"REQUEST_METHOD": "GET", "PATH_INFO": "/Binary/st", "HTTP_HOST": "t", "HTTP_AUTHORIZATION": "Bearer all"}
    pieces = iter(api.app(environ, lambda *_: None))
    first = next(pieces)
    assert api.get("/Patient/none").status == 404
    assert api.put("/Patient/during", {"resourceType": "Patient", "id": "during"}).status == 201
    assert first + b"".join(pieces) == PDF

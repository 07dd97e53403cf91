"""Feed the FHIR API what nobody would send, guided by the code that each input reaches.

    python scripts/fuzz_api.py [--seconds 60] [--seed 1]

Runs the WSGI application in this process on an empty record of its own. Coverage of larrey.rest, larrey.fhir and
larrey.store steers the mutations (atheris, libFuzzer). The first answer that is a 5xx, or a failure that is no
OperationOutcome, stops the run: the request is printed and the exit code is 1.
"""

from __future__ import annotations

import argparse
import io
import json as plain_json
import os
import secrets
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import atheris
import psycopg

with atheris.instrument_imports(include=["larrey.rest", "larrey.fhir", "larrey.store"], enable_loader_override=False):
    from larrey import store
    from larrey.rest.application import application
    from larrey.rest.settings import RestSettings

from larrey.site import postgres, schema

METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE", "HEAD")
PATHS = ("", "Patient", "Patient/a", "Observation", "Observation/a/_history/1", "_history", "Binary", "Patient/a/$everything")
QUERIES = ("", "name=", "identifier=a|", "date=ge", "_filter=", "value-quantity=5|", "_has:Observation:patient:code=", "_sort=")
BODIES = (
    {"resourceType": "Patient", "id": "a", "name": [{"family": "x"}], "birthDate": "1930"},
    {"resourceType": "Observation", "status": "final", "code": {"text": "x"}, "valueQuantity": {"value": 1.10, "code": "g"}},
    {"resourceType": "Bundle", "type": "transaction", "entry": [{"request": {"method": "GET", "url": "Patient"}}]},
    {"resourceType": "Parameters", "parameter": [{"name": "operation", "part": [{"name": "type", "valueCode": "add"}]}]},
)


def request(data: bytes) -> dict[str, Any]:
    """A WSGI environ made of the fuzzer's bytes: a choice of beginnings, then as it likes."""
    provider = atheris.FuzzedDataProvider(data)
    path = provider.PickValueInList(list(PATHS)) + provider.ConsumeUnicode(provider.ConsumeIntInRange(0, 12))
    query = provider.PickValueInList(list(QUERIES)) + provider.ConsumeUnicode(provider.ConsumeIntInRange(0, 24))
    body = bytearray(plain_json.dumps(provider.PickValueInList(list(BODIES))).encode())
    for _ in range(provider.ConsumeIntInRange(0, 4)):
        at = provider.ConsumeIntInRange(0, len(body))
        body[at : at + provider.ConsumeIntInRange(0, 8)] = provider.ConsumeBytes(6)
    types = ["application/fhir+json", "application/json-patch+json", "application/x-www-form-urlencoded", "text/plain"]
    method = provider.PickValueInList(list(METHODS))
    return {
        "REQUEST_METHOD": method,
        "SCRIPT_NAME": "/fhir",
        "PATH_INFO": "/" + path.encode("utf-8", "surrogatepass").decode("latin-1"),
        "QUERY_STRING": query.encode("utf-8", "surrogatepass").decode("latin-1"),
        "CONTENT_TYPE": provider.PickValueInList(types),
        "CONTENT_LENGTH": str(len(body)),
        "HTTP_HOST": "fuzz",
        "HTTP_AUTHORIZATION": "Bearer fuzz",
        "SERVER_NAME": "fuzz",
        "SERVER_PORT": "80",
        "wsgi.url_scheme": "http",
        "wsgi.input": io.BytesIO(bytes(body)),
        "larrey.body": bytes(body),
    }


def judge(app: Callable[..., Any]) -> Callable[[bytes], None]:
    """What the fuzzer calls: one request, and its answer judged."""

    def one(data: bytes) -> None:
        environ = request(data)
        sent = environ.pop("larrey.body")
        status: list[str] = []
        answer = b"".join(app(environ, lambda line, _headers: status.append(line)))
        code = int(status[0][:3])
        outcome = code < 400 or environ["REQUEST_METHOD"] == "HEAD" or b'"OperationOutcome"' in answer
        if code >= 500 or not outcome:
            told = {name: environ[name] for name in ("REQUEST_METHOD", "PATH_INFO", "QUERY_STRING", "CONTENT_TYPE")}
            raise AssertionError(f"{status[0]} for {told} with {sent!r}: {answer[:300]!r}")

    return one


def main() -> None:
    """Start a database, and fuzz until the time is over or something breaks."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=int, default=60)
    parser.add_argument("--seed", type=int, default=1)
    chosen = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder, postgres.start(Path(folder) / "data", durable=False) as server:
        os.environ.setdefault("LARREY_SECRET_KEY", secrets.token_urlsafe(48))  # Django, which has the trace, asks for one
        schema.migrate(server.url)
        app = application(
            RestSettings(), lambda: psycopg.connect(server.url), verify=lambda _cursor, _secret: store.system("fuzz")
        )
        limits = [f"-max_total_time={chosen.seconds}", f"-seed={chosen.seed}", "-max_len=256", "-timeout=30"]
        atheris.Setup([sys.argv[0], *limits], judge(app))
        atheris.Fuzz()


if __name__ == "__main__":
    main()

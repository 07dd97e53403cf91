"""Documents of every kind, for tests."""

from __future__ import annotations

from base64 import b64encode
from pathlib import Path
from typing import Any

from django.test import Client

from larrey.apps.chart.tests.conftest import CLAIRE

LIST = f"/chart/{CLAIRE}/documents"
LETTER = (Path(__file__).parents[4] / "tests/wire/documents/letter.xml").read_bytes()
PDF = b"%PDF-1.4\n1 0 obj<<>>endobj\ntrailer<<>>\n%%EOF\n"
PNG = b"\x89PNG\r\n\x1a\n" + bytes(40)


def attached(data: bytes, type_: str, **more: Any) -> dict[str, Any]:
    return {"contentType": type_, "data": b64encode(data).decode(), **more}


def document(id_: str, *attachments: dict[str, Any], owner: str = CLAIRE, **more: Any) -> dict[str, Any]:
    return {
        "resourceType": "DocumentReference",
        "id": id_,
        "status": "current",
        "date": "2026-03-12T14:30:00+01:00",
        "subject": {"reference": f"Patient/{owner}"},
        "content": [{"attachment": each} for each in attachments],
        **more,
    }


def typed(code: str, text: str) -> dict[str, Any]:
    return {"coding": [{"system": "http://loinc.org", "code": code}], "text": text}


def binary(id_: str, data: bytes, type_: str = "application/pdf", context: str | None = f"Patient/{CLAIRE}") -> dict[str, Any]:
    resource: dict[str, Any] = {"resourceType": "Binary", "id": id_, "contentType": type_, "data": b64encode(data).decode()}
    return resource | ({"securityContext": {"reference": context}} if context else {})


def read(client: Client, id_: str) -> str:
    response = client.get(f"{LIST}/{id_}")
    assert response.status_code == 200
    return response.content.decode()


def bytes_of(response: Any) -> bytes:
    return b"".join(response.streaming_content) if response.streaming else response.content

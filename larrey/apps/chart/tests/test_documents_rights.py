"""Documents: who gets the page and the bytes, and what they cost."""

from __future__ import annotations

import psycopg
import pytest
from django.test import Client

from larrey.apps.chart.tests.conftest import CLAIRE, SignedIn, Write
from larrey.apps.chart.tests.made_documents import LETTER, LIST, PDF, attached, binary, bytes_of, document, read

CONTENT = [LIST, f"{LIST}/a", f"{LIST}/a/content/0", f"{LIST}/cda/content/0/parts/0"]


@pytest.fixture
def two(write: Write) -> None:
    """A PDF and a CDA of Claire's; a PDF of Marie's, which a document of Claire's points to as well."""
    write(
        [
            document("a", {"contentType": "application/pdf", "url": "Binary/claires"}, description="Lettre"),
            document("cda", attached(LETTER, "text/xml")),
            document("hers", {"contentType": "application/pdf", "url": "Binary/maries"}, owner="marie"),
            document("thief", {"contentType": "application/pdf", "url": "Binary/maries"}),
            document("thief2", {"contentType": "application/pdf", "url": "Binary/by-document"}),
            binary("claires", PDF),
            binary("maries", PDF, context="Patient/marie"),
            binary("by-document", PDF, context="DocumentReference/hers"),
        ]
    )


@pytest.mark.usefixtures("two")
def test_who_reads_documents(signed_in: SignedIn, connection: psycopg.Connection) -> None:
    doctor = signed_in("doctor")
    for page in CONTENT:
        assert doctor.get(page).status_code == 200, page
    rows = connection.execute("select patient_id, what from access_audit where patient is not null order by id").fetchall()
    assert signed_in("nurse").get(f"{LIST}/a").status_code == 200
    assert rows == [
        (CLAIRE, f"Patient/{CLAIRE} documents"),
        (CLAIRE, "DocumentReference/a document"),
        (CLAIRE, "DocumentReference/a content 0"),
        (CLAIRE, "DocumentReference/cda content 0 part 0"),
    ]
    for role in ("identity-officer", "administrator"):
        client = signed_in(role)
        for page in CONTENT:
            response = client.get(page)
            assert response.status_code == 403, page
            assert PDF not in response.content
    for page in [*CONTENT, f"{LIST}/absent/content/0"]:
        stranger = Client().get(page)
        assert (stranger.status_code, stranger.content) == (302, b""), page


@pytest.mark.usefixtures("two")
def test_one_patients_address_never_gives_anothers_document(signed_in: SignedIn) -> None:
    client = signed_in("doctor")
    for page in ("hers", "hers/content/0", "thief/content/0", "thief2/content/0", "absent", "absent/content/0"):
        assert client.get(f"{LIST}/{page}").status_code == 404, page
    for page in ("thief", "thief2"):
        assert "pas dans le dossier" in read(client, page)
    assert client.get("/chart/marie/documents/hers/content/0").status_code == 200


@pytest.mark.usefixtures("two")
def test_nothing_is_given_when_the_trace_cannot_be_written(signed_in: SignedIn, connection: psycopg.Connection) -> None:
    client = signed_in("doctor")
    client.raise_request_exception = False
    connection.execute("alter table access_audit add constraint never check (patient_id <> 'claire') not valid")
    response = client.get(f"{LIST}/a/content/0")
    assert response.status_code == 500
    assert PDF not in response.content


@pytest.mark.usefixtures("two")
@pytest.mark.parametrize(("address", "most"), [(LIST, 10), (f"{LIST}/a", 12), (f"{LIST}/cda", 11), (f"{LIST}/a/content/0", 14)])
def test_a_page_of_documents_sends_few_statements(signed_in: SignedIn, statements: list[str], address: str, most: int) -> None:
    client = signed_in("doctor")
    bytes_of(client.get(address))
    statements.clear()
    response = client.get(address)
    bytes_of(response)
    assert response.status_code == 200
    assert len(statements) <= most, "\n".join(statements)


@pytest.mark.usefixtures("two")
def test_english(signed_in: SignedIn) -> None:
    text = signed_in("doctor", language="en").get(f"{LIST}/cda").content.decode()
    assert "Check whose it is" in text
    assert "Details and history" in text
    assert "Signed by" in text

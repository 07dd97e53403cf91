"""Many clients at once, each on a thread and so on a connection of its own."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import psycopg

from tests.rest.client import Client

CLIENTS = 64


def together(work: Callable[[int], Any], clients: int = CLIENTS) -> list[Any]:
    with ThreadPoolExecutor(max_workers=clients) as pool:
        return list(pool.map(work, range(clients)))


def counted(connection: psycopg.Connection[Any], statement: str) -> int:
    row = connection.execute(statement.encode()).fetchone()
    assert row is not None
    return int(row[0])


def test_64_conditional_creates_of_one_identifier_make_one(api: Client, module_connection: psycopg.Connection[Any]) -> None:
    resource = {"resourceType": "Patient", "identifier": [{"system": "urn:ipp", "value": "1"}]}
    forms = ["identifier=urn:ipp|1", "identifier=urn%3Aipp%7C1", "Patient?identifier=urn:ipp%7C1"]
    answers = together(lambda n: api.post("/Patient", resource, If_None_Exist=forms[n % 3]))
    assert Counter(answer.status for answer in answers) == {201: 1, 200: CLIENTS - 1}
    assert len({answer.json()["id"] for answer in answers}) == 1
    assert counted(module_connection, "select count(*) from record.resource where type = 'Patient'") == 1


def test_64_updaters_with_if_match_lose_none(api: Client) -> None:
    api.put("/Basic/counter", {"resourceType": "Basic", "id": "counter", "code": {"text": "0"}})

    def increment(_: int) -> int:
        for attempt in range(1, 1000):
            read = api.get("/Basic/counter")
            resource = read.json()
            resource["code"]["text"] = str(int(resource["code"]["text"]) + 1)
            answer = api.put("/Basic/counter", resource, If_Match=read.headers["ETag"])
            if answer.status == 200:
                return attempt
            assert answer.status == 412, answer.body
        raise AssertionError("never succeeded")

    together(increment)
    final = api.get("/Basic/counter")
    assert final.json()["code"]["text"] == str(CLIENTS)
    assert final.headers["ETag"] == f'W/"{CLIENTS + 1}"'


def test_unconditional_writers_of_one_new_resource_make_a_chain_of_versions(api: Client) -> None:
    body = {"resourceType": "Patient", "id": "new"}
    answers = together(lambda _: api.put("/Patient/new", body), 16)
    assert Counter(answer.status for answer in answers) == {201: 1, 200: 15}
    assert sorted(int(answer.headers["ETag"][3:-1]) for answer in answers) == list(range(1, 17))


def test_conditional_update_and_transactions_meet_the_same_lock(api: Client, module_connection: psycopg.Connection[Any]) -> None:
    def write(n: int) -> int:
        resource = {"resourceType": "Organization", "identifier": [{"system": "urn:finess", "value": "9"}], "name": "CHU"}
        criteria = "identifier=urn:finess|9"
        if n % 2:
            return api.put(f"/Organization?{criteria}", resource).status
        encoded = criteria if n % 4 else "identifier=urn%3Afiness%7C9"
        request = {"method": "POST", "url": "Organization", "ifNoneExist": encoded}
        bundle = {"resourceType": "Bundle", "type": "transaction", "entry": [{"request": request, "resource": resource}]}
        return api.post("/", bundle).status

    assert set(together(write, 16)) <= {200, 201}
    assert counted(module_connection, "select count(*) from record.resource where type = 'Organization'") == 1

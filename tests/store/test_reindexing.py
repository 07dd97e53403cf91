"""Indexing anew gives rows of an older version what the present one finds them by, and changes nothing else."""

from __future__ import annotations

from typing import Any

import psycopg
import pytest

from larrey import store
from larrey.store import Caller
from larrey.store.reindexing import reindex

RESOURCES: list[dict[str, Any]] = [
    {"resourceType": "Patient", "id": "p", "name": [{"family": "Durand", "given": ["Zoé"]}], "birthDate": "1980-02-03"},
    {
        "resourceType": "Observation", "id": "k", "status": "final", "subject": {"reference": "Patient/p"},
        "category": [{"coding": [{"system": "c", "code": "laboratory", "display": "Biologie"}]}],
        "code": {"coding": [{"system": "http://loinc.org", "code": "2823-3", "display": "Potassium"}]},
        "effectiveDateTime": "2026-01-02T08:00:00Z", "valueQuantity": {"value": 4.1, "unit": "mmol/L"},
    },
    {"resourceType": "Condition", "id": "c", "subject": {"reference": "Patient/p"}, "onsetDateTime": "2026-01-01"},
]  # fmt: skip
TABLES = {
    "resource": "type, id, version, patient, date_low, date_high, updated, body, shelf, analyte, secrecy, rid",
    "string_value": "*",
    "date_value": "*",
    "number_value": "*",
    "label": "*",
    "care": "*",
    "change": "*",
    "past": "*",
}


def everything(connection: psycopg.Connection[Any]) -> dict[str, Any]:
    found: dict[str, Any] = {
        table: sorted(map(repr, connection.execute(f"select {columns} from record.{table}").fetchall()))
        for table, columns in TABLES.items()
    }
    rows = connection.execute("select id, tokens, refs from record.resource").fetchall()
    return found | {"keys": {id_: (sorted(tokens), sorted(refs)) for id_, tokens, refs in rows}}


@pytest.mark.parametrize("batch", [1, 500])
def test_what_is_indexed_anew_is_what_was_written(
    connection: psycopg.Connection[Any], caller: Caller, monkeypatch: pytest.MonkeyPatch, batch: int
) -> None:
    monkeypatch.setattr("larrey.store.reindexing.BATCH", batch)
    store.retry(connection, lambda cursor: [store.update(cursor, caller, resource) for resource in RESOURCES])
    store.retry(connection, lambda cursor: store.update(cursor, caller, {**RESOURCES[0], "birthDate": "1981"}))
    before = everything(connection)
    connection.execute("update record.resource set shelf = null, analyte = null, tokens = '{}', refs = '{}', patient = null")
    connection.execute("delete from record.string_value; delete from record.number_value; delete from record.label")
    told: list[int] = []
    assert reindex(connection, caller, told.append) == sum(told) == 3
    assert everything(connection) == before
    assert reindex(connection, caller, told.append) == 3
    assert everything(connection) == before


def test_an_empty_record_has_nothing_to_index(connection: psycopg.Connection[Any], caller: Caller) -> None:
    assert reindex(connection, caller, lambda _: None) == 0

"""Figure: disk per resource, all included, split into body, history and indexes."""

from __future__ import annotations

from larrey.cli.benchmarks.ground import Base
from larrey.cli.benchmarks.report import Figure
from larrey.kit.errors import Fault

_SIZES = """
select c.relname, coalesce(i.inhparent = 'record.resource'::regclass, false),
       pg_table_size(c.oid), pg_indexes_size(c.oid)
from pg_class c join pg_namespace n on n.oid = c.relnamespace
left join pg_inherits i on i.inhrelid = c.oid
where n.nspname = 'record' and c.relkind = 'r'
"""
_ROWS = """
select count(*), sum(pg_column_size(body)), sum(pg_column_size(tokens)), sum(pg_column_size(refs)), sum(length(body))
from record.resource
"""


def measure(base: Base, name: str) -> list[Figure]:
    """Bytes per current resource. ``body``: the stored JSON, compressed; ``row``: the rest of its row, key arrays included."""
    with base.connect() as connection:
        row = connection.execute(_ROWS).fetchone()
        tables = connection.execute(_SIZES).fetchall()
    assert row is not None  # an aggregate always answers
    if not row[0]:
        raise Fault("The base is empty.")
    count, body, tokens, refs, plain = (int(value) for value in row)
    heaps = indexes = side = side_indexes = history = ties = 0
    for table, partition, heap, index in tables:
        if partition:
            heaps += heap
            indexes += index
        elif table in {"string_value", "date_value", "number_value", "label"}:
            side += heap
            side_indexes += index
        elif table in {"change", "past"}:
            history += heap + index
        elif table == "care":
            ties += heap + index
    parts = {
        "body": body / count,
        "key arrays": (tokens + refs) / count,
        "rest of the row": (heaps - body - tokens - refs) / count,
        "ordered values": side / count,
        "history": history / count,
        "indexes of rows": indexes / count,
        "indexes of ordered values": side_indexes / count,
        "ties of care": ties / count,
    }
    whole = sum(parts.values())
    figures = [Figure(f"disk per resource, {name}", whole, "B", plain / count, "the JSON itself", whole * count / plain)]
    figures += [Figure(f"  of it {part}", size, "B", details={"share": size / whole}) for part, size in parts.items()]
    return figures

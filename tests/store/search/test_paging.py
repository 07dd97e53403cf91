"""Paging: each match exactly once, in order, both ways, while others write; a cursor fits its own search only."""

from __future__ import annotations

import threading
from typing import Any

import psycopg
import pytest

from larrey import store
from larrey.kit.errors import Invalid
from larrey.store.search import driving, meeting, search

SORTS = [
    "",
    "date",
    "-date",
    "_id",
    "-_lastUpdated",
    "value-quantity,-_id",
    "-value-string",
    "status,-date",
    "-status,date",
    "code",
    "-_profile,code",
    "subject,-date",
]


@pytest.fixture(scope="module")
def filled(module_connection: psycopg.Connection, caller: Any, maker: Any, tolerant: Any) -> Any:
    resources = maker(7).resources()
    with module_connection.transaction(), module_connection.cursor(binary=True) as cursor:
        for resource in resources:
            store.update(cursor, caller, resource, rules=tolerant)
    return module_connection


def walk(cursor: Any, caller: Any, pairs: list[tuple[str, str]], link: str = "next", start: str | None = None) -> list[list[str]]:
    pages, position = [], start
    while True:
        page = search(cursor, caller, "Observation", [*pairs, *([("_cursor", position)] if position else [])])
        pages.append([stored.id for stored in page.matches])
        position = getattr(page, link)
        if position is None:
            return pages
        assert len(pages) < 100


@pytest.mark.parametrize("sort", SORTS)
@pytest.mark.parametrize(
    ("size", "criteria", "few"),
    [
        (7, [], 0),
        (60, [], 0),
        (5, [("combo-value-quantity", "lt99999")], 3),
        (5, [("code:missing", "false"), ("combo-code:missing", "false")], 3),
        (5, [("code:missing", "false"), ("combo-code:missing", "false")], 1000),
    ],
)
def test_pages_in_either_direction_are_the_whole_list(
    filled: psycopg.Connection, caller: Any, sort: str, size: int, criteria: Any, few: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    pairs = [*criteria, *([("_sort", sort)] if sort else [])]
    with filled.cursor(binary=True) as cursor:
        whole = [stored.id for stored in search(cursor, caller, "Observation", [*pairs, ("_count", "1000")]).matches]
        assert len(whole) == len(set(whole))
        assert (len(whole) == 60) if not criteria else (10 < len(whole) <= 60)
        if few:
            monkeypatch.setattr(driving, "FEW", few)
            monkeypatch.setattr(meeting, "FEW", few)
            monkeypatch.setattr(meeting, "STEPS", 7)
        pairs.append(("_count", str(size)))
        pages = walk(cursor, caller, pairs)
        assert [id_ for page in pages for id_ in page] == whole
        # from the last page back to the first
        last = None
        for _ in pages[1:]:
            last = search(cursor, caller, "Observation", [*pairs, *([("_cursor", last)] if last else [])]).next
        back = walk(cursor, caller, pairs, "previous", last)
        assert [id_ for page in reversed(back) for id_ in page] == whole


def test_sorting_by_each_kind_of_value(filled: psycopg.Connection, caller: Any, naive: Any, maker: Any) -> None:
    everything = naive(maker(7).resources())
    with filled.cursor(binary=True) as cursor:

        def order(sort: str) -> list[str]:
            return [stored.id for stored in search(cursor, caller, "Observation", [("_sort", sort), ("_count", "1000")]).matches]

        def first(code: str, value: Any) -> dict[str, Any]:
            found = {id_: values.get(code) for (type_, id_), values in everything.found.items() if type_ == "Observation"}
            return {id_: value(values) if values else None for id_, values in found.items()}

        dates = first("date", lambda values: values[0].low)
        in_order = [dates[id_] for id_ in order("date")]
        present = [date for date in in_order if date is not None]
        assert present == sorted(present)
        assert in_order == [None] * (60 - len(present)) + present  # a missing clinical date is earlier than any
        assert [dates[id_] for id_ in order("-date")] == [*reversed(present), *([None] * (60 - len(present)))]
        codes = {
            id_: r["code"].get("coding", [{}])[0].get("code") for (t, id_), r in everything.all.items() if t == "Observation"
        }
        for sort, flip in (("code", False), ("-code", True)):
            in_order = [codes[id_] for id_ in order(sort)]
            present = sorted((code for code in codes.values() if code is not None), key=str.encode, reverse=flip)
            assert in_order == present + [None] * (60 - len(present))
        assert order("_id") == sorted(dates)


def test_every_match_comes_once_while_others_write(new_database: Any, caller: Any, maker: Any, tolerant: Any) -> None:
    url, make, done = new_database(), maker(1), threading.Event()
    observations = [make.resource("Observation", f"o{n}") for n in range(300)]

    def disturb() -> None:
        """Adds observations, and rewrites those there are."""
        other = maker(2)
        with psycopg.connect(url, autocommit=True) as connection, connection.cursor(binary=True) as cursor:
            for n in range(10_000):
                if done.is_set():
                    return
                with connection.transaction():
                    store.update(cursor, caller, other.resource("Observation", f"new{n}"), rules=tolerant)
                    store.update(cursor, caller, other.pick(observations), rules=tolerant)

    with psycopg.connect(url, autocommit=True) as connection, connection.cursor(binary=True) as cursor:
        with connection.transaction():
            for observation in observations:
                store.update(cursor, caller, observation, rules=tolerant)
        writer = threading.Thread(target=disturb)
        writer.start()
        try:
            for sort in ("", "date", "-date", "_id"):
                pairs = [("_count", "11"), *([("_sort", sort)] if sort else [])]
                seen = [id_ for page in walk(cursor, caller, pairs) for id_ in page]
                assert len(seen) == len(set(seen)), sort
                assert {o["id"] for o in observations} <= set(seen), sort
        finally:
            done.set()
            writer.join()


def test_a_cursor_is_refused_when_damaged_or_sent_with_another_search(filled: psycopg.Connection, caller: Any) -> None:
    with filled.cursor(binary=True) as cursor:
        pairs = [("status", "final"), ("_sort", "-date")]
        page = search(cursor, caller, "Observation", [*pairs, ("_count", "3")])
        assert page.next is not None
        assert page.previous is None
        search(cursor, caller, "Observation", [*pairs, ("_cursor", page.next), ("_count", "5")])  # another size is no matter
        damaged = [
            page.next[:position] + ("B" if page.next[position] == "A" else "A") + page.next[position + 1 :]
            for position in range(len(page.next) - 1)
        ]
        for position in [*damaged, page.next[:-4], page.next + "AAAA", "", "é", "=", "%00"]:
            with pytest.raises(Invalid) as refused:
                search(cursor, caller, "Observation", [*pairs, ("_cursor", position)])
            assert refused.value.issues[0].expression == "_cursor"
        for others, type_ in (
            ([("status", "final")], "Observation"),
            (pairs, "Condition"),
            ([("status", "x"), pairs[1]], "Observation"),
        ):
            with pytest.raises(Invalid):
                search(cursor, caller, type_, [*[p for p in others if type_ == "Observation"], ("_cursor", page.next)])


def test_totals(filled: psycopg.Connection, caller: Any) -> None:
    with filled.cursor(binary=True) as cursor:

        def total(*pairs: tuple[str, str]) -> int | None:
            return search(cursor, caller, "Observation", list(pairs)).total

        assert total(("_count", "10")) is None
        assert total(("_count", "10"), ("_total", "accurate")) == 60
        assert total(("_count", "1000")) == 60
        assert total(("_count", "1000"), ("_total", "none")) is None
        assert total(("_count", "0")) == 60
        assert total(("_summary", "count"), ("_id", "1,2,999")) == 2
        estimate = total(("_count", "10"), ("_total", "estimate"))
        assert estimate is not None
        assert estimate >= 0

"""The feed under fire: eight writers, a consumer killed at any moment, every change once and in order."""

from __future__ import annotations

import multiprocessing
import random
import signal
import threading
import time
from typing import Any

import psycopg
import pytest

from larrey import store
from larrey.kit.errors import NotFound
from larrey.store import Caller, feed
from larrey.store.caller import system

WRITERS = 8
CHANGES = 60


def write_some(url: str, caller: Caller, number: int) -> None:
    chance = random.Random(number)
    with psycopg.connect(url, autocommit=True) as connection:
        for _ in range(CHANGES):

            def work(cursor: psycopg.Cursor[Any]) -> None:
                # Shared resources make writers wait for each other; pauses keep transactions open for a while.
                for shared in sorted(chance.sample(range(5), 2)):
                    store.update(cursor, caller, {"resourceType": "Patient", "id": f"shared-{shared}"})
                    time.sleep(chance.uniform(0, 0.002))

            store.retry(connection, work, attempts=20)


def consume(url: str) -> None:
    """Append what the feed gives to a table, in the same transaction, until killed."""
    with psycopg.connect(url, autocommit=True) as connection:
        while True:
            with connection.transaction(), connection.cursor() as cursor:
                changes = feed.read(cursor, system("feed"), "test", limit=7)
                for change in changes:
                    cursor.execute(
                        "insert into seen (seq, id, version) values (%s, %s, %s)", (change.seq, change.id, change.version)
                    )
            if not changes:
                time.sleep(0.005)


def test_every_change_once_and_in_order_with_writers_running_and_the_consumer_killed(database_url: str, caller: Caller) -> None:
    with psycopg.connect(database_url, autocommit=True) as connection:
        connection.execute("create table seen (place bigserial, seq bigint, id text, version int)")
        feed.subscribe(connection.cursor(), "test")
        writers = [threading.Thread(target=write_some, args=(database_url, caller, n)) for n in range(WRITERS)]
        for writer in writers:
            writer.start()
        context = multiprocessing.get_context("spawn")
        chance, kills = random.Random(1), 0
        deadline = time.monotonic() + 60
        while time.monotonic() < deadline:
            consumer = context.Process(target=consume, args=(database_url,))
            consumer.start()
            time.sleep(chance.uniform(0.5, 1.2))
            finished = not any(writer.is_alive() for writer in writers)
            if finished:
                while seen_count(connection) < total(connection) and time.monotonic() < deadline:
                    time.sleep(0.05)
            assert consumer.pid is not None
            consumer.kill()
            consumer.join()
            assert consumer.exitcode == -signal.SIGKILL
            kills += 1
            if finished:
                break
        seen = connection.execute("select seq, id, version from seen order by place").fetchall()
        made = connection.execute("select seq from record.change").fetchall()
    assert sorted(row[0] for row in seen) == sorted(row[0] for row in made)
    assert len(seen) == WRITERS * CHANGES * 2
    assert kills >= 2
    last: dict[str, int] = {}
    for _, id_, version in seen:
        assert version == last.get(id_, 0) + 1
        last[id_] = version


def seen_count(connection: psycopg.Connection[Any]) -> int:
    row = connection.execute("select count(*) from seen").fetchone()
    return int(row[0]) if row else 0


def total(connection: psycopg.Connection[Any]) -> int:
    row = connection.execute("select count(*) from record.change").fetchone()
    return int(row[0]) if row else 0


def test_a_slow_writer_is_not_skipped(database_url: str, caller: Caller) -> None:
    """A change with a smaller number that commits later comes later, and comes."""
    with (
        psycopg.connect(database_url) as slow,
        psycopg.connect(database_url, autocommit=True) as quick,
        quick.cursor() as cursor,
    ):
        feed.subscribe(cursor, "c")
        store.update(slow.cursor(), caller, {"resourceType": "Patient", "id": "slow"})
        store.retry(quick, lambda c: store.update(c, caller, {"resourceType": "Patient", "id": "quick"}))
        assert [c.id for c in feed.read(cursor, system("feed"), "c")] == ["quick"]
        assert feed.read(cursor, system("feed"), "c") == []
        slow.commit()
        assert [c.id for c in feed.read(cursor, system("feed"), "c")] == ["slow"]
        assert feed.read(cursor, system("feed"), "c") == []


def test_rolled_back_work_comes_again_and_an_idle_consumer_writes_nothing(connection: Any, caller: Caller) -> None:
    cursor = connection.cursor()
    feed.subscribe(cursor, "c")
    store.retry(connection, lambda c: store.update(c, caller, {"resourceType": "Patient", "id": "a"}))
    with connection.transaction(force_rollback=True):
        assert [c.id for c in feed.read(cursor, system("feed"), "c")] == ["a"]
    assert [c.id for c in feed.read(cursor, system("feed"), "c")] == ["a"]
    assert feed.read(cursor, system("feed"), "c") == []
    before = connection.execute("select xmin from record.consumer").fetchone()
    assert feed.read(cursor, system("feed"), "c") == []
    assert connection.execute("select xmin from record.consumer").fetchone() == before
    assert feed.lags(cursor)[0].changes == 0


def test_a_late_subscriber_may_begin_now(connection: Any, caller: Caller) -> None:
    cursor = connection.cursor()
    store.retry(connection, lambda c: store.update(c, caller, {"resourceType": "Patient", "id": "before"}))
    feed.subscribe(cursor, "new", from_start=False)
    store.retry(connection, lambda c: store.update(c, caller, {"resourceType": "Patient", "id": "after"}))
    assert [c.id for c in feed.read(cursor, system("feed"), "new")] == ["after"]
    with pytest.raises(NotFound):
        feed.read(cursor, system("feed"), "unknown")

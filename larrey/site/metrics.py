"""Figures for Prometheus: requests and latencies by door, database connections, the feed's lag.

Counters and histograms are kept by each worker process in files of PROMETHEUS_MULTIPROC_DIR (set by ``larrey serve``)
and added up when asked; what is in the database is read when asked. Names follow
https://prometheus.io/docs/practices/naming/.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from functools import lru_cache

import psycopg
from prometheus_client import CONTENT_TYPE_LATEST, REGISTRY, CollectorRegistry, Counter, Histogram, generate_latest
from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.multiprocess import MultiProcessCollector
from prometheus_client.registry import Collector

from larrey.kit import clock
from larrey.kit.errors import LarreyError
from larrey.store import feed

CONTENT_TYPE = CONTENT_TYPE_LATEST
_MULTIPROCESS = "PROMETHEUS_MULTIPROC_DIR"

_requests = Counter("larrey_requests", "Requests answered.", ["door", "interaction", "status"])
_seconds = Histogram(
    "larrey_request_seconds",
    "Time to answer, without the time to send.",
    ["door", "interaction"],
    buckets=(0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30),
)


@lru_cache(maxsize=4096)
def _counter(door: str, interaction: str, status: int) -> Counter:
    return _requests.labels(door, interaction, str(status))


@lru_cache(maxsize=1024)
def _histogram(door: str, interaction: str) -> Histogram:
    return _seconds.labels(door, interaction)


def observe(door: str, interaction: str, status: int, seconds: float) -> None:
    """Count one request that was answered in ``seconds``."""
    _counter(door, interaction, status).inc()
    _histogram(door, interaction).observe(seconds)


class DatabaseCollector(Collector):
    """What only the database knows, read at each scrape."""

    def __init__(self, connect: Callable[[], psycopg.Connection]) -> None:
        self._connect = connect

    def collect(self) -> Iterator[Metric]:
        """Connections by state and the lag of each feed consumer; ``larrey_database_up`` 0 when it does not answer."""
        up = GaugeMetricFamily("larrey_database_up", "Whether the database answers.")
        connections = GaugeMetricFamily("larrey_database_connections", "Our connections by state.", labels=["state"])
        allowed = GaugeMetricFamily("larrey_database_connections_allowed", "Connections that the database accepts.")
        behind = GaugeMetricFamily("larrey_feed_lag_changes", "Changes not taken yet (at most 100,000).", labels=["consumer"])
        age = GaugeMetricFamily("larrey_feed_idle_seconds", "Time since the consumer last moved.", labels=["consumer"])
        try:
            with self._connect() as connection, connection.cursor() as cursor:
                rows = cursor.execute(
                    "select coalesce(state, 'other'), count(*) from pg_stat_activity"
                    " where datname = current_database() and pid <> pg_backend_pid() group by 1"
                ).fetchall()
                for state, count in rows:
                    connections.add_metric([state], count)
                row = cursor.execute("select current_setting('max_connections')::int").fetchone()
                allowed.add_metric([], row[0] if row else 0)
                now = clock.now()
                for lag in feed.lags(cursor):
                    behind.add_metric([lag.consumer], lag.changes)
                    age.add_metric([lag.consumer], (now - lag.touched).total_seconds())
            up.add_metric([], 1)
        except (psycopg.Error, LarreyError):
            up.add_metric([], 0)
        yield from (up, connections, allowed, behind, age)


def page(connect: Callable[[], psycopg.Connection]) -> bytes:
    """Everything, in Prometheus's text format. ``connect`` opens a connection to the database."""
    text = b""
    if os.environ.get(_MULTIPROCESS):
        workers = CollectorRegistry()
        MultiProcessCollector(workers)  # type: ignore[no-untyped-call]  # untyped there
        text = generate_latest(workers)
    else:
        text = generate_latest(REGISTRY)
    database = CollectorRegistry()
    database.register(DatabaseCollector(connect))
    return text + generate_latest(database)

"""Figure: what the rule of access adds to the thirty searches and to the page of a chart.

Inside one process, on one connection, so that nothing hides it: the same requests by a machine, which sees every patient (the
floor), by someone of the group to whom the rule gives every patient row by row, and by someone of one ward, who sees one patient
in a hundred. The rule is asked as it would be of a person: some sixty units and places are hers, thirty are sensitive and not.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from io import BytesIO
from time import perf_counter
from typing import Any
from uuid import UUID

import psycopg

from larrey.cli.benchmarks.chart import inside
from larrey.cli.benchmarks.ground import Base, sample
from larrey.cli.benchmarks.report import Figure, quantile
from larrey.cli.benchmarks.searches import SEARCHES, Draw, Nothing
from larrey.kit.errors import Fault
from larrey.kit.ids import hash64
from larrey.rest.application import application
from larrey.rest.settings import RestSettings
from larrey.store import chart
from larrey.store.caller import EVERYONE, Caller, Sight

MOST = 1.25
EVERY, WARD = hash64("bench:every"), hash64("bench:ward")
_RIGHTS = {"*": "rs"}
_ELSEWHERE = tuple(hash64(f"bench:unit {number}") for number in range(60))
_SENSITIVE = tuple(hash64(f"bench:sensitive {number}") for number in range(30))

_TIES = """
insert into record.care (patient, who, low, high, ground, key)
select p.patient, %(who)s, '-infinity', 'infinity', 'C', 0 from record.resource p
where p.type = 'Patient' and abs(p.key) %% 100 < %(percent)s
    and not exists (select from record.care c where c.patient = p.patient and c.who = %(who)s)
"""
_SECTIONS = {
    "problems": chart.Section("Condition", 12, "active"),
    "allergies": chart.Section("AllergyIntolerance", 12, "active"),
    "treatments": chart.Section("MedicationRequest", 12, "active"),
    "stays": chart.Section("Encounter", 6),
    "documents": chart.Section("DocumentReference", 6),
    "reports": chart.Section("DiagnosticReport", 6),
    "vitals": chart.Section("Observation", 12, "vital-signs"),
    "appointments": chart.Section("Appointment", 4, soonest=True),
}


def callers() -> dict[str, Caller]:
    """The three who ask."""

    def someone(key: int) -> Caller:
        few = key == WARD
        sight = Sight(keys=(*_ELSEWHERE, key), sensitive=_SENSITIVE, hospital=_ELSEWHERE, after=90, ahead=2, few=few, told=True)
        return Caller(f"account:bench{key}", _RIGHTS, sight, "doctor")

    return {"machine": Caller("token:bench", _RIGHTS, EVERYONE), "every patient": someone(EVERY), "a ward": someone(WARD)}


def measure(base: Base, requests: int = 40) -> list[Figure]:
    """Medians of each search and of a chart's statements by each caller, in turn; ratios to the machine's."""
    with base.connect() as connection:
        for key, percent in ((EVERY, 100), (WARD, 1)):
            connection.execute(_TIES, {"who": key, "percent": percent})
        connection.execute("analyze record.care")
    asking = callers()
    one = _Asker(base, asking)
    draw = Draw(base, 5)
    figures, totals = [], dict.fromkeys(asking, 0.0)
    for name, write in SEARCHES.items():
        times: dict[str, list[float]] = {who: [] for who in asking}
        for turn in range(-3, requests):
            try:
                path = write(draw)
            except Nothing:
                break
            for who in _turn(asking, turn):
                seconds = one.search(who, path)
                if turn >= 0:
                    times[who].append(seconds * 1000)
        if not times["machine"]:
            continue
        median = {who: quantile(found, 0.5) for who, found in times.items()}
        for who, value in median.items():
            totals[who] += value
        figures.append(_figure(name, median, target=False))
    figures.append(_figure("the thirty searches together", totals, target=True))
    return [*figures, _figure("the statements of a chart", _chart(base, asking, requests), target=False), _page(base)]


def _turn(asking: dict[str, Caller], turn: int) -> list[str]:
    """Who comes first finds the coldest pages: each in turn."""
    names = list(asking)
    first = turn % len(names)
    return names[first:] + names[:first]


def _figure(name: str, median: dict[str, float], *, target: bool) -> Figure:
    value, floor = median["every patient"], median["machine"]
    ratio = value / floor
    details = {"a ward": median["a ward"]}
    reached = ratio <= MOST if target else None
    return Figure(name, value, "ms p50", floor, "a machine", ratio, f"≤ {MOST} ×" if target else "", reached, details)


def _page(base: Base) -> Figure:
    """A chart's page inside Django, by the rule and without it, of the patient who has most observations."""
    with base.connect() as connection:
        most = "select patient from record.resource where type = 'Observation' group by patient order by count(*) desc limit 1"
        row = connection.execute(f"select id from record.resource where type = 'Patient' and patient = ({most})").fetchone()
    if row is None:
        raise Fault("The base holds no patient with observations.")
    value, floor = map(float, inside(base, "rule", f"/chart/{row[0]}"))
    ratio = value / floor
    return Figure("a chart's page", value, "ms p50", floor, "without the rule", ratio, f"≤ {MOST} ×", ratio <= MOST)


def _chart(base: Base, asking: dict[str, Caller], requests: int) -> dict[str, float]:
    """Summary, latest values and timeline of patients of the ward, whom all three see."""
    with base.connect() as connection:
        ward = [row[0] for row in connection.execute("select patient from record.care where who = %s", (WARD,))]
        patients = [row["id"] for row in sample(base, "Patient", 100_000) if UUID(str(row["_patient"])) in set(ward)]
        times: dict[str, list[float]] = {who: [] for who in asking}
        with connection.cursor(binary=True) as cursor:
            for turn in range(-3, requests):
                patient = patients[turn % len(patients)]
                for who in _turn(asking, turn):
                    began = perf_counter()
                    for read in _reads(cursor, asking[who], patient):
                        read()
                    if turn >= 0:
                        times[who].append((perf_counter() - began) * 1000)
    return {who: quantile(found, 0.5) for who, found in times.items()}


def _reads(cursor: psycopg.Cursor[Any], caller: Caller, patient: str) -> Sequence[Callable[[], Any]]:
    kinds = ("Encounter", "DocumentReference", "DiagnosticReport", "Procedure")
    return (
        lambda: chart.sections(cursor, caller, patient, _SECTIONS),
        lambda: chart.latest(cursor, caller, patient, "laboratory", count=3),
        lambda: chart.events(cursor, caller, patient, kinds),
    )


class _Asker:
    """The machine door without a network."""

    def __init__(self, base: Base, asking: dict[str, Caller]) -> None:
        def connect() -> psycopg.Connection:
            return psycopg.connect(base.url, autocommit=True)

        def verify(_: Any, secret: str) -> Caller:
            return replace(asking[secret.replace("_", " ")])

        self._application = application(RestSettings(token_seconds=3600), connect, verify=verify)

    def search(self, who: str, path: str) -> float:
        """Seconds that the search took. Raises ``Fault`` when it failed."""
        address, _, query = path.partition("?")
        environ = {
            "REQUEST_METHOD": "GET",
            "PATH_INFO": f"/{address}",
            "SCRIPT_NAME": "/fhir",
            "QUERY_STRING": query,
            "HTTP_HOST": "localhost",
            "HTTP_AUTHORIZATION": f"Bearer {who.replace(' ', '_')}",
            "REMOTE_ADDR": "127.0.0.1",
            "wsgi.url_scheme": "http",
            "wsgi.input": BytesIO(),
        }
        status = ""

        def start(line: str, _: list[tuple[str, str]], /) -> None:
            nonlocal status
            status = line

        began = perf_counter()
        body = b"".join(self._application(environ, start))
        seconds = perf_counter() - began
        if not status.startswith("200"):
            raise Fault(f"A search failed under measurement: {path}: {status} {body[:300]!r}")
        return seconds

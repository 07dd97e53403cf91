"""Figure: thirty representative FHIR searches over HTTP, p95 of each, with values drawn from the base itself."""

from __future__ import annotations

import random
from collections.abc import Callable
from contextlib import ExitStack
from datetime import date, timedelta
from typing import Any
from urllib.parse import quote

from larrey.cli.benchmarks.client import Client
from larrey.cli.benchmarks.ground import Base, sample
from larrey.cli.benchmarks.report import Figure, quantile
from larrey.kit.errors import Fault

TARGET_MS = 50.0
TYPES = ("Patient", "Encounter", "Observation", "Condition", "MedicationRequest", "DiagnosticReport")
SAMPLE = 500
SLOW_MS = 20_000.0
"""A search that has taken this long in all is not asked further."""

Resource = dict[str, Any]


class Nothing(Exception):
    """The base holds nothing that this search could be filled with."""


class Draw:
    """Random values out of sampled resources. A code drawn by ``code`` is as frequent as in the base; by ``distinct`` not."""

    def __init__(self, base: Base, seed: int) -> None:
        self._random = random.Random(seed)
        self._pools = {type_: sample(base, type_, SAMPLE) for type_ in TYPES}

    def _one(self, type_: str, wanted: Callable[[Resource], Any]) -> Any:
        found = [value for value in map(wanted, self._pools[type_]) if value]
        if not found:
            raise Nothing
        return self._random.choice(found)

    def id(self, type_: str) -> str:
        return str(self._one(type_, lambda r: r["id"]))

    def patient(self, type_: str) -> str:
        """The id of a patient who has resources of ``type_``."""
        return str(self._one(type_, lambda r: _target(r.get("subject") or r.get("patient"), "Patient/")))

    def encounter(self, type_: str) -> str:
        return str(self._one(type_, lambda r: _target(r.get("encounter"), "Encounter/")))

    def code(self, type_: str, element: str = "code") -> str:
        return token(self._one(type_, lambda r: _coding(r.get(element))))

    def distinct(self, type_: str, element: str = "code") -> str:
        codes = {token(found) for found in (_coding(r.get(element)) for r in self._pools[type_]) if found}
        if not codes:
            raise Nothing
        return self._random.choice(sorted(codes))

    def identifier(self) -> str:
        found = self._one("Patient", lambda r: next((i for i in r.get("identifier", []) if "system" in i and "value" in i), None))
        return quote(f"{found['system']}|{found['value']}")

    def family(self) -> str:
        return str(self._one("Patient", lambda r: next((n["family"] for n in r.get("name", []) if n.get("family")), None)))

    def born(self) -> str:
        return str(self._one("Patient", lambda r: r.get("birthDate")))

    def day(self, type_: str, element: str) -> date:
        """A day on which something of the kind happened."""

        def begin(r: Resource) -> str | None:
            value = r.get(element)
            text = value.get("start") if isinstance(value, dict) else value
            return text[:10] if isinstance(text, str) and len(text) >= 10 else None

        return date.fromisoformat(self._one(type_, begin))

    def measured(self) -> tuple[str, str]:
        """The code of an observation and its value."""
        found = self._one(
            "Observation", lambda r: "valueQuantity" in r and "value" in r["valueQuantity"] and _coding(r.get("code")) and r
        )
        return token(_coding(found["code"]) or {}), str(found["valueQuantity"]["value"])

    def updated(self) -> str:
        return quote(self._one("Observation", lambda r: r["meta"]["lastUpdated"]))


def _target(reference: Resource | None, prefix: str) -> str | None:
    text = (reference or {}).get("reference", "")
    return text.removeprefix(prefix) if text.startswith(prefix) else None


def _coding(concept: Any) -> Resource | None:
    if isinstance(concept, list):
        concept = concept[0] if concept else None
    if not isinstance(concept, dict):
        return None
    coding: Resource = concept if "code" in concept else next(iter(concept.get("coding", [])), {})
    return coding if "code" in coding else None


def token(coding: Resource) -> str:
    return quote(f"{coding['system']}|{coding['code']}" if "system" in coding else coding["code"])


def _month(d: Draw) -> str:
    day = d.day("Observation", "effectiveDateTime")
    return f"date=ge{day}&date=lt{day + timedelta(days=30)}"


def _value(d: Draw) -> str:
    code, value = d.measured()
    return f"code={code}&value-quantity=gt{value}"


def _composite(d: Draw) -> str:
    code, value = d.measured()
    return f"code-value-quantity={code}$gt{value}"


SEARCHES: dict[str, Callable[[Draw], str]] = {
    "a patient's observations, newest first": lambda d: f"Observation?patient={d.patient('Observation')}&_sort=-date",
    "a patient's observations of a code": lambda d: (
        f"Observation?patient={d.patient('Observation')}&code={d.code('Observation')}&_sort=-date"
    ),
    "how many observations a patient has": lambda d: f"Observation?patient={d.patient('Observation')}&_summary=count",
    "observations of a code": lambda d: f"Observation?code={d.code('Observation')}",
    "observations of any code, rare ones too": lambda d: f"Observation?code={d.distinct('Observation')}",
    "observations of a code by date": lambda d: f"Observation?code={d.code('Observation')}&_sort=-date",
    "observations of four codes": lambda d: "Observation?code=" + ",".join(d.distinct("Observation") for _ in range(4)),
    "observations of a code system": lambda d: f"Observation?code={d.code('Observation').partition('%7C')[0]}%7C",
    "category and code, at odds": lambda d: (
        f"Observation?category={d.distinct('Observation', 'category')}&code={d.code('Observation')}"
    ),
    "observations of an encounter": lambda d: f"Observation?encounter={d.encounter('Observation')}",
    "observations of a code in a month": lambda d: f"Observation?code={d.code('Observation')}&{_month(d)}",
    "values above a limit": lambda d: f"Observation?{_value(d)}",
    "values above a limit, composite": lambda d: f"Observation?{_composite(d)}",
    "changed since": lambda d: f"Observation?_lastUpdated=gt{d.updated()}&_sort=_lastUpdated",
    "a code with its accurate total": lambda d: f"Observation?code={d.code('Observation')}&_total=accurate&_count=10",
    "chain by gender": lambda d: f"Observation?subject:Patient.gender=female&code={d.distinct('Observation')}",
    "chain by identifier": lambda d: f"Observation?patient.identifier={d.identifier()}",
    "patient by identifier": lambda d: f"Patient?identifier={d.identifier()}",
    "patients by three letters": lambda d: f"Patient?name={quote(d.family()[:3])}",
    "patient by family name and birth date": lambda d: f"Patient?family={quote(d.family())}&birthdate={d.born()}",
    "patients who have an observation of a code": lambda d: f"Patient?_has:Observation:patient:code={d.distinct('Observation')}",
    "patients who have a condition": lambda d: f"Patient?_has:Condition:patient:code={d.code('Condition')}",
    "encounters of a day": lambda d: f"Encounter?date={d.day('Encounter', 'period')}",
    "encounters with their observations": lambda d: (
        f"Encounter?patient={d.patient('Encounter')}&_count=20&_include=Encounter:subject&_revinclude=Observation:encounter"
    ),
    "encounters without a reason": lambda d: f"Encounter?class={d.distinct('Encounter', 'class')}&reason-code:missing=true",
    "conditions but one": lambda d: f"Condition?code:not={d.code('Condition')}",
    "active conditions of a code by onset": lambda d: (
        f"Condition?clinical-status=active&code={d.code('Condition')}&_sort=-onset-date"
    ),
    "conditions seen in emergencies": lambda d: "Condition?encounter.class=EMER",
    "a patient's active prescriptions": lambda d: (
        f"MedicationRequest?patient={d.patient('MedicationRequest')}&status=active&_include=MedicationRequest:requester"
    ),
    "a patient's reports with their results": lambda d: (
        f"DiagnosticReport?patient={d.patient('DiagnosticReport')}&_include=DiagnosticReport:result"
    ),
}


def measure(small: Base, scale: int, large: Base | None, requests: int) -> list[Figure]:
    """p95 of each search on the largest base; with two bases the small one's p95 is the floor. Bases in alternation."""
    bases = [small] if large is None else [small, large]
    found: dict[str, list[list[float]]] = {name: [[] for _ in bases] for name in SEARCHES}
    asked: dict[str, str] = {}
    with ExitStack() as stack:
        served = [stack.enter_context(base.served(workers=1, threads=2)) for base in bases]
        clients = [Client(running.port, base.token) for running, base in zip(served, bases, strict=True)]
        draws = [Draw(base, 5) for base in bases]
        for name, write in SEARCHES.items():
            for turn in range(-3, requests):
                for client, draw, times in zip(clients, draws, found[name], strict=True):
                    try:
                        path = "/fhir/" + write(draw)
                    except Nothing:
                        continue
                    if sum(times) > SLOW_MS:
                        continue
                    answer = client.get(path)
                    if answer.status != 200:
                        raise Fault(f"A search failed under measurement: {path}: {answer.status} {answer.body[:300]!r}")
                    if turn >= 0:
                        times.append(answer.seconds * 1000)
                        asked[name] = path
        for client in clients:
            client.close()
    figures = []
    for name, measured in found.items():
        if not measured[-1]:
            continue  # this base has no such data
        p95 = quantile(measured[-1], 0.95)
        floor = quantile(measured[0], 0.95) if large is not None and measured[0] else None
        details = {"p50": quantile(measured[-1], 0.5), "requests": len(measured[-1]), "example": asked[name]}
        label = f"{name}, {scale}×" if large is not None else name
        floor_name = "the same at 1×" if floor is not None else ""
        ratio = p95 / floor if floor else None
        figures.append(Figure(label, p95, "ms p95", floor, floor_name, ratio, f"≤ {TARGET_MS:.0f} ms", p95 <= TARGET_MS, details))
    return figures

"""Figures: finding a patient as one types, and opening a chart, by a signed-in doctor over HTTP.

Three patients are made for the occasion, with 200, 2,000 (1,200 of them observations) and 20,000 resources, so that what
a chart costs is seen beside what a patient has; and people enough for the search, who have no record.
"""

from __future__ import annotations

import random
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import quote
from uuid import NAMESPACE_URL, uuid5

from larrey.cli.benchmarks.client import Client
from larrey.cli.benchmarks.ground import Base
from larrey.cli.benchmarks.report import Figure, quantile
from larrey.kit import json
from larrey.kit.errors import Fault, Unavailable

PEOPLE = 100_000
SEARCH_MS, PAGE_P50_MS, PAGE_P95_MS, STATEMENTS, GROWTH = 50.0, 40.0, 80.0, 8, 1.2
SIZES = {"light": 200, "usual": 2_000, "heavy": 20_000}
_TODAY = date(2026, 11, 1)
_START = datetime(2019, 1, 7, 8, tzinfo=UTC)

_ANALYTES = (("2823-3", "Potassium", "mmol/L", 4.1), ("2951-2", "Sodium", "mmol/L", 140), ("14682-9", "Créatinine", "µmol/L", 88),
             ("718-7", "Hémoglobine", "g/dL", 13), ("1988-5", "CRP", "mg/L", 12), ("6690-2", "Leucocytes", "G/L", 7),
             ("777-3", "Plaquettes", "G/L", 250), ("22664-7", "Urée", "mmol/L", 6))  # fmt: skip
_VITALS = (("8867-4", "Fréquence cardiaque", "/min", 74), ("8310-5", "Température", "°C", 37), ("59408-5", "SpO2", "%", 97),
           ("29463-7", "Poids", "kg", 71), ("9279-1", "Fréquence respiratoire", "/min", 16))  # fmt: skip
_OBSERVATION_CATEGORY = "http://terminology.hl7.org/CodeSystem/observation-category"


def patient_id(size: str) -> str:
    """The id of the patient of that size."""
    return str(uuid5(NAMESPACE_URL, f"larrey:bench/{size}"))


def measure(small: Base, scale: int, large: Base | None, people: int = PEOPLE, requests: int = 200) -> list[Figure]:
    """The figures of search and chart; ``large`` is the base of ``scale`` copies, in which the same charts are opened."""
    for base in filter(None, (small, large)):
        _fill(base)
    with tempfile.TemporaryDirectory(prefix="larrey-bench-") as folder:
        small.command("load", "--references", "tolerate", str(_people(Path(folder), people)))
    with small.connect() as connection:
        connection.execute("vacuum analyze")
    figures = [_search(small, people, requests)]
    return figures + _charts(small, scale, large, requests)


def inside(base: Base, what: str, value: str) -> list[str]:
    """Lines that ``larrey.cli.benchmarks.inside`` prints on ``base``."""
    command = [sys.executable, "-m", "larrey.cli.benchmarks.inside", what, value]
    done = subprocess.run(command, env=base.environment(), capture_output=True, text=True, check=False)
    if done.returncode:
        raise Unavailable(f"Signing in for the measurement failed: {done.stderr.strip()[-2000:]}")
    return done.stdout.split()


def _search(base: Base, people: int, requests: int) -> Figure:
    """Each keystroke from the third letter on is a request, as the page sends them; the floor is an empty find page."""
    with base.connect() as connection:
        rows = connection.execute(
            "select body from record.resource where type = 'Patient' order by md5(id) limit %s", (max(10, requests // 4),)
        ).fetchall()
    typed = [text for (body,) in rows for text in _typed(json.loads(body))]
    random.Random(5).shuffle(typed)
    times, floor = [], []
    with base.served(workers=1, threads=2) as running:
        client = Client(running.port, session=inside(base, "sessions", "1")[0])
        for turn, text in enumerate(["martin", "dub", *typed][: requests + 20]):
            answer = client.send("GET", f"/?q={quote(text)}", headers="HX-Request: true\r\n")
            empty = client.send("GET", "/?q=", headers="HX-Request: true\r\n")
            if answer.status != 200:
                raise Fault(f"The search failed under measurement: {answer.status}")
            if turn >= 20:
                times.append(answer.seconds * 1000)
                floor.append(empty.seconds * 1000)
        client.close()
    p95, bare = quantile(times, 0.95), quantile(floor, 0.5)
    details = {"p50": quantile(times, 0.5), "most": max(times), "searches": len(times), "people": people}
    name = f"find a patient among {people:,}, p95"
    return Figure(name, p95, "ms", bare, "the page without words", p95 / bare, f"≤ {SEARCH_MS:.0f} ms", p95 <= SEARCH_MS, details)


def _typed(patient: dict[str, Any]) -> Iterator[str]:
    name: dict[str, Any] = next(iter(patient.get("name", ())), {})
    family, given = str(name.get("family", "")), " ".join(name.get("given", ()))
    born = str(patient.get("birthDate", ""))
    yield family[:3]
    yield family[:5]
    yield f"{family[:3]} {given[:3]}"
    yield f"{given.split(' ')[0]} {family[:2]}"
    if len(born) == 10:
        yield f"{family[:3]} {born[8:]}/{born[5:7]}/{born[:4]}"
        yield f"{born[:4]} {given[:3]}"
    for identifier in patient.get("identifier", ())[:2]:
        yield str(identifier.get("value", ""))


def _charts(small: Base, scale: int, large: Base | None, requests: int) -> list[Figure]:
    """The chart of each patient in turn, in each base in turn; the floor is the find page without words, same session."""
    times: dict[str, list[float]] = {}
    floor: list[float] = []
    cpu: dict[str, float] = {}
    with ExitStack() as stack:
        opened = []
        for name, base in (("", small), *([(f" in the base of {scale} ×", large)] if large is not None else ())):
            running = stack.enter_context(base.served(workers=1, threads=2))
            client = Client(running.port, session=inside(base, "sessions", "1")[0])
            stack.callback(client.close)
            opened.append((name, running, client))
        for turn in range(-10, requests):
            for name, running, client in opened:
                for size in SIZES:
                    before = running.cpu()
                    answer = client.get(f"/chart/{patient_id(size)}")
                    if answer.status != 200:
                        raise Fault(f"A chart failed under measurement: {answer.status}")
                    if turn >= 0:
                        times.setdefault(size + name, []).append(answer.seconds * 1000)
                        cpu[size + name] = cpu.get(size + name, 0.0) + (running.cpu() - before) * 1000 / requests
                bare = client.get("/")
                if turn >= 0:
                    floor.append(bare.seconds * 1000)
    bare50 = quantile(floor, 0.5)
    p50 = {name: quantile(found, 0.5) for name, found in times.items()}
    p95 = {name: quantile(found, 0.95) for name, found in times.items()}
    sent = int(inside(small, "statements", f"/chart/{patient_id('usual')}")[0])
    usual = {"resources": SIZES["usual"], "cpu_ms": cpu["usual"], "charts": requests}
    figures = [
        Figure("chart, 1,200 observations: SQL statements", sent, "", None, "", None, f"≤ {STATEMENTS}", sent <= STATEMENTS),
        Figure("chart, 1,200 observations, p50", p50["usual"], "ms", bare50, "the find page", p50["usual"] / bare50,
               f"≤ {PAGE_P50_MS:.0f} ms", p50["usual"] <= PAGE_P50_MS, usual),
        Figure("chart, 1,200 observations, p95", p95["usual"], "ms", bare50, "the find page", p95["usual"] / bare50,
               f"≤ {PAGE_P95_MS:.0f} ms", p95["usual"] <= PAGE_P95_MS, usual),
    ]  # fmt: skip
    for name, value in p50.items():
        if name != "usual":
            size, _, where = name.partition(" ")
            label = f"chart of {SIZES[size]:,} resources{f' {where}' if where else ''}, p50"
            target = f"≤ {GROWTH} ×" if size != "light" else ""
            reached = value / p50["usual"] <= GROWTH if target else None
            details = {"p95": p95[name], "cpu_ms": cpu[name]}
            figures.append(
                Figure(label, value, "ms", p50["usual"], "2,000 resources", value / p50["usual"], target, reached, details)
            )
    return figures


def _fill(base: Base) -> None:
    """Load the three patients; what is there already is not loaded twice."""
    with tempfile.TemporaryDirectory(prefix="larrey-bench-") as folder:
        for size, count in SIZES.items():
            path = Path(folder) / f"{size}.ndjson"
            path.write_bytes(b"\n".join(json.dumps(resource) for resource in _record(size, count)))
            base.command("load", str(path))


def _people(folder: Path, count: int) -> Path:
    """Patients of the demo, identities alone, as NDJSON."""
    from larrey.apps.demo import api as demo

    path = folder / "people.ndjson"
    with path.open("wb") as file:
        for patient in demo.identities(patients=count, today=_TODAY):
            file.write(json.dumps(patient) + b"\n")
    return path


def _record(size: str, count: int) -> Iterator[dict[str, Any]]:
    """A record of ``count`` resources: stays, and what is measured, prescribed and written during each."""
    me = patient_id(size)
    name = {"use": "official", "family": f"MESURE-{size.upper()}", "given": ["Agathe", "Marie"]}
    yield {"resourceType": "Patient", "id": me, "gender": "female", "birthDate": "1951-04-09", "name": [name]}
    left, stay = count - 1, 0
    while left > 0:
        stay += 1
        rows = list(_stay(me, stay, _START + timedelta(days=stay * 2460 / (count / 50 + 1))))[:left]
        yield from rows
        left -= len(rows)


def _stay(me: str, stay: int, start: datetime) -> Iterator[dict[str, Any]]:
    """Fifty resources of one stay: 30 measurements, 6 prescriptions, 6 reports, 6 documents, a problem."""
    subject = {"reference": f"Patient/{me}"}

    def made(type_: str, number: int, **content: Any) -> dict[str, Any]:
        return {"resourceType": type_, "id": str(uuid5(NAMESPACE_URL, f"{me}/{type_}/{stay}/{number}")), **content}

    kind = {"system": "http://terminology.hl7.org/CodeSystem/v3-ActCode", "code": "IMP"}
    period = {"start": _when(start), "end": _when(start, 72)}
    encounter = made("Encounter", 0, status="finished", subject=subject, period=period, **{"class": kind})
    during: dict[str, Any] = {"subject": subject, "encounter": {"reference": f"Encounter/{encounter['id']}"}}
    clinical = _concept("http://terminology.hl7.org/CodeSystem/condition-clinical", "active" if stay % 9 == 0 else "resolved")
    yield encounter
    yield made("Condition", 0, code={"text": f"Problème {stay}"}, onsetDateTime=_when(start), clinicalStatus=clinical, **during)
    for number in range(30):
        code, label, unit, value = (*_ANALYTES, *_VITALS)[number % 13]
        shelf = "laboratory" if number % 13 < len(_ANALYTES) else "vital-signs"
        content: dict[str, Any] = {"status": "final", "category": [_concept(_OBSERVATION_CATEGORY, shelf)], **during}
        content["code"] = {"coding": [{"system": "http://loinc.org", "code": code, "display": label}], "text": label}
        content |= {"effectiveDateTime": _when(start, number), "valueQuantity": {"value": value + number % 3, "unit": unit}}
        content["referenceRange"] = [{"low": {"value": value * 0.8}, "high": {"value": value * 1.1}}]
        yield made("Observation", number, **content)
    for number in range(6):
        content = {"status": "active" if stay % 30 == 0 else "completed", "intent": "order", "authoredOn": _when(start, number)}
        content |= {"medicationCodeableConcept": {"text": f"Médicament {number} 500 mg"}, **during}
        content["dosageInstruction"] = [{"text": "1 comprimé matin et soir"}]
        yield made("MedicationRequest", number, **content)
        content = {"status": "final", "code": {"text": "Bilan sanguin"}, "effectiveDateTime": _when(start, number), **during}
        content["category"] = [_concept("http://terminology.hl7.org/CodeSystem/v2-0074", "LAB")]
        yield made("DiagnosticReport", number, **content)
        content = {"status": "current", "type": {"text": "Compte rendu"}, "subject": subject, "date": _when(start, number)}
        content["context"] = {"encounter": [during["encounter"]]}
        content["content"] = [{"attachment": {"contentType": "text/plain", "data": "Qm9uam91cg==", "title": "Compte rendu"}}]
        yield made("DocumentReference", number, **content)


def _when(start: datetime, hours: float = 0) -> str:
    return (start + timedelta(hours=hours)).isoformat(timespec="seconds")


def _concept(system: str, code: str) -> dict[str, Any]:
    return {"coding": [{"system": system, "code": code}]}

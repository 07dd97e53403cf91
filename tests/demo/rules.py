"""Rules that every invented story keeps. Each takes a ``Dossier`` and gives the faults it finds, in words."""

from __future__ import annotations

import itertools
import re
from base64 import a85decode, b64decode
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from typing import Any
from xml.etree import ElementTree as ET
from zlib import decompress

from larrey.apps.demo import numbers
from larrey.apps.demo.catalogue import ACTS, DIAGNOSES, DRUGS
from larrey.apps.demo.catalogue.analyses import ANALYSES
from larrey.apps.demo.generation import HOUR, Edition, Patient, group
from larrey.apps.demo.pathways import pathways
from larrey.apps.demo.resources import ATC, CCAM, CIS, FINESS, ICD10, INS_TEST, RPPS
from larrey.apps.demo.stories import french
from larrey.fhir.validation import validate
from larrey.kit import json
from larrey.kit.clock import PARIS

Resource = dict[str, Any]
Rule = Callable[["Dossier"], Iterator[str]]
_ISO = re.compile(r"\d{4}(-\d\d(-\d\d(T\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d))?)?)?\Z")
_TO_COME = {"Appointment": {"start", "end"}, "ServiceRequest": {"occurrenceDateTime"}, "CarePlan": {"end"}, "Goal": {"dueDate"}}
_BY_LOINC = {analysis.loinc: analysis for analysis in ANALYSES.values()}
_AIM = re.compile(r"objectif|cible|seuil|inférieur|supérieur|moins de|plus de|environ|norme|sous ", re.IGNORECASE)
_CHILD = re.compile(r"(?<!-)Enfant [A-ZÀ-Ý].{0,250}?(?=Apgar)")
"""A report of birth tells of someone else."""
_SPACES = re.compile(r"\s+")
_NUMBER = r"(-?\d{1,3}(?: \d{3})+(?:,\d+)?|-?\d+(?:,\d+)?)"


@dataclass
class Dossier:
    """All of one patient: the latest version of each resource, and what the rules look up."""

    edition: Edition
    number: int
    pathway: str
    versions: list[Resource]
    patient: Resource = field(init=False)
    resources: list[Resource] = field(init=False)

    def __post_init__(self) -> None:
        self.resources = list({r["id"]: r for r in self.versions}.values())
        self.patient = next(r for r in self.resources if r["resourceType"] == "Patient")
        self.encounters = {f"Encounter/{r['id']}": r for r in self.of("Encounter")}
        self.now = datetime.combine(self.edition.today, time(HOUR), PARIS)
        self.limit = instant(self.patient["deceasedDateTime"]) if "deceasedDateTime" in self.patient else self.now

    def of(self, *types: str) -> Iterator[Resource]:
        """Those of ``types``."""
        return (r for r in self.resources if r["resourceType"] in types)

    @property
    def female(self) -> bool:
        return bool(self.patient["gender"] == "female")

    @property
    def born(self) -> date:
        year, month, day = (*map(int, self.patient["birthDate"].split("-")), 1, 1)[:3]
        return date(year, month, day)

    def values(self) -> dict[str, list[str]]:
        """By analysis key, the values of her record as French writes them."""
        found: dict[str, list[str]] = defaultdict(list)
        for observation in self.of("Observation"):
            for part in [observation, *observation.get("component", ())]:
                analysis = _BY_LOINC.get(part["code"].get("coding", [{}])[0].get("code", ""))
                if analysis is not None and "valueQuantity" in part:
                    found[analysis.key].append(french.number(part["valueQuantity"]["value"]).replace("\u00a0", " "))
        return found


def dossier(edition: Edition, patient: Patient) -> Dossier:
    """Of a generated patient, as JSON would carry it."""
    versions = [json.loads(json.dumps(resource)) for _, batch in patient.batches for resource in batch]
    return Dossier(edition, patient.number, patient.pathway, versions)


def instant(text: str) -> datetime:
    """A FHIR dateTime; a date alone is its beginning in Paris."""
    if "T" in text:
        return datetime.fromisoformat(text)
    year, month, day = (*map(int, text.split("-")), 1, 1)[:3]
    return datetime(year, month, day, tzinfo=PARIS)


def strings(value: Any, path: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], str]]:
    """Every string with its path."""
    if isinstance(value, dict):
        for key, inner in value.items():
            yield from strings(inner, (*path, key))
    elif isinstance(value, list):
        for inner in value:
            yield from strings(inner, path)
    elif isinstance(value, str):
        yield path, value


def valid(d: Dossier) -> Iterator[str]:
    for resource in d.versions:
        for issue in validate(resource):
            yield f"{resource['resourceType']}: {issue.expression}: {issue.diagnostics}"


def pathway_fits(d: Dossier) -> Iterator[str]:
    if not d.pathway:
        return
    pathway = next(p for p in pathways() if p.name == d.pathway)
    years = (d.edition.today - d.born).days / 365.25
    sex = d.patient["gender"]
    if not any(s.ages[0] - 0.1 <= years < s.ages[1] + 1.1 and s.sex in ("", sex) for s in pathway.shares):
        yield f"{sex} of {years:.1f} years is on {d.pathway}"


def sexes_and_ages_fit_diagnoses(d: Dossier) -> Iterator[str]:
    for condition in d.of("Condition"):
        code = condition["code"]["coding"][0]["code"]
        age = (instant(condition["onsetDateTime"]).date() - d.born).days / 365.25
        if code[0] == "O" or code[:3] in ("Z34", "Z35", "Z37", "Z39"):
            if not d.female or not 14 <= age <= 52:
                yield f"{code} for a {d.patient['gender']} of {age:.0f}"
        elif (code in ("C61", "N40") and d.female) or (code[0] == "P" and age > 1) or (code == "J21.9" and age > 3):
            yield f"{code} for a {d.patient['gender']} of {age:.0f}"
        elif code[:3] in ("E11", "I50", "I63", "J44", "C18", "M81", "M80", "G30") and age < 18:
            yield f"{code} at {age:.0f} years"


def dates_are_in_order(d: Dossier) -> Iterator[str]:
    born = datetime.combine(d.born, time(), PARIS)
    for resource in d.versions:
        kind = resource["resourceType"]
        for path, text in strings(resource):
            if path[-1] in ("birthDate", "data", "value", "code", "display", "text", "system", "lotNumber") or not _ISO.match(
                text
            ):
                continue
            if len(text) == 4 and path[-1] not in ("onsetDateTime", "start", "end", "date"):
                continue
            if path[-1] in _TO_COME.get(kind, ()):
                continue
            if kind == "Encounter" and resource["status"] == "planned":
                continue
            at = instant(text)
            if at < born - timedelta(days=1) or (at.date() < d.born and len(d.patient["birthDate"]) == 10):
                yield f"{kind}.{'.'.join(path)} {text} lies before the birth on {d.patient['birthDate']}"
            elif at > d.limit + timedelta(hours=2 if path[-1] == "issued" else 0):
                yield f"{kind}.{'.'.join(path)} {text} lies after {d.limit:%Y-%m-%d %H:%M}"


def stays_are_whole(d: Dossier) -> Iterator[str]:
    for encounter in d.encounters.values():
        if encounter["status"] == "planned":
            continue
        period = encounter["period"]
        moves = [move["period"] for move in encounter["location"]]
        if moves[0]["start"] != period["start"] or moves[-1].get("end") != period.get("end"):
            yield f"the movements of {encounter['id']} do not fill {period}"
        for before, after in itertools.pairwise(moves):
            if before.get("end") != after["start"]:
                yield f"a movement of {encounter['id']} ends at {before.get('end')}, the next one begins at {after['start']}"
        if any(instant(move["start"]) >= instant(move["end"]) for move in moves if "end" in move):
            yield f"a movement of {encounter['id']} has no length"
        if (encounter["status"] == "finished") != ("end" in period):
            yield f"{encounter['id']} is {encounter['status']} and its period is {period}"


def stays_do_not_overlap(d: Dossier) -> Iterator[str]:
    spans = sorted(
        (instant(e["period"]["start"]), instant(e["period"].get("end", d.limit.isoformat())), e["class"]["code"])
        for e in d.encounters.values() if e["status"] != "planned"
    )  # fmt: skip
    stays = [span for span in spans if span[2] in ("IMP", "EMER")]
    for first, second in itertools.pairwise(stays):
        if second[0] < first[1]:
            yield f"two stays at once: {first[0]}–{first[1]} and {second[0]}–{second[1]}"


def what_happens_in_a_stay_lies_in_it(d: Dossier) -> Iterator[str]:
    for resource in d.of("Observation", "Procedure", "DiagnosticReport", "MedicationRequest", "MedicationAdministration"):
        if "encounter" not in resource:
            continue
        period = d.encounters[resource["encounter"]["reference"]]["period"]
        for key in ("effectiveDateTime", "performedDateTime", "authoredOn", "performedPeriod"):
            at = resource.get(key)
            at = at["start"] if isinstance(at, dict) else at
            if at and not instant(period["start"]) <= instant(at) <= instant(period.get("end", d.limit.isoformat())):
                yield f"{resource['resourceType']}.{key} {at} lies outside of {period}"


def values_are_plausible(d: Dossier) -> Iterator[str]:
    for observation in d.of("Observation"):
        for part in [observation, *observation.get("component", ())]:
            analysis = _BY_LOINC.get(part["code"].get("coding", [{}])[0].get("code", ""))
            if analysis is None or "valueQuantity" not in part:
                continue
            value = float(part["valueQuantity"]["value"])
            if not analysis.lowest <= value <= analysis.highest:
                yield f"{analysis.label} {value}"
            if part["valueQuantity"].get("unit", "") != analysis.unit:
                yield f"{analysis.label} in {part['valueQuantity'].get('unit')}"
            limits = (part.get("referenceRange") or [{}])[0]
            mark = (part.get("interpretation") or [{"coding": [{"code": "N"}]}])[0]["coding"][0]["code"]
            low, high = (float(limits[side]["value"]) if side in limits else None for side in ("low", "high"))
            expected = "L" if low is not None and value < low else "H" if high is not None and value > high else "N"
            if limits and mark[0] != expected:
                yield f"{analysis.label} {value} is marked {mark} against {low}–{high}"


def values_follow_the_course(d: Dossier) -> Iterator[str]:
    """Inflammation has settled when someone goes home."""
    series: dict[tuple[str, str], list[tuple[str, float]]] = defaultdict(list)
    for observation in d.of("Observation"):
        analysis = _BY_LOINC.get(observation["code"].get("coding", [{}])[0].get("code", ""))
        if analysis is not None and analysis.key in ("crp", "lactate", "procalcitonine") and "valueQuantity" in observation:
            key = observation["encounter"]["reference"], analysis.key
            series[key].append((observation["effectiveDateTime"], float(observation["valueQuantity"]["value"])))
    for (encounter, key), values in series.items():
        out = (
            d.encounters[encounter].get("hospitalization", {}).get("dischargeDisposition", {}).get("coding", [{}])[0].get("code")
        )
        figures = [value for _, value in sorted(values)]
        high = ANALYSES[key].norms("male", 50).high or 1.0
        if out == "home" and len(figures) >= 3 and max(figures) > 8 * high and figures[-1] > 0.7 * max(figures):
            yield f"{key} goes {figures} before going home"


def references_lead_somewhere(d: Dossier) -> Iterator[str]:
    known = {f"{r['resourceType']}/{r['id']}" for r in [*d.resources, *group(d.edition).resources]}
    for resource in d.versions:
        for path, text in strings(resource):
            if path[-1] == "reference" and text not in known:
                yield f"{resource['resourceType']}.{'.'.join(path)} leads to {text}"
            if path[-2:] == ("attachment", "url") and text not in known:
                yield f"an attachment leads to {text}"


def codes_are_known(d: Dossier) -> Iterator[str]:
    drugs = {drug.cis: drug.label for drug in DRUGS.values()}
    for resource in d.versions:
        for coding in codings(resource):
            system, code, display = coding.get("system"), coding.get("code"), coding.get("display")
            labels = {ICD10: DIAGNOSES, CCAM: ACTS, CIS: drugs}.get(str(system))
            if labels is not None and labels.get(str(code)) != display:
                yield f"{system} {code} {display!r} is not of the catalogue"
            if system == ATC and not re.match(r"[A-Z](\d\d([A-Z]([A-Z](\d\d)?)?)?)?\Z", str(code)):
                yield f"ATC {code}"


def codings(value: Any) -> Iterator[Resource]:
    """Every Coding."""
    if isinstance(value, dict):
        if "system" in value and "code" in value and "value" not in value:
            yield value
        for inner in value.values():
            yield from codings(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from codings(inner)


def numbers_have_valid_keys(d: Dossier) -> Iterator[str]:
    for resource in d.resources:
        for identifier in resource.get("identifier", ()) if isinstance(resource.get("identifier"), list) else ():
            system, value = identifier["system"], identifier["value"]
            if system == INS_TEST:
                digits = value[:13].replace("2A", "19").replace("2B", "18")
                if len(value) != 15 or (int(digits) + int(value[13:])) % 97:
                    yield f"INS {value}"
                if value[0] != ("2" if d.female else "1") or value[1:5] != d.born.strftime("%y%m"):
                    yield f"INS {value} of a {d.patient['gender']} born on {d.born}"
            if system in (RPPS, FINESS) and numbers.luhn_key(value[:-1]) != value[-1]:
                yield f"{system} {value}"


def prescriptions_have_the_status_they_should(d: Dossier) -> Iterator[str]:
    for request in d.of("MedicationRequest"):
        days = request["dosageInstruction"][0].get("timing", {}).get("repeat", {}).get("boundsDuration", {}).get("value")
        setting = request["category"][0]["coding"][0]["code"]
        status = request["status"]
        if days and instant(request["authoredOn"]) + timedelta(days=float(days)) <= d.limit and status == "active":
            yield f"a prescription of {days} days from {request['authoredOn']} is still active"
        if setting == "inpatient" and status == "active" and "end" in d.encounters[request["encounter"]["reference"]]["period"]:
            yield "a prescription of a stay that is over is still active"
        if status == "active" and "deceasedDateTime" in d.patient:
            yield "a dead patient has an active prescription"


def texts(d: Dossier) -> Iterator[tuple[Resource, str]]:
    """Each document with what it says, white space made plain."""
    binaries = {f"Binary/{r['id']}": r for r in d.of("Binary")}
    for document in d.of("DocumentReference"):
        attachment = document["content"][0]["attachment"]
        data = b64decode(attachment["data"] if "data" in attachment else binaries[attachment["url"]]["data"])
        if attachment["size"] != len(data):
            yield document, ""
        mime = attachment["contentType"]
        if mime == "application/pdf":
            words = pdf_text(data)
        elif mime.startswith("text/plain"):
            words = data.decode()
        else:
            root = ET.fromstring(data)
            enclosed = root.find(".//{urn:hl7-org:v3}nonXMLBody/{urn:hl7-org:v3}text")
            words = "\n".join(root.itertext()) if enclosed is None else pdf_text(b64decode(enclosed.text or ""))
        yield document, _CHILD.sub("", _SPACES.sub(" ", words))


def pdf_text(data: bytes) -> str:
    """What our own PDFs say: their lines, joined, without the two at the foot of each page."""
    text: list[str] = []
    for stream in re.findall(rb"stream\r?\n(.*?)endstream", data, re.DOTALL):
        page = decompress(a85decode(stream.strip().removesuffix(b"~>")))
        lines = []
        for line in re.findall(rb"\(((?:[^\\()]|\\.)*)\) Tj", page):
            plain = re.sub(rb"\\([0-7]{3})", lambda m: bytes([int(m[1], 8)]), line)
            lines.append(re.sub(rb"\\(.)", rb"\1", plain).decode("cp1252"))
        text += lines[:-2]
    return " ".join(text)


def letters_name_the_patient(d: Dossier) -> Iterator[str]:
    name = d.patient["name"][-1]
    shown = f"{name['given'][0]} {name['family']}"
    shown = shown.encode("cp1252", "replace").decode("cp1252")
    wrong = ("Monsieur ", " né le", " âgé de", "hospitalisé ", "Le patient ") if d.female else (
        "Madame ", " née le", " âgée de", "hospitalisée ", "La patiente ")  # fmt: skip
    for document, text in texts(d):
        title = document["content"][0]["attachment"]["title"]
        if shown not in text and f"{name['given'][0]} {name['family']}" not in text:
            yield f"{title} does not name {shown}: {text[:200]}"
        for word in wrong:
            if word in text:
                yield f"{title} of a {d.patient['gender']} says {word!r}: …{text[max(0, text.index(word) - 40) : text.index(word) + 60]}"


def letters_tell_the_right_age(d: Dossier) -> Iterator[str]:
    for document, text in texts(d):
        period = document["context"]["period"]
        for years in re.findall(r"âgée? de (\d+) ans", text):
            at = instant(period["start"]).date()
            age = at.year - d.born.year - ((at.month, at.day) < (d.born.month, d.born.day))
            if int(years) != age:
                yield f"a letter says {years} years, she is {age}"


def contrast_is_not_given_to_the_allergic(d: Dossier) -> Iterator[str]:
    if not any(coding["code"] == "V08A" for a in d.of("AllergyIntolerance") for coding in a["code"].get("coding", ())):
        return
    for done in d.of("Procedure", "DiagnosticReport"):
        label = done["code"].get("coding", [{}])[0].get("display", "")
        if "avec injection" in label or "angioscanner" in label.lower():
            yield f"{label} in spite of an allergy"
    for document, text in texts(d):
        if re.search(r"scanner[^.]* injecté|rehaussé", text):
            yield f"{document['description']} tells of contrast in spite of an allergy"


def letters_name_known_doctors(d: Dossier) -> Iterator[str]:
    known = [r["name"][0]["text"] for r in group(d.edition).resources if r["resourceType"] == "Practitioner"]
    for document, text in texts(d):
        for match in re.finditer(r"\b(Dr [A-ZÀ-ÝŒ])", text):
            rest = text[match.start() :]
            if not any(rest.startswith(name) for name in known):
                yield f"{document['description']} names {rest[:40]!r}"
        if document["author"][0]["display"] not in text:
            yield f"{document['description']} is not signed by {document['author'][0]['display']}"


def letters_quote_the_record(d: Dossier) -> Iterator[str]:
    """Every "analysis value unit" of a letter is an observation of the patient."""
    values = d.values()
    pressures = {
        tuple(str(part["valueQuantity"]["value"]) for part in r["component"]) for r in d.of("Observation") if "component" in r
    }
    for document, text in texts(d):
        for key, analysis in ANALYSES.items():
            if not analysis.said or not analysis.unit:
                continue
            for found in quoted(text, analysis.said, analysis.unit):
                if found not in values.get(key, ()):
                    yield f"{document['description']} says {analysis.said} {found} {analysis.unit}; known are {values.get(key)}"
        for match in re.finditer(r"(\d{2,3})/(\d{2,3}) mmHg", text):
            if match.groups() not in pressures and not _AIM.search(text[max(0, match.start() - 40) : match.start()]):
                yield f"{document['description']} says {match[0]}"


def quoted(text: str, said: str, unit: str) -> Iterator[str]:
    """The figures that ``text`` gives for an analysis."""
    longer = [other.said[len(said) :] for other in ANALYSES.values() if other.said.startswith(f"{said} ")]
    name = re.escape(said) + "".join(f"(?!{re.escape(rest)})" for rest in longer)
    figure = rf"{_NUMBER} {re.escape(unit)}(?![\w/])"
    for match in re.finditer(
        rf"(?<![\w-])(?<!prise de )(?<!perte de ){name}(?![\w-])([^.\d;:]{{0,45}}?(?: :)? ?){figure}", text, re.IGNORECASE
    ):
        if _AIM.search(match[1]):
            continue
        yield match[2]
    # The lines that the builder writes: "- Hémoglobine : 12,4 g/dL à l'entrée, 8,3 g/dL au plus bas le 12/03, …".
    for match in re.finditer(rf"(?:- |^|\s){name} : {figure}( à l'entrée(?:, {figure} au plus (?:haut|bas) le \d\d/\d\d)?, {figure} à la sortie)", text,
                             re.IGNORECASE):  # fmt: skip
        yield from (one for one in (match[3], match[4]) if one)


def letters_prescribe_what_is_prescribed(d: Dossier) -> Iterator[str]:
    how: dict[str, set[str]] = defaultdict(set)
    for request in d.of("MedicationRequest"):
        how[request["medicationCodeableConcept"]["text"]].add(_SPACES.sub(" ", request["dosageInstruction"][0]["text"]))
    for document, text in texts(d):
        for drug in DRUGS.values():
            for match in re.finditer(re.escape(f"{drug.label} : "), text):
                rest = text[match.end() :]
                if not any(rest.startswith(words) for words in how.get(drug.label, ())):
                    yield f"{document['description']} prescribes {drug.label} : {rest[:60]}; known are {how.get(drug.label)}"


def letters_give_the_dates_of_the_stay(d: Dossier) -> Iterator[str]:
    for document, text in texts(d):
        match = re.search(r"(?:hospitalisée?|charge|hospitalisation) du (.{6,20}\d{4}) au (.{6,20}\d{4})", text)
        if match:
            period = document["context"]["period"]
            said = tuple(french.long_date(instant(period[side]).date()) for side in ("start", "end"))
            if match.groups() != said:
                yield f"a letter says {match.groups()}, the stay is {said}"


def whoever_has_a_bed_today_lies_in_it(d: Dossier) -> Iterator[str]:
    open_ones = [e for e in d.encounters.values() if e["status"] == "in-progress"]
    if len(open_ones) > 1:
        yield "two stays are open"


RULES: tuple[Rule, ...] = (
    valid, pathway_fits, sexes_and_ages_fit_diagnoses, dates_are_in_order, stays_are_whole, stays_do_not_overlap,
    what_happens_in_a_stay_lies_in_it, values_are_plausible, values_follow_the_course, references_lead_somewhere, codes_are_known,
    numbers_have_valid_keys, prescriptions_have_the_status_they_should, letters_name_the_patient, letters_tell_the_right_age,
    letters_name_known_doctors, letters_quote_the_record, letters_prescribe_what_is_prescribed,
    letters_give_the_dates_of_the_stay, contrast_is_not_given_to_the_allergic, whoever_has_a_bed_today_lies_in_it,
)  # fmt: skip


def faults(dossier_: Dossier, rules: Iterable[Rule] = RULES) -> list[str]:
    """What is wrong with a dossier, by rule."""
    return [
        f"{rule.__name__}: patient {dossier_.number} ({dossier_.pathway or 'background'}): {fault}"
        for rule in rules
        for fault in rule(dossier_)
    ]


def beds_taken_twice(dossiers: Iterable[Dossier]) -> list[str]:
    """Beds in which two patients lie at the same time."""
    beds = {f"Location/{r['id']}" for r in group(Edition(1766, date(2026, 1, 1))).resources
            if r["resourceType"] == "Location" and r["physicalType"]["coding"][0]["code"] == "bd"}  # fmt: skip
    spans: dict[str, list[tuple[datetime, datetime, int]]] = defaultdict(list)
    for one in dossiers:
        for encounter in one.encounters.values():
            for move in encounter.get("location", ()):
                place = move["location"]["reference"]
                if place in beds and encounter["status"] != "planned":
                    end = instant(move["period"]["end"]) if "end" in move["period"] else datetime.max.replace(tzinfo=PARIS)
                    spans[place].append((instant(move["period"]["start"]), end, one.number))
    found = []
    for place, taken in spans.items():
        taken.sort()
        for first, second in itertools.pairwise(taken):
            if second[0] < first[1] and first[2] != second[2]:
                found.append(f"{place}: patients {first[2]} and {second[2]}")
    return found

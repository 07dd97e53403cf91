"""What happens to one invented patient over the years, as FHIR resources.

Each visit (``visits``) gives its encounter, measures, analyses, acts, prescriptions and letter. Values drift with the
diseases and return to usual once an event is over.
"""

from __future__ import annotations

from datetime import date, datetime, timedelta
from decimal import Decimal
from random import Random

from larrey.apps.demo import letters
from larrey.apps.demo.catalogue.analyses import ANALYSES, PANELS, VITALS, Analysis
from larrey.apps.demo.catalogue.diseases import ALLERGIES, Disease, Event
from larrey.apps.demo.catalogue.treatments import ACTS, DRUGS, VACCINES, Drug
from larrey.apps.demo.hospitals import Doctor, Hospitals, Service
from larrey.apps.demo.people import Person
from larrey.apps.demo.resources import (
    ATC,
    CCAM,
    HL7,
    ICD10,
    LOINC,
    Resource,
    attachment,
    coding,
    concept,
    hl7,
    identity,
    moment,
    quantity,
    reference,
)
from larrey.apps.demo.visits import YEARS, Kind, Plan, Visit

_KINDS: dict[Kind, str] = {"AMB": "Consultation", "EMER": "Passage aux urgences", "IMP": "Hospitalisation"}


class Course:
    """Builds the resources of one patient in order; ``resources`` holds them, targets of references first."""

    def __init__(self, seed: int, person: Person, hospitals: Hospitals, today: date) -> None:
        self._seed, self._person, self._today = seed, person, today
        self._random = Random(f"{seed}/course/{person.number}")  # noqa: S311 - reproducible, not secret
        self._key = "larrey" if self._random.random() < 0.72 else "adour"
        self._services = hospitals.services[self._key]
        self._plan = Plan(self._random, person, self._services, today)
        self._subject = reference("Patient", person.id, person.shown)
        self._numbers: dict[str, int] = {}
        self._height = self._random.gauss(163 if person.sex == "female" else 176, 6)
        self._build = self._random.gauss(24, 2.5)  # body mass index without any disease
        self.resources: list[Resource] = []
        self.hospital = self._services["medecine"].hospital, self._services["medecine"].hospital_name

    def build(self) -> list[Resource]:
        """All resources of the course."""
        conditions = {disease.code: self._lasting(disease) for disease in self._plan.diseases}
        self._allergies()
        self._vaccines()
        treated: set[str] = set()
        for visit in self._plan.visits():
            self._visit(visit, conditions, treated)
        self._appointment(self._plan.diseases)
        return self.resources

    def _add(self, type_: str, content: Resource) -> str:
        number = self._numbers[type_] = self._numbers.get(type_, 0) + 1
        id_ = identity(self._seed, self._person.number, type_, number)
        self.resources.append({"resourceType": type_, "id": id_} | content)
        return id_

    def _lasting(self, disease: Disease) -> str:
        years = max(0.3, self._random.random() * min(20.0, self._person.age(self._today) - disease.age))
        since = self._today - timedelta(days=int(years * 365))
        return self._condition(disease.code, disease.label, since.isoformat(), "active", "problem-list-item")

    def _condition(
        self, code: str, label: str, onset: str, status: str, category: str, encounter: str = "", end: str = ""
    ) -> str:
        content: Resource = {
            "clinicalStatus": hl7("condition-clinical", status),
            "verificationStatus": hl7("condition-ver-status", "confirmed"),
            "category": [hl7("condition-category", category)],
            "code": concept(ICD10, code, label),
            "subject": self._subject,
        }
        if encounter:
            content["encounter"] = reference("Encounter", encounter)
        content["onsetDateTime"] = onset
        if end:
            content["abatementDateTime"] = end
        return self._add("Condition", content)

    def _allergies(self) -> None:
        if self._random.random() > 0.22:
            return
        label, code, category, criticality, reaction = self._random.choice(ALLERGIES)
        self._add(
            "AllergyIntolerance",
            {
                "clinicalStatus": hl7("allergyintolerance-clinical", "active"),
                "verificationStatus": hl7("allergyintolerance-verification", "confirmed"),
                "type": "allergy",
                "category": [category],
                "criticality": criticality,
                "code": concept(ATC, code, label) if code else {"text": label},
                "patient": self._subject,
                "recordedDate": self._day_after_birth().isoformat(),
                "reaction": [{"manifestation": [{"text": reaction}]}],
            },
        )

    def _day_after_birth(self) -> date:
        return max(self._plan.day(), self._person.born + timedelta(days=1))

    def _vaccines(self) -> None:
        age = self._person.age(self._today)
        for vaccine in VACCINES:
            ages = [a for a in vaccine.ages if a < age]
            if vaccine.every and ages:
                ages = [age - back - 0.05 for back in range(YEARS) if age - back > ages[-1]]
            for at in ages:
                if at < age - 12 or self._random.random() > 0.72:
                    continue
                day = self._person.born + timedelta(days=int(at * 365.25) + self._random.randint(0, 15))
                self._add(
                    "Immunization",
                    {
                        "status": "completed",
                        "vaccineCode": concept(ATC, vaccine.code, vaccine.label),
                        "patient": self._subject,
                        "occurrenceDateTime": min(day, self._today).isoformat(),
                        "primarySource": self._random.random() < 0.8,
                        "lotNumber": f"L{self._random.randint(10000, 99999)}",
                    },
                )

    def _visit(self, visit: Visit, conditions: dict[str, str], treated: set[str]) -> None:
        service = self._services[visit.service]
        doctor = self._random.choice(service.doctors)
        encounter = self._encounter(visit, service, doctor)
        if isinstance(visit.reason, Event):
            over = (visit.end + timedelta(days=self._random.randint(3, 30))).date()
            ended = over <= self._today
            self._condition(
                visit.reason.code, visit.reason.label, moment(visit.start), "resolved" if ended else "active",
                "encounter-diagnosis", encounter, over.isoformat() if ended else "",
            )  # fmt: skip
        nights = max(0, (visit.end.date() - visit.start.date()).days)
        for night in range(min(nights, 2) + 1):
            # Under treatment what was disturbed comes back to usual.
            self._vitals(visit, encounter, visit.start + timedelta(days=night, minutes=25), 0.4**night)
        results = self._analyses(visit, encounter, doctor, nights)
        for name in visit.reason.acts:
            self._act(visit, encounter, doctor, name)
        drugs = []
        for name in visit.reason.drugs:
            drug = DRUGS[name]
            drugs.append(f"{drug.label} : {drug.how}")
            if drug.days or name not in treated:
                self._prescription(visit, encounter, doctor, drug, conditions.get(visit.reason.code))
            treated.add(name)
        if visit.kind == "IMP" or self._random.random() < 0.4:
            self._letter(visit, encounter, service, doctor, results, drugs)

    def _encounter(self, visit: Visit, service: Service, doctor: Doctor) -> str:
        period = {"start": moment(visit.start), "end": moment(visit.end)}
        return self._add(
            "Encounter",
            {
                "status": "finished",
                "class": coding(HL7 + "v3-ActCode", visit.kind),
                "type": [{"text": _KINDS[visit.kind]}],
                "subject": self._subject,
                "participant": [{"individual": reference("Practitioner", doctor.id, doctor.name)}],
                "period": period,
                "reasonCode": [concept(ICD10, visit.reason.code, visit.reason.label)],
                "location": [{"location": reference("Location", service.location, service.name), "period": period}],
                "serviceProvider": reference("Organization", service.organization, service.name),
            },
        )

    def _value(self, name: str, analysis: Analysis, visit: Visit, share: float) -> Decimal:
        """A value at this visit; ``share`` of the event's own drift is left."""
        own = dict(visit.reason.drift).get(name, 0.0) if isinstance(visit.reason, Event) else 0.0
        drift = visit.drift.get(name, 0.0) - own * (1 - share)
        value = self._random.gauss(analysis.usual + drift, analysis.spread)
        lowest = analysis.usual * 0.05
        top = 100.0 if name == "saturation" else float("inf")
        return Decimal(f"{min(max(value, lowest), top):.{analysis.decimals}f}")

    def _vitals(self, visit: Visit, encounter: str, at: datetime, share: float) -> None:
        at = min(at, visit.end)
        adult = self._person.age(at.date()) >= 16
        for name in ("pouls", "temperature", "saturation", "respiration"):
            if visit.kind == "AMB" and name in ("temperature", "respiration"):
                continue
            analysis = VITALS[name]
            self._observation(analysis, self._value(name, analysis, visit, share), encounter, at, "vital-signs")
        if adult:
            self._pressure(visit, encounter, at, share)
            if visit.kind != "EMER" and share == 1:
                self._weight(visit, encounter, at)

    def _pressure(self, visit: Visit, encounter: str, at: datetime, share: float) -> None:
        parts = [VITALS["systolique"], VITALS["diastolique"]]
        values = [self._value(name, VITALS[name], visit, share) for name in ("systolique", "diastolique")]
        values[1] = min(values[1], values[0] - 15)
        self._add(
            "Observation",
            {
                "status": "final",
                "category": [hl7("observation-category", "vital-signs")],
                "code": concept(LOINC, "85354-9", "Pression artérielle"),
                "subject": self._subject,
                "encounter": reference("Encounter", encounter),
                "effectiveDateTime": moment(at),
                "component": [
                    {"code": concept(LOINC, part.code, part.label), "valueQuantity": quantity(value, part.unit, part.ucum)}
                    for part, value in zip(parts, values, strict=True)
                ],
            },
        )

    def _weight(self, visit: Visit, encounter: str, at: datetime) -> None:
        weight = self._build * (self._height / 100) ** 2 + visit.drift.get("poids", 0.0) + self._random.gauss(0, 1.2)
        index = weight / (self._height / 100) ** 2
        for name, value in (("taille", self._height), ("poids", weight), ("imc", index)):
            analysis = VITALS[name]
            if name == "taille" and self._numbers["Encounter"] > 1:
                continue  # an adult is measured once
            self._observation(analysis, Decimal(f"{value:.{analysis.decimals}f}"), encounter, at, "vital-signs")

    def _observation(self, analysis: Analysis, value: Decimal, encounter: str, at: datetime, category: str) -> str:
        content: Resource = {
            "status": "final",
            "category": [hl7("observation-category", category)],
            "code": concept(LOINC, analysis.code, analysis.label),
            "subject": self._subject,
            "encounter": reference("Encounter", encounter),
            "effectiveDateTime": moment(at),
            "valueQuantity": quantity(value, analysis.unit, analysis.ucum),
        }
        bounds = {"low": analysis.low, "high": analysis.high}
        kept = {name: quantity(_plain(b), analysis.unit, analysis.ucum) for name, b in bounds.items() if b is not None}
        if kept and category == "laboratory":
            content["interpretation"] = [hl7("v3-ObservationInterpretation", _interpretation(analysis, value))]
            content["referenceRange"] = [kept]
        return self._add("Observation", content)

    def _analyses(self, visit: Visit, encounter: str, doctor: Doctor, nights: int) -> list[str]:
        """Laboratory reports of the visit; returns what is out of range, in words."""
        abnormal: dict[str, str] = {}
        days = (0, nights) if nights > 2 else (0,)
        for day in days:
            at = min(visit.start + timedelta(days=day, minutes=50), visit.end)
            for name in visit.reason.panels if visit.kind == "IMP" else visit.reason.panels[:2]:
                panel = PANELS[name]
                observations = []
                for part in panel.analyses:
                    analysis = ANALYSES[part]
                    value = self._value(part, analysis, visit, 0.5**day)
                    observations.append(reference("Observation", self._observation(analysis, value, encounter, at, "laboratory")))
                    if _interpretation(analysis, value) != "N":
                        abnormal[part] = f"{analysis.label} {value} {analysis.unit}".replace(".", ",")
                self._add(
                    "DiagnosticReport",
                    {
                        "status": "final",
                        "category": [hl7("v2-0074", "LAB")],
                        "code": concept(LOINC, panel.code, panel.label),
                        "subject": self._subject,
                        "encounter": reference("Encounter", encounter),
                        "effectiveDateTime": moment(at),
                        "issued": moment(at + timedelta(minutes=70)),
                        "resultsInterpreter": [reference("Practitioner", doctor.id, doctor.name)],
                        "result": observations,
                    },
                )
        return list(abnormal.values())

    def _act(self, visit: Visit, encounter: str, doctor: Doctor, name: str) -> None:
        at = min(visit.start + timedelta(hours=1, minutes=self._random.randint(0, 40)), visit.end)
        self._add(
            "Procedure",
            {
                "status": "completed",
                "code": concept(CCAM, ACTS[name].code, ACTS[name].label),
                "subject": self._subject,
                "encounter": reference("Encounter", encounter),
                "performedDateTime": moment(at),
                "performer": [{"actor": reference("Practitioner", doctor.id, doctor.name)}],
            },
        )

    def _prescription(self, visit: Visit, encounter: str, doctor: Doctor, drug: Drug, condition: str | None) -> None:
        over = bool(drug.days) and visit.end.date() + timedelta(days=drug.days) < self._today
        content: Resource = {
            "status": "completed" if over else "active",
            "intent": "order",
            "medicationCodeableConcept": concept(ATC, drug.code, drug.label),
            "subject": self._subject,
            "encounter": reference("Encounter", encounter),
            "authoredOn": moment(visit.end),
            "requester": reference("Practitioner", doctor.id, doctor.name),
            "dosageInstruction": [
                {
                    "text": drug.how,
                    "timing": {"repeat": {"frequency": drug.times, "period": 1, "periodUnit": "d"}},
                    "doseAndRate": [{"doseQuantity": {"value": _plain(drug.dose), "unit": drug.unit}}],
                }
            ],
        }
        if condition:
            content["reasonReference"] = [reference("Condition", condition)]
        if drug.days:
            duration = quantity(Decimal(drug.days), "jour", "d")
            content["dispenseRequest"] = {"expectedSupplyDuration": duration}
        self._add("MedicationRequest", content)

    def _letter(
        self, visit: Visit, encounter: str, service: Service, doctor: Doctor, results: list[str], drugs: list[str]
    ) -> None:
        stay = visit.kind == "IMP"
        title = "Lettre de liaison de sortie" if stay else "Compte rendu de consultation"
        text = letters.discharge(
            self._person, service.hospital_name, service.name, doctor.name, visit.start.date(), visit.end.date(),
            visit.reason.label, results, drugs,
        )  # fmt: skip
        self._add(
            "DocumentReference",
            {
                "status": "current",
                "docStatus": "final",
                "type": concept(LOINC, "11490-0" if stay else "11488-4", title),
                "category": [{"text": "Compte rendu"}],
                "subject": self._subject,
                "date": moment(visit.end),
                "author": [reference("Practitioner", doctor.id, doctor.name)],
                "custodian": reference("Organization", service.hospital, service.hospital_name),
                "content": [{"attachment": attachment(text, title, moment(visit.end))}],
                "context": {
                    "encounter": [reference("Encounter", encounter)],
                    "period": {"start": moment(visit.start), "end": moment(visit.end)},
                },
            },
        )

    def _appointment(self, diseases: list[Disease]) -> None:
        """The next visit, for those who are followed for something."""
        if not diseases or self._random.random() > 0.6:
            return
        disease = self._random.choice(diseases)
        start = self._plan.office_hour(self._today + timedelta(days=self._random.randint(2, 120)))
        if start is None:
            return
        service = self._services[self._plan.place(disease.service)]
        doctor = self._random.choice(service.doctors)
        self._add(
            "Appointment",
            {
                "status": "booked",
                "serviceType": [{"text": service.name}],
                "appointmentType": hl7("v2-0276", "FOLLOWUP"),
                "reasonCode": [concept(ICD10, disease.code, disease.label)],
                "start": moment(start),
                "end": moment(start + timedelta(minutes=30)),
                "minutesDuration": 30,
                "participant": [
                    {"actor": self._subject, "status": "accepted"},
                    {"actor": reference("Practitioner", doctor.id, doctor.name), "status": "accepted"},
                    {"actor": reference("Location", service.location, service.name), "status": "accepted"},
                ],
            },
        )


def _plain(value: float) -> Decimal:
    return Decimal(f"{value:g}")


def _interpretation(analysis: Analysis, value: Decimal) -> str:
    """``L``, ``N`` or ``H`` of v3-ObservationInterpretation."""
    if analysis.low is not None and value < Decimal(str(analysis.low)):
        return "L"
    return "H" if analysis.high is not None and value > Decimal(str(analysis.high)) else "N"

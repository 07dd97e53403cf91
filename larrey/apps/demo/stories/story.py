"""What a pathway draws on: the person, the clock, chance, and everything that is not part of one stay."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime, time, timedelta
from random import Random
from typing import Any, NamedTuple, TypeVar

from larrey.apps.demo.catalogue import DIAGNOSES
from larrey.apps.demo.catalogue.alerts import ALERTS, ALLERGIES
from larrey.apps.demo.people import patient
from larrey.apps.demo.people.person import Person
from larrey.apps.demo.resources import ATC, HL7, ICD10, Identities, Resource, coding, concept, hl7, moment, reference, text
from larrey.apps.demo.stories import french, prescribing
from larrey.apps.demo.stories.appointments import Appointment, book
from larrey.apps.demo.stories.movements import Leg
from larrey.apps.demo.stories.prescribing import Prescription
from larrey.apps.demo.stories.stay import Stay
from larrey.apps.demo.stories.values import Body, Usual
from larrey.apps.demo.structure import Bed, Group, Hospital, Professional, Unit

T = TypeVar("T")
Batch = tuple[str, list[Resource]]
"""Who signs (``Practitioner/<id>``) and what she writes, each resource at most once."""

YEARS = 4
"""How far back stories go, lasting diseases apart."""


class Present(NamedTuple):
    """The bed in which the patient is today."""

    unit: Unit
    bed: Bed


class Story:
    """One patient's story. Everything she draws comes from ``random``: same seed, number and day, same story.

    Nothing after ``limit`` (now, or her death) is written: a pathway tells the whole story, and what is still to come is
    left out. Times are naive, as on a French wall.
    """

    def __init__(
        self, seed: int, person: Person, random: Random, group: Group, now: datetime, present: Present | None = None
    ) -> None:
        self.seed, self.person, self.random, self.group, self.now = seed, person, random, group, now
        self.today = now.date()
        self.present = present
        self.limit = now
        self.died: datetime | None = None
        self.w = french.Words(female=person.sex == "female")
        self._ids = Identities(seed, person.number)
        self.subject = reference("Patient", self._ids.patient, person.shown)
        self.body = Body(random, person)
        self.usual = Usual(random, person, self.body)
        self.hospital = present.unit.hospital if present else self._nearest()
        self.prescriptions: list[Prescription] = []
        self.history: list[tuple[datetime, str]] = []
        """Antecedents, as letters tell them, with the day since when."""
        self.allergies: list[str] = []
        self.stays: list[Stay] = []
        self.paper = random.choices(("text", "pdf", "cda"), (72, 14, 14))[0]
        """In which form her documents are kept."""
        self.discreet = False
        """Not everyone may look for her (VIP)."""
        self._seen: dict[str, Hospital] = {}
        self._first: dict[str, list[Resource]] = {}
        self._later: list[Batch] = []
        self._when: dict[str, datetime] = {}
        self._problems: dict[str, Resource] = {}
        self.last: Resource = {}

    # Chance

    def chance(self, share: float) -> bool:
        """True for ``share`` of all patients."""
        return self.random.random() < share

    def pick(self, *options: T) -> T:
        """One of ``options``."""
        return options[int(self.random.random() * len(options))]

    def between(self, low: float, high: float) -> float:
        """A number from ``low`` to ``high``."""
        return low + (high - low) * self.random.random()

    def whole(self, low: int, high: int) -> int:
        """A whole number from ``low`` to ``high``, both included."""
        return low + int(self.random.random() * (high - low + 1))

    # Time

    def age(self, at: date | None = None) -> int:
        """Completed years at ``at`` (today when absent)."""
        return self.person.years(at or self.today)

    def ago(self, low: float, high: float) -> datetime:
        """A moment of the day between ``high`` and ``low`` years ago, not before birth."""
        oldest = min(high, max(low, self.person.age(self.today) - 0.1))
        day = self.today - timedelta(days=int(self.between(low, oldest) * 365.25))
        return datetime.combine(max(day, self.person.born + timedelta(days=1)), time(self.whole(8, 17), self.whole(0, 59)))

    def office(self, day: date | datetime) -> datetime:
        """A consulting hour of ``day``, or of the Monday after a weekend."""
        if isinstance(day, datetime):
            day = day.date()
        day += timedelta(days=(7 - day.weekday()) % 7 if day.weekday() > 4 else 0)
        return datetime.combine(day, time(self.whole(8, 16), self.pick(0, 15, 30, 45)))

    @property
    def alive(self) -> bool:
        """Whether she is alive now."""
        return self.died is None

    def dies(self, at: datetime) -> None:
        """She dies; nothing later is written. A death to come is not told."""
        if at <= self.now and (self.died is None or at < self.died):
            self.died = self.limit = at

    # Places and people

    def _nearest(self) -> Hospital:
        key = "adour" if self.person.home.insee in ("65286", "65059", "65025", "65123", "65078") else "chu"
        if self.random.random() < 0.15:
            key = "chu" if key == "adour" else "adour"
        return self.group.hospitals[key]

    def unit(self, kind: str, hospital: Hospital | None = None) -> Unit:
        """A unit of ``kind``: of ``hospital``, else of the patient's own one, else of any that has it.

        Raises ``KeyError`` for a kind that no hospital has.
        """
        for place in (hospital, self.hospital):
            if place is not None and kind in place.units:
                return self.pick(*place.units[kind])
        return self.pick(*self.group.kinds[kind])

    def seen_at(self, hospital: Hospital) -> None:
        """She gets an IPP there."""
        self._seen.setdefault(hospital.key, hospital)

    # Writing

    def add(self, type_: str, content: Resource, at: datetime, by: Professional) -> Resource | None:
        """Write a resource that comes to be at ``at``, signed by ``by``; return a reference to it.

        None, and nothing is written, when ``at`` is still to come or after her death. Raises ``ValueError`` before birth.
        """
        if at > self.limit:
            return None
        if at.date() < self.person.born:
            raise ValueError(f"A {type_} of {at} lies before the birth on {self.person.born}.")
        id_ = self._ids.next()
        self.last = {"resourceType": type_, "id": id_, **content}
        self._first.setdefault(by.id, []).append(self.last)
        self._when[id_] = at
        return {"reference": f"{type_}/{id_}"}

    def revise(self, resource: Resource, changes: Resource, at: datetime, by: Professional) -> Resource | None:
        """A second version of a resource of this story, by someone else. None when ``at`` is still to come."""
        if at > self.limit:
            return None
        newer = resource | changes
        self._later.append((f"Practitioner/{by.id}", [newer]))
        return newer

    # Content

    def condition(
        self,
        code: str,
        since: datetime,
        *,
        said: str = "",
        until: datetime | None = None,
        stay: Stay | None = None,
        lasting: bool = True,
        note: str = "",
        by: Professional | None = None,
    ) -> Resource | None:
        """A Condition of the CIM-10. ``lasting``: on the problem list, and told among the antecedents as ``said``;
        otherwise a diagnosis of ``stay``. ``until``: when it was over.
        """
        if lasting and code in self._problems:
            return self._problems[code]  # told by the background already: one problem is listed once
        label = DIAGNOSES[code]
        since = max(since, datetime.combine(self.person.born, time()))
        over = until is not None and until <= self.limit
        content: Resource = {
            "clinicalStatus": hl7("condition-clinical", "resolved" if over else "active"),
            "verificationStatus": hl7("condition-ver-status", "confirmed"),
            "category": [
                hl7("condition-category", "problem-list-item", "Problème")
                if lasting
                else hl7("condition-category", "encounter-diagnosis", "Diagnostic du séjour")
            ],
            "code": concept(ICD10, code, label),
            "subject": self.subject,
        }
        if stay is not None:
            content["encounter"] = stay.ref
        content["onsetDateTime"] = moment(since) if stay is not None else since.date().isoformat()
        if over and until is not None:
            content["abatementDateTime"] = until.date().isoformat()
        author = by or (stay.doctor if stay is not None else self.physician)
        recorded = stay.start if stay is not None else since
        content |= {"recordedDate": moment(recorded), "recorder": author.ref}
        if note:
            content["note"] = [{"text": note}]
        made = self.add("Condition", content, recorded, author)
        if made is not None and lasting:
            if not over:
                self._problems[code] = made
            self.history.append((since, said or french.lower_first(label)))
        return made

    @property
    def physician(self) -> Professional:
        """The doctor who follows her outside of any stay."""
        return self.unit("cons_pediatrie" if self.age() < 16 else "cons_medecine").doctors[self.person.number % 3]

    def antecedent(self, said: str, since: datetime) -> None:
        """Something that letters tell and no resource holds."""
        self.history.append((since, said))

    def allergy(self, key: str, at: datetime, *, by: Professional | None = None) -> Resource | None:
        """An AllergyIntolerance of ``catalogue.alerts.ALLERGIES``. One in four was first noted by a nurse as unconfirmed."""
        allergy = ALLERGIES[key]
        doctor = by or self.physician
        doubtful = self.chance(0.25)
        nurse = self.unit("medecine").carers[0]
        content: Resource = {
            "clinicalStatus": hl7("allergyintolerance-clinical", "active", "Active"),
            "verificationStatus": hl7("allergyintolerance-verification", *(("unconfirmed", "Non confirmée") if doubtful else ("confirmed", "Confirmée"))),
            "type": "allergy",
            "category": [allergy.category],
            "criticality": "unable-to-assess" if doubtful else allergy.criticality,
            "code": concept(ATC, allergy.atc, allergy.label) if allergy.atc else text(allergy.label),
            "patient": self.subject,
            "recordedDate": moment(at),
            "recorder": (nurse if doubtful else doctor).ref,
            "reaction": [{"manifestation": [text(allergy.reaction)], "severity": allergy.severity}],
        }  # fmt: skip
        made = self.add("AllergyIntolerance", content, at, nurse if doubtful else doctor)
        if made is not None:
            self.allergies.append(allergy.said)
            if doubtful:
                confirmed = {
                    "verificationStatus": hl7("allergyintolerance-verification", "confirmed", "Confirmée"),
                    "criticality": allergy.criticality,
                    "asserter": doctor.ref,
                }
                self.revise(self.last, confirmed, at + timedelta(days=1), doctor)
        return made

    def alert(self, key: str, start: datetime, *, until: datetime | None = None, stay: Stay | None = None) -> Resource | None:
        """A Flag of ``catalogue.alerts.ALERTS``: risk of falls, resistant bacteria, isolation…"""
        alert = ALERTS[key]
        over = until is not None and until <= self.limit
        author = stay.nurse if stay is not None else self.physician
        period = {"start": moment(start)} | ({"end": moment(until)} if over and until is not None else {})
        content: Resource = {
            "status": "inactive" if over else "active",
            "category": [hl7("flag-category", alert.category, alert.category_label)],
            "code": text(alert.label),
            "subject": self.subject,
            "period": period,
        }
        if stay is not None:
            content["encounter"] = stay.ref
        content["author"] = author.ref
        return self.add("Flag", content, start, author)

    def prescribe(self, key: str, start: datetime, **options: Any) -> Prescription | None:
        """A lasting treatment outside of a stay; options as those of ``prescribing.prescribe``."""
        by = options.pop("by", None) or self.physician
        options.setdefault("setting", "consultation")
        return prescribing.prescribe(self, key, start, by, **options)

    def stop(self, key: str, at: datetime) -> None:
        """Stop what runs of the drug ``key`` at ``at``."""
        for one in self.prescriptions:
            if one.drug.key == key and one.running(at):
                one.end, one.stopped = at, True

    def taking(self, key: str, at: datetime) -> bool:
        """Whether she takes the drug ``key`` at ``at``."""
        return any(one.drug.key == key and one.running(at) for one in self.prescriptions)

    def appointment(self, kind: str, at: datetime, what: str, **options: Any) -> Appointment:
        """A consultation to come, at a unit of ``kind`` (``cons_ortho``); see ``appointments.book``."""
        return book(self, kind, at, what, **options)

    # Stays

    def stay(self, reason: str, legs: Sequence[Leg], **options: Any) -> Stay:
        """A stay in hospital; see ``Stay``. The one that passes through the bed of ``present`` is the one of today."""
        made = Stay(self, reason, legs, **options)
        self.stays.append(made)
        return made

    def visit(self, kind: str, at: datetime, reason: str, *, minutes: int = 25, **options: Any) -> Stay:
        """A consultation at a unit of ``kind``, without a night."""
        made = Stay(self, reason, [Leg(kind, hours=minutes / 60)], start=at, encounter_class="AMB", **options)
        self.stays.append(made)
        return made

    @property
    def written(self) -> list[Resource]:
        """The first version of everything so far, by who signs it."""
        return [resource for resources in self._first.values() for resource in resources]

    def batches(self) -> list[Batch]:
        """Everything, in the order in which it is written; the Patient first."""
        for prescription in self.prescriptions:
            prescribing.settle(prescription, self.limit, dead=self.died is not None)
        for stay in self.stays:
            stay.settle()
        hospitals = list(self._seen.values()) or [self.hospital]
        made = patient.resource(self.random, self._ids.patient, self.person, hospitals, self.today)
        if self.died is not None:
            made["deceasedDateTime"] = moment(self.died)
        if self.discreet:
            made["meta"] = made["meta"] | {"security": [coding(HL7 + "v3-ActCode", "CEL", "celebrity information sensitivity")]}
        clerk = self.unit("urgences", hospitals[0]).secretaries[0] if self.age() > 15 else self.unit("pediatrie").secretaries[0]
        first = {f"Practitioner/{clerk.id}": [made]}
        for author, resources in self._first.items():
            first.setdefault(f"Practitioner/{author}", []).extend(self._lived(resources))
        return [(author, kept) for author, resources in (*first.items(), *self._later) if (kept := self._lived(resources))]

    def _lived(self, resources: list[Resource]) -> list[Resource]:
        """Without what was told, before her death was, of the time after it: vaccines, lasting diseases."""
        if self.died is None:
            return resources
        return [one for one in resources if self._when.get(one["id"], self.limit) <= self.limit]

"""One encounter: a stay in hospital with its movements, or a consultation."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, time, timedelta
from typing import TYPE_CHECKING, Any, Literal

from larrey.apps.demo.catalogue import ACTS, DIAGNOSES
from larrey.apps.demo.resources import CCAM, ICD10, VISIT, Resource, concept, hl7, moment, text
from larrey.apps.demo.stories import documents, letters, measuring, prescribing
from larrey.apps.demo.stories.appointments import Appointment
from larrey.apps.demo.stories.movements import CLASSES, EXITS, ROLES, SOURCES, Entry, Exit, Leg, Movement
from larrey.apps.demo.stories.prescribing import Prescription
from larrey.apps.demo.stories.values import Course, Drawn, Points
from larrey.apps.demo.structure import Hospital, Professional, Unit

if TYPE_CHECKING:
    from larrey.apps.demo.stories.story import Story


class Stay:
    """Days are counted from admission: day 0 is the first one, day 3 the third morning after it.

    ``reason``: a code of the CIM-10. ``start``: when it begins; when absent in the last years, or so that today falls into
    the leg that holds the bed of ``story.present``. ``after``: a stay that this one follows at once. ``then``: kind and days of
    the stay that will follow this one, so that today can fall into that one.
    """

    def __init__(
        self,
        story: Story,
        reason: str,
        legs: Sequence[Leg],
        *,
        start: datetime | None = None,
        after: Stay | None = None,
        then: Leg | None = None,
        entry: Entry = "emergency",
        leave: Exit = "home",
        encounter_class: Literal["IMP", "EMER", "AMB", "SS"] = "IMP",
        hospital: Hospital | None = None,
        reason_text: str = "",
        title: str = "",
        appointment: Appointment | None = None,
    ) -> None:
        self.story, self.reason, self.leave = story, reason, leave
        units = self._units(legs, hospital, appointment)
        self.here: int | None = None
        if story.present is not None and encounter_class != "AMB" and all(stay.here is None for stay in story.stays):
            self.here = next((number for number, unit in enumerate(units) if unit is story.present.unit), None)
        self.expects = then if self.here is None and story.present is not None else None
        self.movements = self._moves(legs, units, start, after, entry)
        self.start, self.end = self.movements[0].start, self.movements[-1].end
        self.hospital, self.unit = units[0].hospital, units[-1]
        main = max(self.movements, key=lambda one: one.end - one.start).unit
        self.doctor = appointment.doctor if appointment is not None else story.pick(*main.doctors)
        self.nurse = story.pick(*(main.carers or self.unit.carers))
        self.values = Course(story.usual, self.start)
        self.drawn: dict[str, list[Drawn]] = {}
        self.reports: list[str] = []
        """Conclusions of imaging, as letters quote them."""
        self.appointments: list[Appointment] = []
        self.encounter: Resource = {}
        self._laboratory: Unit | None = None
        self._class = encounter_class
        self.exists = self.start <= story.limit
        if leave == "death":
            story.dies(self.end)
        self.ref = self._admit(entry, reason_text, title)

    # Time

    @property
    def ended(self) -> bool:
        """Whether it is over: then values, letters and what follows may be told."""
        return self.exists and self.end <= self.story.limit

    def day(self, number: float) -> datetime:
        """A moment of day ``number``: soon after admission for 0, else that morning between six and half past seven."""
        if number < 1:
            return self.start + timedelta(minutes=max(20, int(number * 1440) + self.story.whole(12, 40)))
        morning = datetime.combine(self.start.date() + timedelta(days=int(number)), time(6, self.story.whole(0, 59)))
        return morning + timedelta(days=number % 1, minutes=self.story.whole(0, 30))

    def holds(self, at: datetime) -> bool:
        """Whether ``at`` lies within the stay and not in the future."""
        return self.start <= at <= self.end and at <= self.story.limit

    @property
    def days(self) -> int:
        """Nights of the whole stay."""
        return (self.end.date() - self.start.date()).days

    # Places

    def _units(self, legs: Sequence[Leg], hospital: Hospital | None, appointment: Appointment | None) -> list[Unit]:
        story = self.story
        if appointment is not None:
            return [appointment.unit]
        present = story.present
        kinds = [leg.kind for leg in legs]
        if present is not None and present.unit.kind in kinds and all(kind in present.unit.hospital.units for kind in kinds):
            hospital = present.unit.hospital
        if hospital is None:
            options = [story.hospital, *story.group.hospitals.values()]
            hospital = next((one for one in options if all(kind in one.units for kind in kinds)), None)
            if hospital is None:
                raise KeyError(f"No hospital has all of {kinds}; write a stay for each hospital.")
        units = []
        for leg in legs:
            fits = present is not None and leg.kind == present.unit.kind and hospital is present.unit.hospital
            units.append(present.unit if fits and present is not None else story.unit(leg.kind, hospital))
            if units[-1].hospital is not hospital:
                raise KeyError(f"{hospital.name} has no unit of kind {leg.kind}; write a stay for each hospital.")
        return units

    def _moves(
        self, legs: Sequence[Leg], units: Sequence[Unit], start: datetime | None, after: Stay | None, entry: Entry
    ) -> list[Movement]:
        story = self.story
        spans = [timedelta(days=self._length(leg.days), hours=self._length(leg.hours)) for leg in legs]
        free = start is None and (after is None or after.expects is not None)
        if after is not None:
            start = after.end
        if start is None:
            start = self._begin(spans, entry)
        bounds = [start]
        for span in spans:
            end = bounds[-1] + span
            if span >= timedelta(days=1):  # a ward is left by day
                end = end.replace(hour=story.whole(10, 16), minute=story.whole(0, 59))
            bounds.append(max(end, bounds[-1] + timedelta(minutes=10)))
        if self.here is not None and free:
            self._bring_today_inside(bounds, self.here)
        elif self.here is not None and not bounds[self.here] < story.now < bounds[self.here + 1]:
            self.here = None
        movements = []
        for number, unit in enumerate(units):
            place, bed = unit.place, False
            if number == self.here and story.present is not None:
                place, bed = story.present.bed.ref, True
            elif unit.beds and spans[number] >= timedelta(hours=18):
                place = story.pick(*unit.beds).room
            movements.append(Movement(unit, bounds[number], bounds[number + 1], place, bed))
        return movements

    def _bring_today_inside(self, bounds: list[datetime], here: int) -> None:
        """Rounding to the hours of the day may have moved the leg of today a little before or after it."""
        latest = self.story.now - timedelta(minutes=90)
        for number in range(here, -1, -1):
            bounds[number] = min(bounds[number], latest)
            latest = bounds[number] - timedelta(minutes=10)
        soonest = self.story.now + timedelta(hours=self.story.whole(4, 30))
        for number in range(here + 1, len(bounds)):
            bounds[number] = max(bounds[number], soonest)
            soonest = bounds[number] + timedelta(minutes=10)

    def _length(self, length: float | tuple[float, float]) -> float:
        return self.story.between(*length) if isinstance(length, tuple) else length

    def _begin(self, spans: Sequence[timedelta], entry: Entry) -> datetime:
        story = self.story
        if self.here is not None:
            before = sum(spans[: self.here], timedelta())
            start = story.now - before - spans[self.here] * story.between(0.12, 0.8)
            if entry != "emergency":
                start = start.replace(hour=story.whole(8, 14))
            return min(start, story.now - before - timedelta(minutes=100))
        if self.expects is not None and story.present is not None and story.present.unit.kind == self.expects.kind:
            coming = timedelta(days=self._length(self.expects.days), hours=self._length(self.expects.hours))
            return story.now - sum(spans, timedelta()) - max(timedelta(days=1.2), coming * story.between(0.12, 0.8))
        start = story.ago(0.1, 4)
        if entry == "emergency":
            return start.replace(hour=int(story.between(0, 24)), minute=story.whole(0, 59))
        return story.office(start)

    # The encounter itself

    def _admit(self, entry: Entry, reason_text: str, title: str) -> Resource:
        story = self.story
        class_, label = CLASSES[self._class]
        number = len(story.stays) + 1
        self.encounter = {}
        content: Resource = {
            "identifier": [
                {"use": "usual", "system": f"{VISIT}/{self.hospital.key}", "value": f"{self.start:%y}{story.person.number:07d}{number:03d}"}
            ],
            "status": "in-progress",
            "class": class_,
            "type": [text(title or label)],
            "subject": story.subject,
            "participant": [
                {"type": [hl7("v3-ParticipationType", "ATND", "Médecin responsable")], "individual": self.doctor.ref}
            ],
            "reasonCode": [concept(ICD10, self.reason, DIAGNOSES[self.reason]) | ({"text": reason_text} if reason_text else {})],
        }  # fmt: skip
        if self._class != "AMB":
            content["hospitalization"] = {"admitSource": hl7("admit-source", *SOURCES[entry])}
        ref = story.add("Encounter", content, self.start, self.doctor)
        if ref is None:
            return {"reference": "Encounter/none"}
        story.seen_at(self.hospital)
        self.encounter = story.last
        return ref

    def settle(self) -> None:
        """Write into the encounter what is known at the end of the story: period, movements, status, exit."""
        if not self.encounter:
            return
        limit, over = self.story.limit, self.ended
        self.encounter["status"] = "finished" if over else "in-progress"
        self.encounter["period"] = {"start": moment(self.start)} | ({"end": moment(self.end)} if over else {})
        locations: list[Resource] = []
        for movement in self.movements:
            if movement.start > limit:
                break
            done = movement.end <= limit
            period = {"start": moment(movement.start)} | ({"end": moment(movement.end)} if done else {})
            locations.append({"location": movement.place, "status": "completed" if done else "active", "period": period})
            self.encounter["serviceProvider"] = movement.unit.ref
        self.encounter["location"] = locations
        if over and self._class != "AMB":
            out = hl7("discharge-disposition", *EXITS[self.leave])
            self.encounter["hospitalization"] = self.encounter["hospitalization"] | {"dischargeDisposition": out}

    def diagnosis(
        self, code: str, role: Literal["main", "other", "entry"] = "main", *, day: float = 0, until: datetime | None = None
    ) -> Resource | None:
        """A Condition of this stay, named in the encounter."""
        if not self.exists:
            return None
        at = max(self.start, self.day(day) if day else self.start)
        made = self.story.condition(code, at, until=until, stay=self, lasting=False) if self.holds(at) else None
        if made is not None:
            entry = {"condition": made, "use": hl7("diagnosis-role", *ROLES[role])}
            self.encounter.setdefault("diagnosis", []).append(entry)
        return made

    def unit_at(self, at: datetime) -> Unit:
        """Where she is at ``at``."""
        return next((move.unit for move in self.movements if move.start <= at < move.end), self.unit)

    # Figures

    @property
    def laboratory(self) -> Unit:
        """The laboratory of the hospital."""
        if self._laboratory is None:
            self._laboratory = self.story.unit("labo", self.hospital)
        return self._laboratory

    @property
    def biologist(self) -> Professional:
        """Who signs its results."""
        doctors = self.laboratory.doctors
        return doctors[self.start.day % len(doctors)]

    def record(self, key: str, drawn: Drawn) -> None:
        """Keep a value for the letters."""
        self.drawn.setdefault(key, []).append(drawn)

    def course(self, **points: Points) -> None:
        """How values go during this stay: ``course(crp=[(0, 6), (1, 92), (3, 120), (7, 18)])``, days and values."""
        self.values.follow(points)

    def labs(self, *panels: str, days: Sequence[float] = (0,)) -> None:
        """Laboratory panels (``catalogue.analyses.PANELS``) on each of ``days``; what falls outside of the stay is left out."""
        for number in days:
            at = self.day(number)
            if self.holds(at):
                measuring.laboratory(self, panels, at)

    def vitals(self, *extra: str, days: Sequence[float] | None = None, rounds: int = 1) -> None:
        """Pulse, blood pressure, temperature, saturation and ``extra`` signs at entry and on each of ``days`` (all when
        absent), ``rounds`` times a day.
        """
        for number in range(self.days + 1) if days is None else days:
            for turn in range(rounds if number else 1):
                at = self.day(number) + timedelta(hours=turn * 12 // rounds, minutes=-8)
                measuring.vitals(self, (*measuring.BASIC, *extra), max(at, self.start))

    def measure(self, *signs: str, day: float = 0, at: datetime | None = None) -> None:
        """Some vital signs once: ``measure("poids", "taille")``."""
        measuring.vitals(self, signs, at or self.day(day))

    def all(self, key: str) -> list[Drawn]:
        """The values of ``key`` in this stay, in order of time."""
        return self.drawn.get(key, [])

    def first(self, key: str) -> Drawn:
        """The first value. Raises ``KeyError`` when none was drawn."""
        return self.drawn[key][0]

    def last(self, key: str) -> Drawn:
        """The last value."""
        return self.drawn[key][-1]

    def peak(self, key: str) -> Drawn:
        """The highest value."""
        return max(self.drawn[key], key=lambda one: one.value)

    def trough(self, key: str) -> Drawn:
        """The lowest value."""
        return min(self.drawn[key], key=lambda one: one.value)

    def day_of(self, drawn: Drawn) -> int:
        """On which day of the stay it was drawn, the first being 1."""
        return (drawn.at.date() - self.start.date()).days + 1

    @property
    def pressure(self) -> str:
        """``132/78 mmHg`` at entry."""
        return f"{self.first('systolique').value}/{self.first('diastolique').value}\u00a0mmHg"

    # Acts, prescriptions, documents

    def act(
        self,
        code: str,
        *,
        day: float = 0,
        at: datetime | None = None,
        by: Professional | None = None,
        minutes: int = 0,
        detail: str = "",
    ) -> Resource | None:
        """A Procedure of the CCAM; ``detail``: side, technique…"""
        when = at or self.day(day)
        if not self.holds(when):
            return None
        operator = by or self.doctor
        performed: Resource = {"performedDateTime": moment(when)}
        if minutes:
            performed = {"performedPeriod": {"start": moment(when), "end": moment(when + timedelta(minutes=minutes))}}
        content: Resource = {
            "status": "completed",
            "code": concept(CCAM, code, ACTS[code]),
            "subject": self.story.subject,
            "encounter": self.ref,
            **performed,
            "performer": [{"actor": operator.ref}],
        }
        if detail:
            content["note"] = [{"text": detail}]
        return self.story.add("Procedure", content, when, operator)

    def prescribe(self, key: str, *, day: float = 0, days: int = 0, **options: Any) -> Prescription | None:
        """A treatment during the stay, from day ``day`` on, for ``days`` or to its end; other options as
        ``prescribing.prescribe``.
        """
        at = self.day(day) + timedelta(minutes=35)
        if not self.holds(at):
            return None
        return prescribing.prescribe(
            self.story, key, at, options.pop("by", None) or self.doctor, days=days, setting="hospital", encounter=self.ref,
            until=self.end, pharmacy=self.hospital.units["pharmacie"][0].ref, **options,
        )  # fmt: skip

    def leave_with(self, key: str, *, days: int = 0, **options: Any) -> Prescription | None:
        """A treatment prescribed at the end of the stay (or of the consultation)."""
        if not self.ended:
            return None
        setting = "consultation" if self._class == "AMB" else "home"
        return prescribing.prescribe(
            self.story, key, self.end, self.doctor, days=days, setting=setting, encounter=self.ref, **options
        )

    def rendezvous(self, kind: str, after_days: int, what: str, **options: Any) -> Appointment:
        """An appointment given at the end of the stay, ``after_days`` later; the letter tells it."""
        at = self.story.office(self.end + timedelta(days=after_days))
        made = self.story.appointment(kind, at, what, booked=self.end - timedelta(minutes=15), **options)
        self.appointments.append(made)
        return made

    def imaging(self, code: str, title: str, found: str, conclusion: str, *, day: float = 0, at: datetime | None = None) -> None:
        """An examination (CCAM ``code``) with its report; a scanner is made without injection when contrast is not borne."""
        documents.imaging(self, code, title, found, conclusion, at or self.day(day))

    def operation(self, code: str, title: str, report: Sequence[tuple[str, str]], **options: Any) -> Resource | None:
        """An operation (CCAM ``code``) with its report; options: ``day``, ``minutes``, ``surgeon``, ``anaesthetist``."""
        return documents.operation(self, code, title, report, **options)

    def document(self, kind: str, sections: Sequence[tuple[str, str]], **options: Any) -> None:
        """Any other document of ``documents.KINDS``."""
        documents.write(self, kind, sections, **options)

    def letter(self, **sections: str) -> None:
        """The letter that closes the stay or the consultation; see ``letters.discharge``. Nothing while it lasts."""
        if self.ended:
            letters.discharge(self, **sections)

"""What happens to everyone beside a pathway: lasting diseases and their visits, allergies, vaccines, small events."""

from __future__ import annotations

from datetime import datetime, time, timedelta

from larrey.apps.demo.catalogue.alerts import ALLERGIES
from larrey.apps.demo.catalogue.background import EVENTS, LASTING, VACCINES, Disease, Event
from larrey.apps.demo.resources import ATC, concept, moment
from larrey.apps.demo.stories import Leg, Stay, Story, french


def tell(s: Story, *, alone: bool) -> None:
    """``alone``: no pathway is told, so that the patient must have been seen for something."""
    age = s.age()
    if s.chance(0.2):
        s.allergy(s.pick(*ALLERGIES), s.ago(0.2, 6))
    diseases = [disease for disease in LASTING if _has(s, disease, age)] if alone or s.chance(0.5) else []
    for disease in diseases:
        _begin(s, disease)
    _alerts(s, age)
    vaccines(s)
    if not alone:
        return
    for disease in diseases:
        for _ in range(s.random.choices((0, 1, 2), (5, 4, 1))[0]):
            _follow_up(s, disease)
    events = s.random.choices((0, 1, 2), (30, 50, 20))[0] or (0 if diseases else 1)
    for _ in range(events):
        _event(s)
    if diseases and s.chance(0.5):
        disease = s.pick(*diseases)
        s.appointment(disease.visit, s.office(s.now + timedelta(days=s.whole(2, 150))), f"consultation de suivi ({disease.said})",
                      reason=disease.code, booked=s.now - timedelta(days=s.whole(3, 60)))  # fmt: skip


def _alerts(s: Story, age: int) -> None:
    if age >= 78 and s.chance(0.16):
        s.alert("chute", s.ago(0.1, 2))
    if age >= 65 and s.chance(0.05):
        s.alert("directives", s.ago(0.2, 3))
    if age >= 70 and s.chance(0.06):
        s.alert("surdite", s.ago(0.5, 3.5))
    if age >= 40 and s.chance(0.012):
        since = s.ago(0.3, 2)
        s.alert(s.pick("sarm", "blse", "bhre"), since, until=since + timedelta(days=s.whole(90, 500)))
    if s.person.birth_place.insee.startswith("99") and s.chance(0.15):
        s.alert("langue", s.ago(0.2, 3.5))


def _has(s: Story, disease: Disease, age: int) -> bool:
    if age < disease.age or disease.sex not in ("", s.person.sex):
        return False
    return s.chance(disease.share / 100 * (1 + min(1.0, (age - disease.age) / 25)))


def _begin(s: Story, disease: Disease) -> None:
    since = s.ago(0.5, min(18, max(0.6, s.age() - disease.age)))
    s.condition(disease.code, since, said=disease.said)
    for key, by in disease.drift:
        s.usual.shift(key, by)
    s.body.excess += disease.weight
    for key, when in disease.drugs:
        s.prescribe(key, max(since, s.ago(0.3, 3.5)), when=when, weekly=when == "semaine")


def _follow_up(s: Story, disease: Disease) -> None:
    where = s.group.hospitals["chu"] if s.chance(0.25) else None  # for another opinion
    visit = s.visit(
        disease.visit, s.office(s.ago(0.05, 3.5)), disease.code, hospital=where, reason_text=f"Suivi : {disease.said}"
    )
    visit.measure("pouls", "pression", *(("poids", "taille") if s.chance(0.4) else ()))
    if disease.panels and s.chance(0.6):
        visit.labs(*disease.panels)
    if not visit.ended or not s.chance(0.45):
        return
    visit.letter(
        reason=f"suivi ({disease.said})",
        course=s.pick("État stable, traitement bien toléré.", "Pas de plainte nouvelle. Observance satisfaisante.",
                      "Examen sans particularité, équilibre satisfaisant."),
        conclusion=s.pick("Poursuite du traitement, prochain contrôle dans un an.", "Pas de modification du traitement.",
                          "Surveillance clinique et biologique annuelle."),
    )  # fmt: skip


def _event(s: Story) -> None:
    at = s.ago(0.02, 4)
    age = s.age(at.date())
    told = {stay.reason for stay in s.stays}
    possible = [e for e in EVENTS if e.ages[0] <= age < e.ages[1] and e.sex in ("", s.person.sex) and e.code not in told]
    if not possible:
        return
    event = s.random.choices(possible, [e.weight for e in possible])[0]
    at = datetime.combine(at.date(), time(s.whole(0, 23), s.whole(0, 59)))
    if at.date() <= s.person.born:
        return
    if event.nights:
        _hospitalised(s, event, at)
    else:
        _seen(s, event, at)


def _seen(s: Story, event: Event, at: datetime) -> None:
    """In the emergency ward, and home again; or for a planned day."""
    child = s.age(at.date()) < 16
    kind = "urg_pediatrie" if child else "urgences"
    if event.kind:
        visit = s.stay(event.code, [Leg(event.kind, hours=(4, 7))], start=s.office(at).replace(hour=s.whole(7, 10)), entry="planned",
                       encounter_class="SS")  # fmt: skip
    else:
        visit = s.stay(event.code, [Leg(kind, hours=(1.2, 6))], start=at, encounter_class="EMER")
    visit.course(**_course(s, event, visit))
    visit.vitals(days=(0,))
    visit.labs(*event.panels)
    for code in event.acts:
        visit.act(code, day=0.05)
    for key, when, days in event.drugs:
        visit.leave_with(key, when=when, days=days)
    if visit.ended and s.chance(0.3):
        visit.letter(
            reason=event.said,
            story=s.pick(event.story, f"Consulte pour {event.said}."),
            course=s.pick(
                "Retour à domicile avec les consignes de surveillance.", "Évolution rassurante pendant la surveillance."
            ),
            conclusion=f"{french.upper_first(event.said)}.",
            kind="urgences" if not event.kind else "acte",
        )


def _hospitalised(s: Story, event: Event, at: datetime) -> None:
    child = s.age(at.date()) < 16
    ward = "pediatrie" if child else event.kind
    door = "urg_pediatrie" if child else "urgences"
    nights = event.nights
    planned = event.planned
    legs = [Leg(ward, days=(max(1, nights * 0.7), nights * 1.4))]
    if not planned:
        legs.insert(0, Leg(door, hours=(2, 8)))
        if not child and ward not in s.hospital.units:
            legs[0] = Leg("urgences", hours=(2, 8))
    stay = s.stay(event.code, legs, start=s.office(at) if planned else at, entry="planned" if planned else "emergency")
    stay.course(**_course(s, event, stay))
    stay.diagnosis(event.code, "main", until=stay.end + timedelta(days=s.whole(5, 30)))
    stay.vitals(days=(0, 1, max(2, stay.days - 1)))
    stay.labs(*event.panels, days=(0, 2) if nights > 2 else (0,))
    for code in event.acts:
        stay.act(code, day=0.1 if not planned else 1)
    for key, when, days in event.drugs:
        stay.prescribe(key, when=when, days=days)
        stay.leave_with(key, when=when, days=days)
    if stay.ended:
        stay.letter(
            reason=event.said,
            story=event.story,
            course=s.pick("Évolution favorable sous traitement, sortie au domicile.", "Suites simples. Apyrexie et examen normal à la sortie.",
                          "Amélioration rapide, reprise de l'alimentation et de la marche sans difficulté."),
            conclusion=f"{french.upper_first(event.said)}, d'évolution favorable.",
            follow_up=s.pick("Revoir le médecin traitant dans la semaine.", "Consulter en cas de fièvre ou de douleur."),
        )  # fmt: skip


def _course(s: Story, event: Event, stay: Stay) -> dict[str, list[tuple[float, float]]]:
    """From what the event makes of usual values, back to them."""
    points = {}
    for key, by in event.drift:
        usual = s.usual.value(key, stay.start)
        points[key] = [(0.0, usual + by), (max(1.0, event.nights * 0.5), usual + by * 0.45), (event.nights + 2.0, usual)]
    return points


def vaccines(s: Story) -> None:
    """Those of the calendar that the last twelve years saw, and the yearly one against influenza from 65 on."""
    age = s.person.age(s.today)
    for vaccine in VACCINES:
        ages = [a for a in vaccine.ages if max(0.0, age - 12) <= a < age]
        if vaccine.every and age > vaccine.ages[0]:
            ages = [age - back for back in (0.1, 1.1, 2.1) if age - back > vaccine.ages[0]]
        for at in ages:
            if not s.chance(0.5):
                continue
            day = s.person.born + timedelta(days=int(at * 365.25) + s.whole(0, 15))
            when = datetime.combine(day, time(s.whole(9, 17), s.whole(0, 59)))
            by = s.physician
            s.add(
                "Immunization",
                {
                    "status": "completed",
                    "vaccineCode": concept(ATC, vaccine.atc, vaccine.label),
                    "patient": s.subject,
                    "occurrenceDateTime": day.isoformat() if s.chance(0.3) else moment(when),
                    "primarySource": s.chance(0.8),
                    "lotNumber": f"L{s.whole(10000, 99999)}",
                    "performer": [{"actor": by.ref}],
                },
                when,
                by,
            )

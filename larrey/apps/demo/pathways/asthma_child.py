"""Asthma of a child: visits to the paediatric emergency ward, a stay, and consultations with spirometry."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, time, timedelta
from functools import partial

from larrey.apps.demo.pathways.pathway import Pathway, Share, known
from larrey.apps.demo.stories import Leg, Stay, Story, french
from larrey.apps.demo.stories.appointments import Appointment

_SPIROMETRY_AGE = 6


def story(s: Story) -> None:
    """Attacks over three years, the severe one with a night or more in hospital, and the paediatrician's follow-up."""
    hospital = s.group.hospitals["lachapelle"]
    allergic = s.chance(0.7)
    since = min(3.2, max(0.6, s.person.age(s.today) - 2.2))
    _background(s, since, allergic=allergic)
    severe = s.stay(
        "J46" if s.chance(0.3) else "J45.0" if allergic else "J45.9",
        _legs(s),
        hospital=hospital,
        start=None if s.present is not None else _night(s, s.ago(0.1, since * 0.7)),
        reason_text="Crise d'asthme sévère",
    )
    events: list[tuple[datetime, Callable[[], None]]] = [(severe.start, lambda: _severe(severe, allergic=allergic))]
    for _ in range(s.whole(1, 3)):
        at = _night(s, s.ago(0.15, since))
        if all(abs(at - known) > timedelta(days=25) for known, _ in events):
            events.append((at, partial(_attack, s, at, allergic=allergic)))
    events += _consultations(s, severe, since, allergic=allergic)
    for _, tell in sorted(events, key=lambda one: one[0]):
        tell()
    _control(s, severe, allergic=allergic)


def _legs(s: Story) -> list[Leg]:
    watched = s.chance(0.35) or (s.present is not None and s.present.unit.kind == "usc_pediatrie")
    legs = [Leg("urg_pediatrie", hours=(4, 8))]
    if watched:
        legs.append(Leg("usc_pediatrie", hours=(26, 40)))
    return [*legs, Leg("pediatrie", days=(1.4, 2.8))]


def _night(s: Story, at: datetime) -> datetime:
    return at.replace(hour=s.pick(1, 3, 5, 18, 20, 21, 22, 23), minute=s.whole(0, 59))


def _background(s: Story, since: float, *, allergic: bool) -> None:
    first = s.ago(since, since + 0.3)
    s.condition(
        "J45.0" if allergic else "J45.9", first, said="asthme" + (" allergique" if allergic else " du nourrisson et de l'enfant")
    )
    if s.person.age(s.today) > 2:
        s.antecedent("bronchiolite à l'âge de 6 mois", datetime.combine(s.person.born + timedelta(days=183), time(10)))
    if allergic:
        if "acariens" not in s.allergies:
            s.allergy("acariens", first + timedelta(days=20))
        if s.chance(0.3):
            s.condition("L20.9", first, said="dermatite atopique")
        if s.chance(0.4) and s.age() > 5 and not known(s, "rhinite"):
            s.condition("J30.1", s.ago(0.3, 1.5), said="rhinite aux pollens")
            s.prescribe("desloratadine_sirop", s.ago(0.1, 0.3), dose=2.5 if s.age() < 6 else 5, when="soir", days=60)
    if s.chance(0.08) and "arachide" not in s.allergies:
        s.allergy("arachide", first + timedelta(days=60))


def _circumstance(s: Story, *, allergic: bool) -> str:
    w = s.w
    trigger = s.pick(
        "Rhume depuis deux jours, toux sèche nocturne.",
        "Toux et nez qui coule depuis la veille, toute la famille est enrhumée.",
        "Gêne apparue après un week-end chez "
        f"{s.pick('ses grands-parents, qui ont un chat', 'des amis, dans une maison humide')}."
        if allergic
        else "Toux depuis l'arrivée du froid, aggravée par la course à l'école.",
    )
    relief = s.pick(
        "La mère a donné 4 bouffées de salbutamol toutes les vingt minutes pendant une heure, sans amélioration durable.",
        "Six bouffées de salbutamol à la maison dans la chambre d'inhalation, amélioration de courte durée.",
        f"Traitement de fond {s.pick('pris de façon irrégulière', 'arrêté depuis trois semaines')}, salbutamol donné deux "
        "fois dans la soirée.",
    )
    return (
        f"{trigger} Depuis quelques heures, sifflements et essoufflement, "
        f"{w.the_patient.replace('patient', 'jeune patient')} ne peut plus finir "
        f"ses phrases ni s'allonger. {relief}"
    )


def _doses(stay: Stay) -> tuple[float, str, float]:
    """Weight in kg; the single dose of salbutamol by nebuliser; prednisolone in tablets of 5 mg (about 1.5 mg/kg, 60 mg at most)."""
    weight = stay.story.body.weight(stay.start.date())
    nebuliser = "salbutamol_nebul_enfant" if weight < 16 else "salbutamol_nebul"
    return weight, nebuliser, max(2, min(12, round(weight * 1.5 / 5)))


def _values(stay: Stay, strength: float) -> None:
    """``strength``: 1 for a moderate attack, 1.5 for a severe one. Respiration and pulse by age."""
    s = stay.story
    age = s.person.age(stay.start.date())
    calm = 25 if age < 6 else 20 if age < 12 else 16
    beat = 106 if age < 6 else 88 if age < 12 else 78
    long = 0.25 if strength < 1.2 else 2
    stay.course(
        saturation=[(0, 95 - 3.5 * strength), (long * 0.5, 95), (long, 97)],
        respiration=[(0, calm + 15 * strength), (long * 0.5, calm + 8), (long, calm + 2)],
        pouls=[(0, beat + 32 * strength), (long * 0.4, beat + 36), (long, beat + 10)],
        temperature=[(0, 37.6), (1, 37.2), (2, 36.9)],
        debit_pointe=[(0, 0.45 * _expected(stay)), (long, 0.85 * _expected(stay))],
        debit_o2=[(0, 2 * strength), (long * 0.6, 1), (long, 0)],
        crp=[(0, 9)],
        leucocytes=[(0, 12.5)],
        potassium=[(0, 3.7), (0.3, 3.4), (1.5, 4.1)],
        paco2=[(0, 35 + 5 * (strength - 1))],
        ph=[(0, 7.41)],
    )


def _expected(stay: Stay) -> float:
    """Peak flow in L/min that a child of that height should have (Godfrey 1970: 5.3 times height in cm less 425)."""
    return max(90.0, 5.3 * stay.story.body.height(stay.start.date()) - 425)


def _signs(stay: Stay) -> list[str]:
    signs = ["pouls", "temperature", "saturation", "respiration"]
    if stay.story.person.age(stay.start.date()) >= _SPIROMETRY_AGE:
        signs.append("debit_pointe")
    return signs


def _nebulise(stay: Stay, key: str, steroid: float, *, atropine: bool) -> None:
    stay.prescribe(key, dose=1, every=4, days=1)
    if atropine:
        stay.prescribe("ipratropium_enfant", dose=1, every=8, days=1)
    stay.prescribe("prednisolone_5", dose=steroid, when="matin", days=3)


def _go_home(stay: Stay, steroid: float) -> None:
    s = stay.story
    s.stop("salbutamol", stay.end)
    stay.leave_with("salbutamol", dose=4, every=6, days=5)
    stay.leave_with("prednisolone_5", dose=steroid, when="matin", days=3)
    if not s.taking("fluticasone", stay.end) and not s.taking("fluticasone_salmeterol", stay.end):
        stay.leave_with("fluticasone", dose=2, when="matin soir")


def _attack(s: Story, at: datetime, *, allergic: bool) -> None:
    """An attack that gives way in a few hours."""
    w = s.w
    stay = s.stay(
        "J45.0" if allergic else "J45.9", [Leg("urg_pediatrie", hours=(3, 6))], start=at, encounter_class="EMER",
        hospital=s.group.hospitals["lachapelle"], reason_text="Crise d'asthme",
    )  # fmt: skip
    weight, nebuliser, steroid = _doses(stay)
    _values(stay, s.between(0.8, 1.1))
    stay.diagnosis("J45.0" if allergic else "J45.9")
    if s.chance(0.6):
        stay.diagnosis("J06.9", "other")
    stay.measure("poids", at=stay.start + timedelta(minutes=6))
    for minutes in (8, 40, 80, 140):
        stay.measure(*_signs(stay), at=stay.start + timedelta(minutes=minutes))
    _nebulise(stay, nebuliser, steroid, atropine=False)
    if not stay.ended:
        return
    _go_home(stay, steroid)
    before, after = stay.first("saturation"), stay.last("saturation")
    stay.letter(
        kind="urgences",
        reason="crise d'asthme",
        story=_circumstance(s, allergic=allergic),
        examination=f"{french.upper_first(stay.first('poids').said)}, {stay.first('temperature').said}, {before.said} en air "
                    "ambiant, "
                    f"{stay.first('respiration').said}, {stay.first('pouls').said}. Tirage intercostal, sibilants diffus aux "
                    "deux temps. "
                    + (f"Débit de pointe à {stay.first('debit_pointe').figure}. " if stay.all(
                        "debit_pointe") else "") + "Conscience normale.",
        course=f"Trois nébulisations de salbutamol ({'2,5' if weight < 16 else '5'} mg) en une heure, prednisolone "
               f"{5 * int(steroid)} mg par la bouche, "
               f"soit environ 1,5 mg par kilogramme. Amélioration rapide : {after.said}, {stay.last('respiration').said}"
               + (f", débit de pointe à {stay.last('debit_pointe').figure}" if stay.all("debit_pointe") else "")
               + f". Surveillance de {max(2, round((stay.end - stay.start).total_seconds() / 3600))} heures, sans rechute.",
        conclusion=f"Crise d'asthme modérée, retour au domicile avec les parents. {w.She} poursuit le salbutamol dans la "
                   "chambre d'inhalation.",
        follow_up="Consulter de nouveau en cas de gêne malgré 6 bouffées de salbutamol. Revoir le médecin traitant sous sept "
                  "jours. Plan d'action écrit remis.",
    )  # fmt: skip


def _severe(stay: Stay, *, allergic: bool) -> None:
    s = stay.story
    weight, nebuliser, steroid = _doses(stay)
    _values(stay, s.between(1.35, 1.65))
    stay.diagnosis(stay.reason)
    stay.diagnosis("J96.00", "other", until=stay.day(2))
    if s.chance(0.5):
        stay.diagnosis("J06.9", "other")
    stay.measure("poids", "taille", day=0)
    hours = 0.15
    while hours < (stay.end - stay.start).total_seconds() / 3600:
        stay.measure(*_signs(stay), "debit_o2", at=stay.start + timedelta(hours=hours))
        hours += 0.5 if hours < 2 else 2 if hours < 12 else 4
    stay.labs("nfs", "iono", "crp", "gazometrie")
    stay.labs("iono", days=(1,))
    stay.imaging(
        "ZBQK002", "Radiographie du thorax",
            "Distension thoracique avec horizontalisation des côtes. Épaississements bronchiques péri-hilaires. "
        + s.pick("Pas de foyer, pas d'épanchement, pas de pneumothorax.",
            "Trouble de ventilation linéaire de la base gauche. Pas de pneumothorax."),
        "Distension compatible avec une crise d'asthme, sans complication.", day=0.06,
    )  # fmt: skip
    _nebulise(stay, nebuliser, steroid, atropine=True)
    stay.prescribe(nebuliser, day=0.25, dose=1, every=4)
    stay.prescribe("paracetamol_enfant", dose=round(weight * 15 / 10) * 10, every=6, needed="fièvre ou inconfort")
    if not stay.ended:
        return
    stay.doctor = s.pick(*stay.unit.doctors)
    _go_home(stay, steroid)
    stay.rendezvous("cons_pediatrie", s.whole(28, 42), "consultation de pneumologie pédiatrique", hospital=stay.hospital)
    watched = any(move.unit.kind == "usc_pediatrie" for move in stay.movements)
    peak = (
        f" Le débit de pointe passe de {stay.first('debit_pointe').figure} à {stay.last('debit_pointe').figure}."
        if stay.all("debit_pointe")
        else ""
    )
    stay.letter(
        reason="crise d'asthme sévère",
        life=s.pick(
            "Vit avec ses deux parents et un petit frère, en appartement. Pas d'animal. Le père fume, à l'extérieur.",
            "Vit en maison avec ses parents, un chat. Scolarité sans problème, pratique la natation.",
            "Parents séparés, garde alternée. Moquette dans l'une des deux chambres.",
        ),
        story=_circumstance(s, allergic=allergic),
        examination=f"{french.upper_first(stay.first('poids').said)}, {stay.first('taille').said}. "
                    f"{french.upper_first(stay.first('saturation').said)} en "
                    f"air ambiant, {stay.first('respiration').said}, {stay.first('pouls').said}, "
                    f"{stay.first('temperature').said}. Tirage sus-sternal et "
                    "intercostal, battement des ailes du nez, murmure vésiculaire diminué, sibilants diffus. Parle par mots.",
        course=(
            f"Oxygène, salbutamol en nébulisations de {'2,5' if weight < 16 else '5'} mg associé au bromure d'ipratropium, "
            "prednisolone "
            f"{5 * int(steroid)} mg par jour (environ 1,5 mg par kilogramme). "
            + ("Surveillance continue pendant la première nuit, sans recours à la ventilation. " if watched else "")
            + "Espacement progressif des nébulisations, relais par la chambre d'inhalation. "
            + f"À la sortie, {stay.last('saturation').said} sans oxygène, {stay.last('respiration').said}.{peak} "
            + f"{french.upper_first(stay.trough('potassium').said)} au plus bas sous salbutamol."
        ),
        conclusion=s.pick(
            f"Crise d'asthme sévère d'évolution favorable en {max(1, stay.days)} jours. Traitement de fond repris, technique "
            "d'inhalation revue avec "
            f"l'enfant et sa mère.",
            "Exacerbation sévère d'un asthme insuffisamment contrôlé. Éducation thérapeutique débutée, plan d'action écrit "
            "remis aux parents.",
        ),
        follow_up="Projet d'accueil individualisé à établir avec l'école. Éviction du tabac et des poussières.",
    )  # fmt: skip


def _consultations(s: Story, severe: Stay, since: float, *, allergic: bool) -> list[tuple[datetime, Callable[[], None]]]:
    """Every four to six months."""
    events: list[tuple[datetime, Callable[[], None]]] = []
    age = since - 0.2
    while age > 0.1:
        at = s.office(s.ago(age, age + 0.02))
        if not severe.start - timedelta(days=1) < at < severe.end + timedelta(days=60):
            events.append((at, partial(_consultation, s, severe, at, None, allergic=allergic)))
        age -= s.between(0.33, 0.5)
    return events


def _control(s: Story, severe: Stay, *, allergic: bool) -> None:
    """The consultation that was given at the end of the stay, and the next one."""
    for appointment in severe.appointments:
        _consultation(s, severe, appointment.at, appointment, allergic=allergic)
    if s.alive and s.present is None:
        s.appointment("cons_pediatrie", s.office(s.today + timedelta(days=s.whole(12, 130))),
            "consultation de pneumologie pédiatrique",
                      hospital=severe.hospital)  # fmt: skip


def _consultation(s: Story, severe: Stay, at: datetime, appointment: Appointment | None, *, allergic: bool) -> None:
    """With spirometry from six years on."""
    if at + timedelta(hours=1) > s.limit:
        return
    w = s.w
    visit = s.visit("cons_pediatrie", at, "J45.0" if allergic else "J45.9", minutes=50, reason_text="Suivi d'un asthme",
                    hospital=severe.hospital, appointment=appointment)  # fmt: skip
    controlled = s.chance(0.6) and abs(at - severe.end) > timedelta(days=60)
    visit.measure("poids", "taille", "saturation", "pouls", at=at + timedelta(minutes=5))
    breath = ""
    if s.person.age(at.date()) >= _SPIROMETRY_AGE:
        breath = _spirometry(visit, controlled=controlled)
    if not s.taking("fluticasone", visit.end):
        visit.leave_with("fluticasone", dose=2, when="matin soir")
    if not controlled and s.age(at) >= _SPIROMETRY_AGE and not s.taking("montelukast", visit.end):
        visit.leave_with("montelukast", when="soir", days=180)
    if not s.taking("salbutamol", visit.end):
        visit.leave_with("salbutamol", dose=2, every=6, days=180, needed="gêne ou sifflements")
    visit.letter(
        reason="suivi d'un asthme",
        course=(
            s.pick(
                "Pas de crise depuis la dernière consultation, sommeil calme, sport pratiqué normalement.",
                f"{w.She} va bien, une seule gêne à l'effort, soulagée par le salbutamol. Pas d'absence scolaire.",
            )
            if controlled
            else s.pick(
                "Réveils nocturnes une à deux fois par semaine et gêne à l'effort. Traitement de fond oublié un soir sur deux.",
                "Deux épisodes de toux sifflante traités à la maison depuis la dernière consultation, plusieurs jours "
                "d'absence à l'école.",
            )
        )
        + f" {french.upper_first(visit.first('poids').said)}, {visit.first('taille').said}, "
          f"{visit.first('saturation').said}. Auscultation "
        + ("libre." if controlled else "avec quelques sibilants en fin d'expiration.") + breath,
        conclusion="Asthme contrôlé. Traitement de fond maintenu à dose minimale efficace." if controlled
        else "Asthme partiellement contrôlé : observance et technique d'inhalation à renforcer, traitement adapté.",
    )  # fmt: skip


def _spirometry(visit: Stay, *, controlled: bool) -> str:
    """The act and its values; returns the sentence of the letter. Expected values follow height (Polgar 1971)."""
    s = visit.story
    height = s.body.height(visit.start.date()) / 100
    expected = 0.81 * height**2.77 * 1.0
    share = s.between(0.88, 1.02) if controlled else s.between(0.68, 0.82)
    visit.course(vems=[(0, expected * share)], cvf=[(0, expected * s.between(1.1, 1.18))])
    at = visit.start + timedelta(minutes=15)
    visit.act("GLQP012", at=at, minutes=15)
    visit.measure("cvf", "vems", at=at + timedelta(minutes=12))
    if not visit.all("vems"):
        return ""
    return f" Spirométrie : VEMS à {visit.first('vems').figure}, CVF à {visit.first('cvf').figure}, " + (
        "sans trouble obstructif." if controlled else "trouble obstructif réversible sous salbutamol."
    )


PATHWAY = Pathway(
    name="asthma_child",
    title="Asthme de l'enfant",
    shares=(Share((3, 7), 45), Share((7, 14), 32), Share((14, 16), 14)),
    present=(("pediatrie", 4), ("usc_pediatrie", 1)),
    story=story,
)

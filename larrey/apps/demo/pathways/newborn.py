"""A birth, told in the child's own record: the days in the maternity ward, jaundice for some, the visits of the first year."""

from __future__ import annotations

from datetime import datetime, time, timedelta

from larrey.apps.demo.pathways.pathway import Pathway, Share
from larrey.apps.demo.stories import Leg, Stay, Story, french


def story(s: Story) -> None:
    """Born in the hospital of mothers and children, at term."""
    w = s.w
    born = datetime.combine(s.person.born, time(s.whole(0, 20), s.whole(0, 59)))
    jaundice = s.chance(0.18)
    stay = s.stay(
        "Z38.0", [Leg("naissance", hours=2.2), Leg("maternite", days=(4, 5) if jaundice else (3, 4))], start=born, entry="birth",
        reason_text="Naissance",
    )  # fmt: skip
    if not stay.exists:
        return
    weight = s.body.weight(born.date())
    stay.course(
        poids=[(0, weight), (2, weight * 0.94), (4, weight * 0.965)],
        apgar_1=[(0, s.pick(8, 9, 9, 10))],
        apgar_5=[(0, 10)],
        perimetre_cranien=[(0, 34.6)],
        bilirubine=[(0, 40), (2, 205 if jaundice else 120), (3, 265 if jaundice else 150), (4, 190 if jaundice else 140)],
        temperature=[(0, 36.6), (0.2, 36.9)],
        glycemie_capillaire=[(0, 3.6), (1, 4.2)],
    )
    stay.diagnosis("Z38.0")
    first = born + timedelta(minutes=1)
    stay.measure("apgar_1", at=first)
    stay.measure("apgar_5", at=born + timedelta(minutes=5))
    stay.measure("poids", "taille", "perimetre_cranien", at=born + timedelta(minutes=40))
    for day in range(1, 5):
        stay.measure("poids", "temperature", "pouls", day=day)
    stay.measure("glycemie_capillaire", day=0.3)
    stay.prescribe("vitamine_k1_nourrisson", day=0.02, dose=2, when="unique", days=1)
    stay.act("CDRP002", day=2)
    if jaundice:
        stay.diagnosis("P59.9", "other", day=2)
        stay.labs("bilirubine_neonatale", days=(2, 3, 4))
    _letter(s, stay, jaundice=jaundice)
    for months in (1, 2, 4, 9, 11):
        at = s.office(born + timedelta(days=int(months * 30.5)))
        if at + timedelta(minutes=30) > s.limit:
            s.appointment(
                "cons_pediatrie", at, f"examen de l'enfant de {months} mois", booked=max(at - timedelta(days=30), stay.end)
            )
            return
        _examination(s, at, months, w)


def _letter(s: Story, stay: Stay, *, jaundice: bool) -> None:
    if not stay.ended:
        return
    w = s.w
    child = w.either("Nouveau-née", "Nouveau-né")
    birth, low, last = stay.first("poids"), stay.trough("poids"), stay.last("poids")
    stay.leave_with("vitamine_d", when="unique", days=1)
    stay.rendezvous("cons_pediatrie", 27, "examen de l'enfant du premier mois")
    light = (
        f"Ictère à bilirubine libre ({stay.peak('bilirubine').said} au maximum), sans incompatibilité sanguine, traité par photothérapie pendant "
        "vingt-quatre heures avec une bonne réponse. "
        if jaundice and stay.all("bilirubine")
        else "Ictère physiologique n'ayant pas dépassé les seuils de traitement. "
    )
    feeding = s.pick(
        "Allaitement maternel exclusif.", "Allaitement maternel exclusif.", "Alimentation par lait infantile de premier âge."
    )
    stay.document(
        "enfant",
        [
            ("Examen", "Examen pédiatrique normal. Hanches stables, fontanelle normotendue, fémoraux perçus, réflexes archaïques présents, "
             "palais intègre."),
            ("Dépistages", "Dépistage néonatal par buvard prélevé à la 48e heure. Dépistage auditif bilatéral satisfaisant."),
            ("Naissance", f"{child} à terme, poids de naissance de {birth.figure}. Apgar {stay.first('apgar_1').value} à 1 minute et {stay.first('apgar_5').value} à 5 minutes."),
            ("Certificat", "Premier certificat de santé rempli. Carnet de santé remis aux parents."),
        ],
        at=stay.end - timedelta(hours=3), by=s.pick(*s.unit("pediatrie").doctors),
    )  # fmt: skip
    stay.letter(
        reason="naissance",
        life="Parents présents, logement adapté, fratrie informée." if s.chance(0.5) else "Premier enfant du couple.",
        story=f"{child} à terme d'une grossesse de déroulement normal. Adaptation à la vie extra-utérine satisfaisante.",
        examination=f"À la naissance : poids de {birth.figure}, taille de {stay.first('taille').figure}, périmètre crânien de "
        f"{stay.first('perimetre_cranien').figure}. Examen clinique normal.",
        course=f"{light}{feeding} Perte de poids physiologique ({low.figure} au plus bas), {last.said} à la sortie. "
        "Transit et diurèse normaux.",
        conclusion=f"{child} {w.either('eutrophe et bien portante', 'eutrophe et bien portant')}. Sortie à domicile avec sa mère.",
        follow_up="Visite d'une sage-femme dans les 48 heures, pesée hebdomadaire. Couchage sur le dos, sans tour de lit.",
    )  # fmt: skip


def _examination(s: Story, at: datetime, months: int, w: french.Words) -> None:
    visit = s.visit("cons_pediatrie", at, "Z76.2", minutes=30, reason_text=f"Examen de l'enfant de {months} mois")
    visit.course(perimetre_cranien=[(0, {1: 37.2, 2: 38.8, 4: 41.2, 9: 44.8, 11: 45.6}[months])])
    visit.measure("poids", "taille", "perimetre_cranien", "temperature", at=visit.start + timedelta(minutes=5))
    steps = {
        1: "Suit du regard, réagit à la voix. Bonne tonicité.",
        2: "Sourire-réponse, tient sa tête quelques secondes. Vaccins des deux mois faits.",
        4: "Tient bien sa tête, attrape les objets, gazouille. Deuxième injection vaccinale faite.",
        9: "Tient assis, se déplace, babille. Diversification alimentaire bien conduite.",
        11: "Se met debout avec appui, pince fine acquise. Vaccins de l'année expliqués.",
    }[months]
    fed = s.pick("Alimentation bien tolérée", "Prend bien ses repas", "Quelques régurgitations sans gravité")
    visit.letter(
        reason=f"examen systématique de {months} mois",
        story=f"{fed}. Sommeil {s.pick('régulier', 'encore irrégulier')}.",
        examination=f"{french.upper_first(visit.first('poids').said)}, taille de {visit.first('taille').figure}, périmètre crânien de "
        f"{visit.first('perimetre_cranien').figure}. {steps}",
        conclusion=f"Développement harmonieux. {w.She} va bien.",
    )


PATHWAY = Pathway(
    name="newborn",
    title="Naissance et première année de l'enfant",
    shares=(Share((0, 2), 420),),
    present=(),
    story=story,
)

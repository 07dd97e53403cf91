"""Acute appendicitis of a teenager or a young adult: emergency ward, laparoscopy, a short stay and the surgeon's visit.

``appendicitis_child`` tells the same of a child, in the children's hospital.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import NamedTuple

from larrey.apps.demo.pathways.pathway import Pathway, Share
from larrey.apps.demo.stories import Leg, Stay, Story, french


class Form(NamedTuple):
    """How far it has gone. ``crp``: its course, by days; ``days``: of the stay."""

    code: str
    said: str
    act: str
    days: tuple[float, float]
    crp: tuple[tuple[float, float], ...]
    white: float
    fever: float


_DELAY = timedelta(hours=9)
"""From the emergency ward to the theatre."""

_SIMPLE = Form("K35.8", "appendicite aiguë non compliquée", "HHFA016", (1, 2), ((0, 38), (1, 74), (2, 36), (4, 8)), 14.8, 38.0)
_LOCAL = Form("K35.3", "appendicite aiguë compliquée d'une péritonite localisée", "HHFA016", (3, 4),
              ((0, 118), (1, 168), (3, 72), (5, 24)), 17.2, 38.6)  # fmt: skip
_SPREAD = Form("K35.2", "appendicite perforée avec péritonite généralisée", "HHFA025", (5, 8),
               ((0, 195), (1, 262), (3, 128), (5, 52), (8, 16)), 19.4, 39.1)  # fmt: skip


def story(s: Story) -> None:
    """An adult's."""
    tell(s, child=False)


def tell(s: Story, *, child: bool) -> None:
    """The stay and the visit a month later."""
    form = s.pick(_SIMPLE, _SIMPLE, _SIMPLE, _SIMPLE, _LOCAL, _LOCAL, _SPREAD)
    start = None
    if s.present is None:
        # A child must have been one then, and an adult an adult.
        age = s.person.age(s.today)
        start = _night(s, s.ago(0.1, min(3.5, age - 6 if child else age - 16.1)))
    emergency, ward, clinic = (
        ("urg_pediatrie", "chir_pediatrie", "cons_chir_pediatrie") if child else ("urgences", "chir_digestive", "cons_digestif")
    )
    if s.chance(0.14):
        s.allergy(s.pick("arachide", "pollens", "acariens", "latex"), s.ago(4, 6))
    if s.chance(0.15):
        s.antecedent(s.pick("amygdalectomie", "fracture du poignet", "asthme du nourrisson"), s.ago(4.2, 6))
    stay = s.stay(
        form.code, [Leg(emergency, hours=(4, 9)), Leg(ward, days=form.days)], start=start,
        reason_text=s.pick("Douleur abdominale de la fosse iliaque droite", "Syndrome appendiculaire", "Douleurs abdominales fébriles"),
    )  # fmt: skip
    if not stay.exists:
        return
    weight = s.body.weight(stay.start.date())
    _values(stay, form)
    stay.diagnosis(form.code)
    stay.measure("poids", "taille", day=0.01)
    stay.vitals("douleur", days=(0, 0.15))
    stay.vitals("douleur", days=range(1, 9), rounds=2)
    stay.labs("nfs", "iono", "renal", "crp", "coagulation")
    if s.person.sex == "female" and s.person.age(stay.start.date()) >= 13:
        stay.labs("bhcg", days=(0.01,))
    stay.labs("nfs", "crp", days=(1, 3, 5) if form is not _SIMPLE else (1,))
    size = s.whole(9, 14)
    _image(s, stay, form, size, child=child)
    _operate(s, stay, form, child=child)
    _treat(stay, form, weight, child=child)
    follow = stay.rendezvous(clinic, 28, "consultation de chirurgie", reason="Z09.8")
    _letter(s, stay, form, size, child=child)
    if stay.ended:
        s.antecedent("appendicectomie", stay.start)
    if follow.at > s.limit or not stay.ended:
        return
    _control(
        s, s.visit(clinic, follow.at, "Z09.8", appointment=follow, reason_text="Contrôle après appendicectomie"), child=child
    )


def _night(s: Story, at: datetime) -> datetime:
    return at.replace(hour=s.pick(1, 5, 8, 11, 14, 16, 18, 20, 22))


def _values(stay: Stay, form: Form) -> None:
    worse = form is _SPREAD
    stay.course(
        crp=form.crp,
        leucocytes=[(0, form.white), (1, form.white - 2.5), (3, 9.2), (6, 7.2)],
        temperature=[(0, form.fever), (1, form.fever - 0.6), (2.5, 37.2), (4, 36.8)],
        douleur=[(0, 7), (0.3, 4), (1, 4), (2, 2), (4, 1), (6, 0)],
        pouls=[(0, 112 if worse else 98), (1, 92), (3, 78)],
        sodium=[(0, 135 if worse else 138), (2, 139)],
    )


def _image(s: Story, stay: Stay, form: Form, size: int, *, child: bool) -> None:
    spread = {
        _SIMPLE.code: ("Pas de collection ni d'épanchement.", "Appendicite aiguë non compliquée."),
        _LOCAL.code: ("Infiltration de la graisse et petite collection péri-appendiculaire de 25 mm.",
                      "Appendicite aiguë avec collection péri-appendiculaire."),
        _SPREAD.code: ("Épanchement péritonéal de moyenne abondance, bulles d'air extradigestives.",
                       "Appendicite perforée avec épanchement péritonéal diffus."),
    }[form.code]  # fmt: skip
    stool = s.pick("Présence d'un stercolithe. ", "", "")
    if child:
        stay.imaging(
            "ZCQM008", "Échographie abdominale",
            f"Structure tubulée borgne de la fosse iliaque droite, non compressible, mesurée à {size} mm de diamètre, douloureuse au passage "
            f"de la sonde, avec hyperhémie au doppler. {stool}{spread[0]} Foie, reins et vessie sans anomalie.",
            spread[1], day=0.08,
        )  # fmt: skip
    else:
        enhanced = "" if "produits de contraste iodés" in stay.story.allergies else " et rehaussée"
        stay.imaging(
            "ZCQH001", "Scanner abdominopelvien",
            f"Appendice en position {s.pick('latérocæcale', 'rétrocæcale', 'pelvienne')}, mesuré à {size} mm de diamètre, à paroi épaissie{enhanced}. "
            f"{stool}{spread[0]} Pas d'autre anomalie abdominale ni pelvienne.",
            spread[1], day=0.1,
        )  # fmt: skip


def _operate(s: Story, stay: Stay, form: Form, *, child: bool) -> None:
    pressure = s.pick(8, 10) if child else 12
    found = {
        _SIMPLE.code: s.pick("Appendice inflammatoire, turgescent, non perforé. Pas d'épanchement.",
                             "Appendice phlegmoneux recouvert de fausses membranes, sans perforation."),
        _LOCAL.code: "Appendice gangréné, perforé à sa pointe, avec une collection purulente de la fosse iliaque droite et du cul-de-sac de Douglas.",
        _SPREAD.code: "Péritonite purulente des quatre quadrants, fausses membranes interanses, appendice perforé à sa base.",
    }[form.code]  # fmt: skip
    washing = (
        ""
        if form is _SIMPLE
        else f" Prélèvement bactériologique. Toilette péritonéale par {s.whole(2, 6)} litres de sérum physiologique chaud."
    )
    drain = " Mise en place d'un drain dans le cul-de-sac de Douglas." if form is _SPREAD else " Pas de drainage."
    stay.operation(
        form.act,
        "Appendicectomie par cœlioscopie" if form is not _SPREAD else "Appendicectomie et toilette péritonéale par cœlioscopie",
        [
            ("Indication", f"{french.upper_first(form.said)} chez {'un enfant' if child else s.w.either('une patiente', 'un patient')} de "
             f"{s.age(stay.start.date())} ans."),
            ("Installation", "Décubitus dorsal, bras gauche le long du corps. Anesthésie générale, intubation orotrachéale. "
             "Antibioprophylaxie par céfoxitine à l'induction."),
            ("Voie d'abord", f"Open-cœlioscopie ombilicale, pneumopéritoine à {pressure} mmHg, deux trocarts de 5 mm en fosse iliaque gauche et "
             "sus-pubien."),
            ("Exploration", found),
            ("Technique", "Coagulation et section du méso-appendice. Ligature de la base par deux lacets. Section et extraction de l'appendice en "
             f"sac.{washing}{drain} Vérification de l'hémostase, exsufflation, fermeture aponévrotique ombilicale et cutanée par fil résorbable."),
            ("Suites", "Pièce adressée en anatomopathologie. Reprise de l'alimentation "
             + ("le soir même." if form is _SIMPLE else "progressive selon le transit.")),
        ],
        at=stay.start + _DELAY,
        minutes=s.whole(35, 60) if form is _SIMPLE else s.whole(60, 115),
    )  # fmt: skip
    if stay.ended:
        anapath = s.group.kinds["anapath"][0]
        stay.document(
            "anapath",
            [
                ("Renseignements cliniques", french.upper_first(form.said) + "."),
                ("Macroscopie", f"Appendice de {s.whole(55, 90)} mm de long et {s.whole(8, 14)} mm de diamètre. Séreuse "
                 f"{'congestive' if form is _SIMPLE else 'dépolie, recouverte de fausses membranes'}."),
                ("Microscopie", "Infiltrat de polynucléaires neutrophiles intéressant toutes les tuniques. "
                 + ("Pas de perforation." if form is _SIMPLE else "Nécrose pariétale avec perforation.")),
                ("Conclusion", "Appendicite aiguë suppurée. Absence de prolifération tumorale."),
            ],
            at=min(stay.end + timedelta(days=6), s.limit), by=s.pick(*anapath.doctors), unit=anapath,
        )  # fmt: skip


def _treat(stay: Stay, form: Form, weight: float, *, child: bool) -> None:
    light = child and weight < 45
    gram = round(weight * 0.015, 2) if light else 1
    stay.prescribe("paracetamol_iv", day=0.02, dose=gram, every=6, days=2)
    stay.prescribe("cefoxitine", day=0.25, dose=round(min(2.0, weight * 0.04), 1) if light else 2, when="unique", days=1)
    if not light:
        stay.prescribe("nefopam", day=0.3, dose=20, every=6, days=2, needed="douleur supérieure à 4/10")
    if form is not _SIMPLE:
        days = 3 if form is _LOCAL else 5
        stay.prescribe("ceftriaxone", day=0.5, dose=round(min(2.0, weight * 0.05), 1) if light else 1, every=24, days=days)
        stay.prescribe("metronidazole_iv", day=0.5, dose=round(weight * 10) if light else 500, every=8, days=days)
    if light:
        stay.leave_with("paracetamol_enfant", dose=round(weight * 15), every=6, days=5, needed="douleur")
    else:
        stay.leave_with("paracetamol", when="matin midi soir", days=5, needed="douleur")
    if form is not _SIMPLE and not light and "pénicilline" not in stay.story.allergies:
        stay.leave_with("amoxicilline_clavulanique", when="matin midi soir", days=4)


def _letter(s: Story, stay: Stay, form: Form, size: int, *, child: bool) -> None:
    """The letter of the stay."""
    if not stay.ended:
        return
    w = s.w
    seen = "L'échographie" if child else "Le scanner"
    hours = s.pick(12, 18, 24, 36, 48)
    peak, last = stay.peak("crp"), stay.last("crp")
    life = (
        s.pick(f"{w.either('Scolarisée', 'Scolarisé')}, vit chez ses parents. Vaccinations à jour.",
               "Vit avec ses parents et sa fratrie. Vaccinations à jour selon le carnet de santé.")
        if child
        else s.pick(f"Vit {w.either('seule', 'seul')}, en activité. Pas de tabac.", f"{w.either('Étudiante', 'Étudiant')}, vit en colocation.",
                    "Vit en couple, deux enfants. Tabagisme occasionnel.")
    )  # fmt: skip
    infection = (
        ""
        if form is _SIMPLE
        else " L'antibiothérapie par ceftriaxone et métronidazole a été poursuivie par voie veineuse ; le liquide péritonéal a montré un Escherichia "
        "coli sensible."
    )
    stay.letter(
        reason=s.pick("douleur de la fosse iliaque droite", "syndrome appendiculaire", "douleurs abdominales fébriles"),
        life=life,
        story=s.pick(
            f"Douleur abdominale évoluant depuis {hours} heures, d'abord péri-ombilicale puis localisée en fosse iliaque droite, avec nausées et "
            f"{'vomissements' if form is not _SIMPLE else 'anorexie'}.",
            f"Depuis {hours} heures, douleur de la fosse iliaque droite d'intensité croissante, cotée à {stay.first('douleur').value}/10 à "
            f"l'arrivée. {'Un vomissement. ' if s.chance(0.5) else ''}Pas de signe fonctionnel urinaire.",
        ),
        examination=f"{french.upper_first(stay.first('temperature').said)}, {stay.first('pouls').said}, pression artérielle à {stay.pressure}, "
        f"{stay.first('poids').said}. "
        + ("Contracture abdominale généralisée." if form is _SPREAD else s.pick("Défense de la fosse iliaque droite, signe de Rovsing.",
                                                                               "Défense localisée en fosse iliaque droite, psoïtis.")),
        biology=f"{french.upper_first(stay.first('leucocytes').said)}, {stay.first('crp').said}, {stay.first('creatinine').said} à l'entrée.",
        course=f"{seen} a confirmé le diagnostic (appendice mesuré à {size} mm). "
        + f"Appendicectomie par cœlioscopie réalisée le {french.long_date(stay.start + _DELAY)}, sans incident.{infection} "
        + s.pick("Suites simples, reprise du transit et de l'alimentation, abdomen souple à la sortie.",
                 f"{w.The_patient} s'est {w.either('levée', 'levé')} le lendemain et s'alimente normalement. Cicatrices propres.")
        + (f" CRP au maximum à {peak.figure}, puis {last.figure} à la sortie." if peak is not last else f" CRP à {last.figure} au dernier contrôle."),
        conclusion=f"{french.upper_first(form.said)}, {w.either('opérée', 'opéré')} par cœlioscopie.",
        follow_up=f"Fils résorbables, douche autorisée. {'Dispense de sport de trois semaines.' if child else 'Arrêt de travail de dix jours.'} "
        "Reconsulter en cas de fièvre, de douleurs ou de vomissements. Le résultat d'anatomopathologie sera donné en consultation.",
    )  # fmt: skip


def _control(s: Story, visit: Stay, *, child: bool) -> None:
    if not visit.ended:
        return
    visit.measure("poids", "temperature", at=visit.start + timedelta(minutes=4))
    visit.letter(
        reason="contrôle un mois après une appendicectomie",
        story=s.pick(
            "Aucune plainte. Transit normal, alimentation normale.", "Bonne récupération, activités reprises. Pas de fièvre."
        ),
        examination=f"Abdomen souple, cicatrices de bonne qualité, sans éventration. {french.upper_first(visit.first('poids').said)}.",
        conclusion="Résultat d'anatomopathologie : appendicite aiguë suppurée, sans tumeur. Évolution favorable. "
        f"{'Reprise du sport autorisée.' if child else 'Pas de nouveau rendez-vous programmé.'}",
    )


PATHWAY = Pathway(
    name="appendicitis",
    title="Appendicite aiguë de l'adulte",
    shares=(Share((17, 30), 14), Share((30, 50), 5)),
    present=(("chir_digestive", 3),),
    story=story,
)

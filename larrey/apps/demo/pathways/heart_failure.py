"""Chronic heart failure: a first decompensation, follow-up by the cardiologist, often a second one; some die of it."""

from __future__ import annotations

from datetime import datetime, timedelta

from larrey.apps.demo.pathways.pathway import Pathway, Share
from larrey.apps.demo.stories import Leg, Stay, Story, french


def story(s: Story) -> None:
    """One to three stays over the years, and visits between them."""
    preserved = s.chance(0.45)
    fraction = s.whole(50, 62) if preserved else s.whole(22, 39)
    soonest = s.ago(1.2, 4)
    before(s)
    stays = s.whole(1, 3) if s.present is None else 2
    for number in range(stays):
        last = number == stays - 1
        stay = decompensation(s, fraction, number, soonest, last=last)
        if not s.alive or stay.here is not None:
            return
        visit = s.visit("cons_cardio", s.office(stay.end + timedelta(days=s.whole(25, 40))), "I50.0",
                        reason_text="Suivi d'insuffisance cardiaque")  # fmt: skip
        follow(s, visit, fraction)
        soonest = visit.start + timedelta(days=s.whole(120, 400))
    s.appointment("cons_cardio", s.office(s.now + timedelta(days=s.whole(4, 120))), "consultation de suivi de l'insuffisance cardiaque",
                  reason="I50.0", booked=s.now - timedelta(days=s.whole(5, 60)))  # fmt: skip


def before(s: Story) -> None:
    """The heart before."""
    s.condition("I10", s.ago(6, 20), said="hypertension artérielle")
    s.usual.shift("systolique", 6)
    if s.chance(0.4):
        s.condition("I48.2", s.ago(3, 8), said="fibrillation auriculaire permanente")
        s.prescribe("apixaban_5", s.ago(3, 4), when="matin soir")
        s.alert("anticoagulant", s.ago(2, 3.5))
        s.usual.shift("pouls", 10)
    if s.chance(0.35):
        s.condition("I25.1", s.ago(4, 12), said="cardiopathie ischémique stentée")
        s.prescribe("aspirine", s.ago(3, 4), when="midi")
        s.prescribe("atorvastatine_40", s.ago(3, 4), when="soir")
    if s.chance(0.3):
        s.condition("N18.3", s.ago(2, 6), said="insuffisance rénale chronique stade 3")
        s.usual.shift("creatinine", 48)
    s.usual.shift("ntprobnp", s.between(600, 1300))


def decompensation(s: Story, fraction: int, number: int, soonest: datetime, *, last: bool) -> Stay:
    """A stay for oedema: emergency ward, intensive care for some, cardiology."""
    w = s.w
    chu = s.group.hospitals["chu"]
    severe = s.chance(0.25) and (s.present is None or s.present.unit.hospital is chu)
    if s.present is not None and s.present.unit.kind == "usic":
        severe = True
    dies = last and severe and s.age() > 78 and s.chance(0.3) and s.present is None
    general = s.present is not None and s.present.unit.kind == "medecine"
    ward = "medecine" if general else "cardiologie"
    legs = [Leg("urgences", hours=(3, 10)), Leg(ward, days=(6, 11))]
    hospital = None
    if severe:
        hospital = chu
        legs = [Leg("urgences", hours=(2, 6)), Leg("usic", days=(2, 4)), Leg(ward, days=(5, 9))]
    start = None
    if s.present is None and number:
        start = max(soonest, s.ago(0.05, 1.1)).replace(hour=s.whole(0, 23))
    if s.present is not None and number == 0 and s.chance(0.5):
        start = s.ago(0.8, 2.5)  # the stay of today will be the next one
    if s.present is not None and number and all(one.here is None for one in s.stays):
        start = None
    stay = s.stay("I50.1", legs, start=start, hospital=hospital, leave="death" if dies else "home",
                  reason_text="Décompensation cardiaque")  # fmt: skip
    peak, gone = s.between(3800, 11000), s.between(900, 1900)
    weight = s.body.weight(stay.start.date())
    loss = s.between(3.5, 8)
    end = 12.0 if not dies else 30.0
    stay.course(
        ntprobnp=[(0, peak), (3, peak * 0.6), (end, gone if not dies else peak * 0.9)],
        poids=[(0, weight + loss), (3, weight + loss * 0.5), (9, weight)],
        saturation=[(0, 87 if severe else 90), (0.5, 93), (3, 95), (8, 96.5)],
        respiration=[(0, 30 if severe else 26), (1, 22), (4, 17)],
        pouls=[(0, 108), (1, 94), (5, 78)],
        systolique=[(0, 168 if fraction > 45 else 128), (1, 140 if fraction > 45 else 116), (6, 124)],
        potassium=[(0, 4.4), (3, 3.6), (8, 4.3)],
        sodium=[(0, 135), (4, 137), (9, 139)],
        creatinine=[(0, s.usual.value("creatinine", stay.start) * 1.15), (4, s.usual.value("creatinine", stay.start) * 1.3),
                    (10, s.usual.value("creatinine", stay.start))],
        troponine=[(0, s.between(22, 60)), (1, s.between(20, 55)), (6, 18)],
        diurese=[(0, 1200), (1, 3400), (4, 2600), (8, 1700)],
        crp=[(0, s.between(6, 22)), (6, 6)],
    )  # fmt: skip
    stay.diagnosis("I50.1", "main")
    if number == 0:
        s.condition("I50.0", stay.start, said=f"insuffisance cardiaque, FEVG à {fraction} %", stay=stay)
    trigger = s.pick("un écart de régime salé", "une infection bronchique", "un passage en fibrillation auriculaire rapide",
                     "une mauvaise observance du traitement diurétique", "aucun facteur déclenchant évident")  # fmt: skip
    stay.measure("taille", day=0.1)
    stay.vitals("respiration", "poids", rounds=2)
    stay.vitals("diurese", days=range(1, stay.days), rounds=1) if severe else None
    stay.labs("nfs", "iono", "renal", "bnp", "troponine", "crp")
    stay.labs("troponine", days=(0.2,))
    stay.labs("iono", "renal", days=(1, 2, 4, 6, 8))
    stay.labs("bnp", days=(3, 7))
    if severe:
        stay.labs("gazometrie", "lactate")
    stay.act("DEQP003", day=0.03)
    stay.imaging(
        "ZBQK002",
        "Radiographie du thorax",
        "Cardiomégalie. Syndrome alvéolo-interstitiel bilatéral à prédominance péri-hilaire. Émoussement des culs-de-sac pleuraux.",
        "Aspect de surcharge pulmonaire avec épanchements pleuraux de faible abondance.",
        day=0.06,
    )
    stay.imaging(
        "DZQM006",
        "Échocardiographie transthoracique",
        f"Ventricule gauche {'non dilaté, hypertrophié' if fraction > 45 else 'dilaté, hypokinésie globale'}. FEVG estimée à {fraction} % en Simpson"
        f" biplan. Oreillette gauche dilatée. Insuffisance mitrale {s.pick('minime', 'modérée')}. PAPS estimée à {s.whole(42, 62)} mmHg."
        " Veine cave inférieure dilatée, peu compliante. Pas d'épanchement péricardique.",
        f"Cardiopathie à fraction d'éjection {'préservée' if fraction > 45 else 'altérée'} ({fraction} %), pressions de remplissage élevées.",
        day=1.1,
    )
    stay.prescribe("furosemide_iv", dose=80, every=12, days=4)
    stay.prescribe("furosemide", day=4, dose=1.5)
    stay.prescribe("enoxaparine_4000", dose=4000, when="soir", days=5)
    if fraction <= 45:
        for key, options in (("bisoprolol", {"dose": 1}), ("ramipril_2_5", {"when": "matin"})):
            if not s.taking(key, stay.start):
                stay.prescribe(key, day=2, **options)
    discharge_drugs(s, stay, fraction)
    stay.rendezvous("cons_cardio", s.whole(25, 40), "consultation de cardiologie", reason="I50.0") if not dies else None
    if stay.ended and not dies:
        stay.letter(
            reason="dyspnée d'aggravation progressive et œdèmes des membres inférieurs",
            life=s.pick(
                "Vit à domicile avec son conjoint, autonome." if w.female else "Vit à domicile avec son épouse, autonome.",
                f"{w.She} vit {w.either('seule', 'seul')}, passage infirmier quotidien pour la préparation du pilulier.",
                "Vit en résidence autonomie, repas portés.",
            ),
            story=f"Majoration de la dyspnée depuis {s.whole(3, 12)} jours, orthopnée à {s.whole(2, 3)} oreillers, prise de poids de"
            f" {french.number(round(loss))} kg. On retrouve {trigger}.",
            examination=f"À l'entrée : pression artérielle à {stay.pressure}, {stay.first('pouls').said}, {stay.first('saturation').said} en air"
            f" ambiant, {stay.first('respiration').said}, {stay.first('poids').said}. Crépitants bilatéraux, œdèmes des membres inférieurs"
            f" prenant le godet{', turgescence jugulaire' if severe else ''}.",
            course=s.pick(
                f"Évolution favorable sous diurétiques par voie intraveineuse : {stay.last('poids').said} à la sortie."
                f" Le NT-proBNP passe de {stay.first('ntprobnp').figure} à {stay.last('ntprobnp').figure}.",
                f"Déplétion hydrosodée efficace, avec un poids ramené à {stay.last('poids').figure}. NT-proBNP à"
                f" {stay.first('ntprobnp').figure} à l'admission puis {stay.last('ntprobnp').figure}.",
            )
            + f" Tolérance rénale correcte ({stay.last('creatinine').said}, {stay.last('potassium').said})."
            + (
                " Le séjour en unité de soins intensifs a comporté une ventilation non invasive pendant 24 heures."
                if severe
                else ""
            ),
            conclusion=f"Décompensation cardiaque globale sur cardiopathie à FEVG {'préservée' if fraction > 45 else 'altérée'} ({fraction} %)."
            f" Facteur déclenchant : {trigger}.",
            follow_up=f"Poids de sortie de référence : {stay.last('poids').figure}. Surveillance du poids à domicile, régime limité à 6 g de sel,"
            " ionogramme sanguin et créatinine à une semaine. Éducation thérapeutique débutée.",
        )
    return stay


def discharge_drugs(s: Story, stay: Stay, fraction: int) -> None:
    """The treatment goes home, or is completed."""
    wanted = ["furosemide"]
    if fraction <= 45:
        wanted += [
            "bisoprolol",
            "sacubitril_valsartan" if s.taking("ramipril_2_5", stay.start) else "ramipril_2_5",
            "spironolactone",
        ]
    wanted.append("dapagliflozine")
    for key in wanted:
        if key == "sacubitril_valsartan":
            s.stop("ramipril_2_5", stay.end)
        if not s.taking(key, stay.end):
            stay.leave_with(key, when="matin soir" if key == "sacubitril_valsartan" else "matin")


def follow(s: Story, visit: Stay, fraction: int) -> None:
    """The cardiologist's visit."""
    w = s.w
    visit.measure("pouls", "pression", "saturation", "poids")
    visit.act("DEQP003", day=0.003)
    if not visit.ended:
        return
    visit.letter(
        reason="suivi d'insuffisance cardiaque",
        story=s.pick(
            f"{w.The_patient} se sent mieux, dyspnée stade {s.pick('I', 'II')} de la NYHA, pas d'orthopnée.",
            f"Stabilité fonctionnelle (NYHA {s.pick('II', 'II-III')}). Observance correcte. Pas d'hospitalisation depuis la dernière sortie.",
        ),
        course=f"Pas de signe de surcharge. Électrocardiogramme inchangé. Dernière FEVG connue : {fraction} %.",
        conclusion=s.pick(
            "Insuffisance cardiaque stable sous traitement optimal.", "Bonne stabilité clinique, traitement poursuivi."
        ),
    )


PATHWAY = Pathway(
    name="heart_failure",
    title="Insuffisance cardiaque",
    shares=(Share((62, 75), 28, ""), Share((75, 101), 62, "")),
    present=(("cardiologie", 6), ("usic", 2), ("medecine", 4)),
    story=story,
)

"""Pregnancy and birth: the visits, the ultrasounds, the anaesthetist, the birth, the days and the visit after it.

One in four pregnancies is still going on today. The child's own record is told by ``newborn``.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from larrey.apps.demo.pathways.pathway import Pathway, Share, known
from larrey.apps.demo.pathways.pregnancy.birth import birth
from larrey.apps.demo.pathways.pregnancy.case import Pregnancy
from larrey.apps.demo.stories import Leg, Stay, Story, french, measuring

_VISITS = (10, 15, 19, 24, 28, 32, 36, 39)
"""Weeks of amenorrhoea of the consultations."""


def story(s: Story) -> None:
    """One pregnancy of the last three years, or of today."""
    place = s.present.unit.kind if s.present is not None else ""
    first = s.chance(0.45)
    lasts = timedelta(days=int(7 * s.between(38.2, 41.2)))
    if place == "grossesse_risque":
        born = s.now + timedelta(days=int(s.between(36, 60)), hours=3)
    elif place == "maternite":
        born = s.now - timedelta(days=1.5)
    elif s.chance(0.25):
        born = s.now + timedelta(days=int(s.between(8, 200)))
    else:
        born = s.ago(0.05, 3).replace(hour=s.whole(0, 23))
    it = Pregnancy(born - lasts, born, first, caesarean=s.chance(0.19), diabetes=s.chance(0.14), anaemia=s.chance(0.25),
                   preeclampsia=place == "grossesse_risque" or s.chance(0.03), breast=s.chance(0.7))  # fmt: skip
    if s.chance(0.1) and not known(s, "hypothyroïdie"):
        s.condition("E03.9", it.begun - timedelta(days=900), said="hypothyroïdie substituée")
        s.prescribe("levothyroxine", it.begun - timedelta(days=900))
    if not first:
        years = s.whole(2, 6)
        s.antecedent(
            f"accouchement {s.pick('par voie basse', 'par voie basse', 'par césarienne')} à terme",
            it.begun - timedelta(days=365 * years),
        )
    if s.chance(0.2):
        s.antecedent(
            s.pick("appendicectomie", "kyste de l'ovaire opéré", "dents de sagesse extraites"), it.begun - timedelta(days=2200)
        )
    weight = s.body.excess
    s.body.excess = weight + 12
    birth = _birth_stay(s, it, place)
    _at_risk(s, it, place)
    s.prescribe("acide_folique", it.begun - timedelta(days=28), days=110)
    for week in _VISITS:
        _visit(s, it, week, weight)
    for week, code, name in ((12, "JQQM010", "premier"), (22, "JQQM018", "deuxième"), (32, "JQQM016", "troisième")):
        _ultrasound(s, it, week, code, name)
    _anaesthetist(s, it)
    s.body.excess = weight + 4
    if birth is not None and birth.ended:
        _postnatal(s, it, birth)


def _free(s: Story, at: datetime) -> bool:
    """Whether she is not in hospital then."""
    return not any(one.exists and one.start - timedelta(days=1) <= at <= one.end + timedelta(days=1) for one in s.stays)


def _visit(s: Story, it: Pregnancy, week: int, weight: float) -> None:
    at = s.office(it.begun + timedelta(days=7 * week + s.whole(0, 5)))
    if at >= it.born - timedelta(days=1) or not _free(s, at) or at.date() <= s.person.born:
        return
    reason = "Z34.0" if it.first else "Z34.8"
    appointment = None
    if at > s.limit - timedelta(days=120):
        appointment = s.appointment(
            "cons_obstetrique", at, "consultation de suivi de grossesse", booked=at - timedelta(days=28), reason=reason
        )
    if at + timedelta(minutes=30) > s.limit:
        return
    s.body.excess = weight + max(0.0, 12.5 * (week - 9) / 31)
    visit = s.visit("cons_obstetrique", at, reason, appointment=appointment, reason_text=f"Suivi de grossesse, {it.said(at)}")
    low = it.anaemia and week >= 24
    visit.course(
        hauteur_uterine=[(0, week - 4.0)],
        hemoglobine=[(0, 10.3 if low and week < 32 else 10.9 if low else 11.9)],
        glycemie=[(0, 5.4 if it.diabetes and week >= 24 else 4.5)],
        systolique=[(0, 138 if it.preeclampsia and week >= 32 else 112)],
        leucocytes=[(0, 9.1)],
        creatinine=[(0, 50)],
    )
    minute = visit.start + timedelta(minutes=4)
    signs = (
        ["pression", "pouls", "poids"] + (["taille"] if week == _VISITS[0] else []) + (["hauteur_uterine"] if week > 18 else [])
    )
    visit.measure(*signs, at=minute)
    sample = visit.start + timedelta(minutes=20)
    panels = {
        10: ("nfs", "glycemie", "tsh", "proteinurie"),
        24: ("nfs", "glycemie"),
        28: ("nfs", "proteinurie"),
        36: ("nfs", "coagulation"),
    }.get(week, ())
    if panels:
        _sample(visit, panels, sample)
    if it.diabetes and week == 24:
        visit.diagnosis("O24.4", "other")
    if low and week == 24:
        visit.diagnosis("O99.0", "other")
        visit.leave_with("fer_b9", days=90)
    if week == 28:
        visit.leave_with("vitamine_d", when="unique", days=1)
    _visit_letter(s, it, visit, week, low=low)


def _sample(visit: Stay, panels: tuple[str, ...], at: datetime) -> None:
    """Later than ``Stay.labs`` would have it, since a visit is short."""
    measuring.laboratory(visit, panels, at)


def _visit_letter(s: Story, it: Pregnancy, visit: Stay, week: int, *, low: bool) -> None:
    if not visit.ended:
        return
    told = {
        10: "Grossesse spontanée et désirée. Datation concordante. Groupe sanguin A, rhésus positif, agglutinines irrégulières négatives. "
        "Sérologies : toxoplasmose non immunisée, rubéole immunisée, syphilis, VIH et hépatite B négatives. Dépistage combiné de la trisomie 21 "
        "expliqué.",
        15: "Dépistage de la trisomie 21 : risque faible. Entretien prénatal précoce proposé.",
        19: "Mouvements actifs perçus. Préparation à la naissance prescrite (huit séances).",
        24: "Glycémie à jeun réalisée ce jour." + (" Le seuil du diabète gestationnel est dépassé." if it.diabetes else ""),
        28: "Toxoplasmose toujours négative. Vaccination contre la coqueluche faite.",
        32: "Présentation céphalique probable. Croissance harmonieuse.",
        36: "Consultation d'anesthésie faite ou programmée. Prélèvement vaginal à la recherche de streptocoque B : "
        f"{'positif, antibioprophylaxie pendant le travail' if s.chance(0.12) else 'négatif'}.",
        39: "Présentation céphalique. Col raccourci, perméable à un doigt. Consignes de venue à la maternité rappelées.",
    }[week]
    height = (
        f" {french.upper_first(visit.first('hauteur_uterine').said)}, bruits du cœur fœtal perçus."
        if visit.all("hauteur_uterine")
        else ""
    )
    figures = [visit.first(key).said for key in ("hemoglobine", "plaquettes", "glycemie", "tsh") if visit.all(key)]
    outcome = []
    if low and week == 24:
        outcome.append("Anémie par carence martiale : supplémentation par fer et acide folique.")
    if it.diabetes and week == 24:
        outcome.append("Diabète gestationnel : mesures diététiques, autosurveillance glycémique, avis diabétologique.")
    if it.preeclampsia and week >= 32:
        outcome.append("Pression artérielle à surveiller par une sage-femme à domicile deux fois par semaine.")
    visit.letter(
        reason=f"suivi de grossesse à {it.said(visit.start)}",
        story=f"Grossesse {'de primigeste' if it.first else 'de deuxième geste'}, terme prévu le "
        f"{french.long_date(it.begun + timedelta(days=287))}. {told}",
        examination=f"Pression artérielle à {visit.pressure}, {visit.first('poids').said}.{height}"
        + s.pick(" Pas de contraction ni de métrorragie.", " Pas d'œdème. Bandelette urinaire négative.", ""),
        biology=f"{french.upper_first(french.listed(figures))}." if figures else "",
        conclusion=" ".join(outcome) or s.pick("Grossesse d'évolution normale.", "Examen rassurant, poursuite du suivi mensuel."),
    )


def _ultrasound(s: Story, it: Pregnancy, week: int, code: str, name: str) -> None:
    at = s.office(it.begun + timedelta(days=7 * week + s.whole(1, 6)))
    if at >= it.born or not _free(s, at) or at + timedelta(minutes=60) > s.limit:
        return
    visit = s.visit(
        "cons_obstetrique", at, "Z34.0" if it.first else "Z34.8", minutes=60, reason_text=f"Échographie du {name} trimestre"
    )
    term = it.said(at)
    if week == 12:
        found = (f"Grossesse intra-utérine monofœtale évolutive. Longueur cranio-caudale : {s.whole(56, 72)} mm. Clarté nucale : "
                 f"1,{s.whole(0, 9)} mm. Activité cardiaque régulière. Trophoblaste sans particularité.")  # fmt: skip
        conclusion = f"Grossesse monofœtale évolutive de {term}. Morphologie précoce sans anomalie."
    elif week == 22:
        found = (f"Diamètre bipariétal : {s.whole(52, 57)} mm. Périmètre crânien : {s.whole(195, 210)} mm. Longueur fémorale : {s.whole(37, 41)} mm. "
                 "Étude morphologique complète : encéphale, cœur, abdomen, rachis, membres sans anomalie visible. Placenta "
                 f"{s.pick('antérieur', 'postérieur')} non bas inséré. Liquide amniotique normal.")  # fmt: skip
        conclusion = f"Biométrie et morphologie normales à {term}."
    else:
        found = (f"Présentation {s.pick('céphalique', 'céphalique', 'céphalique', 'podalique')}. Diamètre bipariétal : {s.whole(80, 86)} mm. "
                 f"Périmètre abdominal : {s.whole(270, 292)} mm. Poids estimé : {s.whole(170, 205) * 10} g. Doppler ombilical normal. "
                 "Liquide amniotique en quantité normale.")  # fmt: skip
        conclusion = f"Croissance eutrophe à {term}."
    visit.imaging(code, f"Échographie obstétricale du {name} trimestre", found, conclusion, at=visit.start + timedelta(minutes=8))


def _anaesthetist(s: Story, it: Pregnancy) -> None:
    at = s.office(it.begun + timedelta(days=7 * 35))
    if at >= it.born or not _free(s, at) or at + timedelta(minutes=40) > s.limit:
        return
    visit = s.visit("cons_anesthesie", at, "Z34.0" if it.first else "Z34.8", hospital=s.group.hospitals["lachapelle"],
                    reason_text="Consultation d'anesthésie avant accouchement")  # fmt: skip
    visit.measure("pression", "pouls", "poids", at=visit.start + timedelta(minutes=3))
    visit.letter(
        kind="anesthesie",
        reason="consultation d'anesthésie obligatoire du troisième trimestre",
        examination=f"Pression artérielle à {visit.pressure}, {visit.first('pouls').said}, {visit.first('poids').said}. Mallampati "
        f"{s.pick('1', '1', '2')}, ouverture de bouche normale. Rachis sans particularité.",
        conclusion="Pas de contre-indication à l'analgésie péridurale. ASA 2. Information donnée, accord recueilli.",
    )


def _at_risk(s: Story, it: Pregnancy, place: str) -> None:
    """Some days in the ward for pregnancies at risk."""
    if not it.preeclampsia:
        return
    start = None if place == "grossesse_risque" else it.begun + timedelta(days=7 * 34 + 2, hours=11)
    if start is not None and start + timedelta(days=9) >= min(it.born, s.now):
        return
    stay = s.stay("O14.0", [Leg("urg_gyneco", hours=(2, 4)), Leg("grossesse_risque", days=(4, 6))], start=start,
                  reason_text="Hypertension artérielle et protéinurie au troisième trimestre")  # fmt: skip
    if not stay.exists:
        return
    stay.course(systolique=[(0, 152), (1, 144), (4, 136)], proteinurie=[(0, 0.62), (4, 0.48)], plaquettes=[(0, 198), (4, 205)],
                acide_urique=[(0, 340), (4, 325)], hemoglobine=[(0, 11.8)], creatinine=[(0, 58)])  # fmt: skip
    stay.diagnosis("O14.0")
    stay.measure("poids", day=0.1)
    stay.vitals(rounds=3)
    stay.labs("nfs", "hepatique", "renal", "proteinurie", "acide_urique", days=(0, 2, 4))
    stay.prescribe("nicardipine_iv", day=0.05, dose=2, every=1, days=1)
    if stay.ended:
        stay.letter(
            reason="prééclampsie modérée",
            story=f"Grossesse de {it.said(stay.start)}. Découverte d'une pression artérielle à {stay.pressure} avec protéinurie, sans céphalée ni "
            "trouble visuel.",
            course=f"Repos, surveillance tensionnelle et enregistrements cardiotocographiques quotidiens rassurants. Bilan stable : "
            f"{stay.last('plaquettes').said}, {stay.last('asat').said}, {stay.last('proteinurie').said}.",
            conclusion="Prééclampsie modérée stable. Surveillance à domicile par une sage-femme et consultation hebdomadaire.",
        )


def _birth_stay(s: Story, it: Pregnancy, place: str) -> Stay | None:
    if place == "grossesse_risque":
        return None
    emergency = it.caesarean
    labour = s.between(4, 11)
    code = "O82.1" if emergency else "O80.0"
    stay = s.stay(
        code, [Leg("naissance", hours=labour + 2.5), Leg("maternite", days=(4, 5) if emergency else (3, 4))],
        start=None if place == "maternite" else it.born - timedelta(hours=labour), entry="doctor",
        reason_text=s.pick("Travail spontané à terme", "Rupture spontanée de la poche des eaux à terme", "Contractions utérines à terme"),
    )  # fmt: skip
    if not stay.exists:
        return stay
    it.born = stay.start + timedelta(hours=labour)
    it.begun = it.born - timedelta(days=int(7 * s.between(38.4, 41)))
    bleeding = s.chance(0.07)
    loss = s.whole(60, 110) * 10 if bleeding else s.whole(60, 85) * 10 if emergency else s.whole(15, 38) * 10
    entry = 11.9 - (0.9 if it.anaemia else 0)
    low = entry - (2.6 if bleeding else 1.5 if emergency else 0.7)
    after = (labour + 8) / 24
    stay.course(
        hemoglobine=[(0, entry), (after, entry - 0.2), (after + 0.7, low), (4, low + 0.3)],
        leucocytes=[(0, 11.5), (after, 14.5), (4, 9.2)],
        crp=[(0, 6), (1, 38 if emergency else 18), (3, 22 if emergency else 9)],
        systolique=[(0, 124), (0.3, 126), (1, 114)],
        pouls=[(0, 92), (0.4, 96), (1, 80)],
        douleur=[(0, 7), (0.15, 7), (0.25, 2), (1.2, 5 if emergency else 3), (4, 1)],
    )  # fmt: skip
    stay.diagnosis(code)
    stay.diagnosis("Z37.0", "other")
    stay.measure("poids", day=0.01)
    stay.vitals("douleur", days=(0, 0.12, 0.3))
    stay.vitals("douleur", days=range(1, 6), rounds=2)
    stay.labs("nfs", "coagulation")
    stay.labs("nfs", "crp", days=(2,))
    tear = not emergency and s.chance(0.45 if it.first else 0.25)
    epidural = emergency or s.chance(0.8)
    if epidural and not emergency:
        stay.act("AFLB010", at=stay.start + timedelta(hours=labour * 0.35), by=s.pick(*s.unit("bloc", stay.hospital).doctors))
    if not emergency:
        stay.act("JQGD010" if it.first else "JQGD012", at=it.born)
    if tear:
        stay.diagnosis("O70.0", "other", day=labour / 24)
        stay.act("JMCA002", at=it.born + timedelta(minutes=35))
    if bleeding:
        stay.diagnosis("O72.1", "other", day=labour / 24)
    stay.prescribe("oxytocine", day=labour / 24, dose=5, when="unique", days=1)
    stay.prescribe("paracetamol", day=0.5, when="matin midi soir")
    if "anti-inflammatoires" not in s.allergies:
        stay.prescribe("ibuprofene", day=0.6, every=8, days=4, needed="douleur")
    if emergency:
        stay.prescribe("enoxaparine_4000", day=0.9, dose=4000, when="soir")
    birth(s, it, stay, labour, loss, tear=tear, epidural=epidural, bleeding=bleeding)
    return stay


def _postnatal(s: Story, it: Pregnancy, birth: Stay) -> None:
    appointment = birth.appointments[0]
    if appointment.at + timedelta(minutes=25) > s.limit:
        return
    visit = s.visit("cons_obstetrique", appointment.at, "Z39.2", appointment=appointment, reason_text="Consultation postnatale")
    visit.measure("pression", "poids", at=visit.start + timedelta(minutes=4))
    visit.letter(
        reason="consultation postnatale",
        story=s.pick("Récupération satisfaisante. Enfant en bonne santé, " + ("allaitement poursuivi." if it.breast else "nourri au biberon."), "Fatigue modérée, sommeil haché. Pas de tristesse "
                     "persistante (score d'Édimbourg à 4).", "Va bien. Retour de couches il y a une semaine."),
        examination=f"Pression artérielle à {visit.pressure}, {visit.first('poids').said}. "
        + ("Cicatrice de césarienne souple." if it.caesarean else "Périnée tonique, cicatrisation complète."),
        conclusion="Suites normales. Rééducation périnéale prescrite. Contraception par dispositif intra-utérin souhaitée.",
    )  # fmt: skip


PATHWAY = Pathway(
    name="pregnancy",
    title="Grossesse et accouchement",
    shares=(Share((21, 26), 130, "female"), Share((26, 36), 190, "female"), Share((36, 43), 80, "female")),
    present=(("maternite", 10), ("grossesse_risque", 3)),
    story=story,
)

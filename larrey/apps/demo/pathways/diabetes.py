"""Type 2 diabetes: a consultation every three months, screening of kidneys, eyes and feet, and for many a foot ulcer."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from functools import partial

from larrey.apps.demo.pathways.pathway import Pathway, Share, known
from larrey.apps.demo.stories import Leg, Stay, Story, french
from larrey.apps.demo.stories.values import interpolated


class Control:
    """How glucose and kidneys go over the years: sets what is usual for the person at a date."""

    def __init__(self, s: Story, *, nephropathy: bool) -> None:
        self._s = s
        self._start = s.between(2.4, 4.2)  # HbA1c above the usual 5.4 %
        self._best = s.between(0.9, 2.0)
        self._albumin = s.between(60, 420) if nephropathy else 4.0
        self._creatinine = s.between(18, 55) if nephropathy else 2.0

    def at(self, when: datetime) -> None:
        """Years are counted back from now; treatment improves matters, with ups and downs."""
        years = (self._s.now - when).total_seconds() / 86400 / 365.25
        drift = self._s.usual.drift
        drift["hba1c"] = interpolated(
            [(0, self._best), (0.8, self._best + 0.5), (1.6, self._best + 0.1), (3.5, self._start)], years
        )
        drift["glycemie"] = drift["hba1c"] * 1.75
        drift["albuminurie"] = self._albumin * interpolated([(0, 0.7), (1.5, 0.9), (3.5, 0.6)], years)
        drift["creatinine"] = self._creatinine * interpolated([(0, 1.2), (3.5, 0.7)], years)
        drift["ldl"] = interpolated([(0, -1.1), (2.5, -0.6), (3.5, 0.6)], years)
        drift["triglycerides"] = 0.8
        drift["systolique"] = interpolated([(0, 8), (3.5, 20)], years)


def story(s: Story) -> None:
    """The consultations in order, with the stay for the foot among them."""
    nephropathy = s.chance(0.45)
    control = Control(s, nephropathy=nephropathy)
    years = s.between(1.8, 3.4)
    hospital = s.group.hospitals["adour" if s.hospital.key == "adour" and s.present is None else "chu"]
    s.body.excess = max(s.body.excess, s.between(9, 24))
    _background(s, years)
    ulcer = s.present is not None or s.chance(0.4)
    events: list[tuple[datetime, Callable[[], None]]] = []
    first = _foot(s) if ulcer else None
    if first is not None:
        events.append((first.start, lambda: _foot_story(first, control)))
    at = s.office(s.now - timedelta(days=int(years * 365)))
    number = 0
    while at < s.now - timedelta(hours=1):
        if first is None or not first.start - timedelta(days=4) < at < first.end + timedelta(days=12):
            events.append((at, partial(_consultation, s, control, at, number, nephropathy=nephropathy, place=hospital.key)))
            number += 1
        at = s.office(at + timedelta(days=s.whole(84, 98)))
    for _, tell in sorted(events, key=lambda one: one[0]):
        tell()
    if s.alive and s.present is None:
        s.appointment("cons_endo", at, "consultation de diabétologie", hospital=hospital)
        if s.chance(0.4):
            s.appointment("cons_ophtalmo", s.office(s.today + timedelta(days=s.whole(15, 150))), "examen du fond d'œil",
                          hospital=s.group.hospitals["chu"])  # fmt: skip


def _background(s: Story, years: float) -> None:
    since = s.ago(years + 2, years + 11)
    s.condition("E11.9", since, said="diabète de type 2")
    if not known(s, "hypertension"):
        s.condition("I10", s.ago(years + 1, years + 9), said="hypertension artérielle")
    if not known(s, "obésité"):
        s.condition("E66.9", since, said="obésité")
    if s.chance(0.6) and not known(s, "hypercholestérolémie"):
        s.condition("E78.2", s.ago(years + 1, years + 6), said="hyperlipidémie mixte")
    if s.chance(0.3):
        s.condition("F17.2", s.ago(years + 3, years + 15), said="tabagisme")
    start = s.now - timedelta(days=int(years * 365 + 400))
    s.prescribe("metformine", start, when="matin soir")
    s.prescribe("ramipril", start, when="matin")
    if not s.taking("atorvastatine_20", s.now):
        s.prescribe("atorvastatine_20", s.now - timedelta(days=int(years * 365 * 0.9)), when="soir")
    if s.chance(0.12) and not s.allergies:
        s.allergy("penicilline", s.ago(years + 2, years + 8))


def _intensify(visit: Stay, value: float, target: float, *, wait: bool) -> str:
    """One more drug when HbA1c is above the target; returns the sentence of the letter."""
    s = visit.story
    if value <= target:
        return s.pick("Traitement inchangé.", "Objectif atteint, traitement reconduit à l'identique.")
    if wait:
        return s.pick("Objectif non atteint : le dernier traitement introduit n'a pas encore donné son plein effet, nous "
                      "attendons le prochain dosage.",
                      "Objectif non atteint : règles alimentaires et observance revues avec l'infirmière, traitement "
                      "inchangé.")  # fmt: skip
    for key, options in (
        ("empagliflozine", {"when": "matin"}),
        ("semaglutide", {"weekly": True}),
        ("glargine", {"when": "coucher", "dose": s.whole(10, 18)}),
    ):
        if not s.taking(key, visit.end) and not (key == "empagliflozine" and visit.all("dfg") and visit.last("dfg").value < 30):
            visit.leave_with(key, **options)
            said = {"empagliflozine": "l'empagliflozine, une prise le matin", "semaglutide":
                "le sémaglutide, une injection par semaine",
                    "glargine": f"l'insuline glargine, {options.get('dose')} UI au coucher"}[key]  # fmt: skip
            return f"Objectif non atteint : nous introduisons {said}."
    return "Objectif non atteint malgré le traitement : renforcement de l'insuline selon les glycémies à jeun, avec l'infirmière d'éducation."


def _consultation(s: Story, control: Control, at: datetime, number: int, *, nephropathy: bool, place: str) -> None:
    w = s.w
    control.at(at)
    s.body.excess = max(2.0, s.body.excess - s.between(-0.4, 1.1))
    visit = s.visit(
        "cons_endo", at, "E11.9", minutes=55, hospital=s.group.hospitals[place], reason_text="Suivi d'un diabète de type 2"
    )
    yearly = number % 4 == 0
    visit.measure("poids", "pouls", "pression", at=at + timedelta(minutes=6))
    visit.measure("glycemie_capillaire", at=at + timedelta(minutes=9))
    if yearly:
        visit.measure("taille", "imc", at=at + timedelta(minutes=8))
    visit.labs("hba1c", "glycemie", *(("renal", "iono", "lipides", "albuminurie", "hepatique", "nfs") if yearly else ()))
    target = 8 if s.age(at) > 75 else 7
    haemoglobin = visit.first("hba1c")
    action = _intensify(visit, float(haemoglobin.value), target + 0.2, wait=number % 3 != 0)
    screening = ""
    if yearly:
        screening = _screening(visit, nephropathy=nephropathy, eyes=number % 8 == 0)
    visit.letter(
        reason="suivi d'un diabète de type 2",
        course=s.pick(
            f"{w.She} se sent bien. Alimentation régulière, marche une demi-heure par jour.",
            f"Pas d'hypoglycémie ressentie. {w.She} reconnaît des écarts alimentaires le week-end.",
            f"Autosurveillance faite de façon irrégulière. {w.The_patient} ne se plaint ni de soif ni de polyurie.",
            "Sommeil correct, activité physique limitée par une gonalgie. Pas de douleur thoracique à l'effort.",
        )
        + f" {french.upper_first(visit.first('poids').said)}, pression artérielle à {visit.pressure}. {haemoglobin.said} "
          f"pour un objectif de {target} %. "
        + action + screening,
        conclusion=("Diabète de type 2 équilibré." if haemoglobin.value <= target + 0.2 else
            "Diabète de type 2 insuffisamment équilibré.")
        + s.pick(" Surveillance trimestrielle.", " Prochain bilan dans trois mois, avec une HbA1c avant la consultation."),
    )  # fmt: skip


def _screening(visit: Stay, *, nephropathy: bool, eyes: bool) -> str:
    """The yearly look for complications: kidneys, feet, eyes."""
    s = visit.story
    said = f"\nDépistage annuel. Reins : {visit.first('albuminurie').said}, {visit.first('creatinine').said}, {visit.first('dfg').said}."
    if visit.first("albuminurie").value > 30 and nephropathy and not known(s, "néphropathie"):
        s.condition("E11.2", visit.end, said="néphropathie diabétique débutante", by=visit.doctor)
        said += " Albuminurie pathologique, à confirmer sur deux dosages à trois mois : bloqueur du système rénine-angiotensine maintenu."
    said += f" Lipides : {visit.first('ldl').said}."
    grade = s.pick(0, 0, 1, 2)
    said += (
        " Pieds : pouls perçus, monofilament perçu, grade podologique 0."
        if grade == 0
        else f" Pieds : monofilament non perçu sur {grade + 1} points, pouls perçus, grade podologique {grade}, séances de "
        "pédicurie-podologie prescrites."
    )
    if eyes and visit.hospital.key == "chu":
        _eyes(visit)
        said += " Rétinographies demandées."
    return said


def _eyes(visit: Stay) -> None:
    """Photographs of the retina, some weeks after the consultation that asks for them."""
    s = visit.story
    at = s.office(visit.end + timedelta(days=s.whole(8, 30)))
    seen = s.visit(
        "cons_ophtalmo", at, "E11.9", minutes=50, hospital=visit.hospital, reason_text="Dépistage de la rétinopathie diabétique"
    )
    ill = known(s, "rétinopathie") or s.chance(0.35)
    found = (
        "Quelques microanévrismes temporaux à droite, pas d'exsudat, macula indemne. Œil gauche normal."
        if ill
        else "Papilles et maculas normales. Pas de microanévrisme ni d'hémorragie aux deux yeux."
    )
    conclusion = (
        "Rétinopathie diabétique non proliférante minime de l'œil droit. Contrôle dans un an."
        if ill
        else "Pas de rétinopathie diabétique. Contrôle dans deux ans."
    )
    seen.imaging("BGQP007", "Rétinographie des deux yeux", found, conclusion, at=at + timedelta(minutes=10))
    if ill and seen.ended and not known(s, "rétinopathie"):
        s.condition("H36.0", seen.end, said="rétinopathie diabétique minime", by=seen.doctor)


def _foot(s: Story) -> Stay:
    """The stay for an infected ulcer of the foot; told later, in its turn."""
    kind = s.present.unit.kind if s.present is not None else "endocrino"
    start = (
        None
        if s.present is not None
        else (s.now - timedelta(days=int(s.between(60, 600)))).replace(hour=s.whole(9, 18), minute=s.whole(0, 59))
    )
    return s.stay(
        "E11.5", [Leg("urgences", hours=(3, 7)), Leg(kind, days=(10, 17))], start=start, hospital=s.group.hospitals["chu"],
        reason_text="Plaie infectée du pied diabétique",
    )  # fmt: skip


def _foot_story(stay: Stay, control: Control) -> None:
    s = stay.story
    control.at(stay.start)
    side = s.pick("droit", "gauche")
    toe = s.pick("gros orteil", "deuxième orteil", "cinquième orteil")
    bone = s.chance(0.4)
    amputation = bone and s.chance(0.6)
    allergic = any("pénicilline" in one for one in s.allergies)
    control_hba1c = 5.4 + s.usual.drift["hba1c"] + 1.3
    stay.course(
        crp=[(0, 126), (1, 148), (4, 74), (8, 28), (13, 11)], leucocytes=[(0, 14.6), (2, 12.8), (6, 8.9), (12, 7.4)],
        temperature=[(0, 38.6), (1, 38.2), (3, 37.2), (5, 36.8)], pouls=[(0, 98), (3, 82), (8, 76)],
        glycemie=[(0, 17.5), (1, 13), (4, 9.4), (10, 7.8)], glycemie_capillaire=[(0, 17), (2, 12), (6, 8.8), (12, 7.9)],
        hba1c=[(0, control_hba1c)], albumine=[(0, 34), (10, 36)], hemoglobine=[(0, 12.6), (8, 11.9), (14, 12.2)],
        douleur=[(0, 4), (4, 2), (10, 1)],
    )  # fmt: skip
    stay.diagnosis("E11.5", "main")
    stay.diagnosis("L97", "other")
    stay.diagnosis("L03.0", "other", until=stay.day(10))
    stay.diagnosis("G63.2", "other")
    if bone:
        stay.diagnosis("M86.17", "other", day=1)
    stay.measure("poids", "taille", day=0)
    stay.vitals("douleur", rounds=2)
    for day in range(stay.days + 1):
        for hour in (7, 12, 19):
            stay.measure("glycemie_capillaire", at=(stay.start + timedelta(days=day)).replace(hour=hour, minute=s.whole(0, 25)))
    stay.labs("nfs", "iono", "renal", "crp", "glycemie", "hba1c", "albumine", "coagulation")
    stay.labs("nfs", "renal", "crp", "glycemie", days=(1, 4, 7, 10, 13))
    stay.imaging(
        "NDQK001", f"Radiographie du pied {side}",
        f"Tuméfaction des parties molles du {toe}. " + (
            "Érosion corticale de la phalange distale avec réaction périostée." if bone else
        "Pas d'ostéolyse, pas de réaction périostée, pas de corps étranger. Médiacalcose des artères digitales."),
        f"Aspect évocateur d'ostéite de la phalange distale du {toe}." if bone else
            "Pas d'argument pour une ostéite sur ces clichés.", day=0.05,
    )  # fmt: skip
    stay.imaging(
        "EDQM001", "Échographie-doppler artérielle des membres inférieurs",
        "Axes ilio-fémoraux perméables, sans sténose significative. Artères de jambe calcifiées : tibiale postérieure et "
        "péronière perméables, tibiale "
        "antérieure occluse au tiers distal avec reprise par les collatérales.",
        "Artériopathie distale sans indication de revascularisation immédiate.", day=2,
    )  # fmt: skip
    stay.act("QZFA038", day=0.3, detail=f"Débridement au lit, {toe} {side}, prélèvement profond pour bactériologie.")
    if amputation:
        _amputation(stay, side, toe)
    if allergic:
        stay.prescribe("clindamycine", dose=2, when="matin midi soir")
        stay.prescribe("ofloxacine", when="matin soir")
    else:
        stay.prescribe("amoxicilline_clavulanique_500", dose=2, when="matin midi soir")
    stay.prescribe("enoxaparine_4000", dose=4000, when="soir")
    stay.prescribe("paracetamol", when="matin midi soir", days=7)
    stay.prescribe("glargine", dose=s.whole(14, 22), when="coucher")
    stay.prescribe("aspart", dose=s.whole(4, 8), when="matin midi soir")
    _foot_letter(stay, side, toe, bone=bone, amputation=amputation, allergic=allergic)


def _amputation(stay: Stay, side: str, toe: str) -> None:
    s = stay.story
    stay.operation(
        "NZFA010", f"Amputation du {toe} {side}",
        [
            ("Indication", f"Ostéite de la phalange distale du {toe} sur mal perforant, état vasculaire permettant la "
                           "cicatrisation."),
            ("Anesthésie", "Bloc de cheville échoguidé."),
            ("Technique", "Incision en raquette. Désarticulation métatarso-phalangienne, régularisation de la tête "
                          "métatarsienne, tranche de section saine "
             "adressée en bactériologie et en anatomopathologie. Lavage abondant. Fermeture lâche sur lame."),
            ("Suites", "Décharge stricte de l'avant-pied, pansement un jour sur deux."),
        ],
        day=4, minutes=s.whole(25, 45), surgeon=s.pick(*s.unit("orthopedie", stay.hospital).doctors), detail=f"{toe} {side}",
    )  # fmt: skip


def _foot_letter(stay: Stay, side: str, toe: str, *, bone: bool, amputation: bool, allergic: bool) -> None:
    s, w = stay.story, stay.story.w
    if not stay.ended:
        return
    days = 21 if bone and not amputation else 7
    if allergic:
        stay.leave_with("clindamycine", dose=2, when="matin midi soir", days=days)
        stay.leave_with("ofloxacine", when="matin soir", days=days)
    else:
        stay.leave_with("amoxicilline_clavulanique_500", dose=2, when="matin midi soir", days=days)
    if not s.taking("glargine", stay.end):
        stay.leave_with("glargine", dose=s.whole(14, 22), when="coucher")
    stay.leave_with("clopidogrel" if "aspirine" in s.allergies else "aspirine", when="midi")
    stay.rendezvous("cons_endo", s.whole(12, 18), "consultation du pied diabétique", hospital=stay.hospital)
    drug = "clindamycine et ofloxacine (allergie à la pénicilline)" if allergic else "amoxicilline/acide clavulanique"
    sugars = stay.all("glycemie_capillaire")
    stay.letter(
        reason=f"plaie infectée du {toe} {side} chez {w.either('une patiente diabétique', 'un patient diabétique')}",
        life=s.pick(
            f"Vit en couple, {w.either('retraitée', 'retraité')}. Chaussures de ville non adaptées. Soins infirmiers "
            "possibles à domicile.",
            f"Vit {w.either('seule', 'seul')} en maison, une infirmière passe chaque matin pour l'insuline. Marche sans aide.",
        ) if s.age() > 62 else "Vit en famille, travail debout. Chaussures de sécurité portées toute la journée.",
        story=s.pick(
            f"Durillon du {toe} {side} pris pour une ampoule il y a trois semaines, non douloureux. Depuis quatre jours, "
            "rougeur de l'avant-pied, "
            "écoulement et fièvre.",
            f"Plaie du {toe} {side} découverte par le pédicure, d'abord traitée par pansements simples. Extension de la "
            "rougeur au dos du pied et frissons "
            "la veille de l'admission.",
        ),
        examination=f"{french.upper_first(stay.first('temperature').said)}, pression artérielle à {stay.pressure}, "
                    f"{stay.first('poids').said}. Mal perforant "
                    f"du {toe} {side}, " + ("contact osseux à la sonde, " if bone else
                        "sans contact osseux, ") + "érythème de plus de 2 cm autour de la plaie. "
                    "Pouls pédieux faible, pouls tibial postérieur perçu. Sensibilité au monofilament abolie aux deux pieds.",
        course=(
            f"À l'entrée, {stay.first('crp').said}, {stay.first('leucocytes').said}, {stay.first('hba1c').said}. Prélèvement "
            "profond : Staphylococcus aureus "
            f"sensible à la méticilline. Antibiothérapie par {drug}, décharge stricte, débridement et pansements quotidiens. "
            + (
                f"Amputation du {toe} au 5e jour, tranche de section saine, suites simples. "
                if amputation
                else "Ostéite traitée médicalement après avis de l'équipe du pied diabétique. "
                if bone
                else "Bourgeonnement satisfaisant de la plaie. "
            )
            + f"La CRP passe de {stay.peak('crp').figure} à {stay.last('crp').figure}.\nDiabète : insuline basale et bolus "
              "pendant le séjour, glycémies capillaires "
            f"de {sugars[0].figure} à l'entrée à {sugars[-1].figure} à la sortie. Metformine et traitement habituel repris."
        ),
        conclusion=f"Infection d'un mal perforant du {toe} {side}"
        + (", avec ostéite, amputation de l'orteil." if amputation else
            ", avec ostéite, traitement médical prolongé." if bone else ", sans ostéite, d'évolution favorable.")
        + " Grade podologique 3.",
        follow_up="Pansements un jour sur deux par une infirmière à domicile. Chaussure de décharge jusqu'à cicatrisation. "
                  "Soins de pédicurie-podologie remboursés.",
    )  # fmt: skip


PATHWAY = Pathway(
    name="diabetes",
    title="Diabète de type 2",
    shares=(Share((42, 60), 24), Share((60, 86), 42)),
    present=(("endocrino", 5),),
    story=story,
)

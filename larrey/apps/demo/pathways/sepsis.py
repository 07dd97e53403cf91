"""Septic shock: emergency, intensive care (ventilation, noradrenaline), then a ward and perhaps rehabilitation."""

from __future__ import annotations

from datetime import timedelta
from typing import NamedTuple

from larrey.apps.demo.catalogue import DRUGS
from larrey.apps.demo.pathways.pathway import Pathway, Share, known
from larrey.apps.demo.resources import hl7, moment
from larrey.apps.demo.stories import Leg, Stay, Story, french
from larrey.apps.demo.stories.prescribing import Prescription, medication


class Focus(NamedTuple):
    """Where the infection comes from: CIM-10 codes of site and sepsis, and what is written of it."""

    name: str
    site: str
    sepsis: str
    relay: str
    relay_said: str
    histories: tuple[str, ...]
    exam: str
    cultures: str
    image: tuple[str, str]
    found: str
    conclusion: str


_PNEUMONIA = Focus(
    "pneumopathie du lobe inférieur droit à pneumocoque",
    "J18.1",
    "A40.3",
    "amoxicilline",
    "amoxicilline per os",
    (
        (
            "Depuis quatre jours, toux grasse avec expectoration rouillée, fièvre et frissons. La veille, point de côté "
            "basithoracique "
            "droit puis dyspnée de repos. Les proches appellent le 15 devant l'apparition d'une confusion."
        ),
        (
            "Syndrome grippal la semaine précédente, d'abord amélioré, puis reprise brutale de la fièvre avec frissons "
            "solennels, douleur thoracique droite et essoufflement rapidement croissant. Transport par le SMUR sous oxygène "
            "à haut débit."
        ),
        (
            "Toux et fièvre depuis trois jours, traitées à domicile par paracétamol seul. Cette nuit, polypnée, sueurs et "
            "malaise au lever ; les pompiers constatent une désaturation profonde et des marbrures des genoux."
        ),
    ),
    "foyer de crépitants de la base droite avec souffle tubaire, tirage sus-claviculaire, marbrures des genoux",
    "Hémocultures : 2 paires positives sur 2, Streptococcus pneumoniae. Antibiogramme : amoxicilline sensible, céfotaxime "
    "sensible, lévofloxacine sensible, érythromycine résistant, vancomycine sensible. Antigénurie pneumocoque positive, "
    "antigénurie légionelle négative.",
    ("ZBQK002", "Radiographie du thorax au lit"),
    "Opacité alvéolaire systématisée du lobe inférieur droit avec bronchogramme aérien. Comblement du cul-de-sac pleural droit, "
    "de faible abondance. Pas de pneumothorax. Silhouette cardiaque de taille normale.",
    "Pneumopathie du lobe inférieur droit avec épanchement pleural de faible abondance.",
)
_PYELONEPHRITIS = Focus(
    "pyélonéphrite aiguë à Escherichia coli",
    "N10",
    "A41.5",
    "ofloxacine",
    "ofloxacine per os",
    (
        (
            "Brûlures mictionnelles et pollakiurie depuis cinq jours, non traitées. Depuis deux jours, douleur lombaire droite, "
            "frissons et vomissements. À l'arrivée des secours, somnolence, marbrures et hypotension."
        ),
        (
            "Douleur lombaire gauche fébrile d'installation rapide avec nausées, traitée par paracétamol. Le lendemain, malaise "
            "au lever, confusion et frissons motivant l'appel du SAMU."
        ),
        (
            "Altération de l'état général depuis trois jours, avec fièvre et incontinence urinaire inhabituelle. Ce matin, "
            "découverte "
            "au sol, confusion fébrile, extrémités froides."
        ),
    ),
    "douleur à l'ébranlement de la fosse lombaire, abdomen souple, marbrures des genoux, temps de recoloration cutanée à 5 "
    "secondes",
    "Examen cytobactériologique des urines et hémocultures (2 paires sur 2) : Escherichia coli. Antibiogramme : amoxicilline "
    "résistant, céfotaxime sensible, ofloxacine sensible, amikacine sensible, cotrimoxazole résistant. Pas de bêta-lactamase à "
    "spectre étendu.",
    ("ZCQH001", "Scanner abdomino-pelvien injecté"),
    "Néphromégalie unilatérale avec plages hypodenses triangulaires corticales et infiltration de la graisse péri-rénale. Pas de "
    "dilatation des cavités pyélocalicielles, pas de calcul, pas d'abcès constitué. Pas d'épanchement intrapéritonéal.",
    "Pyélonéphrite aiguë sans obstacle ni abcès : pas d'indication de drainage en urgence.",
)


def infusion(stay: Stay, key: str, rate: str, *, day: float, days: float, target: str = "") -> None:
    """A continuous infusion, which has a rate (``1,5 mg/h``) and no times of day."""
    story, drug = stay.story, DRUGS[key]
    start = stay.day(day) + timedelta(minutes=20)
    end = min(start + timedelta(days=days), stay.end)
    if not stay.holds(start):
        return
    words = f"{rate} en perfusion continue" + (f", objectif {target}" if target else "")
    content = {
        "status": "active",
        "intent": "order",
        "category": [hl7("medicationrequest-category", "inpatient", "Pendant le séjour")],
        "medicationCodeableConcept": medication(key),
        "subject": story.subject,
        "encounter": stay.ref,
        "authoredOn": moment(start),
        "requester": stay.doctor.ref,
        "dosageInstruction": [{"text": words, "route": {"text": "Voie intraveineuse"}}],
    }
    if story.add("MedicationRequest", content, start, stay.doctor) is not None:
        story.prescriptions.append(Prescription(drug, words, start, end, "hospital", story.last))


def story(s: Story) -> None:
    """From the emergency department to the consultation three months after."""
    _background(s)
    pulmonary = s.chance(0.55) or "produits de contraste iodés" in s.allergies
    focus = _PNEUMONIA if pulmonary and "pénicilline" not in s.allergies else _PYELONEPHRITIS
    dies = s.chance(0.14) and s.present is None
    ventilated = s.between(2.5, 4) if dies else s.between(3, 7)
    first = _referral(s, focus)
    legs = [Leg("urgences", hours=(2, 4))] if first is None else []
    legs.append(Leg("reanimation", days=ventilated + (0 if dies else 1.5)))
    if not dies:
        legs += [Leg("usc", days=(1.5, 3)), Leg("infectieux", days=(4, 8))]
    frail = s.age() > 64 and not dies and s.chance(0.55)
    stay = s.stay(
        focus.sepsis, legs, after=first, entry="transfer" if first else "emergency", reason_text="Choc septique",
        leave="death" if dies else "rehab" if frail else "home", hospital=s.group.hospitals["chu"],
    )  # fmt: skip
    usual = [key for key in ("amlodipine", "metformine") if s.taking(key, stay.start)]
    for key in usual:
        s.stop(key, stay.start)
    _values(stay, ventilated, dies=dies)
    _diagnoses(stay, focus, ventilated, frail=frail)
    _measures(stay, ventilated)
    _care(stay, focus, ventilated)
    if dies:
        stay.act("JVJF005", day=1.3, detail="Hémofiltration veino-veineuse continue, cathéter fémoral droit.")
    _drugs(stay, focus, ventilated)
    if dies:
        if stay.ended:
            _death(stay, focus)
        return
    _transfer_note(stay, focus, ventilated)
    if not stay.ended:
        return
    stay.doctor = s.pick(*stay.unit.doctors)  # the ward's, who lets her go
    if "amlodipine" in usual:
        stay.leave_with("amlodipine")
    if "metformine" in usual:
        stay.leave_with("metformine", when="matin soir")
    _discharge(stay, focus, ventilated, frail=frail)
    if frail:
        _rehabilitation(s, stay)
    _follow_up(s)


def _background(s: Story) -> None:
    since = s.ago(5, 12)
    if s.age() > 45 and not known(s, "hypertension"):
        s.condition("I10", since, said="hypertension artérielle")
        s.prescribe("amlodipine", since, when="matin")
    if s.chance(0.3):
        s.condition("E11.9", s.ago(4.5, 10), said="diabète de type 2")
        s.prescribe("metformine", s.ago(4.2, 5), when="matin soir")
        s.usual.shift("glycemie", 2.5)
    if s.chance(0.15) and not s.allergies:
        s.allergy("sulfamides", s.ago(4.5, 12))


def _referral(s: Story, focus: Focus) -> Stay | None:
    """One in four arrives first at the emergency department of the general hospital."""
    if s.present is not None or not s.chance(0.25):
        return None
    stay = s.stay(
        focus.sepsis, [Leg("urgences", hours=(2.5, 5))], hospital=s.group.hospitals["adour"], encounter_class="EMER",
        leave="transfer", reason_text="Sepsis, hypotension",
    )  # fmt: skip
    stay.course(
        systolique=[(0, 78), (0.1, 86)], pouls=[(0, 126)], temperature=[(0, 39.4)], saturation=[(0, 85), (0.1, 93)],
        respiration=[(0, 33)], lactate=[(0, 4.9)], crp=[(0, 210)], leucocytes=[(0, 20)], creatinine=[(0, 178)],
    )  # fmt: skip
    stay.measure("pouls", "pression", "temperature", "saturation", "respiration", day=0)
    stay.measure("pouls", "pression", "saturation", "respiration", day=0.06)
    stay.labs("nfs", "iono", "renal", "crp", "lactate", days=(0.01,))
    stay.diagnosis(focus.sepsis)
    stay.prescribe("ringer_lactate", dose=500, every=4, days=1)
    stay.prescribe("cefotaxime", dose=2, every=6, days=1)
    if stay.ended and stay.all("lactate"):
        stay.letter(
            kind="urgences",
            reason="sepsis avec défaillance hémodynamique",
            story=s.pick(*focus.histories),
            examination=f"PA {stay.pressure}, {stay.first('pouls').said}, {stay.first('temperature').said}, "
                   f"{stay.first('saturation').said} en air ambiant ; {focus.exam}.",
            course=f"{french.upper_first(stay.first('lactate').said)}, {stay.first('crp').said}. Remplissage par Ringer lactate, "
                      "céfotaxime après hémocultures. Hypotension persistante : transfert en réanimation au CHU par le SMUR, "
                      "accepté par le réanimateur de garde.",
            conclusion=f"Choc septique, probable {focus.name.split(' à ')[0]}. Transfert en réanimation.",
        )  # fmt: skip
    return stay


def _values(stay: Stay, ventilated: float, *, dies: bool) -> None:
    end = ventilated
    stay.course(
        lactate=[(0, 5.4), (0.25, 6.0), (0.5, 4.8), (1, 3.2), (2, 1.9), (3, 1.3)],
        crp=[(0, 196), (1, 288), (2, 300), (4, 172), (7, 74), (12, 22), (16, 9)],
        procalcitonine=[(0, 26), (1, 41), (2, 27), (4, 8), (7, 1.4), (10, 0.4), (14, 0.15)],
        leucocytes=[(0, 21), (1, 24), (3, 15.5), (7, 10.8), (12, 8.2)],
        plaquettes=[(0, 160), (1, 112), (2, 82), (4, 104), (7, 220), (12, 370)],
        hemoglobine=[(0, 12.4), (2, 10.4), (6, 9.8), (14, 10.8)],
        creatinine=[(0, 188), (1, 246), (2, 252), (4, 172), (7, 114), (12, 88)],
        uree=[(0, 14), (2, 19), (5, 12), (10, 7)],
        tp=[(0, 62), (1, 55), (3, 70), (7, 88)],
        bicarbonates=[(0, 16), (1, 19), (3, 24)],
        albumine=[(0, 30), (3, 24), (8, 27), (15, 32)],
        ph=[(0, 7.24), (0.5, 7.29), (1, 7.34), (2, 7.39)],
        paco2=[(0, 32), (0.4, 42), (2, 40)],
        pao2=[(0, 58), (0.4, 76), (2, 84), (7, 82)],
        pouls=[(0, 130), (0.5, 118), (1, 108), (3, 92), (8, 80)],
        systolique=[(0, 76), (0.2, 84), (0.5, 104), (1, 112), (4, 122)],
        temperature=[(0, 39.5), (0.8, 39.0), (2, 38.3), (3.5, 37.5), (6, 36.9)],
        saturation=[(0, 85), (0.2, 94), (1, 95), (4, 96), (10, 96)],
        respiration=[(0, 34), (0.2, 30), (0.3, 22), (2, 20), (6, 20), (10, 16)],
        glasgow=[(0, 13), (0.2, 12), (0.24, 14)],
        diurese=[(0, 420), (1, 640), (2, 1350), (4, 2500), (7, 2000)],
        fio2=[(0.2, 92), (0.5, 74), (1, 60), (2, 46), (end, 34)],
        pep=[(0.2, 10), (2, 10), (end, 6)],
        debit_o2=[(0, 14), (end, 5), (end + 2, 2), (end + 4, 0)],
    )
    if dies:
        stay.course(
            lactate=[(0, 6.8), (0.5, 8.1), (1, 9.4), (end, 14)],
            creatinine=[(0, 210), (1, 318), (end, 420)],
            plaquettes=[(0, 118), (1, 64), (end, 28)],
            tp=[(0, 52), (1, 38), (end, 24)],
            ph=[(0, 7.2), (1, 7.17), (end, 7.05)],
            bicarbonates=[(0, 14), (1, 13), (end, 9)],
            systolique=[(0, 72), (0.5, 94), (1, 90), (end, 62)],
            pouls=[(0, 134), (1, 128), (end, 136)],
            fio2=[(0.2, 96), (1, 90), (end, 98)],
            diurese=[(0, 220), (1, 90), (end, 20)],
        )


def _diagnoses(stay: Stay, focus: Focus, ventilated: float, *, frail: bool) -> None:
    stay.diagnosis(focus.sepsis, "main")
    stay.diagnosis("R57.2", "other")
    stay.diagnosis(focus.site, "other")
    stay.diagnosis("J96.00", "other", day=0.2, until=stay.day(ventilated + 1))
    stay.diagnosis("N17.9", "other", day=0.3, until=stay.day(9))
    stay.diagnosis("E87.2", "other", day=0.1, until=stay.day(3))
    stay.diagnosis("D69.6", "other", day=2, until=stay.day(7))
    if frail:
        stay.diagnosis("G72.8", "other", day=ventilated + 1)
        stay.story.alert("chute", stay.day(ventilated + 2), stay=stay)


def _measures(stay: Stay, ventilated: float) -> None:
    """Every two hours on the first day, every four while ventilated, then three times and twice a day."""
    hours, last = 0.0, (stay.end - stay.start).total_seconds() / 3600
    while hours < last:
        day = hours / 24
        at = stay.start + timedelta(hours=hours, minutes=12)
        machine = ("fio2", "pep") if 0.2 < day < ventilated else ("debit_o2",) if day < ventilated + 4 else ()
        signs = ("pouls", "pression", "temperature", "saturation", "respiration") if day < ventilated + 1 else (
            "pouls", "pression", "temperature", "saturation")  # fmt: skip
        stay.measure(*signs, *machine, at=at)
        hours += 2 if day < 1 else 4 if day < ventilated else 8 if day < ventilated + 3 else 12
    stay.measure("poids", "taille", day=0.1)
    stay.measure("glasgow", day=0)
    for number in range(1, int(ventilated) + 3):
        stay.measure("diurese", "glycemie_capillaire", day=number)
    stay.labs(
        "nfs",
        "iono",
        "renal",
        "crp",
        "procalcitonine",
        "lactate",
        "coagulation",
        "hepatique",
        "gazometrie",
        "albumine",
        days=(0.02,),
    )
    stay.labs("lactate", "gazometrie", days=(0.26, 0.52, 0.8))
    stay.labs("nfs", "iono", "renal", "crp", "lactate", "gazometrie", days=range(1, int(ventilated) + 2))
    stay.labs("coagulation", days=(1, 3, 7))
    stay.labs("procalcitonine", days=(1, 2, 4, 7))
    stay.labs("nfs", "iono", "renal", "crp", days=range(int(ventilated) + 3, stay.days + 1, 2))


def _care(stay: Stay, focus: Focus, ventilated: float) -> None:
    stay.act("DEQP003", day=0.01, detail="Tachycardie sinusale, pas de trouble de la repolarisation.")
    icu = stay.movements[1] if len(stay.movements) > 1 and stay.movements[0].unit.kind == "urgences" else stay.movements[0]
    resuscitator = icu.unit.doctors[0]
    entry = max(icu.start, stay.start) + timedelta(minutes=25)
    stay.act("EPLF002", at=entry, by=resuscitator, detail="Veine jugulaire interne droite, sous repérage échographique.")
    stay.act("ENLF001", at=entry + timedelta(minutes=15), by=resuscitator, detail="Artère radiale gauche.")
    stay.act("GELD004", at=entry + timedelta(minutes=40), by=resuscitator,
             detail="Induction en séquence rapide, sonde n° 7,5, Cormack 1, sans incident.")  # fmt: skip
    for number in range(int(ventilated) + 1):
        stay.act("GLLD008", at=entry + timedelta(days=number, hours=1), by=resuscitator)
    for number in range(min(3, int(ventilated)) + 1):
        stay.act("EQLF003", at=entry + timedelta(days=number, hours=1, minutes=10), by=resuscitator, detail="Noradrénaline.")
    stay.imaging(*focus.image, focus.found, focus.conclusion, at=entry + timedelta(hours=2))
    stay.imaging(
        "DZQM006", "Échographie cardiaque transthoracique",
        "Ventricule gauche non dilaté, cinétique normale, hyperkinétique. Ventricule droit non dilaté. Pas de valvulopathie "
        "significative, pas de végétation visible. Veine cave inférieure plate et compliante avant remplissage.",
        "Hypovolémie initiale, fonction systolique conservée.", at=entry + timedelta(hours=3),
    )  # fmt: skip


def _drugs(stay: Stay, focus: Focus, ventilated: float) -> None:
    stay.prescribe("ringer_lactate", dose=500, every=4, days=1)
    stay.prescribe("cefotaxime", dose=2, every=6, days=7 if focus is _PNEUMONIA else 5)
    if focus is _PYELONEPHRITIS:
        weight = stay.story.body.weight(stay.start.date())
        stay.prescribe("amikacine", dose=round(weight * 25 / 50) * 50, every=24, days=1)
    infusion(stay, "noradrenaline", "2 mg/h", day=0.15, days=0.85, target="pression artérielle moyenne supérieure à 65 mmHg")
    infusion(stay, "noradrenaline", "0,8 mg/h", day=1, days=2, target="pression artérielle moyenne supérieure à 65 mmHg")
    infusion(stay, "midazolam", "5 mg/h", day=0.2, days=min(2.0, ventilated - 0.7), target="RASS -3")
    infusion(stay, "propofol", "120 mg/h", day=2, days=max(0.5, ventilated - 2.2), target="RASS -1")
    infusion(stay, "sufentanil", "10 µg/h", day=0.2, days=ventilated - 0.5)
    stay.prescribe("hydrocortisone_iv", day=0.4, dose=50, every=6, days=min(5, int(ventilated)))
    stay.prescribe("enoxaparine_4000", day=1, dose=4000, when="soir")
    stay.prescribe("pantoprazole", day=ventilated, days=6)
    stay.prescribe("paracetamol_iv", day=0.3, dose=1, every=6, days=3, needed="fièvre mal tolérée")
    relay = int(ventilated) + 4
    if focus is _PNEUMONIA:
        stay.prescribe("amoxicilline", day=max(7, relay), when="matin midi soir", days=4)
    else:
        stay.prescribe("ofloxacine", day=relay, when="matin soir")


def _entry_exam(stay: Stay, focus: Focus) -> str:
    return (
        f"PA {stay.pressure}, {stay.first('pouls').said}, {stay.first('temperature').said}, {stay.first('saturation').said}, "
        f"{stay.first('respiration').said}, score de Glasgow {stay.first('glasgow').value}/15. À l'examen : {focus.exam}."
    )


def _entry_biology(stay: Stay) -> str:
    keys = ("lactate", "crp", "procalcitonine", "leucocytes", "creatinine", "ph")
    return french.upper_first(french.listed(stay.first(key).said for key in keys)) + "."


def _death(stay: Stay, focus: Focus) -> None:
    s = stay.story
    w = s.w
    stay.letter(
        reason=f"choc septique, {focus.name}",
        story=s.pick(*focus.histories),
        examination=_entry_exam(stay, focus),
        biology=f"{_entry_biology(stay)} {focus.cultures}",
        course=(
            "Malgré l'antibiothérapie précoce, le remplissage vasculaire, la ventilation mécanique, l'hémofiltration "
            "continue et des doses croissantes de "
            f"noradrénaline, l'évolution est celle d'une défaillance multiviscérale : {stay.last('lactate').said}, "
            f"{stay.last('creatinine').said} avec anurie, {stay.last('plaquettes').said}, {stay.last('tp').said}. Une limitation "
            "des thérapeutiques actives est décidée de façon collégiale et expliquée à la famille, qui la comprend. Les soins de "
            f"confort sont assurés. {w.The_patient} décède le {french.long_date(stay.end.date())} à {french.clock(stay.end)}, "
            f"entouré{w.e} de ses proches."
        ),
        conclusion=f"Décès au décours d'un choc septique réfractaire compliquant une {focus.name}.",
    )


def _transfer_note(stay: Stay, focus: Focus, ventilated: float) -> None:
    """What intensive care tells the next unit."""
    move = next(move for move in stay.movements if move.unit.kind == "reanimation")
    if move.end > stay.story.limit:
        return
    w = stay.story.w

    def then(key: str) -> str:
        return [one for one in stay.all(key) if one.at <= move.end][-1].said

    stay.document(
        "transfert",
        [
            ("Motif du séjour en réanimation", f"Choc septique, {focus.name}."),
            ("Défaillances", (f"Respiratoire : ventilation mécanique pendant {int(ventilated)} jours. Hémodynamique : "
                             "noradrénaline "
             f"pendant trois jours. Rénale : créatinine maximale à {stay.peak('creatinine').figure}, diurèse conservée par "
             "la suite.")),
            ("État au transfert", (f"{w.The_patient} est {w.either('consciente', 'conscient')} et "
                                  f"{w.either('orientée', 'orienté')}, "
             f"ventilation spontanée sous oxygène nasal. {french.upper_first(then('temperature'))}, {then('saturation')}, "
             f"{then('crp')}, {then('creatinine')}, {then('plaquettes')}.")),
            ("Microbiologie", focus.cultures),
            ("Consignes", ("Poursuite de l'antibiothérapie, kinésithérapie respiratoire et motrice, ablation du cathéter "
                          "central avant "
             "le départ, surveillance de la fonction rénale, thromboprophylaxie.")),
        ],
        at=move.end, by=move.unit.doctors[0], unit=move.unit,
    )  # fmt: skip


def _discharge(stay: Stay, focus: Focus, ventilated: float, *, frail: bool) -> None:
    s, w = stay.story, stay.story.w
    if focus is _PNEUMONIA:
        stay.leave_with("amoxicilline", when="matin midi soir", days=3)
    else:
        stay.leave_with("ofloxacine", when="matin soir", days=5)
    stay.leave_with("paracetamol", when="matin midi soir", days=10, needed="douleur")
    stay.rendezvous("cons_pneumo" if focus is _PNEUMONIA else "cons_medecine", 88, "consultation post-réanimation")
    nights = int(ventilated)
    added = ", associé à une injection d'amikacine" if focus is _PYELONEPHRITIS else ""
    weaned = s.pick(
        f"L'amélioration hémodynamique permet l'arrêt de la noradrénaline au 3e jour ; {w.the_patient} est extubé{w.e} avec "
        "succès "
        f"après {nights} jours de ventilation.",
        f"Sevrage de la noradrénaline en trois jours. Extubation après {nights} jours de ventilation mécanique, relais par "
        "oxygène "
        "nasal, sans recours à la ventilation non invasive.",
    )
    weakness = (
        "Neuromyopathie de réanimation avec déficit proximal des quatre membres, marche possible avec déambulateur sur quelques "
        "mètres : un séjour de réadaptation est organisé."
        if frail
        else f"La marche est reprise avec le kinésithérapeute ; {w.she} est autonome pour les gestes de la vie quotidienne à "
        "la sortie."
    )
    stay.letter(
        reason=s.pick(f"choc septique sur {focus.name}", "choc septique avec défaillance respiratoire, hémodynamique et rénale"),
        story=s.pick(*focus.histories),
        examination=_entry_exam(stay, focus),
        biology=f"À l'admission : {french.lower_first(_entry_biology(stay))} {focus.cultures}",
        course=(
            f"Sur le plan hémodynamique : remplissage par Ringer lactate puis noradrénaline, hydrocortisone. Le lactate, à "
            f"{stay.first('lactate').figure} à l'entrée, est à {stay.last('lactate').figure} au dernier contrôle. {weaned}\n"
            f"Sur le plan rénal : insuffisance rénale aiguë fonctionnelle puis tubulaire, créatinine maximale à "
            f"{stay.peak('creatinine').figure}, sans recours à l'épuration extrarénale ; {stay.last('creatinine').said} à la "
            "sortie.\n"
            f"Sur le plan infectieux : céfotaxime dès la première heure après hémocultures"
            f"{added}, puis {focus.relay_said} selon "
            f"l'antibiogramme. La CRP passe de {stay.peak('crp').figure} à {stay.last('crp').figure}, la procalcitonine de "
            f"{stay.peak('procalcitonine').figure} à {stay.last('procalcitonine').figure}. Apyrexie à la sortie.\n"
            f"Sur le plan hématologique : thrombopénie à {stay.trough('plaquettes').figure} au plus bas, régressive "
            f"({stay.last('plaquettes').figure}).\n{weakness}"
        ),
        conclusion=s.pick(
            f"Choc septique compliquant une {focus.name}, d'évolution favorable après {nights} jours de ventilation mécanique.",
            f"{focus.name.capitalize().replace('escherichia', 'Escherichia')} avec choc septique et défaillances "
            "respiratoire et rénale, "
            "résolutives. Pas de séquelle d'organe à la sortie.",
        ),
    )  # fmt: skip


def _rehabilitation(s: Story, before: Stay) -> None:
    stay = s.stay(
        "G72.8", [Leg("ssr_neuro", days=(20, 34))], after=before, entry="transfer", hospital=s.group.hospitals["pussin"],
        reason_text="Réadaptation après réanimation",
    )  # fmt: skip
    stay.course(
        crp=[(0, 18), (20, 5)],
        hemoglobine=[(0, 10.4), (25, 12.2)],
        albumine=[(0, 29), (25, 36)],
        plaquettes=[(0, 360), (20, 270)],
    )
    stay.diagnosis("G72.8")
    stay.act("DEQP003", day=1)
    stay.vitals("poids", days=range(0, stay.days + 1, 3))
    stay.labs("nfs", "iono", "renal", "crp", "albumine", days=(1, 8, 15, 22))
    stay.prescribe("enoxaparine_4000", dose=4000, when="soir", days=15)
    if stay.ended:
        w = s.w
        stay.letter(
            reason="réadaptation après un séjour en réanimation pour choc septique",
            story="Patient adressé au décours immédiat de l'hospitalisation. Neuromyopathie de réanimation, dénutrition, "
                  "déconditionnement."
            if not w.female
            else "Patiente adressée au décours immédiat de l'hospitalisation. Neuromyopathie de réanimation, dénutrition, "
                 "déconditionnement.",
            examination="À l'entrée : force musculaire proximale cotée à 3/5, transferts avec une aide humaine, marche de 10 "
                        "mètres avec "
                   f"déambulateur. {stay.first('poids').said.capitalize()}.",
            course="Kinésithérapie deux fois par jour, réentraînement à l'effort, ergothérapie, enrichissement alimentaire. "
                      f"L'albuminémie remonte de {stay.first('albumine').figure} à {stay.last('albumine').figure}, "
                      "l'hémoglobine de "
                      f"{stay.first('hemoglobine').figure} à {stay.last('hemoglobine').figure}. À la sortie, marche sans "
                      "aide sur "
                      "300 mètres, montée d'un étage, autonomie pour la toilette et l'habillage.",
            conclusion=f"Bonne récupération fonctionnelle, retour au domicile. Poids de sortie : {stay.last('poids').figure}.",
        )  # fmt: skip


def _follow_up(s: Story) -> None:
    for booked in s.stays:
        for appointment in booked.appointments:
            if appointment.at <= s.now - timedelta(hours=1):
                visit = s.visit(appointment.unit.kind, appointment.at, "Z09.8", minutes=45, appointment=appointment)
                visit.measure("pouls", "pression", "saturation", "poids")
                visit.labs("nfs", "renal", "crp")
                if visit.ended:
                    visit.letter(
                        reason="bilan à trois mois d'un séjour en réanimation",
                        examination=f"PA {visit.pressure}, {visit.first('saturation').said}, {visit.first('poids').said}. "
                                    "Auscultation normale.",
                        course=s.pick(
                            "Persistance d'une fatigue et d'un sommeil fragmenté, sans reviviscence. Reprise progressive des "
                            "activités. ",
                            "Bonne récupération, marche quotidienne reprise. Pas de dyspnée d'effort. ",
                        ) + f"Biologie : {visit.last('creatinine').said}, {visit.last('hemoglobine').said}, "
                            f"{visit.last('crp').said}.",
                        conclusion="Évolution satisfaisante. Vaccinations antipneumococcique et antigrippale à mettre à jour "
                                   "par le "
                                   "médecin traitant.",
                    )  # fmt: skip


PATHWAY = Pathway(
    name="sepsis",
    title="Choc septique et réanimation",
    shares=(Share((30, 60), 3), Share((60, 95), 7)),
    present=(("reanimation", 6), ("infectieux", 3)),
    story=story,
)

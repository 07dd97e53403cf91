"""What is measured, done and prescribed during the stay."""

from __future__ import annotations

from datetime import timedelta

from larrey.apps.demo.catalogue import DRUGS
from larrey.apps.demo.pathways.sepsis.focus import PNEUMONIA, PYELONEPHRITIS, ULTRASOUND, Focus
from larrey.apps.demo.resources import hl7, moment
from larrey.apps.demo.stories import Stay
from larrey.apps.demo.stories.prescribing import Prescription, medication


def values(stay: Stay, ventilated: float, *, dies: bool) -> None:
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


def diagnoses(stay: Stay, focus: Focus, ventilated: float, *, frail: bool) -> None:
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


def measures(stay: Stay, ventilated: float) -> None:
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


def care(stay: Stay, focus: Focus, ventilated: float) -> None:
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
    if focus is PYELONEPHRITIS and "produits de contraste iodés" in stay.story.allergies:
        stay.imaging(*ULTRASOUND, focus.conclusion, at=entry + timedelta(hours=2))
    else:
        stay.imaging(*focus.image, focus.found, focus.conclusion, at=entry + timedelta(hours=2))
    stay.imaging(
        "DZQM006", "Échographie cardiaque transthoracique",
        "Ventricule gauche non dilaté, cinétique normale, hyperkinétique. Ventricule droit non dilaté. Pas de valvulopathie "
        "significative, pas de végétation visible. Veine cave inférieure plate et compliante avant remplissage.",
        "Hypovolémie initiale, fonction systolique conservée.", at=entry + timedelta(hours=3),
    )  # fmt: skip


def drugs(stay: Stay, focus: Focus, ventilated: float) -> None:
    stay.prescribe("ringer_lactate", dose=500, every=4, days=1)
    stay.prescribe("cefotaxime", dose=2, every=6, days=7 if focus is PNEUMONIA else 5)
    if focus is PYELONEPHRITIS:
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
    if focus is PNEUMONIA:
        stay.prescribe("amoxicilline", day=max(7, relay), when="matin midi soir", days=4)
    else:
        stay.prescribe("ofloxacine", day=relay, when="matin soir")


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

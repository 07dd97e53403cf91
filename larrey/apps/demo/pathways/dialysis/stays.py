"""In hospital: the first dialyses, and what goes wrong later."""

from __future__ import annotations

from datetime import datetime, timedelta

from larrey.apps.demo.pathways.dialysis.illness import Cause, Illness, dialyse
from larrey.apps.demo.stories import Leg, Stay, Story


def beginning(s: Story, cause: Cause, illness: Illness, first: datetime) -> Stay:
    """The first dialyses, in hospital."""
    w = s.w
    illness.at(first - timedelta(days=1))
    start = (first - timedelta(days=5)).replace(hour=14, minute=s.whole(0, 50))
    stay = s.stay(
        "N18.5", [Leg("nephro", days=(6, 8))], start=start, entry="doctor", hospital=s.group.hospitals["chu"],
        reason_text="Syndrome urémique, début de l'hémodialyse",
    )  # fmt: skip
    stay.course(
        potassium=[(0, s.between(5.9, 6.5)), (1.5, 5.2), (3, 4.6), (6, 4.7)], uree=[(0, 38), (2, 27), (4, 19), (7, 16)],
        creatinine=[(0, 720), (2, 560), (4, 470), (7, 520)], bicarbonates=[(0, 15), (2, 20), (5, 23)],
        systolique=[(0, 168), (3, 150), (7, 138)], saturation=[(0, 93), (3, 96)], hemoglobine=[(0, 8.9), (6, 9.1)],
    )  # fmt: skip
    s.body.excess = illness.dry + 4.0
    stay.diagnosis("N18.5")
    stay.diagnosis("E87.5", "other", until=stay.day(4))
    stay.diagnosis("E87.7", "other", until=stay.day(5))
    stay.diagnosis("D63.8", "other")
    stay.measure("poids", "taille", day=0)
    stay.vitals(rounds=2)
    stay.labs("nfs", "iono", "renal", "phosphocalcique", "pth", "fer", "crp", "albumine")
    stay.labs("iono", "renal", days=(1, 2, 4, 6))
    stay.labs("nfs", days=(6,))
    stay.act("DEQP003", day=0.02, detail="Rythme sinusal, ondes T amples en précordial.")
    stay.imaging("ZBQK002", "Radiographie du thorax",
        "Cardiomégalie modérée. Redistribution vasculaire vers les sommets, lignes de Kerley "
                 "aux bases. Comblement des deux culs-de-sac pleuraux.", "Surcharge hydrosodée.", day=0.05)  # fmt: skip
    stay.imaging("JAQM003", "Échographie rénale", "Gros reins polykystiques, cavités non dilatées." if cause.code == "Q61.2" else
                 "Petits reins (grand axe de 8,5 cm), dédifférenciés, à contours bosselés. Cavités pyélocalicielles non "
                 "dilatées.",
                 "Néphropathie chronique, sans obstacle.", day=1)  # fmt: skip
    for number in (1, 2, 4, 6):
        dialyse(stay, stay.day(number + 0.2), minutes=120 if number < 3 else 180, detail="Ponction de la fistule, sans incident.")
    s.body.excess = illness.dry + 0.4
    stay.measure("poids", day=stay.days)
    s.stop("furosemide", stay.end)
    s.stop("amlodipine", stay.end)
    stay.prescribe("kayexalate", days=3, when="matin soir")
    stay.leave_with("sevelamer", dose=2, when="matin midi soir")
    stay.leave_with("calcium_carbonate", when="soir")
    stay.leave_with("darbepoetine_30", weekly=True)
    stay.leave_with("kayexalate", when="matin")
    if stay.ended:
        stay.letter(
            reason=f"début de l'hémodialyse chez {w.either('une patiente suivie', 'un patient suivi')} pour {cause.said}",
            story=s.pick(
                "Depuis trois semaines, nausées, perte d'appétit, prurit et fatigue intense. Prise de poids et œdèmes des "
                "chevilles, "
                "essoufflement à la marche depuis quelques jours.",
                "Aggravation progressive de l'insuffisance rénale. Depuis une semaine, dyspnée de décubitus, œdèmes des membres "
                "inférieurs et vomissements matinaux.",
            ),
            examination=f"Pression artérielle à {stay.pressure}, {stay.first('saturation').said}, "
                        f"{stay.first('poids').said}. Œdèmes des "
                        "membres inférieurs prenant le godet, crépitants des bases. Fistule bien développée, thrill et "
                        "souffle perçus.",
            course=f"À l'entrée, {stay.first('potassium').said}, {stay.first('uree').said}, {stay.first('creatinine').said}, "
                   f"{stay.first('bicarbonates').said}. Quatre séances d'hémodialyse de durée croissante sur la fistule, "
                   "bien tolérées, avec "
                   f"disparition des œdèmes. À la sortie, {stay.last('potassium').said}, {stay.last('uree').said} ; "
                   f"{stay.last('poids').said}. Anémie ({stay.last('hemoglobine').said}) : darbépoétine alfa débutée.",
            conclusion=f"Début de l'hémodialyse chronique sur fistule. {w.The_patient} poursuivra trois séances "
                       "hebdomadaires de quatre heures au "
                       "centre d'hémodialyse de l'hôpital Pussin.",
            follow_up="Vaccination contre l'hépatite B à poursuivre. "
            + ("Bilan en vue d'une inscription sur la liste de greffe à débuter." if s.age() < 70 else
                "Pas de projet de greffe."),
        )  # fmt: skip
    return stay


def complication(s: Story, illness: Illness, first: datetime) -> Stay:
    """A weekend too long: overload and high potassium; or an infection of the airways."""
    w = s.w
    middle = first + (s.now - first) * s.between(0.3, 0.8)
    illness.at(max(middle, first) if s.present is None else s.now)
    overload = s.chance(0.6) or "pénicilline" in s.allergies
    reason = "E87.5" if overload else "J15.9"
    start = None if s.present is not None else middle.replace(hour=s.whole(1, 22), minute=s.whole(0, 59))
    stay = s.stay(
        reason, [Leg("urgences", hours=(2, 5)), Leg("nephro", days=(4, 7))], start=start, hospital=s.group.hospitals["chu"],
        reason_text="Hyperkaliémie et surcharge chez un patient hémodialysé" if overload else
            "Pneumopathie chez un patient hémodialysé",
    )  # fmt: skip
    if overload:
        stay.course(
            potassium=[(0, s.between(6.7, 7.3)), (0.2, 6.4), (0.5, 4.6), (2, 5.0), (5, 4.9)],
            systolique=[(0, 176), (0.6, 148), (4, 138)],
            saturation=[(0, 88), (0.6, 95), (3, 97)], respiration=[(0, 28), (0.6, 20), (3, 16)],
            uree=[(0, 34), (0.6, 14), (2, 20)],
            crp=[(0, 11)],
        )  # fmt: skip
    else:
        stay.course(
            crp=[(0, 148), (1, 182), (3, 84), (4, 58), (7, 20)], leucocytes=[(0, 14.8), (4, 9.2), (7, 7.4)],
            temperature=[(0, 38.9), (2, 37.9), (4, 36.9)],
            saturation=[(0, 90), (3, 96)], respiration=[(0, 26), (4, 17)], potassium=[(0, 5.6), (1, 4.8), (4, 5.0)],
        )  # fmt: skip
    stay.diagnosis(reason)
    if overload:
        stay.diagnosis("E87.7", "other")
    stay.diagnosis("Z99.2", "other")
    s.body.excess = illness.dry + (s.between(4, 5.5) if overload else 1.5)
    stay.measure("poids", day=0)
    s.body.excess = illness.dry + 0.3
    stay.vitals("respiration", rounds=3)
    stay.measure("poids", day=max(1, stay.days - 1))
    stay.labs("nfs", "iono", "renal", "crp", "phosphocalcique", "lactate")
    stay.labs("iono", days=(0.5,))
    stay.labs("nfs", "iono", "renal", "crp", days=sorted({*range(1, stay.days, 2), stay.days}))
    stay.act("DEQP003", day=0.01, detail="Ondes T amples et pointues, QRS élargis à 130 ms." if overload else "Rythme sinusal.")
    stay.imaging("ZBQK002", "Radiographie du thorax",
        "Opacités alvéolo-interstitielles périhilaires bilatérales, cardiomégalie, épanchement "
                 "pleural bilatéral minime." if overload else "Foyer alvéolaire du lobe inférieur gauche avec bronchogramme.",
                 "Œdème pulmonaire de surcharge." if overload else
                     "Pneumopathie du lobe inférieur gauche.", day=0.03)  # fmt: skip
    dialyse(
        stay,
        stay.day(0.3),
        minutes=210 if overload else 240,
        detail="Séance en urgence." if overload else "Séance sans anticoagulation.",
    )
    for number in range(2, stay.days + 1, 2):
        dialyse(stay, stay.day(number + 0.25), minutes=240)
    if overload:
        stay.prescribe("kayexalate", when="matin soir", days=2)
    else:
        stay.prescribe("ceftriaxone", dose=1, every=24)
        stay.leave_with("amoxicilline", when="matin", days=3)
    if stay.ended:
        stay.letter(
            reason="hyperkaliémie menaçante et œdème pulmonaire" if overload else "pneumopathie communautaire",
            story=s.pick(
                "Une séance manquée et des écarts de régime pendant le week-end (fruits, chocolat). Dans la nuit, dyspnée de "
                "repos et "
                "faiblesse des membres inférieurs.",
                "Prise de poids importante depuis la dernière séance. Orthopnée puis détresse respiratoire nocturne, appel "
                "du 15.",
            ) if overload else "Toux productive et fièvre depuis trois jours, frissons pendant la dernière séance d'hémodialyse.",
            course=(
                f"À l'arrivée, {stay.first('potassium').said}, {stay.first('saturation').said} en air ambiant, "
                f"{stay.first('poids').said}. "
                f"Gluconate de calcium puis hémodialyse en urgence. Contrôle : {stay.trough('potassium').said}. À la sortie, "
                f"{stay.last('potassium').said}, {stay.last('saturation').said}, {stay.last('poids').said}."
                if overload
                else "Ceftriaxone pendant le séjour, séances d'hémodialyse maintenues. La CRP passe de "
                     f"{stay.peak('crp').figure} à "
                f"{stay.last('crp').figure}. Apyrexie à la sortie ({stay.last('temperature').said})."
            ),
            conclusion=(
                f"Hyperkaliémie et surcharge hydrosodée, résolutives après dialyse. Poids sec à réévaluer. {w.The_patient} a "
                "revu les règles "
                "diététiques avec la diététicienne."
                if overload
                else "Pneumopathie d'évolution favorable, relais oral à doses adaptées à la dialyse."
            ),
        )  # fmt: skip
    return stay

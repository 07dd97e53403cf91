"""After the stay: rehabilitation, and the consultation three months later."""

from __future__ import annotations

from datetime import timedelta

from larrey.apps.demo.stories import Leg, Stay, Story


def rehabilitation(s: Story, before: Stay) -> None:
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


def follow_up(s: Story) -> None:
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

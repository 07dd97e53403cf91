"""Before dialysis: consultations and the fistula."""

from __future__ import annotations

from datetime import datetime, timedelta

from larrey.apps.demo.pathways.dialysis.illness import Cause, Illness
from larrey.apps.demo.stories import Leg, Story, french


def before(s: Story, cause: Cause, illness: Illness, first: datetime) -> None:
    """Every three to four months in the nephrologist's consultation."""
    w = s.w
    for number, days in enumerate((560, 430, 320, 220, 130, 60), s.whole(0, 2)):
        at = s.office(first - timedelta(days=days))
        illness.at(at)
        visit = s.visit("cons_nephro", at, "N18.5" if days < 200 else "N18.4", minutes=50, reason_text="Maladie rénale chronique")
        visit.measure("poids", "pouls", "pression")
        visit.labs("renal", "iono", "nfs", "phosphocalcique")
        if days in (430, 130):
            visit.labs("pth", "fer", "proteinurie")
        filtration, potassium = visit.first("dfg"), visit.first("potassium")
        late = days < 200
        visit.letter(
            reason=f"suivi d'une maladie rénale chronique sur {cause.said}",
            course=(
                f"{w.She} se plaint d'une fatigue croissante, sans œdème ni nausée.",
                f"Pas de dyspnée, diurèse conservée. {w.She} suit le régime pauvre en sel et en potassium.",
                f"Prurit intermittent, crampes nocturnes. {w.The_patient} prend régulièrement son traitement.",
            )[number % 3]
            + f" {french.upper_first(visit.first('creatinine').said)}, soit un débit de filtration glomérulaire estimé à "
              f"{filtration.figure}. "
            f"{french.upper_first(potassium.said)}, {visit.first('hemoglobine').said}, {visit.first('bicarbonates').said}. "
            f"Pression artérielle à {visit.pressure}.",
            conclusion="L'insuffisance rénale est au stade terminal : préparation à l'hémodialyse, capital veineux à "
                       "préserver au bras non "
            "dominant." if late else s.pick(
                "Poursuite de la néphroprotection. Éviction des anti-inflammatoires et des produits de contraste.",
                "Déclin lent de la fonction rénale. Information sur les techniques de suppléance et la greffe débutée.",
            ),
        )  # fmt: skip


def fistula(s: Story, illness: Illness, first: datetime) -> None:
    at = s.office(first - timedelta(days=105)).replace(hour=8)
    illness.at(at)
    side = s.pick("gauche", "gauche", "gauche", "droit")
    stay = s.stay(
        "N18.5", [Leg("chir_vasculaire", hours=27)], start=at, entry="planned", hospital=s.group.hospitals["chu"],
        reason_text="Création d'une fistule artérioveineuse",
    )  # fmt: skip
    stay.diagnosis("N18.5")
    stay.vitals(days=(0, 1))
    stay.labs("nfs", "iono", "renal", "coagulation")
    stay.operation(
        "EZMA001", f"Création d'une fistule artérioveineuse radiocéphalique {side}",
        [
            ("Indication", "Maladie rénale chronique au stade terminal, hémodialyse à prévoir dans les trois mois."),
            ("Anesthésie", "Bloc axillaire échoguidé."),
            ("Technique", ("Incision longitudinale au tiers inférieur de l'avant-bras. Dissection de la veine céphalique, "
                          "souple, de "
             f"{french.number(s.whole(25, 34) / 10)} mm, et de l'artère radiale, peu calcifiée. Anastomose termino-latérale "
             "au fil 7/0. "
             "Bon thrill au déclampage, main chaude. Fermeture en deux plans.")),
            ("Suites", "Surveillance du thrill pluriquotidienne. Ni prise de tension, ni prélèvement à ce bras."),
        ],
        day=0.05, minutes=s.whole(50, 85), detail=f"Avant-bras {side}",
    )  # fmt: skip
    s.alert("fistule", stay.end, stay=stay)
    stay.prescribe("paracetamol", when="matin midi soir")
    stay.leave_with("paracetamol", when="matin midi soir", days=5, needed="douleur")
    if stay.ended:
        stay.letter(
            reason=f"création d'une fistule artérioveineuse radiocéphalique {side}",
            course="Intervention sous bloc axillaire, sans incident. Le thrill est perçu au poignet à la sortie, pas "
                   "d'hématome. "
                   f"{french.upper_first(stay.first('potassium').said)}, {stay.first('hemoglobine').said}.",
            conclusion="Fistule fonctionnelle à la sortie. Échographie-doppler de maturation à six semaines.",
        )  # fmt: skip
    control = s.visit("cons_vasculaire", s.office(stay.end + timedelta(days=44)), "N18.5", minutes=50,
                      hospital=stay.hospital, reason_text="Contrôle de la fistule artérioveineuse")  # fmt: skip
    control.imaging(
        "EZQM001", "Échographie-doppler de la fistule artérioveineuse",
        f"Fistule radiocéphalique {side} perméable. Débit mesuré à l'artère humérale à {s.whole(60, 95) * 10} mL/min. Veine "
        "de drainage de "
        f"{french.number(s.whole(58, 72) / 10)} mm de diamètre, à moins de 5 mm de la peau. Pas de sténose.",
        "Fistule mature, utilisable.", at=control.start + timedelta(minutes=5),
    )  # fmt: skip

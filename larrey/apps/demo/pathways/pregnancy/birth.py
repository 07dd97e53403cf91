"""The birth itself: what is reported of it, and the letter of the stay."""

from __future__ import annotations

from datetime import timedelta

from larrey.apps.demo.pathways.pregnancy.case import Pregnancy
from larrey.apps.demo.people.person import first_names
from larrey.apps.demo.stories import Stay, Story, french


def birth(s: Story, it: Pregnancy, stay: Stay, labour: float, loss: int, *, tear: bool, epidural: bool, bleeding: bool) -> None:
    """The report of the birth, and the letter."""
    girl = s.chance(0.49)
    name = first_names(s.random, "female" if girl else "male", it.born.date())[0]
    grams = round(min(4600.0, max(2350.0, s.random.gauss(3330, 400))) / 10) * 10
    cm, skull = round(50 + (grams - 3330) / 400, 1), round(34.6 + (grams - 3330) / 900, 1)
    child = f"{name}, {'fille née' if girl else 'garçon né'} le {french.long_date(it.born)} à {french.clock(it.born)}"
    weight = f"{french.number(grams)}\u00a0g"
    if it.born > s.limit:
        return
    if it.caesarean:
        stay.operation(
            "JQGA003", "Césarienne en urgence pendant le travail",
            [
                ("Indication", s.pick("Anomalies du rythme cardiaque fœtal en cours de travail.", "Stagnation de la dilatation à 7 cm depuis trois heures.")),
                ("Anesthésie", "Rachianesthésie par extension de la péridurale. Antibioprophylaxie par céfazoline 2 g après clampage du cordon."),
                ("Technique", "Incision de Pfannenstiel, abord de Misgav-Ladach. Hystérotomie segmentaire transversale. Extraction céphalique facile. "
                 "Délivrance dirigée complète. Hystérorraphie en un plan. Vérification des annexes, normales. Fermeture aponévrotique, surjet "
                 "intradermique."),
                ("Enfant", f"{child}. Poids {weight}. Apgar 9 à 1 minute, 10 à 5 minutes."),
                ("Suites", f"Pertes sanguines estimées à {loss} mL. Utérus bien rétracté."),
            ],
            at=it.born - timedelta(minutes=12), minutes=45,
        )  # fmt: skip
    midwife = stay.movements[0].unit.carers[0]
    hours, minutes = int(labour), int(labour * 60) % 60
    stay.document(
        "accouchement",
        [
            ("Grossesse", f"{'Première' if it.first else 'Deuxième'} grossesse, terme : {it.said(it.born)}."
             + (" Diabète gestationnel équilibré par le régime." if it.diabetes else "")),
            ("Travail", f"Travail spontané, durée {hours} h {minutes:02d}. {'Analgésie péridurale efficace.' if epidural else 'Pas de péridurale, choix de la patiente.'} "
             "Rythme cardiaque fœtal " + ("micro-oscillant avec ralentissements." if it.caesarean else "normal.")),
            ("Naissance", f"{'Césarienne' if it.caesarean else 'Accouchement par voie basse spontanée, présentation céphalique'}, le "
             f"{french.long_date(it.born)} à {french.clock(it.born)}. Délivrance dirigée, complète. Pertes sanguines : {loss} mL."
             + (" Hémorragie du post-partum jugulée par révision utérine et oxytocine." if bleeding else "")
             + (" Déchirure périnéale du premier degré suturée." if tear else " Périnée intact." if not it.caesarean else "")),
            ("Enfant", f"{child}. Poids {weight}, taille {french.number(cm)}\u00a0cm, périmètre crânien {french.number(skull)}\u00a0cm. Apgar 9 à 1 minute et "
             f"10 à 5 minutes. pH au cordon 7,{s.whole(22, 34)}. Mise au sein en salle de naissance."
             if it.breast else f"{child}. Poids {weight}. Apgar 10 à 1 et 5 minutes. Alimentation par lait infantile, choix de la mère."),
        ],
        at=it.born + timedelta(hours=2), by=midwife,
    )  # fmt: skip
    if not stay.ended:
        return
    stay.leave_with("paracetamol", when="matin midi soir", days=5, needed="douleur")
    if stay.last("hemoglobine").value < 10:
        stay.leave_with("fer", when="matin soir", days=60)
    if it.caesarean:
        stay.leave_with("enoxaparine_4000", dose=4000, when="soir", days=7)
    stay.rendezvous("cons_obstetrique", 44, "consultation postnatale", reason="Z39.2")
    hb = stay.last("hemoglobine")
    s.history.append((it.born, f"accouchement {'par césarienne' if it.caesarean else 'par voie basse'}, enfant de {weight}"))
    stay.letter(
        reason=f"accouchement à {it.said(it.born)}",
        life=s.pick("Vit en couple, logement adapté. Soutien familial présent.", "En couple, congé maternité en cours. Sortie accompagnée par une "
                    "sage-femme libérale."),
        story=f"Grossesse de déroulement {'marqué par un diabète gestationnel équilibré par le régime' if it.diabetes else 'normal'}. Admission en "
        f"travail, col dilaté à {s.whole(3, 6)} cm.",
        examination=f"À l'entrée : pression artérielle à {stay.pressure}, {stay.first('temperature').said}, {stay.first('pouls').said}.",
        course=f"{'Césarienne' if it.caesarean else 'Accouchement par voie basse'} le {french.long_date(it.born)} à {french.clock(it.born)} : "
        f"{name}, {'fille' if girl else 'garçon'}, {weight}. Pertes sanguines estimées à {loss} mL. "
        f"Suites de couches {'simples' if not bleeding else 'marquées par une anémie bien tolérée'}, {hb.said}. "
        + (s.pick("Allaitement maternel bien engagé.", "Allaitement maternel, crevasses en voie de guérison.") if it.breast
           else "Alimentation de l'enfant au biberon.")
        + " Humeur stable, pas de signe thromboembolique.",
        conclusion=f"{'Césarienne en urgence' if it.caesarean else 'Accouchement eutocique'} à terme, mère et enfant rentrent à domicile.",
        follow_up="Passage d'une sage-femme à domicile. Rééducation périnéale à prévoir. Contraception discutée. Surveillance de la température et "
        "des saignements.",
    )  # fmt: skip

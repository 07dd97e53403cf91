"""Ischaemic stroke: thrombolysis, stroke unit, neurology, rehabilitation in another hospital, consultations."""

from __future__ import annotations

from datetime import timedelta

from larrey.apps.demo.catalogue import DRUGS
from larrey.apps.demo.pathways.pathway import Pathway, Share, known
from larrey.apps.demo.stories import Leg, Stay, Story, french
from larrey.apps.demo.stories.french import listed

_TERRITORIES = {
    # affected side of the brain → side of the deficit, what goes with it, the artery on the angiography
    "gauche": ("droite", "une aphasie non fluente", "artère sylvienne gauche"),
    "droite": ("gauche", "une négligence visuelle", "artère sylvienne droite"),
}


def story(s: Story) -> None:
    """A stroke between 55 and 90 years, of the heart (atrial fibrillation) or of the arteries; four in five thrombolysed."""
    heart = s.chance(0.42)
    brain = s.pick("gauche", "droite")
    thrombolysis = s.chance(0.8)
    severe = s.chance(0.3)
    dies = severe and s.present is None and s.chance(0.3)
    in_rehabilitation = s.present is not None and s.present.unit.kind == "ssr_neuro"
    stay = s.stay(
        "I63.4" if heart else "I63.3",
        [Leg("urgences", hours=(2, 4)), Leg("unv", days=(3, 6)), *([] if dies else [Leg("neurologie", days=(5, 10))])],
        start=s.now - timedelta(days=s.between(19, 45)) if in_rehabilitation else None,
        leave="death" if dies else "rehab",
        reason_text="Déficit neurologique brutal, suspicion d'accident vasculaire cérébral",
    )
    if not stay.exists:
        return
    smoker = _background(s, stay, heart=heart)
    _acute(s, stay, brain, heart=heart, thrombolysis=thrombolysis, severe=severe, smoker=smoker)
    if not stay.ended or dies:
        return
    rehabilitation = s.stay(
        "I69.3", [Leg("ssr_neuro", days=(24, 55))], after=stay, entry="transfer", leave="home",
        reason_text="Rééducation après un infarctus cérébral",
    )  # fmt: skip
    _rehabilitation(s, rehabilitation, stay, brain, severe=severe)
    if rehabilitation.ended:
        _follow_up(s, rehabilitation, stay, heart=heart)


def _background(s: Story, stay: Stay, *, heart: bool) -> bool:
    """What she had before; whether she smoked."""
    years = timedelta(days=365)
    since = stay.start - years * s.between(3, 15)
    if not known(s, "hypertension"):
        s.condition("I10", since, said="hypertension artérielle traitée")
        s.prescribe("amlodipine", since)
        s.usual.shift("systolique", s.between(8, 18))
    if s.chance(0.6) and not known(s, "hypercholestérolémie"):
        since = stay.start - years * s.between(2, 10)
        s.condition("E78.0", since, said="hypercholestérolémie")
        s.prescribe("atorvastatine_20", since, when="soir")
        s.usual.shift("ldl", 0.5)
    if s.chance(0.2) and not known(s, "diabète"):
        since = stay.start - years * s.between(3, 12)
        s.condition("E11.9", since, said="diabète de type 2 traité par voie orale")
        s.prescribe("metformine", since, when="matin soir")
        s.usual.shift("hba1c", s.between(1, 2.2))
        s.usual.shift("glycemie", 2.4)
    smoker = not heart and s.chance(0.45)
    if smoker:
        packs = s.whole(20, 45)
        s.condition("F17.2", stay.start - years * 25, said=f"tabagisme actif, {packs} paquets-années")
    return smoker


def _acute(s: Story, stay: Stay, brain: str, *, heart: bool, thrombolysis: bool, severe: bool, smoker: bool) -> None:
    w = s.w
    side, sign, artery = _TERRITORIES[brain]
    start = s.between(14, 21) if severe else s.between(6, 13)
    after = start * (0.72 if severe else 0.5)
    pneumonia = severe and s.chance(0.55)
    stay.course(
        nihss=[(0, start), (0.15, start * 0.95), (1, after), (4, after * 0.85), (12, after * 0.65)],
        systolique=[(0, s.between(168, 188)), (0.5, 164), (2, 150), (6, 138)],
        pouls=[(0, 104 if heart else 84), (2, 88 if heart else 78), (6, 76)],
        glycemie=[(0, 7.9), (1, 6.4), (4, 5.6)],
        troponine=[(0, 16), (1, 14)],
        glasgow=[(0, 13 if severe else 15), (2, 14 if severe else 15), (4, 15)],
        crp=[(0, 4), (2, 18), (3, 96), (5, 72), (9, 14), (13, 6)] if pneumonia else [(0, 4), (3, 14), (8, 5)],
        temperature=[(0, 36.9), (2, 37.2), (3, 38.7), (5, 37.6), (8, 36.9)] if pneumonia else [(0, 36.8), (2, 37.1), (5, 36.8)],
        leucocytes=[(0, 8.2), (3, 14.5), (6, 9.8), (12, 7.2)] if pneumonia else [(0, 8.4), (6, 6.8)],
        saturation=[(0, 97), (3, 91), (5, 95), (8, 97)] if pneumonia else [(0, 97)],
    )  # fmt: skip
    if stay.leave == "death":
        stay.course(
            nihss=[(0, start), (1, start + 4), (4, 32)],
            glasgow=[(0, 12), (1, 8), (3, 5)],
            pouls=[(0, 92), (2, 108), (5, 58)],
            systolique=[(0, 182), (2, 168), (5, 96)],
            saturation=[(0, 95), (3, 91), (5, 86)],
        )
    stay.diagnosis(stay.reason)
    stay.diagnosis("G81.9", "other")
    if brain == "gauche":
        stay.diagnosis("R47.0", "other")
    stay.measure("poids", "taille", day=0.01)
    stay.vitals("glasgow", "respiration", days=(0, 0.1, 0.2, 0.4, 0.7))
    stay.vitals("glasgow", days=(1, 2, 3), rounds=3)
    stay.vitals(days=range(4, 18))
    for day in (0, 0.15, 1, 2, 4, 7, 12):
        stay.measure("nihss", day=day)
    stay.labs("nfs", "iono", "renal", "glycemie", "coagulation", "troponine", "crp")
    stay.labs("hba1c", "lipides", "tsh", days=(1,))
    stay.labs("nfs", "iono", "renal", "crp", days=(3, 6, 11))
    stay.act("DEQP003", day=0.02)
    _imaging(s, stay, brain, artery, heart=heart, thrombolysis=thrombolysis)
    _treatment(s, stay, heart=heart, thrombolysis=thrombolysis, smoker=smoker)
    s.alert("chute", stay.day(0.2), stay=stay)
    if severe:
        s.alert("fausse_route", stay.day(0.5), until=stay.day(9), stay=stay)
        stay.diagnosis("R13", "other", day=1)
    if pneumonia:
        stay.diagnosis("J18.9", "other", day=3)
        stay.imaging(
            "ZBQK002", "Radiographie du thorax", "Opacité alvéolaire de la base droite. Pas d'épanchement pleural. "
            "Silhouette cardiaque de taille normale.", "Foyer de la base droite, compatible avec une pneumopathie d'inhalation.",
            day=3,
        )  # fmt: skip
        if "pénicilline" in s.allergies:
            stay.prescribe("ceftriaxone", day=3, dose=1, every=24, days=7)
        else:
            stay.prescribe("amoxicilline_clavulanique", day=3, days=7, when="matin midi soir")
    if not stay.ended:
        return
    if stay.leave == "death":
        _death(s, stay, side, thrombolysis=thrombolysis)
        return
    stay.leave_with("atorvastatine_40", when="soir", dose=2)
    s.stop("atorvastatine_20", stay.end - timedelta(minutes=5))
    if heart:
        stay.leave_with("apixaban_5", when="matin soir")
        stay.leave_with("bisoprolol", when="matin")
        s.condition("I48.0", stay.start, said="fibrillation atriale paroxystique", by=stay.doctor)
        s.alert("anticoagulant", stay.end - timedelta(minutes=20), stay=stay)
    else:
        stay.leave_with(_antiplatelet(s))
    if smoker:
        stay.leave_with("nicotine", days=28)
    s.antecedent(f"infarctus cérébral sylvien {'gauche' if brain == 'gauche' else 'droit'}", stay.start)
    stay.rendezvous("cons_neuro", 95, "consultation de neurologie vasculaire", reason="I69.3")
    hour = s.pick("au réveil du repas de midi, vers 13 h", "en fin de matinée", "dans la soirée", "au petit déjeuner")
    witness = s.pick("son entourage", w.either("son mari", "sa femme"), "une voisine", "sa fille")
    nihss = stay.first("nihss").value
    body = "droit" if side == "droite" else "gauche"
    if thrombolysis:
        delay = s.whole(95, 230)
        dose = _alteplase(stay)
        care = (
            f"Le déficit datant de moins de 4 h 30 et en l'absence de contre-indication, une thrombolyse intraveineuse par "
            f"altéplase ({dose} mg, soit 0,9 mg/kg) a été débutée {delay // 60} h {delay % 60:02d} après le début des symptômes, sous "
            f"surveillance rapprochée de la pression artérielle, sans complication hémorragique."
        )
    else:
        care = (
            f"L'heure de début étant inconnue et l'IRM montrant déjà une lésion visible en séquence FLAIR, il n'a pas été fait de "
            f"thrombolyse. {w.The_patient} a reçu un traitement antithrombotique dès l'admission."
        )
    origin = (
        "L'enregistrement continu du rythme a montré des épisodes de fibrillation atriale ; l'apixaban a été introduit au "
        "décours, le scanner de contrôle ne montrant pas de transformation hémorragique."
        if heart
        else f"Le bilan étiologique oriente vers une cause athéromateuse. Le traitement associe {DRUGS[_antiplatelet(s)].substance} et statine à forte dose."
    )
    swallow = (
        f"Les troubles de la déglutition ont nécessité une alimentation mixée et une eau gélifiée ; la prise en charge "
        f"orthophonique a été débutée dès le {french.ordinal_day(2)}. " if severe else ""
    )  # fmt: skip
    infection = (
        f"L'évolution a été marquée par une pneumopathie d'inhalation ({stay.peak('crp').said}, {stay.peak('temperature').said}), "
        f"d'évolution favorable sous {'ceftriaxone' if 'pénicilline' in s.allergies else 'amoxicilline/acide clavulanique'}. " if pneumonia else ""
    )  # fmt: skip
    stay.letter(
        reason=s.pick(
            f"hémiparésie {side} brutale",
            f"déficit moteur brutal du côté {body}",
            f"alerte AVC pour une hémiparésie {side} d'installation brutale",
        ),
        life=s.pick(
            f"Vit à domicile, {w.either('mariée', 'marié')}, autonome pour tous les actes de la vie quotidienne (score de Rankin "
            "antérieur à 0).",
            f"Vit {w.either('seule', 'seul')} dans un appartement au deuxième étage avec ascenseur. Autonome, conduit sa voiture. Rankin "
            "antérieur à 0.",
            f"{w.either('Retraitée', 'Retraité')}, vit en maison avec son conjoint. Aide-ménagère deux heures par semaine. Rankin "
            "antérieur à 1.",
        ),
        story=f"{hour[:1].upper()}{hour[1:]}, {witness} constate une faiblesse brutale du membre supérieur et du membre inférieur du "
        f"côté {body}, avec une asymétrie du visage et {sign}. Le SAMU est appelé aussitôt et "
        f"{w.the_patient} est {w.either('adressée', 'adressé')} en alerte thrombolyse.",
        examination=f"À l'arrivée : pression artérielle à {stay.pressure}, {stay.first('pouls').said}, {stay.first('temperature').said}, "
        f"{stay.first('saturation').said}. Score NIHSS à {nihss}. Hémiparésie {side} à prédominance brachio-faciale, avec {sign}"
        f"{', troubles de la vigilance' if severe else ', vigilance normale'}.",
        course=f"{care}\n\nLe score NIHSS est passé de {nihss} à l'entrée à {stay.all('nihss')[2].value} à la 24e heure puis "
        f"{stay.last('nihss').value} avant le transfert. {swallow}{infection}{origin}",
        conclusion=f"Infarctus cérébral sylvien {'gauche' if brain == 'gauche' else 'droit'} "
        f"{'cardio-embolique sur fibrillation atriale' if heart else 'sur athérome'}"
        f"{', thrombolysé' if thrombolysis else ''}. NIHSS à {stay.last('nihss').value} à la sortie. Transfert en réadaptation neurologique.",
        follow_up="Poursuite de la rééducation (kinésithérapie, orthophonie, ergothérapie). Objectifs : pression artérielle inférieure à "
        "130/80 mmHg, LDL-cholestérol inférieur à 1,4 mmol/L. La conduite automobile est contre-indiquée jusqu'à nouvel avis.",
    )  # fmt: skip


def _death(s: Story, stay: Stay, side: str, *, thrombolysis: bool) -> None:
    w = s.w
    stay.letter(
        kind="sejour",
        reason=f"hémiplégie {side} massive d'installation brutale",
        examination=f"À l'arrivée : NIHSS à {stay.first('nihss').value}, score de Glasgow à {stay.first('glasgow').value}, pression artérielle à "
        f"{stay.pressure}, {stay.first('saturation').said}.",
        course=("Malgré la thrombolyse intraveineuse, " if thrombolysis else "En l'absence de possibilité de recanalisation, ")
        + f"l'aggravation neurologique est rapide (NIHSS à {stay.last('nihss').value}, score de Glasgow à {stay.last('glasgow').value}), en rapport avec un "
        "infarctus sylvien malin. Une craniectomie n'est pas retenue après avis collégial. Une limitation des traitements est décidée, la famille "
        f"est reçue à plusieurs reprises et accompagnée. {w.The_patient} décède le {french.long_date(stay.end)} à {french.clock(stay.end)}, "
        f"sans inconfort, {w.either('entourée', 'entouré')} de ses proches.",
        conclusion="Décès au cours d'un infarctus sylvien malin.",
    )  # fmt: skip


def _antiplatelet(s: Story) -> str:
    """Aspirin, or clopidogrel for those who are allergic to it."""
    return "clopidogrel" if "aspirine" in s.allergies else "aspirine"


def _alteplase(stay: Stay) -> int:
    """Milligrams for her weight, 90 at most (0.9 mg/kg)."""
    weight = float(stay.first("poids").value) if stay.all("poids") else 70.0
    return min(90, round(weight * 0.9))


def _imaging(s: Story, stay: Stay, brain: str, artery: str, *, heart: bool, thrombolysis: bool) -> None:
    territory = "gauche" if brain == "gauche" else "droit"
    flair = "sans traduction en séquence FLAIR" if thrombolysis else "déjà visible en séquence FLAIR"
    stay.imaging(
        "ACQN001", "IRM cérébrale",
        f"Hypersignal en diffusion du territoire sylvien superficiel {territory}, avec baisse du coefficient apparent de diffusion, {flair}. "
        f"Occlusion distale de l'{artery} (segment M2) en temps de vol. Pas d'hémorragie en T2*. Leucopathie modérée.",
        f"Infarctus cérébral sylvien superficiel {territory} récent{' avec discordance diffusion-FLAIR' if thrombolysis else ''}.",
        day=0.02,
    )  # fmt: skip
    stay.imaging(
        "ACQK001", "Scanner cérébral de contrôle",
        f"Hypodensité cortico-sous-corticale sylvienne {brain}, sans effet de masse notable. "
        f"{s.pick('Pas de remaniement hémorragique.', 'Absence de transformation hémorragique.')} Structures médianes en place.",
        "Absence de transformation hémorragique à la 24e heure.",
        day=1.2,
    )  # fmt: skip
    degree = s.whole(10, 30) if heart else s.whole(40, 65)
    stay.imaging(
        "EBQM001", "Écho-doppler des artères cervicales",
        f"Plaques {'non sténosantes' if heart else 'irrégulières'} des bifurcations carotides. Sténose de la carotide interne {brain} "
        f"estimée à {degree} % (NASCET). Artères vertébrales perméables.",
        "Athérome diffus sans sténose serrée." if heart else f"Sténose athéromateuse de la carotide interne {brain} à {degree} %.",
        day=2.2,
    )  # fmt: skip
    stay.imaging(
        "DZQM006", "Échographie cardiaque",
        f"Fraction d'éjection du ventricule gauche à {s.whole(55, 66)} %. "
        f"{'Oreillette gauche dilatée.' if heart else 'Oreillettes de taille normale.'} Pas de valvulopathie significative. Pas de thrombus visible.",
        "Oreillette gauche dilatée, fonction ventriculaire gauche conservée." if heart else "Échographie cardiaque sans source d'embolie.",
        day=3.2,
    )  # fmt: skip


def _treatment(s: Story, stay: Stay, *, heart: bool, thrombolysis: bool, smoker: bool) -> None:
    if thrombolysis:
        stay.prescribe("alteplase", day=0.03, dose=_alteplase(stay), days=1, when="unique")
        if float(stay.first("systolique").value) > 180:
            stay.prescribe("nicardipine_iv", day=0.02, dose=5, every=1, days=1)
    stay.prescribe("paracetamol", day=0.1, when="matin midi soir", needed="douleur ou fièvre")
    stay.prescribe("atorvastatine_40", day=1, dose=2, when="soir")
    if heart:
        stay.prescribe(_antiplatelet(s), day=1 if thrombolysis else 0.1, days=4)
        stay.prescribe("apixaban_5", day=5, when="matin soir")
        stay.prescribe("bisoprolol", day=2)
    else:
        stay.prescribe(_antiplatelet(s), day=1 if thrombolysis else 0.1)
        stay.prescribe("enoxaparine_4000", day=1.5, dose=4000, when="soir")
    if smoker:
        stay.prescribe("nicotine", day=1)


def _rehabilitation(s: Story, stay: Stay, acute: Stay, brain: str, *, severe: bool) -> None:
    if not stay.exists:
        return
    w = s.w
    base = float(acute.last("nihss").value)
    length = stay.days
    stay.course(
        nihss=[(0, base), (length / 2, base * 0.75), (length, base * 0.5)],
        systolique=[(0, 138), (length, 129)],
        poids=[(0, s.body.weight(stay.start.date()) - 1.8), (length, s.body.weight(stay.start.date()) - 0.6)],
        ldl=[(0, 2.1), (20, 1.3)],
        douleur=[(0, 3), (length, 1)],
    )
    stay.diagnosis("I69.3")
    stay.diagnosis("G81.9", "other")
    stay.measure("poids", "nihss", "douleur", day=0.1)
    stay.vitals(days=range(0, length + 1, 2))
    for day in range(7, length, 7):
        stay.measure("poids", "douleur", day=day)
        stay.labs("nfs", "iono", "renal", days=(day,))
    stay.labs("lipides", "hepatique", days=(21,))
    stay.measure("nihss", day=max(1, length - 1))
    stay.prescribe("paracetamol", day=0.1, when="matin midi soir", needed="douleur")
    if s.chance(0.35):
        stay.prescribe("sertraline", day=6)
        mood = "Un syndrome dépressif réactionnel a été traité par sertraline, avec une bonne réponse."
        if stay.ended:
            stay.leave_with("sertraline", days=180)
    else:
        mood = s.pick("L'humeur est restée stable.", "Le moral est bon et la participation à la rééducation excellente.")
    before, after = (s.whole(35, 50), s.whole(65, 85)) if severe else (s.whole(60, 75), s.whole(90, 100))
    before, after = before - before % 5, after - after % 5
    if stay.ended and stay.all("nihss"):
        stay.document(
            "fonctionnel",
            [
                ("Marche", s.pick("Marche de 200 m avec une canne simple.", "Marche sans aide technique sur terrain plat.",
                                  "Marche avec cadre et surveillance.") if not severe else "Marche de 50 m avec une canne tripode et un releveur."),
                ("Membre supérieur", s.pick("Préhension globale possible, pince pollicidigitale imprécise.",
                                            "Récupération distale incomplète, utilisation comme main d'appoint.")),
                ("Langage et fonctions supérieures",
                 "Expression orale fluide, manque du mot résiduel." if brain == "gauche" else "Régression de la négligence, vigilance nécessaire en "
                 "situation de double tâche."),
                ("Autonomie", f"Index de Barthel passé de {before}/100 à l'entrée à {after}/100 à la sortie."),
            ],
            at=stay.end - timedelta(hours=20),
        )  # fmt: skip
        stay.letter(
            reason="rééducation après un infarctus cérébral",
            life=s.pick("Retour à domicile préparé avec la famille ; visite de l'ergothérapeute effectuée.",
                        "Les enfants sont présents et aidants. Un plan d'aide a été déposé auprès de la caisse de retraite."),
            story=f"{w.The_patient} nous a été {w.either('adressée', 'adressé')} par le service de {acute.unit.service.lower()} ({acute.hospital.short}) "
            f"après un séjour du {french.long_date(acute.start)} au {french.long_date(acute.end)} pour un infarctus cérébral.",
            course=f"La rééducation a associé kinésithérapie quotidienne, ergothérapie et "
            f"{'orthophonie' if brain == 'gauche' else 'rééducation neuropsychologique'}. Le score NIHSS est passé de "
            f"{stay.first('nihss').value} à {stay.last('nihss').value}, l'index de Barthel de {before} à {after}. {mood}",
            conclusion=s.pick(
                f"Bonne récupération après un infarctus cérébral sylvien {'gauche' if brain == 'gauche' else 'droit'}. Retour à domicile.",
                "Retour à domicile avec poursuite de la kinésithérapie en libéral trois fois par semaine.",
            ),
            follow_up=f"Kinésithérapie{' et orthophonie' if brain == 'gauche' else ''} en libéral. Surveillance de la pression artérielle par "
            "automesure.",
        )  # fmt: skip


def _follow_up(s: Story, rehabilitation: Stay, acute: Stay, *, heart: bool) -> None:
    w = s.w
    for months in (3, 9, 18, 30):
        if months == 3:
            appointment = acute.appointments[0]
        else:
            at = s.office(acute.end + timedelta(days=months * 30 + s.whole(-8, 8)))
            appointment = s.appointment("cons_neuro", at, "consultation de neurologie vasculaire", reason="I69.3")
        at = appointment.at
        if at > s.limit:
            return
        visit = s.visit("cons_neuro", at, "I69.3", appointment=appointment, reason_text="Suivi après un infarctus cérébral")
        visit.course(
            nihss=[(0, float(rehabilitation.last("nihss").value) * 0.8)], ldl=[(0, 1.35)], systolique=[(0, s.between(122, 138))]
        )
        visit.measure("pression", "pouls", "poids", "nihss", at=visit.start + timedelta(minutes=5))
        if s.chance(0.7):
            visit.labs("lipides", "renal", days=(0,))
        figures = [visit.last(key).said for key in ("ldl", "creatinine") if visit.all(key)]
        visit.letter(
            reason=f"suivi à {months} mois d'un infarctus cérébral",
            story=s.pick(
                f"Pas de nouvel événement vasculaire depuis la sortie. {w.She} a repris la plupart de ses activités.",
                f"{w.The_patient} va bien. Fatigabilité résiduelle en fin de journée. Pas de récidive.",
                "Bonne tolérance du traitement, pas de chute, pas de saignement.",
            ),
            examination=f"Pression artérielle à {visit.pressure}. Score NIHSS à {visit.last('nihss').value}. "
            f"{s.pick('Marche autonome.', 'Marche avec une canne pour les sorties.')}",
            biology=f"{listed(figures)[:1].upper()}{listed(figures)[1:]}." if figures else "",
            conclusion=f"Évolution favorable. Poursuite du traitement {'anticoagulant' if heart else 'antiagrégant'} et de la statine.",
        )  # fmt: skip


PATHWAY = Pathway(
    name="stroke",
    title="Accident vasculaire cérébral ischémique",
    shares=(Share((55, 70), 8), Share((70, 95), 20)),
    present=(("unv", 4), ("neurologie", 4), ("ssr_neuro", 5)),
    story=story,
)

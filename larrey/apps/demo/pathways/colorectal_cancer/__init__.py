"""Cancer of the colon: from the colonoscopy and the colectomy to twelve cycles of FOLFOX, a blood count before each, and on."""

from __future__ import annotations

from datetime import datetime, timedelta

from larrey.apps.demo.pathways.colorectal_cancer.case import TUMOURS, Case
from larrey.apps.demo.pathways.colorectal_cancer.chemotherapy import CYCLES, chemotherapy, session_stay
from larrey.apps.demo.pathways.pathway import Pathway, Share, known
from larrey.apps.demo.stories import Leg, Stay, Story, french, measuring


def story(s: Story) -> None:
    """From the first bleeding, or the screening test, to the surveillance."""
    place = s.present.unit.kind if s.present is not None else ""
    nodes = s.whole(1, 6) if place == "hdj_onco" or s.chance(0.6) else 0
    screening = s.chance(0.4)
    case = Case(s.pick(*TUMOURS), screening, nodes, s.whole(14, 27), s.whole(28, 55), s.between(2, 18),
                s.between(11.8, 13) if screening else s.between(9, 11))  # fmt: skip
    if s.chance(0.45) and not known(s, "hypertension"):
        since = s.ago(5, 14)
        s.condition("I10", since, said="hypertension artérielle")
        s.prescribe("amlodipine", since)
    if s.chance(0.3):
        s.antecedent(
            s.pick("cholécystectomie", "appendicectomie dans l'enfance", "cure de hernie inguinale", "prothèse de hanche"),
            s.ago(6, 20),
        )
    if s.chance(0.2):
        s.antecedent("cancer colique chez le père à 72 ans", s.ago(8, 20))
    now_cycle = s.whole(1, CYCLES) if place == "hdj_onco" else 0
    session = session_stay(s, None) if now_cycle else None
    start = session.start - timedelta(days=42 + 14 * (now_cycle - 1)) if session is not None else None
    if s.present is None:
        start = s.ago(0.15, 2.8).replace(hour=14)
    operation = _surgery(s, case, start)
    _before(s, case, operation)
    if not operation.ended:
        return
    s.condition(case.tumour.code, operation.start - timedelta(days=30), said=f"adénocarcinome du {case.tumour.where} opéré, {case.stage}",
                by=operation.doctor)  # fmt: skip
    _decision(s, case, operation)
    last = operation.end
    if case.chemotherapy:
        last = chemotherapy(s, case, operation, session, now_cycle)
    _surveillance(s, case, operation, last)


def _before(s: Story, case: Case, operation: Stay) -> None:
    """What led to the operation; told after it, since its date decides the others."""
    w = s.w
    tumour = case.tumour
    first = s.visit("cons_gastro", s.office(operation.start - timedelta(days=s.whole(50, 62))), "Z12.1" if case.screening else "D50.9",
                    reason_text="Test de dépistage positif" if case.screening else "Anémie ferriprive et rectorragies")  # fmt: skip
    first.course(hemoglobine=[(0, case.haemoglobin)], vgm=[(0, 84 if case.screening else 76)], ferritine=[(0, 60 if case.screening else 9)],
                 saturation_transferrine=[(0, 26 if case.screening else 7)])  # fmt: skip
    first.measure("pression", "pouls", "poids", "taille", at=first.start + timedelta(minutes=4))
    measuring.laboratory(first, ("nfs", "fer", "renal", "crp"), first.start + timedelta(minutes=20))
    if not case.screening:
        first.leave_with("fer", when="matin soir", days=60)
    first.letter(
        reason="test immunologique fécal positif" if case.screening else "anémie ferriprive",
        story=s.pick("Test de dépistage organisé revenu positif, aucun symptôme digestif.", "Dépistage par test immunologique positif. Transit régulier.")
        if case.screening
        else s.pick(f"Asthénie depuis deux mois, perte de {s.whole(3, 6)} kg, rectorragies intermittentes.",
                    "Modification récente du transit, alternance de diarrhée et de constipation, asthénie."),
        examination=f"Abdomen souple, pas de masse palpable, toucher rectal sans particularité. {french.upper_first(first.first('poids').said)}, "
        f"pression artérielle à {first.pressure}.",
        biology=f"{french.upper_first(first.first('hemoglobine').said)}, {first.first('vgm').said}, {first.first('ferritine').said}.",
        conclusion="Indication d'une coloscopie sous anesthésie générale, programmée rapidement.",
    )  # fmt: skip
    _colonoscopy(s, case, operation)
    surgeon = s.visit("cons_digestif", s.office(operation.start - timedelta(days=s.whole(20, 24))), tumour.code, minutes=150,
                      hospital=operation.hospital, reason_text="Avis chirurgical et bilan d'extension")  # fmt: skip
    surgeon.course(ace=[(0, case.ace)], hemoglobine=[(0, case.haemoglobin)], albumine=[(0, 39)])
    surgeon.measure("poids", "pression", "pouls", at=surgeon.start + timedelta(minutes=5))
    surgeon.labs("nfs", "marqueurs_digestifs", "hepatique", "albumine", "coagulation")
    nodes = "Quelques ganglions du méso supracentimétriques. " if case.nodes else "Pas d'adénopathie suspecte. "
    surgeon.imaging(
        "ZCQH001", "Scanner abdominopelvien",
        f"Épaississement tissulaire circonférentiel du {tumour.where}, étendu sur {case.size} mm, avec infiltration de la graisse de contact. "
        f"{nodes}Foie homogène, sans lésion focale. "
        "Pas d'épanchement.",
        f"Tumeur du {tumour.where} sans localisation secondaire hépatique.",
        at=surgeon.start + timedelta(minutes=70),
    )  # fmt: skip
    surgeon.imaging(
        "ZBQH001", "Scanner thoracique", "Pas de nodule pulmonaire. Pas d'adénopathie médiastinale. Emphysème discret des sommets." if s.chance(0.3)
        else "Pas de nodule pulmonaire suspect. Pas d'adénopathie médiastinale ni d'épanchement pleural.", "Absence de lésion secondaire thoracique.",
        at=surgeon.start + timedelta(minutes=75),
    )  # fmt: skip
    surgeon.letter(
        reason=f"adénocarcinome du {tumour.where}, bilan d'extension et avis chirurgical",
        examination=f"État général conservé, indice OMS à {s.pick(0, 0, 1)}. {french.upper_first(surgeon.first('poids').said)}, pression artérielle à "
        f"{surgeon.pressure}.",
        biology=f"{french.upper_first(surgeon.first('ace').said)}, {surgeon.first('ca_19_9').said}, {surgeon.first('albumine').said}.",
        conclusion=f"Tumeur du {tumour.where} non métastatique. Indication d'une {tumour.operation} par cœlioscopie, dossier à présenter en réunion de "
        "concertation pluridisciplinaire. Information donnée, personne de confiance désignée.",
    )  # fmt: skip
    _meeting(s, surgeon, operation.start - timedelta(days=16), "avant traitement",
             f"Adénocarcinome du {tumour.where}, sans métastase sur le scanner thoraco-abdomino-pelvien.",
             f"{french.upper_first(tumour.operation)} carcinologique première.")  # fmt: skip
    asleep = s.visit("cons_anesthesie", s.office(operation.start - timedelta(days=s.whole(8, 12))), tumour.code, hospital=operation.hospital,
                     reason_text="Consultation d'anesthésie")  # fmt: skip
    asleep.measure("pression", "pouls", "poids", "saturation", at=asleep.start + timedelta(minutes=3))
    asleep.letter(
        kind="anesthesie",
        reason=f"consultation avant {tumour.operation}",
        examination=f"Pression artérielle à {asleep.pressure}, {asleep.first('pouls').said}, {asleep.first('saturation').said}. Mallampati "
        f"{s.pick('1', '2')}. Auscultation normale.",
        conclusion=f"ASA {s.pick(2, 2, 3)}. Anesthésie générale et analgésie par bloc pariétal. Pas de prémédication. {w.The_patient} est "
        f"{w.either('informée', 'informé')} du protocole de réhabilitation améliorée.",
    )


def _colonoscopy(s: Story, case: Case, operation: Stay) -> None:
    tumour = case.tumour
    at = s.office(operation.start - timedelta(days=s.whole(33, 40))).replace(hour=8)
    stay = s.stay("Z12.1" if case.screening else tumour.code, [Leg("cons_gastro", hours=(5, 6))], start=at, entry="planned", encounter_class="SS",
                  reason_text="Coloscopie sous anesthésie générale")  # fmt: skip
    polyps = s.chance(0.4)
    stay.vitals(days=(0,))
    stay.act("HHFE002" if polyps else "HHQE005", at=at + timedelta(minutes=95))
    if polyps:
        stay.diagnosis("K63.5", "other")
    stay.diagnosis(tumour.code)
    more = "Deux polypes sessiles de 5 et 7 mm du côlon transverse, réséqués à l'anse froide. " if polyps else ""
    stay.document(
        "acte",
        [
            ("Indication", "Test immunologique fécal positif." if case.screening else "Anémie ferriprive et rectorragies."),
            ("Déroulement", f"Préparation de bonne qualité (score de Boston {s.pick(7, 8, 9)}/9). Progression jusqu'au bas-fond cæcal, retrait en "
             f"{s.whole(8, 14)} minutes."),
            ("Constatations", f"Lésion ulcérobourgeonnante du {tumour.where}, {tumour.distance}, d'environ {case.size} mm, occupant "
             f"{s.pick('la moitié', 'les deux tiers')} de la circonférence, franchissable. Dix biopsies et tatouage. {more}"),
            ("Conclusion", f"Tumeur du {tumour.where} d'allure maligne, biopsiée."),
        ],
        at=at + timedelta(hours=3), title="Compte rendu de coloscopie",
    )  # fmt: skip
    anapath = s.group.kinds["anapath"][0]
    stay.document(
        "anapath",
        [
            ("Prélèvement", f"Biopsies d'une lésion du {tumour.where}, dix fragments."),
            ("Microscopie", "Prolifération glandulaire irrégulière infiltrant le chorion, atypies cytonucléaires marquées, nécrose intraluminale. "
             "Expression conservée des protéines MLH1, MSH2, MSH6 et PMS2 (phénotype MSS)."),
            ("Conclusion", "Adénocarcinome lieberkühnien bien différencié, infiltrant."),
        ],
        at=at + timedelta(days=5, hours=6), by=s.pick(*anapath.doctors), unit=anapath,
    )  # fmt: skip


def _meeting(s: Story, stay: Stay, at: datetime, when: str, summary: str, proposal: str) -> None:
    """A report of the multidisciplinary meeting."""
    onco = s.unit("cons_onco")
    stay.document(
        "rcp",
        [
            ("Réunion", f"RCP de cancérologie digestive, présentation {when}. Présents : {onco.doctors[0].shown} (oncologue), {stay.doctor.shown} "
             f"({stay.doctor.title.lower()}), radiologue, anatomopathologiste."),
            ("Résumé du dossier", summary),
            ("Proposition", f"{proposal} Décision à expliquer en consultation d'annonce."),
        ],
        at=s.office(at).replace(hour=14), by=onco.doctors[0],
    )  # fmt: skip


def _surgery(s: Story, case: Case, start: datetime | None) -> Stay:
    w = s.w
    tumour = case.tumour
    leak = s.chance(0.08)
    allergic = "pénicilline" in s.allergies
    drugs = "ceftriaxone et métronidazole" if allergic else "pipéracilline/tazobactam"
    stay = s.stay(tumour.code, [Leg("chir_digestive", days=(11, 14) if leak else (6, 9))], start=start, entry="planned",
                  reason_text=f"{french.upper_first(tumour.operation)} programmée pour tumeur du {tumour.where}")  # fmt: skip
    if not stay.exists:
        return stay
    base = case.haemoglobin
    stay.course(
        crp=[(0, 6), (1, 8), (3, 146), (5, 205 if leak else 68), (8, 92 if leak else 24), (13, 14)],
        leucocytes=[(0, 7.1), (2, 12.2), (5, 15.4 if leak else 8.4), (10, 7.6)],
        hemoglobine=[(0, base), (2, base - 1.3), (6, base - 0.9)],
        temperature=[(0, 36.8), (2, 37.6), (5, 38.6 if leak else 36.9), (8, 37)],
        albumine=[(0, 38), (3, 31), (8, 34)],
        pouls=[(0, 76), (2, 90), (5, 104 if leak else 80), (9, 76)],
        douleur=[(0, 0), (1.4, 5), (3, 3), (6, 1)],
        creatinine=[(0, 80), (2, 88), (6, 78)],
    )
    stay.diagnosis(tumour.code)
    if case.nodes and stay.ended:
        stay.diagnosis("C77.2", "other", day=5)
    stay.measure("poids", "taille", day=0.05)
    stay.vitals("douleur", days=range(16), rounds=2)
    stay.labs("nfs", "iono", "renal", "coagulation", "crp")
    stay.labs("nfs", "iono", "renal", "crp", days=(2, 3, 5, 7, 10))
    stay.labs("albumine", days=(0, 7))
    stay.prescribe("macrogol", day=0.2, dose=4, when="soir", days=1)
    stay.prescribe("cefoxitine", day=1, dose=2, when="unique", days=1)
    stay.prescribe("paracetamol_iv", day=1.3, every=6, days=2)
    stay.prescribe("nefopam", day=1.3, dose=20, every=6, days=2)
    stay.prescribe("paracetamol", day=3.4, when="matin midi soir")
    stay.prescribe("morphine", day=1.5, every=4, days=3, needed="douleur supérieure à 4/10")
    stay.prescribe("enoxaparine_4000", day=1.6, dose=4000, when="soir")
    right = tumour.act == "HHFA008"
    stay.operation(
        tumour.act,
        f"{french.upper_first(tumour.operation)} par cœlioscopie",
        [
            ("Indication", f"Adénocarcinome du {tumour.where}, décision de réunion de concertation pluridisciplinaire."),
            ("Installation", "Décubitus dorsal, jambes écartées. Anesthésie générale, bloc pariétal. Antibioprophylaxie par céfoxitine 2 g. Cinq trocarts."),
            ("Exploration", "Pas de carcinose, pas de lésion hépatique visible. Tumeur repérée par le tatouage, mobile."),
            ("Technique",
             ("Ligature première des vaisseaux iléocoliques à leur origine. Décollement du côlon droit dans le plan du fascia de Toldt. Extraction par "
              "incision sus-ombilicale protégée. Anastomose iléo-transverse latérolatérale mécanique." if right else
              "Ligature de l'artère mésentérique inférieure à un centimètre de l'aorte, section de la veine au bord inférieur du pancréas. Abaissement de "
              "l'angle colique gauche. Section du haut rectum par agrafeuse. Extraction par incision sus-pubienne protégée. Anastomose colorectale "
              "mécanique circulaire, collerettes complètes, test à l'air négatif.")
             + " Vérification de l'hémostase, fermeture."),
            ("Suites", f"Pertes sanguines : {s.whole(5, 25) * 10} mL. Pas de drainage. Sonde urinaire retirée à J1, boissons le soir même."),
        ],
        at=stay.day(1).replace(hour=s.whole(8, 11)), minutes=s.whole(130, 230),
    )  # fmt: skip
    if leak:
        stay.diagnosis("T81.4", "other", day=5)
        stay.imaging("ZCQH001", "Scanner abdominopelvien", "Petite collection au contact de l'anastomose, de 30 mm, avec quelques bulles. Pas d'épanchement "
                     "à distance.", "Collection péri-anastomotique en faveur d'une fistule contenue.", day=5.2)  # fmt: skip
        if allergic:
            stay.prescribe("ceftriaxone", day=5.3, dose=2, every=24, days=7)
            stay.prescribe("metronidazole_iv", day=5.3, dose=500, every=8, days=7)
        else:
            stay.prescribe("piperacilline_tazobactam", day=5.3, dose=4, every=8, days=7)
    if not stay.ended:
        return stay
    stay.leave_with("paracetamol", when="matin midi soir", days=10)
    if float(stay.last("hemoglobine").value) < 10.5:
        stay.leave_with("fer", when="matin soir", days=60)
    stay.leave_with("enoxaparine_4000", dose=4000, when="soir", days=28)
    stay.rendezvous(
        "cons_digestif", 18, "consultation de chirurgie digestive avec les résultats", reason=tumour.code, hospital=stay.hospital
    )
    peak = stay.peak("crp")
    trouble = (
        f"Au {french.ordinal_day(6)}, fièvre ({stay.peak('temperature').figure}) et reprise du syndrome inflammatoire ont conduit à un scanner montrant une "
        f"fistule anastomotique contenue, traitée médicalement par {drugs} avec une bonne évolution. "
        if leak
        else s.pick("Suites opératoires simples dans le cadre d'une réhabilitation améliorée : lever le soir même, reprise du transit au deuxième jour. ",
                    "Reprise de l'alimentation le lendemain, transit au troisième jour, pas de complication. ")
    )  # fmt: skip
    stay.letter(
        reason=f"{tumour.operation} pour adénocarcinome du {tumour.where}",
        life=s.pick("Vit en couple, autonome.", f"Vit {w.either('seule', 'seul')}, enfants présents. Autonome.",
                    f"{w.either('Retraitée', 'Retraité')}, marche quotidienne. Indice OMS à 0."),
        story=("Tumeur découverte par le dépistage organisé." if case.screening else "Tumeur découverte devant une anémie ferriprive avec rectorragies.")
        + " Bilan d'extension négatif.",
        examination=f"À l'entrée : {stay.first('poids').said}, pression artérielle à {stay.pressure}, abdomen souple.",
        course=f"{french.upper_first(tumour.operation)} par cœlioscopie le {french.long_date(stay.start + timedelta(days=1))}, sans incident. {trouble}"
        f"CRP maximale à {peak.figure} le {french.ordinal_day(stay.day_of(peak))}, {stay.last('crp').figure} à la sortie. "
        f"{french.upper_first(stay.last('hemoglobine').said)}.",
        conclusion=f"Adénocarcinome du {tumour.where} opéré. Résultat anatomopathologique en attente à la sortie, dossier à présenter en RCP.",
        follow_up="Pansement par infirmière à domicile, ablation des fils à J12. Régime sans résidus trois semaines. Bas de contention.",
    )  # fmt: skip
    anapath = s.group.kinds["anapath"][0]
    emboli = "Emboles vasculaires présents. " if case.nodes else "Pas d'embole vasculaire ni d'engainement périnerveux. "
    stay.document(
        "anapath",
        [
            ("Pièce", f"Pièce de {tumour.operation}, {s.whole(18, 32)} cm. Tumeur ulcérobourgeonnante de {case.size} mm. Limites à distance."),
            ("Microscopie", f"Adénocarcinome lieberkühnien, infiltrant la sous-séreuse. {case.nodes} ganglion{'s' if case.nodes > 1 else ''} "
             f"métastatique{'s' if case.nodes > 1 else ''} sur {case.sampled} examinés. "
             f"{emboli}Limites saines. Phénotype MSS."),
            ("Conclusion", f"Adénocarcinome du {tumour.where}, {case.stage}, exérèse complète (R0)."),
        ],
        at=stay.start + timedelta(days=14, hours=5), by=s.pick(*anapath.doctors), unit=anapath,
    )  # fmt: skip
    return stay


def _decision(s: Story, case: Case, operation: Stay) -> None:
    w = s.w
    proposal = (
        f"Chimiothérapie adjuvante par FOLFOX simplifié, {CYCLES} cycles." if case.chemotherapy else "Pas de chimiothérapie adjuvante. Surveillance."
    )  # fmt: skip
    _meeting(s, operation, operation.start + timedelta(days=19), "après chirurgie", f"Adénocarcinome du {case.tumour.where}, {case.stage}, {case.nodes} "
             f"ganglion{'s' if case.nodes > 1 else ''} sur {case.sampled}.", proposal)  # fmt: skip
    appointment = operation.appointments[0]
    if appointment.at + timedelta(minutes=30) > s.limit:
        return
    visit = s.visit(
        "cons_digestif", appointment.at, case.tumour.code, appointment=appointment, reason_text="Consultation postopératoire"
    )
    visit.measure("poids", "temperature", at=visit.start + timedelta(minutes=4))
    visit.letter(
        reason=f"contrôle après {case.tumour.operation}",
        story="Bonne récupération, transit de deux selles par jour, pas de fièvre.",
        examination=f"Cicatrices propres, abdomen souple. {french.upper_first(visit.first('poids').said)}.",
        conclusion=f"Classement {case.stage}. {proposal} {w.The_patient} est d'accord.",
    )


def _surveillance(s: Story, case: Case, operation: Stay, last: datetime) -> None:
    """Twice a year: examination, ACE, scanner."""
    kind = "cons_onco" if case.chemotherapy else "cons_digestif"
    for turn in range(1, 7):
        at = s.office(last + timedelta(days=182 * turn - 40))
        appointment = s.appointment(
            kind, at, "consultation de surveillance avec scanner", booked=at - timedelta(days=170), reason="Z08.7"
        )
        if at + timedelta(minutes=150) > s.limit:
            return
        visit = s.visit(
            kind, at, "Z08.7", appointment=appointment, minutes=140, reason_text="Surveillance d'un cancer colique opéré"
        )
        visit.measure("poids", "pression", "pouls", at=visit.start + timedelta(minutes=4))
        visit.labs("nfs", "marqueurs_digestifs", "hepatique", "renal")
        visit.imaging("ZCQH001", "Scanner abdominopelvien", "Anastomose sans anomalie. Foie homogène, sans lésion focale. Pas d'adénopathie ni d'épanchement.",
                      "Absence de récidive locale ou à distance.", at=visit.start + timedelta(minutes=75))  # fmt: skip
        visit.letter(
            reason=f"surveillance d'un adénocarcinome du {case.tumour.where} ({case.stage}), opéré en {french.month(operation.start)}",
            story=s.pick("Pas de symptôme digestif, poids stable, bon appétit.", "Va bien, a repris une activité physique régulière."),
            examination=f"{french.upper_first(visit.first('poids').said)}, pression artérielle à {visit.pressure}. Abdomen souple, pas d'hépatomégalie.",
            biology=f"{french.upper_first(visit.first('ace').said)}, {visit.first('hemoglobine').said}, bilan hépatique normal."
            if visit.all("ace") else "",
            conclusion="Rémission complète persistante. Prochain contrôle dans six mois"
            + (" ; coloscopie de contrôle à un an de la chirurgie." if turn == 1 else "."),
        )  # fmt: skip


PATHWAY = Pathway(
    name="colorectal_cancer",
    title="Cancer du côlon",
    shares=(Share((50, 65), 7), Share((65, 86), 14)),
    present=(("chir_digestive", 4), ("hdj_onco", 6)),
    story=story,
)

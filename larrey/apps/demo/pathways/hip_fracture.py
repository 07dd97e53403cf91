"""A fall, a broken hip: emergency ward, theatre within two days, a week in orthopaedics, then rehabilitation."""

from __future__ import annotations

from datetime import timedelta

from larrey.apps.demo.pathways.pathway import Pathway, Share
from larrey.apps.demo.stories import Leg, Stay, Story, french


def story(s: Story) -> None:
    """The index stay, rehabilitation for most, and the surgeon's visit six weeks later."""
    w = s.w
    side = s.pick("droit", "gauche")
    before(s)
    intracapsular = s.chance(0.6)
    code = "S72.00" if intracapsular else "S72.10"
    fracture = f"fracture {'du col' if intracapsular else 'trochantérienne'} du fémur {side}"
    to_rehab = s.chance(0.72)
    rehab = Leg(s.pick("ssr_locomoteur", "ssr_geriatrie"), days=(20, 34))
    if s.present is not None and s.present.unit.kind.startswith("ssr"):
        to_rehab, rehab = True, Leg(s.present.unit.kind, days=(20, 34))
    stay = s.stay(
        code,
        [Leg("urgences", hours=(3, 9)), Leg("orthopedie", days=(7, 11))],
        leave="rehab" if to_rehab else "home",
        then=rehab if to_rehab else None,
        reason_text=french.upper_first(fracture),
    )
    delay = s.pick(1, 1, 1, 2)
    bleeding = s.between(2.2, 4.0)
    entry = s.between(11.6, 13.4)
    low = max(7.4, entry - bleeding)
    infection = s.chance(0.12)
    stay.course(
        hemoglobine=[(0, entry), (delay, entry - 0.6), (delay + 1, low), (delay + 3, low + 0.5), (10, low + 1.4)],
        crp=[(0, 8), (delay, 34), (delay + 2, s.between(120, 175)), (delay + 4, 78), (delay + 7, 26), (14, 12)],
        leucocytes=[(0, 10.4), (delay + 1, 11.8), (delay + 4, 8.4), (10, 7.2)],
        creatinine=[(0, 92), (delay + 1, 108), (6, 80)],
        sodium=[(0, 138), (3, 135), (8, 138)],
        albumine=[(0, 37), (3, 31), (9, 33)],
        vitamine_d=[(0, s.between(18, 42))],
        ck=[(0, s.between(180, 900)), (3, 210), (8, 110)],
        pouls=[(0, 92), (1, 88), (delay + 1, 90), (5, 78)],
        systolique=[(0, 148), (1, 138), (delay + 1, 118), (5, 130)],
        saturation=[(0, 95.5), (delay + 1, 94.5), (4, 96.5)],
        douleur=[(0, 8), (0.4, 4), (delay + 1, 5), (delay + 3, 3), (9, 1)],
        temperature=[(0, 36.8), (delay + 1, 37.6), (4, 37.0)],
    )
    main = stay.diagnosis(code, "main")
    stay.diagnosis("W01.0" if s.chance(0.6) else "W18.0", "other")
    stay.measure("poids", "taille", day=0.1)
    stay.vitals("douleur", rounds=2)
    stay.labs("nfs", "coagulation", "iono", "renal", "ck")
    stay.imaging(
        "NAQK071",
        f"Radiographies du bassin et de la hanche {side}e" if side == "droit" else "Radiographies du bassin et de la hanche gauche",
        f"Incidence de face du bassin et profil de la hanche. Solution de continuité {'cervicale, déplacée (Garden IV)' if intracapsular else 'du massif trochantérien, à deux fragments'}."
        " Déminéralisation osseuse diffuse. Pas d'autre lésion traumatique visible.",
        f"{french.upper_first(fracture)}.",
        day=0.08,
    )  # fmt: skip
    stay.imaging("ZBQK002", "Radiographie du thorax", "Cliché de face, couché. Index cardio-thoracique à la limite supérieure."
                 " Pas de foyer parenchymateux ni d'épanchement.", "Pas d'anomalie évolutive.", day=0.1)  # fmt: skip
    stay.act("DEQP003", day=0.06)
    operate(s, stay, side, delay, intracapsular=intracapsular)
    stay.labs("nfs", "crp", "iono", "renal", days=(delay + 1, delay + 3, delay + 5, 8))
    stay.labs("albumine", "vitamine_d", days=(2,))
    stay.prescribe("paracetamol_iv", every=6, days=2, reason=main)
    stay.prescribe("paracetamol", day=2, when="matin midi soir")
    stay.prescribe("oxycodone", every=6, days=3, needed="douleur supérieure à 4/10")
    stay.prescribe("cefazoline", day=delay, dose=2, every=24, days=1)
    stay.prescribe("enoxaparine_4000", day=delay, dose=4000, when="soir")
    stay.prescribe("macrogol", day=1, when="matin")
    s.alert("chute", stay.start + timedelta(hours=4), stay=stay)
    delirium = s.age(stay.start) > 82 and s.chance(0.3)
    if delirium:
        stay.diagnosis("F05.0", "other", day=delay + 1)
    transfused = low < 8.6
    if transfused:
        stay.act("FELF011", day=delay + 1.3, detail="2 concentrés de globules rouges")
        stay.diagnosis("D62", "other", day=delay + 1)
    if infection:
        stay.diagnosis("N39.0", "other", day=delay + 3)
        stay.prescribe("ceftriaxone", day=delay + 3, dose=1, every=24, days=5)
    s.condition("M80.0" if s.person.sex == "female" else "M81.9", stay.start, said="ostéoporose fracturaire", stay=stay)
    # What goes home, or to rehabilitation.
    stay.leave_with("paracetamol", when="matin midi soir", days=15)
    stay.leave_with("enoxaparine_4000", dose=4000, when="soir", days=35)
    stay.leave_with("calcium_vitamine_d", when="matin soir")
    follow = stay.rendezvous("cons_ortho", 45, "consultation de contrôle avec radiographies", reason=code)
    if stay.ended:
        peak, hb, last = stay.peak("crp"), stay.trough("hemoglobine"), stay.last("hemoglobine")
        stay.letter(
            reason=f"{fracture} après une chute de {s.pick('sa hauteur', 'plain-pied à domicile')}",
            life=s.pick(
                f"Vit {s.pick('seule', 'avec son conjoint') if w.female else s.pick('seul', 'avec son épouse')} en maison,"
                f" {s.pick('autonome pour les actes de la vie quotidienne', 'avec une aide ménagère deux fois par semaine')}."
                f" Marchait {s.pick('sans aide', 'avec une canne')} avant la chute.",
                f"{w.She} vit en appartement avec ascenseur, {s.pick('ses enfants sont présents', 'entourage proche et aidant')}."
                " Périmètre de marche conservé avant la chute.",
            ),
            story=s.pick(
                f"Chute mécanique le {french.long_date(stay.start)}, sans perte de connaissance ni traumatisme crânien, suivie d'une"
                f" impotence fonctionnelle totale du membre inférieur {side}.",
                f"{w.The_patient} a chuté de sa hauteur en se levant, sans prodrome. {w.She} n'a pas pu se relever et a été"
                f" {w.either('conduite', 'conduit')} aux urgences par les pompiers.",
            )
            + f" Douleur cotée à {stay.first('douleur').value}/10 à l'arrivée.",
            examination=f"Membre inférieur {side} raccourci et en rotation externe. Pas de déficit vasculo-nerveux d'aval."
            f" Pression artérielle à {stay.pressure}, {stay.first('pouls').said}, {stay.first('saturation').said} en air ambiant,"
            f" {stay.first('temperature').said}.",
            course=evolution(s, delay, delirium=delirium, transfused=transfused, infection=infection)
            + f" La CRP, mesurée à {peak.figure} le {french.ordinal_day(stay.day_of(peak))}, est à {stay.last('crp').figure} à la sortie."
            f" L'hémoglobine, au plus bas à {hb.figure}, remonte à {last.figure}.",
            conclusion=f"{french.upper_first(fracture)}, {'prothèse' if intracapsular else 'ostéosynthèse'} à J{delay}."
            f" {'Transfert en soins de suite et de réadaptation' if to_rehab else 'Retour à domicile avec kinésithérapie'}."
            " Ostéoporose fracturaire à traiter.",
            follow_up="Appui complet autorisé. Ablation des agrafes à J15. Kinésithérapie de marche quotidienne."
            " Traitement anti-ostéoporotique à discuter après bilan.",
        )
    if to_rehab:
        rehabilitation(s, stay, side, rehab)
    visit = s.visit("cons_ortho", follow.at, code, appointment=follow, reason_text="Contrôle après chirurgie de la hanche")
    control(s, visit, side)


def before(s: Story) -> None:
    """What she had before."""
    if s.chance(0.65):
        s.condition("I10", s.ago(5, 18), said="hypertension artérielle")
        s.prescribe("amlodipine", s.ago(2, 4))
        s.usual.shift("systolique", 10)
    if s.person.sex == "female" and s.chance(0.3):
        s.condition("E03.9", s.ago(5, 15), said="hypothyroïdie substituée")
        s.prescribe("levothyroxine", s.ago(2, 4))
    if s.chance(0.25):
        s.antecedent(s.pick("prothèse totale du genou", "cholécystectomie", "cataracte opérée"), s.ago(4, 12))


def operate(s: Story, stay: Stay, side: str, delay: int, *, intracapsular: bool) -> None:
    """The operation and its report."""
    if intracapsular:
        code, name = "NEKA011", "Prothèse intermédiaire de hanche"
        steps = (
            f"Voie d'abord postéro-latérale de Moore, patient en décubitus latéral. Capsulotomie en T. Extraction de la tête fémorale,"
            f" mesurée à {s.whole(43, 52)} mm. Préparation du fût fémoral à la râpe. Tige {s.pick('cimentée', 'sans ciment')} taille"
            f" {s.whole(9, 14)}. Réduction : hanche stable dans tous les secteurs, longueurs égales. Fermeture plan par plan."
        )
    else:
        code, name = "NBCA010", "Ostéosynthèse du massif trochantérien"
        steps = (
            "Installation sur table orthopédique, réduction sous amplificateur de brillance. Abord percutané au sommet du grand"
            f" trochanter. Clou trochantérien court, diamètre {s.whole(10, 12)} mm, vis cervicale de {s.whole(85, 105)} mm,"
            " verrouillage distal. Contrôle scopique satisfaisant de face et de profil. Fermeture."
        )
    loss = s.whole(15, 40) * 10
    stay.operation(
        code,
        f"{name} {side}e" if side == "droit" and intracapsular else f"{name}, côté {side}",
        [
            ("Indication", "Fracture déplacée de l'extrémité supérieure du fémur chez une personne âgée, indication opératoire en urgence différée."),
            ("Installation et anesthésie", s.pick("Rachianesthésie, décubitus adapté, antibioprophylaxie par céfazoline 2 g.",
                                                  "Anesthésie générale, bloc ilio-fascial antalgique, antibioprophylaxie par céfazoline 2 g.")),
            ("Technique", steps),
            ("Suites immédiates", f"Pertes sanguines estimées à {loss} mL. Réveil en salle de surveillance sans incident."
             " Appui total autorisé dès le lendemain."),
        ],
        day=delay,
        minutes=s.whole(45, 95),
        detail=f"Côté {side}",
    )  # fmt: skip


def evolution(s: Story, delay: int, *, delirium: bool, transfused: bool, infection: bool) -> str:
    """How the days in the ward went."""
    w = s.w
    parts = [f"Intervention à J{delay}, sans complication peropératoire. Premier lever le lendemain avec le kinésithérapeute."]
    if delirium:
        parts.append("Syndrome confusionnel postopératoire, résolutif en 72 heures avec des mesures non médicamenteuses.")
    if transfused:
        parts.append("Anémie aiguë postopératoire ayant motivé la transfusion de 2 concentrés de globules rouges, bien tolérée.")
    if infection:
        parts.append("Infection urinaire à Escherichia coli sensible, traitée par ceftriaxone pendant 5 jours.")
    if not (delirium or transfused or infection):
        parts.append(s.pick("Suites simples, cicatrice propre et sèche.", f"{w.She} est restée apyrétique." if w.female
                            else f"{w.She} est resté apyrétique."))  # fmt: skip
    parts.append(f"À la sortie, {w.she} marche {s.whole(20, 80)} mètres avec un déambulateur.")
    return " ".join(parts)


def rehabilitation(s: Story, stay: Stay, side: str, leg: Leg) -> None:
    """Three to five weeks of rehabilitation, in the hospital that has it."""
    care = s.stay("Z50.1", [leg], after=stay, entry="transfer", leave="home",
                  reason_text="Rééducation après fracture de l'extrémité supérieure du fémur")  # fmt: skip
    care.course(
        hemoglobine=[(0, 10.2), (14, 11.4), (30, 12.0)],
        crp=[(0, 22), (7, 9), (21, 4)],
        albumine=[(0, 33), (25, 36)],
        douleur=[(0, 3), (10, 2), (25, 1)],
    )
    care.diagnosis("Z50.1", "main")
    care.vitals("douleur", days=(0, 1, 3, 7, 10, 14, 17, 21, 24, 28))
    care.measure("poids", day=1)
    care.measure("poids", day=14)
    care.labs("nfs", "crp", "renal", days=(1, 8, 21))
    care.labs("albumine", days=(1, 21))
    care.prescribe("paracetamol", when="matin midi soir", days=21)
    care.prescribe("enoxaparine_4000", dose=4000, when="soir", days=28)
    care.leave_with("alendronate", weekly=True)
    if care.ended:
        w = s.w
        care.letter(
            reason=f"rééducation au décours d'une chirurgie de la hanche, côté {side}",
            course=f"Kinésithérapie quotidienne et ergothérapie. {w.The_patient} a repris la marche avec"
            f" {s.pick('une canne', 'un déambulateur')} sur {s.whole(100, 400)} mètres et monte un étage. Douleur passée de"
            f" {care.first('douleur').value}/10 à {care.last('douleur').value}/10. {french.upper_first(care.last('hemoglobine').said)}"
            f" en fin de séjour, {care.last('crp').said}.",
            conclusion="Objectifs de rééducation atteints, retour à domicile avec passage infirmier et kinésithérapie libérale."
            " Introduction d'un traitement anti-ostéoporotique.",
        )


def control(s: Story, visit: Stay, side: str) -> None:
    """The surgeon sees her again."""
    visit.imaging("NEQK010", f"Radiographie de la hanche, côté {side}", "Matériel en place, sans signe de mobilisation."
                  " Pas de calcification péri-articulaire.", "Contrôle satisfaisant.", day=0.002)  # fmt: skip
    visit.measure("poids", "douleur")
    visit.letter(
        reason="contrôle à six semaines d'une chirurgie de la hanche",
        course=s.pick(
            "Cicatrice souple. Hanche mobile et indolore, marche avec une canne.",
            "Évolution favorable : marche sans douleur, périmètre en progrès. Pas de trouble de longueur.",
        ),
        conclusion="Résultat satisfaisant. Poursuite de la kinésithérapie et du traitement de l'ostéoporose.",
    )


PATHWAY = Pathway(
    name="hip_fracture",
    title="Fracture de l'extrémité supérieure du fémur",
    shares=(Share((70, 80), 22, "female"), Share((80, 101), 70, "female"), Share((70, 101), 24, "male")),
    present=(("orthopedie", 5), ("ssr_locomoteur", 3), ("ssr_geriatrie", 2)),
    story=story,
)

"""A severe depression: emergency ward, psychiatric care without consent at the request of a third party (SDT), recovery.

The legal course follows the public health code (CSP, art. L. 3212-1 and following): two medical certificates and the request of
a third party, decision of the director, certificates at 24 and 72 hours, hearing before the judge within twelve days.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from larrey.apps.demo.pathways.pathway import Pathway, Share, known
from larrey.apps.demo.stories import Leg, Stay, Story, french
from larrey.apps.demo.structure import Professional

_LAW = "soins psychiatriques à la demande d'un tiers (SDT), article L. 3212-1 du code de la santé publique"


def story(s: Story) -> None:
    """Follow-up at the medico-psychological centre, the crisis, the stay, and the consultations after it."""
    psychotic, poisoned = s.chance(0.3), s.chance(0.4)
    recurrent = s.chance(0.45) and not psychotic
    code = "F32.3" if psychotic else "F33.2" if recurrent else "F32.2"
    _background(s, recurrent=recurrent)
    emergency = None if s.present is not None else _emergency(s, code, psychotic=psychotic, poisoned=poisoned)
    stay = _constraint(s, emergency, code, psychotic=psychotic, poisoned=poisoned)
    _after(s, stay, code)


def _background(s: Story, *, recurrent: bool) -> None:
    if recurrent:
        s.antecedent("épisode dépressif traité en ambulatoire", s.ago(5, 12))
    if s.chance(0.25):
        s.antecedent("tentative de suicide médicamenteuse", s.ago(5, 15))
        s.condition("Z91.5", s.ago(4.5, 8), said="antécédent de geste auto-agressif")
    if s.age() > 50 and s.chance(0.5) and not known(s, "hypertension"):
        s.condition("I10", s.ago(4.5, 10), said="hypertension artérielle")
        s.prescribe("ramipril", s.ago(4.2, 4.4), when="matin")
    if s.chance(0.2) and not known(s, "hypothyroïdie"):
        s.condition("E03.9", s.ago(4.5, 10), said="hypothyroïdie substituée")
        s.prescribe("levothyroxine", s.ago(4.2, 4.4), when="matin")


def _circumstances(s: Story, *, psychotic: bool) -> str:
    w = s.w
    loss = s.pick(
        f"une séparation conjugale difficile, {w.the_patient} s'étant progressivement {w.either('isolée', 'isolé')}",
        "des difficultés professionnelles avec arrêt de travail prolongé",
        "le décès d'un proche survenu l'hiver dernier",
    ) if s.age() < 65 else s.pick("le décès de son conjoint" if w.female else
        "le décès de son épouse", "l'entrée en institution de sa sœur aînée",
                                  "un déménagement subi, loin de ses habitudes")  # fmt: skip
    text = (
        f"Depuis environ deux mois, dans les suites de ce qu'{w.she} décrit comme {loss}, tristesse constante, perte d'élan, "
        "insomnie du petit "
        f"matin et perte d'appétit. {w.She} ne sort plus, ne répond plus au téléphone."
    )
    if psychotic:
        text += (
            f" Depuis une semaine, conviction d'être {w.either('ruinée', 'ruiné')} et de devoir expier une faute, mutisme "
            "par moments, refus de "
            "s'alimenter."
        )
    return text


def _emergency(s: Story, code: str, *, psychotic: bool, poisoned: bool) -> Stay:
    """The general emergency ward, until a psychiatrist has seen her and the certificates are written."""
    w = s.w
    adour = s.hospital.key == "adour"
    stay = s.stay(
        "X61" if poisoned else code, [Leg("urgences", hours=(3, 6)), Leg("uhcd", hours=(9, 20))] if poisoned else [Leg(
            "urgences", hours=(6, 14))],
        encounter_class="EMER", leave="psychiatry", hospital=s.group.hospitals["adour" if adour else "chu"],
        reason_text="Intoxication médicamenteuse volontaire" if poisoned else "Syndrome dépressif, idées suicidaires",
    )  # fmt: skip
    stay.course(
        pouls=[(0, 98), (0.5, 82)], systolique=[(0, 108 if poisoned else 138), (0.5, 122)],
        saturation=[(0, 95 if poisoned else 98), (0.5, 97)],
        glasgow=[(0, 12 if poisoned else 15), (0.3, 15)], alcoolemie=[(0, 0.62 if poisoned else 0.05)],
    )  # fmt: skip
    stay.diagnosis(code, "main")
    if poisoned:
        stay.diagnosis("X61", "other")
    for hours in (0.3, 2, 5, 9):
        stay.measure("pouls", "pression", "temperature", "saturation", "respiration", at=stay.start + timedelta(hours=hours))
    stay.measure("glasgow", day=0)
    stay.labs("nfs", "iono", "renal", "hepatique", "alcoolemie", "tsh", "glycemie")
    stay.act("DEQP003", day=0.02, detail="Rythme sinusal, QT corrigé normal.")
    s.alert("suicidaire", stay.start + timedelta(hours=2), until=stay.end + timedelta(days=19), stay=stay)
    if not poisoned:
        stay.prescribe("oxazepam", every=8, days=1, needed="angoisse")
    if stay.ended:
        delusion = " avec idées délirantes congruentes à l'humeur" if psychotic else ""
        stay.letter(
            kind="urgences",
            reason="intoxication médicamenteuse volontaire" if poisoned else "idées suicidaires et refus de soins",
            story=_circumstances(s, psychotic=psychotic) + (
                f" Ingestion dans la soirée d'environ {s.whole(15, 30)} comprimés d'oxazépam, "
                f"{w.either('retrouvée', 'retrouvé')} par un proche."
                if poisoned else f" {w.either('Amenée', 'Amené')} par un proche après la découverte d'une lettre d'adieu."
            ),
            examination=f"Pression artérielle à {stay.pressure}, {stay.first('pouls').said}, "
                        f"{stay.first('saturation').said}, score de Glasgow "
                        f"{stay.first('glasgow').value}/15. Contact ralenti, mimique figée, discours pauvre. Idées "
                        "suicidaires actives, "
                        f"scénarisées. {w.She} refuse l'hospitalisation qui lui est proposée.",
            course=f"Surveillance simple, sans complication somatique. {french.upper_first(stay.first('alcoolemie').said)}, "
                   f"{stay.first('potassium').said}, {stay.first('tsh').said}. Évaluation par le psychiatre de liaison : "
                   "épisode dépressif sévère"
                   f"{delusion}, risque suicidaire élevé, consentement impossible à "
                   "recueillir. Un proche formule une demande de soins ; deux certificats médicaux sont établis.",
            conclusion=f"Transfert à l'hôpital Pussin en {_LAW}.",
        )  # fmt: skip
    return stay


def _constraint(s: Story, emergency: Stay | None, code: str, *, psychotic: bool, poisoned: bool) -> Stay:
    """Care without consent, then free hospitalisation in an open ward."""
    w = s.w
    pussin = s.group.hospitals["pussin"]
    closed = s.between(9, 14)
    stay = s.stay(
        code, [Leg("psy_fermee", days=closed), Leg("psychiatrie", days=(12, 24))], after=emergency, hospital=pussin,
        entry="transfer" if emergency else "emergency", reason_text="Épisode dépressif sévère, soins à la demande d'un tiers",
        title="Hospitalisation complète en psychiatrie",
    )  # fmt: skip
    stay.course(pouls=[(0, 88), (10, 74)], systolique=[(0, 128), (10, 122)], albumine=[(0, 35), (25, 40)])
    psychiatrists = stay.movements[0].unit.doctors
    first, second, third = psychiatrists[0], psychiatrists[1 % len(psychiatrists)], psychiatrists[2 % len(psychiatrists)]
    stay.diagnosis(code)
    usual = s.body.excess
    s.body.excess = usual - s.between(3, 7)
    stay.measure("poids", "taille", day=0)
    for number in range(7, stay.days + 1, 7):
        s.body.excess = min(usual, s.body.excess + 0.9)
        stay.measure("poids", day=number)
    stay.vitals(days=[*range(int(closed) + 1), *range(int(closed) + 3, stay.days + 1, 4)])
    stay.labs("nfs", "iono", "renal", "hepatique", "tsh", "albumine", "vitamines", days=(1,))
    stay.labs("iono", "hepatique", days=(10, 24))
    stay.labs("albumine", days=(24,))
    stay.act("DEQP003", day=1, detail="Rythme sinusal, QT corrigé normal avant psychotropes.")
    if emergency is None:
        s.alert("suicidaire", stay.start, until=stay.start + timedelta(days=19), stay=stay)
    s.alert("fugue", stay.start, until=stay.start + timedelta(days=closed), stay=stay)
    _certificates(stay, (first, second, third), psychotic=psychotic)
    drug = _drugs(stay, closed, psychotic=psychotic)
    if not stay.ended:
        return stay
    stay.doctor = s.pick(*stay.unit.doctors)
    stay.leave_with("venlafaxine", dose=2, when="matin")
    if psychotic:
        stay.leave_with("quetiapine", when="coucher")
    else:
        stay.leave_with("mirtazapine", when="coucher")
    stay.rendezvous("cmp", 6, "consultation au centre médico-psychologique", hospital=pussin)
    stay.rendezvous("cmp", 27, "consultation au centre médico-psychologique", hospital=pussin)
    weights = stay.all("poids")
    stay.letter(
        reason="épisode dépressif sévère" + (" avec symptômes psychotiques" if psychotic else "") +
            ", admission en soins à la demande d'un tiers",
        life=s.pick(
            f"Vit {w.either('seule', 'seul')} en appartement. Un frère présent, deux amis proches.",
            f"Vit en couple, deux enfants. {w.either('Employée', 'Employé')} de bureau, en arrêt de travail." if s.age() < 62
            else f"{w.either('Retraitée', 'Retraité')}, vit en maison individuelle, famille à proximité.",
        ),
        story=_circumstances(s, psychotic=psychotic) + (
            " Geste suicidaire médicamenteux ayant conduit aux urgences." if poisoned else
                                    " Verbalisation d'idées suicidaires avec scénario, refus de soins."),
        examination="À l'admission : présentation négligée, ralentissement psychomoteur, douleur morale intense, réticence. "
                    "Idées suicidaires "
                    f"présentes. {'Idées délirantes de ruine et de culpabilité. ' if psychotic else ''}Pas de trouble de la "
                    "vigilance. "
                    f"Examen somatique sans particularité : pression artérielle à {stay.pressure}, {weights[0].said}.",
        course=(
            f"Mesure : admission en {_LAW}, sur décision du directeur de l'établissement. Certificats de 24 heures et de 72 "
            "heures "
            "concluant au maintien en hospitalisation complète. Audience devant le juge du tribunal judiciaire avant le douzième "
            "jour : mesure maintenue. "
            f"Mesure levée le {french.long_date(stay.movements[0].end)} devant l'adhésion aux soins ; poursuite en soins "
            "libres.\n"
            f"Traitement : venlafaxine à doses progressives, {drug}. Tolérance correcte, pas d'effet sur la conduction "
            "cardiaque.\n"
            + s.pick(
                "Entretiens infirmiers et médicaux quotidiens, activités thérapeutiques, entretiens avec la famille. Le "
                "sommeil s'améliore dès la "
                "deuxième semaine, l'élan revient ensuite, les idées suicidaires disparaissent et sont critiquées.",
                f"L'amélioration est progressive : {w.she} retrouve l'appétit puis le goût des activités. Permissions de fin "
                "de semaine bien "
                "vécues. Les idées suicidaires ne sont plus exprimées depuis dix jours.",
            )
            + f" Le poids passe de {weights[0].figure} à {weights[-1].figure}."
        ),
        conclusion=f"Épisode dépressif sévère{' avec symptômes psychotiques' if psychotic else ''}, en voie de rémission. "
                   "Retour au domicile avec "
                   "l'accord de l'entourage. Plan de crise remis. Traitement à poursuivre au moins un an.",
        follow_up="Numéro national de prévention du suicide (3114) remis. Appel téléphonique par l'équipe dans les dix jours.",
    )  # fmt: skip
    return stay


def _drugs(stay: Stay, closed: float, *, psychotic: bool) -> str:
    """Prescriptions of the stay; returns what the letter says of the drug beside venlafaxine."""
    stay.prescribe("cyamemazine", dose=1, when="matin midi coucher", days=7)
    stay.prescribe("oxazepam", dose=1, when="matin midi soir", days=14)
    stay.prescribe("venlafaxine", day=1, dose=1, when="matin", days=7)
    stay.prescribe("venlafaxine", day=8, dose=2, when="matin")
    stay.prescribe("enoxaparine_4000", day=1, dose=4000, when="soir", days=6, needed="alitement")
    if psychotic:
        stay.prescribe("quetiapine", day=3, dose=1, when="coucher")
        return "associée à la quétiapine au coucher"
    stay.prescribe("mirtazapine", day=int(closed), dose=1, when="coucher")
    return "puis mirtazapine au coucher"


def _by(stay: Stay, hours: int) -> datetime:
    """By day, before ``hours`` have gone by since admission."""
    limit = stay.start + timedelta(hours=hours)
    at = limit.replace(hour=10, minute=stay.story.whole(0, 59))
    return at if at < limit else (limit - timedelta(days=1)).replace(hour=17, minute=stay.story.whole(0, 59))


def _certificates(stay: Stay, psychiatrists: tuple[Professional, ...], *, psychotic: bool) -> None:
    """The documents the law asks for, by the psychiatrists of the ward."""
    s = stay.story
    w, person = s.w, s.person
    first, second, third = psychiatrists
    who = f"{w.title} {person.shown}, {w.born} le {french.long_date(person.born)}"
    sign = "Certificat établi pour servir et valoir ce que de droit, sur demande du directeur de l'établissement."

    def certificate(title: str, at: datetime, author: Professional, found: str, concluded: str) -> None:
        if not stay.holds(at):
            return
        stay.document(
            "soins",
            [
                ("Cadre légal", french.upper_first(_LAW) + "."),
                ("Constatations", (f"Je soussigné{'e' if author.female else ''}, {author.shown}, psychiatre, certifie avoir "
                                  "examiné ce jour, "
                 f"{french.long_date(at)} à {french.clock(at)}, {who}. {found}")),
                ("Conclusion", concluded),
            ],
            at=at, by=author, title=title, closing=sign,
        )  # fmt: skip

    delusion = "Idées délirantes de ruine et d'indignité, adhésion totale. " if psychotic else ""
    certificate(
        "Certificat médical des vingt-quatre heures", _by(stay, 24), first,
        f"{w.either('Patiente', 'Patient')} au contact réticent, présentant un ralentissement psychomoteur, une tristesse de "
        "l'humeur et une douleur "
        f"morale majeures. {delusion}Les idées suicidaires restent présentes, non critiquées. {w.She} ne reconnaît pas la "
        "nécessité des soins. "
        "L'examen somatique ne retrouve pas de contre-indication.",
        "Les troubles rendent impossible son consentement et imposent des soins immédiats assortis d'une surveillance "
        "médicale constante. Les soins "
        "psychiatriques sont à maintenir en hospitalisation complète.",
    )  # fmt: skip
    certificate(
        "Certificat médical des soixante-douze heures", _by(stay, 72), second,
        f"L'anxiété est un peu apaisée par le traitement. La tristesse, le pessimisme et l'aboulie persistent. {delusion}Les "
        "idées suicidaires sont moins "
        f"envahissantes mais {w.she} ne peut s'en distancier. L'adhésion aux soins est fluctuante et l'ambivalence importante.",
        "Les soins psychiatriques à la demande d'un tiers sont à maintenir, sous la forme d'une hospitalisation complète.",
    )  # fmt: skip
    certificate(
        "Avis motivé avant l'audience du juge du tribunal judiciaire", stay.day(7).replace(hour=s.whole(9, 12)), third,
        f"Amélioration partielle : {w.she} dort mieux et accepte de parler de son geste et de sa souffrance. La conscience "
        "des troubles reste incomplète. "
        f"L'état de santé {w.either('de la patiente', 'du patient')} permet son audition par le juge.",
        "La mesure d'hospitalisation complète reste justifiée dans l'attente d'une consolidation de l'amélioration.",
    )  # fmt: skip
    certificate(
        "Certificat de levée de la mesure de soins à la demande d'un tiers",
        stay.movements[0].end - timedelta(minutes=s.whole(40, 120)), first,
        f"L'humeur s'est nettement améliorée. {w.She} critique ses idées suicidaires, reconnaît le caractère pathologique de "
        "son état et demande à poursuivre "
        "les soins. Les proches sont rassurés.",
        "Les conditions de l'article L. 3212-1 ne sont plus réunies : la levée de la mesure est demandée. Les soins se "
        "poursuivent librement.",
    )  # fmt: skip


def _after(s: Story, stay: Stay, code: str) -> None:
    """Consultations at the centre: those of the letter, then every six weeks for some months."""
    if not stay.ended:
        return
    w = s.w
    appointments = list(stay.appointments)
    after = 27
    for _ in range(s.whole(2, 4)):
        after += s.whole(38, 48)
        at = s.office(stay.end + timedelta(days=after))
        appointments.append(s.appointment("cmp", at, "consultation au centre médico-psychologique", hospital=stay.hospital))
        if at > s.now:
            break
    for number, appointment in enumerate(appointments):
        if appointment.at + timedelta(hours=1) > s.limit:
            break
        visit = s.visit(
            "cmp", appointment.at, code, minutes=50, appointment=appointment, reason_text="Suivi d'un épisode dépressif"
        )
        visit.measure("poids", "pression")
        if number == 2:
            visit.labs("iono", "hepatique")
        visit.letter(
            reason="suivi après une hospitalisation pour épisode dépressif sévère",
            course=(
                f"{w.She} décrit une fatigabilité et des nuits encore courtes. Pas d'idée suicidaire. Le lien avec l'équipe "
                "est bon."
                if number < 2
                else s.pick(
                    f"Humeur stable, reprise des activités et des relations. {w.She} dort sept heures par nuit.",
                    f"{w.The_patient} va bien, envisage une reprise du travail à temps partiel thérapeutique."
                    if s.age() < 62 else
                    f"{w.The_patient} va bien, a repris la marche et la chorale.",
                )
            ) + f" Pression artérielle à {visit.pressure} sous venlafaxine, {visit.first('poids').said}.",
            conclusion=s.pick("Poursuite du traitement à la même dose.",
                "Évolution favorable, traitement inchangé, psychothérapie en cours."),
        )  # fmt: skip
    if s.alive and all(one.at < s.now for one in appointments):
        s.appointment(
            "cmp",
            s.office(s.today + timedelta(days=s.whole(8, 50))),
            "consultation au centre médico-psychologique",
            hospital=stay.hospital,
        )


PATHWAY = Pathway(
    name="depression",
    title="Dépression sévère, soins à la demande d'un tiers",
    shares=(Share((20, 45), 5), Share((45, 85), 7)),
    present=(("psychiatrie", 5), ("psy_fermee", 3)),
    story=story,
)

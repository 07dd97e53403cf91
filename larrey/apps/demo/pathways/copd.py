"""Chronic obstructive pulmonary disease: consultations with spirometry, exacerbations over the years, rehabilitation."""

from __future__ import annotations

from datetime import datetime, timedelta

from larrey.apps.demo.pathways.pathway import Pathway, Share, known
from larrey.apps.demo.stories import Leg, Stay, Story, french
from larrey.apps.demo.stories.appointments import Appointment


def story(s: Story) -> None:
    """One to four exacerbations in the last years, the worst with non-invasive ventilation; consultations between them."""
    place = s.present.unit.kind if s.present is not None else ""
    packs = s.whole(28, 70)
    quit_ = s.chance(0.55)
    since = s.ago(5, 12)
    severity = s.between(0, 1)
    s.condition("J44.9", since, said=f"bronchopneumopathie chronique obstructive post-tabagique ({packs} paquets-années)")
    if quit_:
        s.antecedent("sevrage tabagique", s.ago(4.1, 6))
    else:
        s.condition("F17.2", since - timedelta(days=6000), said="tabagisme actif")
    if s.chance(0.5) and not known(s, "hypertension"):
        s.condition("I10", s.ago(5, 12), said="hypertension artérielle")
        s.prescribe("amlodipine", s.ago(2, 5))
    for key, by in (("vems", -1.6 - 0.5 * severity), ("cvf", -0.6 - 0.3 * severity), ("saturation", -2.2 - severity),
                    ("paco2", 2 + 4 * severity), ("pao2", -14 - 8 * severity), ("respiration", 2)):  # fmt: skip
        s.usual.shift(key, by)
    s.body.excess = s.pick(-6.0, -3.0, 0.0, 5.0)
    base = "beclometasone_formoterol_glycopyrronium" if severity > 0.45 else "umeclidinium_vilanterol"
    started = s.ago(4, 5)
    if severity > 0.45:
        s.prescribe(base, started, dose=2, when="matin soir")
    else:
        s.prescribe(base, started, dose=1, when="matin")
    s.prescribe("salbutamol", started, dose=2, every=6, needed="gêne respiratoire")
    # The latest exacerbation first: it is the one of today, for someone who is in hospital now.
    severe = place == "usc" or (severity > 0.5 and s.chance(0.5))
    start = None
    if place == "ssr_cardio":
        start = s.now - timedelta(days=s.between(16, 26))
    elif s.present is None:
        start = s.ago(0.1, 1.1).replace(hour=s.whole(0, 23))
    life = s.pick(
        f"Vit {s.w.either('seule', 'seul')} en appartement, deux étages sans ascenseur. Dyspnée de stade 3 de la mMRC à l'état de base.",
        "Vit en couple, maison de plain-pied. Dyspnée de stade 2 de la mMRC à l'état de base.",
        f"{s.w.either('Retraitée', 'Retraité')} {s.pick('du bâtiment', 'de la restauration')}. Marche limitée à cent mètres à l'état de base.",
        f"{s.w.either('Ancienne coiffeuse', 'Ancien chauffeur routier')}. {s.w.either('Essoufflée', 'Essoufflé')} à la montée d'un étage.",
    )  # fmt: skip
    latest = _exacerbation(s, start, life, severe=severe, rehabilitation=place == "ssr_cardio" or s.chance(0.3))
    before = latest.start
    for _ in range(s.pick(0, 1, 1, 2)):
        before -= timedelta(days=s.between(150, 420))
        if (s.now - before).days < 1400:
            _exacerbation(
                s, before.replace(hour=s.whole(0, 23)), life, severe=severity > 0.6 and s.chance(0.25), rehabilitation=False
            )
    _consultations(s, latest, smoker=not quit_)


def _exacerbation(s: Story, start: datetime | None, life: str, *, severe: bool, rehabilitation: bool) -> Stay:
    infection = s.chance(0.7)
    code = "J44.0" if infection else "J44.1"
    general = s.present is not None and s.present.unit.kind == "medecine"
    legs = [Leg("urgences", hours=(3, 8)), Leg("medecine" if general else "pneumologie", days=(6, 10))]
    if severe:
        legs.insert(1, Leg("usc", days=(2, 4)))
    stay = s.stay(
        code, legs, start=start, leave="rehab" if rehabilitation else "home",
        reason_text=s.pick("Dyspnée aiguë, BPCO connue", "Exacerbation de BPCO", "Détresse respiratoire aiguë"
                           if severe else "Majoration de la dyspnée et de la toux"),
    )  # fmt: skip
    if not stay.exists:
        return stay
    _values(s, stay, severe=severe, infection=infection)
    stay.diagnosis(code)
    if severe:
        stay.diagnosis("J96.01", "other")
        for day in range(3):
            stay.act(
                "GLLD012",
                day=day + 0.2,
                detail="Ventilation non invasive, séances de 3 heures, aide inspiratoire 14 cmH2O, PEP 5 cmH2O",
            )
    stay.act("DEQP003", day=0.02)
    stay.measure("poids", "taille", day=0.15)
    stay.vitals("respiration", "debit_o2", days=(0, 0.1, 0.25, 0.5))
    stay.vitals("respiration", "debit_o2", days=(1, 2, 3), rounds=2 if severe else 1)
    stay.vitals("debit_o2", days=range(4, 16))
    gases: tuple[float, ...] = (0.01, 0.12, 0.3, 1, 2, 3, 6) if severe else (0.01, 1, 4)
    for moment in gases:
        stay.act("GLHF001", day=moment)
    stay.labs("gazometrie", days=gases)
    stay.labs("nfs", "iono", "renal", "crp", days=(0.02, 2, 5, 8))
    stay.labs("bnp", "troponine", "hepatique", "glycemie", days=(0.02,))
    film = (
        ("Opacité alvéolaire systématisée du lobe inférieur droit. Distension thoracique, coupoles aplaties. Pas d'épanchement pleural.",
         "Pneumopathie du lobe inférieur droit sur distension thoracique.")
        if infection and s.chance(0.4)
        else ("Distension thoracique avec hyperclarté des champs pulmonaires et coupoles aplaties. Pas de foyer alvéolaire, "
              "pas d'épanchement. Index cardio-thoracique normal.", "Distension thoracique sans foyer infectieux.")
    )  # fmt: skip
    stay.imaging("ZBQK002", "Radiographie du thorax", *film, day=0.05)
    if infection:
        if "pénicilline" in s.allergies:
            stay.prescribe("ceftriaxone", day=0.2, dose=1, every=24, days=5)
        else:
            stay.prescribe("amoxicilline_clavulanique", day=0.2, days=7, when="matin midi soir")
    stay.prescribe("salbutamol_nebul", day=0.02, every=4 if severe else 6, days=4)
    stay.prescribe("ipratropium_nebul", day=0.02, every=6, days=4)
    stay.prescribe("prednisolone", day=0.1, dose=2, days=5)
    stay.prescribe("enoxaparine_4000", day=0.4, dose=4000, when="soir")
    stay.prescribe("paracetamol", day=0.4, when="matin midi soir", needed="douleur ou fièvre")
    if rehabilitation and stay.ended:
        _rehabilitation(s, stay)
    else:
        stay.rendezvous("cons_pneumo", 42, "consultation de pneumologie avec spirométrie", reason="J44.9")
    if stay.ended:
        _letter(s, stay, life, severe=severe, infection=infection, rehabilitation=rehabilitation)
    return stay


def _values(s: Story, stay: Stay, *, severe: bool, infection: bool) -> None:
    stay.course(
        saturation=[(0, 82 if severe else 87), (0.12, 90), (2, 91), (5, 93), (9, 94)],
        respiration=[(0, 32 if severe else 27), (0.5, 26), (2, 22), (6, 18)],
        debit_o2=[(0, 3 if severe else 2), (2, 2), (4, 1), (6, 0)],
        pouls=[(0, 118 if severe else 106), (1, 98), (4, 84)],
        systolique=[(0, 152), (1, 138), (4, 130)],
        temperature=[(0, 38.4 if infection else 37.2), (2, 37.4), (4, 36.8)],
        ph=[(0, 7.28), (0.3, 7.32), (1, 7.36), (3, 7.4)] if severe else [(0, 7.37), (1, 7.39), (4, 7.41)],
        paco2=[(0, 71), (0.3, 63), (1, 55), (3, 48), (8, 44)] if severe else [(0, 48), (1, 46), (4, 44)],
        pao2=[(0, 49), (0.12, 62), (2, 64), (6, 68)] if severe else [(0, 56), (1, 64), (4, 68)],
        crp=[(0, s.between(55, 140)), (1, 110), (3, 52), (6, 14), (9, 6)] if infection else [(0, 14), (2, 12), (6, 4)],
        leucocytes=[(0, 13.8), (2, 12.4), (6, 8.6)] if infection else [(0, 9.4), (2, 11.6), (7, 8.2)],
        glycemie=[(0, 7.4), (3, 8.2), (7, 5.8)],
        hemoglobine=[(0, 15.6), (8, 15.1)],
    )  # fmt: skip


def _letter(s: Story, stay: Stay, life: str, *, severe: bool, infection: bool, rehabilitation: bool) -> None:
    w = s.w
    gases = f"pH à {stay.first('ph').figure}, PaCO2 à {stay.first('paco2').figure}, PaO2 à {stay.first('pao2').figure}"
    after = f"pH à {stay.last('ph').figure}, PaCO2 à {stay.last('paco2').figure}, PaO2 à {stay.last('pao2').figure}"
    oxygen = s.pick("L'oxygène a pu être sevré progressivement.", "Sevrage de l'oxygène obtenu avant la sortie.")
    ventilation = (
        f"Devant l'acidose respiratoire ({gases}), {w.the_patient} a été {w.either('admise', 'admis')} en surveillance continue et a reçu de "
        f"la ventilation non invasive en séances de trois heures, bien tolérée, avec une amélioration gazométrique rapide "
        f"(contrôle en fin de prise en charge : {after})."
        if severe
        else f"Le traitement a associé bronchodilatateurs nébulisés, corticothérapie courte par prednisolone 40 mg par jour pendant "
        f"cinq jours et kinésithérapie respiratoire. Les gaz du sang se sont améliorés ({after})."
    )
    antibiotics = (
        "La ceftriaxone a été prescrite pour cinq jours, en raison de l'allergie à la pénicilline"
        if "pénicilline" in s.allergies
        else "L'amoxicilline/acide clavulanique a été prescrite pour sept jours"
    )
    antibiotic = (
        f" {antibiotics}, avec une baisse de la CRP de {stay.peak('crp').figure} à "
        f"{stay.last('crp').figure}." if infection else " Il n'a pas été prescrit d'antibiotique en l'absence de purulence des expectorations."
    )  # fmt: skip
    origin = " d'origine infectieuse" if infection else ""
    stay.letter(
        reason=s.pick("exacerbation de BPCO", "dyspnée aiguë sur BPCO connue",
                      "exacerbation hypercapnique de BPCO" if severe else "majoration de la dyspnée sur BPCO"),
        life=life,
        story=s.pick(
            f"Depuis {s.whole(3, 6)} jours, majoration de la toux et de la dyspnée, avec des expectorations devenues "
            f"{'purulentes' if infection else 'plus abondantes mais claires'}. Échec de l'augmentation du salbutamol.",
            f"Rhinopharyngite il y a une semaine, puis aggravation progressive de la dyspnée, devenue permanente. "
            f"Expectorations {'verdâtres' if infection else 'blanchâtres'}.",
        ),
        examination=f"À l'arrivée : {stay.first('saturation').said} en air ambiant, {stay.first('respiration').said}, "
        f"{stay.first('pouls').said}, pression artérielle à {stay.pressure}, {stay.first('temperature').said}. "
        f"{'Tirage, respiration abdominale paradoxale, astérixis.' if severe else 'Sibilants diffus, temps expiratoire allongé, sans signe de lutte majeur.'}"
        f" Gaz du sang : {gases}.",
        course=ventilation + antibiotic + " " + oxygen,
        conclusion=f"Exacerbation {'sévère, hypercapnique, ' if severe else ''}de BPCO"
        f"{origin}, d'évolution favorable."
        f"{' Transfert en réadaptation respiratoire.' if rehabilitation else ' Retour à domicile.'}",
        follow_up=s.pick("Vaccinations antigrippale et antipneumococcique à vérifier. Kinésithérapie respiratoire en ville.",
                         "Technique d'inhalation revue avec le patient." if not w.female else "Technique d'inhalation revue avec la patiente.",
                         "Activité physique quotidienne encouragée. Consultation en cas de majoration de la dyspnée ou de fièvre."),
    )  # fmt: skip


def _rehabilitation(s: Story, acute: Stay) -> None:
    w = s.w
    stay = s.stay("Z50.1", [Leg("ssr_cardio", days=(20, 26))], after=acute, entry="transfer", leave="home",
                  reason_text="Réadaptation respiratoire après une exacerbation de BPCO")  # fmt: skip
    if not stay.exists:
        return
    stay.course(respiration=[(0, 19), (20, 16)], saturation=[(0, 92.5), (20, 94)])
    stay.diagnosis("Z50.1")
    stay.measure("poids", "vems", "cvf", "tiffeneau", day=1)
    stay.vitals("respiration", days=range(0, 27, 2))
    stay.labs("nfs", "iono", "crp", "gazometrie", days=(1, 14))
    stay.act("GLQP012", day=1)
    stay.rendezvous("cons_pneumo", 40, "consultation de pneumologie avec spirométrie", reason="J44.9")
    if stay.ended:
        walk = s.whole(18, 32) * 10
        stay.letter(
            reason="réadaptation respiratoire après une exacerbation de BPCO",
            story=f"Transfert du service de pneumologie ({acute.hospital.short}) après une hospitalisation du {french.long_date(acute.start)} au "
            f"{french.long_date(acute.end)}.",
            course=f"Réentraînement à l'effort sur cycle et tapis, renforcement musculaire, éducation thérapeutique, aide au sevrage tabagique. "
            f"Le test de marche de six minutes est passé de {walk} à {walk + s.whole(4, 9) * 10} mètres. "
            f"{french.upper_first(stay.first('vems').said)} ({stay.first('tiffeneau').said}).",
            conclusion=f"Amélioration de la tolérance à l'effort. {w.The_patient} rentre à domicile avec un programme d'activité physique adaptée.",
        )


def _consultations(s: Story, latest: Stay, *, smoker: bool) -> None:
    """After each stay, once a year besides when she is not in hospital, and the one to come."""
    for appointment in [one for stay in s.stays for one in stay.appointments]:
        if appointment.at <= s.limit:
            _consultation(s, appointment.at, smoker=smoker, appointment=appointment)
    at = s.now - timedelta(days=1350)
    while at < s.now:
        at = s.office(at + timedelta(days=s.whole(260, 390)))
        if any(one.exists and one.start - timedelta(days=45) <= at <= one.end + timedelta(days=45) for one in s.stays):
            continue
        if at >= s.now:
            break
        _consultation(s, at, smoker=smoker)
    if latest.ended and not any(one.at > s.now for stay in s.stays for one in stay.appointments):
        s.appointment("cons_pneumo", s.office(s.now + timedelta(days=s.whole(20, 150))), "consultation de pneumologie avec spirométrie",
                      booked=s.now - timedelta(days=s.whole(2, 30)), reason="J44.9")  # fmt: skip


def _consultation(s: Story, at: datetime, *, smoker: bool, appointment: Appointment | None = None) -> None:
    w = s.w
    visit = s.visit("cons_pneumo", at, "J44.9", reason_text="Suivi d'une BPCO", minutes=40, appointment=appointment)
    if visit.end > s.limit:
        return
    visit.measure("pression", "pouls", "saturation", "poids", at=visit.start + timedelta(minutes=3))
    visit.act("GLQP012", at=visit.start + timedelta(minutes=12))
    visit.measure("vems", "cvf", "tiffeneau", at=visit.start + timedelta(minutes=14))
    s.usual.shift("vems", -0.025)
    gases = s.chance(0.4)
    if gases:
        visit.act("GLHF001", at=visit.start + timedelta(minutes=25))
        visit.labs("gazometrie", days=(0,))
    vems, ratio = visit.first("vems"), visit.first("tiffeneau")
    degree = "sévère" if vems.value < 1 else "modéré à sévère" if vems.value < 1.4 else "modéré"
    blood = (
        f" Gaz du sang en air ambiant : PaO2 à {visit.first('pao2').figure}, PaCO2 à {visit.first('paco2').figure}."
        if gases and visit.all("pao2") else ""
    )  # fmt: skip
    visit.letter(
        reason="suivi d'une BPCO",
        story=s.pick(
            "État respiratoire stable depuis la dernière consultation. Toux matinale avec expectorations claires.",
            f"{w.She} se dit un peu plus {w.either('essoufflée', 'essoufflé')} à l'effort. Pas d'expectoration purulente, pas d'hémoptysie.",
            "Bonne observance du traitement inhalé. Pas de recours au salbutamol plus de deux fois par semaine.",
        ),
        examination=f"{french.upper_first(visit.first('saturation').said)}, {visit.first('pouls').said}, pression artérielle à "
        f"{visit.pressure}. Murmure vésiculaire diminué aux deux bases, pas de sibilant.",
        biology=f"Spirométrie : {vems.said}, {visit.first('cvf').said}, {ratio.said}, soit un trouble ventilatoire obstructif {degree}.{blood}",
        conclusion=("Tabagisme poursuivi : conseil d'arrêt, substituts proposés. " if smoker else "Sevrage tabagique maintenu. ")
        + s.pick(
            "Traitement de fond poursuivi à l'identique.",
            "Pas de modification du traitement.",
            "Technique d'inhalation correcte.",
        ),
    )


PATHWAY = Pathway(
    name="copd",
    title="Bronchopneumopathie chronique obstructive",
    shares=(Share((52, 65), 9), Share((65, 88), 18)),
    present=(("pneumologie", 8), ("usc", 2), ("ssr_cardio", 2), ("medecine", 4)),
    story=story,
)

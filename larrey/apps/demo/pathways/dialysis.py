"""Renal failure: consultations while the kidneys fail, a fistula, the first dialysis, then three sessions a week."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime, time, timedelta
from typing import NamedTuple

from larrey.apps.demo.pathways.pathway import Pathway, Share, known
from larrey.apps.demo.stories import Leg, Stay, Story, french
from larrey.apps.demo.stories.values import interpolated

_MONTH = 30.4


class Cause(NamedTuple):
    """``code``: CIM-10 of the disease that destroyed the kidneys; ``said``: in letters."""

    code: str
    said: str


_CAUSES = (
    Cause("I12.0", "néphroangiosclérose"),
    Cause("E11.20", "néphropathie diabétique"),
    Cause("Q61.2", "polykystose rénale autosomique dominante"),
)


class Illness:
    """What the kidneys still do at a date: moves the usual values of the person accordingly."""

    def __init__(self, s: Story, start: datetime) -> None:
        self._s, self._start = s, start
        self._scale = s.between(0.85, 1.15)
        self.dry = s.body.excess
        self._fat = s.between(1.6, 2.6)  # weight taken on between two sessions, in kg

    def at(self, when: datetime) -> None:
        """Set what is usual on the day ``when``; months are counted from the first dialysis."""
        months = (when - self._start).total_seconds() / 86400 / _MONTH
        drift = self._s.usual.drift
        on = months >= 0
        drift["creatinine"] = self._scale * (
            interpolated([(-30, 130), (-12, 230), (-3, 380), (0, 560)], months) if not on else 640
        )
        drift["uree"] = self._scale * (interpolated([(-30, 6), (-12, 12), (0, 26)], months) if not on else 17)
        drift["potassium"] = 0.5 if not on else 1.0
        drift["phosphore"] = interpolated([(-24, 0.1), (0, 0.8), (2, 0.75), (8, 0.5)], months)
        drift["calcium"] = interpolated([(-24, -0.04), (0, -0.22), (6, -0.08)], months)
        drift["pth"] = interpolated([(-24, 60), (0, 300), (9, 210)], months)
        drift["hemoglobine"] = interpolated([(-24, -1.2), (-3, -3.6), (0, -4.8), (2, -4.0), (5, -3.2), (12, -3.1)], months)
        drift["bicarbonates"] = interpolated([(-24, -2), (0, -6), (1, -3)], months)
        drift["albumine"] = -4.0
        drift["systolique"] = 18.0 if not on else 14.0
        drift["vitamine_d"] = interpolated([(-12, -25), (3, 5)], months)
        drift["ferritine"] = interpolated([(-12, 20), (0, 60), (6, 220)], months)

    def gain(self) -> float:
        """Kilograms taken on since the last session."""
        return max(0.6, self._s.random.gauss(self._fat, 0.5))


def story(s: Story) -> None:
    """From the consultations before dialysis to the session of this week."""
    diabetic = s.chance(0.45)
    cause = _CAUSES[1] if diabetic else _CAUSES[0] if s.chance(0.75) or s.age() > 75 else _CAUSES[2]
    first = datetime.combine(s.today - timedelta(days=int(s.between(8, 14) * _MONTH)), time(10))
    illness = Illness(s, first)
    _background(s, cause, first)
    _before(s, cause, illness, first)
    _fistula(s, illness, first)
    ill = _complication(s, illness, first) if s.present is not None else None
    entry = _beginning(s, cause, illness, first)
    if ill is None and s.chance(0.45):
        ill = _complication(s, illness, first)
    _sessions(s, cause, illness, entry.end, ill)
    _to_come(s)


def _background(s: Story, cause: Cause, first: datetime) -> None:
    long_ago = s.ago(6, 15)
    if not known(s, "hypertension"):
        s.condition("I10", long_ago, said="hypertension artérielle")
    if cause.code == "E11.20":
        s.condition("E11.20", s.ago(8, 18), said="diabète de type 2 insulinotraité, compliqué de néphropathie")
        s.prescribe("glargine", s.ago(2.5, 4), dose=s.whole(14, 30), when="coucher")
        s.usual.shift("glycemie", 3.0)
        s.usual.shift("hba1c", 1.9)
    else:
        s.condition(cause.code, s.ago(5, 10), said=cause.said)
    s.condition("N18.5", first - timedelta(days=200), said="maladie rénale chronique de stade 5")
    if s.chance(0.3):
        s.condition("I25.1", s.ago(3, 8), said="cardiopathie ischémique")
        s.prescribe("clopidogrel" if "aspirine" in s.allergies else "aspirine", s.ago(2.5, 3), when="midi")
        if not s.taking("atorvastatine_20", s.now):
            s.prescribe("atorvastatine_20", s.ago(2.5, 3), when="soir")
    if s.chance(0.12) and not s.allergies:
        s.allergy("iode", s.ago(3, 10))
    if not s.taking("bisoprolol", first):
        s.prescribe("bisoprolol", first - timedelta(days=500), when="matin")
    if not s.taking("amlodipine", first):
        s.prescribe("amlodipine", first - timedelta(days=700), when="soir")
    s.prescribe("furosemide", first - timedelta(days=420), dose=2, when="matin midi")
    s.condition("E21.1", first - timedelta(days=240), said="hyperparathyroïdie secondaire")
    s.prescribe("alfacalcidol", first - timedelta(days=240), when="matin")


def _before(s: Story, cause: Cause, illness: Illness, first: datetime) -> None:
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


def _fistula(s: Story, illness: Illness, first: datetime) -> None:
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


def _beginning(s: Story, cause: Cause, illness: Illness, first: datetime) -> Stay:
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
        _dialyse(
            stay, stay.day(number + 0.2), minutes=120 if number < 3 else 180, detail="Ponction de la fistule, sans incident."
        )
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


def _complication(s: Story, illness: Illness, first: datetime) -> Stay:
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
    _dialyse(
        stay,
        stay.day(0.3),
        minutes=210 if overload else 240,
        detail="Séance en urgence." if overload else "Séance sans anticoagulation.",
    )
    for number in range(2, stay.days + 1, 2):
        _dialyse(stay, stay.day(number + 0.25), minutes=240)
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


def _dialyse(stay: Stay, at: datetime, *, minutes: int, detail: str = "") -> None:
    """The act, once it is over."""
    if stay.holds(at + timedelta(minutes=minutes)):
        stay.act("JVJF004", at=at, minutes=minutes, detail=detail)


def _days(s: Story, begin: date, end: date) -> Sequence[date]:
    """Monday, Wednesday, Friday, or Tuesday, Thursday, Saturday."""
    weekdays = s.pick((0, 2, 4), (1, 3, 5))
    return [day for number in range((end - begin).days + 1) if (day := begin + timedelta(days=number)).weekday() in weekdays]


def _sessions(s: Story, cause: Cause, illness: Illness, begin: datetime, ill: Stay | None) -> None:
    centre = s.group.hospitals["pussin"]
    hour, minute = s.pick((7, 15), (12, 45), (7, 30), (13, 15))
    dose, number, month = 30, 0, begin.month
    flow = s.whole(29, 36) * 10
    for day in _days(s, begin.date() + timedelta(days=1), s.today):
        at = datetime.combine(day, time(hour, minute))
        if at > s.limit:
            break
        if ill is not None and ill.start - timedelta(hours=8) < at < ill.end + timedelta(hours=12):
            continue
        illness.at(at)
        stay = s.stay(
            "Z49.1", [Leg("dialyse", hours=4)], start=at, entry="planned", encounter_class="SS", hospital=centre,
            title="Séance d'hémodialyse",
        )  # fmt: skip
        number += 1
        faint = s.chance(0.05)
        gain = illness.gain() + (0.6 if day.weekday() < 2 else 0)
        stay.course(systolique=[(0, 146), (0.09, 88 if faint else 134), (0.16, 116 if faint else 128)])
        s.body.excess = illness.dry + gain
        stay.measure("poids", "pression", at=at + timedelta(minutes=6))
        if faint:
            stay.measure("pression", at=at + timedelta(minutes=130))
        monthly = day.month != month
        if monthly:
            month = day.month
            stay.course(uree=[(0, 24), (0.03, 24), (0.14, 7.2)], potassium=[(0, 5.4), (0.03, 5.4), (0.14, 3.7)],
                        creatinine=[(0, 690), (0.03, 690), (0.14, 270)],
                        bicarbonates=[(0, 21), (0.03, 21), (0.14, 27)])  # fmt: skip
            stay.labs("nfs", "iono", "renal", "phosphocalcique")
            if month % 3 == 1:
                stay.labs("pth", "fer", "albumine", "vitamine_d", "hepatique")
            stay.labs("iono", "renal", days=(0.13,))
        s.body.excess = illness.dry
        stay.measure("poids", "pression", at=at + timedelta(minutes=234))
        _treatment(stay, number, flow, faint=faint)
        if monthly:
            dose = _anaemia(s, stay, dose)
            if month % 3 == 1 and stay.ended:
                _summary(s, stay, cause, number)


def _treatment(stay: Stay, number: int, flow: int, *, faint: bool) -> None:
    weights = stay.all("poids")
    detail = f"Débit sanguin {flow} mL/min, dialysat à 2 mmol/L de potassium, ponction de la fistule à deux aiguilles."
    if len(weights) > 1:
        detail += f" Perte de poids de {french.number(weights[0].value - weights[-1].value)} kg."
    if faint:
        detail += " Hypotension à la deuxième heure, résolutive après arrêt de l'ultrafiltration et 200 mL de sérum salé."
    _dialyse(stay, stay.start + timedelta(minutes=15), minutes=225, detail=detail)
    if number % 12 == 1:
        stay.prescribe("fer_iv", dose=100, every=24, days=1)


def _anaemia(s: Story, stay: Stay, dose: int) -> int:
    """The dose of darbepoetin follows the haemoglobin: target 10 to 12 g/dL."""
    drawn = stay.all("hemoglobine")
    if not drawn or not stay.ended:
        return dose
    wanted = 50 if drawn[0].value < 10 else 30 if drawn[0].value > 12 else dose
    if wanted != dose:
        s.stop(f"darbepoetine_{dose}", stay.end)
        stay.leave_with(f"darbepoetine_{wanted}", weekly=True)
    return wanted


def _summary(s: Story, stay: Stay, cause: Cause, number: int) -> None:
    w = s.w
    urea, potassium = stay.all("uree"), stay.all("potassium")
    weights = stay.all("poids")
    if len(urea) < 2 or len(weights) < 2:
        return
    haemoglobin = stay.first("hemoglobine")
    low = haemoglobin.value < 10
    stay.letter(
        kind="soins",
        reason=f"hémodialyse chronique pour {cause.said}, synthèse trimestrielle",
        examination=f"Poids avant la séance : {weights[0].figure}, après : {weights[-1].figure}. Pression artérielle au "
                    "branchement à "
                    f"{stay.pressure}. Fistule : thrill présent, pas de signe inflammatoire. Pas d'œdème en fin de séance.",
        course=(
            f"{number} séances depuis le début de la prise en charge au centre. "
            + s.pick(
                f"{w.She} tolère bien les séances, l'appétit est bon et la fatigue modérée le soir de la dialyse.",
                "Quelques crampes en fin de séance. Prises de poids entre les séances en règle générale raisonnables.",
                f"{w.The_patient} reste {w.either('active', 'actif')}, marche chaque jour, dort correctement.",
            )
            + f"\nÉpuration : urée à {urea[0].figure} avant la séance et à {urea[-1].figure} après. Potassium à "
              f"{potassium[0].figure} avant la "
            f"séance et à {potassium[-1].figure} après.\nAnémie : {haemoglobin.said}"
            + (", sous la cible : darbépoétine alfa au palier supérieur, recherche d'une carence et d'une inflammation." if low
               else ", au-dessus de la cible : darbépoétine alfa au palier inférieur." if haemoglobin.value > 12
               else ", dans la cible : darbépoétine alfa inchangée.")
            + f"\nBilan minéral et osseux : {stay.first('calcium').said}, {stay.first('phosphore').said}, "
              f"{stay.first('pth').said}."
        ),
        conclusion=s.pick(
            "Dialyse de qualité satisfaisante sur fistule native. Poids sec inchangé.",
            "Épuration satisfaisante. Rappel des consignes diététiques (potassium, phosphore, sel). Poids sec maintenu.",
        ),
    )  # fmt: skip


def _to_come(s: Story) -> None:
    centre = s.group.hospitals["pussin"]
    held = [stay for stay in s.stays if stay.unit.kind == "dialyse"]
    if not held or not s.alive or s.present is not None:
        return
    weekdays = {stay.start.weekday() for stay in held[-6:]}
    hour = held[-1].start.timetz()
    doctor = held[-1].doctor
    for number in range(1, 13):
        day = s.today + timedelta(days=number)
        if day.weekday() in weekdays:
            s.appointment("dialyse", datetime.combine(day, hour), "séance d'hémodialyse", hospital=centre, minutes=240,
                          doctor=doctor, reason="Z49.1", booked=held[0].start)  # fmt: skip
    s.appointment(
        "cons_nephro", s.office(s.today + timedelta(days=s.whole(20, 80))), "consultation de néphrologie", hospital=centre
    )
    if s.age() < 70:
        s.appointment("cons_nephro", s.office(s.today + timedelta(days=s.whole(30, 120))),
            "consultation de prétransplantation rénale",
                      hospital=s.group.hospitals["chu"])  # fmt: skip


PATHWAY = Pathway(
    name="dialysis",
    title="Insuffisance rénale en hémodialyse",
    shares=(Share((40, 65), 2.2), Share((65, 88), 4.5)),
    present=(("nephro", 4),),
    story=story,
)

"""Twelve cycles of FOLFOX, a blood count before each."""

from __future__ import annotations

from datetime import datetime, timedelta

from larrey.apps.demo.pathways.colorectal_cancer.case import Case
from larrey.apps.demo.stories import Leg, Stay, Story, french, measuring

CYCLES = 12


def session_stay(s: Story, start: datetime | None) -> Stay:
    return s.stay("Z51.1", [Leg("hdj_onco", hours=(5, 6.5))], start=start, entry="planned", encounter_class="SS",
                  reason_text="Séance de chimiothérapie par FOLFOX")  # fmt: skip


def chemotherapy(s: Story, case: Case, operation: Stay, session: Stay | None, now_cycle: int) -> datetime:
    """The visit of the oncologist, the implanted port, the cycles; when the last one is."""
    w = s.w
    begin = (
        session.start - timedelta(days=14 * (now_cycle - 1))
        if session is not None
        else s.office(operation.end + timedelta(days=34))
    )
    visit = s.visit(
        "cons_onco", s.office(begin - timedelta(days=7)), case.tumour.code, minutes=45, reason_text="Consultation d'annonce"
    )
    if visit.end <= s.limit:
        visit.measure("poids", "taille", "pression", "pouls", at=visit.start + timedelta(minutes=5))
        visit.letter(
            reason=f"chimiothérapie adjuvante d'un adénocarcinome du {case.tumour.where} ({case.stage})",
            examination=f"Indice OMS à 0. {french.upper_first(visit.first('poids').said)}, pression artérielle à {visit.pressure}.",
            conclusion=f"{CYCLES} cycles de FOLFOX simplifié tous les 14 jours après pose d'une chambre implantable. Activité DPD normale (uracilémie à "
            f"{s.whole(6, 13)} ng/mL). Effets indésirables expliqués, {w.the_patient} accepte le traitement.",
        )
    port = s.stay("Z45.2", [Leg("ambulatoire", hours=(4, 5))], start=s.office(begin - timedelta(days=5)).replace(hour=8), entry="planned", encounter_class="SS",
                  hospital=s.group.hospitals["chu"], reason_text="Pose d'une chambre implantable")  # fmt: skip
    port.vitals(days=(0,))
    port.operation("EBLA003", "Pose de chambre implantable", [
        ("Indication", "Chimiothérapie prolongée."),
        ("Technique", "Anesthésie locale. Ponction échoguidée de la veine jugulaire interne droite, voie tunnellisée, boîtier sous-claviculaire droit. "
         "Reflux et perméabilité vérifiés, extrémité à la jonction cavo-atriale sous scopie."),
        ("Suites", "Pas de pneumothorax sur le cliché de contrôle. Chambre utilisable immédiatement."),
    ], at=port.start + timedelta(minutes=80), minutes=35)  # fmt: skip
    weight = s.body.excess
    at, sensitive = begin, s.chance(0.35)
    for cycle in range(1, CYCLES + 1):
        one = session if session is not None and cycle == now_cycle else None
        if one is None:
            if session is not None:
                at = s.office(begin + timedelta(days=14 * (cycle - 1)))
                if cycle > now_cycle:
                    s.appointment(
                        "hdj_onco",
                        at.replace(hour=9),
                        f"chimiothérapie, cycle {cycle}",
                        booked=session.start - timedelta(days=1),
                        minutes=300,
                    )
                    continue
            at = at.replace(hour=8, minute=s.pick(0, 15, 30, 45))
            if at + timedelta(hours=7) > s.limit:
                s.appointment(
                    "hdj_onco",
                    s.office(at).replace(hour=9),
                    f"chimiothérapie, cycle {cycle}",
                    booked=at - timedelta(days=14),
                    minutes=300,
                )
                break
            one = session_stay(s, at)
        s.body.excess = weight - 0.3 * cycle
        given = _cycle(s, one, cycle, sensitive=sensitive, may_wait=session is None)
        if not given:  # a week later, with a growth factor after it
            at = s.office(at + timedelta(days=7)).replace(hour=8)
            if at + timedelta(hours=7) > s.limit:
                break
            one = session_stay(s, at)
            _cycle(s, one, cycle, sensitive=sensitive, may_wait=False, supported=True)
        at = s.office(one.start + timedelta(days=14))
    return at


def _cycle(s: Story, stay: Stay, cycle: int, *, sensitive: bool, may_wait: bool, supported: bool = False) -> bool:
    """One day of chemotherapy; whether it was given."""
    w = s.w
    white = max(1.0, 4.3 - (0.34 if sensitive else 0.17) * (cycle - 1)) + (2.2 if supported else 0)
    stay.course(
        neutrophiles=[(0, white)],
        plaquettes=[(0, max(95, 255 - 11 * cycle))],
        hemoglobine=[(0, 11.6 - 0.05 * cycle)],
        asat=[(0, 24 + 2 * cycle)],
        alat=[(0, 26 + 2 * cycle)],
    )
    stay.vitals(days=(0,))
    stay.measure("poids", at=stay.start + timedelta(minutes=18))
    measuring.laboratory(stay, ("nfs", "renal", "hepatique"), stay.start + timedelta(minutes=25))
    if cycle == 1:
        stay.measure("taille", at=stay.start + timedelta(minutes=18))
        measuring.laboratory(stay, ("marqueurs_digestifs",), stay.start + timedelta(minutes=26))
    if not stay.all("neutrophiles"):
        return True
    count = stay.first("neutrophiles")
    if may_wait and float(count.value) < 1.5:
        stay.diagnosis("D70", "other")
        stay.letter(
            reason=f"chimiothérapie par FOLFOX, cycle {cycle}",
            biology=f"{french.upper_first(count.said)}, {stay.first('plaquettes').said}.",
            course=f"Cycle non administré en raison d'une neutropénie. {w.The_patient} est apyrétique. Report d'une semaine ; filgrastim après les cycles "
            "suivants.",
            conclusion="Report du cycle. Consignes en cas de fièvre rappelées.",
        )
        return False
    surface = (s.body.weight(stay.start.date()) * s.body.height(stay.start.date()) / 3600) ** 0.5
    nerves = cycle >= 9
    if cycle < 11:
        stay.prescribe("oxaliplatine", day=0.06, dose=round(surface * (65 if nerves else 85)), when="unique", days=1)
    stay.prescribe("folinate", day=0.06, dose=round(surface * 400), when="unique", days=1)
    stay.prescribe("fluorouracile", day=0.1, dose=round(surface * 400), when="unique", days=1)
    stay.prescribe("fluorouracile", day=0.12, dose=round(surface * 2400 / 10) * 10, when="unique", days=1)
    stay.leave_with("ondansetron", when="matin soir", days=3, needed="nausées")
    if cycle == 1:
        stay.leave_with("loperamide", every=6, days=180, needed="diarrhée")
    if supported or (sensitive and cycle > 8):
        stay.leave_with("filgrastim", when="soir", days=5)
    if nerves and cycle == 9:
        stay.diagnosis("G62.0", "other")
    if cycle in (1, 4, 8, CYCLES) and stay.ended:
        tolerance = {
            1: "Première cure bien tolérée. Consignes de surveillance remises.",
            4: s.pick(
                "Tolérance correcte : nausées de grade 1, dysesthésies au froid de quelques jours.",
                "Asthénie de grade 1, quelques aphtes.",
            ),
            8: "Dysesthésies au froid plus prolongées, pas de gêne fonctionnelle. Appétit conservé.",
            CYCLES: "Fin du traitement. Neuropathie sensitive de grade 1 des extrémités, en rapport avec l'oxaliplatine, arrêtée après le dixième cycle.",
        }[cycle]
        stay.letter(
            reason=f"chimiothérapie adjuvante par FOLFOX simplifié, cycle {cycle} sur {CYCLES}",
            examination=f"Indice OMS à {0 if cycle < 8 else 1}. {french.upper_first(stay.first('poids').said)}, {stay.first('temperature').said}, "
            f"pression artérielle à {stay.pressure}. Chambre implantable fonctionnelle.",
            biology=f"{french.upper_first(count.said)}, {stay.first('hemoglobine').said}, {stay.first('plaquettes').said}, {stay.first('creatinine').said}.",
            course=f"{tolerance} Surface corporelle : {french.number(round(surface, 2))}\u00a0m².",
            conclusion="Traitement adjuvant terminé. Surveillance alternée."
            if cycle == CYCLES
            else f"Cycle {cycle} administré, prochain dans 14 jours.",
            follow_up="En cas de fièvre supérieure à 38 °C : numération en urgence et appel du service. Numération la veille de chaque cycle.",
        )
    return True

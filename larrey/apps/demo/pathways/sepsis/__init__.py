"""Septic shock: emergency, intensive care (ventilation, noradrenaline), then a ward and perhaps rehabilitation."""

from __future__ import annotations

from larrey.apps.demo.pathways.pathway import Pathway, Share, known
from larrey.apps.demo.pathways.sepsis.after import follow_up, rehabilitation
from larrey.apps.demo.pathways.sepsis.care import care, diagnoses, drugs, measures, values
from larrey.apps.demo.pathways.sepsis.focus import PNEUMONIA, PYELONEPHRITIS, Focus
from larrey.apps.demo.pathways.sepsis.letters import death, discharge, transfer_note
from larrey.apps.demo.stories import Leg, Stay, Story, french

__all__ = ["PATHWAY"]


def story(s: Story) -> None:
    """From the emergency department to the consultation three months after."""
    _background(s)
    pulmonary = s.chance(0.55) or "produits de contraste iodés" in s.allergies
    focus = PNEUMONIA if pulmonary and "pénicilline" not in s.allergies else PYELONEPHRITIS
    dies = s.chance(0.14) and s.present is None
    ventilated = s.between(2.5, 4) if dies else s.between(3, 7)
    first = _referral(s, focus)
    legs = [Leg("urgences", hours=(2, 4))] if first is None else []
    legs.append(Leg("reanimation", days=ventilated + (0 if dies else 1.5)))
    if not dies:
        legs += [Leg("usc", days=(1.5, 3)), Leg("infectieux", days=(4, 8))]
    frail = s.age() > 64 and not dies and s.chance(0.55)
    stay = s.stay(
        focus.sepsis, legs, after=first, entry="transfer" if first else "emergency", reason_text="Choc septique",
        leave="death" if dies else "rehab" if frail else "home", hospital=s.group.hospitals["chu"],
    )  # fmt: skip
    usual = [key for key in ("amlodipine", "metformine") if s.taking(key, stay.start)]
    for key in usual:
        s.stop(key, stay.start)
    values(stay, ventilated, dies=dies)
    diagnoses(stay, focus, ventilated, frail=frail)
    measures(stay, ventilated)
    care(stay, focus, ventilated)
    if dies:
        stay.act("JVJF005", day=1.3, detail="Hémofiltration veino-veineuse continue, cathéter fémoral droit.")
    drugs(stay, focus, ventilated)
    if dies:
        if stay.ended:
            death(stay, focus)
        return
    transfer_note(stay, focus, ventilated)
    if not stay.ended:
        return
    stay.doctor = s.pick(*stay.unit.doctors)  # the ward's, who lets her go
    if "amlodipine" in usual:
        stay.leave_with("amlodipine")
    if "metformine" in usual:
        stay.leave_with("metformine", when="matin soir")
    discharge(stay, focus, ventilated, frail=frail)
    if frail:
        rehabilitation(s, stay)
    follow_up(s)


def _background(s: Story) -> None:
    since = s.ago(5, 12)
    if s.age() > 45 and not known(s, "hypertension"):
        s.condition("I10", since, said="hypertension artérielle")
        s.prescribe("amlodipine", since, when="matin")
    if s.chance(0.3):
        s.condition("E11.9", s.ago(4.5, 10), said="diabète de type 2")
        s.prescribe("metformine", s.ago(4.2, 5), when="matin soir")
        s.usual.shift("glycemie", 2.5)
    if s.chance(0.15) and not s.allergies:
        s.allergy("sulfamides", s.ago(4.5, 12))


def _referral(s: Story, focus: Focus) -> Stay | None:
    """One in four arrives first at the emergency department of the general hospital."""
    if s.present is not None or not s.chance(0.25):
        return None
    stay = s.stay(
        focus.sepsis, [Leg("urgences", hours=(2.5, 5))], hospital=s.group.hospitals["adour"], encounter_class="EMER",
        leave="transfer", reason_text="Sepsis, hypotension",
    )  # fmt: skip
    stay.course(
        systolique=[(0, 78), (0.1, 86)], pouls=[(0, 126)], temperature=[(0, 39.4)], saturation=[(0, 85), (0.1, 93)],
        respiration=[(0, 33)], lactate=[(0, 4.9)], crp=[(0, 210)], leucocytes=[(0, 20)], creatinine=[(0, 178)],
    )  # fmt: skip
    stay.measure("pouls", "pression", "temperature", "saturation", "respiration", day=0)
    stay.measure("pouls", "pression", "saturation", "respiration", day=0.06)
    stay.labs("nfs", "iono", "renal", "crp", "lactate", days=(0.01,))
    stay.diagnosis(focus.sepsis)
    stay.prescribe("ringer_lactate", dose=500, every=4, days=1)
    stay.prescribe("cefotaxime", dose=2, every=6, days=1)
    if stay.ended and stay.all("lactate"):
        stay.letter(
            kind="urgences",
            reason="sepsis avec défaillance hémodynamique",
            story=s.pick(*focus.histories),
            examination=f"PA {stay.pressure}, {stay.first('pouls').said}, {stay.first('temperature').said}, "
                   f"{stay.first('saturation').said} en air ambiant ; {focus.exam}.",
            course=f"{french.upper_first(stay.first('lactate').said)}, {stay.first('crp').said}. Remplissage par Ringer lactate, "
                      "céfotaxime après hémocultures. Hypotension persistante : transfert en réanimation au CHU par le SMUR, "
                      "accepté par le réanimateur de garde.",
            conclusion=f"Choc septique, probable {focus.name.split(' à ')[0]}. Transfert en réanimation.",
        )  # fmt: skip
    return stay


PATHWAY = Pathway(
    name="sepsis",
    title="Choc septique et réanimation",
    shares=(Share((30, 60), 3), Share((60, 95), 7)),
    present=(("reanimation", 6), ("infectieux", 3)),
    story=story,
)

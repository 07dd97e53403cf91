"""Renal failure: consultations while the kidneys fail, a fistula, the first dialysis, then three sessions a week."""

from __future__ import annotations

from datetime import datetime, time, timedelta

from larrey.apps.demo.pathways.dialysis.before import before, fistula
from larrey.apps.demo.pathways.dialysis.illness import CAUSES, MONTH, Cause, Illness
from larrey.apps.demo.pathways.dialysis.sessions import sessions, to_come
from larrey.apps.demo.pathways.dialysis.stays import beginning, complication
from larrey.apps.demo.pathways.pathway import Pathway, Share, known
from larrey.apps.demo.stories import Story

__all__ = ["PATHWAY"]


def story(s: Story) -> None:
    """From the consultations before dialysis to the session of this week."""
    diabetic = s.chance(0.45)
    cause = CAUSES[1] if diabetic else CAUSES[0] if s.chance(0.75) or s.age() > 75 else CAUSES[2]
    first = datetime.combine(s.today - timedelta(days=int(s.between(8, 14) * MONTH)), time(10))
    illness = Illness(s, first)
    _background(s, cause, first)
    before(s, cause, illness, first)
    fistula(s, illness, first)
    ill = complication(s, illness, first) if s.present is not None else None
    entry = beginning(s, cause, illness, first)
    if ill is None and s.chance(0.45):
        ill = complication(s, illness, first)
    sessions(s, cause, illness, entry.end, ill)
    to_come(s)


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


PATHWAY = Pathway(
    name="dialysis",
    title="Insuffisance rénale en hémodialyse",
    shares=(Share((40, 65), 2.2), Share((65, 88), 4.5)),
    present=(("nephro", 4),),
    story=story,
)

"""Vital signs and laboratory reports of a stay."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta
from decimal import Decimal
from typing import TYPE_CHECKING

from larrey.apps.demo.catalogue.analyses import ANALYSES, PANELS, interpreted
from larrey.apps.demo.resources import LOINC, Resource, concept, hl7, moment
from larrey.apps.demo.stories.values import Drawn
from larrey.apps.demo.structure import Professional

if TYPE_CHECKING:
    from larrey.apps.demo.stories.stay import Stay

_LABORATORY = [hl7("observation-category", "laboratory", "Biologie")]
_VITALS = [hl7("observation-category", "vital-signs", "Signes vitaux")]
_PRESSURE = concept(LOINC, "85354-9", "Pression artérielle")
_LAB_REPORT = [hl7("v2-0074", "LAB", "Biologie")]
BASIC = ("pouls", "pression", "temperature", "saturation")
"""What a nurse takes at each round."""


def observe(stay: Stay, key: str, at: datetime, by: Professional, others: dict[str, float]) -> Resource | None:
    """An Observation of ``key``; returns a reference to it, None when it lies outside of the stay or after now."""
    if not stay.holds(at):
        return None
    analysis = ANALYSES[key]
    story = stay.story
    value = stay.values.draw(key, at, others)
    norms = analysis.norms(story.person.sex, story.person.age(at.date()))
    decimal = Decimal(f"{value:.{analysis.decimals}f}")
    laboratory = analysis.group == "lab"
    content: Resource = {
        "status": "final",
        "category": _LABORATORY if laboratory else _VITALS,
        "code": analysis.concept,
        "subject": story.subject,
        "encounter": stay.ref,
        "effectiveDateTime": moment(at),
    }
    mark = analysis.interpretation(value, norms)
    if laboratory:
        content["issued"] = moment(at + timedelta(minutes=55))
        content["performer"] = [stay.laboratory.ref]
    else:
        content["performer"] = [by.ref]
    content["valueQuantity"] = analysis.quantity(decimal)
    if norms.ranges:
        content["interpretation"] = interpreted(mark)
        content["referenceRange"] = norms.ranges
    made = story.add("Observation", content, at, by)
    if made is not None:
        stay.record(key, Drawn(analysis, decimal, at, mark))
    return made


def laboratory(stay: Stay, panels: Iterable[str], at: datetime) -> None:
    """One sample: the observations and the report of each panel."""
    others: dict[str, float] = {}
    biologist = stay.biologist
    for name in panels:
        panel = PANELS[name]
        made = [observe(stay, key, at, biologist, others) for key in panel.analyses]
        results = [one for one in made if one is not None]
        if not results:
            return
        stay.story.add(
            "DiagnosticReport",
            {
                "status": "final",
                "category": _LAB_REPORT,
                "code": concept(LOINC, panel.loinc, panel.label),
                "subject": stay.story.subject,
                "encounter": stay.ref,
                "effectiveDateTime": moment(at),
                "issued": moment(at + timedelta(minutes=70)),
                "performer": [stay.laboratory.ref],
                "resultsInterpreter": [biologist.ref],
                "result": results,
            },
            at,
            biologist,
        )


def vitals(stay: Stay, signs: Iterable[str], at: datetime) -> None:
    """One round: each sign is an observation, blood pressure one with two parts."""
    others: dict[str, float] = {}
    for sign in signs:
        if sign == "pression":
            _pressure(stay, at, others)
        else:
            observe(stay, sign, at, stay.nurse, others)


def _pressure(stay: Stay, at: datetime, others: dict[str, float]) -> None:
    if not stay.holds(at):
        return
    story = stay.story
    components, drawn = [], []
    for key in ("systolique", "diastolique"):
        analysis = ANALYSES[key]
        value = stay.values.draw(key, at, others)
        norms = analysis.norms(story.person.sex, story.person.age(at.date()))
        mark = analysis.interpretation(value, norms)
        decimal = Decimal(f"{value:.0f}")
        part = {"code": analysis.concept, "valueQuantity": analysis.quantity(decimal), "interpretation": interpreted(mark),
                "referenceRange": norms.ranges}  # fmt: skip
        components.append(part)
        drawn.append(Drawn(analysis, decimal, at, mark))
    made = story.add(
        "Observation",
        {
            "status": "final",
            "category": _VITALS,
            "code": _PRESSURE,
            "subject": story.subject,
            "encounter": stay.ref,
            "effectiveDateTime": moment(at),
            "performer": [stay.nurse.ref],
            "component": components,
        },
        at,
        stay.nurse,
    )
    if made is not None:
        for one in drawn:
            stay.record(one.analysis.key, one)

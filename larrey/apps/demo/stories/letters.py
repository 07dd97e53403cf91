"""The letter that closes a stay or a consultation, written from what the record holds of it."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

from larrey.apps.demo.catalogue.analyses import ANALYSES
from larrey.apps.demo.stories import documents, french
from larrey.apps.demo.stories.values import Drawn

if TYPE_CHECKING:
    from larrey.apps.demo.stories.stay import Stay

_GREETINGS = ("Cher confrère, chère consœur,", "Cher confrère,", "Chère consœur, cher confrère,", "Chers confrères,")
_CLOSINGS = (
    "Bien confraternellement,",
    "Je vous prie d'agréer, cher confrère, l'expression de mes sentiments confraternels.",
    "Restant à votre disposition, bien confraternellement,",
    "Avec mes salutations les plus confraternelles,",
)
_FAVOURITES = (
    "hemoglobine", "leucocytes", "plaquettes", "crp", "procalcitonine", "sodium", "potassium", "creatinine", "dfg", "uree",
    "glycemie", "hba1c", "troponine", "ntprobnp", "lactate", "albumine", "calcium", "asat", "alat", "bilirubine", "inr", "tsh",
    "ferritine", "ldl", "ace", "ph", "paco2", "pao2", "albuminurie", "vitamine_d", "phosphore", "pth",
)  # fmt: skip


def discharge(
    stay: Stay,
    *,
    reason: str = "",
    life: str = "",
    story: str = "",
    examination: str = "",
    biology: str = "",
    course: str = "",
    conclusion: str = "",
    follow_up: str = "",
    kind: str = "",
) -> None:
    """The letter of a stay that is over (of a consultation, when it is one). What the pathway gives is told in its words;
    antecedents, allergies, figures, imaging, treatment and appointments come from the record.
    """
    told = stay.story
    w = told.w
    consultation = stay.encounter["class"]["code"] == "AMB"
    sections: list[tuple[str, str]] = [("", _opening(stay, reason, consultation=consultation))]
    sections.append(("Antécédents", _antecedents(stay)))
    allergies = french.listed(told.allergies)
    sections.append(("Allergies", f"Allergie connue : {allergies}." if told.allergies else told.pick(
        "Pas d'allergie connue.", f"{w.The_patient} ne signale aucune allergie." if told.age(stay.start) > 12 else "Aucune allergie signalée par les parents."
    )))  # fmt: skip
    for heading, text in (
        ("Mode de vie", life),
        ("Histoire de la maladie", story),
        ("Examen clinique", examination or _examination(stay)),
        ("Biologie", biology or _biology(stay)),
        ("Imagerie", "\n".join(f"- {one}" for one in stay.reports)),
        ("Évolution", course),
        ("Conclusion", conclusion),
    ):
        if text:
            sections.append((heading, text))
    sections.append(("Traitement de sortie" if not consultation else "Traitement", treatment(stay, stay.end)))
    follow = [f"- {french.upper_first(one.said)}" for one in stay.appointments]
    if follow_up or follow:
        sections.append(("Suite à donner", "\n".join([*([follow_up] if follow_up else []), *follow])))
    documents.write(
        stay,
        kind or ("consultation" if consultation else "sortie"),
        sections,
        at=stay.end,
        unit=stay.unit,
        greeting=told.pick(*_GREETINGS),
        closing=told.pick(*_CLOSINGS),
    )


def _opening(stay: Stay, reason: str, *, consultation: bool) -> str:
    told = stay.story
    w, person = told.w, told.person
    age = told.age(stay.start)
    years = f"{age} ans" if age >= 2 else _infant(stay)
    who = f"{french.title(female=w.female, years=age)} {person.shown}, {w.either('âgée', 'âgé')} de {years}"
    why = reason or french.lower_first(stay.encounter["reasonCode"][0]["text"])
    service = f"{stay.unit.service} ({stay.hospital.short})"
    if consultation:
        return told.pick(
            f"J'ai vu ce jour en consultation {who}, pour : {why}.",
            f"{french.upper_first(who)}, a été {w.either('reçue', 'reçu')} en consultation le {french.long_date(stay.start)}, pour : {why}.",
            f"Je vous remercie de m'avoir adressé {who}, pour : {why}.",
        )
    dates = f"du {french.long_date(stay.start)} au {french.long_date(stay.end)}"
    if stay.days == 0:
        dates = f"le {french.long_date(stay.start)}"
    return told.pick(
        f"{french.upper_first(who)}, a été {w.either('hospitalisée', 'hospitalisé')} {dates} dans le service : {service}.\nMotif : {why}.",
        f"Nous avons pris en charge {dates}, dans le service : {service}, {who}.\nMotif d'hospitalisation : {why}.",
        f"Veuillez trouver ci-dessous le compte rendu du séjour de {who}, {w.either('hospitalisée', 'hospitalisé')} {dates}"
        f" dans le service : {service}.\nMotif de l'hospitalisation : {why}.",
    )


def _infant(stay: Stay) -> str:
    days = (stay.start.date() - stay.story.person.born).days
    if days < 31:
        return f"{days} jour{'s' if days > 1 else ''}"
    return f"{days * 12 // 365} mois"


def _antecedents(stay: Stay) -> str:
    known = sorted({(since, said) for since, said in stay.story.history if since.date() < stay.start.date()})
    if not known:
        return stay.story.pick("Pas d'antécédent notable.", "Aucun antécédent médical ou chirurgical notable.")
    return "\n".join(f"- {french.upper_first(said)} ({since.year})" for since, said in known)


def _examination(stay: Stay) -> str:
    """From the first round of vital signs."""
    signs = [stay.first(key).said for key in ("temperature", "pouls", "saturation", "respiration") if stay.all(key)]
    if stay.all("systolique"):
        signs.insert(0, f"pression artérielle à {stay.pressure}")
    if stay.all("poids"):
        signs.append(stay.first("poids").said)
    if not signs:
        return ""
    begin = "À l'entrée" if stay.encounter["class"]["code"] != "AMB" else "Ce jour"
    return f"{begin} : {', '.join(signs)}."


def told(drawn: Drawn) -> str:
    """A value with its mark when it is out of range."""
    return drawn.said


def _biology(stay: Stay) -> str:
    """What was out of range, at entry and at exit, and the worst in between."""
    lines = []
    for key in _FAVOURITES:
        values = stay.all(key)
        if not values or all(one.interpretation == "N" for one in values):
            continue
        first, last = values[0], values[-1]
        name = french.upper_first(ANALYSES[key].said)
        if len(values) == 1:
            lines.append(f"- {name} : {first.figure}")
            continue
        worst = max(values, key=lambda one: abs(one.value - last.value))
        middle = f", {worst.figure} au plus {'haut' if worst.value > last.value else 'bas'} le {worst.at:%d/%m}" if worst not in (
            first, last) else ""  # fmt: skip
        lines.append(f"- {name} : {first.figure} à l'entrée{middle}, {last.figure} à la sortie")
    if not lines:
        return "Bilan biologique sans anomalie." if stay.drawn.keys() & set(_FAVOURITES) else ""
    return "\n".join(lines)


def treatment(stay: Stay, at: datetime) -> str:
    """What she takes from ``at`` on, one line a drug, as prescribed."""
    seen: dict[str, str] = {}
    for one in stay.story.prescriptions:
        if one.setting != "hospital" and one.running(at):
            seen[one.drug.key] = f"- {one.drug.label} : {one.how}"
    return "\n".join(seen.values()) or "Pas de traitement médicamenteux."

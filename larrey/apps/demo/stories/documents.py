"""Documents of a stay: reports of imaging and operations, and any other, in the form the patient's papers are kept."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Sequence
from datetime import datetime, timedelta
from hashlib import sha1
from typing import TYPE_CHECKING, NamedTuple

from larrey.apps.demo.catalogue import ACTS
from larrey.apps.demo.catalogue.alerts import ALLERGIES
from larrey.apps.demo.people.patient import ipp, matricule
from larrey.apps.demo.resources import CCAM, DOCUMENT_CLASS, FORMAT, IHE_FORMAT, LOINC, Resource, coding, concept, hl7, moment
from larrey.apps.demo.stories import cda, pdf
from larrey.apps.demo.stories.paper import Paper
from larrey.apps.demo.structure import Professional, Unit

if TYPE_CHECKING:
    from larrey.apps.demo.stories.stay import Stay


class Kind(NamedTuple):
    """``loinc`` and ``label``: of the value set JDV_J07 of the CI-SIS; ``class_``: of TRE_A03; ``title``: as printed."""

    loinc: str
    label: str
    class_: tuple[str, str]
    title: str


_REPORT, _PLAN = ("10", "Compte rendu"), ("44", "Plan de soins, protocole de soins")

KINDS = {
    "sortie": Kind("11490-0", "Lettre de liaison à la sortie d'un établissement de soins", _REPORT, "Lettre de liaison à la sortie"),
    "sejour": Kind("34112-3", "CR hospitalier (séjour)", _REPORT, "Compte rendu d'hospitalisation"),
    "consultation": Kind("11488-4", "CR ou fiche de consultation ou de visite", _REPORT, "Compte rendu de consultation"),
    "urgences": Kind("15507-7", "CR de passage aux urgences", _REPORT, "Compte rendu de passage aux urgences"),
    "imagerie": Kind("18748-4", "CR d'imagerie médicale", _REPORT, "Compte rendu d'imagerie"),
    "operatoire": Kind("34874-8", "CR opératoire", _REPORT, "Compte rendu opératoire"),
    "acte": Kind("11505-5", "CR d'acte thérapeutique (autre)", _REPORT, "Compte rendu d'acte"),
    "anesthesie": Kind("34749-2", "CR de consultation pré-anesthésique", _REPORT, "Consultation d'anesthésie"),
    "anapath": Kind("60568-3", "CR d'anatomie et de cytologie pathologiques", _REPORT, "Compte rendu d'anatomopathologie"),
    "rcp": Kind("34794-8", "CR de réunion de concertation pluridisciplinaire", _REPORT,
                "Compte rendu de réunion de concertation pluridisciplinaire"),
    "accouchement": Kind("15508-5", "CR d'accouchement", _REPORT, "Compte rendu d'accouchement"),
    "biologie": Kind("11502-2", "CR d'examens biologiques", _REPORT, "Compte rendu d'examens de biologie médicale"),
    "transfert": Kind("18761-7", "Note de transfert (dont lettre de liaison à l'entrée en établissement de soins)", _REPORT,
                      "Note de transfert"),
    "fonctionnel": Kind("47420-5", "CR de bilan fonctionnel", _REPORT, "Bilan fonctionnel"),
    "soins": Kind("34133-9", "Synthèse d'épisode de soins", ("11", "Synthèse"), "Synthèse des soins"),
    "plan": Kind("18776-5", "Plan personnalisé de soins", _PLAN, "Plan personnalisé de soins"),
    "enfant": Kind("59283-2", "CR d'examen de l'enfant", _REPORT, "Examen de l'enfant"),
}  # fmt: skip


def write(
    stay: Stay,
    kind: str,
    sections: Sequence[tuple[str, str]],
    *,
    day: float = 0,
    at: datetime | None = None,
    by: Professional | None = None,
    unit: Unit | None = None,
    title: str = "",
    greeting: str = "",
    closing: str = "",
) -> Resource | None:
    """A DocumentReference of ``kind`` (a key of ``KINDS``); None when it is still to come."""
    story, model = stay.story, KINDS[kind]
    when = at or stay.day(day)
    if not stay.exists or when > story.limit:
        return None
    author = by or stay.doctor
    paper = Paper(
        title or model.title, model.loinc, model.label, stay.hospital, unit or stay.unit_at(when), story.person,
        ipp(stay.hospital, story.person.number), when, author, list(sections), greeting, closing,
    )  # fmt: skip
    attachment, format_ = _attachment(stay, paper)
    return story.add(
        "DocumentReference",
        {
            "status": "current",
            "docStatus": "final",
            "type": concept(LOINC, model.loinc, model.label),
            "category": [{"coding": [coding(DOCUMENT_CLASS, *model.class_)], "text": model.class_[1]}],
            "subject": story.subject,
            "date": moment(when),
            "author": [author.ref],
            "authenticator": author.ref,
            "custodian": stay.hospital.ref,
            "description": paper.title,
            "securityLabel": [hl7("v3-Confidentiality", "N", "Normal")],
            "content": [{"attachment": attachment, "format": format_}],
            "context": {
                "encounter": [stay.ref],
                "period": {"start": moment(stay.start), "end": moment(min(max(stay.end, when), story.limit))},
                "facilityType": {"text": "Établissement public de santé"},
                "practiceSetting": {"text": paper.unit.service},
            },
        },
        when,
        author,
    )


_PLAIN_FORMAT = coding("urn:oid:1.3.6.1.4.1.19376.1.2.3", "urn:ihe:iti:xds:2017:mimeTypeSufficient", "Type MIME suffisant")
# Codes of JDV_J10-XdsFormatCode-CISIS. What is structured claims no template of a content profile, such as the LDL-SES.
_STRUCTURED_FORMAT = coding(FORMAT, "urn:asipSante:modelesHorsProfils:2011", "Document non référencé IHE ou CI-SIS")
_PDF_FORMAT = coding(IHE_FORMAT, "urn:ihe:iti:xds-sd:pdf:2008", "Document à corps non structuré en Pdf/A-1")
_STRUCTURED = frozenset({"11490-0", "34112-3", "11502-2"})
_ENCLOSED = frozenset({"18748-4"})
"""Kinds that become CDA of level 1, around a PDF."""


def _attachment(stay: Stay, paper: Paper) -> tuple[Resource, Resource]:
    """The document in the form of the patient's papers, with its format."""
    story = stay.story
    form = story.paper
    if form == "cda" and paper.loinc not in _STRUCTURED | _ENCLOSED:
        form = "text"
    if form == "text":
        data, mime, format_ = paper.plain().encode(), "text/plain; charset=utf-8", _PLAIN_FORMAT
    elif form == "cda":
        enclosed = pdf.render(paper) if paper.loinc in _ENCLOSED else None
        data, mime = cda.render(paper, matricule(story.person), enclosed), "text/xml"
        format_ = _STRUCTURED_FORMAT if enclosed is None else _PDF_FORMAT
    else:
        data, mime, format_ = pdf.render(paper), "application/pdf", _PLAIN_FORMAT
    content: Resource = {"contentType": mime, "language": "fr-FR"}
    if form == "pdf":
        encoded = b64encode(data).decode()
        binary = story.add(
            "Binary",
            {"contentType": mime, "securityContext": story.subject, "data": encoded},
            paper.at,
            paper.author,
        )
        content["url"] = binary["reference"] if binary else ""
    else:
        content["data"] = b64encode(data).decode()
    content |= {"size": len(data), "hash": b64encode(sha1(data, usedforsecurity=False).digest()).decode(), "title": paper.title,
                "creation": moment(paper.at)}  # fmt: skip
    return content, format_


_WITHOUT = {"ZBQH001": "ZBQK001", "ZCQH001": "ZCQK004", "ACQH003": "ACQK001"}
"""Scanners with injected contrast, and the same without."""


def imaging(stay: Stay, code: str, title: str, found: str, conclusion: str, at: datetime) -> None:
    """The act, its DiagnosticReport and its document, by a radiologist of the hospital."""
    if not stay.holds(at):
        return
    story = stay.story
    if code in _WITHOUT and ALLERGIES["iode"].said in story.allergies:
        code, title = _WITHOUT[code], f"{title} sans injection"
        found = f"Examen réalisé sans injection, du fait d'une allergie aux produits de contraste iodés. {found}"
    unit = story.unit("imagerie", stay.hospital)
    radiologist = story.pick(*unit.doctors)
    stay.act(code, at=at, by=radiologist)
    ready = min(at + timedelta(minutes=45), stay.end)
    sections = [("Examen", ACTS[code]), ("Résultat", found), ("Conclusion", conclusion)]
    story.add(
        "DiagnosticReport",
        {
            "status": "final",
            "category": [hl7("v2-0074", "RAD", "Imagerie")],
            "code": {"coding": [coding(CCAM, code, ACTS[code])], "text": title},
            "subject": story.subject,
            "encounter": stay.ref,
            "effectiveDateTime": moment(at),
            "issued": moment(ready),
            "performer": [unit.ref],
            "resultsInterpreter": [radiologist.ref],
            "conclusion": conclusion,
        },
        ready,
        radiologist,
    )
    if write(stay, "imagerie", sections, at=ready, by=radiologist, unit=unit, title=title) is not None:
        stay.reports.append(f"{title} du {at:%d/%m/%Y} : {conclusion[:1].lower()}{conclusion[1:]}")


def operation(
    stay: Stay,
    code: str,
    title: str,
    report: Sequence[tuple[str, str]],
    *,
    day: float = 0,
    at: datetime | None = None,
    minutes: int = 60,
    surgeon: Professional | None = None,
    anaesthetist: Professional | None = None,
    detail: str = "",
) -> Resource | None:
    """The Procedure with its operators, and the operative report. Returns a reference to the Procedure."""
    when = at or stay.day(day) + timedelta(hours=2)
    if not stay.holds(when):
        return None
    story = stay.story
    operator = surgeon or stay.doctor
    sleeper = anaesthetist or story.pick(*story.unit("bloc", stay.hospital).doctors)
    performers = []
    for one, label in ((operator, "Opérateur"), (sleeper, "Anesthésiste")):
        performers.append({"function": {"text": label}, "actor": one.ref})
    content: Resource = {
        "status": "completed",
        "category": {"text": "Intervention chirurgicale"},
        "code": concept(CCAM, code, ACTS[code]),
        "subject": story.subject,
        "encounter": stay.ref,
        "performedPeriod": {"start": moment(when), "end": moment(when + timedelta(minutes=minutes))},
        "performer": performers,
        "location": story.unit("bloc", stay.hospital).place,
    }
    if detail:
        content["note"] = [{"text": detail}]
    made = story.add("Procedure", content, when, operator)
    team = f"Opérateur : {operator.shown}. Anesthésiste : {sleeper.shown}."
    sections = [("Intervention", f"{ACTS[code]}.\n{team}"), *report]
    done = when + timedelta(minutes=minutes + 40)
    write(stay, "operatoire", sections, at=done, by=operator, title=title)
    return made

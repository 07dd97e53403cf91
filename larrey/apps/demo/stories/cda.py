"""Documents as CDA R2 in the manner of the French CI-SIS: header, and narrative sections or a PDF.

Source of the elements: CI-SIS, volet « Structuration minimale des documents de santé » (ANS); for level 1, IHE XDS-SD.
"""

from __future__ import annotations

from base64 import b64encode
from xml.sax.saxutils import escape, quoteattr

from larrey.apps.demo.resources import moment
from larrey.apps.demo.stories.paper import Paper

# LOINC codes of the sections, by what their heading begins with.
_SECTIONS = (
    ("motif", "42349-1", "Motif"), ("antécédents", "11348-0", "Antécédents"), ("allergies", "48765-2", "Allergies"),
    ("mode de vie", "29762-2", "Mode de vie"), ("histoire", "10164-2", "Histoire de la maladie"),
    ("examen", "29545-1", "Examen clinique"), ("biologie", "30954-2", "Résultats d'examens"),
    ("imagerie", "18748-4", "Imagerie"), ("évolution", "8648-8", "Évolution"), ("conclusion", "55109-3", "Conclusion"),
    ("traitement", "10183-2", "Traitement de sortie"), ("suite", "18776-5", "Suites à donner"),
)  # fmt: skip


def _time(paper: Paper) -> str:
    iso = moment(paper.at)
    return iso[:19].replace("-", "").replace(":", "").replace("T", "") + iso[19:].replace(":", "")


def _narrative(body: str) -> str:
    """Paragraphs and lists of a section's text."""
    parts: list[str] = []
    items: list[str] = []
    for line in [*body.split("\n"), ""]:
        if line.startswith("- "):
            items.append(f"<item>{escape(line[2:])}</item>")
            continue
        if items:
            parts.append(f"<list>{''.join(items)}</list>")
            items = []
        if line:
            parts.append(f"<paragraph>{escape(line)}</paragraph>")
    return "".join(parts) or "<paragraph/>"


def _section(heading: str, body: str) -> str:
    known = next(((code, label) for word, code, label in _SECTIONS if heading.lower().startswith(word)), None)
    code = (
        f'<code code="{known[0]}" displayName={quoteattr(known[1])} codeSystem="2.16.840.1.113883.6.1" codeSystemName="LOINC"/>'
        if known
        else ""
    )
    title = f"<title>{escape(heading)}</title>" if heading else ""
    return f"<component><section>{code}{title}<text>{_narrative(body)}</text></section></component>"


def _body(paper: Paper, enclosed: bytes | None) -> str:
    if enclosed is not None:
        data = b64encode(enclosed).decode()
        return f'<nonXMLBody><text mediaType="application/pdf" representation="B64">{data}</text></nonXMLBody>'
    sections = [*paper.sections]
    if paper.greeting:
        sections.insert(0, ("", paper.greeting))
    if paper.closing:
        sections.append(("", f"{paper.closing}\n{paper.author.shown}, {paper.author.title}"))
    return f"<structuredBody>{''.join(_section(*section) for section in sections)}</structuredBody>"


def render(paper: Paper, ins: str, enclosed: bytes | None = None) -> bytes:
    """The XML in UTF-8. ``ins``: the matricule, empty when the identity is not qualified; ``enclosed``: a PDF, which makes it a
    document of level 1.
    """
    person, author, hospital = paper.person, paper.author, paper.hospital
    when, number = _time(paper), f"{person.number}.{paper.at:%Y%m%d%H%M}"
    given, _, family = author.shown.removeprefix("Dr ").partition(" ")
    identity = f'<id root="1.2.250.1.213.1.4.10" extension="{ins}"/>' if ins else ""
    used = f'<family qualifier="SP">{escape(person.used.upper())}</family>' if person.used else ""
    birth = person.born.isoformat()[: person.precision].replace("-", "")
    gender = ("F", "Féminin") if person.sex == "female" else ("M", "Masculin")
    name = f"<given>{escape(given)}</given><family>{escape(family.upper())}</family>"
    place = f'<id root="1.2.250.1.71.4.2.2" extension="1{hospital.finess}"/><name>{escape(hospital.name)}</name>'
    standard = "" if enclosed is None else '<templateId root="1.3.6.1.4.1.19376.1.2.20"/>'
    return (
        '<?xml version="1.0" encoding="UTF-8"?>\n'
        '<ClinicalDocument xmlns="urn:hl7-org:v3" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance">'
        '<realmCode code="FR"/><typeId root="2.16.840.1.113883.1.3" extension="POCD_HD000040"/>'
        '<templateId root="2.16.840.1.113883.2.8.2.1"/><templateId root="1.2.250.1.213.1.1.1.1"/>'
        f"{standard}"
        f'<id root="2.25.{person.number}.1" extension="{number}"/>'
        f'<code code="{paper.loinc}" displayName={quoteattr(paper.type_label)} codeSystem="2.16.840.1.113883.6.1"'
        ' codeSystemName="LOINC"/>'
        f"<title>{escape(paper.title)}</title>"
        f'<effectiveTime value="{when}"/>'
        '<confidentialityCode code="N" codeSystem="2.16.840.1.113883.5.25" displayName="Normal"/><languageCode code="fr-FR"/>'
        f'<setId root="2.25.{person.number}.2" extension="{number}"/><versionNumber value="1"/>'
        f'<recordTarget><patientRole>{identity}<id root="2.25.{hospital.finess}" extension="{paper.ipp}"/>'
        f"<addr><city>{escape(person.home.name)}</city><postalCode>{person.home.postal}</postalCode></addr>"
        f'<patient><name><family qualifier="BR">{escape(person.family.upper())}</family>{used}'
        f"<given>{escape(person.given[0])}</given></name>"
        f'<administrativeGenderCode code="{gender[0]}" displayName="{gender[1]}" codeSystem="2.16.840.1.113883.5.1"/>'
        f'<birthTime value="{birth}"/></patient></patientRole></recordTarget>'
        f'<author><time value="{when}"/><assignedAuthor><id nullFlavor="NI"/>'
        f"<assignedPerson><name>{name}</name></assignedPerson>"
        f"<representedOrganization>{place}</representedOrganization></assignedAuthor></author>"
        f"<custodian><assignedCustodian><representedCustodianOrganization>{place}"
        "</representedCustodianOrganization></assignedCustodian></custodian>"
        f'<legalAuthenticator><time value="{when}"/><signatureCode code="S"/><assignedEntity><id nullFlavor="NI"/>'
        f"<assignedPerson><name>{name}</name></assignedPerson></assignedEntity></legalAuthenticator>"
        f"<component>{_body(paper, enclosed)}</component>"
        "</ClinicalDocument>"
    ).encode()

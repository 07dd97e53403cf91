"""What some patients asked for about who sees them, so that the rules of access can be seen: a few of each, by their number."""

from __future__ import annotations

from datetime import timedelta

from larrey.apps.demo.resources import HL7, coding, hl7, moment
from larrey.apps.demo.stories import Story

_ACT_CODE = HL7 + "v3-ActCode"
_VISIBILITY = "urn:oid:1.2.250.1.213.1.1.4.13"
"""TRE_A07-StatutVisibiliteDocument of the ANS."""


def tell(story: Story) -> None:
    """At the end of a story: one patient in 97 is discreet, one in 31 hid a document, one in 41 opposes sharing."""
    number = story.person.number
    story.discreet = number % 97 == 13
    if number % 31 == 7:
        _hide_a_document(story)
    if number % 41 == 7:
        _oppose(story)


def _hide_a_document(story: Story) -> None:
    """The newest document, from all professionals but its author."""
    documents = [one for one in story.written if one["resourceType"] == "DocumentReference"]
    if documents:
        hidden = coding(_VISIBILITY, "MASQUE_PS", "Masqué aux professionnels de santé")
        newest = max(documents, key=lambda one: str(one["date"]))
        newest["securityLabel"] = [*newest["securityLabel"], {"coding": [hidden]}]


def _oppose(story: Story) -> None:
    """A Consent that denies: what one hospital of the group wrote is not for the others."""
    if not story.stays or not (stay := story.stays[-1]).exists:
        return
    secretary = stay.unit.secretaries[0]
    story.add(
        "Consent",
        {
            "status": "active",
            "scope": hl7("consentscope", "patient-privacy", "Partage du dossier"),
            "category": [{"coding": [coding("http://loinc.org", "59284-0", "Consent Document")], "text": "Opposition"}],
            "patient": story.subject,
            "dateTime": moment(stay.start),
            "organization": [stay.hospital.ref],
            "policyRule": {"coding": [coding(_ACT_CODE, "OPTOUT", "opt-out")], "text": "Opposition au partage entre hôpitaux"},
            "provision": {"type": "deny", "period": {"start": moment(stay.start)}},
        },
        stay.start + timedelta(minutes=5),
        secretary,
    )

"""The banner: who, what to beware of, where the patient is now."""

from __future__ import annotations

import html
import re
from typing import Any

import pytest

from larrey.apps.chart.tests.conftest import CLAIRE, Fill, SignedIn, ago, allergy, group, patient, state, stay, to

pytestmark = pytest.mark.usefixtures("record")

SNOMED = "http://snomed.info/sct"
PAGES = ["", "/timeline", "/results", "/documents", "/stays", "/prescriptions", "/kinds", "/Observation", "/Observation/k1"]


def banner(client: Any, id_: str = CLAIRE, page: str = "") -> str:
    """The words of the banner."""
    text = client.get(f"/chart/{id_}{page}").content.decode()
    part = text.partition('class="larrey-banner"')[2].partition("</section>")[0]
    return " ".join(html.unescape(re.sub(r"<[^>]+>", " ", part)).split())


@pytest.mark.parametrize("page", PAGES)
def test_every_page_has_the_banner_and_the_sections(signed_in: SignedIn, page: str) -> None:
    client = signed_in("doctor")
    words = banner(client, page=page)
    for expected in ["LE GOFF Claire", "Féminin", "03/02/1984", "2 84 02 29 001 001 56", "IPP IPP0042", "Arachide"]:
        assert expected in words
    assert "Lait" not in words  # an allergy of the past
    text = client.get(f"/chart/{CLAIRE}{page}").content.decode()
    assert [text.count(f'data-digit="{digit}"') for digit in range(1, 8)] == [1] * 7


def test_no_allergy_is_said_only_when_it_was_recorded(signed_in: SignedIn, fill: Fill) -> None:
    client = signed_in("doctor")
    assert "Allergies non renseignées" in banner(client, "marie")
    none_known = allergy("none", "Aucune allergie connue") | {"patient": to("Patient/marie")}
    none_known["code"] = {"coding": [{"system": SNOMED, "code": "716186003"}], "text": "Aucune allergie connue"}
    fill(none_known)
    words = banner(client, "marie")
    assert "Allergies Aucune allergie connue" in words
    assert "non renseignées" not in words


def test_an_allergy_to_be_confirmed_says_so(signed_in: SignedIn, fill: Fill) -> None:
    fill(allergy("iode", "Iode") | {"verificationStatus": state("allergyintolerance-verification", "unconfirmed")})
    assert "Iode (à confirmer)" in banner(signed_in("doctor"))


def test_a_wrong_allergy_warns_of_nothing(signed_in: SignedIn, fill: Fill) -> None:
    wrong = {"verificationStatus": state("allergyintolerance-verification", "entered-in-error")}
    wrong_one = allergy("latex", "Latex") | wrong
    del wrong_one["clinicalStatus"]
    fill(wrong_one)
    assert "Latex" not in banner(signed_in("doctor"))


def test_alerts_in_force_are_told(signed_in: SignedIn, fill: Fill) -> None:
    flag = {"resourceType": "Flag", "code": {"text": "Risque de chute"}, "subject": to(f"Patient/{CLAIRE}")}
    fill(flag | {"id": "f1", "status": "active"}, flag | {"id": "f2", "status": "inactive", "code": {"text": "BMR"}})
    words = banner(signed_in("doctor"))
    assert "Alertes Risque de chute" in words
    assert "BMR" not in words


def test_where_the_patient_is_now(signed_in: SignedIn, fill: Fill) -> None:
    fill(*group())
    kind = state("location-physical-type", "bd")
    location = [
        {"location": to("Location/ward", "Urgences"), "status": "completed", "period": {"start": ago(9), "end": ago(8)}},
        {"location": to("Location/bed"), "physicalType": kind, "status": "active", "period": {"start": ago(3)}},
    ]
    fill(stay("open", "cardio", ago(9), location=location))
    words = banner(signed_in("doctor"))
    assert "Hôpital Nord · Cardiologie · Lit 12-P" in words
    assert "il y a 3 h" in words
    assert "Urgences" not in words


def test_the_number_is_that_of_the_hospital_where_the_patient_is(signed_in: SignedIn, fill: Fill) -> None:
    def number(value: str, hospital: str) -> dict[str, Any]:
        return {"type": {"coding": [{"code": "PI"}]}, "value": value, "assigner": to(f"Organization/{hospital}")}

    fill(*group(), patient("anne", "Roy", "Anne", "1990-01-01", identifier=[number("N1", "north"), number("S1", "south")]))
    client = signed_in("doctor")
    last = stay("last", "rehab", "2024-01-01", "2024-01-09") | {"subject": to("Patient/anne")}
    fill(last)
    assert "IPP S1" in banner(client, "anne")  # of her last stay
    fill(stay("now", "cardio", ago(1)) | {"subject": to("Patient/anne")})
    assert "IPP N1" in banner(client, "anne")
    assert "+ 1 numéro" in banner(client, "anne")


@pytest.mark.parametrize(("code", "words"), [("VALI", "Identité validée"), ("PROV", "Identité provisoire"), ("?", "")])
def test_how_sure_the_identity_is(signed_in: SignedIn, fill: Fill, code: str, words: str) -> None:
    url = "https://hl7.fr/ig/fhir/core/StructureDefinition/fr-core-identity-reliability"
    extension = {"url": url, "extension": [{"url": "identityStatus", "valueCoding": {"system": "urn:x", "code": code}}]}
    ins = {"system": "urn:oid:1.2.250.1.213.1.4.10", "value": "290017512300156"}
    fill(patient("anne", "Roy", "Anne", "1990-01-01", identifier=[ins], extension=[extension]))
    said = banner(signed_in("doctor"), "anne")
    assert words in said
    assert ("Identité" in said) == bool(words)


def test_the_identity_officer_learns_neither_allergies_nor_place(signed_in: SignedIn, fill: Fill) -> None:
    fill(*group(), stay("open", "cardio", ago(9)))
    words = banner(signed_in("identity-officer"))
    assert "LE GOFF Claire" in words
    for hidden in ["Allergies", "Arachide", "Nord", "Cardiologie", "non renseignées"]:
        assert hidden not in words

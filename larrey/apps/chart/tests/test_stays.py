"""Stays, movements, prescriptions, and who signed what."""

from __future__ import annotations

import html
import re
from typing import Any

import pytest

from larrey.apps.chart.queries import prescriptions
from larrey.apps.chart.tests.conftest import CLAIRE, Fill, SignedIn, allergy, group, state, stay, to

pytestmark = pytest.mark.usefixtures("record")
RECORD = f"/chart/{CLAIRE}"


def words(client: Any, page: str) -> str:
    text = client.get(RECORD + page).content.decode().partition("<main")[2]
    return " ".join(html.unescape(re.sub(r"<[^>]+>", " ", text)).split())


def test_one_stay_tells_its_movements_and_what_was_done(signed_in: SignedIn, fill: Fill) -> None:
    def place(name: str, kind: str, start: str, end: str) -> dict[str, Any]:
        return {
            "location": to("Location/ward", name),
            "physicalType": state("location-physical-type", kind),
            "period": {"start": start, "end": end},
        }

    night, morning, noon = "2024-02-01T22:00:00+01:00", "2024-02-02T06:00:00+01:00", "2024-02-06T12:00:00+01:00"
    location = [
        place("Chambre 4", "ro", morning, noon),
        place("Urgences", "wa", night, morning),
        place("Cardiologie A", "wa", morning, noon),
        {"location": to("Location/ward", "Bloc"), "status": "planned", "period": {"start": noon}},
    ]
    fill(*group(), stay("st", "cardio", night, noon, location=location))
    owner = {"subject": to(f"Patient/{CLAIRE}"), "encounter": to("Encounter/st")}
    fill(
        {"resourceType": "Condition", "id": "d1", "code": {"text": "Infarctus"}, **owner},
        {"resourceType": "Procedure", "id": "a1", "status": "completed", "code": {"text": "Coronarographie"}, **owner},
        {"resourceType": "DiagnosticReport", "id": "r1", "status": "final", "code": {"text": "Radiographie"}, **owner},
        {
            "resourceType": "DiagnosticReport",
            "id": "r2",
            "status": "final",
            "category": [state("v2-0074", "LAB")],
            "code": {"text": "Ionogramme"},
            **owner,
        },
        {"resourceType": "Condition", "id": "d2", "code": {"text": "Asthme"}, "subject": owner["subject"]},
    )
    said = words(signed_in("doctor"), "/stays/st")
    assert "01/02/2024 22:00 02/02/2024 06:00 8 h Urgences" in said
    assert "02/02/2024 06:00 06/02/2024 12:00 4 jours Cardiologie A Chambre 4" in said
    assert "Hôpital Nord · Cardiologie" in said
    for expected in ["Infarctus", "Coronarographie", "Radiographie", "1 compte rendu"]:
        assert expected in said
    assert "Bloc" not in said
    assert "Ionogramme" not in said  # read among the results
    assert "Asthme" not in said


def test_stays_are_listed_with_place_length_and_outcome(signed_in: SignedIn, fill: Fill) -> None:
    fill(*group())
    fill(stay("st", "rehab", "2024-02-01", "2024-02-09", hospitalization={"dischargeDisposition": {"text": "Domicile"}}))
    said = words(signed_in("doctor"), "/stays")
    assert "01/02/2024 – 09/02/2024 8 jours Hospitalisation Hôpital Sud · Réadaptation Domicile" in said


def test_prescriptions_in_force_first_then_those_of_before(
    signed_in: SignedIn, fill: Fill, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(prescriptions, "PAST", 2)

    def drug(id_: str, status: str, day: str, **more: Any) -> dict[str, Any]:
        return {
            "resourceType": "MedicationRequest",
            "id": id_,
            "status": status,
            "intent": "order",
            "medicationCodeableConcept": {"text": f"Remède {id_}"},
            "subject": to(f"Patient/{CLAIRE}"),
            "authoredOn": day,
            **more,
        }

    bounds = {"repeat": {"boundsPeriod": {"start": "2024-04-02", "end": "2024-04-12"}}}
    fill(
        *group(),
        {"resourceType": "Condition", "id": "why", "code": {"text": "Embolie"}, "subject": to(f"Patient/{CLAIRE}")},
        drug(
            "new",
            "active",
            "2024-04-01",
            requester=to("Practitioner/doctor"),
            reasonReference=[to("Condition/why")],
            dosageInstruction=[{"text": "1 le soir", "timing": bounds}],
        ),
        drug("older", "active", "2024-01-01"),
        *(drug(f"past{n}", "completed", f"2020-01-0{n}") for n in (1, 2, 3)),
        drug("stopped", "stopped", "2021-01-01"),
    )
    client = signed_in("doctor")
    said = words(client, "/prescriptions")
    assert "Remède new 1 le soir 02/04/2024 12/04/2024 10 jours Dr KERVELLA Solène Embolie" in said
    order = [
        said.index(name) for name in ["Remède new", "Remède older", "Prescriptions passées", "Remède stopped", "Remède past3"]
    ]
    assert order == sorted(order)
    assert "Remède stopped Arrêté" in said
    assert "past2" not in said
    more = re.search(r'rel="next" hx-get="([^"]+)"', client.get(f"{RECORD}/prescriptions").content.decode())
    assert more
    rest = client.get(html.unescape(more[1])).content.decode()
    assert "past2" in rest
    assert "Remède new" not in rest


def test_the_history_names_the_professional_who_signed(signed_in: SignedIn, fill: Fill) -> None:
    fill(*group())
    unsure = {"verificationStatus": state("allergyintolerance-verification", "unconfirmed")}
    fill(allergy("iode", "Iode") | unsure, actor="Practitioner/nurse")
    fill(allergy("iode", "Iode"), actor="Practitioner/doctor")
    fill(allergy("iode", "Iodes"), actor="Practitioner/who-left")
    said = words(signed_in("doctor"), "/AllergyIntolerance/iode").partition("Historique")[2]
    assert (
        said.index("Un professionnel qui ne figure plus au dossier")
        < said.index("Dr KERVELLA Solène")
        < said.index("LE BRAS Maëlle")
    )
    assert "Practitioner" not in said
    assert "à l’instant" in said

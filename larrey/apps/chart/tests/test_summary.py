"""The summary: what is in force, what came last, what comes next; and nothing else."""

from __future__ import annotations

import html
import re
from datetime import timedelta
from typing import Any

import pytest

from larrey.apps.chart.queries import summary
from larrey.apps.chart.tests.conftest import CLAIRE, Fill, SignedIn, ago, group, state, stay, to
from larrey.kit.clock import now

pytestmark = pytest.mark.usefixtures("record")
RECORD = f"/chart/{CLAIRE}"


def part(client: Any, heading: str) -> str:
    """The words of the card with this id."""
    text = client.get(RECORD).content.decode()
    card = text.partition(f'aria-labelledby="{heading}"')[2].partition("</section>")[0]
    return " ".join(html.unescape(re.sub(r"<[^>]+>", " ", card)).split())


def measured(
    id_: str, when: str, value: float, category: str = "laboratory", code: str = "2823-3", **more: Any
) -> dict[str, Any]:
    return {
        "resourceType": "Observation",
        "id": id_,
        "status": "final",
        "category": [{"coding": [{"code": category}]}],
        "code": {"coding": [{"system": "http://loinc.org", "code": code, "display": "Some English"}]},
        "subject": to(f"Patient/{CLAIRE}"),
        "effectiveDateTime": when,
        "valueQuantity": {"value": value, "unit": "mmol/L"},
        **more,
    }


def condition(id_: str, text: str, clinical: str, verification: str = "confirmed") -> dict[str, Any]:
    return {
        "resourceType": "Condition",
        "id": id_,
        "code": {"text": text},
        "verificationStatus": state("condition-ver-status", verification),
        "subject": to(f"Patient/{CLAIRE}"),
        "onsetDateTime": "2019-05-02",
        **({"clinicalStatus": state("condition-clinical", clinical)} if clinical else {}),
    }


def test_problems_are_those_in_force(signed_in: SignedIn, fill: Fill) -> None:
    fill(condition("c1", "Insuffisance cardiaque", "active"), condition("c2", "Appendicite", "resolved"))
    fill(condition("c3", "Goutte", "", "entered-in-error"))
    words = part(signed_in("doctor"), "problems")
    assert "Insuffisance cardiaque 02/05/2019" in words
    assert "Appendicite" not in words
    assert "Goutte" not in words


def test_a_problem_that_each_stay_records_again_is_told_once(signed_in: SignedIn, fill: Fill) -> None:
    fill(
        condition("c1", "Insuffisance cardiaque", "active"),
        {**condition("c2", "Insuffisance cardiaque", "active"), "onsetDateTime": "2021"},
    )
    fill(condition("c3", "Goutte", "active"))
    words = part(signed_in("doctor"), "problems")
    assert words.count("Insuffisance cardiaque") == 1
    assert "Insuffisance cardiaque 02/05/2019" in words
    assert "Goutte" in words


def test_treatments_are_those_in_force_with_their_dose(signed_in: SignedIn, fill: Fill) -> None:
    stopped = {
        "resourceType": "MedicationRequest",
        "id": "old",
        "status": "stopped",
        "intent": "order",
        "medicationCodeableConcept": {"text": "Amiodarone"},
        "subject": to(f"Patient/{CLAIRE}"),
    }
    fill(stopped)
    words = part(signed_in("doctor"), "treatments")
    assert "Furosémide" in words
    assert "1 le matin" in words
    assert "Amiodarone" not in words


def test_the_last_value_of_each_analyte_abnormal_first(signed_in: SignedIn, fill: Fill) -> None:
    high = {"interpretation": [{"coding": [{"code": "HH"}]}]}
    fill(
        measured("p1", ago(50), 4.4, "laboratory"),
        measured("p2", ago(2), 4.7, "laboratory"),
        measured("s1", ago(2), 161, "laboratory", "2951-2", **high),
        measured("w1", ago(2), 9.9, "laboratory", "1988-5", status="entered-in-error"),
    )
    words = part(signed_in("doctor"), "last-results")
    assert words.index("Sodium") < words.index("Potassium")
    assert "161 ↑↑ très élevé mmol/L" in words
    assert "4,7" in words
    assert words.index("4,7") < words.index("4,4")  # the one before stands after
    assert "il y a 2 h" in words
    assert "9,9" not in words
    assert "English" not in words


def test_vital_signs_in_the_order_one_reads_them(signed_in: SignedIn, fill: Fill) -> None:
    loinc = "http://loinc.org"
    parts = [("8480-6", 128.4), ("8462-4", 76)]
    pressure = measured("bp", ago(2), 0, "vital-signs", "85354-9")
    del pressure["valueQuantity"]
    pressure["component"] = [
        {"code": {"coding": [{"system": loinc, "code": code}]}, "valueQuantity": {"value": value, "unit": "mmHg"}}
        for code, value in parts
    ]
    fill(pressure, *(measured(f"h{n}", ago(2 + n), 70 + n, "vital-signs", "8867-4") for n in range(5)))
    client = signed_in("doctor")
    words = part(client, "vitals")
    assert "Pression artérielle 128/76" in words
    assert words.index("128/76") < words.index("70")
    assert client.get(RECORD).content.decode().count("<polyline") == 1


def test_what_comes_next_soonest_first(signed_in: SignedIn, fill: Fill) -> None:
    def appointment(id_: str, days: int, status: str = "booked", who: str = CLAIRE) -> dict[str, Any]:
        start = now() + timedelta(days=days)
        return {
            "resourceType": "Appointment",
            "id": id_,
            "status": status,
            "serviceType": [{"text": f"Consultation {id_}"}],
            "start": start.isoformat(timespec="seconds"),
            "end": (start + timedelta(minutes=20)).isoformat(timespec="seconds"),
            "participant": [{"actor": to(f"Patient/{who}"), "status": "accepted"}],
        }

    fill(appointment("late", 90), appointment("soon", 3), appointment("gone", -3), appointment("off", 4, "cancelled"))
    fill(appointment("hers", 3, who="marie"))
    words = part(signed_in("doctor"), "appointments")
    assert words.index("Consultation soon") < words.index("Consultation late")
    for absent in ["gone", "off", "hers"]:
        assert absent not in words


def test_stays_tell_where_and_how_long(signed_in: SignedIn, fill: Fill) -> None:
    fill(*group(), stay("open", "cardio", ago(75), reasonCode=[{"text": "Décompensation"}]))
    fill(stay("before", "rehab", "2024-03-01", "2024-03-15"))
    words = part(signed_in("doctor"), "last-stays")
    assert "Hospitalisation En cours 3 jours · Décompensation · Hôpital Nord · Cardiologie" in words
    assert "14 jours · Hôpital Sud · Réadaptation" in words


def test_long_parts_say_that_there_is_more(signed_in: SignedIn, fill: Fill) -> None:
    client = signed_in("doctor")
    assert "larrey-has-more" not in client.get(RECORD).content.decode()
    fill(*(condition(f"many{n}", f"Problème {n}", "active") for n in range(summary.PROBLEMS + 1)))
    text = client.get(RECORD).content.decode()
    assert text.count(f'href="{RECORD}/Condition/many') == summary.PROBLEMS
    assert "larrey-has-more" in text


def test_an_empty_record_says_so_calmly(signed_in: SignedIn) -> None:
    text = signed_in("doctor").get("/chart/hostile").content.decode()
    for words in ["Aucun problème en cours", "Aucun traitement en cours", "Aucune constante", "Aucun rendez-vous à venir"]:
        assert words in text

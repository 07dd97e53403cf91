"""The record of the browser's story: invented people of a French hospital, and what happened to one of them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

HELENE = "helene"
"""Three kinds of everything, an allergy, a corrected result."""
LONG = "long"
"""Names as long as they come, hostile besides."""
EMPTY = "empty"
"""Nothing but an identity."""

Resource = dict[str, Any]


def _patient(id_: str, family: str, given: str, birth: str, gender: str, number: int, used: str = "") -> Resource:
    names: list[Resource] = [{"use": "official", "family": family, "given": given.split()}]
    if used:
        names.append({"use": "usual", "family": used, "given": given.split()[:1]})
    type_ = {"coding": [{"system": "http://terminology.hl7.org/CodeSystem/v2-0203", "code": "PI"}]}
    return {
        "resourceType": "Patient",
        "id": id_,
        "name": names,
        "gender": gender,
        "birthDate": birth,
        "identifier": [
            {"system": "urn:oid:1.2.250.1.213.1.4.10", "value": f"25803750{number:05d}42"},
            {"type": type_, "system": "urn:oid:1.2.250.1.71.4.2.2", "value": f"80{number:07d}"},
        ],
        "address": [{"line": ["12 rue des Tanneurs"], "postalCode": "76000", "city": "Rouen", "country": "FR"}],
    }


def _of(type_: str, id_: str, **more: Any) -> Resource:
    owner = "patient" if type_ in {"AllergyIntolerance", "Immunization"} else "subject"
    return {"resourceType": type_, "id": id_, owner: {"reference": f"Patient/{HELENE}"}, **more}


def _state(kind: str, code: str) -> Resource:
    return {"coding": [{"system": f"http://terminology.hl7.org/CodeSystem/{kind}", "code": code}]}


def _result(id_: str, day: str, name: str, value: float, unit: str, low: float, high: float, stay: str = "s2") -> Resource:
    flag = "H" if value > high else "L" if value < low else "N"
    system = "http://terminology.hl7.org/CodeSystem/v3-ObservationInterpretation"
    return _of(
        "Observation",
        id_,
        status="final",
        code={"text": name},
        encounter={"reference": f"Encounter/{stay}"},
        effectiveDateTime=day,
        valueQuantity={"value": value, "unit": unit},
        interpretation=[{"coding": [{"system": system, "code": flag}]}],
        referenceRange=[{"low": {"value": low, "unit": unit}, "high": {"value": high, "unit": unit}}],
    )


def _results() -> Iterator[Resource]:
    names = [
        ("Potassium", "mmol/L", 3.5, 5.1, 4.6),
        ("Sodium", "mmol/L", 136, 145, 134),
        ("Créatinine", "µmol/L", 45, 84, 121),
        ("NT-proBNP", "ng/L", 0, 300, 4210),
        ("Hémoglobine", "g/dL", 12, 16, 11.4),
        ("CRP", "mg/L", 0, 5, 12),
    ]
    for day in range(1, 13):
        for number, (name, unit, low, high, value) in enumerate(names):
            shown = round(value * (1 + (12 - day) / 40), 1)
            yield _result(f"r{day}-{number}", f"2026-03-{day:02d}T07:{10 + number}:00+01:00", name, shown, unit, low, high)


def _story() -> Iterator[Resource]:
    doctor = {"display": "Dr Solène Kervella"}
    yield _of("Condition", "c1", clinicalStatus=_state("condition-clinical", "active"), code={"text": "Insuffisance cardiaque"})
    yield _of(
        "Condition",
        "c2",
        clinicalStatus=_state("condition-clinical", "resolved"),
        code={"text": "Appendicite aiguë"},
        onsetDateTime="1979-06-02",
        abatementDateTime="1979-06-09",
    )
    yield _of(
        "AllergyIntolerance",
        "a1",
        clinicalStatus=_state("allergyintolerance-clinical", "active"),
        criticality="high",
        category=["medication"],
        code={"text": "Pénicilline"},
        recordedDate="2011-09-14",
        reaction=[{"manifestation": [{"text": "Urticaire"}]}],
    )
    for id_, start, end, reason in [
        ("s1", "1979-06-02", "1979-06-09", "Douleur abdominale"),
        ("s2", "2026-03-01", "2026-03-12", "Dyspnée"),
    ]:
        yield _of(
            "Encounter",
            id_,
            status="finished",
            **{"class": {"system": "http://terminology.hl7.org/CodeSystem/v3-ActCode", "code": "IMP"}},
            period={"start": f"{start}T09:30:00+01:00", "end": f"{end}T11:00:00+01:00"},
            reasonCode=[{"text": reason}],
            serviceProvider={"display": "Cardiologie, hôpital Saint-Julien"},
        )
    for id_, name, dose in [("m1", "Furosémide 40 mg comprimé", "1 comprimé le matin"), ("m2", "Bisoprolol 2,5 mg", "1 le soir")]:
        yield _of(
            "MedicationRequest",
            id_,
            status="active",
            intent="order",
            medicationCodeableConcept={"text": name},
            authoredOn="2026-03-12",
            requester=doctor,
            dosageInstruction=[{"text": dose}],
        )
    yield _of("Procedure", "p1", status="completed", code={"text": "Échocardiographie"}, performedDateTime="2026-03-02")
    yield _of(
        "DiagnosticReport",
        "d1",
        status="final",
        code={"text": "Échocardiographie transthoracique"},
        effectiveDateTime="2026-03-02",
        conclusion="Fraction d’éjection 35 %. Dilatation du ventricule gauche.",
    )
    yield _of(
        "Immunization",
        "i1",
        status="completed",
        vaccineCode={"text": "Grippe saisonnière"},
        occurrenceDateTime="2025-10-20",
        lotNumber="AX417",
    )
    yield from _results()


def versions() -> Iterator[list[Resource]]:
    """Batches to write one after the other; the second corrects a potassium."""
    long_name = "De La Rochefoucauld-Montmorency-Luxembourg d’Aubigné <img src=x onerror=alert(1)>"
    many = [
        _patient(f"m{n}", "Martin", f"Jean{'abcdefghijklmnopqrstuvwxyz'[n]}", "1971-01-01", "male", 100 + n) for n in range(25)
    ]
    yield [
        _patient(HELENE, "Dubois", "Hélène Marie", "1958-03-14", "female", 1, used="Marchand"),
        _patient(LONG, long_name, "Marie-Anne-Charlotte-Élisabeth Victoire Apolline", "1931-12-31", "female", 2),
        _patient(EMPTY, "Zola", "Émile", "2025-04-02", "male", 3),
        *many,
    ]
    yield list(_story())
    yield [_result("r12-0", "2026-03-12T07:10:00+01:00", "Potassium", 5.6, "mmol/L", 3.5, 5.1)]

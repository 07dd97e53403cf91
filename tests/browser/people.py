"""The record of the browser's story: invented people of a French hospital, and what happened to one of them."""

from __future__ import annotations

import base64
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from larrey.access.demo import TAG
from larrey.kit.clock import now

HELENE = "helene"
"""Some of everything: three stays in two hospitals, the last in progress; an allergy confirmed later, a corrected result."""
LONG = "long"
"""Names as long as they come, hostile besides."""
EMPTY = "empty"
"""Nothing but an identity."""
CARDIOLOGY, CHEST = "uf-cardio", "uf-pneumo"
"""The units of the story: where Hélène is, and where the demo's doctor and nurse work; and the one above."""

Resource = dict[str, Any]
FR_CORE = "https://hl7.fr/ig/fhir/core/StructureDefinition/"


@dataclass(frozen=True)
class Batch:
    """Resources written in one transaction, and who signs them."""

    resources: list[Resource]
    actor: str = "system:test"


def _to(type_: str, id_: str, display: str = "") -> Resource:
    return {"reference": f"{type_}/{id_}"} | ({"display": display} if display else {})


def _patient(id_: str, family: str, given: str, birth: str, gender: str, number: int, used: str = "") -> Resource:
    names: list[Resource] = [{"use": "official", "family": family, "given": given.split()}]
    if used:
        names.append({"use": "usual", "family": used, "given": given.split()[:1]})
    type_ = {"coding": [{"system": "http://terminology.hl7.org/CodeSystem/v2-0203", "code": "PI"}]}
    status = {"system": "https://hl7.fr/ig/fhir/core/CodeSystem/fr-core-cs-v2-0445", "code": "VALI"}
    return {
        "resourceType": "Patient",
        "id": id_,
        "extension": [
            {"url": f"{FR_CORE}fr-core-identity-reliability", "extension": [{"url": "identityStatus", "valueCoding": status}]}
        ],
        "name": names,
        "gender": gender,
        "birthDate": birth,
        "identifier": [
            {"system": "urn:oid:1.2.250.1.213.1.4.10", "value": f"25803750{number:05d}42"},
            {
                "type": type_,
                "system": "urn:bois-clair",
                "value": f"BC{number:06d}",
                "assigner": _to("Organization", "bois-clair"),
            },
            {"type": type_, "system": "urn:julien", "value": f"80{number:07d}", "assigner": _to("Organization", "saint-julien")},
        ],
        "address": [{"line": ["12 rue des Tanneurs"], "postalCode": "76000", "city": "Rouen", "country": "FR"}],
    }


def _of(type_: str, id_: str, **more: Any) -> Resource:
    owner = "patient" if type_ in {"AllergyIntolerance", "Immunization"} else "subject"
    return {"resourceType": type_, "id": id_, owner: {"reference": f"Patient/{HELENE}"}, **more}


def _state(kind: str, code: str) -> Resource:
    return {"coding": [{"system": f"http://terminology.hl7.org/CodeSystem/{kind}", "code": code}]}


def _result(
    id_: str, day: str, name: str, value: float, unit: str, low: float, high: float, stay: str = "s2", code: str = ""
) -> Resource:
    flag = "H" if value > high else "L" if value < low else "N"
    system = "http://terminology.hl7.org/CodeSystem/v3-ObservationInterpretation"
    return _of(
        "Observation",
        id_,
        status="final",
        category=[_state("observation-category", "laboratory")],
        code={"coding": [{"system": "http://loinc.org", "code": code}], "text": name} if code else {"text": name},
        encounter=_to("Encounter", stay),
        effectiveDateTime=day,
        valueQuantity={"value": value, "unit": unit},
        interpretation=[{"coding": [{"system": system, "code": flag}]}],
        referenceRange=[{"low": {"value": low, "unit": unit}, "high": {"value": high, "unit": unit}}],
    )


_ANALYTES = [
    ("Potassium", "mmol/L", 3.5, 5.1, 4.6, "2823-3"),
    ("Sodium", "mmol/L", 136, 145, 134, "2951-2"),
    ("Créatinine", "µmol/L", 45, 84, 121, "14682-9"),
    ("NT-proBNP", "ng/L", 0, 300, 4210, "33762-6"),
    ("Hémoglobine", "g/dL", 12, 16, 11.4, "718-7"),
    ("CRP", "mg/L", 0, 5, 12, "1988-5"),
]


def _results() -> Iterator[Resource]:
    for day in range(1, 13):
        for number, (name, unit, low, high, value, code) in enumerate(_ANALYTES):
            shown = round(value * (1 + (12 - day) / 40), 1)
            at = f"2026-03-{day:02d}T07:{10 + number}:00+01:00"
            yield _result(f"r{day}-{number}", at, name, shown, unit, low, high, code=code)


def _ago(hours: float) -> str:
    return (now() - timedelta(hours=hours)).isoformat(timespec="seconds")


def _vital(id_: str, hours: float, code: str, name: str, value: float, unit: str) -> Resource:
    return _of(
        "Observation",
        id_,
        status="final",
        category=[_state("observation-category", "vital-signs")],
        code={"coding": [{"system": "http://loinc.org", "code": code, "display": name}]},
        encounter=_to("Encounter", "s3"),
        effectiveDateTime=_ago(hours),
        valueQuantity={"value": value, "unit": unit},
    )


def _now() -> Iterator[Resource]:
    """The stay in progress: by the emergency department to cardiology, with a morning's numbers."""
    places = [
        ("urg", "wa", 75, 70),
        ("cardio", "wa", 70, None),
        ("cardio-12", "ro", 70, None),
        ("cardio-12-p", "bd", 70, None),
    ]
    location = []
    for name, kind, start, end in places:
        period = {"start": _ago(start)} | ({"end": _ago(end)} if end is not None else {})
        kind_ = {"coding": [{"system": "http://terminology.hl7.org/CodeSystem/location-physical-type", "code": kind}]}
        location.append(
            {
                "location": _to("Location", name),
                "period": period,
                "physicalType": kind_,
                "status": "completed" if end else "active",
            }
        )
    yield _of(
        "Encounter",
        "s3",
        status="in-progress",
        **{"class": {"system": "http://terminology.hl7.org/CodeSystem/v3-ActCode", "code": "IMP"}},
        period={"start": _ago(75)},
        reasonCode=[{"text": "Décompensation cardiaque"}],
        participant=[{"individual": _to("Practitioner", "kervella", "Dr Solène KERVELLA")}],
        location=location,
        serviceProvider=_to("Organization", "uf-cardio"),
    )
    for hours in (2, 26, 50, 74):
        for number, (name, unit, low, high, value, code) in enumerate(_ANALYTES):
            yield _result(
                f"n{hours}-{number}", _ago(hours), name, round(value * (1 + hours / 400), 1), unit, low, high, "s3", code
            )
        yield _vital(f"v{hours}-0", hours, "8867-4", "Heart rate", 70 + hours // 4, "/min")
        yield _vital(f"v{hours}-1", hours, "8310-5", "Body temperature", 36.8, "°C")
        yield _vital(f"v{hours}-2", hours, "29463-7", "Body weight", 74.5 - hours / 50, "kg")
        pressure = _vital(f"v{hours}-3", hours, "85354-9", "Blood pressure panel", 0, "mm[Hg]")
        del pressure["valueQuantity"]
        pressure["component"] = [
            {
                "code": {"coding": [{"system": "http://loinc.org", "code": code}]},
                "valueQuantity": {"value": value, "unit": "mmHg"},
            }
            for code, value in [("8480-6", 128 + hours // 10), ("8462-4", 76)]
        ]
        yield pressure


def _group() -> Iterator[Resource]:
    """Two hospitals of one group, with the places and the people of the story."""

    def organization(id_: str, name: str, kind: str = "", parent: str = "", short: str = "") -> Resource:
        types = {"coding": [{"system": "https://hl7.fr/ig/fhir/core/CodeSystem/fr-core-cs-v2-0203", "code": kind}]}
        more: Resource = {"identifier": [{"type": types, "value": f"99000{len(name):04d}"}]} if kind else {}
        if parent:
            more["partOf"] = _to("Organization", parent)
        if short:
            more["extension"] = [{"url": f"{FR_CORE}fr-core-organization-short-name", "valueString": short}]
        return {"resourceType": "Organization", "id": id_, "name": name, **more}

    yield organization("group", "Groupe hospitalier d’essai", "FINEJ")
    yield organization("saint-julien", "Hôpital Saint-Julien", "FINEG", "group", "Saint-Julien")
    yield organization("bois-clair", "Hôpital du Bois-Clair", "FINEG", "group", "Bois-Clair")
    yield organization("cardio", "Pôle cœur", "", "saint-julien")
    yield organization("uf-cardio", "Cardiologie", "", "cardio")
    yield organization("uf-ssr", "Réadaptation", "", "bois-clair")
    yield organization(CHEST, "Pneumologie", "", "saint-julien")
    for id_, name, unit in [
        ("urg", "Urgences", ""),
        ("cardio", "Cardiologie A", CARDIOLOGY),
        ("cardio-12", "Chambre 12", CARDIOLOGY),
        ("cardio-12-p", "Lit porte", CARDIOLOGY),
        ("pneumo", "Pneumologie", CHEST),
    ]:
        managed = {"managingOrganization": _to("Organization", unit)} if unit else {}
        yield {"resourceType": "Location", "id": id_, "name": name, **managed}
    for id_, account, family, given, unit in [
        ("arnaud", "medecin", "Arnaud", "Camille", CARDIOLOGY),
        ("morvan", "infirmiere", "Morvan", "Inès", CARDIOLOGY),
        ("teixeira", "infirmiere2", "Teixeira", "Chloé", CHEST),
    ]:
        tag = {"tag": [{"system": TAG, "code": account}]}
        names = [{"family": family, "given": [given]}]
        yield {"resourceType": "Practitioner", "id": id_, "meta": tag, "name": names}
        yield {
            "resourceType": "PractitionerRole",
            "id": f"{id_}-role",
            "practitioner": _to("Practitioner", id_),
            "organization": _to("Organization", unit),
        }
    for id_, prefix, family, given in [("kervella", "Dr", "Kervella", "Solène"), ("lebras", "", "Le Bras", "Maëlle")]:
        human: Resource = {"family": family, "given": [given]} | ({"prefix": [prefix]} if prefix else {})
        yield {"resourceType": "Practitioner", "id": id_, "name": [human]}


def _allergy(status: str) -> Resource:
    return _of(
        "AllergyIntolerance",
        "a1",
        clinicalStatus=_state("allergyintolerance-clinical", "active"),
        verificationStatus=_state("allergyintolerance-verification", status),
        criticality="high",
        category=["medication"],
        code={"text": "Pénicilline"},
        recordedDate="2011-09-14",
        reaction=[{"manifestation": [{"text": "Urticaire"}]}],
    )


LETTER = """Cher confrère,

Madame Hélène MARCHAND, née DUBOIS, a séjourné en réadaptation du 20 mars au 3 avril 2026.
Au terme du séjour, elle marche sans aide et pèse 73 kg.

Bien confraternellement,
Dr Solène KERVELLA"""


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
    for id_, start, end, reason in [
        ("s1", "1979-06-02", "1979-06-09", "Douleur abdominale"),
        ("s2", "2026-03-01", "2026-03-12", "Dyspnée"),
        ("s4", "2026-03-20", "2026-04-03", "Réadaptation"),
    ]:
        yield _of(
            "Encounter",
            id_,
            status="finished",
            **{"class": {"system": "http://terminology.hl7.org/CodeSystem/v3-ActCode", "code": "IMP"}},
            period={"start": f"{start}T09:30:00+01:00", "end": f"{end}T11:00:00+01:00"},
            reasonCode=[{"text": reason}],
            serviceProvider=_to("Organization", "uf-ssr" if id_ == "s4" else "uf-cardio"),
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
    yield _of(
        "Flag",
        "f1",
        status="active",
        code={"text": "Risque de chute"},
        category=[{"text": "Sécurité"}],
        period={"start": "2026-03-02"},
    )
    yield {
        "resourceType": "Appointment",
        "id": "ap1",
        "status": "booked",
        "serviceType": [{"text": "Consultation de cardiologie"}],
        "start": (now() + timedelta(days=20)).isoformat(timespec="seconds"),
        "end": (now() + timedelta(days=20, minutes=30)).isoformat(timespec="seconds"),
        "participant": [
            {"actor": _to("Patient", HELENE), "status": "accepted"},
            {"actor": _to("Practitioner", "kervella", "Dr Solène KERVELLA"), "status": "accepted"},
        ],
    }
    yield _of(
        "DocumentReference",
        "letter",
        status="current",
        type={"text": "Lettre de liaison à la sortie"},
        date="2026-04-03T16:00:00+02:00",
        author=[_to("Practitioner", "kervella", "Dr Solène KERVELLA")],
        custodian=_to("Organization", "bois-clair", "Hôpital du Bois-Clair"),
        context={"encounter": [_to("Encounter", "s4")]},
        content=[
            {
                "attachment": {
                    "contentType": "text/plain; charset=utf-8",
                    "title": "Lettre de sortie de réadaptation",
                    "data": base64.b64encode(LETTER.encode()).decode(),
                }
            }
        ],
    )
    yield from _results()


def versions() -> Iterator[Batch]:
    """Batches to write one after the other; the second corrects a potassium, the last confirms the allergy."""
    long_name = "De La Rochefoucauld-Montmorency-Luxembourg d’Aubigné <img src=x onerror=alert(1)>"
    many = [
        _patient(f"m{n}", "Martin", f"Jean{'abcdefghijklmnopqrstuvwxyz'[n]}", "1971-01-01", "male", 100 + n) for n in range(25)
    ]
    followed = {"generalPractitioner": [_to("Organization", CARDIOLOGY)]}
    others = [
        _patient(LONG, long_name, "Marie-Anne-Charlotte-Élisabeth Victoire Apolline", "1931-12-31", "female", 2),
        _patient(EMPTY, "Zola", "Émile", "2025-04-02", "male", 3),
        *many,
    ]
    helene = _patient(HELENE, "Dubois", "Hélène Marie", "1958-03-14", "female", 1, used="Marchand")
    yield Batch([*_group(), helene, *(person | followed for person in others)])
    yield Batch([*_story(), *_now()])
    yield Batch([_result("r12-0", "2026-03-12T07:10:00+01:00", "Potassium", 5.6, "mmol/L", 3.5, 5.1, code="2823-3")])
    yield Batch([_allergy("unconfirmed")], "Practitioner/lebras")
    yield Batch([_allergy("confirmed")], "Practitioner/kervella")

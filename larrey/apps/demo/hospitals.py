"""The two invented hospitals: organizations, services, places of care and professionals."""

from __future__ import annotations

from dataclasses import dataclass
from random import Random
from typing import NamedTuple

from larrey.apps.demo import numbers
from larrey.apps.demo.names import FIRST_NAMES, SURNAMES
from larrey.apps.demo.places import HOMES
from larrey.apps.demo.resources import (
    FINESS,
    FR_CORE,
    FR_IDENTIFIER_TYPE,
    HL7,
    RPPS,
    Resource,
    coding,
    hl7,
    identifier,
    identity,
    insee,
    phone,
    reference,
)

_SERVICES = (
    ("urgences", "Urgences", "Médecine d'urgence"),
    ("medecine", "Médecine interne", "Médecine interne"),
    ("cardiologie", "Cardiologie", "Cardiologie"),
    ("diabetologie", "Endocrinologie-diabétologie", "Endocrinologie"),
    ("pneumologie", "Pneumologie", "Pneumologie"),
    ("chirurgie", "Chirurgie générale et digestive", "Chirurgie générale"),
    ("orthopedie", "Chirurgie orthopédique", "Chirurgie orthopédique"),
    ("maternite", "Gynécologie-obstétrique", "Gynécologie-obstétrique"),
    ("pediatrie", "Pédiatrie", "Pédiatrie"),
    ("geriatrie", "Gériatrie", "Gériatrie"),
)
_HOSPITALS = (
    ("larrey", "Centre hospitalier Dominique-Larrey (démonstration)", "CH Larrey", 0, [key for key, _, _ in _SERVICES]),
    ("adour", "Hôpital de l'Adour (démonstration)", "HL Adour", 3, ["urgences", "medecine", "pneumologie", "geriatrie"]),
)


class Doctor(NamedTuple):
    """A professional: id of the Practitioner and the name to show."""

    id: str
    name: str


@dataclass(frozen=True, slots=True)
class Service:
    """A service of a hospital: ids of its Organization and Location, and who works there."""

    organization: str
    location: str
    name: str
    hospital: str
    hospital_name: str
    doctors: tuple[Doctor, ...]


@dataclass(frozen=True, slots=True)
class Hospitals:
    """``services`` by hospital key, then by service key; ``resources`` is everything to write, targets first."""

    services: dict[str, dict[str, Service]]
    resources: tuple[Resource, ...]


def build(seed: int) -> Hospitals:
    """The hospitals of ``seed``; always the same for the same seed."""
    random = Random(f"{seed}/hospitals")  # noqa: S311 - reproducible, not secret
    resources: list[Resource] = []
    services: dict[str, dict[str, Service]] = {}
    number = 0
    for place, (key, name, short, home, kept) in enumerate(_HOSPITALS):
        hospital = identity(seed, "Organization", key)
        resources.append(_hospital(hospital, name, short, home, numbers.finess("65", place)))
        services[key] = {}
        for code, label, specialty in _SERVICES:
            if code not in kept:
                continue
            organization, location = identity(seed, "Organization", key, code), identity(seed, "Location", key, code)
            resources += _service(organization, location, hospital, name, label, f"05 36 49 {place:02d} {number:02d}")
            doctors = []
            for _ in range(2):
                number += 1
                doctor, role = identity(seed, "Practitioner", number), identity(seed, "PractitionerRole", number)
                shown, practitioner = _practitioner(random, doctor, number)
                resources += [practitioner, _role(role, doctor, shown, organization, label, specialty, location)]
                doctors.append(Doctor(doctor, shown))
            services[key][code] = Service(organization, location, label, hospital, name, tuple(doctors))
    return Hospitals(services, tuple(resources))


def _hospital(id_: str, name: str, short: str, home: int, finess: str) -> Resource:
    town = HOMES[home]
    return {
        "resourceType": "Organization",
        "id": id_,
        "meta": {"profile": [FR_CORE + "fr-core-organization"]},
        "extension": [{"url": FR_CORE + "fr-core-organization-short-name", "valueString": short}],
        "identifier": [identifier("official", FR_IDENTIFIER_TYPE, "FINEG", FINESS, finess)],
        "active": True,
        "type": [hl7("organization-type", "prov")],
        "name": name,
        "telecom": [phone(f"05 36 49 00 {home:02d}", "work")],
        "address": [
            {
                "extension": [insee(town.insee)],
                "use": "work",
                "line": ["1 place de l'Ambulance-Volante"],
                "city": town.name,
                "postalCode": town.postal,
                "country": "FR",
            }
        ],
    }


def _service(organization: str, location: str, hospital: str, hospital_name: str, label: str, number: str) -> list[Resource]:
    return [
        {
            "resourceType": "Organization",
            "id": organization,
            "active": True,
            "type": [hl7("organization-type", "dept")],
            "name": label,
            "telecom": [phone(number, "work")],
            "partOf": reference("Organization", hospital, hospital_name),
        },
        {
            "resourceType": "Location",
            "id": location,
            "status": "active",
            "name": f"{label} – {hospital_name}",
            "mode": "instance",
            "physicalType": hl7("location-physical-type", "wa"),
            "managingOrganization": reference("Organization", organization, label),
        },
    ]


def _practitioner(random: Random, id_: str, number: int) -> tuple[str, Resource]:
    female = random.random() < 0.5
    period = random.choice(FIRST_NAMES[1:3])
    given = random.choice(period.girls if female else period.boys)
    family = random.choice(SURNAMES)
    shown = f"Dr {given} {family}"
    return shown, {
        "resourceType": "Practitioner",
        "id": id_,
        "meta": {"profile": [FR_CORE + "fr-core-practitioner"]},
        "identifier": [identifier("official", FR_IDENTIFIER_TYPE, "RPPS", RPPS, numbers.rpps(number))],
        "active": True,
        "name": [{"use": "official", "family": family.upper(), "given": [given], "prefix": ["Mme" if female else "M"],
                  "suffix": ["DR"], "text": shown}],
        "gender": "female" if female else "male",
    }  # fmt: skip


def _role(id_: str, doctor: str, shown: str, organization: str, label: str, specialty: str, location: str) -> Resource:
    return {
        "resourceType": "PractitionerRole",
        "id": id_,
        "active": True,
        "practitioner": reference("Practitioner", doctor, shown),
        "organization": reference("Organization", organization, label),
        "code": [{"coding": [coding(HL7 + "practitioner-role", "doctor")], "text": "Médecin"}],
        "specialty": [{"text": specialty}],
        "location": [reference("Location", location)],
    }

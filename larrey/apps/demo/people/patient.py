"""Writes a person as a Patient in the style of FR Core."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from random import Random

from larrey.apps.demo import numbers
from larrey.apps.demo.people import places
from larrey.apps.demo.people.person import Person, first_names
from larrey.apps.demo.resources import (
    FR_CORE,
    FR_IDENTIFIER_TYPE,
    IDENTITY_STATUS,
    INS_TEST,
    IPP,
    V2_IDENTIFIER_TYPE,
    Resource,
    coding,
    hl7,
    identifier,
    insee,
    phone,
)
from larrey.apps.demo.structure import Hospital
from larrey.kit.text import fold


def ipp(hospital: Hospital, number: int) -> str:
    """The IPP of patient ``number`` at ``hospital``: its rank and eight digits, unlike those of the other hospitals."""
    return f"{hospital.number}{(number * 48271 + hospital.number * 7919 * 1009) % 10**8:08d}"


def matricule(person: Person) -> str:
    """Her INS of the test range; empty while her identity is provisional: one in twelve, and who has no whole date of birth."""
    if person.precision < 10 or Random(f"{person.number}/{person.family}/{person.born}/ins").random() < 0.08:
        return ""
    return numbers.ins("2" if person.sex == "female" else "1", person.born, person.birth_place.insee, person.order)


def resource(random: Random, id_: str, person: Person, hospitals: Iterable[Hospital], today: date) -> Resource:
    """The Patient. ``hospitals``: where she was seen."""
    qualified = matricule(person)
    seen = list(hospitals)
    identifiers = []
    for hospital in seen:
        one = identifier("usual", V2_IDENTIFIER_TYPE, "PI", f"{IPP}/{hospital.key}", ipp(hospital, person.number))
        identifiers.append(one | {"assigner": hospital.ref})
    if qualified:
        identifiers.append(identifier("official", FR_IDENTIFIER_TYPE, "INS-NIR-TEST", INS_TEST, qualified))
    names: list[Resource] = [
        {
            "extension": [{"url": FR_CORE + "fr-core-patient-birth-list-given-name", "valueString": " ".join(person.given)}],
            "use": "official",
            "family": person.family.upper(),
            "given": list(person.given),
        }
    ]
    if person.used:
        names.append({"use": "usual", "family": person.used.upper(), "given": [person.given[0]]})
    status = "VALI" if qualified else "PROV"
    made: Resource = {
        "resourceType": "Patient",
        "id": id_,
        "meta": {"profile": [FR_CORE + ("fr-core-patient-ins" if qualified else "fr-core-patient")]},
        "extension": [
            {
                "url": FR_CORE + "fr-core-identity-reliability",
                "extension": [{"url": "identityStatus", "valueCoding": coding(IDENTITY_STATUS, status)}],
            },
            {
                "url": "http://hl7.org/fhir/StructureDefinition/patient-birthPlace",
                "valueAddress": {"extension": [insee(person.birth_place.insee)], "city": person.birth_place.name},
            },
        ],
        "identifier": identifiers,
        "active": True,
        "name": names,
        "telecom": _telecom(random, person, today),
        "gender": person.sex,
        "birthDate": person.born.isoformat()[: person.precision],
        "address": [
            {
                "extension": [insee(person.home.insee)],
                "use": "home",
                "line": [f"{random.randint(1, 120)} {random.choice(places.STREETS)}"],
                "city": person.home.name,
                "postalCode": person.home.postal,
                "country": "FR",
            }
        ],
    }
    if seen:
        made["managingOrganization"] = seen[0].ref
    contact = _contact(random, person, today)
    if contact:
        made["contact"] = [contact]
    return made


def mobile(random: Random) -> str:
    """A mobile number of the range kept for fiction (ARCEP)."""
    return f"06 39 98 {random.randint(0, 99):02d} {random.randint(0, 99):02d}"


def _telecom(random: Random, person: Person, today: date) -> list[Resource]:
    telecom = [phone(mobile(random), "mobile")]
    if random.random() < 0.4:
        telecom.append(phone(f"05 36 49 {random.randint(10, 99):02d} {random.randint(0, 99):02d}"))
    if person.age(today) > 15 and random.random() < 0.35:
        mail = ".".join(fold(part).replace(" ", "-").replace("'", "") for part in (person.given[0], person.family))
        telecom.append({"system": "email", "value": f"{mail}@courriel.example"})
    return telecom


def _contact(random: Random, person: Person, today: date) -> Resource | None:
    """The mother of a child, whom to call for an old person, now and then someone for the others."""
    age = person.age(today)
    if age >= 18 and random.random() > (0.7 if age > 75 else 0.25):
        return None
    if age < 18:
        relation, sex, born = ("MTH", "mère"), "female", today.replace(year=person.born.year - 29, day=1)
    elif age > 70:
        relation, sex = random.choice(((("DAU", "fille"), "female"), (("SON", "fils"), "male")))
        born = today.replace(year=person.born.year + 28, day=1)
    else:
        relation, sex, born = ("SPS", "conjoint"), "male" if person.sex == "female" else "female", person.born
    given = first_names(random, "female" if sex == "female" else "male", born)[0]
    family = (person.used or person.family) if relation[0] == "SPS" else person.family
    return {
        "relationship": [hl7("v3-RoleCode", relation[0], relation[1])],
        "name": {"family": family.upper(), "given": [given]},
        "telecom": [phone(mobile(random), "mobile")],
        "gender": sex,
    }

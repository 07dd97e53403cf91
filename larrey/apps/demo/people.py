"""The invented people: identity drawn from the lists, as a Patient in the style of FR Core."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from random import Random
from typing import Literal

from larrey.apps.demo import numbers, places
from larrey.apps.demo.names import FIRST_NAMES, RARE_SURNAMES, SECOND_NAMES, SURNAMES
from larrey.apps.demo.places import Place
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
    identity,
    insee,
    phone,
    reference,
)
from larrey.kit.text import fold

# People per hundred who come to a hospital, by decade of age.
_AGES = (9, 6, 8, 9, 9, 11, 14, 16, 13, 5)


@dataclass(frozen=True, slots=True)
class Person:
    """Who someone is. ``family`` is the birth name, ``used`` another one she goes by (empty: none)."""

    number: int
    id: str
    sex: Literal["female", "male"]
    family: str
    used: str
    given: tuple[str, ...]
    born: date
    birth_place: Place
    home: Place

    def age(self, day: date) -> float:
        """In years."""
        return (day - self.born).days / 365.25

    @property
    def shown(self) -> str:
        """The name to print in letters."""
        return f"{self.given[0]} {self.used or self.family}"


def draw(seed: int, number: int, today: date) -> Person:
    """Person ``number`` of the set; everything about her depends on ``seed``, ``number`` and ``today`` only."""
    random = Random(f"{seed}/person/{number}")  # noqa: S311 - reproducible, not secret
    sex: Literal["female", "male"] = "female" if random.random() < 0.53 else "male"
    decade = random.choices(range(10), _AGES)[0]
    born = today - timedelta(days=int((decade + random.random()) * 3652.5))
    families = RARE_SURNAMES if random.random() < 0.12 else SURNAMES
    family, used = random.choice(families), ""
    if sex == "female" and today.year - born.year > 26 and random.random() < 0.5:
        used = random.choice(SURNAMES)
        if random.random() < 0.15:
            used = f"{family}-{used}"
    period = next(period for period in FIRST_NAMES if born.year < period.before)
    given = (
        random.choice(period.girls if sex == "female" else period.boys),
        *random.sample(SECOND_NAMES[sex], random.randint(0, 2)),
    )
    births = places.BIRTHS_ABROAD if random.random() < 0.1 else places.BIRTHS_IN_FRANCE
    return Person(
        number,
        identity(seed, "Patient", number),
        sex,
        family,
        "" if used == family else used,
        tuple(dict.fromkeys(given)),
        born,
        random.choice(births),
        random.choice(places.HOMES),
    )


def patient(seed: int, person: Person, hospital: str, hospital_name: str) -> Resource:
    """The Patient resource of ``person``. One in twelve has a provisional identity, hence no INS."""
    random = Random(f"{seed}/patient/{person.number}")  # noqa: S311 - reproducible, not secret
    qualified = random.random() > 0.08
    identifiers = [identifier("usual", V2_IDENTIFIER_TYPE, "PI", IPP, f"8{person.number:09d}")]
    if qualified:
        matricule = numbers.ins(
            "2" if person.sex == "female" else "1", person.born, person.birth_place.insee, random.randint(1, 320)
        )
        identifiers.append(identifier("official", FR_IDENTIFIER_TYPE, "INS-NIR-TEST", INS_TEST, matricule))
    official: Resource = {
        "extension": [{"url": FR_CORE + "fr-core-patient-birth-list-given-name", "valueString": " ".join(person.given)}],
        "use": "official",
        "family": person.family.upper(),
        "given": list(person.given),
    }
    names = [official]
    if person.used:
        names.append({"use": "usual", "family": person.used.upper(), "given": [person.given[0]]})
    line = f"{random.randint(1, 120)} {random.choice(places.STREETS)}"
    mobile = f"06 39 98 {random.randint(0, 99):02d} {random.randint(0, 99):02d}"
    telecom = [phone(mobile, "mobile")]
    if random.random() < 0.4:
        telecom.append(phone(f"05 36 49 {random.randint(10, 99):02d} {random.randint(0, 99):02d}"))
    if random.random() < 0.35:
        mail = ".".join(fold(part).replace(" ", "-") for part in (person.given[0], person.family))
        telecom.append({"system": "email", "value": f"{mail}@courriel.example"})
    resource: Resource = {
        "resourceType": "Patient",
        "id": person.id,
        "meta": {"profile": [FR_CORE + ("fr-core-patient-ins" if qualified else "fr-core-patient")]},
        "extension": [
            {
                "url": FR_CORE + "fr-core-identity-reliability",
                "extension": [{"url": "identityStatus", "valueCoding": coding(IDENTITY_STATUS, "VALI" if qualified else "PROV")}],
            },
            {
                "url": "http://hl7.org/fhir/StructureDefinition/patient-birthPlace",
                "valueAddress": {"extension": [insee(person.birth_place.insee)], "city": person.birth_place.name},
            },
        ],
        "identifier": identifiers,
        "active": True,
        "name": names,
        "telecom": telecom,
        "gender": person.sex,
        "birthDate": person.born.isoformat(),
        "address": [
            {
                "extension": [insee(person.home.insee)],
                "use": "home",
                "line": [line],
                "city": person.home.name,
                "postalCode": person.home.postal,
                "country": "FR",
            }
        ],
        "managingOrganization": reference("Organization", hospital, hospital_name),
    }
    if random.random() < 0.3:
        resource["contact"] = [
            {
                "relationship": [hl7("v2-0131", "N")],
                "name": {"family": (person.used or person.family).upper(), "given": [random.choice(FIRST_NAMES[1].girls)]},
                "telecom": [phone(f"06 39 98 {random.randint(0, 99):02d} {random.randint(0, 99):02d}", "mobile")],
            }
        ]
    return resource

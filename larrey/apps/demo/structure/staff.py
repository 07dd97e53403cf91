"""Who works in the group: professionals with RPPS numbers, and the people of the demo accounts among them."""

from __future__ import annotations

from dataclasses import dataclass
from random import Random
from typing import NamedTuple

from larrey.apps.demo import numbers
from larrey.apps.demo.people.names import FIRST_NAMES, SURNAMES
from larrey.apps.demo.resources import (
    FR_CORE,
    FR_IDENTIFIER_TYPE,
    PROFESSION,
    RPPS,
    SPECIALTY,
    Resource,
    coding,
    identifier,
    identity,
    reference,
)


class Role(NamedTuple):
    """A profession: its code of the national nomenclature TRE_G15 (empty: outside it) and label by sex."""

    code: str
    female: str
    male: str


ROLES = {
    "medecin": Role("10", "Médecin", "Médecin"),
    "sagefemme": Role("50", "Sage-femme", "Maïeuticien"),
    "pharmacien": Role("21", "Pharmacienne", "Pharmacien"),
    "infirmier": Role("60", "Infirmière", "Infirmier"),
    "kine": Role("70", "Masseuse-kinésithérapeute", "Masseur-kinésithérapeute"),
    "manipulateur": Role("98", "Manipulatrice en électroradiologie", "Manipulateur en électroradiologie"),
    "technicien": Role("86", "Technicienne de laboratoire", "Technicien de laboratoire"),
    "secretaire": Role("", "Secrétaire médicale", "Secrétaire médical"),
    "identite": Role("", "Chargée d'identitovigilance", "Chargé d'identitovigilance"),
    "administrateur": Role("", "Administratrice du système d'information", "Administrateur du système d'information"),
    "admission": Role("", "Agente du bureau des admissions", "Agent du bureau des admissions"),
    "dim": Role("", "Technicienne de l'information médicale", "Technicien de l'information médicale"),
    "chercheur": Role("", "Chercheuse", "Chercheur"),
    "support": Role("", "Technicienne de l'assistance informatique", "Technicien de l'assistance informatique"),
    "securite": Role("", "Responsable de la sécurité de l'information", "Responsable de la sécurité de l'information"),
}


class Specialty(NamedTuple):
    """``code`` and ``label``: of the national nomenclature TRE_R38; ``title``: as a doctor signs."""

    code: str
    label: str
    title: str


SPECIALTIES = {
    "urgences": Specialty("SM59", "Médecine d'urgence", "urgentiste"),
    "reanimation": Specialty("SM46", "Médecine intensive-réanimation", "réanimateur"),
    "anesthesie": Specialty("SM02", "Anesthésie-réanimation", "anesthésiste-réanimateur"),
    "cardiologie": Specialty("SM04", "Cardiologie et maladies vasculaires", "cardiologue"),
    "pneumologie": Specialty("SM41", "Pneumologie", "pneumologue"),
    "vasculaire": Specialty("SM13", "Chirurgie vasculaire", "chirurgien vasculaire"),
    "neurologie": Specialty("SM32", "Neurologie", "neurologue"),
    "neurochirurgie": Specialty("SM31", "Neuro-chirurgie", "neurochirurgien"),
    "ophtalmologie": Specialty("SM38", "Ophtalmologie", "ophtalmologue"),
    "digestif": Specialty("SM14", "Chirurgie viscérale et digestive", "chirurgien digestif"),
    "gastro": Specialty("SM24", "Gastro-entérologie et hépatologie", "gastro-entérologue"),
    "oncologie": Specialty("SM36", "Oncologie, option médicale", "oncologue"),
    "palliatif": Specialty("SM54", "Médecine générale", "médecin de soins palliatifs"),
    "orthopedie": Specialty("SM08", "Chirurgie orthopédique et traumatologie", "chirurgien orthopédiste"),
    "rhumatologie": Specialty("SM48", "Rhumatologie", "rhumatologue"),
    "interne": Specialty("SM27", "Médecine interne", "interniste"),
    "generale": Specialty("SM54", "Médecine générale", "médecin polyvalent"),
    "endocrino": Specialty("SM62", "Endocrinologie, diabétologie, nutrition", "diabétologue"),
    "infectieux": Specialty("SM58", "Maladies infectieuses et tropicales", "infectiologue"),
    "nephrologie": Specialty("SM30", "Néphrologie", "néphrologue"),
    "urologie": Specialty("SM12", "Chirurgie urologique", "urologue"),
    "geriatrie": Specialty("SM18", "Gériatrie", "gériatre"),
    "biologie": Specialty("SM03", "Biologie médicale", "biologiste médical"),
    "radiologie": Specialty("SM44", "Radio-diagnostic", "radiologue"),
    "anapath": Specialty("SM01", "Anatomie et cytologie pathologiques", "anatomopathologiste"),
    "pharmacie": Specialty("", "Pharmacie hospitalière", "pharmacien"),
    "obstetrique": Specialty("SM20", "Gynécologie-obstétrique", "gynécologue-obstétricien"),
    "gynecologie": Specialty("SM20", "Gynécologie-obstétrique", "gynécologue"),
    "neonatologie": Specialty("SM87", "Pédiatrie, option néonatologie", "néonatologiste"),
    "pediatrie": Specialty("SM40", "Pédiatrie", "pédiatre"),
    "chir_pediatrique": Specialty("SM09", "Chirurgie infantile", "chirurgien pédiatre"),
    "psychiatrie": Specialty("SM42", "Psychiatrie", "psychiatre"),
    "pedopsychiatrie": Specialty("SM43", "Psychiatrie, option enfant et adolescent", "pédopsychiatre"),
    "mpr": Specialty("SM29", "Médecine physique et réadaptation", "médecin de réadaptation"),
}


@dataclass(frozen=True, slots=True)
class Professional:
    """Someone who works in the group. ``shown``: as she signs (Dr Anne Martin); ``ref``: a reference to her, shared."""

    id: str
    shown: str
    role: str
    title: str
    female: bool
    ref: Resource


@dataclass(frozen=True, slots=True)
class Known:
    """Someone that an account of the demo belongs to (``larrey.access.demo``): by its user name."""

    given: str
    family: str
    female: bool
    role: str
    uf: str
    specialty: str = ""


ACCOUNTS = {
    "medecin": Known("Camille", "Arnaud", True, "medecin", "1610"),
    "infirmiere": Known("Inès", "Morvan", True, "infirmier", "1610"),
    "identite": Known("Paul", "Gauthier", False, "identite", "1110"),
    "admin": Known("Sophie", "Lenoir", True, "administrateur", ""),
    "medecin2": Known("Antoine", "Lemoine", False, "medecin", "1630", "infectieux"),
    "infirmiere2": Known("Chloé", "Teixeira", True, "infirmier", "1630"),
    "sagefemme": Known("Nolwenn", "Kerbrat", True, "sagefemme", "3111"),
    "pharmacien": Known("Hugo", "Delmas", False, "pharmacien", "1740"),
    "admission": Known("Karim", "Benali", False, "admission", "1110"),
    "secretaire": Known("Martine", "Roche", True, "secretaire", "1610"),
    "dim": Known("Élise", "Vasseur", True, "dim", ""),
    "chercheur": Known("Thomas", "Weber", False, "chercheur", ""),
    "support": Known("Lucas", "Ferrand", False, "support", ""),
    "securite": Known("Nadia", "Cherif", True, "securite", ""),
}
"""User name of a demo account → the professional she is; her Practitioner is ``practitioner_id(seed, user name)`` and tagged with
the user name (``ACCOUNT_TAG``), by which the account finds her. ``uf``: where she works; empty: at the university hospital."""
ACCOUNT_TAG = "urn:larrey:demo:account"
"""System of the tag on the Practitioner of a demo account; the code is the user name (``larrey.access.demo`` looks for it)."""


def practitioner_id(seed: int, key: object) -> str:
    """Id of the Practitioner that ``key`` (a number, or the user name of a demo account) names."""
    return identity(seed, "Practitioner", key)


class Staff:
    """Hires people one after the other; ``resources`` holds their Practitioner and PractitionerRole."""

    def __init__(self, seed: int) -> None:
        self._seed, self._number = seed, 0
        self._random = Random(f"{seed}/staff")
        self._names: set[tuple[str, str]] = {(known.given, known.family) for known in ACCOUNTS.values()}
        self.resources: list[Resource] = []

    def hire(self, role: str, unit: Resource, location: Resource | None, specialty: str = "") -> Professional:
        """One more professional of ``role`` who works in the unit (a reference)."""
        while True:
            female = self._random.random() < (0.5 if role == "medecin" else 0.82)
            period = self._random.choice(FIRST_NAMES[2:4])
            given = self._random.choice(period.girls if female else period.boys)
            family = self._random.choice(SURNAMES)
            if (given, family) not in self._names:
                break
        self._names.add((given, family))
        return self._engaged(Known(given, family, female, role, ""), None, unit, location, specialty)

    def known(self, account: str, unit: Resource, location: Resource | None, specialty: str = "") -> Professional:
        """The professional of a demo account."""
        return self._engaged(ACCOUNTS[account], account, unit, location, specialty)

    def _engaged(
        self, who: Known, account: str | None, unit: Resource, location: Resource | None, specialty: str
    ) -> Professional:
        self._number += 1
        number = self._number
        id_ = practitioner_id(self._seed, account or number)
        role = ROLES[who.role]
        titled = who.role in ("medecin", "pharmacien")
        shown = f"Dr {who.given} {who.family}" if titled else f"{who.given} {who.family}"
        name: Resource = {
            "use": "official", "family": who.family.upper(), "given": [who.given], "prefix": ["MME" if who.female else "M"],
            "text": shown,
        }  # fmt: skip
        if titled:
            name["suffix"] = ["DR"]
        practitioner: Resource = {
            "resourceType": "Practitioner",
            "id": id_,
            "meta": {"profile": [FR_CORE + "fr-core-practitioner"]}
            | ({"tag": [coding(ACCOUNT_TAG, account)]} if account else {}),
            "active": True,
            "name": [name],
            "gender": "female" if who.female else "male",
        }
        if role.code:
            number_ = identifier("official", FR_IDENTIFIER_TYPE, "RPPS", RPPS, numbers.rpps(number))
            practitioner["identifier"] = [number_]
        ref = reference("Practitioner", id_, shown)
        label = role.female if who.female else role.male
        duty: Resource = {
            "resourceType": "PractitionerRole",
            "id": identity(self._seed, "PractitionerRole", account or number),
            "active": True,
            "period": {"start": f"{self._random.randint(2006, 2024)}-{self._random.choice(('05-02', '09-01', '11-02'))}"},
            "practitioner": ref,
            "organization": unit,
            "code": [({"coding": [coding(PROFESSION, role.code, role.male)]} if role.code else {}) | {"text": label}],
        }
        title = label
        if who.role == "medecin" and specialty:
            special = SPECIALTIES[specialty]
            title = special.title
            duty["specialty"] = [
                ({"coding": [coding(SPECIALTY, special.code, special.label)]} if special.code else {}) | {"text": special.label}
            ]
        if location is not None:
            duty["location"] = [location]
        self.resources += [practitioner, duty]
        return Professional(id_, shown, who.role, title, who.female, ref)

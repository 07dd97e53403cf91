"""Builds the group of ``plan``: organizations, places down to the bed, and who works where."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import lru_cache

from larrey.apps.demo import numbers
from larrey.apps.demo.people.places import HOMES, Place
from larrey.apps.demo.resources import (
    FINESS,
    FR_CORE,
    FR_IDENTIFIER_TYPE,
    HL7,
    UNIT,
    Resource,
    coding,
    concept,
    hl7,
    identifier,
    identity,
    insee,
    phone,
    reference,
)
from larrey.apps.demo.structure.plan import HOSPITALS, LEGAL_ENTITY, HospitalPlan, PolePlan, ServicePlan
from larrey.apps.demo.structure.staff import ACCOUNTS, Professional, Staff

_LEVELS = "https://demo.larrey.example/CodeSystem/niveau-de-structure"
_DEPARTMENT = "65"
ENTITY = identity(0, "Organization", "ej")
"""Id of the legal entity, whatever the seed."""
_SENSITIVE = frozenset({"psychiatrie", "pedopsychiatrie"})
"""Specialties of the services whose units bear a label of sensitivity."""
# Services whose work is done by others than nurses, beside the doctors.
_OTHER_STAFF = {"biologie": "technicien", "radiologie": "manipulateur", "pharmacie": "pharmacien", "anapath": "technicien"}


@dataclass(frozen=True, slots=True)
class Bed:
    """A bed (or a box, a post): references to it and to its room, shared."""

    ref: Resource
    room: Resource


@dataclass(slots=True)
class Unit:
    """A functional unit (UF). ``ref`` and ``place`` are references, shared; ``doctors`` are those of its service."""

    code: str
    kind: str
    label: str
    service: str
    hospital: Hospital
    ref: Resource
    place: Resource
    beds: tuple[Bed, ...] = ()
    doctors: tuple[Professional, ...] = ()
    carers: tuple[Professional, ...] = ()
    secretaries: tuple[Professional, ...] = ()


@dataclass(slots=True)
class Hospital:
    """``units``: by kind of care; ``number``: its rank, 1 to 4, of which IPP numbers begin."""

    key: str
    number: int
    name: str
    short: str
    town: Place
    id: str
    ref: Resource
    finess: str
    units: dict[str, list[Unit]] = field(default_factory=dict)


@dataclass(slots=True)
class Group:
    """``resources`` is everything to write, targets of references first; ``accounts``: the demo accounts' people."""

    hospitals: dict[str, Hospital] = field(default_factory=dict)
    units: dict[str, Unit] = field(default_factory=dict)
    kinds: dict[str, list[Unit]] = field(default_factory=dict)
    accounts: dict[str, Professional] = field(default_factory=dict)
    resources: list[Resource] = field(default_factory=list)


@lru_cache(2)
def build(seed: int) -> Group:
    """The group of ``seed``; always the same for the same seed."""
    return _Builder(seed).group


class _Builder:
    def __init__(self, seed: int) -> None:
        self._seed, self._phone = seed, 0
        self._staff = Staff(seed)
        self.group = Group()
        self._entity = reference("Organization", ENTITY, LEGAL_ENTITY)
        self.group.resources.append(self._organization(
            ENTITY, LEGAL_ENTITY, "Entité juridique", "FINEJ", numbers.finess(_DEPARTMENT, 0), HOMES[0]
        ))  # fmt: skip
        for rank, plan in enumerate(HOSPITALS, 1):
            self._hospital(rank, plan)
        chu = self.group.hospitals["chu"]
        for account, known in ACCOUNTS.items():
            if account not in self.group.accounts:
                unit = self.group.units.get(known.uf)
                ref, place = (unit.ref, unit.place) if unit else (chu.ref, None)
                self.group.accounts[account] = self._staff.known(account, ref, place, known.specialty)
        self.group.resources += self._staff.resources

    def _organization(self, id_: str, name: str, level: str, type_: str, finess: str, town: Place) -> Resource:
        return {
            "resourceType": "Organization",
            "id": id_,
            "meta": {"profile": [FR_CORE + "fr-core-organization"]},
            "identifier": [identifier("official", FR_IDENTIFIER_TYPE, type_, FINESS, finess)],
            "active": True,
            "type": [hl7("organization-type", "prov"), concept(_LEVELS, "EJ" if type_ == "FINEJ" else "EG", level)],
            "name": name,
            "telecom": [phone(self._telephone(), "work")],
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

    def _telephone(self) -> str:
        """The next number of a range that is kept for fiction (ARCEP, 05 36 49)."""
        self._phone += 1
        return f"05 36 49 {self._phone // 100:02d} {self._phone % 100:02d}"

    def _hospital(self, rank: int, plan: HospitalPlan) -> None:
        town = next(place for place in HOMES if place.insee == plan.home)
        id_, finess = identity(self._seed, "Organization", plan.key), numbers.finess(_DEPARTMENT, rank)
        hospital = Hospital(plan.key, rank, plan.name, plan.short, town, id_, reference("Organization", id_, plan.name), finess)
        resource = self._organization(id_, plan.name, "Entité géographique", "FINEG", finess, town)
        resource["extension"] = [{"url": FR_CORE + "fr-core-organization-short-name", "valueString": plan.short}]
        resource["partOf"] = self._entity
        site = identity(self._seed, "Location", plan.key)
        self.group.hospitals[plan.key] = hospital
        self.group.resources += [resource, {
            "resourceType": "Location", "id": site, "status": "active", "name": plan.name, "mode": "instance",
            "physicalType": hl7("location-physical-type", "si", "Site"), "managingOrganization": hospital.ref,
        }]  # fmt: skip
        for number, pole in enumerate(plan.poles, 1):
            self._pole(hospital, reference("Location", site, plan.name), f"{rank}{number}", pole)

    def _part(self, id_: str, code: str, level: tuple[str, str], name: str, parent: Resource, kind: str) -> Resource:
        """An Organization below a hospital; returns a reference to it."""
        self.group.resources.append({
            "resourceType": "Organization", "id": id_, "active": True,
            "identifier": [{"use": "official", "system": UNIT, "value": code}],
            "type": [hl7("organization-type", kind), concept(_LEVELS, *level)], "name": name, "partOf": parent,
        })  # fmt: skip
        return reference("Organization", id_, name)

    def _pole(self, hospital: Hospital, site: Resource, code: str, plan: PolePlan) -> None:
        id_ = identity(self._seed, "Organization", "pole", code)
        pole = self._part(id_, f"P{code}", ("POLE", "Pôle"), plan.name, hospital.ref, "dept")
        for service in plan.services:
            self._service(hospital, site, pole, service)

    def _service(self, hospital: Hospital, site: Resource, pole: Resource, plan: ServicePlan) -> None:
        code = f"S{plan.units[0][:4]}"
        id_ = identity(self._seed, "Organization", "service", code)
        service = self._part(id_, code, ("SERVICE", "Service"), plan.name, pole, "dept")
        units = [self._unit(hospital, site, service, plan.name, line) for line in plan.units]
        first, beds = units[0], sum(len(unit.beds) for unit in units)
        doctors = []
        if plan.specialty in _SENSITIVE:
            self._label([service, *(unit.ref for unit in units)])
        if first.code == "1610":
            doctors.append(self._account("medecin", first, plan.specialty))
        if plan.specialty == "pharmacie":
            doctors += [self._staff.hire("pharmacien", service, first.place) for _ in range(3)]
        else:
            doctors += [self._staff.hire("medecin", service, first.place, plan.specialty) for _ in range(min(8, 3 + beds // 18))]
        secretaries = (self._staff.hire("secretaire", service, None),)
        other = _OTHER_STAFF.get(plan.specialty, "infirmier")
        for unit in units:
            unit.doctors, unit.secretaries = tuple(doctors), secretaries
            role = "sagefemme" if unit.kind in ("naissance", "maternite", "cons_obstetrique", "grossesse_risque") else other
            count = max(2, min(7, len(unit.beds) // 6)) if unit.beds else 1
            carers = [self._staff.hire(role, unit.ref, unit.place) for _ in range(count)]
            if unit.code == "1610":
                carers.insert(0, self._account("infirmiere", unit, ""))
            unit.carers = tuple(carers)
            if unit.code == "1110":
                self._account("identite", unit, "")

    def _label(self, units: Iterable[Resource]) -> None:
        """Their stays are for who works there."""
        ids = {unit["reference"].partition("/")[2] for unit in units}
        for resource in self.group.resources:
            if resource["resourceType"] == "Organization" and resource["id"] in ids:
                resource["meta"] = {
                    "security": [coding(HL7 + "v3-ActCode", "PSY", "psychiatry disorder information sensitivity")]
                }

    def _account(self, account: str, unit: Unit, specialty: str) -> Professional:
        person = self._staff.known(account, unit.ref, unit.place, specialty)
        self.group.accounts[account] = person
        return person

    def _unit(self, hospital: Hospital, site: Resource, service: Resource, service_name: str, line: str) -> Unit:
        code, kind, beds, label = line.split(" ", 3)
        ref = self._part(
            identity(self._seed, "Organization", "uf", code), code, ("UF", "Unité fonctionnelle"), label, service, "dept"
        )
        count, lay = int(beds.rstrip("sbd")), beds[-1]
        place = self._place(code, "", f"{label} ({hospital.short})", "wa" if count else "area", site, ref)
        unit = Unit(code, kind, label, service_name, hospital, ref, place)
        unit.beds = tuple(self._beds(code, kind, count, lay, place, ref))
        self.group.units[code] = unit
        hospital.units.setdefault(kind, []).append(unit)
        self.group.kinds.setdefault(kind, []).append(unit)
        return unit

    def _place(self, unit: str, key: str, name: str, type_: str, parent: Resource, owner: Resource) -> Resource:
        """A Location; returns a reference to it."""
        id_ = identity(self._seed, "Location", unit, key)
        label = {"wa": "Unité de soins", "area": "Secteur", "ro": "Chambre", "bd": "Lit"}[type_]
        physical = (
            hl7("location-physical-type", type_, label)
            if type_ != "area"
            else {"coding": [coding(HL7 + "location-physical-type", "area")], "text": label}
        )
        self.group.resources.append({
            "resourceType": "Location", "id": id_, "status": "active", "name": name, "mode": "instance",
            "physicalType": physical, "managingOrganization": owner, "partOf": parent,
        })  # fmt: skip
        return reference("Location", id_, name)

    def _beds(self, code: str, kind: str, count: int, lay: str, place: Resource, owner: Resource) -> list[Bed]:
        if not count:
            return []
        floor = code[2]
        if lay == "b":
            word = {"bloc": "Salle", "cath": "Salle", "naissance": "Salle"}.get(kind, "Box" if kind.startswith("ur") else "Poste")
            hall = self._place(code, "hall", "Salle commune", "ro", place, owner)
            return [Bed(self._place(code, f"b{n}", f"{word} {n}", "bd", hall, owner), hall) for n in range(1, count + 1)]
        beds: list[Bed] = []
        number = 0
        while len(beds) < count:
            number += 1
            double = lay != "s" and number % 3 and count - len(beds) > 1
            name = f"{floor}{number:02d}"
            room = self._place(code, f"r{name}", f"Chambre {name}", "ro", place, owner)
            for side in ("P", "F") if double else ("",):
                shown = f"Lit {name}{f'-{side}' if side else ''}"
                beds.append(Bed(self._place(code, f"{name}{side}", shown, "bd", room, owner), room))
        return beds

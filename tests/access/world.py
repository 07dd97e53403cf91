"""A small world of two hospitals, in which everything that can be seen carries a word of its own, so that a leak shows.

``build`` writes it; ``PIECES`` says of each resource whose it is and how secret. What may be seen by whom is in ``matrix.py``.
"""

from __future__ import annotations

import io
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import psycopg

from larrey import store
from larrey.fhir.secrecy import A07, ACT_CODE, OURS
from larrey.kit import clock
from larrey.store import binary
from larrey.store.caller import Caller, system
from larrey.store.keys import resource_key

SYSTEM = system("test")
WORD = "zq"
"""The beginning of every word that tells a piece of the world: no template, label or name of ours has it."""
PERSONAL = "https://larrey.example/ipp"
LOINC = {"coding": [{"system": "http://loinc.org", "code": "718-7", "display": "Hémoglobine"}]}


@dataclass(frozen=True)
class Piece:
    """One resource of the world. ``word`` stands in its body and in no other; ``past`` are the words of its older versions.

    ``owner``: the patient whose it is; ``sort``: how secret, see ``matrix.SEEN``.
    """

    type: str
    id: str
    owner: str
    sort: str
    word: str
    past: tuple[tuple[str, str], ...] = ()
    deleted: bool = False

    @property
    def reference(self) -> str:
        return f"{self.type}/{self.id}"


@dataclass(frozen=True)
class Person:
    """A patient: in which unit she is or was, in which hospital; ``days`` since she left (None: she is there)."""

    name: str
    unit: str
    hospital: str
    days: int | None = None
    labels: tuple[tuple[str, str], ...] = ()
    born: str = "1950-01-01"


HOSPITALS = {"north": ("cardio", "neuro", "psy"), "south": ("surgery", "refuge")}
SENSITIVE = frozenset({"psy", "refuge"})
HOME = "cardio"
"""The unit where everyone of the matrix works."""
PEOPLE = (
    Person("own", "cardio", "north"),
    Person("colleague", "neuro", "north"),
    Person("mind", "psy", "north"),
    Person("stranger", "surgery", "south"),
    Person("gone", "cardio", "north", days=800),
    Person("discreet", "surgery", "south", labels=((ACT_CODE, "CEL"),)),
    Person("opposed", "cardio", "north"),
    Person("minor", "cardio", "north", born="2015-01-01"),
)
NAMES = tuple(person.name for person in PEOPLE)


def word(*parts: str) -> str:
    return WORD + "".join(parts).replace("-", "").lower() + "x"  # an end, so that none begins another


def ref(type_: str, id_: str) -> dict[str, str]:
    return {"reference": f"{type_}/{id_}"}


class World:
    """What was written, piece by piece."""

    def __init__(self, connection: psycopg.Connection[Any]) -> None:
        self.connection = connection
        self.pieces: list[Piece] = []
        self.texts: dict[str, str] = {}
        """Reference of a Binary → the word in its content."""

    def put(self, resource: dict[str, Any], caller: Caller = SYSTEM) -> None:
        with self.connection.transaction(), self.connection.cursor(binary=True) as cursor:
            store.update(cursor, caller, resource)

    def piece(self, owner: str, sort: str, resource: dict[str, Any], **more: Any) -> Piece:
        found = Piece(
            resource["resourceType"], resource["id"], owner, sort, word(resource["resourceType"], resource["id"]), **more
        )
        self.pieces.append(found)
        return found

    def write(self, owner: str, sort: str, resource: dict[str, Any], place: str = "note", **more: Any) -> Piece:
        """Write ``resource`` with its word in ``place``: an element, see ``said``."""
        found = self.piece(owner, sort, resource, **more)
        self.put(said(resource, place, found.word))
        return found

    def content(self, owner: str, sort: str, id_: str) -> Piece:
        """A Binary whose content is its word."""
        resource = {"resourceType": "Binary", "id": id_, "contentType": "text/plain"}
        found = self.piece(owner, sort, resource)
        with self.connection.transaction(), self.connection.cursor(binary=True) as cursor:
            written = store.update(cursor, SYSTEM, resource)
            binary.attach(cursor, resource_key("Binary", id_), written.version, io.BytesIO(found.word.encode()), 1000)
        return found

    def document(self, owner: str, sort: str, id_: str, *labels: tuple[str, str], **more: Any) -> None:
        """A DocumentReference whose content is a Binary as secret as itself."""
        self.content(owner, sort, f"{id_}-content")
        resource: dict[str, Any] = {
            "resourceType": "DocumentReference",
            "id": id_,
            "status": "current",
            "type": {"text": "Lettre"},
            "subject": ref("Patient", owner),
            "date": instant(1),
            "content": [{"attachment": {"contentType": "text/plain", "url": f"Binary/{id_}-content"}}],
            **more,
        }
        if labels:
            resource["securityLabel"] = [{"coding": [{"system": system_, "code": code}]} for system_, code in labels]
        self.write(owner, sort, resource, "description")

    def of(self, *owners: str) -> Iterator[Piece]:
        return (piece for piece in self.pieces if piece.owner in owners)


def said(resource: dict[str, Any], place: str, text: str) -> dict[str, Any]:
    """``resource`` with ``text`` in ``place``."""
    value: Any = text
    if place in ("note", "reason"):
        value = [{"text": text}]
    elif place == "name":
        value = [{"family": text, "given": ["Prénom"]}]
    elif place == "identifier":
        value = [{"system": PERSONAL, "value": text}]
    return {**resource, place: value}


def instant(days: float) -> str:
    """That many days ago."""
    return (clock.now() - timedelta(days=days)).strftime("%Y-%m-%dT%H:%M:%SZ")


def build(connection: psycopg.Connection[Any]) -> World:
    """Write the world into an empty record."""
    world = World(connection)
    for hospital, units in HOSPITALS.items():
        finess = {"type": {"coding": [{"code": "FINEG"}]}, "value": hospital}
        world.put({"resourceType": "Organization", "id": hospital, "name": hospital, "identifier": [finess]})
        for unit in units:
            labels = {"meta": {"security": [{"system": ACT_CODE, "code": "PSY"}]}} if unit in SENSITIVE else {}
            world.put(
                {"resourceType": "Organization", "id": unit, "name": unit, "partOf": ref("Organization", hospital), **labels}
            )
            world.put({"resourceType": "Location", "id": unit, "name": unit, "managingOrganization": ref("Organization", unit)})
            world.put({"resourceType": "Practitioner", "id": f"dr-{unit}", "name": [{"family": f"Docteur {unit}"}]})
    for person in PEOPLE:
        _patient(world, person)
    _secrets(world)
    _several(world)
    return world


def stay(world: World, owner: str, sort: str, id_: str, unit: str, began: float, ended: float | None) -> None:
    """An encounter in ``unit``, from and to so many days ago."""
    period = {"start": instant(began), **({} if ended is None else {"end": instant(ended)})}
    world.write(
        owner,
        sort,
        {
            "resourceType": "Encounter",
            "id": id_,
            "status": "in-progress" if ended is None else "finished",
            "class": {"system": ACT_CODE, "code": "IMP"},
            "subject": ref("Patient", owner),
            "period": period,
            "location": [{"location": ref("Location", unit), "period": period}],
            "serviceProvider": ref("Organization", unit),
        },
        "identifier",
    )


def observation(owner: str, id_: str, days: float = 1, **more: Any) -> dict[str, Any]:
    return {
        "resourceType": "Observation",
        "id": id_,
        "status": "final",
        "code": LOINC,
        "category": [
            {"coding": [{"system": "http://terminology.hl7.org/CodeSystem/observation-category", "code": "laboratory"}]}
        ],
        "subject": ref("Patient", owner),
        "effectiveDateTime": instant(days),
        "valueQuantity": {"value": 13, "unit": "g/dL", "system": "http://unitsofmeasure.org", "code": "g/dL"},
        **more,
    }


def _patient(world: World, person: Person) -> None:
    name = person.name
    world.write(
        name,
        "plain",
        {
            "resourceType": "Patient",
            "id": name,
            "gender": "female",
            "birthDate": person.born,
            "identifier": [{"system": PERSONAL, "value": f"ipp{name}"}],
            **({"meta": {"security": [{"system": s, "code": c} for s, c in person.labels]}} if person.labels else {}),
        },
        "name",
    )
    ended = person.days
    began = 3.0 if ended is None else ended + 3.0
    stay(world, name, "plain", f"{name}-stay", person.unit, began, ended)
    days, during = (1.0 if ended is None else ended + 1.0), {"encounter": ref("Encounter", f"{name}-stay")}
    subject = ref("Patient", name)
    world.write(name, "plain", observation(name, f"{name}-lab", days, **during))
    world.write(name, "plain", observation(name, f"{name}-lab2", days + 0.5, **during))
    world.write(
        name,
        "plain",
        {"resourceType": "Condition", "id": f"{name}-condition", "subject": subject, "code": {"text": "Grippe"}, **during},
    )
    world.write(
        name,
        "plain",
        {
            "resourceType": "MedicationRequest",
            "id": f"{name}-drug",
            "status": "active",
            "intent": "order",
            "medicationCodeableConcept": {"text": "Paracétamol"},
            "subject": subject,
            "authoredOn": instant(days),
            **during,
        },
    )
    active = {"coding": [{"system": "http://terminology.hl7.org/CodeSystem/allergyintolerance-clinical", "code": "active"}]}
    allergy = {"resourceType": "AllergyIntolerance", "id": f"{name}-allergy", "patient": subject, "clinicalStatus": active}
    world.write(name, "plain", allergy)
    world.write(
        name,
        "plain",
        {
            "resourceType": "DiagnosticReport",
            "id": f"{name}-report",
            "status": "final",
            "code": {"text": "Bilan"},
            "subject": subject,
            "result": [ref("Observation", f"{name}-lab")],
            **during,
        },
        "conclusion",
    )
    world.write(
        name,
        "plain",
        {
            "resourceType": "List",
            "id": f"{name}-list",
            "status": "current",
            "mode": "working",
            "subject": subject,
            "entry": [{"item": ref("Observation", f"{name}-lab")}],
            **during,
        },
        "title",
    )
    world.write(
        name,
        "plain",
        {
            "resourceType": "Provenance",
            "id": f"{name}-provenance",
            "target": [ref("Observation", f"{name}-lab")],
            "recorded": instant(days),
            "agent": [{"who": ref("Practitioner", f"dr-{person.unit}")}],
        },
        "reason",
    )
    world.document(name, "plain", f"{name}-letter", context={"encounter": [ref("Encounter", f"{name}-stay")]})


def _secrets(world: World) -> None:
    """What of a patient is not for everyone who cares for her."""
    for owner, unit in (("own", "psy"), ("stranger", "refuge")):
        world.document(owner, "patient-only", f"{owner}-diary", (OURS, "PATIENT_ONLY"))
        world.document(owner, "hidden", f"{owner}-masked", (A07, "MASQUE_PS"), author=[ref("Practitioner", "dr-neuro")])
        world.document(owner, "not-yet-told", f"{owner}-untold", (A07, "INVISIBLE_PATIENT"))
        stay(world, owner, "sensitive", f"{owner}-psychiatry", unit, 200, 190)
        world.write(
            owner, "sensitive", observation(owner, f"{owner}-mood", 195, encounter=ref("Encounter", f"{owner}-psychiatry"))
        )
    world.document("minor", "minors-secret", "minor-secret", (A07, "INVISIBLE_REPRESENTANTS_LEGAUX"))
    # Once plain, now hidden: neither is for professionals. Once hidden, now plain: the past stays hidden.
    label = {"meta": {"security": [{"system": A07, "code": "MASQUE_PS"}]}}
    closed = observation("own", "own-closed")
    world.put(said(closed, "note", word("closedbefore")))
    world.write("own", "hidden", {**closed, **label}, past=((word("closedbefore"), "hidden"),))
    opened = observation("own", "own-opened")
    world.put(said({**opened, **label}, "note", word("openedbefore")))
    world.write("own", "plain", opened, past=((word("openedbefore"), "hidden"),))
    for owner in ("own", "stranger"):
        gone = observation(owner, f"{owner}-deleted")
        piece = world.piece(owner, "plain", gone, deleted=True)
        world.put(said(gone, "note", piece.word))
        with world.connection.transaction(), world.connection.cursor(binary=True) as cursor:
            store.delete(cursor, SYSTEM, "Observation", gone["id"])
    # She opposes sharing between hospitals, and was in the other one too.
    world.put(
        {
            "resourceType": "Consent",
            "id": "opposed-consent",
            "status": "active",
            "scope": {"coding": [{"system": "http://terminology.hl7.org/CodeSystem/consentscope", "code": "patient-privacy"}]},
            "category": [{"text": "Opposition"}],
            "patient": ref("Patient", "opposed"),
            "policyRule": {"text": "Opposition au partage"},
            "provision": {"type": "deny"},
        }
    )
    stay(world, "opposed", "elsewhere", "opposed-south", "surgery", 40, 30)
    world.write("opposed", "elsewhere", observation("opposed", "opposed-far", 35, encounter=ref("Encounter", "opposed-south")))


def _several(world: World) -> None:
    """What belongs to several patients is seen by who sees all of them."""
    for other in ("colleague", "stranger"):
        world.write(
            "own",
            f"with-{other}",
            {
                "resourceType": "Appointment",
                "id": f"own-and-{other}",
                "status": "booked",
                "start": instant(-1),
                "end": instant(-1.1),
                "participant": [{"actor": ref("Patient", name), "status": "accepted"} for name in ("own", other)],
            },
            "description",
        )
        world.write(
            "own",
            f"with-{other}",
            {
                "resourceType": "Group",
                "id": f"group-{other}",
                "type": "person",
                "actual": True,
                "code": {"text": "Famille"},
                "member": [{"entity": ref("Patient", name)} for name in ("own", other)],
            },
            "identifier",
        )

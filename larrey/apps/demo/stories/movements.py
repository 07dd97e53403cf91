"""How one comes, moves and leaves: the words of encounters, the legs of a stay, where the patient was."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from larrey.apps.demo.resources import HL7, Resource, coding
from larrey.apps.demo.structure import Unit

CLASSES = {
    "IMP": (coding(HL7 + "v3-ActCode", "IMP", "inpatient encounter"), "Hospitalisation complète"),
    "EMER": (coding(HL7 + "v3-ActCode", "EMER", "emergency"), "Passage aux urgences"),
    "AMB": (coding(HL7 + "v3-ActCode", "AMB", "ambulatory"), "Consultation externe"),
    "SS": (coding(HL7 + "v3-ActCode", "SS", "short stay"), "Hospitalisation de jour"),
}
SOURCES = {
    "emergency": ("emd", "Par les urgences"),
    "planned": ("outp", "Hospitalisation programmée"),
    "transfer": ("hosp-trans", "Transfert d'un autre établissement"),
    "doctor": ("gp", "Adressé par le médecin traitant"),
    "birth": ("born", "Né dans l'établissement"),
}
EXITS = {
    "home": ("home", "Retour au domicile"),
    "rehab": ("rehab", "Transfert en soins de suite et de réadaptation"),
    "transfer": ("other-hcf", "Transfert vers un autre établissement"),
    "psychiatry": ("psy", "Transfert en psychiatrie"),
    "nursing": ("snf", "Retour en EHPAD"),
    "advice": ("aadvice", "Sortie contre avis médical"),
    "death": ("exp", "Décès"),
}
ROLES = {
    "main": ("DD", "Diagnostic principal"),
    "other": ("CM", "Diagnostic associé"),
    "entry": ("AD", "Diagnostic d'entrée"),
}
Entry = Literal["emergency", "planned", "transfer", "doctor", "birth"]
Exit = Literal["home", "rehab", "transfer", "psychiatry", "nursing", "advice", "death"]


@dataclass(frozen=True, slots=True)
class Leg:
    """Part of a stay spent in one unit of ``kind``; how long, in days or hours: a number, or a range to draw from."""

    kind: str
    days: float | tuple[float, float] = 0
    hours: float | tuple[float, float] = 0


@dataclass(slots=True)
class Movement:
    """Where the patient was from ``start`` to ``end``."""

    unit: Unit
    start: datetime
    end: datetime
    place: Resource
    bed: bool

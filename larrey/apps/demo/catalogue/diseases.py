"""Diseases: who gets them, what they change, how they are treated and followed."""

from __future__ import annotations

from typing import Literal, NamedTuple


class Disease(NamedTuple):
    """A lasting disease.

    ``share``: how many per hundred have it from ``age`` on (twice that 25 years later); ``drift``: shifts of usual
    values, in their own units; ``panels``, ``drugs``, ``acts``: of its follow-up; ``service``: who follows it.
    """

    code: str
    label: str
    service: str
    age: int
    share: int
    sex: Literal["female", "male", ""] = ""
    drift: tuple[tuple[str, float], ...] = ()
    panels: tuple[str, ...] = ()
    drugs: tuple[str, ...] = ()
    acts: tuple[str, ...] = ()


LASTING = (
    Disease("I10", "Hypertension essentielle", "cardiologie", 45, 30, drift=(("systolique", 16), ("diastolique", 8)),
            panels=("iono", "renal"), drugs=("ramipril", "amlodipine"), acts=("ecg",)),
    Disease("E11.9", "Diabète de type 2, sans complication", "diabetologie", 45, 14,
            drift=(("glycemie", 3.4), ("hba1c", 2.0), ("poids", 9)), panels=("glycemie", "renal", "lipides"),
            drugs=("metformine", "atorvastatine")),
    Disease("E10.9", "Diabète de type 1, sans complication", "diabetologie", 8, 2,
            drift=(("glycemie", 4.1), ("hba1c", 2.2)), panels=("glycemie", "renal"), drugs=("glargine",)),
    Disease("E78.0", "Hypercholestérolémie essentielle", "medecine", 40, 22, drift=(("ldl", 1.3),),
            panels=("lipides",), drugs=("atorvastatine",)),
    Disease("I50.9", "Insuffisance cardiaque", "cardiologie", 68, 10,
            drift=(("ntprobnp", 1350), ("saturation", -2), ("poids", 3)), panels=("bnp", "iono", "renal"),
            drugs=("furosemide", "bisoprolol", "ramipril"), acts=("echo_coeur", "ecg")),
    Disease("I48.9", "Fibrillation auriculaire", "cardiologie", 65, 9, drift=(("pouls", 14),),
            panels=("nfs", "renal"), drugs=("apixaban", "bisoprolol"), acts=("ecg",)),
    Disease("N18.3", "Maladie rénale chronique, stade 3", "medecine", 66, 9,
            drift=(("creatinine", 62), ("dfg", -48), ("uree", 5), ("potassium", 0.6), ("hemoglobine", -1.4)),
            panels=("renal", "iono", "nfs"), drugs=("ramipril",)),
    Disease("J44.9", "Bronchopneumopathie chronique obstructive", "pneumologie", 52, 8,
            drift=(("saturation", -4), ("respiration", 4)), panels=("nfs",), drugs=("tiotropium", "salbutamol"),
            acts=("radio_thorax",)),
    Disease("J45.9", "Asthme", "pneumologie", 6, 7, drift=(("respiration", 1),), drugs=("fluticasone", "salbutamol")),
    Disease("E03.9", "Hypothyroïdie", "diabetologie", 35, 7, "female", drift=(("tsh", 2.6),), panels=("tsh",),
            drugs=("levothyroxine",)),
    Disease("F32.1", "Épisode dépressif moyen", "medecine", 20, 6, drugs=("sertraline",)),
    Disease("M17.9", "Gonarthrose", "orthopedie", 60, 12, drift=(("poids", 4),), drugs=("paracetamol",)),
    Disease("M81.9", "Ostéoporose", "geriatrie", 66, 10, "female", drugs=("alendronate",)),
    Disease("G30.9", "Maladie d'Alzheimer", "geriatrie", 74, 8, panels=("nfs", "iono", "tsh"), drugs=("donepezil",)),
    Disease("G40.9", "Épilepsie", "medecine", 10, 2, drugs=("levetiracetam",), acts=("scanner_cerebral",)),
    Disease("C50.9", "Tumeur maligne du sein", "medecine", 48, 5, "female", panels=("nfs", "renal"), drugs=("anastrozole",)),
    Disease("D50.9", "Anémie par carence en fer", "medecine", 18, 5, "female",
            drift=(("hemoglobine", -2.9), ("hematocrite", -7), ("vgm", -12)), panels=("nfs",), drugs=("fer",)),
    Disease("E66.9", "Obésité", "diabetologie", 25, 11, drift=(("poids", 24),), panels=("glycemie", "lipides")),
)  # fmt: skip


class Event(NamedTuple):
    """Something that happens once. ``stay``: nights in hospital (0: seen and sent home); ``ages``: from, to."""

    code: str
    label: str
    service: str
    ages: tuple[int, int]
    weight: int
    stay: int
    sex: Literal["female", "male", ""] = ""
    after: str = ""
    drift: tuple[tuple[str, float], ...] = ()
    panels: tuple[str, ...] = ()
    drugs: tuple[str, ...] = ()
    acts: tuple[str, ...] = ()


_FEVER = (("temperature", 2.0), ("crp", 92), ("leucocytes", 6.5), ("pouls", 22))

EVENTS = (
    Event("J18.9", "Pneumopathie", "pneumologie", (40, 110), 7, 6, drift=(*_FEVER, ("saturation", -6), ("respiration", 8)),
          panels=("nfs", "crp", "iono", "renal"), drugs=("ceftriaxone",), acts=("radio_thorax",)),
    Event("N10", "Pyélonéphrite aiguë", "medecine", (16, 100), 5, 3, "female", drift=_FEVER,
          panels=("nfs", "crp", "renal"), drugs=("ceftriaxone", "paracetamol")),
    Event("K35.8", "Appendicite aiguë", "chirurgie", (6, 55), 4, 2, drift=_FEVER, panels=("nfs", "crp", "iono"),
          drugs=("paracetamol",), acts=("appendicectomie",)),
    Event("K80.2", "Lithiase vésiculaire", "chirurgie", (30, 85), 4, 1, panels=("nfs", "crp"), drugs=("paracetamol",),
          acts=("cholecystectomie",)),
    Event("S72.0", "Fracture du col du fémur", "orthopedie", (72, 110), 5, 9, drift=(("hemoglobine", -2.6), ("crp", 48)),
          panels=("nfs", "iono", "renal", "crp"), drugs=("paracetamol", "enoxaparine"), acts=("prothese_hanche",)),
    Event("I21.9", "Infarctus aigu du myocarde", "cardiologie", (48, 95), 3, 5, drift=(("pouls", 16), ("ntprobnp", 700)),
          panels=("nfs", "iono", "renal", "bnp"), drugs=("aspirine", "bisoprolol", "atorvastatine"), acts=("ecg", "stent")),
    Event("I63.9", "Infarctus cérébral", "medecine", (58, 105), 3, 8, drift=(("systolique", 28),),
          panels=("nfs", "iono", "glycemie"), drugs=("aspirine", "atorvastatine"), acts=("scanner_cerebral", "ecg")),
    Event("I50.1", "Insuffisance ventriculaire gauche, poussée", "cardiologie", (65, 110), 12, 7, after="I50.9",
          drift=(("ntprobnp", 4200), ("saturation", -7), ("poids", 5), ("respiration", 9)),
          panels=("bnp", "iono", "renal", "nfs"), drugs=("furosemide",), acts=("echo_coeur", "radio_thorax")),
    Event("J44.1", "BPCO avec épisodes aigus", "pneumologie", (50, 110), 12, 5, after="J44.9",
          drift=(("saturation", -8), ("respiration", 10), ("crp", 30)), panels=("nfs", "crp", "iono"),
          drugs=("amoxicilline",), acts=("radio_thorax",)),
    Event("H26.9", "Cataracte", "chirurgie", (66, 95), 5, 0, acts=("cataracte",)),
    Event("Z12.1", "Dépistage du cancer de l'intestin", "medecine", (50, 74), 4, 0, acts=("coloscopie",)),
    Event("O80.9", "Accouchement unique et spontané", "maternite", (19, 42), 9, 3, "female",
          drift=(("hemoglobine", -1.9),), panels=("nfs",), drugs=("paracetamol", "fer"), acts=("accouchement",)),
    Event("J21.9", "Bronchiolite aiguë", "pediatrie", (0, 1), 14, 2, drift=(("saturation", -5), ("temperature", 1.2))),
    Event("S93.4", "Entorse de la cheville", "urgences", (8, 65), 9, 0, drugs=("paracetamol", "ibuprofene")),
    Event("S61.0", "Plaie d'un doigt", "urgences", (3, 80), 8, 0, drugs=("paracetamol",), acts=("suture",)),
    Event("A09.9", "Gastro-entérite", "urgences", (0, 90), 7, 0, drift=(("temperature", 1.0), ("crp", 18)), panels=("iono",)),
    Event("M54.5", "Lombalgie basse", "urgences", (22, 80), 7, 0, drugs=("paracetamol", "ibuprofene")),
    Event("J03.9", "Angine", "urgences", (2, 40), 8, 0, drift=(("temperature", 1.8),), drugs=("amoxicilline",)),
    Event("N20.0", "Calcul du rein", "urgences", (25, 70), 4, 0, drift=(("crp", 12),), panels=("renal", "crp"),
          drugs=("ibuprofene",)),
)  # fmt: skip

ALLERGIES = (
    ("Pénicillines", "J01C", "medication", "high", "Urticaire"),
    ("Anti-inflammatoires non stéroïdiens", "M01A", "medication", "high", "Œdème de la face"),
    ("Produit de contraste iodé", "V08A", "medication", "high", "Choc anaphylactique"),
    ("Arachide", "", "food", "high", "Œdème de Quincke"),
    ("Pollens de graminées", "", "environment", "low", "Rhinite"),
    ("Acariens", "", "environment", "low", "Rhinite"),
    ("Latex", "", "environment", "high", "Urticaire"),
)

"""Laboratory analyses and vital signs: LOINC codes, French units, reference ranges."""

from __future__ import annotations

from typing import NamedTuple


class Analysis(NamedTuple):
    """``low``–``high`` is the adults' reference range (None: open), ``usual`` and ``spread`` what a healthy adult has."""

    code: str
    label: str
    unit: str
    ucum: str
    low: float | None
    high: float | None
    usual: float
    spread: float
    decimals: int


class Panel(NamedTuple):
    """Analyses that are asked for together."""

    code: str
    label: str
    analyses: tuple[str, ...]


ANALYSES = {
    "hemoglobine": Analysis("718-7", "Hémoglobine", "g/dL", "g/dL", 12.0, 16.0, 13.8, 0.8, 1),
    "hematocrite": Analysis("4544-3", "Hématocrite", "%", "%", 37, 47, 41.5, 2.0, 1),
    "vgm": Analysis("787-2", "VGM", "fL", "fL", 80, 100, 89, 3.5, 0),
    "leucocytes": Analysis("6690-2", "Leucocytes", "G/L", "10*9/L", 4.0, 10.0, 6.6, 1.1, 2),
    "plaquettes": Analysis("777-3", "Plaquettes", "G/L", "10*9/L", 150, 400, 248, 40, 0),
    "sodium": Analysis("2951-2", "Sodium", "mmol/L", "mmol/L", 136, 145, 140, 1.8, 0),
    "potassium": Analysis("2823-3", "Potassium", "mmol/L", "mmol/L", 3.5, 5.0, 4.2, 0.25, 1),
    "chlore": Analysis("2075-0", "Chlorures", "mmol/L", "mmol/L", 98, 107, 103, 1.6, 0),
    "bicarbonates": Analysis("1963-8", "Bicarbonates", "mmol/L", "mmol/L", 22, 29, 25.5, 1.4, 0),
    "creatinine": Analysis("14682-9", "Créatinine", "µmol/L", "umol/L", 50, 100, 74, 10, 0),
    "dfg": Analysis("62238-1", "DFG estimé (CKD-EPI)", "mL/min/1,73 m²", "mL/min/{1.73_m2}", 60, None, 92, 9, 0),
    "uree": Analysis("22664-7", "Urée", "mmol/L", "mmol/L", 2.5, 7.5, 5.1, 0.9, 1),
    "glycemie": Analysis("14749-6", "Glycémie", "mmol/L", "mmol/L", 3.9, 6.1, 5.0, 0.4, 2),
    "hba1c": Analysis("4548-4", "HbA1c", "%", "%", 4.0, 6.0, 5.4, 0.2, 1),
    "crp": Analysis("1988-5", "CRP", "mg/L", "mg/L", None, 5.0, 1.9, 0.9, 1),
    "tsh": Analysis("3016-3", "TSH", "mUI/L", "m[IU]/L", 0.4, 4.0, 1.8, 0.6, 2),
    "ldl": Analysis("39469-2", "LDL-cholestérol", "mmol/L", "mmol/L", None, 3.4, 2.9, 0.5, 2),
    "ntprobnp": Analysis("33762-6", "NT-proBNP", "ng/L", "ng/L", None, 300, 95, 45, 0),
}

PANELS = {
    "nfs": Panel("58410-2", "Hémogramme", ("hemoglobine", "hematocrite", "vgm", "leucocytes", "plaquettes")),
    "iono": Panel("24326-1", "Ionogramme sanguin", ("sodium", "potassium", "chlore", "bicarbonates")),
    "renal": Panel("24362-6", "Fonction rénale", ("creatinine", "dfg", "uree")),
    "glycemie": Panel("14749-6", "Bilan glycémique", ("glycemie", "hba1c")),
    "crp": Panel("1988-5", "CRP", ("crp",)),
    "tsh": Panel("3016-3", "TSH", ("tsh",)),
    "lipides": Panel("39469-2", "LDL-cholestérol", ("ldl",)),
    "bnp": Panel("33762-6", "NT-proBNP", ("ntprobnp",)),
}

VITALS = {
    "pouls": Analysis("8867-4", "Fréquence cardiaque", "/min", "/min", 60, 100, 74, 7, 0),
    "systolique": Analysis("8480-6", "Pression artérielle systolique", "mmHg", "mm[Hg]", 90, 140, 122, 8, 0),
    "diastolique": Analysis("8462-4", "Pression artérielle diastolique", "mmHg", "mm[Hg]", 60, 90, 74, 6, 0),
    "temperature": Analysis("8310-5", "Température", "°C", "Cel", 36.0, 38.0, 36.8, 0.25, 1),
    "saturation": Analysis("59408-5", "Saturation en oxygène", "%", "%", 95, 100, 98, 0.9, 0),
    "poids": Analysis("29463-7", "Poids", "kg", "kg", None, None, 70, 1.2, 1),
    "taille": Analysis("8302-2", "Taille", "cm", "cm", None, None, 170, 0, 0),
    "imc": Analysis("39156-5", "Indice de masse corporelle", "kg/m²", "kg/m2", 18.5, 25.0, 23.5, 0, 1),
    "respiration": Analysis("9279-1", "Fréquence respiratoire", "/min", "/min", 12, 20, 15, 1.5, 0),
}

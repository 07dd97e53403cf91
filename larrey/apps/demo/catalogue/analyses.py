"""Laboratory analyses and vital signs: LOINC codes, French units, reference ranges by age and sex (``analyses.csv``)."""

from __future__ import annotations

from dataclasses import dataclass, field
from decimal import Decimal
from typing import NamedTuple

from larrey.apps.demo.catalogue import rows
from larrey.apps.demo.resources import HL7, LOINC, UCUM, Resource, coding, concept

_INTERPRETATIONS: dict[str, list[Resource]] = {
    code: [{"coding": [coding(HL7 + "v3-ObservationInterpretation", code, label)]}]
    for code, label in (("N", "Normal"), ("L", "Low"), ("H", "High"), ("LL", "Critical low"), ("HH", "Critical high"))
}


class Choice(NamedTuple):
    """Text that holds for ages from (included) to (excluded), in years, and a sex (``F``, ``M``; empty: both)."""

    sex: str
    low_age: float
    high_age: float
    text: str


@dataclass(slots=True)
class Norms:
    """What is usual for one age and sex: ``low``–``high`` is the reference range (None: open), ``critical`` beyond."""

    usual: float
    low: float | None
    high: float | None
    critical: tuple[float | None, float | None]
    ranges: list[Resource]


@dataclass(slots=True)
class Analysis:
    """A line of the table. ``said``: its name in a sentence; ``spread``: between people, in its unit; ``noise``: of one
    person from one sample to the next, in per cent; ``lowest``, ``highest``: what life allows.
    """

    key: str
    group: str
    loinc: str
    label: str
    said: str
    unit: str
    ucum: str
    decimals: int
    spread: float
    noise: float
    lowest: float
    highest: float
    usuals: tuple[Choice, ...]
    ranges: tuple[Choice, ...]
    critical: str
    concept: Resource = field(default_factory=dict)
    _norms: dict[tuple[str, float], Norms] = field(default_factory=dict)

    def norms(self, sex: str, age: float) -> Norms:
        """For a person of ``sex`` (``female``, ``male``) and ``age`` in years."""
        step = age if age < 2 else float(int(age))
        key = sex, round(step, 1)
        if (found := self._norms.get(key)) is None:
            found = self._norms[key] = self._drawn_up(sex[:1].upper(), step)
        return found

    def _drawn_up(self, sex: str, age: float) -> Norms:
        low, high = _bounds(_chosen(self.ranges, sex, age))
        bounds = {"low": low, "high": high}
        kept = {side: self.quantity(_plain(bound)) for side, bound in bounds.items() if bound is not None}
        least, most = _bounds(self.critical)  # of adults: what is usual for a child is not critical
        if least is not None and low is not None and least >= low:
            least = low * 0.8
        if most is not None and high is not None and most <= high:
            most = high * 1.2
        return Norms(float(_chosen(self.usuals, sex, age)), low, high, (least, most), [kept] if kept else [])

    def quantity(self, value: Decimal) -> Resource:
        """The value with its unit."""
        if not self.unit:
            return {"value": value, "system": UCUM, "code": self.ucum or "1"}
        return {"value": value, "unit": self.unit, "system": UCUM, "code": self.ucum}

    def interpretation(self, value: float, norms: Norms) -> str:
        """``LL``, ``L``, ``N``, ``H`` or ``HH`` of v3-ObservationInterpretation."""
        low, high = norms.critical
        if low is not None and value < low:
            return "LL"
        if high is not None and value > high:
            return "HH"
        if norms.low is not None and value < norms.low:
            return "L"
        return "H" if norms.high is not None and value > norms.high else "N"


def interpreted(code: str) -> list[Resource]:
    """``Observation.interpretation`` of a code; shared."""
    return _INTERPRETATIONS[code]


def _plain(value: float) -> Decimal:
    return Decimal(f"{value:g}")


def _bounds(text: str) -> tuple[float | None, float | None]:
    """``3.5-5``, ``-5``, ``60-`` or nothing."""
    low, _, high = text.partition("-")
    return (float(low) if low else None, float(high) if high else None)


def _choices(text: str) -> tuple[Choice, ...]:
    """``F 12-16|M 13-17|0..2 10-14``: what stands later holds before what stands earlier."""
    found = []
    for part in text.split("|") if text else ():
        condition, space, words = part.rpartition(" ")
        if not space:
            found.append(Choice("", 0, 200, words))
        elif ".." in condition:
            low, _, high = condition.partition("..")
            found.append(Choice("", float(low), float(high), words))
        else:
            found.append(Choice(condition, 0, 200, words))
    return tuple(reversed(found))


def _chosen(choices: tuple[Choice, ...], sex: str, age: float) -> str:
    for choice in choices:
        if choice.sex in ("", sex) and choice.low_age <= age < choice.high_age:
            return choice.text
    return ""


def _analysis(row: list[str]) -> Analysis:
    key, group, loinc, label, said, unit, ucum, decimals, usual, spread, noise, lowest, highest, ranges, critical = row
    return Analysis(
        key, group, loinc, label, said, unit, ucum, int(decimals), float(spread), float(noise) / 100, float(lowest),
        float(highest), _choices(usual), _choices(ranges), critical, concept(LOINC, loinc, label),
    )  # fmt: skip


ANALYSES: dict[str, Analysis] = {row[0]: _analysis(row) for row in rows("analyses")}


class Panel(NamedTuple):
    """Analyses that are asked for together; ``loinc``: of the report."""

    loinc: str
    label: str
    analyses: tuple[str, ...]


def _panel(loinc: str, label: str, analyses: str) -> Panel:
    return Panel(loinc, label, tuple(analyses.split()))


PANELS = {
    "nfs": _panel("58410-2", "Hémogramme", "hemoglobine hematocrite vgm tcmh leucocytes neutrophiles lymphocytes plaquettes"),
    "coagulation": _panel("24373-3", "Bilan de coagulation", "tp tca fibrinogene"),
    "inr": _panel("6301-6", "INR", "inr"),
    "d_dimeres": _panel("48065-7", "D-dimères", "d_dimeres"),
    "iono": _panel("24326-1", "Ionogramme sanguin", "sodium potassium chlore bicarbonates proteines"),
    "renal": _panel("24362-6", "Fonction rénale", "uree creatinine dfg"),
    "phosphocalcique": _panel("24362-6", "Bilan phosphocalcique", "calcium phosphore albumine"),
    "vitamine_d": _panel("14635-7", "Vitamine D", "vitamine_d"),
    "pth": _panel("2731-8", "Parathormone", "pth"),
    "hepatique": _panel("24325-3", "Bilan hépatique", "asat alat ggt pal bilirubine"),
    "bilirubine_neonatale": _panel("14631-6", "Bilirubine totale", "bilirubine"),
    "lipase": _panel("3040-3", "Lipase", "lipase"),
    "glycemie": _panel("14749-6", "Glycémie", "glycemie"),
    "hba1c": _panel("4548-4", "Hémoglobine glyquée", "hba1c"),
    "lipides": _panel("24331-1", "Bilan lipidique", "cholesterol hdl ldl triglycerides"),
    "crp": _panel("1988-5", "CRP", "crp"),
    "procalcitonine": _panel("33959-8", "Procalcitonine", "procalcitonine"),
    "lactate": _panel("2524-7", "Lactate", "lactate"),
    "gazometrie": _panel("24336-0", "Gaz du sang artériel", "ph paco2 pao2 bicarbonates_art"),
    "troponine": _panel("67151-1", "Troponine", "troponine"),
    "bnp": _panel("33762-6", "NT-proBNP", "ntprobnp"),
    "ck": _panel("2157-6", "Créatine-kinase", "ck"),
    "tsh": _panel("3016-3", "TSH", "tsh"),
    "fer": _panel("2276-4", "Bilan martial", "ferritine saturation_transferrine"),
    "vitamines": _panel("14685-2", "Vitamine B12 et folates", "vitamine_b12 folates"),
    "albumine": _panel("1751-7", "Albumine", "albumine"),
    "albuminurie": _panel("9318-7", "Albuminurie", "albuminurie"),
    "proteinurie": _panel("2888-6", "Protéinurie", "proteinurie"),
    "acide_urique": _panel("14933-6", "Acide urique", "acide_urique"),
    "marqueurs_digestifs": _panel("2039-6", "Marqueurs tumoraux digestifs", "ace ca_19_9"),
    "psa": _panel("2857-1", "PSA", "psa"),
    "bhcg": _panel("21198-7", "Bêta-hCG", "bhcg"),
    "alcoolemie": _panel("5640-8", "Alcoolémie", "alcoolemie"),
    "lithium": _panel("14334-7", "Lithiémie", "lithium"),
}

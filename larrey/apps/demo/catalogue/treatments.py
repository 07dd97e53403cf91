"""Drugs (ATC), vaccines (ATC J07) and acts (CCAM)."""

from __future__ import annotations

from typing import NamedTuple


class Drug(NamedTuple):
    """An active substance as it is prescribed. ``times`` a day, ``dose`` per take in ``unit``; ``days`` 0: lasting."""

    code: str
    label: str
    dose: float
    unit: str
    times: int
    how: str
    days: int = 0


DRUGS = {
    "metformine": Drug("A10BA02", "Metformine 1000 mg", 1, "comprimé", 2, "1 comprimé matin et soir au cours du repas"),
    "glargine": Drug("A10AE04", "Insuline glargine 100 UI/mL", 18, "UI", 1, "18 UI sous-cutané le soir"),
    "ramipril": Drug("C09AA05", "Ramipril 5 mg", 1, "comprimé", 1, "1 comprimé le matin"),
    "amlodipine": Drug("C08CA01", "Amlodipine 5 mg", 1, "gélule", 1, "1 gélule le matin"),
    "bisoprolol": Drug("C07AB07", "Bisoprolol 2,5 mg", 1, "comprimé", 1, "1 comprimé le matin"),
    "furosemide": Drug("C03CA01", "Furosémide 40 mg", 1, "comprimé", 1, "1 comprimé le matin"),
    "atorvastatine": Drug("C10AA05", "Atorvastatine 20 mg", 1, "comprimé", 1, "1 comprimé le soir"),
    "aspirine": Drug("B01AC06", "Acide acétylsalicylique 75 mg", 1, "sachet", 1, "1 sachet le midi"),
    "apixaban": Drug("B01AF02", "Apixaban 5 mg", 1, "comprimé", 2, "1 comprimé matin et soir"),
    "levothyroxine": Drug("H03AA01", "Lévothyroxine 75 µg", 1, "comprimé", 1, "1 comprimé le matin à jeun"),
    "salbutamol": Drug("R03AC02", "Salbutamol 100 µg/dose", 2, "bouffée", 4, "2 bouffées si gêne, 4 fois par jour au plus"),
    "fluticasone": Drug("R03AK06", "Fluticasone/salmétérol 250/25 µg", 1, "bouffée", 2, "1 bouffée matin et soir"),
    "tiotropium": Drug("R03BB04", "Tiotropium 18 µg", 1, "gélule", 1, "1 gélule à inhaler le matin"),
    "sertraline": Drug("N06AB06", "Sertraline 50 mg", 1, "gélule", 1, "1 gélule le matin"),
    "levetiracetam": Drug("N03AX14", "Lévétiracétam 500 mg", 1, "comprimé", 2, "1 comprimé matin et soir"),
    "donepezil": Drug("N06DA02", "Donépézil 10 mg", 1, "comprimé", 1, "1 comprimé le soir"),
    "alendronate": Drug("M05BA04", "Acide alendronique 70 mg", 1, "comprimé", 1, "1 comprimé par semaine, à jeun"),
    "anastrozole": Drug("L02BG03", "Anastrozole 1 mg", 1, "comprimé", 1, "1 comprimé par jour"),
    "fer": Drug("B03AA07", "Sulfate ferreux 80 mg", 1, "comprimé", 1, "1 comprimé avant le repas", 90),
    "paracetamol": Drug("N02BE01", "Paracétamol 1 g", 1, "comprimé", 3, "1 comprimé toutes les 6 heures si douleur", 7),
    "ibuprofene": Drug("M01AE01", "Ibuprofène 400 mg", 1, "comprimé", 3, "1 comprimé 3 fois par jour au cours du repas", 5),
    "amoxicilline": Drug("J01CA04", "Amoxicilline 1 g", 1, "comprimé", 3, "1 comprimé 3 fois par jour", 7),
    "ceftriaxone": Drug("J01DD04", "Ceftriaxone 1 g", 1, "g", 1, "1 g par jour en perfusion", 7),
    "omeprazole": Drug("A02BC01", "Oméprazole 20 mg", 1, "gélule", 1, "1 gélule le soir", 28),
    "enoxaparine": Drug("B01AB05", "Énoxaparine 4000 UI", 1, "seringue", 1, "1 injection sous-cutanée par jour", 35),
}


class Vaccine(NamedTuple):
    """A vaccine and the ages, in years, at which it is given; ``every`` year from the last age on when True."""

    code: str
    label: str
    ages: tuple[float, ...]
    every: bool = False


VACCINES = (
    Vaccine("J07CA09", "Vaccin hexavalent (DTCaP-Hib-HepB)", (0.17, 0.34, 0.92)),
    Vaccine("J07AL02", "Vaccin pneumococcique conjugué", (0.17, 0.34, 0.92)),
    Vaccine("J07BD52", "Vaccin rougeole-oreillons-rubéole", (1.0, 1.4)),
    Vaccine("J07CA02", "Vaccin DTCaP", (6, 12, 25)),
    Vaccine("J07BM03", "Vaccin papillomavirus nonavalent", (11.5, 12)),
    Vaccine("J07CA01", "Vaccin DTP", (45, 65, 75, 85)),
    Vaccine("J07BB02", "Vaccin grippe saisonnière", (65,), every=True),
)


class Act(NamedTuple):
    """A CCAM act."""

    code: str
    label: str


ACTS = {
    "ecg": Act("DEQP003", "Électrocardiographie sur au moins 12 dérivations"),
    "radio_thorax": Act("ZBQK002", "Radiographie du thorax"),
    "echo_coeur": Act("DZQM006", "Échographie-doppler transthoracique du cœur et des vaisseaux intrathoraciques"),
    "scanner_cerebral": Act("ACQK001", "Scanographie du crâne et de son contenu, sans injection de produit de contraste"),
    "appendicectomie": Act("HHFA016", "Appendicectomie, par cœlioscopie"),
    "cholecystectomie": Act("HMFC004", "Cholécystectomie, par cœlioscopie"),
    "prothese_hanche": Act("NEKA020", "Remplacement de l'articulation coxofémorale par prothèse totale"),
    "stent": Act("DDAF006", "Dilatation intraluminale d'un vaisseau coronaire avec pose d'endoprothèse"),
    "cataracte": Act("BFGA004", "Extraction du cristallin par phakoémulsification, avec implantation"),
    "coloscopie": Act("HHQE005", "Coloscopie totale avec visualisation du bas-fond cæcal"),
    "suture": Act("QZJA002", "Suture de plaie superficielle de moins de 3 cm, en dehors de la face"),
    "accouchement": Act("JQGD010", "Accouchement céphalique unique par voie naturelle"),
}

"""Where the infection comes from, and what is written of it."""

from __future__ import annotations

from typing import NamedTuple


class Focus(NamedTuple):
    """Where the infection comes from: CIM-10 codes of site and sepsis, and what is written of it."""

    name: str
    site: str
    sepsis: str
    relay: str
    relay_said: str
    histories: tuple[str, ...]
    exam: str
    cultures: str
    image: tuple[str, str]
    found: str
    conclusion: str


PNEUMONIA = Focus(
    "pneumopathie du lobe inférieur droit à pneumocoque",
    "J18.1",
    "A40.3",
    "amoxicilline",
    "amoxicilline per os",
    (
        (
            "Depuis quatre jours, toux grasse avec expectoration rouillée, fièvre et frissons. La veille, point de côté "
            "basithoracique "
            "droit puis dyspnée de repos. Les proches appellent le 15 devant l'apparition d'une confusion."
        ),
        (
            "Syndrome grippal la semaine précédente, d'abord amélioré, puis reprise brutale de la fièvre avec frissons "
            "solennels, douleur thoracique droite et essoufflement rapidement croissant. Transport par le SMUR sous oxygène "
            "à haut débit."
        ),
        (
            "Toux et fièvre depuis trois jours, traitées à domicile par paracétamol seul. Cette nuit, polypnée, sueurs et "
            "malaise au lever ; les pompiers constatent une désaturation profonde et des marbrures des genoux."
        ),
    ),
    "foyer de crépitants de la base droite avec souffle tubaire, tirage sus-claviculaire, marbrures des genoux",
    "Hémocultures : 2 paires positives sur 2, Streptococcus pneumoniae. Antibiogramme : amoxicilline sensible, céfotaxime "
    "sensible, lévofloxacine sensible, érythromycine résistant, vancomycine sensible. Antigénurie pneumocoque positive, "
    "antigénurie légionelle négative.",
    ("ZBQK002", "Radiographie du thorax au lit"),
    "Opacité alvéolaire systématisée du lobe inférieur droit avec bronchogramme aérien. Comblement du cul-de-sac pleural droit, "
    "de faible abondance. Pas de pneumothorax. Silhouette cardiaque de taille normale.",
    "Pneumopathie du lobe inférieur droit avec épanchement pleural de faible abondance.",
)
PYELONEPHRITIS = Focus(
    "pyélonéphrite aiguë à Escherichia coli",
    "N10",
    "A41.5",
    "ofloxacine",
    "ofloxacine per os",
    (
        (
            "Brûlures mictionnelles et pollakiurie depuis cinq jours, non traitées. Depuis deux jours, douleur lombaire droite, "
            "frissons et vomissements. À l'arrivée des secours, somnolence, marbrures et hypotension."
        ),
        (
            "Douleur lombaire gauche fébrile d'installation rapide avec nausées, traitée par paracétamol. Le lendemain, malaise "
            "au lever, confusion et frissons motivant l'appel du SAMU."
        ),
        (
            "Altération de l'état général depuis trois jours, avec fièvre et incontinence urinaire inhabituelle. Ce matin, "
            "découverte "
            "au sol, confusion fébrile, extrémités froides."
        ),
    ),
    "douleur à l'ébranlement de la fosse lombaire, abdomen souple, marbrures des genoux, temps de recoloration cutanée à 5 "
    "secondes",
    "Examen cytobactériologique des urines et hémocultures (2 paires sur 2) : Escherichia coli. Antibiogramme : amoxicilline "
    "résistant, céfotaxime sensible, ofloxacine sensible, amikacine sensible, cotrimoxazole résistant. Pas de bêta-lactamase à "
    "spectre étendu.",
    ("ZCQH001", "Scanner abdomino-pelvien injecté"),
    "Néphromégalie unilatérale avec plages hypodenses triangulaires corticales et infiltration de la graisse péri-rénale. Pas de "
    "dilatation des cavités pyélocalicielles, pas de calcul, pas d'abcès constitué. Pas d'épanchement intrapéritonéal.",
    "Pyélonéphrite aiguë sans obstacle ni abcès : pas d'indication de drainage en urgence.",
)
ULTRASOUND = (
    "JAQM003",
    "Échographie rénale",
    "Rein augmenté de taille, avec plages corticales hypoéchogènes mal limitées et infiltration de la graisse péri-rénale. Pas de "
    "dilatation des cavités pyélocalicielles, pas de calcul visible, pas de collection.",
)
"""What is done for pyelonephritis, with what is found, in place of a scanner whose contrast is not borne."""

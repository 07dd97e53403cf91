"""Lasting diseases, small events and vaccines of everyone."""

from __future__ import annotations

from typing import Literal, NamedTuple

Sex = Literal["female", "male", ""]


class Disease(NamedTuple):
    """A lasting disease. ``share``: how many per hundred have it from ``age`` on (twice that 25 years later); ``drift``:
    shifts of usual values, in their own units; ``weight``: kilograms; ``visit``: kind of unit that follows it;
    ``drugs``: (key, moments of the day, or ``semaine``).
    """

    code: str
    said: str
    visit: str
    age: int
    share: float
    sex: Sex = ""
    drift: tuple[tuple[str, float], ...] = ()
    weight: float = 0
    panels: tuple[str, ...] = ()
    drugs: tuple[tuple[str, str], ...] = ()


LASTING = (
    Disease("I10", "hypertension artérielle", "cons_cardio", 45, 26, drift=(("systolique", 14), ("diastolique", 7)),
            panels=("iono", "renal"), drugs=(("amlodipine", "matin"),)),
    Disease("E78.0", "hypercholestérolémie", "cons_medecine", 40, 18, drift=(("ldl", 1.0), ("cholesterol", 1.1)),
            panels=("lipides",), drugs=(("atorvastatine_20", "soir"),)),
    Disease("I48.9", "fibrillation auriculaire", "cons_cardio", 65, 6, drift=(("pouls", 9),), panels=("nfs", "renal"),
            drugs=(("apixaban_5", "matin soir"), ("bisoprolol", "matin"))),
    Disease("J45.9", "asthme", "cons_pneumo", 16, 6, drift=(("respiration", 1),), drugs=(("budesonide_formoterol", "matin soir"),)),
    Disease("E03.9", "hypothyroïdie", "cons_endo", 35, 7, "female", drift=(("tsh", 1.2),), panels=("tsh",),
            drugs=(("levothyroxine", "matin"),)),
    Disease("M17.9", "gonarthrose", "cons_rhumato", 60, 10, weight=3),
    Disease("M81.9", "ostéoporose", "cons_rhumato", 66, 8, "female", panels=("vitamine_d",), drugs=(("alendronate", "semaine"),)),
    Disease("G30.9", "maladie d'Alzheimer", "cons_geriatrie", 76, 6, panels=("nfs", "iono", "tsh"), drugs=(("donepezil", "soir"),)),
    Disease("G40.9", "épilepsie", "cons_neuro", 18, 1.5, drugs=(("levetiracetam", "matin soir"),)),
    Disease("C50.9", "cancer du sein en rémission", "cons_onco", 50, 4, "female", panels=("nfs", "renal"),
            drugs=(("anastrozole", "matin"),)),
    Disease("D50.9", "anémie ferriprive", "cons_medecine", 18, 3, "female",
            drift=(("hemoglobine", -2.4), ("vgm", -11), ("ferritine", -52)), panels=("nfs", "fer"), drugs=(("fer", "matin"),)),
    Disease("E66.9", "obésité", "cons_endo", 25, 10, weight=26, panels=("glycemie", "lipides")),
    Disease("F41.1", "trouble anxieux généralisé", "cons_medecine", 20, 5, drugs=(("escitalopram", "matin"),)),
    Disease("N40", "hypertrophie bénigne de la prostate", "cons_uro", 62, 12, "male", panels=("psa",)),
    Disease("K21.9", "reflux gastro-œsophagien", "cons_gastro", 35, 8, drugs=(("omeprazole", "soir"),)),
    Disease("H40.1", "glaucome à angle ouvert", "cons_ophtalmo", 60, 4),
    Disease("J30.1", "rhinite allergique", "cons_pneumo", 6, 8, drugs=(("desloratadine", "soir"),)),
)  # fmt: skip


class Event(NamedTuple):
    """Something that happens once. ``nights`` in hospital (0: seen and sent home); ``kind``: of the ward, or of the day unit
    of a planned act; ``ages``: from, below; ``drugs``: (key, moments, days).
    """

    code: str
    said: str
    story: str
    ages: tuple[int, int]
    weight: int
    nights: float = 0
    kind: str = ""
    planned: bool = False
    sex: Sex = ""
    drift: tuple[tuple[str, float], ...] = ()
    panels: tuple[str, ...] = ()
    drugs: tuple[tuple[str, str, int], ...] = ()
    acts: tuple[str, ...] = ()


_FEVER = (("temperature", 1.9), ("crp", 95.0), ("leucocytes", 6.0), ("pouls", 20.0))
_PAIN = (("paracetamol", "matin midi soir", 5),)

EVENTS = (
    Event("J18.9", "pneumopathie aiguë communautaire", "Toux et fièvre depuis trois jours, point de côté droit.", (45, 110), 6, 5,
          "pneumologie", drift=(*_FEVER, ("saturation", -6), ("respiration", 7)), panels=("nfs", "crp", "iono", "renal"),
          drugs=(("amoxicilline", "matin midi soir", 7),), acts=("ZBQK002",)),
    Event("N10", "pyélonéphrite aiguë", "Fièvre avec frissons, douleur lombaire droite et brûlures mictionnelles.", (18, 90), 4, 3,
          "medecine", sex="female", drift=_FEVER, panels=("nfs", "crp", "renal"), drugs=(("ofloxacine", "matin soir", 7),)),
    Event("K80.2", "lithiase vésiculaire symptomatique", "Coliques hépatiques répétées depuis plusieurs mois, intervention programmée.",
          (28, 85), 4, 1.2, "chir_digestive", planned=True, panels=("nfs", "hepatique"), drugs=_PAIN, acts=("HMFC004",)),
    Event("J21.9", "bronchiolite aiguë", "Rhinite puis gêne respiratoire et difficultés alimentaires.", (0, 2), 16, 2.5, "pediatrie",
          drift=(("saturation", -5), ("temperature", 1.1), ("respiration", 16))),
    Event("H26.9", "cataracte", "Baisse progressive de l'acuité visuelle, chirurgie ambulatoire programmée.", (62, 96), 9, kind="ambulatoire",
          acts=("BFGA004",)),
    Event("K63.5", "polypes du côlon", "Coloscopie de contrôle après un dépistage positif.", (50, 80), 6, kind="ambulatoire",
          acts=("HHQE005",)),
    Event("S93.4", "entorse de la cheville", "Torsion de la cheville en descendant un trottoir, appui douloureux.", (8, 65), 10,
          drugs=(("paracetamol", "matin midi soir", 7),)),
    Event("S61.0", "plaie d'un doigt", "Plaie franche par couteau, sans déficit sensitif ni moteur.", (4, 85), 8, drugs=_PAIN,
          acts=("QZJA002",)),
    Event("A09.9", "gastro-entérite aiguë", "Vomissements et diarrhée depuis la veille, plusieurs cas dans l'entourage.", (1, 95), 8,
          drift=(("temperature", 0.9), ("crp", 16.0), ("pouls", 12)), panels=("iono",)),
    Event("M54.5", "lombalgie aiguë", "Douleur lombaire brutale après un effort de soulèvement, sans déficit.", (22, 82), 7,
          drugs=(("paracetamol", "matin midi soir", 7),)),
    Event("J03.9", "angine", "Odynophagie et fièvre depuis deux jours.", (3, 45), 8, drift=(("temperature", 1.6),),
          drugs=(("amoxicilline", "matin soir", 6),)),
    Event("N23", "colique néphrétique", "Douleur lombaire brutale irradiant vers l'aine, agitation.", (24, 72), 6,
          drift=(("crp", 9.0), ("pouls", 14)), panels=("renal", "crp", "nfs"), drugs=(("ibuprofene", "matin midi soir", 5),)),
    Event("S52.50", "fracture de l'extrémité inférieure du radius", "Chute avec réception sur la main, déformation du poignet.", (35, 95), 6,
          drugs=(("paracetamol", "matin midi soir", 10),)),
    Event("S01.0", "plaie du cuir chevelu", "Traumatisme crânien bénin sans perte de connaissance.", (1, 95), 7, acts=("QZJA002",)),
    Event("R07.4", "douleur thoracique", "Douleur thoracique atypique, non reproduite à l'effort.", (30, 90), 8,
          panels=("troponine", "nfs", "d_dimeres"), acts=("DEQP003",)),
    Event("R55", "malaise avec perte de connaissance brève", "Malaise en station debout prolongée, prodromes vagaux.", (16, 95), 6,
          panels=("nfs", "iono", "glycemie"), acts=("DEQP003",)),
    Event("H66.9", "otite moyenne aiguë", "Otalgie et fièvre depuis la nuit.", (0, 8), 12, drift=(("temperature", 1.8),),
          drugs=_PAIN),
    Event("J06.9", "infection des voies respiratoires supérieures", "Rhinorrhée, toux et fièvre modérée.", (0, 18), 12,
          drift=(("temperature", 1.2),)),
    Event("L50.9", "urticaire aiguë", "Plaques prurigineuses diffuses apparues dans la soirée, sans signe de gravité.", (2, 70), 4,
          drugs=(("desloratadine", "soir", 5),)),
)  # fmt: skip


class Vaccine(NamedTuple):
    """A vaccine and the ages, in years, at which it is given; ``every`` year from that age on when True."""

    atc: str
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

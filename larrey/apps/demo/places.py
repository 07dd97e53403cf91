"""Places where the invented people are born and live. INSEE codes; a short list by hand."""

from __future__ import annotations

from typing import NamedTuple


class Place(NamedTuple):
    """A commune (or a country, for births abroad) with its INSEE code and, where people of the set live, postal code."""

    insee: str
    name: str
    postal: str = ""


# Around the two hospitals; the first ones are drawn more often.
HOMES = (
    Place("65440", "Tarbes", "65000"),
    Place("65440", "Tarbes", "65000"),
    Place("65286", "Lourdes", "65100"),
    Place("65059", "Bagnères-de-Bigorre", "65200"),
    Place("65047", "Aureilhan", "65800"),
    Place("65417", "Séméac", "65600"),
    Place("65100", "Bordères-sur-l'Échez", "65320"),
    Place("65235", "Juillan", "65290"),
    Place("65331", "Odos", "65310"),
    Place("65226", "Ibos", "65420"),
    Place("65460", "Vic-en-Bigorre", "65500"),
    Place("65258", "Lannemezan", "65300"),
    Place("65025", "Argelès-Gazost", "65400"),
    Place("65304", "Maubourguet", "65700"),
    Place("65123", "Campan", "65710"),
    Place("65078", "Beaudéan", "65710"),
)

BIRTHS_IN_FRANCE = (
    *HOMES[:6],
    Place("64445", "Pau"),
    Place("31555", "Toulouse"),
    Place("31555", "Toulouse"),
    Place("33063", "Bordeaux"),
    Place("32013", "Auch"),
    Place("75113", "Paris 13e Arrondissement"),
    Place("75114", "Paris 14e Arrondissement"),
    Place("69383", "Lyon 3e Arrondissement"),
    Place("13055", "Marseille"),
    Place("06088", "Nice"),
    Place("44109", "Nantes"),
    Place("34172", "Montpellier"),
    Place("67482", "Strasbourg"),
    Place("59350", "Lille"),
    Place("35238", "Rennes"),
    Place("51454", "Reims"),
    Place("42218", "Saint-Étienne"),
    Place("38185", "Grenoble"),
    Place("21231", "Dijon"),
    Place("29019", "Brest"),
    Place("80021", "Amiens"),
    Place("87085", "Limoges"),
    Place("66136", "Perpignan"),
    Place("93066", "Saint-Denis"),
    Place("2A004", "Ajaccio"),
    Place("2B033", "Bastia"),
    Place("97209", "Fort-de-France"),
    Place("97411", "Saint-Denis"),
)

BIRTHS_ABROAD = (
    Place("99352", "Algérie"),
    Place("99350", "Maroc"),
    Place("99351", "Tunisie"),
    Place("99139", "Portugal"),
    Place("99134", "Espagne"),
    Place("99127", "Italie"),
    Place("99341", "Sénégal"),
)

STREETS = (
    "rue de la République",
    "avenue du Maréchal-Foch",
    "rue des Pyrénées",
    "chemin du Moulin",
    "place de la Mairie",
    "rue Victor-Hugo",
    "impasse des Lilas",
    "allée des Tilleuls",
    "rue de l'Église",
    "route de Bagnères",
    "rue Jean-Jaurès",
    "boulevard du Martinet",
    "lotissement Les Hauts de l'Adour",
    "rue du 8-Mai-1945",
    "chemin d'En-Haut",
    "rue Sainte-Bernadette",
)

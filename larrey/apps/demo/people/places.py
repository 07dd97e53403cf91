"""Places where the invented people are born and live. INSEE codes of communes and countries (COG)."""

from __future__ import annotations

from typing import NamedTuple


class Place(NamedTuple):
    """A commune (or a country, for births abroad) with its INSEE code and, where people of the set live, postal code."""

    insee: str
    name: str
    postal: str = ""


def _homes(text: str) -> tuple[Place, ...]:
    """From ``INSEE postal name``, one a line."""
    rows = (line.strip().split(" ", 2) for line in text.strip().splitlines())
    return tuple(Place(insee, name, postal) for insee, postal, name in rows)


def _births(text: str) -> tuple[Place, ...]:
    """From ``INSEE name``, separated by semicolons."""
    rows = (part.strip().split(" ", 1) for part in text.replace("\n", " ").split(";") if part.strip())
    return tuple(Place(insee, name) for insee, name in rows)


HOMES = _homes("""
    65440 65000 Tarbes
    65286 65100 Lourdes
    65059 65200 Bagnères-de-Bigorre
    65047 65800 Aureilhan
    65417 65600 Séméac
    65100 65320 Bordères-sur-l'Échez
    65235 65290 Juillan
    65331 65310 Odos
    65226 65420 Ibos
    65460 65500 Vic-en-Bigorre
    65258 65300 Lannemezan
    65025 65400 Argelès-Gazost
    65304 65700 Maubourguet
    65123 65710 Campan
    65078 65710 Beaudéan
    65072 65460 Bazet
    65251 65310 Laloubère
    65062 65690 Barbazan-Debat
""")
"""Around the hospitals; the first ones are drawn more often."""

BIRTHS_IN_FRANCE = _births("""
    64445 Pau; 31555 Toulouse; 33063 Bordeaux; 32013 Auch; 75113 Paris 13e Arrondissement; 75114 Paris 14e Arrondissement;
    75112 Paris 12e Arrondissement; 75115 Paris 15e Arrondissement; 75118 Paris 18e Arrondissement; 69383 Lyon 3e Arrondissement;
    69384 Lyon 4e Arrondissement; 69388 Lyon 8e Arrondissement; 13205 Marseille 5e Arrondissement; 13208 Marseille 8e Arrondissement;
    06088 Nice; 44109 Nantes; 34172 Montpellier; 67482 Strasbourg; 59350 Lille; 35238 Rennes; 51454 Reims; 42218 Saint-Étienne;
    38185 Grenoble; 21231 Dijon; 29019 Brest; 80021 Amiens; 87085 Limoges; 66136 Perpignan; 93066 Saint-Denis; 2A004 Ajaccio;
    2B033 Bastia; 97209 Fort-de-France; 97411 Saint-Denis; 97105 Basse-Terre; 97302 Cayenne; 83137 Toulon; 49007 Angers;
    30189 Nîmes; 63113 Clermont-Ferrand; 72181 Le Mans; 13001 Aix-en-Provence; 37261 Tours; 57463 Metz; 25056 Besançon;
    45234 Orléans; 76540 Rouen; 68224 Mulhouse; 14118 Caen; 54395 Nancy; 59512 Roubaix; 59599 Tourcoing; 92050 Nanterre;
    94028 Créteil; 84007 Avignon; 86194 Poitiers; 78646 Versailles; 92026 Courbevoie; 76351 Le Havre; 17300 La Rochelle;
    64102 Bayonne; 64122 Biarritz; 40192 Mont-de-Marsan; 40088 Dax; 47001 Agen; 82121 Montauban; 81004 Albi; 81065 Castres;
    46042 Cahors; 12202 Rodez; 09122 Foix; 09225 Pamiers; 11069 Carcassonne; 11262 Narbonne; 34032 Béziers; 34301 Sète;
    19031 Brive-la-Gaillarde; 19272 Tulle; 24322 Périgueux; 16015 Angoulême; 79191 Niort; 85191 La Roche-sur-Yon; 56260 Vannes;
    56121 Lorient; 22278 Saint-Brieuc; 29232 Quimper; 50129 Cherbourg-en-Cotentin; 61001 Alençon; 27229 Évreux; 28085 Chartres;
    41018 Blois; 36044 Châteauroux; 18033 Bourges; 58194 Nevers; 89024 Auxerre; 10387 Troyes; 52121 Chaumont; 88160 Épinal;
    90010 Belfort; 70550 Vesoul; 39300 Lons-le-Saunier; 71270 Mâcon; 01053 Bourg-en-Bresse; 73065 Chambéry; 74010 Annecy;
    26362 Valence; 07186 Privas; 43157 Le Puy-en-Velay; 15014 Aurillac; 48095 Mende; 23096 Guéret; 03190 Moulins; 05061 Gap;
    04070 Digne-les-Bains; 60057 Beauvais; 02408 Laon; 62041 Arras; 62193 Calais; 62160 Boulogne-sur-Mer; 59178 Douai;
    59606 Valenciennes; 08105 Charleville-Mézières; 55029 Bar-le-Duc; 77288 Melun; 91228 Évry-Courcouronnes; 95500 Pontoise;
    32107 Condom; 32256 Mirande; 31483 Saint-Gaudens; 64422 Oloron-Sainte-Marie; 64430 Orthez; 65440 Tarbes; 65286 Lourdes;
    65059 Bagnères-de-Bigorre; 65258 Lannemezan; 65460 Vic-en-Bigorre
""")

BIRTHS_NEARBY = _births(
    "65440 Tarbes; 65440 Tarbes; 65286 Lourdes; 65059 Bagnères-de-Bigorre; 64445 Pau; 31555 Toulouse; 32013 Auch"
)

BIRTHS_ABROAD = _births("""
    99352 Algérie; 99350 Maroc; 99351 Tunisie; 99139 Portugal; 99134 Espagne; 99127 Italie; 99341 Sénégal; 99335 Mali;
    99326 Côte d'Ivoire; 99243 Viet Nam; 99122 Pologne; 99208 Turquie; 99114 Roumanie; 99109 Allemagne; 99131 Belgique;
    99132 Royaume-Uni; 99333 Madagascar; 99312 Congo (République démocratique); 99410 Haïti; 99205 Liban
""")

STREETS = (
    "rue de la République", "avenue du Maréchal-Foch", "rue des Pyrénées", "chemin du Moulin", "place de la Mairie",
    "rue Victor-Hugo", "impasse des Lilas", "allée des Tilleuls", "rue de l'Église", "route de Bagnères", "rue Jean-Jaurès",
    "boulevard du Martinet", "lotissement Les Hauts de l'Adour", "rue du 8-Mai-1945", "chemin d'En-Haut", "rue Sainte-Bernadette",
    "rue Pasteur", "avenue de la Marne", "rue des Écoles", "rue Georges-Clemenceau", "chemin de Halage", "rue Massey",
    "quartier Saint-Roch", "résidence Bel-Air, bâtiment B", "côte de l'Échez", "rue du Pic-du-Midi",
)  # fmt: skip

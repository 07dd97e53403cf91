"""Names for invented people: frequent French surnames and first names, by hand, with the shapes that break software."""

from __future__ import annotations

from typing import NamedTuple


class Period(NamedTuple):
    """First names given before the year ``before`` (and after the period before)."""

    before: int
    girls: tuple[str, ...]
    boys: tuple[str, ...]


SURNAMES = (
    "Martin", "Bernard", "Thomas", "Petit", "Robert", "Richard", "Durand", "Dubois", "Moreau", "Laurent",
    "Simon", "Michel", "Lefèvre", "Leroy", "Roux", "David", "Bertrand", "Morel", "Fournier", "Girard",
    "Bonnet", "Dupont", "Lambert", "Fontaine", "Rousseau", "Vincent", "Muller", "Faure", "André", "Mercier",
    "Blanc", "Guérin", "Boyer", "Garnier", "Chevalier", "François", "Legrand", "Gauthier", "Garcia", "Perrin",
    "Robin", "Clément", "Morin", "Nicolas", "Henry", "Roussel", "Mathieu", "Gautier", "Masson", "Marchand",
    "Duval", "Denis", "Dumont", "Marie", "Lemaire", "Noël", "Meyer", "Dufour", "Meunier", "Brun",
    "Blanchard", "Giraud", "Joly", "Rivière", "Lucas", "Brunet", "Gaillard", "Barbier", "Arnaud", "Martinez",
    "Gérard", "Roche", "Renard", "Schmitt", "Roy", "Leroux", "Colin", "Vidal", "Caron", "Picard",
    "Roger", "Fabre", "Aubert", "Lemoine", "Renaud", "Dumas", "Lacroix", "Olivier", "Philippe", "Bourgeois",
    "Pierre", "Benoît", "Rey", "Leclerc", "Payet", "Rolland", "Leclercq", "Guillaume", "Lecomte", "Lopez",
    "Jean", "Dupuy", "Guillot", "Hubert", "Berger", "Carpentier", "Sanchez", "Dupuis", "Moulin", "Louis",
    "Deschamps", "Huet", "Vasseur", "Perez", "Boucher", "Fleury", "Royer", "Klein", "Jacquet", "Adam",
    "Benali", "Haddad", "Diallo", "Traoré", "Nguyen", "Da Silva", "Ferreira", "Ben Amor", "El Mansouri", "Kouadio",
    "Cazenave", "Abadie", "Lacoste", "Pujol", "Castéra", "Barrère", "Dussert", "Laborde", "Carrère", "Fourcade",
)  # fmt: skip

# Drawn now and then, so that particles, apostrophes, hyphens, ligatures and length are met on every list.
RARE_SURNAMES = (
    "Le Goff", "Le Bihan", "De La Fontaine", "D'Ornano", "De Saint-Exupère", "L'Hostis", "N'Diaye", "Saint-Martin",
    "Lefèvre-Utile", "Œuvrard", "Da Costa-Marques", "Van Den Bossche", "Ó Ceallaigh", "Ait Ouarab", "Dos Santos Oliveira",
    "Montmorency-Laval De Bréville", "Raharimanantsoa", "Sivasubramaniam", "Li", "Ô",
)  # fmt: skip

# First names by the year before which they were usual, for girls and for boys.
FIRST_NAMES: tuple[Period, ...] = (
    Period(
        1958,
        ("Marie", "Jeanne", "Simone", "Yvette", "Paulette", "Monique", "Jacqueline", "Françoise", "Denise", "Odette",
         "Ginette", "Marie-Thérèse", "Andrée", "Huguette", "Thérèse", "Raymonde", "Bernadette", "Colette"),
        ("Jean", "Pierre", "André", "Marcel", "René", "Roger", "Michel", "Jacques", "Georges", "Henri",
         "Robert", "Raymond", "Maurice", "Lucien", "Louis", "Jean-Claude", "Fernand", "Émile"),
    ),
    Period(
        1980,
        ("Catherine", "Sylvie", "Nathalie", "Isabelle", "Valérie", "Christine", "Véronique", "Martine", "Brigitte", "Corinne",
         "Sandrine", "Sophie", "Anne-Marie", "Patricia", "Laurence", "Florence", "Fatima", "Stéphanie"),
        ("Philippe", "Patrick", "Thierry", "Christophe", "Alain", "Éric", "Pascal", "Laurent", "Frédéric", "Bruno",
         "Stéphane", "Jean-Luc", "Didier", "Olivier", "Gérard", "Jean-François", "Mohamed", "Loïc"),
    ),
    Period(
        2000,
        ("Julie", "Aurélie", "Émilie", "Élodie", "Laura", "Marion", "Camille", "Manon", "Léa", "Pauline",
         "Céline", "Anaïs", "Mathilde", "Charlotte", "Sarah", "Anne-Sophie", "Mélanie", "Inès"),
        ("Nicolas", "Julien", "Kévin", "Alexandre", "Thomas", "Maxime", "Romain", "Jérémy", "Anthony", "Guillaume",
         "Antoine", "Benoît", "Mickaël", "Florian", "Clément", "Jean-Baptiste", "Yanis", "Rémi"),
    ),
    Period(
        9999,
        ("Emma", "Jade", "Louise", "Alice", "Chloé", "Lina", "Rose", "Anna", "Mila", "Ambre",
         "Zoé", "Juliette", "Lou", "Agathe", "Maëlys", "Noémie", "Éléonore", "Aïcha"),
        ("Gabriel", "Léo", "Raphaël", "Louis", "Arthur", "Jules", "Adam", "Lucas", "Hugo", "Maël",
         "Liam", "Noah", "Paul", "Nathan", "Gaël", "Tiago", "Ismaël", "Timothée"),
    ),
)  # fmt: skip

SECOND_NAMES = {
    "female": ("Marie", "Anne", "Louise", "Jeanne", "Hélène", "Claire", "Rose", "Marguerite", "Élisabeth"),
    "male": ("Pierre", "Jean", "Louis", "Marie", "Joseph", "Paul", "François", "Henri", "Antoine"),
}

"""Names for invented people: frequent French surnames and first names, by hand, with the shapes that break software."""

from __future__ import annotations

from importlib.resources import files
from typing import NamedTuple


class Period(NamedTuple):
    """First names given before the year ``before`` (and after the period before)."""

    before: int
    girls: tuple[str, ...]
    boys: tuple[str, ...]


def _names(text: str) -> tuple[str, ...]:
    return tuple(name.strip() for name in text.replace("\n", " ").split(",") if name.strip())


SURNAMES = _names(files(__package__).joinpath("surnames.txt").read_text("utf-8"))
"""The more frequent ones first."""

# Drawn now and then, so that particles, apostrophes, hyphens, ligatures and length are met on every list.
RARE_SURNAMES = (
    "Le Goff", "Le Bihan", "De La Fontaine", "D'Ornano", "De Saint-Exupère", "L'Hostis", "N'Diaye", "Saint-Martin",
    "Lefèvre-Utile", "Œuvrard", "Da Costa-Marques", "Van Den Bossche", "Ó Ceallaigh", "Ait Ouarab", "Dos Santos Oliveira",
    "Montmorency-Laval De Bréville", "Raharimanantsoa", "Sivasubramaniam", "Li", "Ô", "D'Alembert-Roy", "Müller",
    "Ait Ben Haddou", "Le Bras De Kerangal", "Nguyễn", "Łukasik", "Castañeda", "Ibn Battuta", "Mc Carthy", "Bachelot-Narquois",
)  # fmt: skip

FIRST_NAMES: tuple[Period, ...] = (
    Period(1946, _names("""Marie, Jeanne, Simone, Yvette, Paulette, Monique, Jacqueline, Denise, Odette, Ginette, Marie-Thérèse, Andrée,
        Huguette, Thérèse, Raymonde, Madeleine, Suzanne, Yvonne, Marguerite, Lucienne, Germaine, Renée, Marcelle, Hélène, Louise,
        Henriette, Georgette, Gisèle, Solange, Fernande, Josette, Micheline, Pierrette, Arlette, Liliane, Juliette"""),
        _names("""Jean, Pierre, André, Marcel, René, Roger, Michel, Jacques, Georges, Henri, Robert, Raymond, Maurice, Lucien, Louis,
        Fernand, Émile, Paul, Claude, Gilbert, Marius, Albert, Joseph, Roland, Guy, Gaston, Edmond, Léon, Eugène, Gérard,
        Jean-Louis, Armand, Camille, Yves, Serge, Charles""")),
    Period(1962, _names("""Françoise, Nicole, Colette, Bernadette, Danielle, Annie, Christiane, Michèle, Chantal, Martine, Brigitte, Évelyne,
        Josiane, Claudine, Marie-Claude, Mireille, Dominique, Jocelyne, Marie-France, Ghislaine, Geneviève, Élisabeth, Marie-Christine,
        Odile, Éliane, Maryse, Viviane, Anne-Marie, Danièle, Joëlle, Régine, Rolande, Fatma, Maria, Yamina, Rosa"""),
        _names("""Jean-Claude, Alain, Bernard, Daniel, Christian, Gérard, Jean-Pierre, Patrick, Philippe, Serge, Jean-Paul, Francis, Gilles,
        Denis, Guy, Jean-Marie, Joël, Hubert, Yvon, Jean-Michel, Dominique, Roland, Marc, Jean-Jacques, Régis, Jean-Luc, Rémy,
        Michel, Mohamed, Antonio, Manuel, José, Ahmed, Lucien, Christian-Marie, Noël""")),
    Period(1980, _names("""Catherine, Sylvie, Nathalie, Isabelle, Valérie, Christine, Véronique, Corinne, Sandrine, Sophie, Patricia, Laurence,
        Florence, Fatima, Stéphanie, Karine, Virginie, Delphine, Agnès, Carole, Cécile, Pascale, Muriel, Anne, Marie-Laure, Béatrice,
        Sabine, Estelle, Séverine, Hélène, Nadia, Malika, Rachida, Ana, Thi Mai, Laure"""),
        _names("""Philippe, Thierry, Christophe, Éric, Pascal, Laurent, Frédéric, Bruno, Stéphane, Didier, Olivier, Jean-François, Loïc,
        Franck, David, Sébastien, Hervé, Xavier, Vincent, Emmanuel, Fabrice, Arnaud, Cédric, Jérôme, Nicolas, Ludovic, Yann, Rachid,
        Karim, Carlos, Jean-Marc, Lionel, Gaël, Tanguy, Grégory, Benoît""")),
    Period(2000, _names("""Julie, Aurélie, Émilie, Élodie, Laura, Marion, Camille, Manon, Léa, Pauline, Céline, Anaïs, Mathilde, Charlotte,
        Sarah, Anne-Sophie, Mélanie, Inès, Marine, Justine, Amandine, Laëtitia, Jennifer, Audrey, Clémence, Morgane, Océane, Lucie,
        Alexandra, Yasmine, Samira, Mégane, Solène, Noémie, Eva, Claire"""),
        _names("""Nicolas, Julien, Kévin, Alexandre, Thomas, Maxime, Romain, Jérémy, Anthony, Guillaume, Antoine, Mickaël, Florian, Clément,
        Jean-Baptiste, Yanis, Rémi, Adrien, Quentin, Valentin, Dylan, Benjamin, Mathieu, Pierre-Yves, Bastien, Simon, Mehdi, Samir,
        Jordan, Loïc, Baptiste, Théo, Corentin, Mathis, Aurélien, Damien""")),
    Period(9999, _names("""Emma, Jade, Louise, Alice, Chloé, Lina, Rose, Anna, Mila, Ambre, Zoé, Juliette, Lou, Agathe, Maëlys, Noémie, Éléonore,
        Aïcha, Inaya, Léna, Romane, Nina, Jeanne, Iris, Charlie, Victoire, Léonie, Sofia, Alma, Margaux, Capucine, Assia, Garance,
        Lya, Clémence, Romy"""),
        _names("""Gabriel, Léo, Raphaël, Louis, Arthur, Jules, Adam, Lucas, Hugo, Maël, Liam, Noah, Paul, Nathan, Gaël, Tiago, Ismaël, Timothée,
        Sacha, Ethan, Tom, Mohamed, Aaron, Malo, Marius, Eliott, Martin, Augustin, Naël, Gaspard, Ayoub, Isaac, Côme, Lyam, Victor,
        Basile""")),
)  # fmt: skip
"""First names by the year before which they were usual."""

SECOND_NAMES = {
    "female": _names("Marie, Anne, Louise, Jeanne, Hélène, Claire, Rose, Marguerite, Élisabeth, Françoise, Cécile, Thérèse, Madeleine, Sophie"),
    "male": _names("Pierre, Jean, Louis, Marie, Joseph, Paul, François, Henri, Antoine, Michel, Charles, Étienne, Émile, André"),
}  # fmt: skip

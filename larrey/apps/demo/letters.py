"""Texts of the letters that close a stay or a consultation."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

from larrey.apps.demo.people import Person

_MONTHS = ("janvier", "février", "mars", "avril", "mai", "juin", "juillet", "août", "septembre", "octobre", "novembre",
           "décembre")  # fmt: skip


def long_date(day: date) -> str:
    """``1er mars 2026``."""
    return f"{'1er' if day.day == 1 else day.day} {_MONTHS[day.month - 1]} {day.year}"


def discharge(
    person: Person, hospital: str, service: str, doctor: str, start: date, end: date, reason: str, results: Sequence[str],
    drugs: Sequence[str],
) -> str:  # fmt: skip
    """A discharge letter, or a consultation letter when ``start`` and ``end`` are the same day."""
    female = person.sex == "female"
    title, born, seen = ("Madame", "née", "hospitalisée") if female else ("Monsieur", "né", "hospitalisé")
    dates = f"a été vu{'e' if female else ''} en consultation le {long_date(start)}"
    if end > start:
        dates = f"a été {seen} du {long_date(start)} au {long_date(end)}"
    found = "Les examens montrent : " + " ; ".join(results) + "." if results else "L'examen clinique est rassurant."
    treatment = "Traitement de sortie :\n" + "\n".join(f"- {drug}" for drug in drugs) if drugs else "Pas de traitement."
    return (
        f"{hospital}\nService : {service}\n\nLe {long_date(end)}\n\nCher confrère, chère consœur,\n\n"
        f"{title} {person.shown}, {born} le {long_date(person.born)}, {dates} pour : {reason.lower()}.\n\n"
        f"{found}\n\nL'évolution est favorable.\n\n{treatment}\n\nBien confraternellement,\n{doctor}\n"
    )

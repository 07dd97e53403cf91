"""A document before it takes a form: who writes, about whom, to whom, and its sections."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from larrey.apps.demo.people.person import Person
from larrey.apps.demo.stories import french
from larrey.apps.demo.structure import Hospital, Professional, Unit

Sections = list[tuple[str, str]]
"""(heading, text) in order; a text may have several lines, those that begin with ``- `` are a list."""


@dataclass(slots=True)
class Paper:
    """``loinc``, ``type_label``: what kind of document; ``greeting`` and ``closing``: empty outside of letters."""

    title: str
    loinc: str
    type_label: str
    hospital: Hospital
    unit: Unit
    person: Person
    ipp: str
    at: datetime
    author: Professional
    sections: Sections
    greeting: str = ""
    closing: str = ""

    def heading(self) -> list[str]:
        """The lines above the title."""
        return [self.hospital.name, f"{self.unit.service} – {self.unit.label} (UF {self.unit.code})"]

    def about(self) -> list[str]:
        """The lines that say who the patient is."""
        person = self.person
        born = "née" if person.sex == "female" else "né"
        title = french.upper_first(french.title(female=person.sex == "female", years=person.years(self.at.date())))
        name = f"{title} {person.shown}"
        if person.used and person.used != person.family:
            name += f", {born} {person.family.upper()}"
        when = {10: f"le {french.long_date(person.born)}", 7: f"en {french.month(person.born)}", 4: f"en {person.born.year}"}
        return [f"{name}, {born} {when[person.precision]}", f"IPP : {self.ipp}"]

    def plain(self) -> str:
        """As plain text."""
        lines = [*self.heading(), "", *self.about(), "", f"{self.hospital.town.name}, le {french.long_date(self.at)}", "",
                 self.title.upper(), ""]  # fmt: skip
        if self.greeting:
            lines += [self.greeting, ""]
        for heading, body in self.sections:
            lines += [heading, body, ""] if heading else [body, ""]
        if self.closing:
            lines += [self.closing, ""]
        return "\n".join([*lines, self.author.shown, french.upper_first(self.author.title), ""])

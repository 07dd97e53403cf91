"""The page of roles, drawn from the table in ``larrey.access.roles``."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from larrey.access.roles import FAMILIES, RULES, Rule

_WORDS = {
    "unit": "of her units",
    "hospital": "of her hospitals",
    "group": "of the whole group",
    "own": "herself, or who she stands for",
    "nobody": "nobody's",
}
_LETTERS = "cruds"


def roles_page() -> str:
    """The text after the mark that it is made."""
    lines = [
        "# Roles",
        "",
        "What an account's role may do on the record, type by type, and whose patients it is about. What is not here is refused.",
        "The table is `larrey/access/roles.py`; `tests/access/test_roles.py` holds it to its rules.",
        "",
        "Both must hold: the role gives the right on the type, and the patient is hers (a stay in her unit, an appointment,",
        "an opinion asked of her, a prescription to validate, a delegation in time, or the glass she broke). Where she works",
        "is what the PractitionerRoles of her Practitioner say now; without one in force she sees nobody.",
        "",
        "## Whose patients",
        "",
        "*After*: days for which a patient is still seen after she left; *ahead*: days before she comes. *Finds*: may look for",
        "any patient of the group by her identity, discreet ones apart. *Glass*: may open a record in an emergency.",
        "",
        "| role | patients | after | ahead | identities of the group | finds | glass | refusals say why |",
        "| --- | --- | --- | --- | --- | --- | --- | --- |",
        *(_reach(role, rule) for role, rule in RULES.items()),
        "",
        "## What on which types",
        "",
        "Letters are those of SMART: **c**reate, **r**ead, **u**pdate, **d**elete, **s**earch. First what all types of a family",
        "have, then those that have more. `-`: none.",
        "",
        f"| role | {' | '.join(FAMILIES)} |",
        f"| --- |{' --- |' * len(FAMILIES)}",
        *(_row(role, rule) for role, rule in RULES.items()),
        "",
        "## Families",
        "",
        "| family | types |",
        "| --- | --- |",
        *(f"| {name} | {', '.join(sorted(types))} |" for name, types in FAMILIES.items()),
    ]
    return "\n".join(lines) + "\n"


def _reach(role: str, rule: Rule) -> str:
    cells = [
        role,
        _WORDS[rule.reach],
        str(rule.after or "-"),
        str(rule.ahead or "-"),
        ", ".join(sorted(rule.identities)) or "-",
        *("yes" if held else "-" for held in (rule.finds, rule.glass, rule.told)),
    ]
    return f"| {' | '.join(cells)} |"


def _row(role: str, rule: Rule) -> str:
    return f"| {role} | {' | '.join(_family(rule.rights, types) for types in FAMILIES.values())} |"


def _family(rights: Mapping[str, str], types: frozenset[str]) -> str:
    """The letters that all types have, then the types that have more."""
    common = set(_LETTERS).intersection(*(rights.get(type_, "") for type_ in types))
    by_letters: dict[str, list[str]] = {}
    for type_ in sorted(types):
        if set(rights.get(type_, "")) != common:
            by_letters.setdefault(rights[type_], []).append(type_)
    parts: Iterator[str] = (f"{letters}: {', '.join(named)}" for letters, named in by_letters.items())
    return "; ".join([*(["".join(letter for letter in _LETTERS if letter in common)] if common else []), *parts]) or "-"

"""Who a patient is, as a French hospital reads it: birth name and used name, sex, birth date, age, numbers.

French identity rules: the *official* HumanName carries the birth name, the *usual* one the name used (FR Core profile
of Patient, https://hl7.fr/ig/fhir/core/StructureDefinition-fr-core-patient.html). Elsewhere the birth name is the name
of use *maiden* (http://hl7.org/fhir/R4/valueset-name-use.html).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop, pgettext

from larrey.ui import formats
from larrey.ui.words import labels
from larrey.ui.words.codes import first, objects, target
from larrey.ui.words.datatypes import Value, concept, human_name

_INS = "urn:oid:1.2.250.1.213.1.4."
"""National health identity; its last arc: 8 NIR, 9 NIA, 10 and 11 test and demonstration numbers."""
_RECORD_NUMBERS = frozenset({"PI", "MR"})
RELIABILITIES: Mapping[str, str] = {
    "QUAL": gettext_noop("Qualified identity"),
    "VALI": gettext_noop("Validated identity"),
    "RECUP": gettext_noop("Retrieved identity"),
    "RECD": gettext_noop("Retrieved identity"),
    "PROV": gettext_noop("Provisional identity"),
    "DOUT": gettext_noop("Doubtful identity"),
    "DOUB": gettext_noop("Duplicate identity"),
    "FICT": gettext_noop("Fictitious identity"),
    "CACH": gettext_noop("Concealed identity"),
    "VIDE": gettext_noop("Identity not filled in"),
}
"""Codes of https://hl7.fr/ig/fhir/core/CodeSystem/fr-core-cs-v2-0445, in words."""
_RELIABLE = frozenset({"QUAL", "VALI"})


@dataclass(frozen=True, slots=True)
class Number:
    """A number of a patient. ``domain``: the id of the Organization that gives numbers of this kind, where it is told."""

    kind: str
    value: str
    of_record: bool = False
    domain: str = ""


@dataclass(frozen=True, slots=True)
class Identity:
    """What identifies a patient on screen, all in words. ``identifiers``: (kind of number, number), INS and IPP first.

    ``numbers`` are the same with where they come from. ``reliability`` says how sure the identity is, and ``reliable``
    whether that is enough to send documents under the INS.
    """

    id: str
    name: str
    birth_name: str
    sex: str
    birth_date: str
    age: str
    deceased: str
    identifiers: tuple[tuple[str, str], ...]
    numbers: tuple[Number, ...] = ()
    reliability: str = ""
    reliable: bool = False

    @property
    def ins(self) -> str:
        """The INS with its spaces; empty when there is none."""
        return next((number.value for number in self.numbers if number.kind == "INS"), "")


def identify(patient: Value) -> Identity:
    """The identity of a Patient resource; what is unknown is empty."""
    names = [item for item in _list(patient.get("name")) if isinstance(item, Mapping)]
    used = _used(names, "usual", "official", "", "temp", "nickname", "anonymous", "old", "maiden")
    birth = _birth_family(names, used)
    died = patient.get("deceasedDateTime")
    born = str(patient.get("birthDate") or "")
    deceased = ""
    if died or patient.get("deceasedBoolean") is True:
        deceased = _("died on %(date)s") % {"date": formats.fhir_date(died)} if died else _("deceased")
    numbers = _numbers(patient)
    status = _reliability(patient)
    return Identity(
        id=str(patient.get("id", "")),
        name=_full_name(used) or _("Name not known"),
        birth_name=_born_as(birth, str(patient.get("gender", ""))) if birth else "",
        sex=labels.code(patient["gender"]) if patient.get("gender") else "",
        birth_date=formats.fhir_date(born) if born else "",
        # someone who died on an unknown day has no age to tell
        age="" if deceased and not died else formats.age(born, str(died or "")),
        deceased=deceased,
        identifiers=tuple((number.kind, number.value) for number in numbers),
        numbers=numbers,
        reliability=_(RELIABILITIES[status]) if status in RELIABILITIES else "",
        reliable=status in _RELIABLE,
    )


def _used(names: Sequence[Value], *uses: str) -> Value:
    for use in uses:
        for name in names:
            if str(name.get("use", "")) == use:
                return name
    return names[0] if names else {}


def _full_name(name: Value) -> str:
    family = str(name.get("family") or "").upper()
    given = " ".join(map(str, _list(name.get("given"))))
    return " ".join(filter(None, (family, given))) or human_name(name)


def _birth_family(names: Sequence[Value], used: Value) -> str:
    for use in ("maiden", "official"):
        for name in names:
            if name.get("use") == use and name.get("family") and name.get("family") != used.get("family"):
                return str(name["family"]).upper()
    return ""


def _born_as(family: str, gender: str) -> str:
    if gender == "female":
        return pgettext("woman", "born %(name)s") % {"name": family}
    return pgettext("man or not known", "born %(name)s") % {"name": family}


def _numbers(patient: Value) -> tuple[Number, ...]:
    found: list[tuple[int, Number]] = []
    for item in _list(patient.get("identifier")):
        if not isinstance(item, Mapping) or not item.get("value") or item.get("use") == "old":
            continue
        system, value = str(item.get("system") or ""), str(item["value"])
        written = item.get("type")
        kind: Value = written if isinstance(written, Mapping) else {}
        code = next((str(each.get("code")) for each in _list(kind.get("coding")) if isinstance(each, Mapping)), "")
        if system.startswith(_INS):
            found.append((0, Number("INS", ins(value))))
        elif code in _RECORD_NUMBERS:
            found.append(
                (1, Number(_("Record number"), value, of_record=True, domain=target(item.get("assigner"), "Organization")))
            )
        else:
            found.append((2, Number(concept(kind) or _("Number"), value)))
    best: dict[str, Number] = {}
    for _rank, number in sorted(found, key=lambda each: each[0]):
        best.setdefault(number.value, number)  # the same number under two names is shown once, under the better one
    return tuple(best.values())


def _reliability(patient: Value) -> str:
    """The code of the extension fr-core-identity-reliability; empty when it is not told."""
    for extension in objects(patient.get("extension")):
        if str(extension.get("url") or "").endswith(("identity-reliability", "ident-reliability")):
            for part in objects(extension.get("extension")):
                if part.get("url") == "identityStatus":
                    return str(first(part.get("valueCoding")).get("code") or "")
    return ""


def ins(number: str) -> str:
    """An INS with its usual spaces: ``1 84 12 76 451 089 46`` (key included when given)."""
    if len(number) not in {13, 15}:
        return number
    cuts = (0, 1, 3, 5, 7, 10, 13, 15)
    return " ".join(filter(None, (number[a:b] for a, b in pairwise(cuts))))


def _list(value: Any) -> list[Any]:
    if value is None:
        return []
    return value if isinstance(value, list) else [value]

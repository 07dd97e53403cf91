"""The table of roles: whole, and nobody has what her trade does not need."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from larrey.access.roles import FAMILIES, RULES, Role
from larrey.access.titles import TITLES
from larrey.fhir.definitions import resource_types

NAMES = FAMILIES["structure"] | FAMILIES["knowledge"]
PEOPLE = resource_types() - NAMES - FAMILIES["technical"] - FAMILIES["research"]
TREATING = [Role.DOCTOR, Role.NURSE, Role.MIDWIFE, Role.PHARMACIST]


def test_each_role_has_a_rule_and_a_title() -> None:
    assert set(RULES) == set(Role) == set(TITLES)
    assert len(Role) == 13


def test_each_type_of_r4_is_in_one_family() -> None:
    assert frozenset().union(*FAMILIES.values()) == resource_types()
    assert sum(map(len, FAMILIES.values())) == len(resource_types())


@pytest.mark.parametrize("role", Role)
def test_a_rule_is_well_formed(role: Role) -> None:
    rule = RULES[role]
    assert set(rule.rights) <= resource_types()  # no "*": what is not named is refused
    for type_, letters in rule.rights.items():
        assert set(letters) <= set("cruds"), type_
        assert {"r", "s"} <= set(letters), type_  # nobody writes what she cannot read back
    assert rule.identities <= set(rule.rights)
    assert rule.after >= 0
    assert rule.ahead >= 0
    assert "Patient" in rule.rights or not (rule.finds or rule.glass)
    assert rule.reach in ("unit", "hospital") or not (rule.glass or rule.after or rule.ahead)


@pytest.mark.parametrize("role", Role)
def test_what_nobody_may(role: Role) -> None:
    for type_, letters in RULES[role].rights.items():
        assert type_ not in FAMILIES["technical"]  # the trace is read through its own pages
        assert "d" not in letters
        if type_ in FAMILIES["structure"]:
            assert letters == "rs"  # who writes where people work writes whom they see


@pytest.mark.parametrize("role", [Role.ADMINISTRATOR, Role.SUPPORT_AGENT, Role.RESEARCHER, Role.SECURITY_OFFICER])
def test_who_treats_nobody_has_nothing_of_patients(role: Role) -> None:
    rule = RULES[role]
    assert not PEOPLE & set(rule.rights)
    assert (rule.reach, rule.identities, rule.finds, rule.glass) == ("nobody", frozenset(), False, False)


def test_offices_have_no_clinical_type() -> None:
    clinical = FAMILIES["clinical"] | FAMILIES["medication"]
    assert not clinical & set(RULES[Role.ADMISSION_DESK].rights)
    assert not clinical & set(RULES[Role.IDENTITY_OFFICER].rights)
    assert not FAMILIES["letters"] & set(RULES[Role.ADMISSION_DESK].rights)
    assert {"Observation", "MedicationRequest", "Condition"}.isdisjoint(RULES[Role.MEDICAL_SECRETARY].rights)
    assert not any(set("cu") & set(letters) for type_, letters in RULES[Role.CODER].rights.items() if type_ in clinical)


def test_trades_differ_in_what_they_write() -> None:
    def writes(role: Role, type_: str) -> bool:
        return "c" in RULES[role].rights.get(type_, "")

    assert [role for role in Role if writes(role, "MedicationRequest")] == [Role.DOCTOR, Role.MIDWIFE, Role.PHARMACIST]
    assert writes(Role.NURSE, "MedicationAdministration")
    assert not writes(Role.NURSE, "Condition")
    assert [role for role in Role if writes(role, "Patient")] == [Role.ADMISSION_DESK, Role.IDENTITY_OFFICER]
    assert not any(set(letters) & set("cud") for letters in RULES[Role.PATIENT].rights.values())


def test_only_who_treats_breaks_the_glass() -> None:
    assert [role for role in Role if RULES[role].glass] == TREATING
    assert [role for role in Role if not RULES[role].told] == [Role.PATIENT]
    assert (RULES[Role.NURSE].after, RULES[Role.MIDWIFE].after, RULES[Role.DOCTOR].after) == (0, 0, 90)


def test_the_table_loads_without_django() -> None:
    code = (
        "import sys; import larrey.access.roles, larrey.access.standing, larrey.access.territory;"
        " sys.exit(any(name.split('.')[0] == 'django' for name in sys.modules))"
    )
    subprocess.run([sys.executable, "-c", code], check=True, cwd=Path(__file__).parents[2])

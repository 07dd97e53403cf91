"""The accounts of the demo are people of its record, and its rules of access can be seen at work."""

from __future__ import annotations

from datetime import date

import psycopg
from django.test import override_settings

from larrey.access import callers, demo, standing
from larrey.access.models import Account
from larrey.access.roles import RULES, Role
from larrey.apps.demo import api
from larrey.apps.demo.generation import Edition, patient
from larrey.apps.demo.structure import build
from larrey.apps.demo.structure.staff import ACCOUNT_TAG, ACCOUNTS
from larrey.fhir import secrecy
from larrey.store.caller import Caller
from larrey.store.keys import resource_key

EDITION = Edition(api.SEED, date(2026, 11, 25))


def test_accounts_and_professionals_have_the_same_names() -> None:
    assert demo.TAG == ACCOUNT_TAG
    assert {account.role for account in demo.ACCOUNTS} == set(Role)
    for account in demo.ACCOUNTS:
        if account.role != Role.PATIENT:
            known = ACCOUNTS[account.username]
            assert account.name.removeprefix("Dr ") == f"{known.given} {known.family}"
            assert account.password == f"larrey-{account.username}"


def test_accounts_are_tied_to_the_people_of_the_record(connection: psycopg.Connection, caller: Caller, site: str) -> None:
    with override_settings(LARREY_DEMO=True):
        demo.ensure_accounts()
        assert not Account.objects.exclude(practitioner="").exists()
        api.load(connection, caller, patients=8, today=EDITION.today)
        standing.forget()
        demo.ensure_accounts()
    people = {account.username: account for account in Account.objects.all()}
    group = build(EDITION.seed)
    for username, known in ACCOUNTS.items():
        assert people[username].practitioner == group.accounts[username].id
        sight = callers.for_user(people[username]).sight
        if RULES[people[username].role].reach == "unit":
            unit = group.units[known.uf].ref["reference"].partition("/")[2]
            assert resource_key("Organization", unit) in sight.keys
    assert len(people["medecin"].rpps) == 11
    nurse = callers.for_user(people["infirmiere"]).sight
    now = "select distinct patient from record.care where who = any(%s) and low <= now() and high > now()"
    assert connection.execute(now, (list(nurse.keys),)).fetchall()  # someone lies in her ward, however small the set
    closed = group.units["4112"].ref["reference"].partition("/")[2]
    assert resource_key("Organization", closed) in nurse.sensitive
    assert callers.for_user(people["patient"]).sight.own
    assert people["patient"].name != "Patient"


def test_each_hospital_has_a_pharmacy() -> None:
    assert all(hospital.units["pharmacie"] for hospital in build(EDITION.seed).hospitals.values())


def test_some_patients_made_wishes_about_who_sees_them() -> None:
    made = {number: patient(EDITION, number) for number in (7, 13, 38, 48, 69, 89, 100, 131, 162)}
    marks = {secrecy.secrecy(resource) for one in made.values() for resource in one.resources}
    assert {0, secrecy.VIP, secrecy.HIDDEN} <= marks
    refusals = [resource for one in made.values() for resource in one.resources if resource["resourceType"] == "Consent"]
    assert refusals
    assert {(one["status"], one["provision"]["type"]) for one in refusals} == {("active", "deny")}
    pharmacies = {unit.ref["reference"] for unit in build(EDITION.seed).kinds["pharmacie"]}
    sent = {
        resource["dispenseRequest"]["performer"]["reference"]
        for one in made.values()
        for resource in one.resources
        if resource["resourceType"] == "MedicationRequest" and "performer" in resource.get("dispenseRequest", {})
    }
    assert sent
    assert sent <= pharmacies

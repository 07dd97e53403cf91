"""Accounts, signing in and out, the limits on attempts, the second factor."""

from __future__ import annotations

import re
from typing import Any

import psycopg
import pytest
from allauth.mfa.adapter import get_adapter
from allauth.mfa.totp.internal import auth as totp
from django.contrib.auth.models import AnonymousUser
from django.db import connection, transaction
from django.test import Client, override_settings

from larrey import store
from larrey.access import accounts, callers, demo, record, standing
from larrey.access.models import Account, AuditEntry
from larrey.access.roles import Role
from larrey.kit.errors import Conflict, Forbidden, Invalid, Misconfigured, NotFound, Unauthenticated
from larrey.store.caller import Caller, Sight

pytestmark = pytest.mark.usefixtures("site")
PASSWORD = "cheval-agrafe-pile"


def jeanne(role: str = "doctor") -> Account:
    return accounts.create("Jeanne", name="Dr Jeanne Martin", role=role, password=PASSWORD)


def sign_in(client: Client, password: str = PASSWORD, username: str = "jeanne") -> int:
    return client.post("/account/sign-in", {"login": username, "password": password}).status_code


def test_roles_are_rights_on_the_record() -> None:
    account = jeanne()
    doctor = callers.for_user(account)
    assert (doctor.actor, doctor.account, doctor.role) == ("account:jeanne", account.pk, "doctor")
    assert doctor.may("r", "Observation")
    assert not doctor.may("d", "Observation")
    assert doctor.sight == Sight(told=True)  # tied to no professional of the record, she sees nobody
    accounts.change("jeanne", role="administrator")
    assert not callers.for_user(accounts.get("jeanne")).may("r", "Patient")
    Account.objects.update(role="made-up")
    standing.forget()
    assert callers.for_user(accounts.get("jeanne")).types("r") == frozenset()
    for stranger in (None, AnonymousUser(), Account(username="x", role="doctor")):
        with pytest.raises(Unauthenticated):
            callers.for_user(stranger)
    with pytest.raises(Forbidden):
        callers.for_user(Account(username="d", role="doctor", is_active=False))


def test_a_caller_is_read_within_an_open_transaction() -> None:
    with transaction.atomic():
        account = jeanne()
        assert callers.for_user(account).actor == "account:jeanne"
        assert Account.objects.count() == 1
    with record.cursor() as cursor:
        assert callers.for_user(account, cursor).account == account.pk


RPPS, OTHER = "89900000012", "89900000020"


@pytest.fixture
def professionals(connection: psycopg.Connection, caller: Caller) -> None:
    """Anne has an RPPS number, Paul none, two share one, one has what is no number; and a patient."""

    def professional(id_: str, number: str = "", system: str = "https://rpps.esante.gouv.fr") -> dict[str, Any]:
        identifiers = {"identifier": [{"system": "urn:x", "value": "1"}, {"system": system, "value": number}]} if number else {}
        return {"resourceType": "Practitioner", "id": id_, **identifiers}

    resources = [
        professional("anne", RPPS),
        professional("paul"),
        professional("one", OTHER),
        professional("two", OTHER, "urn:oid:1.2.250.1.71.4.2.1"),
        professional("odd", "123"),
        {"resourceType": "Patient", "id": "claire"},
    ]
    store.retry(connection, lambda cursor: [store.update(cursor, caller, resource) for resource in resources])


def make(username: str, role: str = "doctor", **more: Any) -> Account:
    return accounts.create(username, name=username, role=role, password=PASSWORD, **more)


@pytest.mark.usefixtures("professionals")
def test_an_account_is_tied_to_a_professional_of_the_record() -> None:
    anne = make("a", number=RPPS)
    assert (anne.practitioner, anne.rpps) == ("anne", RPPS)
    with pytest.raises(Conflict):
        make("b", practitioner="anne")
    accounts.change("a", practitioner="")
    assert make("b", practitioner="anne").rpps == RPPS  # what the record says of her
    assert make("c", practitioner="paul").rpps == ""
    assert make("d", practitioner="odd").rpps == ""
    assert make("e", "nurse", patient="claire").patient == "claire"  # her own record
    assert AuditEntry.objects.filter(action="grant").values_list("what", flat=True).order_by("id")[0] == (
        "account:a created: doctor Practitioner/anne"
    )


@pytest.mark.usefixtures("professionals")
@pytest.mark.parametrize(
    ("given", "error"),
    [
        ({"number": "89900000013"}, Invalid),  # the key
        ({"number": "8990000001"}, Invalid),
        ({"number": "8990000001a"}, Invalid),
        ({"number": "８９９00000012"}, Invalid),
        ({"number": "89900000038"}, NotFound),
        ({"number": OTHER}, Conflict),  # two people's
        ({"number": RPPS, "practitioner": "paul"}, Conflict),
        ({"number": OTHER, "practitioner": "anne"}, Conflict),
        ({"practitioner": "nobody"}, NotFound),
        ({"patient": "nobody"}, NotFound),
        ({"representative": True, "patient": "claire"}, Invalid),
        ({"role": "patient"}, Invalid),
        ({"role": "patient", "patient": "claire", "practitioner": "paul"}, Invalid),
    ],
)
def test_what_does_not_agree_is_refused_whole(given: dict[str, Any], error: type[Exception]) -> None:
    with pytest.raises(error):
        make("a", **given)
    assert not Account.objects.exists()
    assert not AuditEntry.objects.exists()


@pytest.mark.parametrize(
    ("username", "role", "password"),
    [
        ("a b", "doctor", PASSWORD),
        ("", "doctor", PASSWORD),
        ("a", "god", PASSWORD),
        ("a", "doctor", "short"),
        ("a", "nurse", "123456789012"),
    ],
)
def test_bad_accounts_are_refused_whole(username: str, role: str, password: str) -> None:
    with pytest.raises(Invalid) as refused:
        accounts.create(username, name="Someone", role=role, password=password)
    assert "passe" not in refused.value.message  # errors speak English
    assert Account.objects.count() == 0


def test_a_user_name_is_given_once() -> None:
    jeanne()
    with pytest.raises(Conflict):
        jeanne()
    with pytest.raises(NotFound):
        accounts.disable("nobody")


def test_signing_in_and_out() -> None:
    jeanne()
    client = Client()
    page = client.get("/account/sign-in?next=/chart/1").content.decode()
    assert 'name="next" value="/chart/1"' in page
    assert "larrey-medecin" not in page  # demo accounts are shown in a demo only
    assert sign_in(client, username="JEANNE") == 302
    assert client.get("/").status_code == 200
    assert client.cookies["larrey_session"]["httponly"]
    assert not client.cookies["larrey_session"]["max-age"]  # ends with the browser
    client.post("/account/sign-out")
    assert client.get("/").status_code == 302


def test_sign_in_never_leads_to_another_site() -> None:
    jeanne()
    response = Client().post("/account/sign-in", {"login": "jeanne", "password": PASSWORD, "next": "https://evil.example/"})
    assert response.headers["Location"] == "/"


def test_nobody_signs_up() -> None:
    for path in ["/account/signup", "/account/signup/", "/account/password/reset/"]:
        assert Client().get(path).status_code == 404


def test_after_five_failures_even_the_right_password_waits() -> None:
    jeanne()
    client = Client()
    for attempt in range(5):
        assert sign_in(client, f"wrong-{attempt}") == 200
    assert sign_in(client) == 429
    assert sign_in(Client(headers={"host": "testserver:81"})) == 429  # another port is no way round
    assert Client().get("/").status_code == 302


def test_a_new_password_ends_open_sessions() -> None:
    jeanne()
    client = Client()
    sign_in(client)
    accounts.change_password("jeanne", "autre-phrase-longue")
    assert client.get("/").status_code == 302
    assert sign_in(client) == 200
    assert sign_in(client, "autre-phrase-longue") == 302


def test_changing_ones_own_password() -> None:
    jeanne()
    client = Client()
    sign_in(client)
    new = "une-autre-phrase-longue"
    response = client.post("/account/password", {"oldpassword": PASSWORD, "password1": new, "password2": new})
    assert response.status_code == 302
    assert sign_in(Client(), new) == 302


def test_the_second_factor() -> None:
    jeanne()
    client = Client()
    sign_in(client)
    assert client.get("/account/two-factor/on").headers["Location"].startswith("/account/confirm")
    confirmed = client.post("/account/confirm", {"password": PASSWORD, "next": "/account/two-factor/on"})
    assert confirmed.headers["Location"] == "/account/two-factor/on"
    page = client.get("/account/two-factor/on").content.decode()
    found = re.search(r'larrey-secret">([A-Z2-7]+)<', page)
    assert found
    secret = found[1]
    assert "data:image/svg+xml;base64," in page
    code = totp.format_hotp_value(totp.hotp_value(secret, next(iter(totp.yield_hotp_counters_from_time()))))
    assert client.post("/account/two-factor/on", {"code": code}).status_code == 302
    with connection.cursor() as cursor:
        kept = cursor.execute("select data::text from mfa_authenticator").fetchall()
    assert kept
    assert not any(secret in row[0] for row in kept)  # who has only the database cannot make codes
    assert client.get("/account/two-factor").status_code == 200
    codes = client.get("/account/two-factor/recovery")
    assert codes.status_code == 200
    recovery = re.findall(r"<li><code>(\w+)</code>", codes.content.decode())
    assert len(recovery) == 10
    assert client.get("/account/two-factor/recovery/download").content.decode().split() == recovery
    assert get_adapter().is_mfa_enabled(Account.objects.get())

    other = Client()
    assert sign_in(other) == 302
    assert other.get("/").status_code == 302  # the password is not enough
    assert other.get("/account/sign-in/code").status_code == 200
    assert other.post("/account/sign-in/code", {"code": "000000"}).status_code == 200
    assert other.post("/account/sign-in/code", {"code": recovery[0]}).status_code == 302
    assert other.get("/").status_code == 200


def test_demo_accounts_belong_to_a_demo() -> None:
    with pytest.raises(Misconfigured):
        demo.ensure_accounts()
    assert demo.shown_accounts() == ()
    with override_settings(LARREY_DEMO=True):
        assert {account.role for account in demo.ensure_accounts()} == set(Role)
        accounts.disable("medecin")
        demo.ensure_accounts()
        assert sign_in(Client(), demo.ACCOUNTS[0].password, "medecin") == 302
        assert demo.ACCOUNTS[0].password in Client().get("/account/sign-in").content.decode()


def test_every_page_of_the_account_answers() -> None:
    jeanne()
    client = Client()
    sign_in(client)
    for path in ["password", "two-factor", "sign-out", "confirm"]:
        assert client.get(f"/account/{path}").status_code == 200, path
    assert Client().get("/account/disabled").status_code == 200


def test_a_form_from_elsewhere_is_refused_with_words() -> None:
    response = Client(enforce_csrf_checks=True).post("/account/sign-in", {"login": "jeanne", "password": PASSWORD})
    assert response.status_code == 403
    assert "Cette page avait expiré" in response.content.decode()

"""Signing in: the limits by account and by address and the way back, and the second factor that the house may ask for."""

from __future__ import annotations

import re
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

import pytest
from allauth.core.internal import ratelimit
from allauth.mfa.models import Authenticator
from allauth.mfa.recovery_codes.internal.auth import RecoveryCodes
from allauth.mfa.totp.internal import auth as totp
from click.testing import CliRunner
from django.db import connection
from django.test import Client, override_settings

from larrey.access import accounts
from larrey.access.models import Account
from larrey.cli.main import larrey as command_line
from larrey.kit.errors import NotFound
from larrey.site import installation
from tests.access.people import PASSWORD, SIGNED_IN, is_in, person, sign_in, signed_in, traced

pytestmark = pytest.mark.usefixtures("site")


def fail(username: str = "jeanne", times: int = 5, address: str = "10.0.0.1") -> list[int]:
    return [sign_in(Client(), username, f"wrong-{n}", REMOTE_ADDR=address) for n in range(times)]


def test_past_the_limit_the_right_password_waits_and_the_page_says_until_when() -> None:
    person()
    assert fail() == [200] * 5
    response = Client().post("/account/sign-in", {"login": "jeanne", "password": PASSWORD})
    assert response.status_code == 429
    page = response.content.decode()
    found = re.search(r'<time datetime="([^"]+)">', page)
    assert found
    wait = datetime.fromisoformat(found[1]) - datetime.now(UTC)
    assert timedelta(minutes=14) < wait <= timedelta(minutes=15)
    assert "Vous pourrez réessayer" in page
    assert "administrateur" in page


def test_a_name_that_nobody_has_is_told_the_same() -> None:
    person()

    def words(username: str) -> list[str]:
        pages = [Client().post("/account/sign-in", {"login": username, "password": f"wrong-{n}"}) for n in range(6)]
        assert [page.status_code for page in pages] == [200] * 5 + [429]
        texts = [re.sub(r"<form[^>]*>.*?</form>", "", page.content.decode(), flags=re.DOTALL) for page in pages]
        return [re.sub(r"<time.*?</time>|\?v=\w+", "", text.replace(username, "")) for text in texts]

    assert words("jeanne") == words("nobody")


def test_many_addresses_do_not_get_round_the_limit_of_an_account() -> None:
    person()
    for n in range(5):
        fail(times=1, address=f"10.0.0.{n}")
    assert sign_in(Client(), REMOTE_ADDR="10.0.9.9") == 429


def test_a_forged_address_is_not_believed() -> None:
    person()
    for n in range(5):
        sign_in(Client(headers={"x-forwarded-for": f"1.2.3.{n}", "x-real-ip": f"1.2.3.{n}"}), "jeanne", f"wrong-{n}")
    assert sign_in(Client(headers={"x-forwarded-for": "9.9.9.9", "forwarded": "for=9.9.9.9"})) == 429
    assert sign_in(Client(headers={"host": "testserver:81"})) == 429
    assert sign_in(Client(), "  JEANNE ") == 429


def test_many_accounts_from_one_address_stop_at_the_limit_of_the_address(monkeypatch: pytest.MonkeyPatch) -> None:
    person()
    with override_settings(ACCOUNT_RATE_LIMITS={"login_failed": "8/15m/ip,5/15m/key"}):
        for n in range(8):
            assert fail(f"someone{n}", 1) == [200]
        assert sign_in(Client(), REMOTE_ADDR="10.0.0.1") == 429
        assert sign_in(Client(), REMOTE_ADDR="10.0.0.2") == 302
        assert fail("other", 1) == [429]


def test_a_colleague_at_the_same_address_is_not_kept_out() -> None:
    person()
    person("paul")
    fail()
    assert sign_in(Client(), "paul", REMOTE_ADDR="10.0.0.1") == 302


def test_signing_in_does_not_wipe_out_what_was_tried_before() -> None:
    person()
    fail(times=4)
    assert sign_in(Client()) == 302
    assert fail(times=2) == [200, 429]


def test_attempts_at_the_same_time_count_each() -> None:
    """As from several processes: what counts them is in the database."""
    person()

    def attempt(number: int) -> int:
        try:
            return sign_in(Client(), "jeanne", f"wrong-{number}")
        finally:
            connection.close()

    with ThreadPoolExecutor(6) as pool:
        statuses = list(pool.map(attempt, range(18)))
    assert statuses.count(200) <= 5
    assert statuses.count(200) + statuses.count(429) == 18
    assert sign_in(Client()) == 429


def test_time_is_a_way_back(monkeypatch: pytest.MonkeyPatch) -> None:
    person()
    fail()
    assert sign_in(Client()) == 429
    now = ratelimit.time.time
    monkeypatch.setattr(ratelimit.time, "time", lambda: now() + 15 * 60 + 1)
    assert sign_in(Client()) == 302


def test_the_administrator_is_a_way_back() -> None:
    person()
    person("paul")
    fail()
    fail("paul")
    accounts.unlock("jeanne")
    assert sign_in(Client()) == 302
    assert sign_in(Client(), "paul") == 429
    with pytest.raises(NotFound):
        accounts.unlock("nobody")


def test_the_administrator_ends_sessions_and_takes_a_lost_second_factor_away() -> None:
    account = person()
    client = signed_in()
    assert accounts.sign_out("jeanne") == 1
    assert not is_in(client)
    totp.TOTP.activate(account, totp.generate_totp_secret())
    RecoveryCodes.activate(account)
    client = Client()
    sign_in(client)
    assert not is_in(client)
    accounts.forget_second_factor("jeanne")
    assert is_in(signed_in())


def test_codes_have_a_limit_too_and_the_same_way_back() -> None:
    account = person()
    totp.TOTP.activate(account, totp.generate_totp_secret())
    codes = RecoveryCodes.activate(account).get_unused_codes()
    client = Client()
    sign_in(client)
    for n in range(6):
        page = client.post("/account/sign-in/code", {"code": f"00000{n}"})
        assert page.status_code == 200
    assert client.post("/account/sign-in/code", {"code": codes[0]}).status_code == 200
    assert not is_in(client)
    accounts.unlock("jeanne")
    assert client.post("/account/sign-in/code", {"code": codes[0]}).status_code == 302
    assert is_in(client)
    assert traced()[-1] == ("account:jeanne", "sign-in", "sign-in code", "")
    assert traced()[0] == ("account:jeanne", "refused", "sign-in code", "")


def test_bad_input_is_a_failed_sign_in_and_nothing_else() -> None:
    person()
    for name in ["", "\x00", "a" * 100_000, "jeanne\ufeff", "' or 1=1 --", "{{7*7}}", "é" * 300]:
        for password in ["", "\x00", "x" * 10_000]:
            assert sign_in(Client(), name, password) in {200, 429}
    assert Client().post("/account/sign-in", b"\xff\xfe=1", content_type="application/x-www-form-urlencoded").status_code in {
        200,
        400,
    }
    for credential in [
        "",
        "{}",
        "[]",
        "null",
        "1",
        '{"id": "x", "rawId": "x", "response": {}, "type": "public-key"}',
        "{" * 5000,
    ]:
        response = Client().post("/account/sign-in/passkey", {"credential": credential})
        assert response.status_code == 302
        assert response.headers["Location"] == "/account/sign-in"
    assert traced()[-1] == ("stranger", "refused", "sign-in passkey", "")


ODD = [
    "",
    "{}",
    "[]",
    "null",
    "1",
    '"x"',
    '{"id": 1, "rawId": 1, "response": 1, "type": 1}',
    '{"id": "x", "rawId": "x", "response": {}, "type": "public-key"}',
    '{"id": "x", "rawId": "x", "type": "public-key", "response": {"clientDataJSON": "e30", "attestationObject": "oA"}}',
    '{"id": "x", "type": "public-key", "response": {"clientDataJSON": "e30", "authenticatorData": "AA", "signature": "AA"}}',
    '{"response": {"userHandle": "MQ"}}',
    '{"response": null}',
    "{" * 5000,
]


def test_made_up_passkeys_are_refused_wherever_one_is_taken() -> None:
    account = person()
    client = signed_in()
    client.post("/account/confirm", {"password": PASSWORD, "next": "/account/two-factor"})
    for credential in ODD:
        client.get("/account/two-factor/passkeys/add")
        response = client.post(
            "/account/two-factor/passkeys/add", {"credential": credential, "name": "\x00", "passwordless": "on"}
        )
        assert response.status_code == 200, credential
        client.get("/account/confirm/passkey")
        assert client.post("/account/confirm/passkey", {"credential": credential}).status_code == 302
    accounts.unlock("jeanne")
    client.post("/account/lock")
    for credential in ODD:
        client.get("/account/unlock/passkey")
        assert client.post("/account/unlock", {"credential": credential}).status_code == 423, credential
    assert not Authenticator.objects.filter(user=account).exists()
    totp.TOTP.activate(account, totp.generate_totp_secret())
    for credential in ODD:
        other = Client()
        accounts.unlock("jeanne")
        sign_in(other)
        assert other.post("/account/sign-in/code", {"credential": credential}).status_code == 200
        assert not is_in(other)


def test_a_professional_without_a_second_factor_is_led_to_one_where_it_is_asked() -> None:
    person()
    person("anna", role="administrator")
    patient = Account(username="patient", name="Élise Roux", role="patient")
    patient.set_password(PASSWORD)
    patient.save()
    client = signed_in()
    with override_settings(LARREY_SECOND_FACTOR=True):
        for path in ["/", "/chart/1", "/nothing"]:
            assert client.get(path).headers["Location"] == "/account/two-factor"
        part = client.get("/find", headers={"HX-Request": "true"})
        assert part.status_code == 403
        assert part.headers["HX-Redirect"] == "/account/two-factor"
        assert "cet établissement demande une clé d’accès" in client.get("/account/two-factor").content.decode()
        assert is_in(client)  # the account's own pages
        assert client.get("/shortcuts").status_code == 200
        assert signed_in("anna").get("/").headers["Location"] == "/account/two-factor"
        assert signed_in("patient").get("/").headers.get("Location") != "/account/two-factor"
        assert Client().get("/").headers["Location"].startswith("/account/sign-in")
        client.post("/account/confirm", {"password": PASSWORD, "next": "/account/two-factor/on"})
        found = re.search(r'larrey-secret">([A-Z2-7]+)<', client.get("/account/two-factor/on").content.decode())
        assert found
        code = totp.format_hotp_value(totp.hotp_value(found[1], next(iter(totp.yield_hotp_counters_from_time()))))
        assert client.post("/account/two-factor/on", {"code": code}).status_code == 302
        assert client.get("/chart/1").headers.get("Location") != "/account/two-factor"
    assert signed_in("anna").get("/chart/1").headers.get("Location") != "/account/two-factor"  # where it is not asked


def test_who_turns_her_second_factor_off_must_set_one_up_again() -> None:
    account = person()
    totp.TOTP.activate(account, totp.generate_totp_secret())
    with override_settings(LARREY_SECOND_FACTOR=True):
        client = Client()
        sign_in(client)
        codes = RecoveryCodes.activate(account).get_unused_codes()
        client.post("/account/sign-in/code", {"code": codes[0]})
        assert is_in(client)
        accounts.forget_second_factor("jeanne")
        assert not is_in(client)
        assert signed_in().get("/").headers["Location"] == "/account/two-factor"


def test_every_page_of_sign_in_is_kept_out_of_caches() -> None:
    person()
    client = signed_in()
    for path in [SIGNED_IN, "/account/two-factor", "/account/two-factor/passkeys", "/account/confirm"]:
        response = client.get(path)
        assert response.status_code == 200
        assert "no-store" in response.headers["Cache-Control"]


def test_the_ways_back_on_the_command_line(site: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LARREY_DATABASE_URL", site)
    installation.settings.cache_clear()
    person()
    client = signed_in()
    fail()
    run = CliRunner().invoke
    assert "1 sessions of jeanne" in run(command_line, ["account", "sign-out", "jeanne"]).stdout
    assert not is_in(client)
    assert run(command_line, ["account", "unlock", "jeanne"]).exit_code == 0
    assert is_in(signed_in())
    assert run(command_line, ["account", "second-factor", "jeanne"]).exit_code == 0
    for verb in ["sign-out", "unlock", "second-factor"]:
        assert isinstance(run(command_line, ["account", verb, "nobody"]).exception, NotFound)
    with connection.cursor() as cursor:
        cursor.execute("select what from access_audit where action = 'grant' order by id")
        done = [what for (what,) in cursor.fetchall()]
    assert [re.sub(r"^account:jeanne |: doctor$", "", what) for what in done[1:]] == [
        "1 sessions ended",
        "unlocked",
        "second factor taken away",
    ]
    installation.settings.cache_clear()

"""Sessions: listed, ended one by one or all, idle and absolute limits, and no more statements than without all that."""

from __future__ import annotations

import re

import pytest
from django.contrib.sessions.backends.base import UpdateError
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils.translation import override

from larrey.access import accounts, my_sessions, sessions
from larrey.access.sessions import Session, SessionStore
from larrey.kit import clock
from tests.access.people import FIREFOX, PASSWORD, SIGNED_IN, is_in, later, person, sign_in, signed_in, traced

pytestmark = pytest.mark.usefixtures("site")


def handles(client: Client) -> list[str]:
    return re.findall(r'name="handle" value="([0-9a-f-]{36})"', client.get(SIGNED_IN).content.decode())


def test_the_page_lists_ones_own_sessions() -> None:
    person()
    person("paul")
    here, there = signed_in(), signed_in(REMOTE_ADDR="10.1.2.3")
    signed_in("paul", REMOTE_ADDR="10.9.9.9")
    page = here.get(SIGNED_IN).content.decode()
    assert page.count("Firefox sous Windows") == 2
    assert "10.1.2.3" in page
    assert "10.9.9.9" not in page
    assert "Celui-ci" in page
    assert len(handles(here)) == 1
    for client in [here, there]:
        assert client.session.session_key not in page


def test_ending_one_session_and_never_anothers() -> None:
    person()
    person("paul")
    here, there, paul = signed_in(), signed_in(), signed_in("paul")
    [handle] = handles(here)
    paul.post("/account/sessions/end", {"handle": handle})
    assert is_in(there)
    here.post("/account/sessions/end", {"handle": handle})
    assert not is_in(there)
    assert is_in(here)
    own = str(Session.objects.get(session_key=here.session.session_key).handle)
    for nonsense in [own, "x", "00000000-0000-4000-8000-000000000000", "\x00"]:
        assert here.post("/account/sessions/end", {"handle": nonsense}).status_code == 302
    assert is_in(here)


def test_ending_all_others_and_all_of_an_account() -> None:
    account = person()
    clients = [signed_in() for _ in range(3)]
    clients[0].post("/account/sessions/end")
    assert [is_in(client) for client in clients] == [True, False, False]
    assert sessions.end_all(account) == 1
    assert not is_in(clients[0])


def test_a_stranger_ends_nothing() -> None:
    person()
    client = signed_in()
    assert Client().post("/account/sessions/end").status_code == 302
    assert Client().get(SIGNED_IN).status_code == 302
    assert is_in(client)
    assert client.get("/account/sessions/end").status_code == 405


def test_the_absolute_limit_runs_from_the_sign_in_however_busy(monkeypatch: pytest.MonkeyPatch) -> None:
    person()
    client = signed_in()
    began = Session.objects.get(session_key=client.session.session_key).expire_date
    client.post("/language", {"language": "en", "next": "/"})
    client.get("/account/psc/start")  # writes to the session
    assert Session.objects.get(session_key=client.session.session_key).expire_date == began
    monkeypatch.setattr("django.contrib.sessions.backends.db.timezone.now", lambda: began)
    assert not is_in(client)


def test_being_there_is_written_once_a_minute(monkeypatch: pytest.MonkeyPatch) -> None:
    person()
    client = signed_in()
    with CaptureQueriesContext(
        connection,
    ) as quiet:
        client.post("/account/present")
    assert not [each for each in quiet if each["sql"].lower().startswith("update")]
    assert len(quiet) == 2  # the session and whose it is
    later(monkeypatch, minutes=2)
    with CaptureQueriesContext(connection) as noted:
        client.post("/account/present")
    updates = [each["sql"] for each in noted if each["sql"].lower().startswith("update")]
    assert len(updates) == 1
    assert "seen" in updates[0]
    assert "session_data" not in updates[0]


def test_the_list_costs_the_same_for_many_sessions() -> None:
    person()
    client = signed_in()
    with CaptureQueriesContext(connection) as one:
        client.get(SIGNED_IN)
    for _ in range(5):
        signed_in()
    with CaptureQueriesContext(connection) as many:
        client.get(SIGNED_IN)
    assert len(one) == len(many)


def test_a_slow_request_does_not_undo_a_lock_or_an_end() -> None:
    person()
    client = signed_in()
    key = client.session.session_key
    slow = SessionStore(key)
    slow["draft"] = "1"
    SessionStore(key).lock()
    slow.save()
    assert Session.objects.get(session_key=key).locked is not None
    assert SessionStore(key)["draft"] == "1"
    again = SessionStore(key)
    again["draft"] = "2"
    Session.objects.all().delete()
    with pytest.raises(UpdateError):
        again.save()


def test_a_disabled_account_and_a_new_password_end_sessions() -> None:
    person()
    client = signed_in()
    accounts.change_password("jeanne", "autre-phrase-longue")
    assert not is_in(client)
    client = signed_in(password="autre-phrase-longue")
    accounts.disable("jeanne")
    assert not is_in(client)


def test_a_new_sign_in_changes_the_key_of_the_session() -> None:
    person()
    client = Client()
    client.get("/account/sign-in")
    client.session["x"] = 1
    client.session.save()
    before = client.session.session_key
    sign_in(client)
    assert client.session.session_key != before
    assert client.cookies["larrey_session"]["httponly"]
    assert not client.cookies["larrey_session"]["max-age"]


def test_the_trace_tells_of_sessions() -> None:
    person()
    client = signed_in()
    client.post("/account/sign-out")
    sign_in(Client(), password="wrong")
    sign_in(Client(), username="personne", password=PASSWORD)
    assert traced() == [
        ("account:jeanne", "sign-in", "sign-in password", ""),
        ("account:jeanne", "sign-out", "sign-out", ""),
        ("account:jeanne", "refused", "sign-in password", ""),
        ("stranger", "refused", "sign-in password", ""),
    ]


@pytest.mark.parametrize(
    ("agent", "words"),
    [
        (FIREFOX, "Firefox sous Windows"),
        ("Mozilla/5.0 (iPad; CPU OS 18_0 like Mac OS X) AppleWebKit/605.1.15 Version/18.0 Safari/604.1", "Safari sous iPad"),
        (
            "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0 Safari/537.36 Edg/140.0",
            "Edge sous Linux",
        ),
        ("curl/8", ""),
        ("", ""),
        ("\x00<script>" * 90, ""),
    ],
)
def test_devices_in_words(agent: str, words: str) -> None:
    with override("fr"):
        assert my_sessions.device(agent) == words


def test_ones_own_new_password_ends_the_other_sessions_and_keeps_this_one() -> None:
    person()
    here, there = signed_in(), signed_in()
    new = "une-autre-phrase-longue"
    here.post("/account/password", {"oldpassword": PASSWORD, "password1": new, "password2": new})
    assert is_in(here)
    assert not is_in(there)
    assert handles(here) == []


def test_an_account_without_a_password_makes_none_of_its_own() -> None:
    account = person()
    account.set_unusable_password()
    account.save()
    client = Client()
    client.force_login(account, "allauth.account.auth_backends.AuthenticationBackend")
    assert "sans mot de passe" in client.get("/account/password").content.decode()
    client.post("/account/password", {"password1": "une-autre-phrase-longue", "password2": "une-autre-phrase-longue"})
    account.refresh_from_db()
    assert not account.has_usable_password()
    client.post("/account/lock")
    assert 'name="password"' not in client.get(SIGNED_IN).content.decode()
    assert client.post("/account/unlock", {"password": ""}).status_code == 423
    assert client.post("/account/unlock", {"password": "!"}).status_code == 423


def test_sessions_that_are_over_are_swept_away_by_the_next_sign_in() -> None:
    person()
    signed_in()
    Session.objects.update(expire_date=clock.now())
    signed_in()
    assert Session.objects.count() == 1


def test_what_a_stranger_began_is_not_kept_for_long() -> None:
    assert Client().get("/account/sign-in/passkey", headers={"accept": "application/json"}).status_code == 200
    [row] = Session.objects.all()
    assert row.account_id is None
    assert row.expire_date <= clock.now() + sessions.STRANGERS

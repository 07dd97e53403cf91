"""Locking a workstation: nothing is shown any more by any way, and who locked it is quickly back."""

from __future__ import annotations

import pytest
from django.test import Client

from larrey.access.sessions import Session
from tests.access.people import PASSWORD, SIGNED_IN, is_in, later, person, sign_in, signed_in, traced

pytestmark = pytest.mark.usefixtures("site")


def lock(client: Client, page: str = SIGNED_IN) -> None:
    response = client.post("/account/lock", {"next": page})
    assert response.status_code == 302
    assert response.headers["Location"] == page


def test_every_page_answers_the_lock_screen_and_the_password_leads_back() -> None:
    person()
    client = signed_in()
    lock(client, "/chart/1?x=1")
    for path in ["/", SIGNED_IN, "/chart/1", "/account/password", "/account/two-factor", "/nothing"]:
        response = client.get(path)
        assert response.status_code == 423, path
        page = response.content.decode()
        assert "Poste verrouillé" in page
        assert "Dr Jeanne Martin" in page
        assert f'name="next" value="{path}"' in page
        assert "no-store" in response.headers["Cache-Control"]
        assert "larrey-menu" not in page
    response = client.post("/account/unlock", {"password": PASSWORD, "next": SIGNED_IN})
    assert response.headers["Location"] == SIGNED_IN
    assert is_in(client)
    assert [what for _, _, what, _ in traced()] == ["sign-in password", "lock", "unlock"]


def test_nothing_is_changed_from_a_locked_workstation() -> None:
    person()
    client, other = signed_in(), signed_in()
    lock(client)
    assert client.post("/account/sessions/end").status_code == 423
    assert client.post("/account/password", {"oldpassword": PASSWORD}).status_code == 423
    assert is_in(other)


def test_a_part_of_a_page_brings_up_the_lock_screen() -> None:
    person()
    client = signed_in()
    lock(client)
    response = client.get("/find", headers={"HX-Request": "true", "HX-Current-URL": "http://testserver/chart/2?a=b"})
    assert response.status_code == 423
    assert response.headers["HX-Redirect"] == "/chart/2?a=b"
    assert not response.content
    for address in ["http://evil.example/x", "//evil.example", "javascript:alert(1)", "http://[", ""]:
        response = client.get("/find", headers={"HX-Request": "true", "HX-Current-URL": address})
        assert response.headers["HX-Redirect"] == "/"


def test_the_way_back_never_leads_elsewhere() -> None:
    person()
    client = signed_in()
    for page in ["https://evil.example/", "//evil.example/", "javascript:alert(1)", "/\\evil.example", ""]:
        assert client.post("/account/lock", {"next": page}).headers["Location"] == "/"
        assert client.post("/account/unlock", {"password": PASSWORD, "next": page}).headers["Location"] == "/"


def test_wrong_passwords_count_to_the_limits_of_sign_in() -> None:
    person()
    client = signed_in()
    lock(client)
    for attempt in range(5):
        response = client.post("/account/unlock", {"password": f"wrong-{attempt}", "next": SIGNED_IN})
        assert response.status_code == 423
        assert "Ce n’est pas le mot de passe de ce compte" in response.content.decode()
    response = client.post("/account/unlock", {"password": PASSWORD, "next": SIGNED_IN})
    assert response.status_code == 429
    assert sign_in(Client()) == 429
    assert not is_in(client)
    assert client.post("/account/unlock", {"next": SIGNED_IN}).status_code == 423


def test_another_person_ends_the_first_ones_session_and_gets_a_page_of_her_own() -> None:
    person()
    person("paul")
    client = signed_in()
    lock(client, "/chart/1")
    assert client.post("/account/unlock", {"password": PASSWORD + "x", "next": "/chart/1"}).status_code == 423
    key = client.session.session_key
    assert client.post("/account/sign-out").headers["Location"] == "/account/sign-in"
    assert not Session.objects.filter(session_key=key).exists()
    assert "Jeanne" not in client.get("/account/sign-in").content.decode()
    assert sign_in(client, "paul") == 302
    assert is_in(client)


def test_a_colleagues_password_does_not_unlock() -> None:
    person()
    person("paul").set_password("une-autre-phrase-longue")
    client = signed_in()
    lock(client)
    assert client.post("/account/unlock", {"password": "une-autre-phrase-longue"}).status_code == 423


def test_a_workstation_left_alone_locks_itself_before_it_signs_out(monkeypatch: pytest.MonkeyPatch) -> None:
    person()
    client = signed_in()
    with monkeypatch.context() as patch:
        later(patch, minutes=29)
        assert is_in(client)
        later(patch, minutes=29)
        assert client.post("/account/present").status_code == 204
        later(patch, minutes=30)
        assert client.get(SIGNED_IN).status_code == 423
        assert client.get(SIGNED_IN).status_code == 423
        assert client.post("/account/present").status_code == 423
        assert client.post("/account/unlock", {"password": PASSWORD, "next": SIGNED_IN}).status_code == 302
        assert is_in(client)
    assert [(what, why) for _, _, what, why in traced()] == [("sign-in password", ""), ("lock", "idle"), ("unlock", "")]


def test_locking_is_a_deed_of_its_user_alone() -> None:
    person()
    client = signed_in()
    assert client.get("/account/lock").status_code == 405
    strict = Client(enforce_csrf_checks=True)
    strict.cookies = client.cookies
    assert strict.post("/account/lock").status_code == 403
    assert Client().post("/account/lock").status_code == 302
    assert is_in(client)
    assert client.post("/account/unlock", {"password": "x", "next": SIGNED_IN}).headers["Location"] == SIGNED_IN


def test_a_locked_session_of_a_disabled_account_is_over() -> None:
    account = person()
    client = signed_in()
    lock(client)
    account.is_active = False
    account.save()
    assert client.get(SIGNED_IN).status_code == 302

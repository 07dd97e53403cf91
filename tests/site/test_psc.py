"""What a demo's server gives the stand-in for Pro Santé Connect: one key, codes that serve once, the demo's people."""

from __future__ import annotations

import io
import socket
import stat
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
import requests
from django.db import connection
from django.test import Client, override_settings

from larrey.access import accounts
from larrey.access.models import Account
from larrey.access.pro_sante_connect import NEAR
from larrey.kit import json
from larrey.site.psc import CLIENT_ID, PATH, serving
from larrey.site.settings import Settings, load
from larrey.site.wsgi import Door


def get(door: Door, path: str) -> tuple[str, bytes]:
    """The status line and the body of a GET."""
    lines: list[str] = []
    environ: dict[str, Any] = {
        "REQUEST_METHOD": "GET",
        "PATH_INFO": path,
        "SERVER_NAME": "localhost",
        "SERVER_PORT": "8000",
        "wsgi.url_scheme": "http",
        "wsgi.input": io.BytesIO(),
    }
    body = b"".join(door(environ, lambda line, *_: lines.append(line)))
    return lines[0], body


def settings(folder: Path, **environment: str) -> Settings:
    return load({"LARREY_DATA": str(folder), "LARREY_SECRET_KEY": "x" * 40, **environment})


def test_every_process_signs_with_the_same_key_which_only_its_owner_reads(tmp_path: Path) -> None:
    folder = tmp_path / "data"
    with ThreadPoolExecutor(4) as pool:
        keys = list(pool.map(lambda _: serving.signing_key(folder).thumbprint(), range(8)))
    assert len(set(keys)) == 1
    assert [path.name for path in folder.iterdir()] == ["psc.key"]
    assert stat.S_IMODE((folder / "psc.key").stat().st_mode) == 0o600


@pytest.mark.usefixtures("site")
def test_of_two_who_present_a_code_one_gets_it() -> None:
    shelf = serving.CacheShelf()
    shelf.put("code:x", {"rpps": "1"}, 60)
    assert shelf.get("code:x") == {"rpps": "1"}

    def take(_: int) -> dict[str, Any] | None:
        try:
            return shelf.take("code:x")
        finally:
            connection.close()

    with ThreadPoolExecutor(4) as pool:
        taken = list(pool.map(take, range(8)))
    assert [each for each in taken if each] == [{"rpps": "1"}]
    assert shelf.get("code:x") is None


@pytest.mark.usefixtures("site")
def test_the_people_are_those_with_a_number_and_one_who_has_no_account() -> None:
    for name, rpps in [("jeanne", "10003456786"), ("paul", ""), ("anna", "10003456794")]:
        account = accounts.create(name, name=name.title(), role="nurse", password="cheval-agrafe-pile")
        Account.objects.filter(pk=account.pk).update(rpps=rpps, is_active=name != "anna")
    assert [(person.name, person.rpps) for person in serving.people()] == [
        ("Jeanne", "10003456786"),
        ("Dr Ulysse Quidam", "10999999997"),
    ]


def test_a_demo_serves_it_and_nobody_else(site: str, tmp_path: Path) -> None:
    status, body = get(Door(settings(tmp_path, LARREY_DEMO="1"), site), "/psc/.well-known/openid-configuration")
    assert status == "200 OK"
    assert json.loads(body)["issuer"] == "http://127.0.0.1:8000/psc"
    real = {"LARREY_PSC_ISSUER": "https://auth.example", "LARREY_PSC_CLIENT_ID": "a", "LARREY_PSC_CLIENT_SECRET": "b"}
    with override_settings(ALLOWED_HOSTS=["localhost"]):
        for other in [settings(tmp_path), settings(tmp_path, LARREY_DEMO="1", **real)]:
            status, _ = get(Door(other, site), "/psc/.well-known/openid-configuration")
            assert status.startswith("404")


def test_it_sends_people_back_to_this_server_alone(tmp_path: Path) -> None:
    client = serving.application(settings(tmp_path, LARREY_DEMO="1", LARREY_PUBLIC_URL="https://demo.example")).client
    for address in [
        "http://localhost:8000/account/psc/return",
        "https://demo.example/account/sign-in",
        "http://[::1]:1/account/psc/return",
    ]:
        assert client.may_return(address), address
    for address in [
        "http://evil.example/account/psc/return",
        "http://localhost/",
        "javascript:alert(1)",
        "",
        "http://[",
        "//localhost/x",
    ]:
        assert not client.may_return(address), address


def test_one_signs_in_without_the_server_asking_itself_over_the_network(site: str, tmp_path: Path) -> None:
    """Nothing listens on that port: with every thread in a sign-in, a server that asked itself would wait for ever."""
    account = accounts.create("jeanne", name="Jeanne", role="nurse", password="cheval-agrafe-pile")
    Account.objects.filter(pk=account.pk).update(rpps="10003456786")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    given = settings(tmp_path, LARREY_DEMO="1", LARREY_PORT=str(port), LARREY_ALLOWED_HOSTS="testserver")
    provider = serving.bring_near(serving.application(given))
    told = {
        "issuer": provider.issuer,
        "client_id": CLIENT_ID,
        "client_secret": provider.client.secret,
        "simulated": True,
        "own": "",
    }
    browser = Client()
    try:
        with override_settings(PRO_SANTE_CONNECT=told):
            asked = browser.get("/account/psc/start").headers["Location"]
            assert asked.startswith("/psc/authorize?")  # by whatever name the browser knows this server
            near = requests.Session()
            near.mount(f"{provider.issuer}/", NEAR[f"{provider.issuer}/"])
            choice = provider.issuer.removesuffix(PATH) + asked
            back = near.post(choice, data={"rpps": "10003456786"}, allow_redirects=False).headers["Location"]
            assert browser.get(back.removeprefix("http://testserver")).status_code == 302
            assert "Pro Santé Connect" in browser.get("/account/sessions").content.decode()
            assert browser.post("/account/sign-out").headers["Refresh"].startswith("0; url=/psc/logout?")
    finally:
        del NEAR[f"{provider.issuer}/"]

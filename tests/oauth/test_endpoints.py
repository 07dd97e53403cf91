"""Introspection, revocation, discovery, and the command line."""

from __future__ import annotations

import secrets
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

import psycopg
import pytest
from django.conf import settings
from django.test import Client as Browser

from larrey.access import standing, tokens
from larrey.access.models import Account
from larrey.apps.oauth.models import Refresh
from larrey.kit import json
from larrey.rest.application import application
from larrey.rest.settings import RestSettings
from tests.oauth.programs import EC, FHIR, RSA, SITE, Launch, sign_in
from tests.rest.client import Client as Fhir

ALL = "openid fhirUser launch launch/patient patient/*.cruds user/*.cruds offline_access"
DEAD = {"active": False}


@pytest.fixture
def launch(register: Any, people: dict[str, Account]) -> Launch:
    return Launch(register("confidential", ALL, key=EC), sign_in(people["doctor"]))


def test_a_resource_server_learns_what_a_token_is(register: Any, launch: Launch, people: dict[str, Account]) -> None:
    server = register(introspects=True)
    token = launch.tokens("openid fhirUser launch/patient patient/*.rs offline_access", patient="claire")
    told = server.post("/oauth/introspect", token=token["access_token"])
    assert (told.status_code, told["Cache-Control"]) == (200, "no-store")
    assert told.json() == {
        "active": True,
        "scope": token["scope"],
        "client_id": launch.program.client_id,
        "token_type": "bearer",
        "iat": told.json()["iat"],
        "exp": told.json()["iat"] + 1800,
        "sub": str(people["doctor"].pk),
        "username": "doctor",
        "patient": "claire",
        "fhirUser": f"{FHIR}/Practitioner/doctor",
        "iss": SITE,
    }
    assert abs(told.json()["iat"] - time.time()) < 60
    refresh = server.post("/oauth/introspect", token=token["refresh_token"], token_type_hint="refresh_token").json()
    assert (refresh["active"], refresh["token_type"], refresh["patient"]) == (True, "refresh_token", "claire")
    machine = register().machine_token("system/Patient.rs").json()["access_token"]
    known = server.post("/oauth/introspect", token=machine).json()
    assert (known["active"], known["scope"], known["sub"]) == (True, "system/Patient.rs", known["client_id"])
    for unknown in ("x", token["access_token"][:-1], "larrey_x"):
        assert server.post("/oauth/introspect", token=unknown).json() == DEAD
    assert server.post("/oauth/introspect").json()["error"] == "invalid_request"


def test_others_learn_of_their_own_tokens_only(register: Any, launch: Launch) -> None:
    token = launch.tokens("user/*.rs")["access_token"]
    assert launch.program.post("/oauth/introspect", token=token).json()["active"] is True
    assert register().post("/oauth/introspect", token=token).json() == DEAD
    public = register("public", ALL)
    assert public.post("/oauth/introspect", token=token).json()["error"] == "invalid_client"
    assert Browser().post("/oauth/introspect", {"token": token}).json()["error"] == "invalid_client"
    signed_in = launch.browser.post("/oauth/introspect", {"token": token})  # a session is not a proof here
    assert signed_in.json()["error"] == "invalid_client"


def test_what_the_door_refuses_is_not_active(register: Any, launch: Launch, people: dict[str, Account]) -> None:
    server = register(introspects=True)
    token = launch.tokens("user/*.rs offline_access")
    Account.objects.filter(pk=people["doctor"].pk).update(is_active=False)
    standing.forget()
    for name in ("access_token", "refresh_token"):
        assert server.post("/oauth/introspect", token=token[name]).json() == DEAD


def test_a_program_ends_its_token(register: Any, launch: Launch, fhir: Any) -> None:
    token = launch.tokens("user/*.rs offline_access")
    assert register().post("/oauth/revoke", token=token["access_token"]).json()["error"] == "invalid_grant"  # not its own
    assert Browser().post("/oauth/revoke", {"token": token["access_token"]}).json()["error"] == "invalid_client"
    assert fhir(token["access_token"]).get("/Patient/claire").status == 200
    for _ in range(2):
        assert launch.program.post("/oauth/revoke", token=token["access_token"]).status_code == 200
    assert fhir(token["access_token"]).get("/Patient/claire").status == 401
    renewed = launch.program.post(grant_type="refresh_token", refresh_token=token["refresh_token"]).json()
    assert fhir(renewed["access_token"]).get("/Patient/claire").status == 200
    hint = {"token_type_hint": "refresh_token"}
    assert launch.program.post("/oauth/revoke", token=renewed["refresh_token"], **hint).status_code == 200
    assert fhir(renewed["access_token"]).get("/Patient/claire").status == 401  # all that came with it
    again = launch.program.post(grant_type="refresh_token", refresh_token=renewed["refresh_token"])
    assert again.json()["error"] == "invalid_grant"
    assert launch.program.post("/oauth/revoke", token="unknown").status_code == 200
    assert launch.program.post("/oauth/revoke").json()["error"] == "invalid_request"


def test_a_public_app_ends_its_token(register: Any, people: dict[str, Account], fhir: Any) -> None:
    launch = Launch(register("public", ALL), sign_in(people["doctor"]))
    token = launch.tokens("user/*.rs")["access_token"]
    assert launch.program.post("/oauth/revoke", token=token).status_code == 200
    assert fhir(token).get("/Patient/claire").status == 401


def test_only_forms_are_taken(module_site: str) -> None:
    for path in ("/oauth/token", "/oauth/introspect", "/oauth/revoke"):
        assert Browser().get(path).status_code == 405
        assert Browser().post(path, b"{}", content_type="application/json").status_code in {400, 401}
    assert Browser().post("/oauth/jwks").status_code == 405


def test_browsers_of_apps_may_call(register: Any) -> None:
    assert register().machine_token()["Access-Control-Allow-Origin"] == "*"
    for path in ("/oauth/jwks", "/.well-known/openid-configuration"):
        assert Browser().get(path)["Access-Control-Allow-Origin"] == "*"


def test_an_app_in_a_browser_may_call_the_machine_door(launch: Launch, module_database_url: str) -> None:
    token = launch.tokens("user/*.rs")["access_token"]
    app, other = {"Origin": "https://app.example"}, {"Origin": "https://elsewhere.example"}
    rest = RestSettings(origins=frozenset(app.values()), token_seconds=0)
    served = application(rest, lambda: psycopg.connect(module_database_url, autocommit=True))
    asks = {"Access-Control-Request-Method": "GET", "Access-Control-Request-Headers": "authorization"}
    asked = Fhir(served, token=None).request("OPTIONS", "/Patient/claire", headers={**app, **asks})
    assert (asked.status, asked.headers["Access-Control-Allow-Origin"]) == (204, "https://app.example")
    assert "Authorization" in asked.headers["Access-Control-Allow-Headers"]
    assert "PUT" in asked.headers["Access-Control-Allow-Methods"]
    for bearer, status in ((token, 200), ("unknown", 401)):
        answer = Fhir(served, token=bearer).request("GET", "/Patient/claire", headers=app)
        assert (answer.status, answer.headers["Access-Control-Allow-Origin"]) == (status, "https://app.example")
        assert "ETag" in answer.headers["Access-Control-Expose-Headers"]
        assert "Origin" in answer.headers["Vary"]
        assert "Access-Control-Allow-Credentials" not in answer.headers
    refused = Fhir(served, token=None).request("OPTIONS", "/Patient/claire", headers={**other, **asks})
    assert refused.status == 401
    for answer in (refused, Fhir(served, token=token).request("GET", "/Patient/claire", headers=other)):
        assert not any(name.startswith("Access-Control") for name in answer.headers)
    assert Fhir(served, token=None).get("/metadata").json()["rest"][0]["security"]["cors"] is True
    served.connections.release()


def test_the_discovery_documents_agree(module_site: str, module_database_url: str) -> None:
    door = Fhir(application(RestSettings(base_url=FHIR), _no_database), token=None)
    smart = door.get("/.well-known/smart-configuration")
    assert (smart.status, smart.headers["Content-Type"]) == (200, "application/json")
    openid = Browser().get("/.well-known/openid-configuration").json()
    for name in (
        "issuer",
        "authorization_endpoint",
        "token_endpoint",
        "introspection_endpoint",
        "revocation_endpoint",
        "jwks_uri",
    ):
        assert smart.json()[name] == openid[name]
        if name != "issuer":
            assert openid[name].startswith(f"{SITE}/oauth/")
            assert Browser().get(openid[name].removeprefix(SITE)).status_code != 404
    assert openid["issuer"] == SITE
    assert smart.json()["code_challenge_methods_supported"] == ["S256"]
    assert {"launch-ehr", "launch-standalone", "permission-v2", "client-confidential-asymmetric"} <= set(
        smart.json()["capabilities"]
    )
    assert door.request("HEAD", "/.well-known/smart-configuration").status == 200
    assert door.post("/.well-known/smart-configuration").status == 405


def _no_database() -> Any:
    raise AssertionError("discovery asks no database")


def test_nothing_else_of_the_machine_door_is_open(fhir: Any) -> None:
    for path in ("/.well-known/other", "/.well-known", "/.well-known/smart-configuration/x", "/"):
        assert fhir("unknown").get(path).status == 401


def test_the_capability_statement_names_the_server() -> None:
    door = Fhir(application(RestSettings(base_url=FHIR), _no_database), token=None)
    security = door.get("/metadata").json()["rest"][0]["security"]
    assert security["service"][0]["coding"][0]["code"] == "SMART-on-FHIR"
    [oauth] = security["extension"]
    assert {each["url"]: each["valueUri"] for each in oauth["extension"]} == {
        "authorize": f"{SITE}/oauth/authorize",
        "token": f"{SITE}/oauth/token",
        "introspect": f"{SITE}/oauth/introspect",
        "revoke": f"{SITE}/oauth/revoke",
    }


def test_verifying_needs_one_statement_for_machines(register: Any, module_connection: Any) -> None:
    token = register().machine_token().json()["access_token"]
    with module_connection.cursor() as cursor:
        caller = tokens.verify(cursor, token)
    assert (caller.role, caller.account, caller.sight.everyone) == ("machine", None, True)
    assert caller.actor.startswith("client:Essai ")


def test_expired_refresh_tokens_are_cleared_away(launch: Launch) -> None:
    launch.tokens("user/*.rs offline_access")
    Refresh.objects.update(expires="2026-01-01T00:00:00Z")
    launch.tokens("user/*.rs offline_access")
    assert not Refresh.objects.filter(expires__lt="2026-02-01T00:00:00Z").exists()


def test_the_command_line_registers_lists_and_ends(
    module_site: str,
    module_database_url: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    from larrey.cli.main import main  # noqa: PLC0415  as the program does

    monkeypatch.setenv("LARREY_DATABASE_URL", module_database_url)
    keys = tmp_path / "keys.json"
    keys.write_bytes(json.dumps({"keys": [RSA.as_dict(private=False)]}))

    def run(*arguments: str) -> tuple[int, str]:
        with pytest.raises(SystemExit) as ended:
            main(["client", *arguments])
        return int(ended.value.code or 0), capsys.readouterr().out.strip()

    name = f"Robot {secrets.token_hex(3)}"
    code, client_id = run("create", name, "--kind", "backend", "--scope", "system/*.rs", "--jwks", str(keys))
    assert code == 0
    assert len(client_id) >= 20
    assert run("create", name, "--kind", "backend", "--scope", "system/*.rs", "--jwks", str(keys))[0] == 5
    assert run("create", "Autre", "--kind", "backend", "--scope", "user/*.rs", "--jwks", str(keys))[0] == 2
    keys.write_text("{")
    assert run("create", "Autre", "--kind", "backend", "--scope", "system/*.rs", "--jwks", str(keys))[0] == 2
    rows = json.loads(run("list", "--json")[1].splitlines()[-1].encode())["clients"]
    assert {
        "name": name,
        "client_id": client_id,
        "kind": "backend",
        "scope": "system/*.rs",
        "redirect_uris": [],
        "disabled": None,
    } in rows
    assert client_id in run("list")[1]
    assert run("disable", name)[0] == 0
    assert "disabled" in run("list")[1]
    assert run("disable", "Personne")[0] == 4
    assert run("rotate")[0] == 0


def test_in_production_tokens_are_given_over_https_only(
    register: Any, launch: Launch, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    program = register()
    monkeypatch.setattr(settings, "LARREY", replace(settings.LARREY, env="production"))
    answer = program.machine_token()
    assert (answer.status_code, answer.json()["error"]) == (500, "server_error")
    assert "LARREY_PUBLIC_URL" in answer.json()["error_description"]
    assert launch.browser.get(launch.address("user/*.rs")).status_code == 500
    monkeypatch.setattr(settings, "LARREY", replace(settings.LARREY, public_url="https://larrey.example"))
    elsewhere = program.machine_token(assertion=program.assertion(aud="https://larrey.example/oauth/token"))
    assert elsewhere.status_code == 200

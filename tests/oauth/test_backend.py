"""SMART backend services: a program proves with its key who it is, and gets a token for minutes."""

from __future__ import annotations

import hmac
import secrets
import time
from base64 import urlsafe_b64encode
from contextlib import nullcontext
from hashlib import sha256, sha384
from io import BytesIO
from types import SimpleNamespace
from typing import Any

import pytest
from joserfc.jwk import OctKey, RSAKey

from larrey.access.models import IssuedToken
from larrey.apps.oauth import api
from larrey.apps.oauth.models import Assertion
from larrey.apps.oauth.queries import keys
from larrey.apps.oauth.views import endpoints
from larrey.kit import json
from larrey.kit.errors import Conflict, Invalid, NotFound, Unsupported
from larrey.store.caller import system
from tests.oauth.programs import BACK, EC, RSA, SITE, Program


@pytest.mark.parametrize("key", [RSA, EC], ids=["RS384", "ES384"])
def test_a_signed_assertion_gets_a_token_that_opens_the_record(register: Any, fhir: Any, key: Any) -> None:
    answer = register(key=key).machine_token("system/Patient.rs")
    assert answer.status_code == 200, answer.content
    assert (answer["Cache-Control"], answer["Content-Type"]) == ("no-store", "application/json")
    token = answer.json()
    assert {name: token[name] for name in ("token_type", "expires_in", "scope")} == {
        "token_type": "bearer",
        "expires_in": 300,
        "scope": "system/Patient.rs",
    }
    assert set(token) == {"access_token", "token_type", "expires_in", "scope"}
    assert fhir(token["access_token"]).get("/Patient/claire").status == 200
    assert fhir(token["access_token"]).get("/Observation").status == 403
    assert fhir(token["access_token"] + "x").get("/Patient/claire").status == 401
    kept = IssuedToken.objects.order_by("-id").first()
    assert kept is not None
    assert token["access_token"].encode() not in bytes(kept.digest)


NONE = b'{"alg":"none","kid":"rsa"}'


def unsigned(program: Program) -> str:
    """``alg: none``, as no library signs it."""
    _head, body, _signature = program.assertion().split(".")
    return f"{_part(NONE)}.{body}."


def _part(content: bytes) -> str:
    return urlsafe_b64encode(content).rstrip(b"=").decode()


STRANGER = RSAKey.generate_key(2048, {"kid": "rsa"})
NAMELESS = RSAKey.generate_key(2048, {"kid": "other"})


def forged(program: Program, alg: str) -> str:
    """Signed with the public key as if it were a shared secret."""
    body = program.assertion().split(".")[1]
    signed = f"{_part(json.dumps({'alg': alg, 'kid': 'rsa'}))}.{body}"
    digest = {"HS256": sha256, "HS384": sha384}[alg]
    return f"{signed}.{_part(hmac.digest(RSA.as_pem(private=False), signed.encode(), digest))}"


BAD = {
    "another's key of the same name": lambda p: p.assertion(STRANGER),
    "a key that is not registered": lambda p: p.assertion(NAMELESS),
    "another algorithm of the right key": lambda p: p.assertion(alg="RS256"),
    "HS256 with the public key": lambda p: forged(p, "HS256"),
    "HS384 with the public key": lambda p: forged(p, "HS384"),
    "no signature": unsigned,
    "not for us": lambda p: p.assertion(aud="https://elsewhere.example/token"),
    "for the FHIR base": lambda p: p.assertion(aud=f"{SITE}/fhir"),
    "for nobody": lambda p: p.assertion(aud=None),
    "expired": lambda p: p.assertion(exp=int(time.time()) - 60),
    "too long": lambda p: p.assertion(exp=int(time.time()) + 3600),
    "endless": lambda p: p.assertion(exp=None),
    "exp is no number": lambda p: p.assertion(exp="soon"),
    "exp is not finite": lambda p: p.assertion(exp=1e400),
    "not yet valid": lambda p: p.assertion(nbf=int(time.time()) + 200),
    "without jti": lambda p: p.assertion(jti=None),
    "jti is no text": lambda p: p.assertion(jti=["a"]),
    "a long jti": lambda p: p.assertion(jti="x" * 300),
    "issued by another": lambda p: p.assertion(iss="someone"),
    "about another": lambda p: p.assertion(sub="someone"),
    "about nobody": lambda p: p.assertion(sub=None),
    "sub is no text": lambda p: p.assertion(sub={"a": 1}),
    "no token": lambda _: "x",
    "not base64": lambda _: "?.!.*",
    "an array": lambda _: f"{_part(b'[]')}.{_part(b'[]')}.{_part(b'x')}",
    "long": lambda _: "a" * 15_000 + ".b.c",
}


@pytest.mark.parametrize("kind", BAD)
def test_a_bad_assertion_gets_nothing(register: Any, kind: str) -> None:
    program = register()
    before = IssuedToken.objects.count()
    answer = program.machine_token(assertion=BAD[kind](program))
    assert (answer.status_code, answer.json()["error"]) == (400, "invalid_client"), answer.content
    assert IssuedToken.objects.count() == before


def test_an_assertion_is_used_once(register: Any) -> None:
    program = register()
    assertion = program.assertion()
    assert program.machine_token(assertion=assertion).status_code == 200
    again = program.machine_token(assertion=assertion)
    assert (again.status_code, again.json()["error"]) == (400, "invalid_client")


def test_the_same_jti_of_another_client_is_another_assertion(register: Any) -> None:
    one, other = register(), register()
    assert one.machine_token(assertion=one.assertion(jti="same")).status_code == 200
    assert other.machine_token(assertion=other.assertion(jti="same")).status_code == 200
    refused = one.machine_token("system/Nonsense.rs", assertion=one.assertion(jti="spent"))
    assert refused.json()["error"] == "invalid_scope"
    assert one.machine_token(assertion=one.assertion(jti="spent")).json()["error"] == "invalid_client"
    assert Assertion.objects.count() >= 3


def test_an_unknown_client_gets_nothing(register: Any) -> None:
    register()
    answer = Program("nobody", RSA).machine_token()
    assert (answer.status_code, answer.json()["error"]) == (400, "invalid_client")
    answer = Program("no\x00body", RSA).machine_token()
    assert (answer.status_code, answer.json()["error"]) == (400, "invalid_client")


def test_a_secret_is_not_a_proof(register: Any) -> None:
    program = register()
    form = {"grant_type": "client_credentials", "scope": "system/*.rs", "client_id": program.client_id, "client_secret": "x"}
    assert program.browser.post("/oauth/token", form).json()["error"] == "invalid_client"
    assert program.browser.post("/oauth/token", {**form, "client_secret": ""}).json()["error"] == "invalid_client"


@pytest.mark.parametrize(
    "scope",
    [
        "system/*.cruds",
        "system/Observation.c",
        "user/*.rs",
        "patient/*.rs",
        "openid",
        "nonsense",
        "",
        "system/Patient.rs\x00",
        "é",
    ],
)
def test_a_scope_beyond_its_own_is_refused(register: Any, scope: str) -> None:
    answer = register(scope="system/*.rs").machine_token(scope)
    assert answer.status_code == 400
    assert answer.json()["error"] in {"invalid_scope", "invalid_request"}


@pytest.mark.parametrize("grant", ["", "password", "authorization_code", "refresh_token", "urn:x"])
def test_a_backend_service_has_no_other_way(register: Any, grant: str) -> None:
    answer = register().post(grant_type=grant, code="x", refresh_token="x", username="doctor", password="x")
    assert answer.status_code in {400, 401}
    assert answer.json()["error"] in {"unauthorized_client", "unsupported_grant_type", "invalid_grant"}


def test_a_narrowed_scope_shows_what_meets_it(register: Any, fhir: Any) -> None:
    scope = "system/Observation.rs?category=http://terminology.hl7.org/CodeSystem/observation-category|laboratory"
    token = register(scope="system/*.rs").machine_token(scope).json()
    assert token["scope"] == scope
    door = fhir(token["access_token"])
    assert {r["id"] for r in door.get("/Observation").resources} == {"claire-laboratory", "marie-laboratory", "zoe-laboratory"}
    assert door.get("/Observation/claire-laboratory").status == 200
    assert door.get("/Observation/claire-vital-signs").status in {403, 404}
    assert door.get("/Observation?_summary=count&code:text=x").json()["total"] == 0


def test_a_disabled_client_is_out_with_its_tokens(register: Any, fhir: Any) -> None:
    program = register()
    token = program.machine_token().json()["access_token"]
    assert fhir(token).get("/Patient/claire").status == 200
    name = next(client.name for client in api.everything() if client.client_id == program.client_id)
    api.disable(system("test"), name)
    api.disable(system("test"), name)
    assert fhir(token).get("/Patient/claire").status == 401
    assert program.machine_token().json()["error"] == "invalid_client"
    with pytest.raises(NotFound):
        api.disable(system("test"), "unknown")


def test_an_expired_token_is_out(register: Any, fhir: Any) -> None:
    token = register().machine_token().json()["access_token"]
    IssuedToken.objects.update(expires="2026-01-01T00:00:00Z")
    assert fhir(token).get("/Patient/claire").status == 401
    register().machine_token()
    assert IssuedToken.objects.filter(expires__lt="2026-02-01T00:00:00Z").count() == 0  # cleared away


def test_who_fails_often_waits(register: Any) -> None:
    program = register()
    for _ in range(endpoints.FAILURES):
        program.machine_token(assertion="x")
    answer = program.machine_token()
    assert (answer.status_code, answer["Retry-After"]) == (429, "300")


class Published:
    """Where a client publishes its keys, without a network."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, *found: Any) -> None:
        self.found = {"keys": [key.as_dict(private=False) for key in found]}
        self.status, self.asked = 200, 0
        monkeypatch.setattr(keys.requests, "get", self.get)

    def get(self, uri: str, **options: Any) -> Any:
        assert uri == "https://service.example/keys"
        assert options["allow_redirects"] is False
        self.asked += 1
        body = BytesIO(json.dumps(self.found))
        raw = SimpleNamespace(read=lambda size, **_: body.read(size))
        return nullcontext(SimpleNamespace(status_code=self.status, raw=raw))


def test_published_keys_are_fetched_kept_and_asked_for_again(register: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    published = Published(monkeypatch, RSA)
    program = register(jwks_uri="https://service.example/keys")
    assert program.machine_token().status_code == 200
    assert program.machine_token().status_code == 200
    assert published.asked == 1
    published.found = {"keys": [RSA.as_dict(private=False), EC.as_dict(private=False)]}
    assert program.machine_token(assertion=program.assertion(EC)).status_code == 200  # a new key works at once
    assert published.asked == 2
    for _ in range(5):  # names that are not there do not make us a nuisance
        assert program.machine_token(assertion=program.assertion(NAMELESS)).status_code == 400
    assert published.asked == 2


def test_keys_that_cannot_be_fetched_open_nothing(register: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    published = Published(monkeypatch, RSA)
    published.status = 302
    program = register(jwks_uri="https://service.example/keys")
    assert program.machine_token().json()["error"] == "invalid_client"
    published.status, published.found = 200, {"keys": "none"}
    assert program.machine_token().json()["error"] == "invalid_client"
    monkeypatch.setattr(keys.requests, "get", _unreachable)
    assert program.machine_token().json()["error"] == "invalid_client"


def _unreachable(*_: Any, **__: Any) -> None:
    raise keys.requests.ConnectionError


PUBLIC_KEYS = {"keys": [RSA.as_dict(private=False)]}
WRONG = [
    {"kind": "robot"},
    {"name": ""},
    {"name": "<b>"},
    {"name": "x" * 101},
    {"scope": ""},
    {"scope": "user/*.rs"},
    {"scope": "system/Nonsense.rs"},
    {"jwks": None},
    {"jwks": {"keys": []}},
    {"jwks": {"keys": [RSA.as_dict(private=True)]}},
    {"jwks": {"keys": [OctKey.generate_key(256).as_dict(private=True)]}},
    {"jwks": {"keys": [RSAKey.generate_key(1024, auto_kid=True).as_dict(private=False)]}},
    {"jwks": {"keys": [{"kty": "RSA", "n": "?", "e": "AQAB"}]}},
    {"jwks": [1]},
    {"jwks_uri": "https://service.example/keys"},  # with jwks
    {"jwks": None, "jwks_uri": "http://service.example/keys"},
    {"jwks": None, "jwks_uri": "file:///etc/passwd"},
    {"redirect_uris": [BACK]},
    {"kind": "public", "scope": "patient/*.rs", "jwks": None},
    {"kind": "public", "scope": "patient/*.rs", "redirect_uris": [BACK]},  # with keys
    {"kind": "public", "scope": "system/*.rs", "jwks": None, "redirect_uris": [BACK]},
    *(
        {"kind": "public", "scope": "patient/*.rs", "jwks": None, "redirect_uris": [uri]}
        for uri in (
            "http://app.example/back",
            "javascript:alert(1)",
            "data:text/html,x",
            "https://app.example/#x",
            "https://user@app.example/",
            "https://app.example;script-src/",
            "https://app.example/ b",
            "https://[::1",
            "back",
            "https://é.example/",
            "https://app.example/" + "x" * 500,
        )
    ),
]


@pytest.mark.parametrize(
    "change", WRONG, ids=[f"wrong-{number}" for number in range(len(WRONG))]
)  # keys are random: no names of them
def test_what_is_wrong_is_not_registered(module_site: str, change: dict[str, Any]) -> None:
    given: dict[str, Any] = {
        "name": f"Faux {secrets.token_hex(3)}",
        "kind": "backend",
        "scope": "system/*.rs",
        "jwks": PUBLIC_KEYS,
    }
    given |= change
    with pytest.raises((Invalid, Unsupported)):
        api.register(system("test"), given.pop("name"), given.pop("kind"), given.pop("scope"), **given)


def test_a_name_is_given_once(register: Any) -> None:
    register()
    name = api.everything()[0].name
    with pytest.raises(Conflict):
        api.register(system("test"), name, "backend", "system/*.rs", jwks=PUBLIC_KEYS)


@pytest.mark.parametrize(
    "uri", ["http://127.0.0.1:3000/back", "http://localhost/back", "org.example.app:/back", "https://app.example:8443/b?x=1"]
)
def test_apps_of_all_kinds_may_be_returned_to(module_site: str, uri: str) -> None:
    client = api.register(system("test"), f"App {secrets.token_hex(3)}", "public", "patient/*.rs", redirect_uris=[uri])
    assert client.redirect_uris == [uri]


@pytest.mark.parametrize("form", [{"scope": "é"}, {"grant_type": 'a"b'}, {"client_assertion": "a" * 100_000}, {"x": "\x00"}])
def test_what_no_parameter_may_hold_is_refused(register: Any, form: dict[str, str]) -> None:
    answer = register().post(**{"grant_type": "client_credentials", "scope": "system/*.rs", **form})
    assert (answer.status_code, answer.json()["error"]) == (400, "invalid_request")

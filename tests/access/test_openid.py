"""Signing in with Pro Santé Connect, against the stand-in on a real socket: real discovery, codes, signatures; and tampering."""

from __future__ import annotations

import base64
import hmac
import re
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qs, parse_qsl, urlencode, urlsplit
from wsgiref.simple_server import WSGIRequestHandler, WSGIServer, make_server

import pytest
import requests
from django.conf import settings
from django.test import Client as Browser
from django.test import override_settings
from joserfc import jwt
from joserfc.jwk import OctKey, RSAKey

from larrey.access import pro_sante_connect
from larrey.kit import json
from larrey.site.psc.provider import Client, Person, Provider
from tests.access.people import is_in, person, sign_in, traced

pytestmark = pytest.mark.usefixtures("site")

JEANNE = Person("10003456786", "Dr Jeanne Martin", "10", "Médecin")
QUIDAM = Person("10999999997", "Dr Ulysse Quidam", "10", "Médecin", "sans compte")
SECRET = "s3cret-of-the-tests"
RETURN = "http://testserver/account/psc/return"
KEY = RSAKey.generate_key(2048)
OTHER_KEY = RSAKey.generate_key(2048)


class Shelf:
    """``provider.Shelf`` in memory."""

    def __init__(self) -> None:
        self.kept: dict[str, dict[str, Any]] = {}

    def put(self, key: str, value: Mapping[str, Any], seconds: int) -> None:  # noqa: ARG002  the tests are quick
        self.kept[key] = dict(value)

    def get(self, key: str) -> dict[str, Any] | None:
        return self.kept.get(key)

    def take(self, key: str) -> dict[str, Any] | None:
        return self.kept.pop(key, None)


class Quiet(WSGIRequestHandler):
    def log_message(self, *_: Any) -> None:
        """Nothing on standard error."""


@dataclass
class Service:
    """The provider at work. ``alter`` changes what it answers: (path, its answer) → the answer that is sent."""

    issuer: str
    provider: Provider
    alter: dict[str, Callable[[Any], Any]] = field(default_factory=dict)

    def sign(self, claims: dict[str, Any], key: Any = KEY, **header: Any) -> str:
        head = {"alg": "RS256", "typ": "JWT", "kid": self.provider.kid} | header
        return jwt.encode(head, claims, key, [head["alg"]])

    def claims(self, **changes: Any) -> None:
        """ID tokens say this instead; ``None`` leaves a claim out. They are signed as ever."""

        def altered(answer: dict[str, Any]) -> dict[str, Any]:
            said = {**jwt.decode(answer["id_token"], KEY).claims, **changes}
            return {**answer, "id_token": self.sign({name: value for name, value in said.items() if value is not None})}

        self.alter["/token"] = altered


@pytest.fixture
def service() -> Iterator[Service]:
    """The provider in a thread, and Larrey told of it."""
    server: WSGIServer = make_server("127.0.0.1", 0, lambda *_: [], handler_class=Quiet)
    issuer = f"http://127.0.0.1:{server.server_port}/realms/esante"
    provider = Provider(
        issuer,
        Client("larrey", SECRET, lambda uri: uri in {RETURN, "http://testserver/account/sign-in"}),
        KEY,
        lambda: [JEANNE, QUIDAM],
        Shelf(),
    )
    made = Service(issuer, provider)

    def application(environ: dict[str, Any], start_response: Any) -> list[bytes]:
        path = environ["PATH_INFO"].removeprefix("/realms/esante")
        sent: list[Any] = []
        body = provider({**environ, "PATH_INFO": path}, lambda status, headers: sent.extend([status, headers]))
        if path in made.alter:
            body = [json.dumps(made.alter[path](json.loads(body[0])))]
            sent[1] = [(name, value) for name, value in sent[1] if name != "Content-Length"]
        start_response(*sent)
        return body

    server.set_app(application)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
    thread.start()
    told = {"issuer": issuer, "client_id": "larrey", "client_secret": SECRET, "simulated": False, "own": ""}
    with override_settings(PRO_SANTE_CONNECT=told):
        yield made
    server.shutdown()
    server.server_close()
    pro_sante_connect._client.cache_clear()


def ask(browser: Browser, back: str = "/account/sessions") -> str:
    """The address at the provider to which the sign-in page leads."""
    response = browser.get(f"/account/psc/start?next={back}")
    assert response.status_code == 302
    return response.headers["Location"]


def choose(address: str, who: Person = JEANNE) -> str:
    """Choose a card there; the path of Larrey's to which one is sent back."""
    response = requests.post(address, data={"rpps": who.rpps}, allow_redirects=False, timeout=5)
    assert response.status_code == 302, response.text
    parts = urlsplit(response.headers["Location"])
    assert f"{parts.scheme}://{parts.netloc}{parts.path}" == RETURN
    return f"{parts.path}?{parts.query}"


def refused(browser: Browser, path: str, status: int = 403) -> str:
    response = browser.get(path)
    assert response.status_code == status
    assert not is_in(browser)
    page = response.content.decode()
    assert "Jeanne" not in page
    return page


def test_a_professional_signs_in_with_her_card(service: Service) -> None:
    person(rpps=JEANNE.rpps)
    browser = Browser()
    asked = parse_qs(urlsplit(ask(browser)).query)
    assert asked["acr_values"] == ["eidas1"]
    assert asked["scope"] == ["openid scope_all"]
    assert asked["code_challenge_method"] == ["S256"]
    assert asked["redirect_uri"] == [RETURN]
    assert len(asked["state"][0]) >= 20
    assert len(asked["nonce"][0]) >= 20
    page = requests.get(ask(browser), timeout=5)
    assert "Dr Jeanne Martin" in page.text
    assert JEANNE.rpps in page.text
    assert "form-action 'self' http://testserver" in page.headers["Content-Security-Policy"]
    response = browser.get(choose(ask(browser)))
    assert response.headers["Location"] == "/account/sessions"
    assert "Pro Santé Connect" in browser.get("/account/sessions").content.decode()
    assert traced() == [("account:jeanne", "sign-in", "sign-in psc", "")]


def test_signing_out_goes_by_the_provider_and_comes_back(service: Service) -> None:
    person(rpps=JEANNE.rpps)
    browser = Browser()
    browser.get(choose(ask(browser)))
    page = browser.post("/account/sign-out")
    assert not is_in(browser)
    address = page.headers["Refresh"].removeprefix("0; url=")
    assert address.startswith(f"{service.issuer}/logout?")
    back = requests.get(address, allow_redirects=False, timeout=5)
    assert back.headers["Location"].startswith("http://testserver/account/sign-in")
    elsewhere = address.replace("testserver", "evil.example")
    assert requests.get(elsewhere, allow_redirects=False, timeout=5).status_code == 200
    forged = re.sub(r"id_token_hint=[^&]*", "id_token_hint=a.b.c", address)
    assert requests.get(forged, allow_redirects=False, timeout=5).status_code == 400


def test_a_card_without_an_account_here_makes_none(service: Service) -> None:
    person(rpps=JEANNE.rpps)
    browser = Browser()
    page = refused(browser, choose(ask(browser), QUIDAM))
    assert "aucun compte de cet établissement" in page
    assert traced() == [("stranger", "refused", "sign-in psc", "unknown RPPS")]


def test_an_account_without_rpps_belongs_to_no_card(service: Service) -> None:
    person()
    browser = Browser()
    service.alter["/userinfo"] = lambda said: said | {"SubjectNameID": "8"}
    refused(browser, choose(ask(browser)))


def test_a_disabled_account_is_refused(service: Service) -> None:
    account = person(rpps=JEANNE.rpps)
    account.is_active = False
    account.save()
    browser = Browser()
    assert "désactivé" in refused(browser, choose(ask(browser)))


WRONG: list[dict[str, Any]] = [
    {"nonce": "another"},
    {"nonce": None},
    {"aud": "another-client"},
    {"aud": "another-client", "azp": "larrey"},
    {"aud": None},
    {"azp": "another-client"},
    {"iss": "https://evil.example"},
    {"iss": None},
    {"exp": 1_700_000_000},
    {"exp": None},
    {"iat": 4_000_000_000},
    {"acr": None},
    {"acr": "eidas0"},
    {"acr": "1"},
    {"acr": ["eidas1"]},
    {"sub": "f:0:899999999999"},
    {"sub": None},
    {"at_hash": "AAAAAAAAAAAAAAAAAAAAAA"},
    {"SubjectNameID": "810003456"},
    {"SubjectNameID": "010003456786"},
    {"SubjectNameID": 810003456786.5},
    {"SubjectNameID": "8١٠٠٠٣٤٥٦٧٨٦"},
]


def test_an_id_token_that_says_something_wrong_is_refused(service: Service) -> None:
    person(rpps=JEANNE.rpps)
    browser = Browser()
    for claims in WRONG:
        service.claims(**claims)
        assert "n’a pas abouti" in refused(browser, choose(ask(browser))), claims


def test_the_alteration_itself_is_not_what_is_refused(service: Service) -> None:
    person(rpps=JEANNE.rpps)
    browser = Browser()
    service.claims(acr="eidas2")
    assert browser.get(choose(ask(browser))).status_code == 302
    assert is_in(browser)


def _base64(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def unsigned(service: Service, claims: dict[str, Any]) -> str:
    head = _base64(json.dumps({"alg": "none"}))
    return f"{head}.{service.sign(claims).split('.')[1]}."


def shared(service: Service, claims: dict[str, Any]) -> str:
    """The public key, which everyone has, used as if it were a shared secret."""
    head = _base64(f'{{"alg":"HS256","kid":"{service.provider.kid}"}}'.encode())
    body = service.sign(claims).split(".")[1]
    return f"{head}.{body}.{_base64(hmac.digest(KEY.as_pem(private=False), f'{head}.{body}'.encode(), 'sha256'))}"


FORGED: list[Callable[[Service, dict[str, Any]], Any]] = [
    lambda service, claims: service.sign(claims, OTHER_KEY),
    lambda service, claims: service.sign(claims, OTHER_KEY, kid="another"),
    unsigned,
    shared,
    lambda service, claims: service.sign(claims, OctKey.import_key(SECRET), alg="HS256"),
    lambda service, claims: service.sign(claims)[:-8] + "AAAAAAAA",
    lambda *_: "a.b.c",
    lambda *_: "",
    lambda *_: 12,
    lambda *_: None,
]


def test_a_token_that_is_not_signed_by_the_provider_is_refused(service: Service) -> None:
    person(rpps=JEANNE.rpps)
    browser = Browser()
    for forge in FORGED:

        def altered(answer: dict[str, Any], forge: Any = forge) -> dict[str, Any]:
            return answer | {"id_token": forge(service, dict(jwt.decode(answer["id_token"], KEY).claims))}

        service.alter["/token"] = altered
        refused(browser, choose(ask(browser)))


def test_an_answer_without_id_token_is_refused(service: Service) -> None:
    person(rpps=JEANNE.rpps)
    browser = Browser()
    service.alter["/token"] = lambda answer: {name: value for name, value in answer.items() if name != "id_token"}
    refused(browser, choose(ask(browser)))


def test_the_information_of_another_person_is_refused(service: Service) -> None:
    person(rpps=JEANNE.rpps)
    browser = Browser()
    service.alter["/userinfo"] = lambda said: said | {"sub": "f:0:someone", "SubjectNameID": JEANNE.subject}
    refused(browser, choose(ask(browser), QUIDAM))


def test_odd_user_information_is_refused(service: Service) -> None:
    person(rpps=JEANNE.rpps)
    browser = Browser()
    for said in [[], "x", 1, None, {"sub": None}, {"SubjectNameID": {"a": 1}}]:
        service.alter["/userinfo"] = lambda _, said=said: said
        refused(browser, choose(ask(browser)))


def test_a_code_and_a_state_serve_once_and_only_the_browser_that_asked(service: Service) -> None:
    person(rpps=JEANNE.rpps)
    browser = Browser()
    path = choose(ask(browser))
    refused(Browser(), path)  # another browser: it has not the state
    assert browser.get(path).status_code == 302
    browser.post("/account/sign-out")
    refused(browser, path)  # again
    old = dict(parse_qsl(urlsplit(path).query))["code"]
    fresh = dict(parse_qsl(urlsplit(ask(browser)).query))["state"]
    refused(browser, f"/account/psc/return?{urlencode({'code': old, 'state': fresh})}")  # an old code under a new state
    for query in [
        "",
        "code=x",
        f"state={fresh}",
        "code=x&state=y",
        "code=%00&state=%00",
        "error=server_error",
        "error=x&state=%ff",
    ]:
        refused(browser, f"/account/psc/return?{query}")


def test_a_code_stolen_on_its_way_is_useless_without_its_verifier(service: Service) -> None:
    browser = Browser()
    code = dict(parse_qsl(urlsplit(choose(ask(browser))).query))["code"]
    sent = {
        "grant_type": "authorization_code",
        "code": code,
        "redirect_uri": RETURN,
        "client_id": "larrey",
        "client_secret": SECRET,
    }
    for verifier in ["", "x" * 48]:
        again = {**sent, "code": dict(parse_qsl(urlsplit(choose(ask(browser))).query))["code"], "code_verifier": verifier}
        answer = requests.post(f"{service.issuer}/token", data=again, timeout=5)
        assert answer.status_code == 400
        assert "id_token" not in answer.text
    assert requests.post(f"{service.issuer}/token", data=sent | {"client_secret": "wrong"}, timeout=5).status_code in {400, 401}


ASKED: list[dict[str, str]] = [
    {"redirect_uri": "https://evil.example/"},
    {"client_id": "unknown"},
    {"code_challenge": ""},
    {"code_challenge_method": "plain"},
    {"nonce": ""},
    {"response_type": "token"},
]


def test_the_provider_refuses_what_the_real_one_would(service: Service) -> None:
    for change in ASKED:
        asked = dict(parse_qsl(urlsplit(ask(Browser())).query)) | change
        wrong = f"{service.issuer}/authorize?{urlencode(asked)}"
        for answer in [
            requests.get(wrong, allow_redirects=False, timeout=5),
            requests.post(wrong, data={"rpps": JEANNE.rpps}, allow_redirects=False, timeout=5),
        ]:
            assert "code=" not in answer.headers.get("Location", ""), change
            assert answer.status_code in {302, 400, 401}, change
            assert "evil.example" not in answer.headers.get("Location", "")


def test_giving_up_there_leads_back_to_sign_in(service: Service) -> None:
    browser = Browser()
    answer = requests.post(ask(browser), data={"rpps": ""}, allow_redirects=False, timeout=5)
    parts = urlsplit(answer.headers["Location"])
    response = browser.get(f"{parts.path}?{parts.query}")
    assert response.headers["Location"] == "/account/sign-in"


def test_the_way_back_never_leads_elsewhere(service: Service) -> None:
    person(rpps=JEANNE.rpps)
    for back in ["https://evil.example/", "//evil.example", "javascript:x"]:
        browser = Browser()
        assert browser.get(choose(ask(browser, back))).headers["Location"] == "/"


def test_another_person_with_her_card_ends_the_session_that_was_there(service: Service) -> None:
    person(rpps=JEANNE.rpps)
    person("paul")
    browser = Browser()
    sign_in(browser, "paul")
    browser.post("/account/lock")
    response = browser.get(choose(ask(browser, "/chart/1")))
    assert response.headers["Location"] == "/"
    assert [(actor, action) for actor, action, _, _ in traced()][-2:] == [
        ("account:paul", "sign-out"),
        ("account:jeanne", "sign-in"),
    ]


def test_a_locked_workstation_opens_with_the_card_of_who_locked_it(service: Service) -> None:
    person(rpps=JEANNE.rpps)
    browser = Browser()
    sign_in(browser)
    browser.post("/account/lock")
    assert not is_in(browser)
    assert "Déverrouiller avec Pro Santé Connect" in browser.get("/account/sessions").content.decode()
    assert browser.get(choose(ask(browser, "/account/sessions"))).headers["Location"] == "/account/sessions"
    assert is_in(browser)


def test_a_provider_that_does_not_answer_or_is_another_is_told(service: Service) -> None:
    person(rpps=JEANNE.rpps)
    browser = Browser()
    with override_settings(PRO_SANTE_CONNECT={**_told(), "issuer": "http://127.0.0.1:1"}):
        response = browser.get("/account/psc/start")
        assert response.status_code == 503
        assert "ne répond pas" in response.content.decode()
    pro_sante_connect._client.cache_clear()
    service.alter["/.well-known/openid-configuration"] = lambda said: said | {"issuer": "https://evil.example"}
    assert browser.get("/account/psc/start").status_code == 503
    service.alter.clear()
    assert browser.get("/account/psc/start").status_code == 302  # it is read anew


def _told() -> dict[str, Any]:
    return dict(settings.PRO_SANTE_CONNECT)


def test_without_an_issuer_it_is_not_offered() -> None:
    page = Browser().get("/account/sign-in").content.decode()
    assert "Pro Santé Connect" not in page
    assert Browser().get("/account/psc/start").status_code == 404
    assert Browser().get("/account/psc/return").status_code == 404


def test_the_token_is_fresh(service: Service) -> None:
    """The stand-in's own times, so that the tests above change one thing at a time."""
    seen: list[dict[str, Any]] = []
    service.alter["/token"] = lambda answer: seen.append(dict(jwt.decode(answer["id_token"], KEY).claims)) or answer
    person(rpps=JEANNE.rpps)
    browser = Browser()
    browser.get(choose(ask(browser)))
    [claims] = seen
    assert claims["acr"] == "eidas1"
    assert claims["sub"].endswith(JEANNE.subject)
    assert 0 < claims["exp"] - time.time() <= 120
    assert "SubjectNameID" not in claims


def test_whatever_one_asks_of_it_the_provider_answers(service: Service) -> None:
    odd = ["", "\x00", "é", "http://[", "'\"<>", "x" * 5000, "a b", "%ff"]
    for path in ["/authorize", "/token", "/userinfo", "/logout", "/jwks", "/nothing", "/"]:
        for value in odd:
            asked = dict.fromkeys(
                ["client_id", "redirect_uri", "response_type", "scope", "state", "nonce", "id_token_hint"], value
            )
            for more in [{}, {"client_id": "larrey", "response_type": "code"}]:
                for method in ["GET", "POST", "DELETE"]:
                    answer = requests.request(
                        method,
                        f"{service.issuer}{path}",
                        params=asked | more,
                        data={"rpps": value, "code": value, "grant_type": "authorization_code"} if method == "POST" else None,
                        headers={"Authorization": "Bearer x"},
                        allow_redirects=False,
                        timeout=5,
                    )
                    assert answer.status_code in {200, 400, 401, 404}, (path, value, answer.text)
                    assert "code=" not in answer.headers.get("Location", "")

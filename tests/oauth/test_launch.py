"""SMART app launch: an app asks, the person chooses and allows, and the token opens no more than both say."""

from __future__ import annotations

import re
import time
from base64 import urlsafe_b64encode
from hashlib import sha256
from typing import Any

import psycopg
import pytest
from cryptography.fernet import Fernet, MultiFernet
from django.test import Client as Browser
from joserfc import jwt
from joserfc.jwk import KeySet

from larrey.access import standing
from larrey.access.models import Account, IssuedToken
from larrey.apps.oauth import api
from larrey.apps.oauth.models import Code, Consent, Refresh
from larrey.apps.oauth.queries import signing
from larrey.store.caller import system
from tests.oauth.programs import BACK, EC, FHIR, SITE, Launch, Program, observation, patient, returned, sign_in

ALL = "openid fhirUser launch launch/patient patient/*.cruds user/*.cruds offline_access online_access"
LABORATORY = "category=http://terminology.hl7.org/CodeSystem/observation-category|laboratory"


@pytest.fixture
def app(register: Any) -> Program:
    """A public app that may ask for everything."""
    program: Program = register("public", ALL)
    return program


@pytest.fixture
def launch(app: Program, people: dict[str, Account]) -> Launch:
    """The doctor's browser, and that app."""
    return Launch(app, sign_in(people["doctor"]))


def test_an_app_gets_a_token_for_one_patient(launch: Launch, fhir: Any) -> None:
    token = launch.tokens("launch/patient patient/*.rs", patient="claire")
    assert {name: token[name] for name in ("token_type", "expires_in", "scope", "patient", "need_patient_banner")} == {
        "token_type": "bearer",
        "expires_in": 1800,
        "scope": "launch/patient patient/*.rs",
        "patient": "claire",
        "need_patient_banner": True,
    }
    assert "refresh_token" not in token
    assert "id_token" not in token
    door = fhir(token["access_token"])
    assert door.get("/Patient/claire").status == 200
    assert door.get("/Patient/marie").status in {403, 404}  # the doctor's too, but not the token's
    assert {r["id"] for r in door.get("/Observation").resources} == {"claire-laboratory", "claire-vital-signs"}
    assert door.get("/Patient?_id=marie&_total=accurate").json()["total"] == 0
    new = {"resourceType": "Observation", "status": "final", "code": {"text": "x"}, "subject": {"reference": "Patient/claire"}}
    assert door.post("/Observation", new).status == 403


def test_the_page_says_in_words_what_is_asked(launch: Launch) -> None:
    scope = f"openid launch/patient patient/Observation.rs?{LABORATORY} patient/Condition.cud offline_access"
    page = launch.browser.get(launch.address(scope, patient="claire"))
    assert page.status_code == 200
    text = page.content.decode()
    for words in ("LE GOFF", "Claire", "Autoriser", "Refuser", "savoir qui vous êtes", "30 jours", "seulement"):
        assert words in text, words
    shown = re.sub(r"<[^>]*>", " ", text.split("<main")[1].split("</main>")[0])
    for code in ("patient/", "aboratory", "Condition.", "Observation", "category"):
        assert code not in shown, shown
    assert "form-action 'self' https://app.example;" in page["Content-Security-Policy"] + ";"
    assert "no-store" in page["Cache-Control"]


def test_a_stranger_signs_in_first(launch: Launch) -> None:
    response = Browser().get(launch.address("user/*.rs"))
    assert response.status_code == 302
    assert response["Location"].startswith("/account/")
    assert "code_challenge" in response["Location"]


def test_the_person_may_refuse(launch: Launch) -> None:
    for decision in ("refuse", "", "ALLOW"):
        answer = returned(launch.decide("user/*.rs", decision))
        assert answer["error"] == "access_denied"
        assert answer["state"] == launch.state
        assert "code" not in answer
    assert Code.objects.count() == 0 or Code.objects.filter(consent__client__client_id=launch.program.client_id).count() == 0


BACK_WITH_ERROR = {
    "no challenge": ({"code_challenge": None, "code_challenge_method": None}, "invalid_request"),
    "a plain challenge": ({"code_challenge_method": "plain"}, "invalid_request"),
    "no method": ({"code_challenge_method": None}, "invalid_request"),
    "a short challenge": ({"code_challenge": "abc"}, "invalid_request"),
    "no state": ({"state": None}, "invalid_request"),
    "no aud": ({"aud": None}, "invalid_request"),
    "another aud": ({"aud": "https://evil.example/fhir"}, "invalid_request"),
    "silent": ({"prompt": "none"}, "invalid_request"),
    "implicit": ({"response_type": "token"}, "unsupported_response_type"),
    "no type": ({"response_type": None}, "unsupported_response_type"),
}


@pytest.mark.parametrize("kind", BACK_WITH_ERROR)
def test_a_mistaken_request_goes_back_with_its_error(launch: Launch, kind: str) -> None:
    changed, error = BACK_WITH_ERROR[kind]
    answer = returned(launch.browser.get(launch.address("user/*.rs", **changed)))
    assert answer["error"] == error
    assert answer.get("state") == (None if kind == "no state" else launch.state)
    assert "code" not in returned(launch.decide("user/*.rs", **changed))


@pytest.mark.parametrize(
    "changed",
    [
        {"redirect_uri": None},
        {"redirect_uri": "https://evil.example/back"},
        {"redirect_uri": f"{BACK}/more"},
        {"redirect_uri": f"{BACK}?x=1"},
        {"redirect_uri": BACK.upper()},
        {"client_id": None},
        {"client_id": "nobody"},
        {"client_id": "no\x00body"},
        {"redirect_uri": "https://évil.example/"},
        {"redirect_uri": 'https://evil.example/"'},
        {"state": "é"},
        {"scope": "x" * 20_000},
    ],
)
def test_who_is_not_known_is_never_returned_to(launch: Launch, changed: dict[str, Any]) -> None:
    address = launch.address(changed.pop("scope", "user/*.rs"), **changed)
    for response in (launch.browser.get(address), launch.browser.post(address, {"decision": "allow"})):
        assert response.status_code == 400
        assert "Cette application ne peut pas être ouverte" in response.content.decode()


@pytest.mark.parametrize(
    "scope", ["system/*.rs", "nonsense", "", "user/Nonsense.rs", "patient/Observation.rs?nonsense=1", "launch/encounter"]
)
def test_what_is_no_scope_goes_back(launch: Launch, scope: str) -> None:
    assert returned(launch.browser.get(launch.address(scope)))["error"] == "invalid_scope"


def test_a_scope_beyond_the_app_s_own_goes_back(register: Any, people: dict[str, Account]) -> None:
    launch = Launch(register("public", "patient/Observation.rs"), sign_in(people["doctor"]))
    for scope in ("patient/*.rs", "patient/Observation.cruds", "user/Observation.rs", "openid"):
        assert returned(launch.browser.get(launch.address(scope)))["error"] == "invalid_scope"


def test_backend_services_have_no_page(register: Any, people: dict[str, Account]) -> None:
    launch = Launch(register(scope="system/*.rs"), sign_in(people["doctor"]))
    assert launch.browser.get(launch.address("system/*.rs")).status_code == 400


@pytest.mark.parametrize(
    "changed",
    [
        {"code_verifier": None},
        {"code_verifier": ""},
        {"code_verifier": "short"},
        {"code_verifier": "x" * 64},
        {"redirect_uri": None},
        {"redirect_uri": "https://app.example/other"},
        {"code": "nothing"},
        {"code": None},
    ],
)
def test_a_code_needs_its_verifier_and_its_address(launch: Launch, changed: dict[str, Any]) -> None:
    code = launch.code("user/*.rs")
    form = {"code": code, **changed}
    answer = launch.exchange(form.pop("code"), **form)
    assert answer.status_code == 400
    assert answer.json()["error"] in {"invalid_request", "invalid_grant"}
    assert launch.exchange(code).status_code == 200  # the app itself is not harmed


def test_a_code_is_used_once_and_twice_ends_all(launch: Launch, fhir: Any) -> None:
    code = launch.code("launch/patient patient/*.rs offline_access", patient="claire")
    token = launch.exchange(code).json()
    assert fhir(token["access_token"]).get("/Patient/claire").status == 200
    again = launch.exchange(code)
    assert (again.status_code, again.json()["error"]) == (400, "invalid_grant")
    assert fhir(token["access_token"]).get("/Patient/claire").status == 401
    renewed = launch.program.post(grant_type="refresh_token", refresh_token=token["refresh_token"])
    assert renewed.json()["error"] == "invalid_grant"


def test_a_code_is_for_its_app_only(launch: Launch, register: Any, people: dict[str, Account]) -> None:
    code = launch.code("user/*.rs")
    thief = Launch(register("public", ALL), launch.browser, verifier=launch.verifier)
    assert thief.exchange(code).json()["error"] == "invalid_grant"
    assert launch.exchange(code).status_code == 200


def test_an_old_code_is_worth_nothing(launch: Launch) -> None:
    code = launch.code("user/*.rs")
    Code.objects.update(expires="2026-01-01T00:00:00Z")
    assert launch.exchange(code).json()["error"] == "invalid_grant"


def test_refresh_tokens_change_and_twice_ends_all(launch: Launch, fhir: Any) -> None:
    first = launch.tokens("launch/patient patient/*.rs offline_access", patient="claire")

    def renew(token: str, **more: str) -> Any:
        return launch.program.post(grant_type="refresh_token", refresh_token=token, **more)

    second = renew(first["refresh_token"]).json()
    assert second["refresh_token"] != first["refresh_token"]
    assert (second["scope"], second["patient"]) == (first["scope"], "claire")
    third = renew(second["refresh_token"], scope="patient/*.rs").json()
    assert third["scope"] == "patient/*.rs"
    assert renew(third["refresh_token"], scope="user/*.cruds").json()["error"] == "invalid_scope"
    assert fhir(third["access_token"]).get("/Patient/claire").status == 200
    assert renew(first["refresh_token"]).json()["error"] == "invalid_grant"  # stolen
    assert renew(third["refresh_token"]).json()["error"] == "invalid_grant"
    assert {fhir(t["access_token"]).get("/Patient/claire").status for t in (first, second, third)} == {401}
    assert not Refresh.objects.filter(consent__client__client_id=launch.program.client_id, used=None).exists()


def test_a_refresh_token_of_a_session_does_not_outlive_it(launch: Launch) -> None:
    first = launch.tokens("user/*.rs online_access")
    ends = Refresh.objects.latest("id").expires
    launch.program.post(grant_type="refresh_token", refresh_token=first["refresh_token"])
    assert Refresh.objects.latest("id").expires == ends
    Refresh.objects.update(expires="2026-01-01T00:00:00Z")
    second = launch.tokens("user/*.rs online_access")
    Refresh.objects.update(expires="2026-01-01T00:00:00Z")
    answer = launch.program.post(grant_type="refresh_token", refresh_token=second["refresh_token"])
    assert answer.json()["error"] == "invalid_grant"


def test_a_refresh_token_is_for_its_app_only(launch: Launch, register: Any) -> None:
    token = launch.tokens("user/*.rs offline_access")
    other = register("public", ALL)
    assert other.post(grant_type="refresh_token", refresh_token=token["refresh_token"]).json()["error"] == "invalid_grant"
    assert launch.program.post(grant_type="refresh_token", refresh_token=token["refresh_token"]).status_code == 200


def test_an_app_with_a_key_signs(register: Any, people: dict[str, Account], fhir: Any) -> None:
    launch = Launch(register("confidential", ALL, key=EC), sign_in(people["doctor"]))
    code = launch.code("user/*.rs offline_access")
    form = {"grant_type": "authorization_code", "code": code, "redirect_uri": BACK, "code_verifier": launch.verifier}
    unsigned = Browser().post("/oauth/token", {**form, "client_id": launch.program.client_id})
    assert unsigned.json()["error"] == "invalid_client"
    token = launch.exchange(code).json()
    assert fhir(token["access_token"]).get("/Patient/claire").status == 200
    assert launch.program.post(grant_type="refresh_token", refresh_token=token["refresh_token"]).status_code == 200
    stolen = {"grant_type": "refresh_token", "refresh_token": token["refresh_token"], "client_id": launch.program.client_id}
    assert Browser().post("/oauth/token", stolen).json()["error"] == "invalid_client"


def test_a_user_scope_is_within_the_role_and_her_patients(app: Program, people: dict[str, Account], fhir: Any) -> None:
    doctor = Launch(app, sign_in(people["doctor"])).tokens("user/*.cruds")
    nurse = Launch(app, sign_in(people["nurse"])).tokens("user/*.cruds user/MedicationRequest.cruds")
    assert doctor["scope"] == nurse["scope"].split()[0] == "user/*.crus"  # nobody deletes
    assert nurse["scope"].split()[1] == "user/MedicationRequest.rs"
    door = fhir(doctor["access_token"])
    assert door.get("/Patient/claire").status == door.get("/Patient/marie").status == 200
    assert door.get("/Patient/zoe").status in {403, 404}  # of another unit
    assert {r["subject"]["reference"] for r in door.get("/Observation").resources} == {"Patient/claire", "Patient/marie"}
    assert door.delete("/Observation/claire-laboratory").status == 403
    request = {
        "resourceType": "MedicationRequest",
        "status": "active",
        "intent": "order",
        "subject": {"reference": "Patient/claire"},
    }
    request["medicationCodeableConcept"] = {"text": "Paracétamol"}
    assert fhir(nurse["access_token"]).post("/MedicationRequest", request).status == 403
    assert door.post("/MedicationRequest", request).status == 201


def test_a_role_that_opens_no_record_opens_no_app(app: Program, people: dict[str, Account]) -> None:
    response = sign_in(people["administrator"]).get(Launch(app, Browser()).address("user/*.rs"))
    assert response.status_code == 403


def test_the_patient_is_chosen_among_one_s_own(launch: Launch, module_connection: Any) -> None:
    page = launch.browser.get(launch.address("launch/patient patient/*.rs"))
    assert "Pour quel patient" in page.content.decode()
    found = launch.browser.get(launch.address("launch/patient patient/*.rs", q="goff")).content.decode()
    assert "patient=claire" in found
    assert "code_challenge=" in found
    assert "patient=zoe" not in launch.browser.get(launch.address("launch/patient patient/*.rs", q="zola")).content.decode()
    for method in (launch.browser.get, lambda address: launch.browser.post(address, {"decision": "allow"})):
        for stranger in ("zoe", "nobody", "a/b", "é", "x" * 70):
            assert method(launch.address("launch/patient patient/*.rs", patient=stranger)).status_code in {400, 403, 404}
    assert not Consent.objects.filter(patient="zoe").exists()
    trace = "select action, patient_id, what from access_audit where actor = 'account:doctor' order by id"
    rows = module_connection.execute(trace).fetchall()
    assert any(row[0] == "search" and row[2] == "Patient goff, for an app" for row in rows)
    assert any(row[:2] == ("refused", "zoe") and row[2].startswith("Patient/zoe, for Essai") for row in rows)


def test_nothing_is_allowed_without_the_patient(launch: Launch) -> None:
    before = Consent.objects.count()
    assert launch.decide("patient/*.rs").status_code == 200  # the choice again
    assert Consent.objects.count() == before


def test_a_patient_gives_her_own_record(app: Program, people: dict[str, Account], fhir: Any) -> None:
    launch = Launch(app, sign_in(people["claire"]))
    token = launch.tokens("openid fhirUser launch/patient patient/*.cruds", patient="marie")
    assert (token["patient"], token["scope"]) == ("claire", "fhirUser launch/patient openid patient/*.rs")
    door = fhir(token["access_token"])
    assert door.get("/Patient/claire").status == 200
    assert door.get("/Patient/marie").status == 404
    assert identity(token, launch)["fhirUser"] == f"{FHIR}/Patient/claire"


def test_a_granular_scope_shows_what_meets_it(launch: Launch, fhir: Any) -> None:
    scope = f"launch/patient patient/Observation.rs?{LABORATORY} patient/Patient.r"
    door = fhir(launch.tokens(scope, patient="claire")["access_token"])
    assert {r["id"] for r in door.get("/Observation").resources} == {"claire-laboratory"}
    assert door.get("/Observation/claire-laboratory").status == 200
    assert door.get("/Observation/claire-vital-signs").status in {403, 404}
    assert door.get("/Observation/claire-vital-signs/_history").status in {403, 404}
    assert door.get("/Observation?_total=accurate&_count=0").json()["total"] == 1
    included = door.get("/Patient/claire/$everything")
    assert included.status in {200, 403}
    if included.status == 200:
        assert "claire-vital-signs" not in {r["id"] for r in included.resources}


def test_a_chart_opens_an_app_on_its_patient(register: Any, people: dict[str, Account], fhir: Any) -> None:
    program = register("public", ALL, launch_uri="https://app.example/launch")
    launch = Launch(program, sign_in(people["doctor"]))
    opened = launch.browser.get(f"/oauth/launch/{program.client_id}/claire")
    assert opened.status_code == 302
    address, _, query = opened["Location"].partition("?")
    assert address == "https://app.example/launch"
    given = dict(pair.split("=") for pair in query.split("&"))
    assert set(given) == {"iss", "launch"}
    token = launch.tokens("launch openid patient/*.rs", launch=given["launch"])
    assert token["patient"] == "claire"
    assert launch.browser.get(launch.address("launch patient/*.rs", launch=given["launch"])).status_code == 403  # once
    assert launch.browser.get(f"/oauth/launch/{program.client_id}/zoe").status_code == 403
    assert launch.browser.get("/oauth/launch/nobody/claire").status_code == 404
    wide = launch.tokens("launch user/*.rs", launch=api.launch(people["doctor"], "claire"))
    assert wide["patient"] == "claire"
    assert fhir(wide["access_token"]).get("/Patient/marie").status == 200  # the patient is where one is, not all that one may


def test_a_launch_is_of_who_opened_the_chart(app: Program, people: dict[str, Account]) -> None:
    token = api.launch(people["doctor"], "claire")
    nurse = Launch(app, sign_in(people["nurse"]))
    assert nurse.browser.get(nurse.address("launch patient/*.rs", launch=token)).status_code == 403
    colleague = Launch(app, sign_in(people["colleague"]))
    forged = api.launch(people["colleague"], "claire")  # a chart that she could not have opened
    assert colleague.decide("launch patient/*.rs", launch=forged).status_code in {403, 404}


def identity(token: dict[str, Any], launch: Launch) -> dict[str, Any]:
    """The identity token, verified with the keys that anyone may read."""
    keys = KeySet.import_key_set(Browser().get("/oauth/jwks").json())
    found = jwt.decode(token["id_token"], keys, algorithms=["RS256"])
    assert found.claims["iss"] == SITE
    assert found.claims["aud"] == launch.program.client_id
    assert found.claims["iat"] <= time.time() < found.claims["exp"] <= time.time() + 301
    half = sha256(token["access_token"].encode()).digest()[:16]
    assert found.claims["at_hash"] == urlsafe_b64encode(half).rstrip(b"=").decode()
    claims: dict[str, Any] = found.claims
    return claims


def test_an_identity_token_says_who_signed_in(launch: Launch, people: dict[str, Account]) -> None:
    claims = identity(launch.tokens("openid fhirUser user/*.rs", nonce="n-1"), launch)
    assert (claims["sub"], claims["fhirUser"], claims["nonce"]) == (
        str(people["doctor"].pk),
        f"{FHIR}/Practitioner/doctor",
        "n-1",
    )
    assert claims["auth_time"] <= time.time()
    assert returned(launch.browser.get(launch.address("openid", nonce="n-1")))["error"] == "invalid_request"  # used before
    assert "fhirUser" not in identity(launch.tokens("openid user/*.rs"), launch)
    api.rotate()
    assert len(Browser().get("/oauth/jwks").json()["keys"]) >= 2
    identity(launch.tokens("openid"), launch)
    for key in Browser().get("/oauth/jwks").json()["keys"]:
        assert {"n", "e", "kid", "alg", "use", "kty"} == set(key)


def test_a_key_sealed_under_another_secret_is_replaced(launch: Launch, monkeypatch: pytest.MonkeyPatch) -> None:
    api.rotate()
    before = {key["kid"] for key in Browser().get("/oauth/jwks").json()["keys"]}
    other = MultiFernet([Fernet(Fernet.generate_key())])
    monkeypatch.setattr(signing, "cipher", lambda: other)
    identity(launch.tokens("openid"), launch)
    after = {key["kid"] for key in Browser().get("/oauth/jwks").json()["keys"]}
    assert len(after) == 1
    assert not after & before


def test_a_disabled_account_is_out(launch: Launch, people: dict[str, Account], fhir: Any) -> None:
    token = launch.tokens("user/*.rs offline_access")
    code = launch.code("user/*.rs")
    Account.objects.filter(pk=people["doctor"].pk).update(is_active=False)
    standing.forget()
    assert fhir(token["access_token"]).get("/Patient/claire").status == 401
    assert launch.exchange(code).json()["error"] == "invalid_grant"
    renewed = launch.program.post(grant_type="refresh_token", refresh_token=token["refresh_token"])
    assert renewed.status_code == 400


def test_a_disabled_app_is_out(launch: Launch, fhir: Any) -> None:
    token = launch.tokens("user/*.rs offline_access")
    name = next(client.name for client in api.everything() if client.client_id == launch.program.client_id)
    api.disable(system("test"), name)
    assert fhir(token["access_token"]).get("/Patient/claire").status == 401
    answer = launch.program.post(grant_type="refresh_token", refresh_token=token["refresh_token"])
    assert answer.json()["error"] == "invalid_client"
    assert launch.browser.get(launch.address("user/*.rs")).status_code == 400


def test_a_person_ends_what_she_allowed(launch: Launch, people: dict[str, Account], fhir: Any) -> None:
    token = launch.tokens("launch/patient patient/*.rs offline_access", patient="claire")
    consent = Consent.objects.latest("id")
    page = launch.browser.get("/oauth/apps").content.decode()
    assert consent.client.name in page
    assert "LE GOFF Claire" in page
    nurse = sign_in(people["nurse"])
    assert consent.client.name not in nurse.get("/oauth/apps").content.decode()
    assert nurse.post(f"/oauth/apps/{consent.pk}/withdraw").status_code == 404
    assert fhir(token["access_token"]).get("/Patient/claire").status == 200
    assert launch.browser.post(f"/oauth/apps/{consent.pk}/withdraw").status_code == 302
    assert fhir(token["access_token"]).get("/Patient/claire").status == 401
    assert consent.client.name not in launch.browser.get("/oauth/apps").content.decode()
    assert Browser().get("/oauth/apps").status_code == 302


def test_the_list_of_apps_costs_the_same_however_long(launch: Launch, monkeypatch: pytest.MonkeyPatch) -> None:
    sent: list[str] = []
    execute = psycopg.Cursor.execute

    def counted(self: Any, query: Any, *args: Any, **kwargs: Any) -> Any:
        sent.append(str(query))
        return execute(self, query, *args, **kwargs)

    monkeypatch.setattr(psycopg.Cursor, "execute", counted)
    counts = []
    for patients in (["claire"], ["marie", "claire", "marie"]):
        for id_ in patients:
            launch.code("launch/patient patient/*.rs", patient=id_)
        launch.browser.get("/oauth/apps")
        sent.clear()
        assert launch.browser.get("/oauth/apps").status_code == 200
        counts.append(len(sent))
    assert counts[0] == counts[1] <= 9, sent


def test_secrets_are_not_in_the_database(launch: Launch, module_connection: Any) -> None:
    code = launch.code("user/*.rs offline_access")
    token = launch.exchange(code).json()
    for table in ("oauth_code", "oauth_refresh", "access_issued", "oauth_consent"):
        kept = str(module_connection.execute(f"select t::text from {table} t").fetchall())
        for secret in (code, token["access_token"], token["refresh_token"]):
            assert secret not in kept
    private = str(module_connection.execute("select sealed from oauth_signing_key").fetchall())
    assert '"d"' not in private


def test_consents_are_traced(launch: Launch, module_connection: Any) -> None:
    launch.code("launch/patient patient/*.rs", patient="claire")
    row = module_connection.execute(
        "select actor, action, patient_id, what from access_audit where action = 'grant' order by id desc limit 1"
    ).fetchone()
    assert row[:3] == ("account:doctor", "grant", "claire")
    assert "launch/patient patient/*.rs" in row[3]


def test_tokens_of_one_consent_are_bound_to_it(launch: Launch) -> None:
    launch.tokens("launch/patient patient/*.rs", patient="claire")
    kept = IssuedToken.objects.latest("id")
    assert (kept.consent, kept.patient) == (Consent.objects.latest("id").pk, "claire")


def new(owner: str, category: str = "laboratory") -> dict[str, Any]:
    return {name: value for name, value in observation("x", owner, category).items() if name != "id"}


def test_a_token_bound_to_a_patient_writes_in_her_record_only(launch: Launch, fhir: Any) -> None:
    door = fhir(launch.tokens("launch/patient patient/*.crus", patient="claire")["access_token"])
    made = door.post("/Observation", new("claire"))
    assert made.status == 201
    assert door.post("/Observation", new("marie")).status in {403, 404, 422}
    moved = {**new("marie"), "id": made.json()["id"]}
    assert door.put(f"/Observation/{moved['id']}", moved).status in {403, 404, 422}
    stranger = observation("marie-laboratory", "claire", "laboratory")
    assert door.put("/Observation/marie-laboratory", stranger).status in {403, 404}
    assert door.post("/Patient", patient("new", "Neuf", "team")).status in {403, 404}


def test_a_narrow_scope_writes_nothing(launch: Launch, fhir: Any) -> None:
    scope = f"launch/patient patient/Observation.rs?{LABORATORY} patient/Patient.r"
    door = fhir(launch.tokens(scope, patient="claire")["access_token"])
    assert door.post("/Observation", new("claire")).status == 403
    for id_ in ("claire-laboratory", "claire-vital-signs"):
        assert door.put(f"/Observation/{id_}", observation(id_, "claire", "laboratory")).status == 403
    wider = f"launch/patient patient/Observation.crus?{LABORATORY}"
    assert returned(launch.browser.get(launch.address(wider, patient="claire")))["error"] == "invalid_scope"


def test_a_role_that_ends_closes_its_tokens(
    app: Program, people: dict[str, Account], fhir: Any, module_connection: Any, module_staff: Any
) -> None:
    door = fhir(Launch(app, sign_in(people["nurse"])).tokens("user/*.rs")["access_token"])
    assert door.get("/Patient/claire").status == 200
    module_staff("nurse", "team", period={"end": "2026-01-01"})
    assert door.get("/Patient/claire").status in {403, 404}
    assert door.get("/Observation").resources == []
    module_staff("nurse", "team")
    assert door.get("/Patient/claire").status == 200

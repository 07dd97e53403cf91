"""Whatever is sent, the server answers in OAuth 2's words or a page, and never fails."""

from __future__ import annotations

from typing import Any

import pytest
from django.core.cache import cache
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from larrey.access.models import Account
from tests.oauth.programs import ASSERTION_TYPE, BACK, FHIR, Program, sign_in

NAMES = st.sampled_from(
    [
        "grant_type", "client_id", "client_secret", "client_assertion", "client_assertion_type", "scope", "code", "code_verifier",
        "redirect_uri", "refresh_token", "token", "token_type_hint", "state", "aud", "response_type", "code_challenge",
        "code_challenge_method", "launch", "nonce", "prompt", "patient", "q", "response_mode", "request", "x",
    ]
)  # fmt: skip
KNOWN = st.sampled_from(
    [
        "client_credentials", "authorization_code", "refresh_token", "code", "S256", "plain", "none", "login consent", FHIR,
        ASSERTION_TYPE, BACK, "openid launch/patient patient/*.rs", "user/*.rs", "system/*.rs",
        "claire", "x" * 43, "a.b.c", "e30.e30.e30", "access_token", "",
    ]
)  # fmt: skip
FORMS = st.dictionaries(NAMES, KNOWN | st.text(max_size=30), max_size=12)
FEW = settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


@pytest.fixture(scope="module")
def browser(people: dict[str, Account]) -> Any:
    return sign_in(people["doctor"])


@FEW
@given(FORMS, st.sampled_from(["/oauth/token", "/oauth/introspect", "/oauth/revoke"]), st.booleans())
def test_the_endpoints_of_programs(register: Any, form: dict[str, str], path: str, signed: bool) -> None:  # noqa: FBT001
    cache.clear()
    program: Program = register()
    answer = program.post(path, **{"scope": "system/*.rs", **form}) if signed else program.browser.post(path, form)
    assert answer.status_code in {200, 400, 401}, answer.content
    assert answer["Content-Type"] == "application/json"
    if answer.status_code != 200:
        assert set(answer.json()) <= {"error", "error_description", "error_uri"}
        assert answer.json()["error"]


@FEW
@given(FORMS, st.booleans())
def test_the_page_of_people(register: Any, browser: Any, form: dict[str, str], asked: bool) -> None:  # noqa: FBT001
    program: Program = register("public", "openid launch/patient patient/*.rs user/*.rs")
    base = {
        "client_id": program.client_id,
        "redirect_uri": BACK,
        "response_type": "code",
        "aud": FHIR,
        "state": "s",
        "code_challenge": "x" * 43,
        "code_challenge_method": "S256",
    }
    query = {**base, **form} if asked else form
    for answer in (browser.get("/oauth/authorize", query), browser.post("/oauth/authorize", {**query, "decision": "allow"})):
        assert answer.status_code in {200, 302, 400, 403, 404}, answer.content
        if answer.status_code == 302:
            assert answer["Location"].startswith(f"{BACK}?")

"""Programs with real keys and the ways of OAuth 2 as they go them, and the resources of the tests."""

from __future__ import annotations

import secrets
import time
from base64 import urlsafe_b64encode
from dataclasses import dataclass, field
from hashlib import sha256
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

from django.test import Client as Browser
from joserfc import jwt
from joserfc.jwk import ECKey, Key, RSAKey

from larrey.access.models import Account

SITE = "http://testserver"
TOKEN = f"{SITE}/oauth/token"
FHIR = f"{SITE}/fhir"
BACK = "https://app.example/back"
ASSERTION_TYPE = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
CATEGORIES = "http://terminology.hl7.org/CodeSystem/observation-category"
RSA = RSAKey.generate_key(2048, {"kid": "rsa"})
EC = ECKey.generate_key("P-384", {"kid": "ec"})


def observation(id_: str, owner: str, category: str) -> dict[str, Any]:
    return {
        "resourceType": "Observation",
        "id": id_,
        "status": "final",
        "category": [{"coding": [{"system": CATEGORIES, "code": category}]}],
        "code": {"text": id_},
        "subject": {"reference": f"Patient/{owner}"},
        "effectiveDateTime": "2026-05-01",
    }


def patient(id_: str, family: str, unit: str) -> dict[str, Any]:
    return {
        "resourceType": "Patient",
        "id": id_,
        "name": [{"use": "official", "family": family, "given": [id_.capitalize()]}],
        "gender": "female",
        "birthDate": "1984-02-03",
        "generalPractitioner": [{"reference": f"Organization/{unit}"}],
    }


@dataclass
class Program:
    """A registered program. ``key``: with what it signs; none: a public app."""

    client_id: str
    key: Key | None = None
    browser: Browser = field(default_factory=Browser)

    def assertion(self, key: Key | None = None, alg: str = "", header: dict[str, Any] | None = None, **claims: Any) -> str:
        signing = key or self.key
        assert signing is not None
        chosen = alg or ("ES384" if isinstance(signing, ECKey) else "RS384")
        payload = {
            "iss": self.client_id,
            "sub": self.client_id,
            "aud": TOKEN,
            "exp": int(time.time()) + 240,
            "jti": secrets.token_hex(8),
            **claims,
        }
        payload = {name: value for name, value in payload.items() if value is not None}
        return jwt.encode({"alg": chosen, "kid": signing.kid, **(header or {})}, payload, signing, algorithms=[chosen])

    def post(self, path: str = "/oauth/token", assertion: str | None = None, **form: str) -> Any:
        proof = (
            {"client_assertion_type": ASSERTION_TYPE, "client_assertion": assertion or self.assertion()}
            if self.key
            else {"client_id": self.client_id}
        )
        return self.browser.post(path, {**proof, **form})

    def machine_token(self, scope: str = "system/*.rs", assertion: str | None = None) -> Any:
        return self.post(assertion=assertion, grant_type="client_credentials", scope=scope)


def sign_in(account: Account) -> Browser:
    browser = Browser()
    browser.force_login(account, backend="allauth.account.auth_backends.AuthenticationBackend")
    browser.cookies["larrey_language"] = "fr"
    return browser


@dataclass
class Launch:
    """An app and the browser of a person, on the way from authorization to tokens."""

    program: Program
    browser: Browser
    verifier: str = field(default_factory=lambda: secrets.token_urlsafe(48))
    state: str = field(default_factory=lambda: secrets.token_hex(8))

    def address(self, scope: str, **changed: Any) -> str:
        challenge = urlsafe_b64encode(sha256(self.verifier.encode()).digest()).rstrip(b"=").decode()
        asked = {
            "response_type": "code",
            "client_id": self.program.client_id,
            "redirect_uri": BACK,
            "scope": scope,
            "state": self.state,
            "aud": FHIR,
            "code_challenge": challenge,
            "code_challenge_method": "S256",
            **changed,
        }
        return "/oauth/authorize?" + urlencode({name: value for name, value in asked.items() if value is not None})

    def decide(self, scope: str, decision: str = "allow", **changed: Any) -> Any:
        return self.browser.post(self.address(scope, **changed), {"decision": decision})

    def code(self, scope: str, **changed: Any) -> str:
        answer = returned(self.decide(scope, **changed))
        assert answer["state"] == self.state
        return answer["code"]

    def exchange(self, code: str, **changed: Any) -> Any:
        form = {"grant_type": "authorization_code", "code": code, "redirect_uri": BACK, "code_verifier": self.verifier, **changed}
        return self.program.post(**{name: value for name, value in form.items() if value is not None})

    def tokens(self, scope: str, **changed: Any) -> dict[str, Any]:
        answer = self.exchange(self.code(scope, **changed))
        assert answer.status_code == 200, answer.content
        found: dict[str, Any] = answer.json()
        return found


def returned(response: Any) -> dict[str, str]:
    """What the redirection to the app carries."""
    assert response.status_code == 302, response.content.decode()
    assert response["Location"].startswith(f"{BACK}?"), response["Location"]
    return {name: values[0] for name, values in parse_qs(urlsplit(response["Location"]).query).items()}

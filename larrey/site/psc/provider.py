"""The OpenID provider as a WSGI application: discovery, keys, authorization codes with PKCE, RS256, user information, sign-out.

Authlib is the protocol; here are the people, what is said of them (as Pro Santé Connect says it) and where codes are kept
between two requests. Where the real service asks for a card or a telephone, this one shows a list of names.
"""

from __future__ import annotations

import secrets
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property
from http import HTTPStatus
from pathlib import Path
from typing import Any, Protocol
from urllib.parse import parse_qsl, urlencode, urlsplit

import jinja2
from authlib.oauth2 import AuthorizationServer, OAuth2Error, OAuth2Request
from authlib.oauth2.rfc6749 import AuthorizationCodeMixin, ClientMixin
from authlib.oauth2.rfc6749.grants import AuthorizationCodeGrant
from authlib.oauth2.rfc6749.requests import BasicOAuth2Payload
from authlib.oauth2.rfc6750 import BearerTokenGenerator
from authlib.oauth2.rfc7636 import CodeChallenge
from authlib.oidc.core import OpenIDCode
from authlib.oidc.rpinitiated import EndSessionEndpoint
from joserfc.jwk import KeySet, RSAKey

from larrey.kit import json

CODE_SECONDS = 60
TOKEN_SECONDS = 120
LEVEL = "eidas1"
_LARGEST_BODY = 64 << 10
_FOLDER = Path(__file__).parent
_TYPES = {"html": "text/html; charset=utf-8", "json": "application/json"}

Environ = dict[str, Any]
Answer = tuple[int, Any, list[tuple[str, str]]]


@dataclass(frozen=True, slots=True)
class Person:
    """Someone with a card. ``rpps``: eleven digits. ``profession``: code of TRE_G15 (10 doctor, 60 nurse…), and in words."""

    rpps: str
    name: str
    profession: str
    title: str
    note: str = ""

    @property
    def subject(self) -> str:
        """``SubjectNameID``: 8 before a RPPS number."""
        return f"8{self.rpps}"


class Shelf(Protocol):
    """Where codes and tokens wait, shared by the processes of the server."""

    def put(self, key: str, value: Mapping[str, Any], seconds: int) -> None:
        """Keep ``value`` for ``seconds``."""

    def get(self, key: str) -> dict[str, Any] | None:
        """What is kept under ``key``."""

    def take(self, key: str) -> dict[str, Any] | None:
        """The same, once: of two who ask, one gets it."""


class Client(ClientMixin):  # type: ignore[misc]  # Authlib carries no types
    """The one client: Larrey."""

    def __init__(self, client_id: str, secret: str, may_return: Callable[[str], bool]) -> None:
        self.client_id, self.secret, self.may_return = client_id, secret, may_return

    def get_client_id(self) -> str:
        return self.client_id

    def get_default_redirect_uri(self) -> None:
        return None

    def get_allowed_scope(self, scope: str | None) -> str:
        return " ".join(each for each in (scope or "").split() if each in {"openid", "scope_all"})

    def check_redirect_uri(self, redirect_uri: str) -> bool:
        return self.may_return(redirect_uri)

    def check_client_secret(self, client_secret: str) -> bool:
        return secrets.compare_digest(self.secret.encode(), client_secret.encode())

    def check_endpoint_auth_method(self, method: str, endpoint: str) -> bool:  # noqa: ARG002  Authlib's signature
        return method in {"client_secret_basic", "client_secret_post"}

    def check_response_type(self, response_type: str) -> bool:
        return response_type == "code"

    def check_grant_type(self, grant_type: str) -> bool:
        return grant_type == "authorization_code"


class Code(AuthorizationCodeMixin):  # type: ignore[misc]  # Authlib carries no types
    """A code that waits to be redeemed."""

    def __init__(self, kept: Mapping[str, Any]) -> None:
        self.kept = kept
        self.code_challenge = kept["code_challenge"]
        self.code_challenge_method = kept["code_challenge_method"]

    def get_redirect_uri(self) -> Any:
        return self.kept["redirect_uri"]

    def get_scope(self) -> Any:
        return self.kept["scope"]

    def get_nonce(self) -> Any:
        return self.kept["nonce"]

    def get_auth_time(self) -> Any:
        return self.kept["at"]

    def get_acr(self) -> str:
        return LEVEL

    def get_amr(self) -> None:
        return None


class _Grant(AuthorizationCodeGrant):  # type: ignore[misc]  # Authlib carries no types
    TOKEN_ENDPOINT_AUTH_METHODS = ("client_secret_basic", "client_secret_post")

    def save_authorization_code(self, code: str, request: OAuth2Request) -> None:
        asked = request.payload.data
        kept = {name: asked.get(name) for name in ("redirect_uri", "nonce", "code_challenge", "code_challenge_method")}
        kept |= {"scope": request.scope, "rpps": request.user.rpps, "at": int(time.time())}
        self.server.shelf.put(f"code:{code}", kept, CODE_SECONDS)

    def query_authorization_code(self, code: str, client: Client) -> Code | None:  # noqa: ARG002  there is one client
        kept = self.server.shelf.take(f"code:{code}")  # whoever presents a code uses it up, whether or not he may have it
        return Code(kept) if kept else None

    def delete_authorization_code(self, authorization_code: Code) -> None:
        """It is gone already."""

    def authenticate_user(self, authorization_code: Code) -> Person | None:
        found: Person | None = self.server.person(authorization_code.kept["rpps"])
        return found


class _Challenge(CodeChallenge):  # type: ignore[misc]  # Authlib carries no types
    """PKCE for everyone, and never ``plain``."""

    SUPPORTED_CODE_CHALLENGE_METHOD = ("S256",)

    def validate_code_challenge(self, grant: Any, redirect_uri: str) -> None:
        asked = grant.request.payload.data
        if not asked.get("code_challenge") or asked.get("code_challenge_method") != "S256":
            raise OAuth2Error("code_challenge with S256 is required", error="invalid_request")
        super().validate_code_challenge(grant, redirect_uri)


class _OpenID(OpenIDCode):  # type: ignore[misc]  # Authlib carries no types
    def __init__(self, provider: Provider) -> None:
        super().__init__(require_nonce=True)
        self.provider = provider

    def exists_nonce(self, nonce: str, request: OAuth2Request) -> bool:  # noqa: ARG002  Authlib's signature
        return False  # the same request may be answered twice, by the list of names and by the choice from it

    def get_client_claims(self, client: Client) -> dict[str, Any]:
        now = int(time.time())
        who = client.client_id
        return {"iss": self.provider.issuer, "aud": who, "azp": who, "iat": now, "exp": now + TOKEN_SECONDS}

    def resolve_client_private_key(self, client: Client) -> RSAKey:  # noqa: ARG002  Authlib's signature
        return self.provider.key

    def get_encode_header(self, client: Client) -> dict[str, str]:  # noqa: ARG002  Authlib's signature
        return {"alg": "RS256", "typ": "JWT", "kid": self.provider.kid}

    def generate_user_info(self, user: Person, scope: str) -> dict[str, Any]:  # noqa: ARG002  Authlib's signature
        return {"sub": self.provider.subject(user), "preferred_username": user.subject}


class _EndSession(EndSessionEndpoint):  # type: ignore[misc]  # Authlib carries no types
    def get_server_jwks(self) -> Any:
        return self.server.jwks

    def end_session(self, end_session_request: Any) -> None:
        """No one stays signed in here: the list of names is shown each time."""

    def _is_valid_post_logout_redirect_uri(self, client: Client, post_logout_redirect_uri: str) -> bool:
        return client.may_return(post_logout_redirect_uri)


class Provider(AuthorizationServer):  # type: ignore[misc]  # Authlib carries no types
    """The application. ``people`` is asked at each request; ``styles``, ``scripts`` and ``icon`` are what its page loads."""

    def __init__(
        self,
        issuer: str,
        client: Client,
        key: RSAKey,
        people: Callable[[], Iterable[Person]],
        shelf: Shelf,
        styles: Iterable[str] = (),
        scripts: Iterable[str] = (),
        icon: str = "",
    ) -> None:
        super().__init__()
        self.issuer, self.client, self.key = issuer, client, key
        self.people, self.shelf = people, shelf
        self.look = {"styles": tuple(styles), "scripts": tuple(scripts), "icon": icon}
        self.kid = key.thumbprint()
        self.register_token_generator("default", self._tokens())
        self.register_grant(_Grant, [_OpenID(self), _Challenge(required=True)])
        self.register_endpoint(_EndSession)

    def __call__(self, environ: Environ, start_response: Callable[..., Any]) -> list[bytes]:
        """Answer one request; PATH_INFO is what follows the issuer's path."""
        routes = {
            ("GET", "/.well-known/openid-configuration"): self._discovery,
            ("GET", "/jwks"): lambda _: (200, self.jwks, []),
            ("GET", "/authorize"): self._choose,
            ("POST", "/authorize"): self._chosen,
            ("POST", "/token"): self.create_token_response,
            ("GET", "/userinfo"): self._userinfo,
            ("GET", "/logout"): self._logout,
        }
        request = _Request(environ, self.issuer)
        route = routes.get((request.method, environ.get("PATH_INFO", "")))
        try:
            status, body, headers = route(request) if route else (404, {"error": "not found"}, [])
        except ValueError:  # Authlib's, for a sentence about what was sent that may not be written in an answer
            status, body, headers = 400, {"error": "invalid_request"}, []
        kind = "html" if isinstance(body, str) else "json"
        payload = body.encode() if isinstance(body, str) else json.dumps(body)
        names = {name.lower() for name, _ in headers}
        sent = [*headers, ("Content-Length", str(len(payload)))]
        if "content-type" not in names:
            sent.append(("Content-Type", _TYPES[kind]))
        if "cache-control" not in names:
            sent.append(("Cache-Control", "no-store"))
        start_response(f"{status} {HTTPStatus(status).phrase}", sent)
        return [payload]

    @cached_property
    def jwks(self) -> Any:
        """The public key, for who verifies."""
        key = self.key.as_dict(private=False) | {"kid": self.kid, "use": "sig", "alg": "RS256"}
        return KeySet.import_key_set({"keys": [key]}).as_dict()

    def person(self, rpps: str) -> Person | None:
        """Who has that number."""
        return next((person for person in self.people() if person.rpps == rpps), None)

    def subject(self, person: Person) -> str:
        """``sub`` as the real service writes it: the realm's store of people, then the national number."""
        return f"f:00000000-0000-4000-8000-000000000000:{person.subject}"

    def query_client(self, client_id: str) -> Client | None:
        return self.client if client_id == self.client.client_id else None

    def save_token(self, token: Mapping[str, Any], request: OAuth2Request) -> None:
        self.shelf.put(f"token:{token['access_token']}", {"rpps": request.user.rpps}, TOKEN_SECONDS)

    def send_signal(self, name: str, *args: Any, **kwargs: Any) -> None:
        """Nobody listens."""

    def create_oauth2_request(self, request: OAuth2Request) -> OAuth2Request:
        return request

    def handle_response(self, status: int, body: Any, headers: Iterable[tuple[str, str]]) -> Answer:
        return status, dict(body) if isinstance(body, Mapping | list) else body, list(headers)

    def _tokens(self) -> BearerTokenGenerator:
        return BearerTokenGenerator(
            access_token_generator=lambda *_, **__: secrets.token_urlsafe(32), expires_generator=lambda *_: TOKEN_SECONDS
        )

    def _discovery(self, request: OAuth2Request) -> Answer:  # noqa: ARG002  it says the same to everyone
        at = self.issuer
        return (
            200,
            {
                "issuer": at,
                "authorization_endpoint": f"{at}/authorize",
                "token_endpoint": f"{at}/token",
                "userinfo_endpoint": f"{at}/userinfo",
                "jwks_uri": f"{at}/jwks",
                "end_session_endpoint": f"{at}/logout",
                "scopes_supported": ["openid", "scope_all"],
                "response_types_supported": ["code"],
                "grant_types_supported": ["authorization_code"],
                "subject_types_supported": ["public"],
                "acr_values_supported": [LEVEL],
                "id_token_signing_alg_values_supported": ["RS256"],
                "token_endpoint_auth_methods_supported": ["client_secret_basic", "client_secret_post"],
                "code_challenge_methods_supported": ["S256"],
                "claims_supported": ["sub", "acr", "SubjectNameID", "SubjectRole", "SubjectRefPro", "given_name", "family_name"],
            },
            [],
        )

    def _choose(self, request: OAuth2Request) -> Answer:
        """The list of names, once the request is found right."""
        try:
            self.get_consent_grant(request, None)
        except OAuth2Error as error:
            refused: Answer = self.handle_error_response(request, error)
            return refused
        asked = request.payload.data
        shown = {"people": list(self.people()), "action": "?" + urlencode(asked), "client": "Larrey", **self.look}
        page = _pages().get_template("page.html").render(shown)
        back = urlsplit(asked["redirect_uri"])
        policy = f"default-src 'self'; form-action 'self' {back.scheme}://{back.netloc}; frame-ancestors 'none'; base-uri 'none'"
        return 200, page, [("Content-Security-Policy", policy), ("Referrer-Policy", "no-referrer")]

    def _chosen(self, request: OAuth2Request) -> Answer:
        person = self.person(request.form.get("rpps", ""))
        try:
            grant = self.get_consent_grant(request, person)
        except OAuth2Error as error:
            refused: Answer = self.handle_error_response(request, error)
            return refused
        answer: Answer = self.create_authorization_response(request, person, grant)
        return answer

    def _userinfo(self, request: OAuth2Request) -> Answer:
        scheme, _, token = request.headers.get("Authorization", "").partition(" ")
        kept = self.shelf.get(f"token:{token.strip()}") if scheme.lower() == "bearer" else None
        person = self.person(kept["rpps"]) if kept else None
        if person is None:
            return 401, {"error": "invalid_token"}, [("WWW-Authenticate", 'Bearer error="invalid_token"')]
        given, _, family = person.name.removeprefix("Dr ").partition(" ")
        role = f"{person.profession}^1.2.250.1.213.1.1.5.5"
        return (
            200,
            {
                "sub": self.subject(person),
                "preferred_username": person.subject,
                "SubjectNameID": person.subject,
                "given_name": given,
                "family_name": family.upper(),
                "SubjectRole": [role],
                "SubjectRefPro": {"exercices": [{"codeProfession": person.profession, "codeCategorieProfessionnelle": "C"}]},
                "otherIds": [{"identifiant": person.subject, "origine": "RPPS", "qualite": 1}],
                "PSI_Locale": "1.2.250.1.213.1.3.1.1",
            },
            [],
        )

    def _logout(self, request: OAuth2Request) -> Answer:
        answer: Answer | None = self.create_endpoint_response("end_session", request)
        return answer or (200, _pages().get_template("ended.html").render(**self.look), [])


class _Request(OAuth2Request):  # type: ignore[misc]  # Authlib carries no types
    """A request in Authlib's terms. Its address is drawn from the issuer's, not from the Host header."""

    def __init__(self, environ: Environ, issuer: str) -> None:
        headers = {name[5:].replace("_", "-").title(): value for name, value in environ.items() if name.startswith("HTTP_")}
        query = environ.get("QUERY_STRING", "")
        super().__init__(environ["REQUEST_METHOD"], f"{issuer}{environ.get('PATH_INFO', '')}?{query}", headers=headers)
        self._asked = parse_qsl(query, keep_blank_values=True)
        self._sent = parse_qsl(_body(environ).decode("utf-8", "replace"), keep_blank_values=True)
        self.payload = BasicOAuth2Payload(dict(self._asked + self._sent))

    @property
    def args(self) -> dict[str, str]:
        return dict(self._asked)

    @property
    def form(self) -> dict[str, str]:
        return dict(self._sent)


def _body(environ: Environ) -> bytes:
    length = environ.get("CONTENT_LENGTH") or "0"
    if not length.isdigit() or environ["REQUEST_METHOD"] != "POST":
        return b""
    read: bytes = environ["wsgi.input"].read(min(int(length), _LARGEST_BODY))
    return read


def _pages() -> jinja2.Environment:
    return jinja2.Environment(loader=jinja2.FileSystemLoader(_FOLDER), autoescape=True, undefined=jinja2.StrictUndefined)

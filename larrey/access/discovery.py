"""What programs read to find the OAuth 2 server: the discovery documents of SMART and of OpenID Connect. Pure.

Both are open: they hold addresses and capabilities, and nothing about anyone.
"""

from __future__ import annotations

from typing import Any

ASSERTIONS = ("RS384", "ES384")
"""Algorithms with which programs sign who they are."""


def addresses(site: str) -> dict[str, str]:
    """The endpoints, by their names in RFC 8414. ``site``: the address of the installation, without a path."""
    return {
        "authorization_endpoint": f"{site}/oauth/authorize",
        "token_endpoint": f"{site}/oauth/token",
        "introspection_endpoint": f"{site}/oauth/introspect",
        "revocation_endpoint": f"{site}/oauth/revoke",
        "jwks_uri": f"{site}/oauth/jwks",
    }


def smart(site: str) -> dict[str, Any]:
    """``.well-known/smart-configuration`` (http://hl7.org/fhir/smart-app-launch/STU2.2/conformance.html)."""
    return {
        **_server(site),
        "scopes_supported": [
            "openid",
            "fhirUser",
            "launch",
            "launch/patient",
            "offline_access",
            "online_access",
            "patient/*.cruds",
            "user/*.cruds",
            "system/*.cruds",
        ],
        "capabilities": [
            "launch-ehr",
            "launch-standalone",
            "client-public",
            "client-confidential-asymmetric",
            "sso-openid-connect",
            "context-banner",
            "context-ehr-patient",
            "context-standalone-patient",
            "permission-offline",
            "permission-online",
            "permission-patient",
            "permission-user",
            "permission-v1",
            "permission-v2",
        ],
    }


def openid(site: str) -> dict[str, Any]:
    """``.well-known/openid-configuration`` (OpenID Connect Discovery 1.0), which is read as RFC 8414 too."""
    return {
        **_server(site),
        "scopes_supported": ["openid", "fhirUser", "launch", "launch/patient", "offline_access", "online_access"],
        "subject_types_supported": ["public"],
        "id_token_signing_alg_values_supported": ["RS256"],
        "claims_supported": ["iss", "sub", "aud", "exp", "iat", "auth_time", "nonce", "at_hash", "fhirUser"],
        "prompt_values_supported": ["login", "consent"],
        "request_parameter_supported": False,
        "request_uri_parameter_supported": False,
    }


def security(site: str) -> dict[str, Any]:
    """``CapabilityStatement.rest.security``."""
    found = addresses(site)
    named = {
        "authorize": "authorization_endpoint",
        "token": "token_endpoint",
        "introspect": "introspection_endpoint",
        "revoke": "revocation_endpoint",
    }
    return {
        "extension": [
            {
                "url": "http://fhir-registry.smarthealthit.org/StructureDefinition/oauth-uris",
                "extension": [{"url": name, "valueUri": found[address]} for name, address in named.items()],
            }
        ],
        "service": [
            {
                "coding": [
                    {
                        "system": "http://terminology.hl7.org/CodeSystem/restful-security-service",
                        "code": "SMART-on-FHIR",
                        "display": "SMART-on-FHIR",
                    }
                ],
                "text": "OAuth 2 with SMART on FHIR: backend services and app launch",
            }
        ],
    }


def _server(site: str) -> dict[str, Any]:
    return {
        "issuer": site,
        **addresses(site),
        "grant_types_supported": ["authorization_code", "client_credentials", "refresh_token"],
        "response_types_supported": ["code"],
        "response_modes_supported": ["query"],
        "code_challenge_methods_supported": ["S256"],
        "token_endpoint_auth_methods_supported": ["private_key_jwt", "none"],
        "token_endpoint_auth_signing_alg_values_supported": list(ASSERTIONS),
        "introspection_endpoint_auth_methods_supported": ["private_key_jwt"],
        "introspection_endpoint_auth_signing_alg_values_supported": list(ASSERTIONS),
        "revocation_endpoint_auth_methods_supported": ["private_key_jwt", "none"],
        "revocation_endpoint_auth_signing_alg_values_supported": list(ASSERTIONS),
    }

"""The OAuth 2 server: Authlib's flows, on our tables. What is not said here is as Authlib does it.

Sources: RFC 6749, 7636 (PKCE), 7523 (private_key_jwt), 7009 (revocation), 7662 (introspection), OpenID Connect Core 1.0, and
http://hl7.org/fhir/smart-app-launch/STU2.2/. Each endpoint runs in one transaction, which commits also when the answer is an
error: a replayed assertion, code or refresh token leaves its mark.
"""

from larrey.apps.oauth.actions.server.asking import Introspection, Revocation
from larrey.apps.oauth.actions.server.serving import Server, server

__all__ = ["Introspection", "Revocation", "Server", "server"]

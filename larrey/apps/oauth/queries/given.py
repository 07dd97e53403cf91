"""A token that was given, found by its secret: for introspection and revocation."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from larrey.access import record, tokens
from larrey.access.models import Account
from larrey.apps.oauth.models import Client, Refresh
from larrey.apps.oauth.queries import people, secret
from larrey.kit import clock
from larrey.kit.errors import LarreyError


@dataclass(frozen=True, slots=True)
class Given:
    """An access token or a refresh token. Its methods are what Authlib asks of a token."""

    secret: str
    client: str
    access: tokens.Issued | None = None
    refresh: Refresh | None = None

    def check_client(self, client: Client) -> bool:
        return client.name == self.client

    def is_expired(self) -> bool:
        """Told by ``is_revoked`` too: one question decides whether it is alive."""
        return False

    def is_revoked(self) -> bool:
        """Whether the FHIR door would refuse it now: revoked, too old, of a disabled account."""
        if self.refresh is not None:
            consent = self.refresh.consent
            return (
                self.refresh.used is not None
                or self.refresh.expires <= clock.now()
                or consent.revoked is not None
                or not Account.objects.filter(pk=consent.account_id, is_active=True).exists()
            )
        with record.cursor() as cursor:
            try:
                tokens.verify(cursor, self.secret)
            except LarreyError:
                return True
        return False

    def told(self) -> dict[str, Any]:
        """What RFC 7662 and SMART tell of a living token; ``fhirUser`` as a relative reference."""
        client = Client.objects.get(name=self.client)
        if self.refresh is not None:
            consent = self.refresh.consent
            scope, patient = consent.scope, consent.patient
            account: int | None = consent.account_id
            created, expires, kind = self.refresh.created, self.refresh.expires, "refresh_token"
        else:
            assert self.access is not None
            scope, patient = self.access.scope, self.access.patient
            account = self.access.account
            created, expires, kind = self.access.created, self.access.expires, "bearer"
        told: dict[str, Any] = {
            "scope": scope,
            "client_id": client.client_id,
            "token_type": kind,
            "iat": int(created.timestamp()),
            "exp": int(expires.timestamp()),
            "sub": client.client_id if account is None else str(account),
        }
        if patient:
            told["patient"] = patient
        if account is not None:
            person = Account.objects.get(pk=account)
            told["username"] = person.username
            if people.resource(person):
                told["fhirUser"] = people.resource(person)
        return told


def given(text: str, hint: str | None = None) -> Given | None:
    """The token, whatever its state; ``hint`` (RFC 7009) only says where to look first."""
    finders = [_access, _refresh]
    for find in reversed(finders) if hint == "refresh_token" else finders:
        found = find(text)
        if found is not None:
            return found
    return None


def _access(text: str) -> Given | None:
    with record.cursor() as cursor:
        found = tokens.issued(cursor, text)
    return Given(text, found.client, access=found) if found else None


def _refresh(text: str) -> Given | None:
    found = Refresh.objects.select_related("consent__client").filter(digest=secret.digest(text)).first()
    return Given(text, found.consent.client.name, refresh=found) if found else None

"""The demo's accounts: one of each role, with passwords that everyone may read. Never in production."""

from __future__ import annotations

from dataclasses import dataclass

from django.conf import settings

from larrey.access.models import Account
from larrey.access.roles import Role
from larrey.kit.errors import Misconfigured


@dataclass(frozen=True, slots=True)
class DemoAccount:
    """An account of the demo, as shown on its sign-in page."""

    username: str
    password: str
    name: str
    role: Role


ACCOUNTS = (
    DemoAccount("medecin", "larrey-medecin", "Dr Camille Arnaud", Role.DOCTOR),
    DemoAccount("infirmiere", "larrey-infirmiere", "Inès Morvan", Role.NURSE),
    DemoAccount("identite", "larrey-identite", "Paul Gauthier", Role.IDENTITY_OFFICER),
    DemoAccount("admin", "larrey-admin", "Sophie Lenoir", Role.ADMINISTRATOR),
)


def enabled() -> bool:
    """Whether this server is a demo."""
    return bool(getattr(settings, "LARREY_DEMO", False))


def ensure_accounts() -> tuple[DemoAccount, ...]:
    """Make the demo's accounts, or give them back their name, role and password. Raises outside a demo."""
    if not enabled():
        raise Misconfigured("Demo accounts are made only by a demo server.")
    for demo in ACCOUNTS:
        account = Account.objects.filter(username=demo.username).first() or Account(username=demo.username)
        account.name, account.role, account.is_active = demo.name, demo.role, True
        if not account.check_password(demo.password):
            account.set_password(demo.password)
        account.save()
    return ACCOUNTS


def shown_accounts() -> tuple[DemoAccount, ...]:
    """The accounts to show on the sign-in page: those of a demo, none elsewhere."""
    return ACCOUNTS if enabled() else ()

"""Making and changing accounts: what the command line and the demo do."""

from __future__ import annotations

import secrets
from collections.abc import Iterable

from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils import translation

from larrey.access.models import Account
from larrey.access.roles import RULES
from larrey.kit.errors import Conflict, Invalid, NotFound


def create(username: str, *, name: str, role: str, email: str = "", password: str) -> Account:
    """Open an account. Raises ``Invalid`` (bad user name, role, e-mail, weak password) or ``Conflict`` (name taken)."""
    account = Account(username=username.lower(), name=name.strip(), role=role, email=email)
    if role not in RULES:
        raise Invalid(f"{role} is not a role; choose one of {', '.join(RULES)}.")
    if Account.objects.filter(username=account.username).exists():
        raise Conflict(f"An account named {account.username} exists already.")
    _set_password(account, password)
    try:
        with translation.override("en"):
            account.full_clean()
    except ValidationError as error:
        raise Invalid(_sentence(error)) from None
    account.save()
    return account


def get(username: str) -> Account:
    """The account of that user name, or ``NotFound``."""
    try:
        return Account.objects.get_by_natural_key(username)
    except Account.DoesNotExist:
        raise NotFound(f"There is no account named {username}.") from None


def change_password(username: str, password: str) -> None:
    """Set a new password; sessions opened with the old one end, because Django ties them to its hash."""
    account = get(username)
    _set_password(account, password)
    account.save(update_fields=["password"])


def disable(username: str) -> None:
    """End an account: it cannot sign in any more, and its open sessions end with their next request."""
    with transaction.atomic():
        account = get(username)
        account.is_active = False
        account.save(update_fields=["is_active"])


def names(usernames: Iterable[str]) -> dict[str, str]:
    """User name → the person's name, for those that exist. One statement."""
    wanted = set(usernames)
    if not wanted:
        return {}
    return dict(Account.objects.filter(username__in=wanted).values_list("username", "name"))


def new_password() -> str:
    """A random password for a person to change: 96 bits in four groups that can be read aloud."""
    alphabet = "abcdefghjkmnpqrstuvwxyz23456789"
    return "-".join("".join(secrets.choice(alphabet) for _ in range(5)) for _ in range(4))


def _set_password(account: Account, password: str) -> None:
    try:
        with translation.override("en"):  # errors speak English; pages put them in their own words
            validate_password(password, account)
    except ValidationError as error:
        raise Invalid(_sentence(error)) from None
    account.set_password(password)


def _sentence(error: ValidationError) -> str:
    if hasattr(error, "error_dict"):
        return " ".join(f"{field}: {' '.join(texts)}" for field, texts in error.message_dict.items())
    return " ".join(error.messages)

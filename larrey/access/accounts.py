"""Making and changing accounts: what the command line and the demo do."""

from __future__ import annotations

import secrets
from collections.abc import Iterable
from typing import Any

from allauth.mfa.models import Authenticator
from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.utils import translation
from psycopg import Cursor

from larrey.access import limits, record, rpps, sessions, standing, trail
from larrey.access.models import Account
from larrey.access.roles import RULES, Role
from larrey.kit import json
from larrey.kit.errors import Conflict, Invalid, NotFound
from larrey.store.caller import Caller, system
from larrey.store.keys import parameter_key, token_key

_PROFESSIONAL = "select id, body from record.resource where type = 'Practitioner' and id = %s"
_NUMBERED = "select id, body from record.resource where type = 'Practitioner' and tokens && %s::bigint[]"
_PATIENT = "select 1 from record.resource where type = 'Patient' and id = %s"
_IDENTIFIER = parameter_key("Practitioner", "identifier")
COMMAND = system("command")
"""Who changes accounts from the command line, as the trace names it."""


def create(
    username: str,
    *,
    name: str,
    role: str,
    email: str = "",
    password: str,
    practitioner: str = "",
    number: str = "",
    patient: str = "",
    representative: bool = False,
    by: Caller = COMMAND,
) -> Account:
    """Open an account, and write it to the trace.

    ``practitioner`` is the id of her Practitioner in the record, ``number`` her RPPS number; one finds the other, and they must
    agree. ``patient`` is the id of her own Patient (``representative``: of the patient for whom she stands), without which an
    account of role ``patient`` is not made. Raises ``Invalid`` (bad user name, role, e-mail, number, weak password), ``NotFound``
    (no such professional or patient in the record) or ``Conflict`` (name taken, professional tied to another account, numbers
    that differ).
    """
    account = Account(username=username.lower(), name=name.strip(), email=email)
    if Account.objects.filter(username=account.username).exists():
        raise Conflict(f"An account named {account.username} exists already.")
    _set_password(account, password)
    _tie(account, role, practitioner, number, patient, representative=representative)
    _keep(account, "created", by)
    return account


def change(
    username: str,
    *,
    role: str | None = None,
    practitioner: str | None = None,
    number: str | None = None,
    patient: str | None = None,
    by: Caller = COMMAND,
) -> Account:
    """Give an account another role, professional or patient; what is None stays, what is empty is taken away.

    Raises as ``create``. Her open sessions and tokens have the new rights within a minute.
    """
    account = get(username)
    same = practitioner is None and number is None
    _tie(
        account,
        account.role if role is None else role,
        account.practitioner if same else practitioner or "",
        account.rpps if same else number or "",
        account.patient if patient is None else patient,
        representative=account.representative,
    )
    _keep(account, "changed", by)
    return account


def _tie(account: Account, role: str, practitioner: str, number: str, patient: str, *, representative: bool) -> None:
    if role not in RULES:
        raise Invalid(f"{role} is not a role; choose one of {', '.join(RULES)}.")
    if role == Role.PATIENT and (practitioner or number):
        raise Invalid("An account of a patient is not tied to a professional; she has another one for her work.")
    if role == Role.PATIENT and not patient:
        raise Invalid("Say whose record a patient's account opens (--patient).")
    if representative and role != Role.PATIENT:
        raise Invalid("Only a patient's account stands for someone else.")
    with record.cursor() as cursor:
        account.practitioner, account.rpps = _professional(cursor, practitioner, number)
        if patient and cursor.execute(_PATIENT, (patient,)).fetchone() is None:
            raise NotFound(f"There is no Patient/{patient} in the record.")
    for field, value in (("practitioner", account.practitioner), ("rpps", account.rpps)):
        other = Account.objects.filter(**{field: value}).exclude(pk=account.pk).first() if value else None
        if other is not None:
            raise Conflict(f"This professional is tied to the account {other.username} already.")
    account.role, account.patient, account.representative = role, patient, representative


def _professional(cursor: Cursor[Any], practitioner: str, number: str) -> tuple[str, str]:
    """The id and the RPPS number of the professional; empty for none. Her number is hers when it is a valid one."""
    if number and not rpps.is_valid(number):
        raise Invalid(f"{number} is not an RPPS number: eleven digits, of which the last is a key.")
    if practitioner:
        row = cursor.execute(_PROFESSIONAL, (practitioner,)).fetchone()
        if row is None:
            raise NotFound(f"There is no Practitioner/{practitioner} in the record.")
        written = rpps.of(json.loads(row[1]))
        if number and written != number:
            raise Conflict(f"Practitioner/{practitioner} has {f'the RPPS number {written}' if written else 'no RPPS number'}.")
        return practitioner, written if rpps.is_valid(written) else ""
    if not number:
        return "", ""
    marks = [token_key(_IDENTIFIER, of, number) for of in sorted(rpps.SYSTEMS)]
    found = [id_ for id_, body in cursor.execute(_NUMBERED, (marks,)).fetchall() if rpps.of(json.loads(body)) == number]
    if not found:
        raise NotFound(f"No Practitioner of the record has the RPPS number {number}.")
    if len(found) > 1:
        raise Conflict(f"Several Practitioners have the RPPS number {number}: {', '.join(sorted(found))}.")
    return found[0], number


def _keep(account: Account, done: str, by: Caller) -> None:
    try:
        with translation.override("en"):
            account.full_clean()
    except ValidationError as error:
        raise Invalid(_sentence(error)) from None
    try:
        with transaction.atomic():
            account.save()
            granted(account, done, by)
    except IntegrityError:
        raise Conflict("Another account of that name or professional was made at the same time.") from None


def granted(account: Account, done: str, by: Caller) -> None:
    """Write to the trace that something of an account's rights changed, and let it count at once in this process."""
    tied = "".join(
        f" {label}/{value}" for label, value in (("Practitioner", account.practitioner), ("Patient", account.patient)) if value
    )
    with record.cursor() as cursor:
        trail.trace(
            cursor,
            by,
            trail.Action.GRANT,
            f"account:{account.username} {done}: {account.role}{tied}",
            patient_id=account.patient or None,
            door="command" if by.account is None else "page",
        )
    standing.forget(account.pk)


def get(username: str) -> Account:
    """The account of that user name, or ``NotFound``."""
    try:
        return Account.objects.get_by_natural_key(username)
    except Account.DoesNotExist:
        raise NotFound(f"There is no account named {username}.") from None


def change_password(username: str, password: str, *, by: Caller = COMMAND) -> None:
    """Set a new password; sessions opened with the old one end."""
    account = get(username)
    _set_password(account, password)
    with transaction.atomic():
        account.save(update_fields=["password"])
        sessions.end_all(account)
        granted(account, "password changed", by)


def disable(username: str, *, by: Caller = COMMAND) -> None:
    """End an account: it cannot sign in any more, its sessions end with their next request, its tokens within a minute."""
    with transaction.atomic():
        account = get(username)
        account.is_active = False
        account.save(update_fields=["is_active"])
        sessions.end_all(account)
        granted(account, "disabled", by)


def sign_out(username: str, *, by: Caller = COMMAND) -> int:
    """End all sessions of an account, with their next request; return how many there were."""
    with transaction.atomic():
        account = get(username)
        ended = sessions.end_all(account)
        granted(account, f"{ended} sessions ended", by)
    return ended


def unlock(username: str, *, by: Caller = COMMAND) -> None:
    """Forget the wrong passwords and codes of an account, so that it may be tried again at once."""
    account = get(username)
    limits.forgive(account)
    granted(account, "unlocked", by)


def forget_second_factor(username: str, *, by: Caller = COMMAND) -> None:
    """Take away what an account signs in with beside its password, and end its sessions."""
    with transaction.atomic():
        account = get(username)
        Authenticator.objects.filter(user=account).delete()
        sessions.end_all(account)
        granted(account, "second factor taken away", by)


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

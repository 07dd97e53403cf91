"""Relational state of access: accounts, tokens of machines, the trace of openings. No clinical data."""

from __future__ import annotations

from typing import ClassVar

from django.contrib.auth.base_user import AbstractBaseUser, BaseUserManager
from django.core.validators import RegexValidator
from django.db import models
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from larrey.access.audit import AuditEntry
from larrey.access.broken import BrokenGlass
from larrey.access.issued import IssuedToken
from larrey.access.sessions import Session
from larrey.access.titles import TITLES, title

__all__ = ["AccessToken", "Account", "AccountManager", "AuditEntry", "BrokenGlass", "Delegation", "IssuedToken", "Session"]


class AccountManager(BaseUserManager["Account"]):
    """Finds accounts by user name without regard to case, as people type it."""

    def get_by_natural_key(self, username: str | None) -> Account:
        return self.get(username=(username or "").lower())


class Account(AbstractBaseUser):
    """A person who signs in. Never deleted, only disabled: the trace names her for ever.

    ``practitioner`` is the id of her Practitioner in the record, whose PractitionerRoles say where she works; ``rpps`` that
    professional's national number. ``patient`` is the id of her own Patient: what an account of role ``patient`` opens
    (``representative``: a child's, for whom she stands), and what shows that a professional opened her own record. Empty: none.
    """

    username = models.CharField(
        _("user name"),
        max_length=64,
        unique=True,
        validators=[RegexValidator(r"\A[a-z0-9][a-z0-9._-]*\Z", _("Small letters, digits, dot, dash and underscore."))],
    )
    name = models.CharField(_("name"), max_length=200)
    email = models.EmailField(_("e-mail address"), blank=True)
    role = models.CharField(_("role"), max_length=32, choices=list(TITLES.items()))
    practitioner = models.CharField(_("professional of the record"), max_length=64, blank=True)
    rpps = models.CharField(_("RPPS number"), max_length=11, blank=True)
    patient = models.CharField(_("own patient record"), max_length=64, blank=True)
    representative = models.BooleanField(_("stands for the patient"), default=False)
    is_active = models.BooleanField(_("active"), default=True)
    created = models.DateTimeField(auto_now_add=True)

    USERNAME_FIELD = "username"
    EMAIL_FIELD = "email"
    REQUIRED_FIELDS: ClassVar[list[str]] = ["name", "role"]

    objects: ClassVar[AccountManager] = AccountManager()

    class Meta:
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(
                fields=["practitioner"], condition=~models.Q(practitioner=""), name="access_account_practitioner"
            ),
            models.UniqueConstraint(fields=["rpps"], condition=~models.Q(rpps=""), name="access_account_rpps"),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def role_name(self) -> str:
        """The role in the language of the page."""
        return title(self.role)


class Delegation(models.Model):
    """The care of a unit's patients, given to a person for a time (locum, on call). Her role's rights stay what they are.

    ``organization`` is the id of an Organization of the record; all below it is meant. Never deleted: ``revoked`` ends it early.
    """

    account = models.ForeignKey(Account, on_delete=models.PROTECT, related_name="delegations")
    organization = models.CharField(max_length=64)
    starts = models.DateTimeField()
    ends = models.DateTimeField()
    reason = models.CharField(max_length=200)
    granted_by = models.CharField(max_length=100)
    granted = models.DateTimeField(db_default=Now())
    revoked = models.DateTimeField(null=True)

    class Meta:
        db_table = "access_delegation"
        indexes: ClassVar[list[models.Index]] = [models.Index(fields=["account", "ends"], name="access_delegation_account")]

    def __str__(self) -> str:
        return f"{self.account_id} {self.organization}"


class AccessToken(models.Model):
    """A machine's key to the FHIR door. The secret itself is never stored: ``digest`` is its SHA-256.

    With ``account`` it acts as that person, within ``scope`` where that is not empty.
    """

    account = models.ForeignKey(Account, null=True, on_delete=models.PROTECT, related_name="+")
    name = models.CharField(max_length=200, unique=True)
    digest = models.BinaryField(max_length=32, unique=True)
    scope = models.TextField()
    created = models.DateTimeField()
    expires = models.DateTimeField(null=True)
    revoked = models.DateTimeField(null=True)

    class Meta:
        db_table = "access_token"

    def __str__(self) -> str:
        return self.name
